"""The platform's log lines, word for word."""

import pytest

from emulator.model.diagnostic import error
from emulator.model.event import ContainerStarted, DeployFailed, Event, Live, Log, ProbeAttempt, Restarted, Stopped
from emulator.model.plan import Service
from platforms.cloud_run import narrate
from tests.platforms.cloud_run.planning import DOCKERFILE, of, service

HTTP = "startupProbe:\n  httpGet:\n    path: /health\n"
LIVE = "livenessProbe:\n  httpGet:\n    path: /livez\n"
GRPC = "startupProbe:\n  grpc:\n    port: 50051\n"
TCP = "startupProbe:\n  tcpSocket: {}\n  failureThreshold: 24\n"
GRPC_LIVE = "livenessProbe:\n  grpc:\n    port: 50051\n"
DEFAULT, WRITTEN, BY_GRPC = service(of()), service(of(HTTP + LIVE)), service(of(GRPC + GRPC_LIVE))
BY_TCP = service(of(TCP))
BY_SOURCE = service({"Dockerfile": DOCKERFILE})
PORTMSG = (
    "The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment "
    "variable within the allocated timeout. This can happen when the container port is misconfigured or if the timeout "
    "is too short. The health check timeout can be extended. Logs for this revision might contain more information."
)
PROBEMSG = (
    "The user-provided container failed the configured startup probe checks. Logs for this revision might contain more "
    "information."
)
TROUBLE = (
    "For more troubleshooting guidance, see https://cloud.google.com/run/docs/troubleshooting#container-failed-to-start"
)
TCP_FAILED = (
    'Default STARTUP TCP probe failed 1 time consecutively for container "shop-1" on port 8080. '
    "The instance was not started."
)
HTTP_FAILED = (
    'STARTUP HTTP probe failed 3 times consecutively for container "shop-1" on port 8080 path "/health". '
    "The instance was not started."
)


def _probe(attempt: int, detail: str = "", *, ok: bool = False, kind: str = "startup") -> ProbeAttempt:
    return ProbeAttempt(kind=kind, attempt=attempt, ok=ok, detail=detail, due=0, seconds=0)


def _stopped(code: int | None, *, oom: bool = False, signal: str | None = None) -> Stopped:
    return Stopped(exit_code=code, signal=signal, oom=oom, graceful=False, seconds=1)


LIVENESS_FAILED = (
    'LIVENESS HTTP probe failed 3 times consecutively for container "shop-1" on port 8080 path "/livez". '
    "The instance has been shut down."
)
OOM = (
    "Memory limit of 512 MiB exceeded with 512 MiB used. Consider increasing the memory limit, see "
    "https://cloud.google.com/run/docs/configuring/memory-limits"
)
GRPC_FAILED = (
    'STARTUP GRPC probe failed 3 times consecutively for container "shop-1" on port 50051. The instance was not '
    "started."
)
WRITTEN_TCP_FAILED = (
    'STARTUP TCP probe failed 24 times consecutively for container "shop-1" on port 8080. The instance was not '
    "started. Connection failed with status DEADLINE_EXCEEDED."
)
GRPC_STARTED = 'STARTUP GRPC probe succeeded after 1 attempt for container "shop-1" on port 50051.'

