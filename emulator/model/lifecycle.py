"""From the start of an instance to its end: how it is asked whether it is well, when it counts as live, how it takes
the place of another, how it is told to end. Times in seconds."""

from typing import Literal

from msgspec import field

from .origin import Origin
from .record import Record


class Probe(Record, frozen=True, kw_only=True):
    """When and how the platform asks whether the container is well. Times in seconds.

    "postgres" and "valkey" ask a database server in its own protocol whether it takes clients."""

    kind: Literal["http", "tcp", "grpc", "postgres", "valkey"]
    path: str | None = None
    port: int | None = None
    host: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    service: str | None = None
    initial_delay_s: float = 0
    timeout_s: float = 1
    period_s: float = 10
    failure_threshold: int = 3
    success_threshold: int = 1
    success_statuses: tuple[int, int] | None = None
    deadline_s: float | None = None
    waits_for_port: bool = False
    """Whether an attempt goes on connecting until its timeout, instead of failing at the first refusal."""
    unready_threshold: int | None = None
    """Failures in a row after which a live instance gets no new requests; None: it is not taken out."""
    implicit: bool = False
    origin: Origin | None = None


class Probes(Record, frozen=True, kw_only=True):
    startup: Probe | None = None
    liveness: Probe | None = None
    readiness: Probe | None = None
    health: Probe | None = None


class PortScan(Record, frozen=True, kw_only=True):
    """How the platform looks for a listening port, where it does. Times in seconds."""

    preferred: int | None
    """The port that takes the traffic when it listens."""
    http: bool
    """Whether a port counts only when something answers HTTP on it."""
    reserved: tuple[int, ...] = ()
    period_s: float = 1
    remind_s: float = 60
    """How often the platform says that it found nothing yet."""
    deadline_s: float = 300
    """When it gives up, counted from the start of the process."""


class Replacement(Record, frozen=True, kw_only=True):
    """How a new deploy takes the place of the one that serves. Times in seconds."""

    stop_first: bool = False
    """Whether the old instance ends before the new one starts, because both may not run at once."""
    all_at_once: bool = False
    """Whether requests go over when every new instance is live, instead of one instance after the other."""
    keep_s: float = 0
    """How long an old instance is kept after requests go to the new one, busy or not."""
    drain_s: float = 0
    """How long at most an old instance is then waited for that still answers requests, before it is told to end."""
    overlap: Literal["wait", "override"] = "wait"
    """A deploy asked for during another: it waits for that one's end, or cancels it."""


class Lifecycle(Record, frozen=True, kw_only=True):
    """The platform's timings from start to verdict and on, as data for the engine. Times in seconds."""

    port_scan: PortScan | None = None
    restarts_during_deploy: bool = True
    back_off_s: tuple[float, ...] = ()
    """Waits before each restart; the last one repeats."""
    deadline_s: float = 900
    """When a deploy that keeps crashing or stays unhealthy is given up."""
    settle_s: float = 0
    """How long a process without a port must stay up to count as live."""
    settle_idle_s: float | None = None
    """How long it must where it does nothing any more by then; None: no less."""
    success_is_exit_zero: bool = False
    """Jobs and cron runs: the process must end, with 0."""
    timeout_s: float | None = None
    """How long a run that must end may take, before it is told to and, after its grace, killed; None: any time."""
    pre_deploy_timeout_s: float | None = None
    """The same for the pre-deploy command."""
    kill_when_unhealthy: bool = False
    """Whether a live instance that fails its checks is killed at once, instead of being told to end."""
    replacement: Replacement = Replacement()
    sleep_after_s: float | None = None
    """After how long without a request its instances are ended, until the next one; None: never."""


class Shutdown(Record, frozen=True, kw_only=True):
    signal: str = "SIGTERM"
    grace_seconds: float = 30
