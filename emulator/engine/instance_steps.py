"""What is seen of the containers of one instance and what to do next: the values that `instance.step` takes and gives.

All times are seconds on one clock.
"""

from typing import Literal

from emulator.model.record import Record

from . import boot_steps as boot


class Member(Record, frozen=True, kw_only=True):
    """One container of an instance, and how it is judged. needs: those that count as started before it is started.
    ingress: whether the instance's requests go to it."""

    name: str
    rules: boot.Rules
    needs: tuple[str, ...] = ()
    ingress: bool = True


class State(Record, frozen=True, kw_only=True):
    """Where an instance stands.

    boots: where each container does. round: how often all of it was started; what was seen of an earlier round says
    nothing of this one. begun: when the first process of the deploy was started, or, once it was live, of the current
    round; until there is one, when that was asked for. is_timed: whether there was one. coming: containers being
    started; running: those with a process; started: those that count as started. live_as: how the boot of its ingress
    container ended well, once it did. blamed: the container that makes it fall. out: those whose probes keep it from
    getting requests.
    """

    phase: Literal["new", "starting", "live", "falling", "done"] = "new"
    boots: dict[str, boot.State] = {}
    round: int = 0
    begun: float = 0.0
    is_timed: bool = False
    was_live: bool = False
    launched: frozenset[str] = frozenset()
    coming: frozenset[str] = frozenset()
    running: frozenset[str] = frozenset()
    started: frozenset[str] = frozenset()
    live_as: boot.Outcome | None = None
    blamed: str | None = None
    again: boot.StartAgain | None = None
    out: frozenset[str] = frozenset()

    def boot(self, container: str) -> boot.State:
        return self.boots.get(container) or boot.State()


# ---- observations -----------------------------------------------------------------------------------


class Begun(Record, frozen=True, kw_only=True):
    """Nothing of it runs, and all of it is to be started."""

    at: float


class Of(Record, frozen=True, kw_only=True):
    """What was seen of one container."""

    container: str
    round: int
    seen: boot.Observation


Observation = Begun | Of


# ---- actions ----------------------------------------------------------------------------------------


class Launch(Record, frozen=True, kw_only=True):
    """Start a container."""

    due: float
    container: str
    round: int


class Do(Record, frozen=True, kw_only=True):
    """What the boot of a container asks for."""

    due: float
    container: str
    round: int
    action: boot.Look | boot.Ask | boot.Try | boot.TellProbe | boot.Settle | boot.Remind | boot.FoundPort


class End(Record, frozen=True, kw_only=True):
    """End a container's process; its exit is seen then. kill: without telling it first."""

    due: float
    container: str
    round: int
    kill: bool


class Again(Record, frozen=True, kw_only=True):
    """Nothing runs any more: begin anew. container: the one on whose account, `because` of what. platform_s: how long
    the platform would have waited."""

    due: float
    container: str
    platform_s: float
    because: str


class Turn(Record, frozen=True, kw_only=True):
    """Give a live instance new requests, or none; `because` of a probe of this container."""

    due: float
    container: str
    ready: bool
    because: str


class Decided(Record, frozen=True, kw_only=True):
    """How its boot ended, and by which container."""

    due: float
    container: str
    outcome: boot.Outcome


Action = Launch | Do | End | Again | Turn | Decided
Step = tuple[State, tuple[Action, ...]]
