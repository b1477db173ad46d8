"""The probes of a live instance: when each attempt is, and what failures in a row lead to."""

from collections.abc import Callable

import pytest

from emulator.engine.boot_steps import End, Exited, Rotate, Rules, StartAgain, TellProbe, Try
from emulator.model.lifecycle import Probe
from emulator.model.record import replace
from tests.emulator.engine.replays import HEALTH, PORT, WEB, Life, Replay, always, open_on, status

LIVENESS, READINESS = 7001, 7002
"""The ports by which a test tells which probe asks."""


def probe(port: int = LIVENESS, **changes: object) -> Probe:
    return replace(Probe(kind="http", path="/", port=port, period_s=10, failure_threshold=3), **changes)


Bad = Callable[[float, int], bool]


def live(
    bad: Bad = lambda at, port: False,
    *,
    health: Probe | None = None,
    takes: float = 0.0,
    kill: bool = False,
    until: float = 200.0,
    **probes: Probe,
) -> Replay:
    """An instance that was live at once, until then. bad: (seconds, port asked) → whether it answers 500."""
    life = Life(always(open_on(PORT)), health=lambda at, port: (takes, status(500 if bad(at, port) else 200)))
    rules = Rules(lifecycle=replace(WEB, kill_when_unhealthy=kill), health=health, **probes)
    replay = Replay(rules, life)
    assert replay.run().code == "live"
    replay.go_on(until)
    return replay


def between(start: float, end: float) -> Bad:
    return lambda at, port: start <= at < end


def attempts(replay: Replay, port: int = LIVENESS) -> list[float]:
    return [action.due for action in replay.of(Try) if action.port == port]  # type: ignore[attr-defined,union-attr]


def turns(replay: Replay) -> list[tuple[float, bool]]:
    return [(action.due, action.ready) for action in replay.of(Rotate)]  # type: ignore[attr-defined,union-attr]


# ---- when it is asked -------------------------------------------------------------------------------


def test_attempts_come_a_period_apart() -> None:
    """The first one after the initial delay, counted from when it was live."""
    assert attempts(live(liveness=probe(initial_delay_s=4), until=40)) == [4, 14, 24, 34]


def test_a_health_check_goes_on_a_period_after_it_was_live() -> None:
    """It has just passed one."""
    replay = live(health=replace(HEALTH, period_s=5), until=21)
    assert attempts(replay, PORT) == [0, 5, 10, 15, 20]


def test_periods_count_from_start_to_start() -> None:
    """A slow answer does not put off the next attempt."""
    assert attempts(live(liveness=probe(timeout_s=9), takes=7.0, until=35)) == [0, 10, 20, 30]


def test_an_attempt_longer_than_its_period_leaves_out_the_next() -> None:
    """Never two at once: those that were due meanwhile are not made."""
    assert attempts(live(liveness=probe(timeout_s=30), takes=25.0, until=100)) == [0, 30, 60, 90]


def test_an_attempt_as_long_as_its_period() -> None:
    """The one due at that moment is left out."""
    assert attempts(live(liveness=probe(timeout_s=30), takes=10.0, until=50)) == [0, 20, 40]


def test_an_attempt_is_given_its_timeout() -> None:
    """An answer after it is none: three of those and it is dead."""
    replay = live(liveness=probe(timeout_s=2), takes=5.0, until=25)
    [told] = {action.words for action in replay.of(TellProbe)}  # type: ignore[attr-defined,union-attr]
    assert told == "gets no answer in time"
    assert [end.due for end in replay.of(End)] == [22]


def test_each_probe_has_its_own_times() -> None:
    """They do not wait for each other."""
    replay = live(liveness=probe(), readiness=probe(READINESS, period_s=4, initial_delay_s=1), until=15)
    assert (attempts(replay, LIVENESS), attempts(replay, READINESS)) == ([0, 10], [1, 5, 9, 13])


def test_an_attempt_is_told_when_it_was_due_and_how_it_went() -> None:
    """A failed one by how many failed in a row, a successful one by its number."""
    replay = live(between(5, 25), liveness=probe(), until=35)
    told = [(t.number, t.ok, t.due_s) for t in replay.of(TellProbe)]  # type: ignore[attr-defined,union-attr]
    assert told == [(1, True, 0), (1, False, 10), (2, False, 20), (4, True, 30)]


# ---- what it leads to -------------------------------------------------------------------------------


def test_too_few_failures_lead_to_nothing() -> None:
    """Two, a success, two: never three in a row."""
    bad = {10, 20, 40, 50}
    replay = live(lambda at, port: at in bad, liveness=probe(), until=99)
    assert replay.of(End) == replay.of(Rotate) == []