ROWS: list[tuple[Service, Event, tuple[str, ...]]] = [
    (DEFAULT, _probe(1, ok=True),
     ('Default STARTUP TCP probe succeeded after 1 attempt for container "shop-1" on port 8080.',)),
    (WRITTEN, _probe(2, ok=True),
     ('STARTUP HTTP probe succeeded after 2 attempts for container "shop-1" on port 8080 path "/health".',)),
    (BY_GRPC, _probe(1, ok=True), (GRPC_STARTED,)),
    (BY_GRPC, _probe(3, "answers NOT_SERVING"), (GRPC_FAILED,)),
    (BY_GRPC, _probe(3, "answers UNIMPLEMENTED"), (GRPC_FAILED,)),
    (BY_GRPC, _probe(3, "is refused"), (f"{GRPC_FAILED} Connection failed with status ERROR_CONNECTION_FAILED.",)),
    (BY_GRPC, _probe(3, "gets no answer in time"),
     (f"{GRPC_FAILED} Connection failed with status DEADLINE_EXCEEDED.",)),
    (BY_GRPC, _probe(3, "answers NOT_SERVING", kind="liveness"),
     (GRPC_FAILED.replace("STARTUP", "LIVENESS").replace("was not started", "has been shut down"),)),
    (BY_TCP, _probe(23, "gets no answer in time"), ()),
    (BY_TCP, _probe(24, "gets no answer in time"), (WRITTEN_TCP_FAILED,)),
    (BY_TCP, _probe(12, ok=True),
     ('STARTUP TCP probe succeeded after 12 attempts for container "shop-1" on port 8080.',)),
    (DEFAULT, _probe(1, "is refused"), (f"{TCP_FAILED} Connection failed with status DEADLINE_EXCEEDED.",)),
    (DEFAULT, _probe(1, "is cancelled"), (f"{TCP_FAILED} Connection failed with status CANCELLED.",)),
    (WRITTEN, _probe(1, "is refused"), ()),
    (WRITTEN, _probe(2, "is refused"), ()),
    (WRITTEN, _probe(3, "is refused"), (f"{HTTP_FAILED} Connection failed with status ERROR_CONNECTION_FAILED.",)),
    (WRITTEN, _probe(3, "gets no answer in time"),
     (f"{HTTP_FAILED} Connection failed with status DEADLINE_EXCEEDED.",)),
    (WRITTEN, _probe(3, "answers 404"), (HTTP_FAILED,)),
    (WRITTEN, _probe(1, "is cancelled"),
     (HTTP_FAILED.replace("3 times", "1 time") + " Connection failed with status CANCELLED.",)),
    (WRITTEN, _probe(3, "answers 500", kind="liveness"), (LIVENESS_FAILED,)),
    (WRITTEN, _probe(2, "answers 500", kind="liveness"), ()),
    (WRITTEN, _probe(1, ok=True, kind="liveness"), ()),
    (DEFAULT, _stopped(0), ("Container called exit(0).",)),
    (DEFAULT, _stopped(1), ("Container called exit(1).",)),
    (DEFAULT, _stopped(137), ("Container terminated on signal 9.",)),
    (DEFAULT, _stopped(134), ("Uncaught signal: 6, pid=1, tid=1, fault_addr=0.",)),
    (DEFAULT, _stopped(139), ("Uncaught signal: 11, pid=1, tid=1, fault_addr=0.",)),
    (DEFAULT, _stopped(137, oom=True), (OOM,)),
    (DEFAULT, _stopped(3, oom=True), (OOM, "Container called exit(3).")),
    (DEFAULT, _stopped(None, oom=True), (OOM,)),
    (DEFAULT, _stopped(143, signal="SIGTERM"), ()),
    (DEFAULT, _stopped(None), ()),
    (BY_SOURCE, DeployFailed(phase="health", reason="x"),
     ("Deployment failed", f"ERROR: (gcloud.run.deploy) {PORTMSG}", TROUBLE)),
    (DEFAULT, DeployFailed(phase="boot", reason="x", code="crash"),
     ("Deployment failed", f"ERROR: (gcloud.run.services.replace) {PORTMSG}", TROUBLE)),
    (WRITTEN, DeployFailed(phase="boot", reason="x"),
     ("Deployment failed", f"ERROR: (gcloud.run.services.replace) {PROBEMSG}")),
    (DEFAULT, DeployFailed(phase="build", reason="x"), ()),
    (DEFAULT, Live(url="http://127.0.0.1:1", seconds=1),
     ("New configuration has been applied to service [shop].", "URL: http://127.0.0.1:1")),
    (DEFAULT, Restarted(because="x", back_off_s=1), ()),
    (DEFAULT, Log(stream="stdout", line="x"), ()),
]  # fmt: skip


@pytest.mark.parametrize(("of_service", "event", "lines"), ROWS)
def test_lines(of_service, event, lines):
    """What Cloud Run, or gcloud, prints at an event."""
    assert narrate(of_service, event) == lines


def test_start():
    """The reason of an instance that a deploy starts."""
    [line] = narrate(DEFAULT, ContainerStarted(argv=("x",), port=8080, url=None))
    assert line.startswith("Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to ")


def test_live_after_a_source_deploy():
    """`run deploy` names the revision and its share of the traffic."""
    revision = next(v.value for v in BY_SOURCE.env if v.name == "K_REVISION")
    assert narrate(BY_SOURCE, Live(url="http://127.0.0.1:1", seconds=1)) == (
        f"Service [shop-1] revision [{revision}] has been deployed and is serving 100 percent of traffic.",
        "Service URL: http://127.0.0.1:1",
    )


@pytest.mark.parametrize(
    ("argv", "code", "cause", "why"),
    [
        ("/main", "not-started", "start/program-not-found", "no such file or directory"),
        ("/app/run.sh", "not-started", "start/not-executable", "permission denied"),
        ("/app/run.sh", "crash", "start/exec-format", "exec format error"),
        ("/bin/sh", "crash", "start/exec-format", None),
        ("/bin/sh", "crash", "start/program-not-found", None),
    ],
)
def test_program_that_cannot_be_loaded(argv, code, cause, why):
    """The loader's line comes before the deploy's end: of the first process, not of what a shell runs."""
    failed = DeployFailed(phase="boot", reason="it does not start", code=code, cause=error(cause, "it does not start"))
    first = narrate(service(of(f"command: [{argv}]")), failed)[0]
    line = f"terminated: Application failed to start: failed to load {argv}: {why}"
    assert first == (line if why else "Deployment failed")
