"""Crashes, workers, jobs, life after live, and time: the verdicts, and that there always is one."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.engine import boot
from emulator.engine.boot_steps import (
    Asked,
    Exited,
    Looked,
    NotStarted,
    Observation,
    Outcome,
    Remind,
    Rules,
    Settled,
    StartAgain,
    Started,
    State,
    Tried,
)
from emulator.engine.scaling import scaled
from emulator.model.event import VerdictKind
from emulator.model.lifecycle import Lifecycle
from emulator.model.record import replace
from emulator.world.containers import StartFailure
from tests.emulator.engine.replays import (
    BACK_OFF,
    HEALTH,
    JOB,
    PORT,
    PRIVATE,
    WEB,
    WORKER,
    Life,
    Replay,
    always,
    no,
    open_on,
    status,
    web,
)

# ---- crashes ----------------------------------------------------------------------------------------

CRASH = Life(ends=(0.4, 1, "ModuleNotFoundError: No module named 'src'"))


def test_one_crash_then_live() -> None:
    """What crashes once and then answers is live."""
    replay = web(CRASH, Life(always(open_on(PORT))))
    assert replay.run().code == "live"
    [again] = replay.of(StartAgain)
    assert (again.platform_s, again.because) == (1.0, "it exited with status 1")


def test_the_same_crash_three_times_is_certain() -> None:
    """Given up within two seconds; the platform would go on for fifteen minutes."""
    outcome = web(CRASH).run()
    assert (outcome.verdict, outcome.code, outcome.exit_code) == (VerdictKind.BOOT_FAILED, "crash", 1)
    assert outcome.due == pytest.approx(3 * 0.4 + 0.1 + 0.2, abs=0.01)
    assert outcome.platform_seconds == 900


def test_times_and_process_numbers_do_not_tell_crashes_apart() -> None:
    """gunicorn's last line has the time in it: still the same crash."""
    lives = [Life(ends=(0.4, 3, f"[2026-11-20 15:41:{n} +0000] [{n}] [ERROR] Worker failed to boot.")) for n in (3, 8)]
    assert web(*lives, lives[0]).run().due == pytest.approx(1.5)


def test_different_crashes_go_on_until_the_platforms_deadline() -> None:
    """As many starts as the platform would make in its fifteen minutes, without its waits."""
    lines = itertools.cycle(["alpha", "beta"])
    replay = web(*[Life(ends=(0.5, 1, next(lines))) for _ in range(40)])
    outcome = replay.run()
    assert outcome.code == "crash"
    assert outcome.platform_seconds == 900
    assert [a.platform_s for a in replay.of(StartAgain)] == list(BACK_OFF)
    assert outcome.due < 30


def test_faithful_crashes_wait_as_the_platform() -> None:
    """With faithful timing even the same crash is started again and again, at the platform's pace."""
    replay = web(CRASH, faithful=True)
    outcome = replay.run()
    gaps = [later - earlier for earlier, later in itertools.pairwise(replay.starts)]
    assert gaps == pytest.approx([0.4 + wait for wait in BACK_OFF])
    assert outcome.due <= 900


def test_exit_zero() -> None:
    """A command that does its work and ends is no service."""
    outcome = web(Life(ends=(0.1, 0, "done"))).run()
    assert (outcome.code, outcome.exit_code) == ("exit-zero", 0)
    assert outcome.reason == "it ended with status 0, and a service must keep running"


def test_out_of_memory() -> None:
    """A kill for memory has a code of its own."""
    assert web(Life(ends=(0.1, 137, ""), oom=True)).run().code == "oom"


def test_not_started() -> None:
    """A first process that cannot be executed is decided at once."""
    failure = StartFailure(kind="not-found", message='exec: "serve": executable file not found', exit_code=127)
    state, actions = boot.step(Rules(lifecycle=WEB), State(), NotStarted(at=1.0, failure=failure))
    [outcome] = actions
    assert isinstance(outcome, Outcome)
    assert (outcome.code, outcome.exit_code, outcome.failure) == ("not-started", 127, failure)
    assert state.phase == "done"


def test_no_restart_where_the_platform_makes_none() -> None:
    """The first crash ends the deploy, now."""
    outcome = web(CRASH, life=replace(WEB, restarts_during_deploy=False)).run()
    assert (outcome.due, outcome.platform_seconds) == (0.4, None)


