"""Cloud Run's own log lines, word for word (source: platform logs quoted in public repositories).

The lines of an instance stand in the log `varlog/system`, which gcloud does not show; the last ones of a deploy
are gcloud's.
"""

from emulator.model.event import (
    ContainerStarted,
    DeployFailed,
    Event,
    Live,
    OutOfMemory,
    ProbeAttempt,
    RequestRefused,
    RunFinished,
    StartReason,
    Stopped,
    TaskEvent,
)
from emulator.model.lifecycle import Probe
from emulator.model.plan import Container, Service, ServiceType
from emulator.model.router import Page

_STARTING = "Starting new instance. Reason: "
STARTS: dict[StartReason, str] = {
    "deploy": _STARTING + "DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting between revisions due to "
    "deployment, traffic split adjustment, or deployment health check.",
    "requests": _STARTING + "AUTOSCALING - Instance started due to configured scaling factors (e.g. CPU utilization, "
    "request throughput, etc.) or no existing capacity for current traffic.",
    "minimum": _STARTING + "MANUAL_OR_CUSTOMER_MIN_INSTANCE - Instance started because of customer-configured "
    "min-instances or manual scaling.",
}
START = STARTS["deploy"]
TROUBLE = (
    "For more troubleshooting guidance, see https://cloud.google.com/run/docs/troubleshooting#container-failed-to-start"
)
OUT_OF_MEMORY = (
    "While handling this request, the container instance was found to be using too much memory and was terminated. "
    "This is likely to cause a new container instance to be used for the next request to this revision. If you see "
    "this message frequently, you may have a memory leak in your code or may need more memory. Consider creating a new "
    "revision with more memory."
)
"""In the request log, of a request that was running."""
_MEMORY_DOCS = "https://cloud.google.com/run/docs/configuring/memory-limits"
_CRASH_SIGNALS = (6, 11)
_SIGKILL = 9
_SIGNALLED = 128
_NOT_LOADED = {
    "start/program-not-found": "no such file or directory",
    "start/not-executable": "permission denied",
    "start/exec-format": "exec format error",
}
"""What was found to be wrong with the first process → the kernel's word for it."""
_SHELLS = ("sh", "bash", "dash", "ash")


def narrate(service: Service, event: Event) -> tuple[str, ...]:
    """The platform's lines at this event, in order; () where it says nothing."""
    match event:
        case ContainerStarted() | DeployFailed() if service.type is ServiceType.JOB:
            return ()  # why a task's instance starts was never quoted; the end of an execution has its own words
        case TaskEvent(state="timed_out") if service.tasks is not None:
            allowed = f"{service.tasks.timeout_s:g} seconds"
            return (f"Terminating task because it has reached the maximum timeout of {allowed}.",)
        case RunFinished() if service.type is ServiceType.JOB:
            return _execution(service, event)
        case ContainerStarted():
            return (STARTS[event.reason],) if _is_first(service, event) else ()
        case RequestRefused():
            return _refused(service, event)
        case ProbeAttempt(kind="startup"):
            return _startup(service, event)
        case ProbeAttempt(kind="liveness"):
            return _liveness(service, event)
        case OutOfMemory():
            return (_out_of_memory(event.limit_mib),)
        case Stopped(signal=str()):
            return ()
        case Stopped():
            return _stopped(service, event)
        case DeployFailed(phase="boot" | "port" | "health"):
            return _failed(service, event)
        case Live():
            return _live(service, event)
        case _:
            return ()


def _is_first(service: Service, event: ContainerStarted) -> bool:
    """Whether an instance starts with this container: one that needs no other, named first."""
    first = next((one for one in service.containers if not one.depends_on), None)
    return first is None or len(service.containers) == 1 or event.container == first.name


# ---- probes -------------------------------------------------------------------------------------------


def _startup(service: Service, event: ProbeAttempt) -> tuple[str, ...]:
    """One line when the probe has succeeded, one when it has failed for good."""
    container, probe = _probed(service, event, "startup")
    if probe is None:
        return ()
    default = "Default " if probe.implicit else ""
    where = _where(container, probe)
    if event.ok:
        attempts = "1 attempt" if event.attempt == 1 else f"{event.attempt} attempts"
        return (f"{default}STARTUP {_kind(probe)} probe succeeded after {attempts} for {where}.",)
    if event.attempt < probe.failure_threshold and not _is_cancelled(event):
        return ()
    status = _status(event, probe)
    said = f" Connection failed with status {status}." if status else ""
    failed = f"{default}STARTUP {_kind(probe)} probe failed {_times(event.attempt)} consecutively"
    return (f"{failed} for {where}. The instance was not started.{said}",)


def _liveness(service: Service, event: ProbeAttempt) -> tuple[str, ...]:
    container, probe = _probed(service, event, "liveness")
    if probe is None or event.ok or event.attempt < probe.failure_threshold:
        return ()
    failed = f"LIVENESS {_kind(probe)} probe failed {_times(event.attempt)} consecutively"
    return (f"{failed} for {_where(container, probe)}. The instance has been shut down.",)


def _probed(service: Service, event: ProbeAttempt, role: str) -> tuple[Container, Probe | None]:
    """The container an event speaks of, and its probe."""
    container = _named(service, event.container)
    return container, container.probes.startup if role == "startup" else container.probes.liveness


def _named(service: Service, name: str | None) -> Container:
    """The container of that name; else the first, to which an event without one belongs."""
    first = next((c for c in service.containers if c.ingress), service.containers[0])
    return next((c for c in service.containers if c.name == name), first)


