from emulator.engine.masking import masked_outcome, masked_progress
from emulator.engine.requests import conceal
from emulator.world.building import BuildError, BuildOutcome, BuildRequest, StepDone, StepGoing, StepLog

REQUEST = BuildRequest(
    context="/c", dockerfile="/d", args={"TOKEN": "hush-hush", "PORT": "10000"}, masked=frozenset({"TOKEN"})
)


def test_secret_values_become_their_names():
    """The builder prints a step with its arguments' values; what is reported has the name."""
    heard = []
    report = masked_progress(REQUEST, heard.append)
    report(StepGoing(name="RUN login hush-hush 10000", going=True))
    report(StepDone(name="RUN login hush-hush 10000", seconds=1, cached=False))
    report(StepLog(line="token hush-hush", step="RUN login hush-hush"))
    assert heard == [
        StepGoing(name="RUN login ‹TOKEN› 10000", going=True),
        StepDone(name="RUN login ‹TOKEN› 10000", seconds=1, cached=False),
        StepLog(line="token ‹TOKEN›", step="RUN login ‹TOKEN›"),
    ]


def test_errors_hold_no_secret():
    """Message, step and log tail are masked."""
    error = BuildError(kind="step", message="hush-hush", step="hush-hush", log_tail=("hush-hush",))
    assert "hush-hush" not in str(masked_outcome(REQUEST, BuildOutcome(image_id=None, seconds=1, error=error)))


def test_value_within_a_value():
    """The longer one is masked as a whole."""
    assert conceal("postgres://u:passw0rd@h", {"P": "passw0rd", "URL": "postgres://u:passw0rd@h"}) == "‹URL›"


def test_each_line_of_a_long_value():
    """A key file's lines do not show one by one."""
    assert conceal("> MIIEow", {"KEY": "-----BEGIN\nMIIEow\n"}) == "> ‹KEY›"


def test_short_values_are_left():
    """Masking every "1" would make the log unreadable."""
    assert conceal("1 of 1", {"N": "1", "E": ""}) == "1 of 1"