def test_health_counts_the_waits_that_were_skipped() -> None:
    """After restarts whose waits were shortened the deadline of the health check is as far on as the platform's."""
    lines = itertools.cycle(["alpha", "beta"])
    lives = [Life(ends=(0.1, 1, next(lines))) for _ in range(8)]  # 255 s of the platform's waits
    sick = Life(always(open_on(PORT)), health=lambda at, port: (0.0, status(503)))
    outcome = web(*lives, sick, health=HEALTH).run()
    assert outcome.code == "unhealthy"
    assert outcome.due == pytest.approx(900 - 255 + 3.6, abs=2)


# ---- workers, jobs, afterwards ----------------------------------------------------------------------


def test_a_worker_that_stays_up_is_live() -> None:
    """Five seconds without an end."""
    outcome = web(Life(), life=WORKER).run()
    assert (outcome.code, outcome.due, outcome.port) == ("live", 5.0, None)


RESTING = replace(WORKER, settle_s=10, settle_idle_s=2)


def test_a_worker_at_rest_is_live_sooner() -> None:
    """It imports for half a second and then waits for work: two seconds."""
    assert web(Life(cpu=lambda at: min(at, 0.5)), life=RESTING).run().due == 2.0


def test_a_worker_that_goes_on_computing_is_watched_for_longer() -> None:
    """At rest after 4.5 s: live when a second without work is over. Never at rest: ten seconds."""
    assert web(Life(cpu=lambda at: min(at, 4.5)), life=RESTING).run().due == 6.0
    assert web(Life(cpu=lambda at: at), life=RESTING).run().due == 10.0


def test_a_worker_nobody_can_measure_is_watched_for_longer() -> None:
    """What is not known is not taken for rest."""
    assert web(Life(cpu=lambda at: None), life=RESTING).run().due == 10.0


def test_a_worker_that_fails_after_a_long_import_is_not_live() -> None:
    """Seven seconds of work, and then the crash."""
    assert web(Life(cpu=lambda at: at, ends=(7, 1, "boom")), life=RESTING).run().code == "crash"


def test_a_worker_that_ends_just_before_has_not_settled() -> None:
    """It crashes at 4.95 s: the moment of settling belongs to a process that is gone."""
    outcome = web(Life(ends=(4.95, 1, "boom")), life=WORKER).run()
    assert outcome.code == "crash"


@pytest.mark.parametrize(("code", "verdict"), [(0, VerdictKind.SUCCEEDED), (2, VerdictKind.FAILED)])
def test_a_job_is_judged_by_its_end(code: int, verdict: VerdictKind) -> None:
    """Status 0 is success."""
    assert web(Life(ends=(3, code, "")), life=JOB).run().verdict == verdict


def test_a_crash_after_live_is_followed_by_a_restart() -> None:
    """Live, a crash a minute later, live again; the second time is counted from the second start."""
    replay = web(Life(always(open_on(PORT)), ends=(60, 1, "boom")), Life(always(open_on(PORT), after=2)), health=HEALTH)
    assert replay.run().code == "live"
    replay.go_on(until=80)
    assert replay.state.phase == "live"
    [again] = [outcome for outcome in replay.of(Outcome) if isinstance(outcome, Outcome)]
    assert again.seconds == pytest.approx(2.0, abs=0.05)


def test_a_restart_long_after_live_has_its_own_deadline() -> None:
    """Up for an hour, a crash, and a health check that needs a moment: not unhealthy at the first 503."""
    first = Life(always(open_on(PORT)), ends=(3600, 1, "boom"))
    second = Life(always(open_on(PORT)), health=lambda at, port: (0.0, status(200 if at > 10 else 503)))
    replay = web(first, second, health=HEALTH)
    replay.run()
    replay.go_on(until=3700)
    assert replay.state.phase == "live"


def test_the_same_crash_after_live_is_started_again_for_ever() -> None:
    """What was live once is never given up for crashing."""
    replay = web(Life(always(open_on(PORT)), ends=(1, 1, "boom")))
    replay.run()
    replay.go_on(until=100)
    assert len(replay.starts) > 10
    assert replay.state.phase != "done"


