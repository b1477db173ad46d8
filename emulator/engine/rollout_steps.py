"""What is seen of a service's deploys and what to do next: the values that `rollout.step` takes and gives.

All times are seconds on one clock.
"""

from typing import Literal

from emulator.model.lifecycle import Replacement
from emulator.model.record import Record

from . import deploy_steps
from .deploy_steps import Asked, CallOff, NotPrepared, Over, Prepare, Prepared, Withdrawn


class Rules(Record, frozen=True, kw_only=True):
    """How a service replaces its instances: the platform's data, already scaled.

    instances: how many there are to be. grace_s: from the signal to end until the kill. faithful: wait as long as
    the platform does, even where nothing is waited for. scales: whether their number follows the requests. keeps: the
    deploys that get requests beside this one, once it is live.
    """

    replacement: Replacement = Replacement()
    instances: int = 1
    grace_s: float = 30.0
    faithful: bool = False
    scales: bool = False
    keeps: frozenset[int] = frozenset()


class Unit(Record, frozen=True, kw_only=True):
    """One instance of one deploy. id: unique in the run. slot: which of the service's instances it is, from 1."""

    id: int
    deploy: int
    slot: int


class Slot(Record, frozen=True, kw_only=True):
    """The place of one instance: who has it, and who is to have it. lost: whether its instance of the live deploy could
    not be had any more; nobody tries again before the next deploy."""

    serving: Unit | None = None
    coming: Unit | None = None
    lost: bool = False


class Kept(Record, frozen=True, kw_only=True):
    """A deploy that gets requests beside the newest one. wanted: how many instances it is to have."""

    deploy: int
    slots: tuple[Slot, ...] = ()
    wanted: int = 0


Stage = Literal["draining", "told", "killed"]


class Leaving(Record, frozen=True, kw_only=True):
    """An instance that gets no requests any more. kept_until: until when it is not told to end although it is idle,
    drained. until: when it is told to, idle or not. Both as the rules were when it left."""

    unit: Unit
    stage: Stage
    kept_until: float = 0.0
    until: float = 0.0
    drained: bool = False


Phase = Literal["idle", "preparing", "rolling", "reverting", "ending", "over"]


class State(Record, frozen=True, kw_only=True):
    """Where a service stands.

    current: the deploy under way. target: the one that every slot is to have. good: the last one that every slot
    had. waiting: the newest one asked for during another. up: ids of the units that are live; out: of those that a
    probe keeps from getting requests.
    """

    phase: Phase = "idle"
    slots: tuple[Slot, ...] = ()
    current: int | None = None
    target: int | None = None
    good: int | None = None
    waiting: int | None = None
    up: frozenset[int] = frozenset()
    out: frozenset[int] = frozenset()
    leaving: tuple[Leaving, ...] = ()
    units: int = 0
    served: tuple[Unit, ...] = ()
    kept: tuple[Kept, ...] = ()
    wanted: int | None = None
    """How many instances of `good` there are to be, where their number follows the requests."""
    asleep: bool = False
    """Whether its instances were ended because nobody asked for anything; the next request starts them again."""


# ---- observations -----------------------------------------------------------------------------------


class Up(Record, frozen=True, kw_only=True):
    """An instance is live, for the first time or again."""

    at: float
    unit: Unit


class Down(Record, frozen=True, kw_only=True):
    """Its process has ended; the instance may start it again."""

    at: float
    unit: Unit


class Rotated(Record, frozen=True, kw_only=True):
    """A probe takes a live instance out of rotation, or lets it back."""

    at: float
    unit: Unit
    ready: bool


class Failed(Record, frozen=True, kw_only=True):
    """An instance will not be live (any more)."""

    at: float
    unit: Unit


class Drained(Record, frozen=True, kw_only=True):
    """It has no running request."""

    at: float
    unit: Unit


class Signalled(Record, frozen=True, kw_only=True):
    """It was told to end. heard: whether its process does anything at that; None: that cannot be seen."""

    at: float
    unit: Unit
    heard: bool | None


class Passed(Record, frozen=True, kw_only=True):
    """The time of a stage is over."""

    at: float
    unit: Unit
    stage: Stage


class Gone(Record, frozen=True, kw_only=True):
    """It has ended and is removed."""

    at: float
    unit: Unit


class Idle(Record, frozen=True, kw_only=True):
    """There has been no request for as long as the platform keeps an instance without one."""

    at: float


class Woken(Record, frozen=True, kw_only=True):
    """There is a request again."""

    at: float


class Scaled(Record, frozen=True, kw_only=True):
    """A deploy is to have so many instances, by its requests."""

    at: float
    deploy: int
    wanted: int


class Shared(Record, frozen=True, kw_only=True):
    """Beside the newest deploy, these get requests from now on."""

    at: float
    deploys: frozenset[int]


class EndAsked(Record, frozen=True, kw_only=True):
    """The service is to end. at_once: without telling its instances first."""

    at: float
    at_once: bool = False


class Hurried(Record, frozen=True, kw_only=True):
    """Nobody waits for a grace any more."""

    at: float


Observation = (
    Asked | Prepared | NotPrepared | Withdrawn | Up | Down | Rotated | Failed | Drained | Signalled | Passed | Gone
    | Idle | Woken | Scaled | Shared | EndAsked | Hurried
)  # fmt: skip


# ---- actions ----------------------------------------------------------------------------------------


class Start(Record, frozen=True, kw_only=True):
    due: float
    unit: Unit


class Serve(Record, frozen=True, kw_only=True):
    """From now on requests go to these alone."""

    due: float
    units: tuple[Unit, ...]


class Announce(Record, frozen=True, kw_only=True):
    """Tell that an instance is live: the one that makes its deploy so, or one that came back."""

    due: float
    unit: Unit


class Drain(Record, frozen=True, kw_only=True):
    """Report as soon as it has no running request."""

    due: float
    unit: Unit
    timeout_s: float


class Terminate(Record, frozen=True, kw_only=True):
    """Send it the platform's signal to end."""

    due: float
    unit: Unit


class Kill(Record, frozen=True, kw_only=True):
    due: float
    unit: Unit


class Remove(Record, frozen=True, kw_only=True):
    """End it without ceremony and remove it."""

    due: float
    unit: Unit


class Wait(Record, frozen=True, kw_only=True):
    """Report when the time of a stage is over."""

    due: float
    unit: Unit
    stage: Stage


class Settle(deploy_steps.Settle, frozen=True, kw_only=True):
    """A deploy is decided. unit: the instance that decided it, where one did."""

    unit: Unit | None = None


class Lost(Record, frozen=True, kw_only=True):
    """An instance that was live cannot be started again, and none of the service is left."""

    due: float
    unit: Unit


class Unstarted(Record, frozen=True, kw_only=True):
    """An instance that requests asked for could not start, or come back; its deploy goes on without it."""

    due: float
    unit: Unit


Action = (
    Prepare | CallOff | Start | Serve | Announce | Drain | Terminate | Kill | Remove | Wait | Settle | Lost | Unstarted
    | Over
)  # fmt: skip
Step = tuple[State, tuple[Action, ...]]
