"""What is seen of a boot and what to do next: the values that `boot.step` takes and gives.

All times are seconds on one clock.
"""

from typing import Literal

from emulator.model.event import VerdictKind
from emulator.model.plan import Lifecycle, Probe
from emulator.model.record import Record, replace
from emulator.world import HttpAnswer, Listener, StartFailure

NO_ANSWER = "gets no answer in time"
IDLE_SHARE = 0.05
"""Up to this share of a processor counts as doing nothing."""


class Rules(Record, frozen=True, kw_only=True):
    """What decides a boot: the platform's timings, already scaled, and how patient we are ourselves.

    scale: what the timings were multiplied by, so that the platform's own time can be told.
    faithful: wait as long as the platform does, even when the outcome is certain.
    """

    lifecycle: Lifecycle
    health: Probe | None = None
    startup: Probe | None = None
    scale: float = 1.0
    faithful: bool = False

    def platform_time(self, seconds: float) -> float:
        return seconds / self.scale if self.scale else seconds


class State(Record, frozen=True, kw_only=True):
    """Where a boot stands.

    begun: when the deploy's first process started, or, once it was live, the current one. started: when the
    current process did. skipped: how much of the platform's waiting between restarts was not waited.
    announced: the ports told. other_since: since when a port other than the preferred one is open.
    failed_ports: ports that did not answer HTTP; they are left aside until `forgive_at`.
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


class Checked(Record, frozen=True, kw_only=True):
    """What a health check came to."""

    at: float
    attempt: int
    answer: HttpAnswer


class Tried(Record, frozen=True, kw_only=True):
    """What an attempt of the startup probe came to. final: the same program would answer the same again."""

    at: float
    attempt: int
    number: int
    ok: bool
    words: str
    final: bool = False
    seconds: float = 0.0
    early: bool = False


class Settled(Record, frozen=True, kw_only=True):
    """The time to stay up has passed."""

    at: float
    attempt: int


class Exited(Record, frozen=True, kw_only=True):
    """The process ended. `last_line` tells one crash from another."""

    at: float
    attempt: int
    exit_code: int | None
    oom: bool = False
    last_line: str = ""


Observation = Started | NotStarted | Looked | Asked | Checked | Tried | Settled | Exited


# ---- actions ----------------------------------------------------------------------------------------


class Look(Record, frozen=True, kw_only=True):
    due: float
    attempt: int


class Ask(Record, frozen=True, kw_only=True):
    due: float
    attempt: int
    port: int
    timeout_s: float


class Check(Record, frozen=True, kw_only=True):
    due: float
    attempt: int
    port: int
    number: int
    timeout_s: float


class Try(Record, frozen=True, kw_only=True):
    """One attempt of the startup probe. early: ahead of the platform's first, during its initial delay."""

    due: float
    attempt: int
    number: int
    timeout_s: float
    early: bool = False


class TellProbe(Record, frozen=True, kw_only=True):
    """Tell what an attempt of the startup probe came to; due_s: when it was due, from the start of the process."""

    due: float
    number: int
    ok: bool
    words: str
    due_s: float
    seconds: float = 0.0


class Settle(Record, frozen=True, kw_only=True):
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
    "not-started", "no-port", "no-http", "loopback", "unhealthy", "startup-probe", "succeeded", "failed". failure:
    why the first process could not be executed, for "not-started"."""

    due: float
    verdict: VerdictKind
    code: str
    reason: str
    seconds: float = 0.0
    platform_seconds: float | None = None
    port: int | None = None
    exit_code: int | None = None
    failure: StartFailure | None = None


Action = Look | Ask | Check | Try | TellProbe | Settle | StartAgain | Remind | FoundPort | Outcome
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


def scaled_startup(probe: Probe | None, factor: float) -> Probe | None:
    """A startup probe's waits multiplied by `factor`."""
    if probe is None:
        return None
    return replace(
        probe,
        initial_delay_s=probe.initial_delay_s * factor,
        period_s=probe.period_s * factor,
        timeout_s=probe.timeout_s * factor,
    )


def scaled(lifecycle: Lifecycle, health: Probe | None, factor: float) -> tuple[Lifecycle, Probe | None]:
    """The platform's waits multiplied by `factor`."""
    scan = lifecycle.port_scan
    if scan is not None:
        scan = replace(
            scan, period_s=scan.period_s * factor, remind_s=scan.remind_s * factor, deadline_s=scan.deadline_s * factor
        )
    life = replace(
        lifecycle,
        port_scan=scan,
        back_off_s=tuple(s * factor for s in lifecycle.back_off_s),
        deadline_s=lifecycle.deadline_s * factor,
        settle_s=lifecycle.settle_s * factor,
    )
    if health is not None:
        health = replace(
            health,
            period_s=health.period_s * factor,
            deadline_s=health.deadline_s * factor if health.deadline_s is not None else None,
        )
    return life, health


def answer_words(answer: HttpAnswer) -> str:
    """ "answers 404", "is refused", … : what came of a request."""
    if answer.status is not None:
        return f"answers {answer.status}"
    return {
        "refused": "is refused",
        "timeout": "gets no answer in time",
        "reset": "is cut off",
        "not-http": "is not answered in HTTP",
    }.get(answer.error or "", "cannot be reached")


def is_final(answer: HttpAnswer) -> bool:
    """An answer that the same program will give again: a client error that waiting does not cure."""
    return answer.status is not None and 400 <= answer.status < 500 and answer.status not in (408, 425, 429)
