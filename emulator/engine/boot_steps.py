"""What is seen of an instance and what to do next: the values that `boot.step` takes and gives.

All times are seconds on one clock.
"""

from typing import Literal

from emulator.model.event import VerdictKind
from emulator.model.lifecycle import Lifecycle, Probe
from emulator.model.record import Record, replace
from emulator.world.asking import HttpAnswer
from emulator.world.containers import Listener, StartFailure

IDLE_SHARE = 0.05
"""Up to this share of a processor counts as doing nothing."""


Role = Literal["startup", "health", "liveness", "readiness"]
"""What a probe decides: whether the process has started; or, at the boot and after it, whether it gets requests and may
live on."""


class Rules(Record, frozen=True, kw_only=True):
    """What decides over an instance: the platform's timings, already scaled, and how patient we are ourselves.

    port: where requests go when a startup probe judges, which may ask on another port.
    scale: what the timings were multiplied by, so that the platform's own time can be told.
    faithful: wait as long as the platform does, even when the outcome is certain.
    """

    lifecycle: Lifecycle
    health: Probe | None = None
    startup: Probe | None = None
    liveness: Probe | None = None
    readiness: Probe | None = None
    port: int | None = None
    scale: float = 1.0
    faithful: bool = False

    def platform_time(self, seconds: float) -> float:
        return seconds / self.scale if self.scale else seconds

    def probe(self, role: Role) -> Probe | None:
        match role:
            case "startup":
                return self.startup
            case "health":
                return self.health
            case "liveness":
                return self.liveness
            case "readiness":
                return self.readiness


class Watch(Record, frozen=True, kw_only=True):
    """A probe of a live instance: how often it failed, or succeeded, in a row, and since when it is asked."""

    role: Role
    since: float
    number: int = 1
    failures: int = 0
    successes: int = 0
    out: bool = False
    """Whether it keeps the instance from getting requests."""


class State(Record, frozen=True, kw_only=True):
    """Where an instance stands.

    begun: when the deploy's first process started, or, once it was live, the current one. started: when the
    current process did. skipped: how much of the platform's waiting between restarts was not waited.
    announced: the ports told. other_since: since when a port other than the preferred one is open.
    failed_ports: ports that did not answer HTTP; they are left aside until `forgive_at`. watches: the probes of
    a live instance.
    """

    phase: Literal[
        "new", "looking", "asking", "checking", "settling", "starting", "started", "waiting", "live", "done"
    ] = "new"
    attempt: int = 0
    begun: float = 0.0
    started: float = 0.0
    skipped: float = 0.0
    port: int | None = None
    announced: tuple[int, ...] = ()
    other_since: float | None = None
    asks: int = 0
    checks: int = 0
    reminders: int = 0
    crashes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    listeners: tuple[Listener, ...] = ()
    idle_since: float | None = None
    idle_cpu: float = 0.0
    failed_ports: tuple[int, ...] = ()
    last_failure: str = ""
    forgive_at: float = 0.0
    was_live: bool = False
    watches: tuple[Watch, ...] = ()
    ended_because: str = ""
    """Why the platform ends it, once it does."""


# ---- observations -----------------------------------------------------------------------------------


class Started(Record, frozen=True, kw_only=True):
    at: float


class NotStarted(Record, frozen=True, kw_only=True):
    at: float
    failure: StartFailure


class Looked(Record, frozen=True, kw_only=True):
    """Its listening sockets, and the processor time used so far (None when unknown)."""

    at: float
    attempt: int
    listeners: tuple[Listener, ...]
    cpu_s: float | None = None


class Asked(Record, frozen=True, kw_only=True):
    """What a plain HTTP request to a port came to."""

    at: float
    attempt: int
    port: int
    answer: HttpAnswer


class Tried(Record, frozen=True, kw_only=True):
    """What an attempt of a probe came to. final: the same program would answer the same again. refused: nothing
    listens there. began: when the attempt did."""

    at: float
    attempt: int
    role: Role = "startup"
    number: int
    ok: bool
    words: str
    final: bool = False
    refused: bool = False
    seconds: float = 0.0
    early: bool = False


