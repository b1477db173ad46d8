"""Everything that happens during `emu up`, one class a kind; printed as JSON Lines.

`at` is seconds since the command began. The tag field is `event`, as the contract has it.
"""

from enum import StrEnum
from typing import Literal

import msgspec
from msgspec import field

from .diagnostic import Diagnostic
from .origin import Origin
from .phases import Phases
from .plan import Coverage, Plan


class VerdictKind(StrEnum):
    LIVE = "live"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    BUILD_FAILED = "build_failed"
    PRE_DEPLOY_FAILED = "pre_deploy_failed"
    BOOT_FAILED = "boot_failed"
    UNHEALTHY = "unhealthy"
    TIMED_OUT = "timed_out"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def good(self) -> bool:
        return self in (VerdictKind.LIVE, VerdictKind.SUCCEEDED)


Trigger = Literal["up", "restart", "rollback", "save", "recovery"]
"""What a deploy was asked for by; recovery: nobody, what was lost is made anew."""

Phase = Literal["check", "build", "pre_deploy", "boot", "port", "health"]
"""In which part of a deploy it failed."""


NO_PLAN = "no-plan"
"""The code of a deploy that failed before there was a plan to check: its services are known, and nothing else."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", forbid_unknown_fields=True):
    """What every event carries."""

    at: float = 0.0
    service: str | None = None
    container: str | None = None
    instance: int | None = None
    deploy: int | None = None


class PlanMade(Event, tag="plan", frozen=True, kw_only=True):
    plan: Plan


class DiagnosticFound(Event, tag="diagnostic", frozen=True, kw_only=True):
    diagnostic: Diagnostic


class DeployStarted(Event, tag="deploy.started", frozen=True, kw_only=True):
    """A deploy begins, of all services of the plan. trigger: what asked for it. still_live: the deploy that serves
    until this one does."""

    trigger: Trigger
    still_live: int | None = None
    image_of: int | None = None
    """The deploy whose image is used again, where nothing is built."""


class FilesSaved(Event, tag="saved", frozen=True, kw_only=True):
    """Files changed while they are watched. `deploy` is the one that is made for it, None where none is.

    paths: the first of them, of `count`. deploys: the services that are deployed, or refused. because: why, or why
    nothing is; path: the one that is "it" there, None where it speaks of no single file. differences: what changed in
    the plan, as "service key: before → after". platform_too: whether the platform would not deploy either, since it
    has none of these files. has_plan: whether there is a plan again, where after the save before there was none. held:
    whether no save is deployed at the moment, and this one with all others later.
    """

    paths: tuple[str, ...]
    count: int
    deploys: tuple[str, ...] = ()
    because: str = ""
    path: str | None = None
    differences: tuple[str, ...] = ()
    platform_too: bool = False
    has_plan: bool = False
    held: bool = False


class BuildStarted(Event, tag="build.started", frozen=True, kw_only=True):
    dockerfile: str | None = None
    context: str | None = None


class BuildStep(Event, tag="build.step", frozen=True, kw_only=True):
    """One finished step of the build; `seconds` is None for a cached one."""

    name: str
    seconds: float | None
    cached: bool


class BuildRunning(Event, tag="build.running", frozen=True, kw_only=True):
    """A step of the build goes on: the `step`th of `steps` of its stage, where the builder counts them, for
    `elapsed_s` now. last_time_s: how long it took in the last good build; None where that did not take a second."""

    name: str
    step: int | None
    steps: int | None
    elapsed_s: float
    last_time_s: float | None = None


class BuildFinished(Event, tag="build.finished", frozen=True, kw_only=True):
    image: str
    seconds: float


class BuildSkipped(Event, tag="build.skipped", frozen=True, kw_only=True):
    """A build would come to an image that is there: it is used again. image_of: the deploy it was built for."""

    image: str
    image_of: int


class BuildFailed(Event, tag="build.failed", frozen=True, kw_only=True):
    step: str | None
    origin: Origin | None
    message: str
    log_tail: tuple[str, ...] = ()
    code: str = ""
    """The reason as a word a program can go by, where it is no step of the build: "no-publish-folder"."""


class Published(Event, tag="published", frozen=True, kw_only=True):
    """The folder that a site of files serves, `path` in the repository, was taken out of what was built."""

    path: str
    files: int
    size_bytes: int
    seconds: float


class Mismatch(Event, tag="mismatch", frozen=True, kw_only=True):
    """A prediction that the engine contradicts: a bug of ours."""

    what: str
    predicted: str
    actual: str


class PreDeployStarted(Event, tag="pre_deploy.started", frozen=True, kw_only=True):
    """The command that runs before the new instance starts. `command` is what the user wrote."""

    argv: tuple[str, ...]
    command: str


class PreDeployFinished(Event, tag="pre_deploy.finished", frozen=True, kw_only=True):
    """How it ended; `exit_code` is None where its container was removed or could not start."""

    exit_code: int | None
    ok: bool
    seconds: float


class InitialHookStarted(Event, tag="initial_hook.started", frozen=True, kw_only=True):
    """The command that runs once, after the first deploy that is live. `command` is what the user wrote."""

    argv: tuple[str, ...]
    command: str


class InitialHookFinished(Event, tag="initial_hook.finished", frozen=True, kw_only=True):
    """How it ended; `exit_code` is None where its container was removed or could not start."""

    exit_code: int | None
    ok: bool
    seconds: float


class TaskEvent(Event, tag="task", frozen=True, kw_only=True):
    """One task of a run that ends. `index` and `attempt` count from 0; `seconds` is how long the attempt ran.

    started: an attempt begins. timed_out: it went on for too long and is told to end. An attempt ends as succeeded,
    as retrying (it failed and another follows), or as failed, which is the task's end.
    """

    index: int
    attempt: int
    state: Literal["started", "succeeded", "failed", "timed_out", "retrying"]
    exit_code: int | None = None
    seconds: float = 0.0


class RunFinished(Event, tag="run.finished", frozen=True, kw_only=True):
    """A run of tasks is over: how many there were, and how many succeeded. A canceled one is not told."""

    ok: bool
    tasks: int
    succeeded: int
    seconds: float


CronState = Literal["scheduled", "delayed", "started", "succeeded", "failed", "canceled"]
CronTrigger = Literal["schedule", "manual"]
"""What a run was begun by."""


class CronEvent(Event, tag="cron", frozen=True, kw_only=True):
    """A cron job's schedule and its runs; `instance` is the run's number, as on every event of what it does.

    scheduled: the next run is due at `due`, in `in_s` seconds; both None where its schedule names no day any more.
    delayed: one is due and waits for the run `instance` to end. A run is started, and then succeeded, failed or was
    canceled. `due` is in UTC: when it should have begun.
    """

    state: CronState
    trigger: CronTrigger | None = None
    due: str | None = None
    in_s: float | None = None
    exit_code: int | None = None
    seconds: float | None = None


StartReason = Literal["deploy", "requests", "minimum"]
"""Why an instance is started: for its deploy; requests need one more; there are to be so many anyway."""


class ContainerStarted(Event, tag="container.started", frozen=True, kw_only=True):
    argv: tuple[str, ...]
    port: int | None
    url: str | None
    attempt: int = 1
    id: str = ""
    reason: StartReason = "deploy"


class Log(Event, tag="log", frozen=True, kw_only=True):
    """A line of output: the app's (stdout, stderr), the platform's own, or the builder's."""

    stream: Literal["stdout", "stderr", "platform", "build"]
    line: str


