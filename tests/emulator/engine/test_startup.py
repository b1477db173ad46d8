"""Boots judged by a startup probe, as histories: what was seen, and what the machine does next."""

import pytest

from emulator.engine.boot import step
from emulator.engine.boot_steps import (
    Action,
    Exited,
    FoundPort,
    Looked,
    Outcome,
    Rules,
    StartAgain,
    Started,
    State,
    TellProbe,
    Tried,
    Try,
)
from emulator.engine.probing import NO_ANSWER
from emulator.engine.scaling import scaled
from emulator.engine.startup import CANCELED, IDLE_ELSEWHERE_S, IDLE_FOR_S
from emulator.model.lifecycle import Lifecycle, Probe
from emulator.model.record import replace
from emulator.world.containers import Listener

IMPLICIT = Probe(
    kind="tcp", port=8080, timeout_s=240, period_s=240, failure_threshold=1, waits_for_port=True, implicit=True
)  # fmt: skip
HTTP = Probe(kind="http", path="/ready", port=8080, initial_delay_s=30, timeout_s=5, period_s=10, failure_threshold=3)
OPEN = Listener(address="0.0.0.0", port=8080, v6=False, loopback=False)
LOOPBACK = Listener(address="127.0.0.1", port=8080, v6=False, loopback=True)
ELSEWHERE = Listener(address="0.0.0.0", port=3000, v6=False, loopback=False)
METRICS = Listener(address="::", port=9090, v6=True, loopback=False)
DEBUGGER = Listener(address="127.0.0.1", port=5678, v6=False, loopback=True)
NOT_REACHED = "only, which nothing outside the container reaches"


class History:
    """Feeds observations and keeps what came of them."""

    def __init__(self, probe: Probe, *, faithful: bool = False, scale: float = 1.0) -> None:
        life = Lifecycle(back_off_s=(17,), deadline_s=240)
        self.rules = scaled(Rules(lifecycle=life, startup=probe, faithful=faithful), scale)
        self.state = State()
        self.last: tuple[Action, ...] = ()

    def sees(self, observation) -> "History":
        self.state, self.last = step(self.rules, self.state, observation)
        return self

    def some(self, kind):
        return [action for action in self.last if isinstance(action, kind)]

    @property
    def outcome(self) -> Outcome:
        [outcome] = self.some(Outcome)
        return outcome


def _failed(number: int, at: float, words: str = "is refused", *, final: bool = False, early: bool = False) -> Tried:
    return Tried(at=at, attempt=1, number=number, ok=False, words=words, final=final, early=early)


def test_first_attempt_waits_for_the_initial_delay():
    """The first attempt is due the initial delay after the process began, with the probe's timeout."""
    [first] = History(HTTP).sees(Started(at=100)).some(Try)
    assert (first.due, first.number, first.timeout_s) == (130, 1, 5)


def test_success_is_live_and_told():
    """The first success makes the revision live."""
    history = History(IMPLICIT).sees(Started(at=0)).sees(Tried(at=7.5, attempt=1, number=1, ok=True, words=NO_ANSWER))
    assert history.outcome.verdict == "live"
    assert history.outcome.seconds == 7.5
    [told] = history.some(TellProbe)
    assert told.ok


def test_next_attempts_keep_the_period_from_the_first():
    """Attempt n is due at delay + (n - 1) periods, however long the one before took."""
    history = History(HTTP, faithful=True).sees(Started(at=0)).sees(_failed(1, at=33.2))
    [second] = history.some(Try)
    assert (second.due, second.number) == (40, 2)
    [third] = history.sees(_failed(2, at=40.01)).some(Try)
    assert third.due == 50


def test_as_many_failures_as_the_threshold_end_it():
    """The last allowed failure is the verdict: unhealthy for a probe the user wrote."""
    history = History(HTTP).sees(Started(at=0))
    for number in (1, 2):
        history.sees(_failed(number, at=20.0 + 10 * number))
        assert not history.some(Outcome)
    history.sees(_failed(3, at=50))
    assert history.outcome.verdict == "unhealthy"
    assert history.outcome.reason == "the startup probe GET /ready is refused"
    assert history.outcome.platform_seconds == 55


def test_platforms_own_probe_that_fails_is_a_time_out():
    """The implicit TCP probe asks only for a port: without one the platform's time is over."""
    history = History(IMPLICIT).sees(Started(at=0)).sees(_failed(1, at=240, words=NO_ANSWER))
    assert history.outcome.verdict == "timed_out"


