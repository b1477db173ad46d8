"""The machine for work that ends, by replayed histories; and what holds in whatever order things happen."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.engine import tasks
from emulator.engine.task_steps import Cancel, TaskExited, TaskRules, TaskState, pre_deploy_rules, rules_of
from emulator.model.event import VerdictKind
from emulator.model.lifecycle import Lifecycle, Shutdown
from emulator.model.plan import Tasks
from tests.emulator.engine.services import service
from tests.emulator.engine.task_replays import Life, Replay, always

FINE, BROKEN, ENDLESS = Life(), Life(code=2), Life(ends=None)
STUBBORN, DEAF = Life(ends=None, after_signal=None), Life(ends=None, after_signal=None, deaf=True)


def test_one_task_that_ends_with_0():
    """It is started once, and its end is the run's."""
    replay = Replay(TaskRules(), always(FINE))
    outcome = replay.run()
    assert (outcome.verdict, outcome.code, outcome.reason) == ("succeeded", "succeeded", "it ended with status 0")
    assert (outcome.seconds, outcome.platform_seconds, outcome.exit_code) == (1.0, None, 0)
    assert replay.story() == [(0, 0, 0, "started"), (1.0, 0, 0, "succeeded")]


def test_one_task_that_does_not():
    """Without retries the first failure is the last."""
    replay = Replay(TaskRules(), always(BROKEN))
    outcome = replay.run()
    assert (outcome.verdict, outcome.code, outcome.exit_code) == ("failed", "failed", 2)
    assert outcome.reason == "it exited with status 2"
    assert replay.story()[-1] == (1.0, 0, 0, "failed")


def test_a_retry_that_succeeds():
    """The same task begins again at once, with the next attempt's number, and the run succeeds."""
    replay = Replay(TaskRules(count=2, max_retries=3), lambda *which: BROKEN if which < (0, 2) else FINE)
    outcome = replay.run()
    assert outcome.verdict is VerdictKind.SUCCEEDED
    assert outcome.reason == "all 2 tasks ended with status 0"
    assert replay.starts == [(0, 0), (1, 0), (0, 1), (0, 2)]
    assert [state for _, index, _, state in replay.story() if index == 0] == [
        "started", "retrying", "started", "retrying", "started", "succeeded",
    ]  # fmt: skip


def test_retries_used_up():
    """One task that failed for good fails the run, but the others go on to their end."""
    replay = Replay(TaskRules(count=3, parallelism=1, max_retries=1), lambda index, _: BROKEN if index == 0 else FINE)
    outcome = replay.run()
    assert outcome.verdict is VerdictKind.FAILED
    assert outcome.reason == "task 0 failed after 2 attempts: it exited with status 2"
    assert replay.starts == [(0, 0), (0, 1), (1, 0), (2, 0)]
    assert [told[1:] for told in replay.story() if told[3] == "succeeded"] == [(1, 0, "succeeded"), (2, 0, "succeeded")]


def test_several_that_failed_are_counted():
    """The reason is the first one's; how many there were is said."""
    outcome = Replay(TaskRules(count=4), lambda index, _: FINE if index == 2 else BROKEN).run()
    assert outcome.reason == "task 0 failed: it exited with status 2; 3 of 4 tasks failed"


@pytest.mark.parametrize(
    ("count", "parallelism", "cap", "most"),
    [(5, None, None, 5), (5, 2, None, 2), (5, 0, 4, 4), (5, 3, 2, 2), (2, 9, 9, 2), (5, 1, 4, 1)],
)
def test_how_many_run_at_once(count, parallelism, cap, most):
    """As many as the platform runs, all where it names no number, and never more than this machine is to."""
    replay = Replay(TaskRules(count=count, parallelism=parallelism, cap=cap), always(FINE))
    replay.run()
    assert replay.most == most
    assert replay.starts == [(index, 0) for index in range(count)]


# ---- time -------------------------------------------------------------------------------------------

TIMED = TaskRules(timeout_s=5, grace_s=10)


def test_too_long_and_it_ends_itself():
    """At its timeout it is told to end; that it then does, with 0, makes no success of it."""
    replay = Replay(TIMED, always(ENDLESS))
    outcome = replay.run()
    assert replay.story() == [(0, 0, 0, "started"), (5.0, 0, 0, "timed_out"), (5.5, 0, 0, "failed")]
    assert (outcome.code, outcome.exit_code) == ("task-timeout", 0)
    assert outcome.reason == "it went on for longer than the 5 s that it may take"
    assert (replay.kills, outcome.platform_seconds) == ([], None)


def test_too_long_and_it_does_not_end():
    """At the end of its grace it is killed, no sooner and no later."""
    replay = Replay(TIMED, always(STUBBORN))
    outcome = replay.run()
    assert replay.kills == [(15.0, 0, 0)]
    assert (outcome.seconds, outcome.platform_seconds) == (15.0, None)