class Settled(Record, frozen=True, kw_only=True):
    """A time to stay up has passed; and the processor time used so far (None when unknown)."""

    at: float
    attempt: int
    cpu_s: float | None = None


class Exited(Record, frozen=True, kw_only=True):
    """The process ended. `last_line` tells one crash from another."""

    at: float
    attempt: int
    exit_code: int | None
    oom: bool = False
    last_line: str = ""


Observation = Started | NotStarted | Looked | Asked | Tried | Settled | Exited


# ---- actions ----------------------------------------------------------------------------------------


class Look(Record, frozen=True, kw_only=True):
    due: float
    attempt: int


class Ask(Record, frozen=True, kw_only=True):
    due: float
    attempt: int
    port: int
    timeout_s: float


class Try(Record, frozen=True, kw_only=True):
    """One attempt of a probe, at the instance's `port`. early: ahead of the platform's first, during its initial
    delay."""

    due: float
    attempt: int
    role: Role = "startup"
    number: int
    port: int | None
    timeout_s: float
    early: bool = False


class TellProbe(Record, frozen=True, kw_only=True):
    """Tell what an attempt of a probe came to; due_s: when it was due, from the start of the process."""

    due: float
    role: Role = "startup"
    number: int
    ok: bool
    words: str
    due_s: float
    seconds: float = 0.0


class Rotate(Record, frozen=True, kw_only=True):
    """Give a live instance new requests, or none."""

    due: float
    ready: bool
    because: str


class End(Record, frozen=True, kw_only=True):
    """End a live process that the platform takes for dead; its exit is seen then. kill: without telling it first."""

    due: float
    attempt: int
    kill: bool
    because: str


class Settle(Record, frozen=True, kw_only=True):
    """See whether it still runs, and whether it does anything."""

    due: float
    attempt: int


class StartAgain(Record, frozen=True, kw_only=True):
    """Start the process anew. platform_s: how long the platform would have waited."""

    due: float
    platform_s: float
    because: str


class Remind(Record, frozen=True, kw_only=True):
    """The platform says that it found no port yet."""

    due: float
    seconds: float


class FoundPort(Record, frozen=True, kw_only=True):
    due: float
    port: int
    address: str


class Outcome(Record, frozen=True, kw_only=True):
    """How the boot ended, `seconds` after it began. `platform_seconds`: when the platform itself would have
    said so, counted from the first start; None when it is now. code: "live", "crash", "exit-zero", "oom",
    "not-started", "no-port", "no-http", "loopback", "other-port", "unhealthy", "startup-probe", "succeeded", "failed".
    failure: why the first process could not be executed, for "not-started"."""

    due: float
    verdict: VerdictKind
    code: str
    reason: str
    seconds: float = 0.0
    platform_seconds: float | None = None
    port: int | None = None
    exit_code: int | None = None
    failure: StartFailure | None = None


Action = Look | Ask | Try | TellProbe | Rotate | End | Settle | StartAgain | Remind | FoundPort | Outcome
Step = tuple[State, tuple[Action, ...]]


def watch_idleness(state: State, seen: Looked) -> State:
    """Since when only loopback ports are open and the process does nothing."""
    only_loopback = bool(seen.listeners) and all(x.loopback for x in seen.listeners)
    if not only_loopback or seen.cpu_s is None:
        return replace(state, idle_since=None)
    if state.idle_since is None:
        return replace(state, idle_since=seen.at, idle_cpu=seen.cpu_s)
    busy = (seen.cpu_s - state.idle_cpu) / max(seen.at - state.idle_since, 0.5)
    return replace(state, idle_since=seen.at, idle_cpu=seen.cpu_s) if busy > IDLE_SHARE else state


def done(
    state: State,
    at: float,
    verdict: VerdictKind,
    code: str,
    reason: str,
    *,
    platform_seconds: float | None = None,
    exit_code: int | None = None,
) -> Step:
    """The end: no action follows."""
    outcome = Outcome(
        due=at,
        verdict=verdict,
        code=code,
        reason=reason,
        seconds=at - state.begun,
        platform_seconds=platform_seconds,
        port=state.port,
        exit_code=exit_code,
    )
    return replace(state, phase="done"), (outcome,)