def test_loopback_listener_that_idles_is_decided_early():
    """Nobody waits four minutes for a process that listens on 127.0.0.1 and does nothing."""
    history = History(IMPLICIT).sees(Started(at=0))
    for at in (1.0, 2.0, 3.9):
        history.sees(Looked(at=at, attempt=1, listeners=(LOOPBACK,), cpu_s=0.2))
        assert not history.some(Outcome)
    history.sees(Looked(at=4.1, attempt=1, listeners=(LOOPBACK,), cpu_s=0.2))
    assert (history.outcome.verdict, history.outcome.code) == ("timed_out", "loopback")
    assert history.outcome.platform_seconds == 240
    [told] = history.some(TellProbe)
    assert (told.number, told.ok) == (1, False)


def _idles(history: History, *listeners: Listener, since: float, until: float, cpu_s: float | None = 0.2) -> History:
    """Looks twice a second at a process that does nothing, until there is a verdict."""
    for half in range(int(2 * since), int(2 * until) + 1):
        if history.some(Outcome):
            break
        history.sees(Looked(at=half / 2, attempt=1, listeners=listeners, cpu_s=cpu_s))
    return history


def test_listener_on_another_port_that_idles_is_decided_early():
    """Nobody waits four minutes for a process that listens on port 3000 and does nothing; the port is told."""
    history = _idles(History(IMPLICIT).sees(Started(at=0)), ELSEWHERE, since=1, until=60)
    outcome = history.outcome
    assert (outcome.verdict, outcome.code, outcome.due) == ("timed_out", "other-port", 1 + IDLE_ELSEWHERE_S)
    assert outcome.reason == "it listens on 0.0.0.0:3000, not on 8080"
    assert (outcome.port, outcome.platform_seconds) == (3000, 240)
    [told] = history.some(TellProbe)
    assert (told.number, told.ok, told.words) == (1, False, NO_ANSWER)


def test_probe_of_the_users_on_a_port_that_stays_closed_is_unhealthy():
    """Its attempts are refused, and the platform would have been done when the last one was."""
    patient = Probe(kind="http", path="/", port=8080, timeout_s=5, period_s=10, failure_threshold=20)
    history = _idles(History(patient).sees(Started(at=0)), ELSEWHERE, since=1, until=60)
    assert (history.outcome.verdict, history.outcome.code) == ("unhealthy", "other-port")
    assert history.outcome.platform_seconds == 190
    [told] = history.some(TellProbe)
    assert (told.number, told.words) == (20, "is refused")


@pytest.mark.parametrize(
    ("listeners", "code", "after_s", "reason"),
    [
        ((LOOPBACK, METRICS), "loopback", IDLE_FOR_S, f"127.0.0.1:8080 {NOT_REACHED}"),
        ((DEBUGGER,), "loopback", IDLE_ELSEWHERE_S, f"127.0.0.1:5678 {NOT_REACHED}"),
        ((ELSEWHERE, DEBUGGER, METRICS), "other-port", IDLE_ELSEWHERE_S, "0.0.0.0:3000, [::]:9090, not on 8080"),
    ],
    ids=["its port of loopback, and another", "another port of loopback", "several others"],
)
def test_what_is_open_tells_what_is_wrong(listeners, code, after_s, reason):
    """The port on loopback can be opened by nobody else: that is certain soonest. Else only what is reached counts."""
    history = _idles(History(IMPLICIT).sees(Started(at=0)), *listeners, since=1, until=60)
    assert (history.outcome.code, history.outcome.due) == (code, 1 + after_s)
    assert history.outcome.reason == f"it listens on {reason}"


def test_process_that_computes_is_waited_for():
    """A metrics endpoint is open while the app still loads: that is no reason to give up."""
    history = History(IMPLICIT).sees(Started(at=0))
    for second in range(1, 60):
        history.sees(Looked(at=second, attempt=1, listeners=(METRICS,), cpu_s=0.1 * second))
        assert not history.some(Outcome)


def test_process_whose_work_is_not_known_is_waited_for():
    """Where processor time cannot be read, nothing is concluded from it."""
    history = _idles(History(IMPLICIT).sees(Started(at=0)), ELSEWHERE, since=1, until=60, cpu_s=None)
    assert not history.some(Outcome)


def test_process_that_opens_another_port_is_waited_for_again():
    """It is not done yet: the time to idle begins anew."""
    history = _idles(History(IMPLICIT).sees(Started(at=0)), METRICS, since=1, until=10)
    _idles(history, METRICS, ELSEWHERE, since=10.5, until=60)
    assert history.outcome.due == 10.5 + IDLE_ELSEWHERE_S