def test_nobody_waits_for_one_that_never_hears():
    """Its grace is not waited; when the platform would be done is said. With faithful timing it is waited."""
    replay = Replay(TIMED, always(DEAF))
    outcome = replay.run()
    assert (outcome.seconds, outcome.platform_seconds) == (5.0, 15.0)
    outcome = Replay(TaskRules(timeout_s=5, grace_s=10, faithful=True), always(DEAF)).run()
    assert (outcome.seconds, outcome.platform_seconds) == (15.0, None)


def test_the_timeout_is_each_attempts():
    """A retry has all the time again."""
    replay = Replay(TaskRules(timeout_s=5, max_retries=1), lambda _, attempt: Life(ends=4.9) if attempt else ENDLESS)
    assert replay.run().verdict is VerdictKind.SUCCEEDED
    assert replay.story()[-1] == (10.4, 0, 1, "succeeded")


def test_a_timeout_of_an_attempt_that_is_over_means_nothing():
    """The first attempt's alarm does not end the second."""
    replay = Replay(TaskRules(timeout_s=5, max_retries=1), lambda _, attempt: Life(ends=4.9, code=0 if attempt else 1))
    assert replay.run().verdict is VerdictKind.SUCCEEDED


def test_scaled_time():
    """A tenth of the timeout is waited; what is told is the platform's own."""
    once = Tasks(count=1, parallelism=None, max_retries=0, timeout_s=600)
    outcome = Replay(rules_of(service(tasks=once), scale=0.1), always(ENDLESS)).run()
    assert outcome.seconds == pytest.approx(60.5)
    assert outcome.platform_seconds == pytest.approx(600.5)
    assert outcome.reason == "it went on for longer than the 600 s that it may take"


def test_fewer_at_once_than_on_the_platform():
    """The platform is done when the tasks that it runs side by side are."""
    outcome = Replay(TaskRules(count=8, cap=2), always(Life(ends=10))).run()
    assert (outcome.seconds, outcome.platform_seconds) == (40.0, 10.0)
    outcome = Replay(TaskRules(count=8, parallelism=3, cap=2), always(Life(ends=10))).run()
    assert (outcome.seconds, outcome.platform_seconds) == (40.0, 30.0)


# ---- how it ends ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("life", "code", "reason"),
    [
        (Life(code=137, oom=True), "oom", "it ran out of memory and was killed"),
        (Life(code=None), "failed", "its container was removed"),
        (Life(cannot=True), "not-started", 'exec: "work": not found'),
        (Life(code=0, oom=True), "succeeded", "it ended with status 0"),
    ],
)
def test_words_for_an_end(life, code, reason):
    """Each way to end has its code and its words; a child that ran out of memory fails no task that ends with 0."""
    outcome = Replay(TaskRules(), always(life)).run()
    assert (outcome.code, outcome.reason) == (code, reason)


def test_the_attempts_of_a_single_task_are_told():
    """A job of one task is spoken of as `it`."""
    outcome = Replay(TaskRules(max_retries=3), always(BROKEN)).run()
    assert outcome.reason == "it exited with status 2, at attempt 4 of 4"


def test_what_cannot_be_executed_is_not_tried_again():
    """The same program fails the same way, as another attempt or task; with faithful timing all are tried."""
    replay = Replay(TaskRules(count=9, parallelism=1, max_retries=3), always(Life(cannot=True)))
    outcome = replay.run()
    assert replay.starts == [(0, 0)]
    assert (outcome.verdict, outcome.failure is not None, outcome.exit_code) == ("failed", True, 127)
    faithful = Replay(TaskRules(count=2, max_retries=1, faithful=True), always(Life(cannot=True)))
    faithful.run()
    assert sorted(faithful.starts) == [(0, 0), (0, 1), (1, 0), (1, 1)]


# ---- cancel -----------------------------------------------------------------------------------------


def test_cancel_tells_all_to_end_and_starts_none():
    """What runs gets its signal and its grace; what waits never starts; nothing is retried."""
    replay = Replay(TaskRules(count=5, parallelism=2, max_retries=3, grace_s=10), always(STUBBORN), cancel_at=3)
    outcome = replay.run()
    assert (outcome.verdict, outcome.code, outcome.reason) == ("canceled", "canceled", "it was canceled")
    assert replay.starts == [(0, 0), (1, 0)]
    assert [at for at, _, _ in replay.kills] == [13.0, 13.0]


def test_cancel_before_anything_runs():
    """A run that was asked to start and has not is over at once."""
    state, _ = tasks.step(TaskRules(), TaskState(), tasks.Begin(at=1))
    state, actions = tasks.step(TaskRules(), state, Cancel(at=2))
    assert state.done
    assert [action.verdict for action in actions] == ["canceled"]