@pytest.mark.parametrize(
    "stale",
    [
        Looked(at=9, attempt=1, listeners=(open_on(PORT),)),
        Asked(at=9, attempt=1, port=PORT, answer=status(200)),
        Tried(at=9, attempt=1, role="health", number=1, ok=True, words="answers 200"),
        Settled(at=9, attempt=1),
        Exited(at=9, attempt=1, exit_code=1),
    ],
)
def test_what_an_earlier_process_did_changes_nothing(stale: Observation) -> None:
    """An answer that arrives after the restart belongs to a process that is gone."""
    rules = Rules(lifecycle=WEB, health=HEALTH)
    for phase in ("looking", "asking", "checking", "settling", "waiting"):
        state = State(phase=phase, attempt=2, port=PORT)  # type: ignore[arg-type]
        assert boot.step(rules, state, stale) == (state, ())


def test_nothing_moves_it_after_its_end() -> None:
    """Decided is decided."""
    state = State(phase="done", attempt=1)
    assert boot.step(Rules(lifecycle=WEB), state, Started(at=5)) == (state, ())


# ---- time -------------------------------------------------------------------------------------------


def test_time_scale() -> None:
    """A tenth of every wait; what is told is the platform's own time."""
    replay = Replay(scaled(Rules(lifecycle=WEB, health=HEALTH), 0.1), Life())
    outcome = replay.run()
    assert outcome.due == pytest.approx(30, abs=0.2)
    assert outcome.platform_seconds == pytest.approx(300)
    assert [r.seconds for r in replay.of(Remind)] == pytest.approx([60, 120, 180, 240, 300], abs=2)


def test_faithful_timing_gives_no_early_verdict() -> None:
    """Loopback and idle: with faithful timing that too is waited for."""
    outcome = web(Life(always(open_on(PORT, "127.0.0.1"))), faithful=True).run()
    assert (outcome.code, outcome.due) == ("loopback", pytest.approx(300, abs=0.2))


LISTENERS = st.lists(
    st.builds(open_on, st.sampled_from([PORT, 3000, 9229, 18012]), st.sampled_from(["0.0.0.0", "127.0.0.1", "::"])),
    max_size=3,
).map(tuple)
ANSWERS = st.tuples(
    st.sampled_from([0.0, 0.3, 7.0, 1e9]),
    st.one_of(
        st.sampled_from([200, 302, 404, 429, 503]).map(status),
        st.sampled_from(["refused", "timeout", "reset", "not-http", "unreachable"]).map(no),
    ),
)


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Any process: what it listens on changes a few times, answers vary, it may end."""
    moments = sorted(draw(st.lists(st.floats(0, 400), max_size=3)))
    ports = draw(st.lists(LISTENERS, min_size=len(moments) + 1, max_size=len(moments) + 1))
    answers = draw(st.lists(ANSWERS, min_size=1, max_size=4))
    ends = draw(
        st.none() | st.tuples(st.floats(0, 500), st.sampled_from([0, 1, 137, None]), st.sampled_from(["a", "b"]))
    )
    seen = itertools.cycle(answers)
    return Life(
        lambda at: ports[sum(at >= moment for moment in moments)],
        plain=lambda at, port: next(seen),
        health=lambda at, port: next(seen),
        cpu=draw(st.sampled_from([lambda at: 0.0, lambda at: at, lambda at: None])),
        ends=ends,
    )


@pytest.mark.thorough
@settings(max_examples=50, deadline=None)
@given(st.lists(lives(), min_size=1, max_size=4), st.booleans(), st.booleans(), st.sampled_from([WEB, PRIVATE, WORKER]))
def test_whatever_happens_there_is_a_verdict_in_time(
    many: list[Life], health: bool, faithful: bool, life: Lifecycle
) -> None:
    """The machine never waits for nothing, never outlasts the platform by more than a look, and with faithful timing
    never gives up before a deadline of the platform's."""
    replay = web(*many, health=HEALTH if health else None, faithful=faithful, life=life)
    outcome = replay.run(until=2500)
    if outcome.code in ("unhealthy", "crash", "exit-zero"):
        assert outcome.due <= 900 + 500 + 1  # the last process may end late; none is started after the deadline
        assert all(start <= 900 for start in replay.starts)
    elif outcome.code in ("no-port", "no-http", "loopback"):
        assert outcome.due - replay.started <= 300 + 1.5
        assert not faithful or outcome.due - replay.started >= 299
