"""The causes of a startup probe that never succeeded, as a user reads them."""

import pytest

from emulator.engine.boot_steps import Outcome
from emulator.engine.probing import NO_ANSWER
from emulator.engine.problems import boot_cause
from emulator.engine.traced import Scene
from emulator.model.choice import Decision
from emulator.model.event import VerdictKind
from emulator.model.lifecycle import Probe, Probes
from emulator.model.origin import Origin
from emulator.model.plan import Port
from emulator.model.record import replace
from emulator.snapshot import from_mapping
from tests.emulator.engine.services import WEB

IMPLICIT = Probe(
    kind="tcp", port=8080, timeout_s=240, period_s=240, failure_threshold=1, waits_for_port=True, implicit=True
)  # fmt: skip
AT_PROBE = Origin(file="service.yaml", line=10)
HTTP = Probe(kind="http", path="/up", port=8080, success_statuses=(200, 399), origin=AT_PROBE)
CHOSEN = Decision(
    id="shop.port", question="Which port?", answer="8080", because="no port is set: 8080", rule="x/port",
    source="https://example.org/port", origin=None,
)  # fmt: skip
ELSEWHERE = "it listens on 0.0.0.0:3000, not on 8080"


def cause(probe, reason, *, code="startup-probe", files=None, decision=CHOSEN, given=8080, **outcome):
    what = replace(
        WEB, port=Port(number=given, source="default"), probes=Probes(startup=probe),
        decisions=(decision,) if decision else (),
    )  # fmt: skip
    ended = Outcome(due=1, verdict=VerdictKind.TIMED_OUT, code=code, reason=reason, **outcome)
    return boot_cause(what, ended, (), Scene(from_mapping(files or {}), frozenset()))


def other_port(probe=IMPLICIT, **more):
    return cause(probe, ELSEWHERE, code="other-port", **{"seconds": 11, "platform_seconds": 240, "port": 3000} | more)


def test_app_on_another_port_is_told_with_both_ports_and_its_line():
    """Where it listens, what it was asked, why that port, the line that says otherwise, and one thing to do."""
    found = other_port(files={"app.py": "listen(3000)\n"})
    assert (found.code, found.message) == ("start/other-port", "the app listens on 0.0.0.0:3000, not on 8080")
    assert found.facts == (
        "PORT=8080 (no port is set)",
        "idle for 10 s; --faithful-timing waits as long as the platform",
    )
    assert (found.rule, found.url) == ("x/port", "https://example.org/port")
    assert (found.origin.file, found.origin.line, found.origin.column) == ("app.py", 1, 8)
    assert found.help == "listen on $PORT, or make 3000 the service's port"


def test_command_is_the_place_where_no_line_names_the_port():
    """Some default of a framework's: the command is what to change."""
    assert other_port().origin == WEB.command.origin


def test_place_where_the_port_was_set_is_shown_too():
    """Either of the two can be changed."""
    at = Origin(file="service.yaml", line=7)
    [related] = other_port(decision=replace(CHOSEN, because="it is written", origin=at)).related
    assert (related.origin, related.message) == (at, "the port is set here")


def test_without_a_decision_the_port_is_told_alone():
    """A platform need not say why."""
    assert other_port(decision=None).facts[0] == "PORT=8080"


def test_probe_that_asks_another_port_than_the_services_is_what_to_change():
    """The app did as it was told; the probe kept an earlier port."""
    found = other_port(HTTP, given=3000, decision=None)
    assert (found.origin, found.help) == (AT_PROBE, "let the startup probe ask port 3000")
    assert found.facts[0] == "PORT=3000, and the startup probe asks port 8080"


def test_app_that_listens_on_neither_is_told_both():
    """The port it was given and the one it is asked on differ, and it listens on a third."""
    found = other_port(HTTP, given=9090, decision=None)
    assert found.facts[0] == "PORT=9090, and the startup probe asks port 8080"
    assert found.origin == WEB.command.origin


def test_nobody_is_told_of_waiting_where_the_time_was_over():
    """With faithful timing there is nothing more to wait for."""
    assert other_port(seconds=240).facts == ("PORT=8080 (no port is set)",)
    assert other_port(platform_seconds=None).facts == ("PORT=8080 (no port is set)",)


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        (HTTP, "the startup probe gives up 20 s after the start (3 attempts), and nothing listens on port 8080 yet"),
        (
            replace(HTTP, failure_threshold=1),
            "the startup probe gives up at once (1 attempt), and nothing listens on port 8080 yet",
        ),
        (
            replace(HTTP, failure_threshold=1, initial_delay_s=5),
            "the startup probe gives up 5 s after the start (1 attempt), and nothing listens on port 8080 yet",
        ),
    ],
)
def test_probe_that_was_refused_gave_up_too_early(probe, message):
    """When the last attempt was, by the platform's clock; more of them are needed."""
    found = cause(probe, "the startup probe GET /up is refused")
    assert (found.code, found.message, found.origin) == ("start/startup-probe", message, AT_PROBE)
    assert found.facts == ("the startup probe GET /up is refused",)
    assert "allow more failures" in found.help


def test_long_timeout_that_waits_for_no_connection_is_told():
    """Who writes 240 s means to wait for the app: that is not what a timeout does."""
    one_long = replace(HTTP, timeout_s=240, period_s=240, failure_threshold=1)
    found = cause(one_long, "the startup probe GET /up is refused")
    assert found.facts[1] == "what is refused is over: the timeout of 240 s waits only for an answer"


@pytest.mark.parametrize(
    ("probe", "code", "message"),
    [
        (IMPLICIT, "start/not-listening", "nothing listens on port 8080 within the platform's 240 s"),
        (
            Probe(kind="tcp", port=8080, timeout_s=1, waits_for_port=True),
            "start/startup-probe",
            "nothing listens on port 8080 within the startup probe's 21 s",
        ),
    ],
)
def test_port_that_never_opened(probe, code, message):
    """For how long it was waited for, and whose time that was."""
    found = cause(probe, f"the startup probe TCP on port 8080 {NO_ANSWER}")
    assert (found.code, found.message) == (code, message)


@pytest.mark.parametrize(
    ("probe", "words", "help"),
    [
        (HTTP, "GET /up answers 404", "answer GET /up with a status from 200 to 399, or correct the path"),
        (HTTP, f"GET /up {NO_ANSWER}", "answer within 1 s, or give an attempt more time"),
        (
            replace(HTTP, kind="grpc"),
            "GRPC on port 8080 answers NOT_SERVING",
            "let it succeed sooner, or give the probe more time",
        ),
    ],
)
def test_app_that_listens_is_not_told_to_listen(probe, words, help):
    """The port is open: the answer is what has to change."""
    found = cause(probe, f"the startup probe {words}")
    assert (found.message, found.help) == (f"the startup probe {words}", help)