def test_cancel_of_one_that_is_being_ended_already():
    """It is not told twice, and its grace is not begun anew."""
    replay = Replay(TIMED, always(STUBBORN), cancel_at=7)
    assert replay.run().verdict is VerdictKind.CANCELED
    assert replay.kills == [(15.0, 0, 0)]


def test_the_timeout_of_one_that_is_canceled_means_nothing():
    """It is being ended already: nobody says that it takes too long."""
    replay = Replay(TIMED, always(STUBBORN), cancel_at=4)
    assert replay.run().verdict is VerdictKind.CANCELED
    assert replay.kills == [(14.0, 0, 0)]
    assert [state for *_, state in replay.story()] == ["started", "failed"]


def test_nothing_moves_it_after_its_end():
    """Decided is decided."""
    state = TaskState(done=True)
    assert tasks.step(TaskRules(), state, TaskExited(at=5, index=0, attempt=0, exit_code=0)) == (state, ())


# ---- whose rules ------------------------------------------------------------------------------------


def test_the_rules_of_a_job_a_cron_run_and_a_pre_deploy_command():
    """A job's tasks say how often and how long; a cron run and a pre-deploy command run once, in their own time."""
    shutdown = Shutdown(signal="SIGINT", grace_seconds=7)
    life = Lifecycle(success_is_exit_zero=True, timeout_s=43200, pre_deploy_timeout_s=1800)
    cron = service(lifecycle=life, shutdown=shutdown)
    once = TaskRules(parallelism=1, timeout_s=43200, grace_s=7, signal="SIGINT")
    assert rules_of(cron) == once
    assert pre_deploy_rules(cron, scale=0.5) == TaskRules(timeout_s=900, grace_s=7, signal="SIGINT", scale=0.5)
    job = service(tasks=Tasks(count=3, parallelism=2, max_retries=1, timeout_s=60), lifecycle=life)
    assert rules_of(job, cap=9) == TaskRules(count=3, parallelism=2, max_retries=1, timeout_s=60, cap=9)


# ---- whatever happens -------------------------------------------------------------------------------

LIVES = st.builds(
    Life,
    ends=st.none() | st.sampled_from([0.0, 1.0, 4.0, 5.0, 6.0]),
    code=st.sampled_from([0, 0, 1, 137, None]),
    oom=st.booleans(),
    after_signal=st.none() | st.sampled_from([0.0, 1.0, 99.0]),
    deaf=st.booleans(),
    cannot=st.just(False),  # which ends a run early, and is tested above
)


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_whatever_happens_every_task_ends_within_its_limits(data):
    """Never more at once than allowed; no attempt beyond the retries; every task ends, and the run succeeds exactly
    when each had an attempt that ended with 0 in its time."""
    rules = TaskRules(
        count=data.draw(st.integers(1, 6)), parallelism=data.draw(st.none() | st.integers(0, 4)),
        max_retries=data.draw(st.integers(0, 3)), timeout_s=5.0, grace_s=10.0,
        cap=data.draw(st.none() | st.integers(1, 4)), faithful=data.draw(st.booleans()),
    )  # fmt: skip
    seen: dict[tuple[int, int], Life] = {}
    replay = Replay(rules, lambda index, attempt: seen.setdefault((index, attempt), data.draw(LIVES)))
    outcome = replay.run(until=1e4)
    assert replay.most <= min(rules.parallelism or rules.count, rules.cap or rules.count)
    assert sorted({index for index, _ in replay.starts}) == list(range(rules.count))
    assert len(set(replay.starts)) == len(replay.starts)
    assert all(attempt <= rules.max_retries for _, attempt in replay.starts)
    last = {told.index: told.state for _, told in replay.told}
    assert set(last) == set(range(rules.count))
    assert set(last.values()) <= {"succeeded", "failed"}
    good = {index for index, state in last.items() if state == "succeeded"}
    assert all(replay.ends[index][-1] == 0 for index in good)
    assert (outcome.verdict is VerdictKind.SUCCEEDED) == (len(good) == rules.count)
    assert (outcome.verdict is VerdictKind.FAILED) == (len(good) < rules.count)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from([0.0, 0.5, 1.0, 4.5, 5.0, 5.5, 12.0]))
def test_whenever_it_is_canceled_it_ends_and_starts_nothing_more(data, at):
    """After the signal and the grace nothing runs; no attempt begins after the cancel."""
    rules = TaskRules(count=4, parallelism=2, max_retries=2, timeout_s=5.0, grace_s=10.0)
    seen: dict[tuple[int, int], Life] = {}
    lives = lambda index, attempt: seen.setdefault((index, attempt), data.draw(LIVES))  # noqa: E731
    replay = Replay(rules, lives, cancel_at=at)
    outcome = replay.run(until=1e4)
    if outcome.verdict is VerdictKind.CANCELED:
        assert outcome.seconds <= at + rules.grace_s
        assert all(told.state != "started" for when, told in replay.told if when > at)
