"""A cron job's deploys and runs, decided without a clock: what begins when, and what cancels what."""

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.engine import cron
from emulator.engine import cron_steps as steps


def every_minute(deploy: int, after: float) -> float | None:
    """A schedule that is due at 60, 120, …; deploy 9 has none."""
    return None if deploy == 9 else (after // 60 + 1) * 60


class Job:
    """A cron job that is told what happens, and what it did at that: (when, what)."""

    def __init__(self) -> None:
        self.state = steps.State()
        self.at = 0.0
        self.done: list[tuple[float, steps.Action]] = []

    def see(self, seen: steps.Observation) -> "Job":
        self.at = seen.at
        self.state, actions = cron.step(every_minute, self.state, seen)
        self.done += [(seen.at, action) for action in actions]
        return self

    def deploy(self, number: int, at: float, ready: float | None = None) -> "Job":
        self.see(steps.Asked(at=at, deploy=number))
        return self.see(steps.Prepared(at=at if ready is None else ready, deploy=number))

    def passes(self, until: float) -> "Job":
        return self.see(steps.Passed(at=until))

    @property
    def began(self) -> list[tuple[float, int, str, int]]:
        """Each run: when, its number, why, and what it runs."""
        return [(at, a.run.number, a.run.trigger, a.deploy) for at, a in self.done if isinstance(a, steps.StartRun)]

    @property
    def told(self) -> list[tuple[float, str, float | None]]:
        return [(at, a.state, a.next) for at, a in self.done if isinstance(a, steps.Tell)]

    def of(self, kind: type) -> list[steps.Action]:
        return [action for _, action in self.done if isinstance(action, kind)]


def test_a_deploy_begins_no_run_but_says_when_the_next_one_is() -> None:
    """It is live as soon as it is built."""
    job = Job().deploy(1, at=3)
    assert job.of(steps.Settle) == [steps.Settle(deploy=1, result="live")]
    assert (job.began, job.told) == ([], [(3, "scheduled", 60)])


def test_it_is_run_when_it_is_due_and_again_at_the_next_time() -> None:
    """Not before, and once."""
    job = Job().deploy(1, at=3).passes(59.9).passes(60).passes(61)
    assert job.began == [(60, 1, "schedule", 1)]
    job.see(steps.Ended(at=70, run=1)).passes(120)
    assert job.began[1:] == [(120, 2, "schedule", 1)]
    assert job.told[1:] == [(70, "scheduled", 120)]


def test_a_run_that_comes_due_during_another_waits_for_its_end() -> None:
    """However many come due meanwhile, one is made up for."""
    job = Job().deploy(1, at=3).passes(60).passes(120).passes(180).passes(240)
    assert (job.began, job.told[1:]) == ([(60, 1, "schedule", 1)], [(120, "delayed", 120)])
    job.see(steps.Ended(at=250, run=1))
    assert job.began[1:] == [(250, 2, "schedule", 1)]
    job.see(steps.Ended(at=255, run=2)).passes(300)
    assert job.began[2:] == [(300, 3, "schedule", 1)]


def test_a_run_by_hand_cancels_the_active_one_and_begins_when_that_has_ended() -> None:
    """A scheduled one that waited comes after it."""
    job = Job().deploy(1, at=3).passes(60).passes(120).see(steps.Triggered(at=125))
    assert (job.of(steps.EndRun), len(job.began)) == ([steps.EndRun(run=1)], 1)
    job.see(steps.Ended(at=130, run=1))
    assert job.began[1:] == [(130, 2, "manual", 1)]
    job.see(steps.Ended(at=140, run=2))
    assert job.began[2:] == [(140, 3, "schedule", 1)]


def test_the_newest_run_by_hand_is_the_one_that_is_made() -> None:
    """One that still waited for the active run's end is canceled, and the active run told to end once."""
    job = Job().deploy(1, at=3).passes(60).see(steps.Triggered(at=61)).see(steps.Triggered(at=62))
    job.see(steps.Ended(at=65, run=1))
    assert job.of(steps.EndRun) == [steps.EndRun(run=1)]
    assert [(told.state, told.run.number) for told in job.of(steps.Tell) if told.run] == [("canceled", 2)]
    assert job.began[1:] == [(65, 3, "manual", 1)]


def test_nothing_is_run_before_anything_is_built() -> None:
    """Neither by the clock nor by hand."""
    job = Job().see(steps.Asked(at=0, deploy=1)).passes(60).see(steps.Triggered(at=61))
    assert (job.began, job.told) == ([], [])


def test_a_deploy_leaves_the_active_run_alone() -> None:
    """The next run runs it."""
    job = Job().deploy(1, at=3).passes(60).deploy(2, at=70)
    assert job.of(steps.EndRun) == []
    job.see(steps.Ended(at=90, run=1)).passes(120)
    assert job.began == [(60, 1, "schedule", 1), (120, 2, "schedule", 2)]


def test_a_deploy_that_fails_leaves_the_one_before() -> None:
    """It goes on being run on its schedule."""
    job = Job().deploy(1, at=3).see(steps.Asked(at=10, deploy=2)).see(steps.NotPrepared(at=20, deploy=2)).passes(60)
    assert job.of(steps.Settle)[1:] == [steps.Settle(deploy=2, result="failed", still_live=1)]
    assert job.began == [(60, 1, "schedule", 1)]


def test_overlapping_deploys_wait_or_override() -> None:
    """Of those that wait the newest alone is made; one that overrides cancels the one under way."""
    job = Job()
    for number in (1, 2, 3):
        job.see(steps.Asked(at=number, deploy=number))
    job.see(steps.Prepared(at=9, deploy=1))
    assert job.of(steps.Settle) == [
        steps.Settle(deploy=2, result="canceled", by=3),
        steps.Settle(deploy=1, result="live"),
    ]
    job.see(steps.Asked(at=10, deploy=4, overrides=True))
    assert job.of(steps.CallOff) == [steps.CallOff(deploy=3)]
    assert [a.deploy for a in job.of(steps.Prepare) if isinstance(a, steps.Prepare)] == [1, 3, 4]


def test_a_schedule_without_another_day_is_told() -> None:
    """Nothing is due any more."""
    assert Job().deploy(9, at=3).passes(1e9).told == [(3, "scheduled", None)]


def test_the_end_waits_for_the_active_run() -> None:
    """It is told to end; what waited is not begun."""
    job = Job().deploy(1, at=3).passes(60).passes(120).see(steps.Triggered(at=121)).see(steps.EndAsked(at=122))
    assert (job.of(steps.EndRun), job.of(steps.Over)) == ([steps.EndRun(run=1)], [])
    job.see(steps.Ended(at=125, run=1))
    assert (len(job.began), job.of(steps.Over)) == (1, [steps.Over()])
    assert job.see(steps.Asked(at=130, deploy=2)).of(steps.Settle)[-1] == steps.Settle(deploy=2, result="canceled")


# ---- any history ------------------------------------------------------------------------------------

HAPPENINGS = st.lists(
    st.tuples(st.sampled_from(["deploy", "ready", "fails", "withdraw", "pass", "trigger", "drop", "end run"]),
              st.sampled_from([0.0, 1.0, 7.0, 59.0, 130.0])),
    max_size=40,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(HAPPENINGS)
def test_whatever_happens_one_run_is_active_and_every_deploy_is_decided_once(
    happenings: list[tuple[str, float]],
) -> None:
    """And every run that was begun or asked for is ended or canceled by the end."""
    job, asked, active = Job(), 0, None
    for what, later in [*happenings, ("over", 0.0), ("end run", 0.0)]:
        before, at, state = len(job.done), job.at + later, job.state
        if what == "deploy":
            asked += 1
            job.see(steps.Asked(at=at, deploy=asked, overrides=asked % 3 == 0))
        elif what in ("ready", "fails", "withdraw") and state.current is not None:
            kinds = {"ready": steps.Prepared, "fails": steps.NotPrepared, "withdraw": steps.Withdrawn}
            job.see(kinds[what](at=at, deploy=state.current))
        elif what == "trigger":
            job.see(steps.Triggered(at=at))
        elif what == "drop":
            job.see(steps.Dropped(at=at, run=state.runs))
        elif what == "end run" and active is not None:
            ended, active = active, None
            job.see(steps.Ended(at=at, run=ended))
        elif what == "over":
            job.see(steps.EndAsked(at=at))
        else:
            job.passes(at)
        for _, action in job.done[before:]:
            if isinstance(action, steps.StartRun):
                assert active is None
                active = action.run.number
    settled = [a.deploy for a in job.of(steps.Settle) if isinstance(a, steps.Settle)]
    assert sorted(settled) == list(range(1, asked + 1))
    assert (active, job.state.phase, job.of(steps.Over)) == (None, "over", [steps.Over()])
    numbers = [number for _, number, _, _ in job.began]
    assert numbers == sorted(set(numbers))