class PortDetected(Event, tag="port.detected", frozen=True, kw_only=True):
    port: int
    address: str


class StillScanning(Event, tag="port.scan", frozen=True, kw_only=True):
    """The platform has looked for a listening port for `seconds` and found none it can use."""

    seconds: float


class ProbeAttempt(Event, tag="probe", frozen=True, kw_only=True):
    """One probe; `due` is when it should have begun, `seconds` how long it took."""

    kind: Literal["startup", "health", "liveness", "readiness"]
    attempt: int
    ok: bool
    detail: str
    due: float
    seconds: float


class Live(Event, tag="live", frozen=True, kw_only=True):
    """It serves. port: the one that gets its requests; other_ports: what else it listens on, where others can reach
    it."""

    url: str | None
    seconds: float
    port: int | None = None
    other_ports: tuple[int, ...] = ()
    revision: str | None = None
    """What the platform calls its deploy, where it has a name for it."""


class TrafficShare(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of a service's requests a deploy gets. revision: the platform's name for it, where it has one; tags:
    hosts that begin with one of these, and "---", ask for it alone."""

    deploy: int
    percent: int
    instances: int
    revision: str | None = None
    tags: tuple[str, ...] = ()


class TrafficMoved(Event, tag="traffic", frozen=True, kw_only=True):
    """From now on requests go to these deploys; none: nobody serves them."""

    split: tuple[TrafficShare, ...]


class Rotation(Event, tag="rotation", frozen=True, kw_only=True):
    """A probe takes a live instance out of rotation, or lets it back in."""

    ready: bool
    because: str


class RequestRefused(Event, tag="request", frozen=True, kw_only=True):
    """A request that the platform's router answered by itself. reason: as a word a program can go by: "no_instance",
    "saturated", "unstarted", "unready", "refused", "reset", "out_of_memory", "invalid", "timed_out", "too_large", …"""

    reason: str
    status: int
    method: str
    path: str


class Sleep(Event, tag="sleep", frozen=True, kw_only=True):
    """The instances of a service are ended because there was no request for `after_s` seconds; or, where it sleeps no
    more, a request starts them again and waits."""

    asleep: bool
    after_s: float | None = None


class DeployTimed(Event, tag="deploy.timed", frozen=True, kw_only=True):
    """How long the phases of a deploy took for a service, told when all its services are decided. check_s: of planning
    and checking, for all of them."""

    phases: Phases
    check_s: float | None = None


class DeployCanceled(Event, tag="deploy.canceled", frozen=True, kw_only=True):
    """A deploy ends undecided. by: the newer deploy that took its place."""

    by: int | None = None
    still_live: int | None = None


class DeployFailed(Event, tag="deploy.failed", frozen=True, kw_only=True):
    phase: Phase
    reason: str
    code: str = ""
    """The reason as a word a program can go by: "no-port", "no-http", "crash", "unhealthy", NO_PLAN, …"""
    cause: Diagnostic | None = None
    still_live: int | None = None


class Restarted(Event, tag="restarted", frozen=True, kw_only=True):
    because: str
    back_off_s: float


class Stopped(Event, tag="stopped", frozen=True, kw_only=True):
    exit_code: int | None
    signal: str | None
    oom: bool
    graceful: bool
    seconds: float
    heard: bool | None = None
    """Whether its first process does anything at the signal; None where that cannot be seen, or none was sent."""
    grace_s: float | None = None
    """How long the platform lets it end itself, once it was told to."""
    used_mib: int | None = None
    """How much memory it had in use when it was killed for that; None where the kernel did so, at its limit."""


class OutOfMemory(Event, tag="oom", frozen=True, kw_only=True):
    """A process of a live instance was killed for lack of memory, and its first process goes on without it."""

    limit_mib: int | None


class EngineSilent(Event, tag="engine.silent", frozen=True, kw_only=True):
    """The engine takes connections and has not answered for `seconds`; or, where `silent` is false, does so again
    after them. What runs goes on; what was asked of it meanwhile is done when it answers."""

    silent: bool
    seconds: float


class CoverageReported(Event, tag="coverage", frozen=True, kw_only=True):
    coverage: tuple[Coverage, ...]


class ServiceVerdict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    verdict: VerdictKind
    reason: str
    cause: Diagnostic | None = None


class Verdict(Event, tag="verdict", frozen=True, kw_only=True):
    """Always the last line of `--once`. `platform_seconds` is when the platform itself would have said so."""

    verdict: VerdictKind
    reason: str
    platform_seconds: float | None = None
    services: tuple[ServiceVerdict, ...] = field(default_factory=tuple)


AnyEvent = (
    PlanMade
    | DiagnosticFound
    | DeployStarted
    | FilesSaved
    | BuildStarted
    | BuildStep
    | BuildRunning
    | BuildFinished
    | BuildSkipped
    | BuildFailed
    | Published
    | Mismatch
    | PreDeployStarted
    | PreDeployFinished
    | InitialHookStarted
    | InitialHookFinished
    | TaskEvent
    | RunFinished
    | CronEvent
    | ContainerStarted
    | Log
    | PortDetected
    | StillScanning
    | ProbeAttempt
    | Live
    | TrafficMoved
    | Rotation
    | RequestRefused
    | Sleep
    | DeployTimed
    | DeployCanceled
    | DeployFailed
    | Restarted
    | Stopped
    | OutOfMemory
    | EngineSilent
    | CoverageReported
    | Verdict
)