@pytest.mark.parametrize("kill", [True, False])
@pytest.mark.parametrize("role", ["liveness", "health"])
def test_enough_failures_in_a_row_end_it(*, role: str, kill: bool) -> None:
    """By the signal or by a kill, as the platform has it; it is started again, and asked from the first attempt on."""
    what = replace(HEALTH, period_s=10, failure_threshold=3) if role == "health" else probe()
    replay = live(between(15, 45), kill=kill, until=52, **{role: what})
    [end] = replay.of(End)
    assert isinstance(end, End)
    assert (end.due, end.kill) == (40, kill)
    assert end.because == f"its {role} check failed 3 times in a row: it answers 500"
    [again] = replay.of(StartAgain)
    assert isinstance(again, StartAgain)
    assert again.because == end.because
    assert replay.starts[1] == pytest.approx(40.1)
    told = [action.number for action in replay.of(TellProbe) if action.due > 40.05]  # type: ignore[attr-defined,union-attr]
    assert told == ([1, 2] if role == "liveness" else [1, 1])  # a health check: once to be live, once since


def test_a_readiness_probe_ends_nothing() -> None:
    """However often it fails: the instance gets no requests, and lives on."""
    replay = live(between(15, 1000), readiness=probe(READINESS, unready_threshold=2), until=999)
    assert (turns(replay), replay.of(End)) == ([(30, False)], [])


def test_out_of_rotation_and_back() -> None:
    """After so many failures in a row, and so many successes in a row; each once."""
    replay = live(between(15, 65), readiness=probe(READINESS, unready_threshold=3, success_threshold=2), until=200)
    assert turns(replay) == [(40, False), (80, True)]
    words = [action.because for action in replay.of(Rotate)]  # type: ignore[attr-defined,union-attr]
    assert words == [
        "its readiness check failed 3 times in a row: it answers 500",
        "its readiness check succeeds again",
    ]


def test_successes_must_come_in_a_row() -> None:
    """One between failures lets it back only where one is enough."""
    good = {30, 50, 60}
    replay = live(
        lambda at, port: at not in good and at < 65,
        readiness=probe(READINESS, unready_threshold=2, success_threshold=2),
        until=100,
    )
    assert turns(replay) == [(10, False), (60, True)]


def test_successes_from_before_do_not_let_it_back() -> None:
    """They count from the last failure."""
    replay = live(between(45, 75), readiness=probe(READINESS, unready_threshold=1, success_threshold=3), until=200)
    assert turns(replay) == [(50, False), (100, True)]


def test_a_probe_without_a_threshold_takes_it_out_never() -> None:
    """A liveness probe alone decides over life."""
    assert turns(live(between(5, 25), liveness=probe(), until=99)) == []


def test_a_health_check_takes_it_out_and_ends_it_later() -> None:
    """Both thresholds count the same failures."""
    health = replace(HEALTH, period_s=5, unready_threshold=3, failure_threshold=12)
    replay = live(lambda at, port: at > 7, health=health, until=70)
    assert turns(replay)[0] == (20, False)
    assert replay.of(End)[0].due == 65


def test_two_probes_must_agree_that_it_is_back() -> None:
    """Out with the first, back with the last; nothing is said in between."""
    bad = {PORT: (5, 45), READINESS: (15, 75)}
    health = replace(HEALTH, period_s=10, unready_threshold=1, failure_threshold=99)
    replay = live(
        lambda at, port: bad[port][0] <= at < bad[port][1],
        health=health, readiness=probe(READINESS, unready_threshold=1), until=200,
    )  # fmt: skip
    assert turns(replay) == [(10, False), (80, True)]
    words = [action.because for action in replay.of(Rotate)]  # type: ignore[attr-defined,union-attr]
    assert words[1] == "its readiness check succeeds again"


def test_a_restart_resets_what_was_counted() -> None:
    """Two failures of its life before do not count against the new process."""
    replay = live(lambda at, port: at in (10, 20), liveness=probe(), until=25)
    end_it(replay, 27.0)
    replay.go_on(200)
    assert replay.starts == [0, pytest.approx(27.1)]
    assert [t.number for t in replay.of(TellProbe) if not t.ok] == [1, 2, 1, 2]  # type: ignore[attr-defined,union-attr]
    assert replay.of(End) == []


def end_it(replay: Replay, at: float) -> None:
    """The process ends at this time; the next one lives as this one did."""
    replay._push(at, Exited(at=at, attempt=replay.state.attempt, exit_code=1, last_line=""))


def test_an_attempt_of_the_life_before_changes_nothing() -> None:
    """It was under way when the process ended."""
    replay = live(lambda at, port: True, liveness=probe(failure_threshold=1, timeout_s=9), takes=5.0, until=3)
    end_it(replay, 4.0)
    replay.go_on(5.5)
    assert replay.of(TellProbe) == replay.of(End) == []