def test_port_that_opens_at_last_is_not_given_up():
    """A process that reaches its port within the time is left to its probe."""
    history = _idles(History(IMPLICIT).sees(Started(at=0)), METRICS, since=1, until=10)
    _idles(history, METRICS, OPEN, since=10.5, until=60)
    assert not history.some(Outcome)


@pytest.mark.parametrize("listener", [LOOPBACK, ELSEWHERE], ids=["loopback", "another port"])
def test_faithful_timing_waits_for_the_probe_itself(listener):
    """With faithful timing a listener that no probe reaches is given its whole time."""
    history = _idles(History(IMPLICIT, faithful=True).sees(Started(at=0)), listener, since=1, until=120)
    assert not history.some(Outcome)


def test_port_that_opens_during_the_initial_delay_is_tried_at_once():
    """The initial delay only delays: an early success is live, with the platform's own time beside it."""
    history = History(HTTP).sees(Started(at=0)).sees(Looked(at=2, attempt=1, listeners=(OPEN,)))
    assert [found.port for found in history.some(FoundPort)] == [8080]
    [early] = history.some(Try)
    assert early.early
    history.sees(Tried(at=2.1, attempt=1, number=1, ok=True, words="answers 200", early=True))
    assert (history.outcome.verdict, history.outcome.platform_seconds) == ("live", 30)


def test_early_failure_means_nothing():
    """An attempt ahead of the platform's first is not counted when it fails."""
    history = History(HTTP).sees(Started(at=0)).sees(_failed(1, at=2, early=True))
    assert history.last == ()
    assert history.state.refusals == ()


def test_faithful_timing_tries_nothing_early():
    """With faithful timing the first attempt is the platform's first."""
    history = History(HTTP, faithful=True).sees(Started(at=0)).sees(Looked(at=2, attempt=1, listeners=(OPEN,)))
    assert not history.some(Try)


def test_answer_that_will_not_change_is_decided_early():
    """The same client error three times is the verdict at once, counted as the platform would."""
    patient = Probe(kind="http", path="/", port=8080, timeout_s=1, period_s=10, failure_threshold=20)
    history = History(patient).sees(Started(at=0))
    for number, at in ((1, 0.1), (2, 0.6), (3, 1.1)):
        assert not history.some(Outcome)
        history.sees(_failed(number, at=at, words="answers 404", final=True))
    assert history.outcome.verdict == "unhealthy"
    assert history.some(TellProbe)[0].number == 20


def test_process_that_ends_under_its_probe_fails_the_attempt():
    """A crash cancels the attempt under way, and the process is started again as the platform would."""
    history = History(IMPLICIT).sees(Started(at=0)).sees(Exited(at=0.4, attempt=1, exit_code=1, last_line="x"))
    [told] = history.some(TellProbe)
    assert (told.ok, told.words) == (False, CANCELED)
    [again] = history.some(StartAgain)
    assert again.platform_s == 17


def test_same_crash_three_times_is_the_verdict():
    """As with every other life cycle."""
    history = History(IMPLICIT)
    for attempt in (1, 2, 3):
        history.sees(Started(at=attempt)).sees(Exited(at=attempt + 0.5, attempt=attempt, exit_code=1, last_line="x"))
    assert (history.outcome.verdict, history.outcome.code) == ("boot_failed", "crash")


def test_attempt_of_an_earlier_process_changes_nothing():
    """What an attempt on a process that ended came to is not counted for the next one."""
    history = History(IMPLICIT).sees(Started(at=0)).sees(Exited(at=1, attempt=1, exit_code=1)).sees(Started(at=2))
    history.sees(_failed(1, at=2.1))
    assert history.last == ()


def test_scale_shortens_the_platforms_waits_and_tells_its_own():
    """At a tenth, the attempt comes after 3 s, and the outcome still tells the platform's seconds."""
    history = History(HTTP, scale=0.1).sees(Started(at=0))
    [first] = history.some(Try)
    assert first.due == 3
    for number in (1, 2, 3):
        history.sees(_failed(number, at=2 + number))
    assert history.outcome.platform_seconds == 55


def test_requests_go_to_the_services_port_whatever_the_probe_asks():
    """A probe on a port of its own says when the process has started, not where it takes requests."""
    history = History(HTTP)
    history.rules = replace(history.rules, port=9000)
    history.sees(Started(at=0)).sees(Tried(at=31, attempt=1, number=1, ok=True, words="answers 200"))
    assert history.outcome.port == 9000