def _where(container: Container, probe: Probe) -> str:
    path = f' path "{probe.path}"' if probe.kind == "http" else ""
    return f'container "{container.name}" on port {probe.port}{path}'


def _kind(probe: Probe) -> str:
    return {"http": "HTTP", "tcp": "TCP", "grpc": "GRPC"}[probe.kind]


def _times(number: int) -> str:
    return "1 time" if number == 1 else f"{number} times"


def _is_cancelled(event: ProbeAttempt) -> bool:
    """Whether the process ended under the probe."""
    return "cancel" in event.detail


def _status(event: ProbeAttempt, probe: Probe) -> str | None:
    """Google's word for why there was no connection; None where there was one and its answer was wrong."""
    if _is_cancelled(event):
        return "CANCELLED"
    if "answers" in event.detail:
        return None
    if probe.kind == "tcp" or "in time" in event.detail or "timeout" in event.detail:
        return "DEADLINE_EXCEEDED"
    return "ERROR_CONNECTION_FAILED"


# ---- the end of a process -----------------------------------------------------------------------------


def _stopped(service: Service, event: Stopped) -> tuple[str, ...]:
    if not event.oom:
        return _exited(event.exit_code)
    memory = _out_of_memory(_named(service, event.container).resources.memory_mib, event.used_mib)
    # A worker can be killed for its memory while the first process ends in its own way: that is told as well.
    return (memory,) if event.exit_code == _SIGNALLED + _SIGKILL else (memory, *_exited(event.exit_code))


def _out_of_memory(limit: int | None, used_mib: int | None = None) -> str:
    used = f"Memory limit of {limit} MiB exceeded with {used_mib or limit} MiB used."
    return f"{used} Consider increasing the memory limit, see {_MEMORY_DOCS}"


def _exited(exit_code: int | None) -> tuple[str, ...]:
    if exit_code is None:
        return ()
    signal = exit_code - _SIGNALLED
    if signal in _CRASH_SIGNALS:
        return (f"Uncaught signal: {signal}, pid=1, tid=1, fault_addr=0.",)
    if signal == _SIGKILL:
        return (f"Container terminated on signal {signal}.",)
    return (f"Container called exit({exit_code}).",)


# ---- requests -----------------------------------------------------------------------------------------


def _refused(service: Service, event: RequestRefused) -> tuple[str, ...]:
    """What the request log says of a request that no instance answered, as one line; of others it says no more."""
    router = service.router
    page = getattr(router, event.reason, None) if router is not None else None
    words = f" {page.body.strip()}" if isinstance(page, Page) else ""
    if event.reason == "out_of_memory":
        words = f" {OUT_OF_MEMORY}"
    return (f"{event.method} {event.status} {event.path}{words}",)


# ---- the end of an execution --------------------------------------------------------------------------


def _execution(service: Service, event: RunFinished) -> tuple[str, ...]:
    """What gcloud says last of an execution that it waited for."""
    name = next((v.value for v in service.env if v.name == "CLOUD_RUN_EXECUTION"), "")
    details = ("View details about this execution by running:", f"gcloud run jobs executions describe {name}")
    if event.ok:
        return (f"Execution [{name}] has successfully completed.", "", *details)
    return ("Executing job failed", "ERROR: (gcloud.run.jobs.execute) The execution failed.", *details)


# ---- the end of a deploy ------------------------------------------------------------------------------


def _failed(service: Service, event: DeployFailed) -> tuple[str, ...]:
    probe = _named(service, event.container).probes.startup
    command = "services.replace" if _is_replaced(service) else "deploy"
    lines = [*_not_loaded(service, event), "Deployment failed"]
    if probe is not None and not probe.implicit:
        words = (
            "The user-provided container failed the configured startup probe checks. Logs for this revision might "
            "contain more information."
        )
        return (*lines, f"ERROR: (gcloud.run.{command}) {words}")
    port = service.port.number if service.port else 8080
    words = (
        "The user-provided container failed to start and listen on the port defined provided by the "
        f"PORT={port} environment variable within the allocated timeout. This can happen when the container port is "
        "misconfigured or if the timeout is too short. The health check timeout can be extended. Logs for this "
        "revision might contain more information."
    )
    return (*lines, f"ERROR: (gcloud.run.{command}) {words}", TROUBLE)


def _is_replaced(service: Service) -> bool:
    """Whether a file describes the service as a whole; else a command changes it."""
    return service.revisions is not None and service.revisions.mode == "set"


def _not_loaded(service: Service, event: DeployFailed) -> list[str]:
    """A first process that could not be executed at all."""
    command = _named(service, event.container).command
    argv = command.argv if command else None
    why = _NOT_LOADED.get(event.cause.code) if event.cause is not None else None
    if not argv or why is None:
        return []
    # A file of a foreign format is tried by a process of the engine's, which ends with 1.
    is_the_first = event.code == "not-started" or (why == "exec format error" and _is_no_shell(argv[0]))
    return [f"terminated: Application failed to start: failed to load {argv[0]}: {why}"] if is_the_first else []


def _is_no_shell(program: str) -> bool:
    return program.rpartition("/")[2] not in _SHELLS


def _live(service: Service, event: Live) -> tuple[str, ...]:
    url = event.url or ""
    if _is_replaced(service):
        return (f"New configuration has been applied to service [{service.name}].", f"URL: {url}")
    revision = event.revision or next((v.value for v in service.env if v.name == "K_REVISION"), "")
    done = f"Service [{service.name}] revision [{revision}] has been deployed and is serving"
    if service.revisions is not None and service.revisions.mode == "hold":
        return (f"{done} 0 percent of traffic.",)
    return (f"{done} 100 percent of traffic.", f"Service URL: {url}")
