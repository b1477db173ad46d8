"""What is seen of a cron job and what to do next: the values that `cron.step` takes and gives.

All times but `due` are seconds since 1970: a schedule goes by the clock on the wall.
"""

from typing import Literal

from emulator.model.event import CronState, CronTrigger
from emulator.model.record import Record

from . import deploy_steps
from .deploy_steps import CallOff, NotPrepared, Over, Prepare, Prepared, Settle, Withdrawn

Phase = Literal["idle", "preparing", "ending", "over"]


class Run(Record, frozen=True, kw_only=True):
    """One run. number: unique in this `up`. due: when it should have begun, by its schedule or because it was asked
    for."""

    number: int
    trigger: CronTrigger
    due: float


class State(Record, frozen=True, kw_only=True):
    """Where a cron job stands.

    current: the deploy being prepared. waiting: the newest one asked for during that. good: the last one prepared: what
    a run runs. active: the run under way; ending: whether it was told to end. wanted: one asked for by hand, which
    begins when the active one has ended. delayed: when a run came due during another; it begins after that one.
    next: when the next run is due. runs: how many there were.
    """

    phase: Phase = "idle"
    current: int | None = None
    waiting: int | None = None
    good: int | None = None
    active: Run | None = None
    ending: bool = False
    wanted: Run | None = None
    delayed: float | None = None
    next: float | None = None
    runs: int = 0


# ---- observations -----------------------------------------------------------------------------------


class Asked(deploy_steps.Asked, frozen=True, kw_only=True):
    """overrides: it cancels the one being prepared, instead of waiting for it."""

    overrides: bool = False


class Passed(Record, frozen=True, kw_only=True):
    """Time has gone by."""

    at: float


class Triggered(Record, frozen=True, kw_only=True):
    """Somebody wants a run now."""

    at: float


class Dropped(Record, frozen=True, kw_only=True):
    """Whoever asked for the run does not want it any more."""

    at: float
    run: int


class Ended(Record, frozen=True, kw_only=True):
    """The run is over, however it ended."""

    at: float
    run: int


class EndAsked(Record, frozen=True, kw_only=True):
    """Nothing more is to begin, and what runs is to end."""

    at: float


Observation = Asked | Prepared | NotPrepared | Withdrawn | Passed | Triggered | Dropped | Ended | EndAsked


# ---- actions ----------------------------------------------------------------------------------------


class StartRun(Record, frozen=True, kw_only=True):
    """deploy: what it runs."""

    due: float = 0.0
    run: Run
    deploy: int


class EndRun(Record, frozen=True, kw_only=True):
    """Tell it to end, as the platform would."""

    due: float = 0.0
    run: int


class Tell(Record, frozen=True, kw_only=True):
    """`next`: when a run is due, where one is scheduled or delayed. run: the one that is meant, where one is."""

    due: float = 0.0
    state: CronState
    run: Run | None = None
    next: float | None = None


Action = Prepare | CallOff | Settle | StartRun | EndRun | Tell | Over
Step = tuple[State, tuple[Action, ...]]
