"""A whole service on the real engine, looked at directly and through a helper container: the same verdicts."""

import os
import queue
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from emulator.edge.clock import SystemClock
from emulator.edge.docker import Engine, open_docker
from emulator.engine.deploys import Decided, ServiceContext
from emulator.engine.job import Doors, Job, Settings
from emulator.engine.labels import PROJECT, project_id
from emulator.engine.service_run import ServiceRun
from emulator.model.event import ContainerStarted, Event
from emulator.model.lifecycle import Lifecycle, PortScan, Probe, Probes, Shutdown
from emulator.model.plan import Build, BuildKind, Command, Service
from emulator.model.record import replace
from emulator.model.router import Router
from emulator.snapshot import from_mapping
from tests.emulator.engine.services import service

pytestmark = [pytest.mark.docker, pytest.mark.timeout(90)]

ROOT = f"/emu-test/{uuid.uuid4().hex}"
IMAGE = "python:3.11-slim"
PORT = 10000
SCAN = Lifecycle(port_scan=PortScan(preferred=PORT, http=True), back_off_s=(1.0,))
SERVER = ("python3", "-m", "http.server", str(PORT), "--bind")
TCP = Probe(kind="tcp", port=PORT, timeout_s=30, period_s=30, failure_threshold=1, waits_for_port=True, implicit=True)
HTTP = Probe(kind="http", path="/", port=PORT, period_s=0.5, failure_threshold=20)
WRONG = replace(HTTP, path="/nothing", failure_threshold=2)

CASES = [
    pytest.param("0.0.0.0", Probes(), SCAN, "live", id="port scan"),
    pytest.param("127.0.0.1", Probes(), SCAN, "timed_out", id="port scan, loopback"),
    pytest.param("0.0.0.0", Probes(health=replace(HTTP, period_s=5)), SCAN, "live", id="health check"),
    pytest.param("0.0.0.0", Probes(startup=TCP), Lifecycle(), "live", id="TCP probe"),
    pytest.param("127.0.0.1", Probes(startup=TCP), Lifecycle(), "timed_out", id="TCP probe, loopback"),
    pytest.param("0.0.0.0", Probes(startup=HTTP), Lifecycle(), "live", id="HTTP probe"),
    pytest.param("0.0.0.0", Probes(startup=WRONG), Lifecycle(), "unhealthy", id="HTTP probe, wrong path"),
]


@pytest.fixture(scope="module", params=["proc", "helper"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    found = open_docker(os.environ, look=request.param)
    yield found
    for one in found.containers({PROJECT: project_id(ROOT)}):
        found.remove(one.id)
    found.close()


class Front:
    """Counts nothing and carries nothing."""

    busy = None
    url = "http://127.0.0.1:1"

    def set_router(self, router: Router) -> None: ...

    def set_instances(self, addresses: object) -> None: ...

    def drain(self, address: object, timeout_s: float) -> bool:
        return True

    def close(self) -> None: ...


@contextmanager
def running(engine: Engine) -> Iterator[tuple[ServiceRun, "queue.Queue[Decided | BaseException]", list[Event]]]:
    decided: queue.Queue[Decided | BaseException] = queue.Queue()
    told: list[Event] = []
    doors = Doors(
        docker=engine,
        clock=SystemClock(),
        prepare_context=None,
        ready=lambda: None,
        hurry=lambda: False,  # type: ignore[arg-type]
    )
    settings = Settings(ROOT, "test", {}, "memory", faithful=False, scale=1.0)
    context = ServiceContext("shop", doors, settings, told.append, decided.put, decided.put)
    run = ServiceRun(context, front=Front, lost=lambda: None)
    try:
        yield run, decided, told
    finally:
        run.end(at_once=True)
        assert run.wait(20)
        run.sweep()


def serving_on(address: str, probes: Probes, lifecycle: Lifecycle) -> Service:
    build = Build(kind=BuildKind.IMAGE, runtime="image", image=IMAGE)
    command = Command(argv=(*SERVER, address), form="exec", text=None, source="test")
    return service(build=build, command=command, probes=probes, lifecycle=lifecycle, shutdown=Shutdown(grace_seconds=1))


@pytest.mark.parametrize(("address", "probes", "lifecycle", "verdict"), CASES)
def test_verdict(engine: Engine, address: str, probes: Probes, lifecycle: Lifecycle, verdict: str) -> None:
    """What listens where, and what it answers, decides alike however it is looked at; no container is left, and no
    helper."""
    with running(engine) as (run, decided, told):
        run.deploy(Job(1, serving_on(address, probes, lifecycle), {}, from_mapping({})))
        came = decided.get(timeout=60)
        assert isinstance(came, Decided), came
        assert came.verdict.verdict == verdict, came.verdict.reason
        assert any(isinstance(event, ContainerStarted) for event in told)
    over = threading.Event()
    for _ in range(100):
        if not engine.containers({PROJECT: project_id(ROOT)}):
            return
        over.wait(0.1)  # the engine removes a helper by itself, a moment after it ended
    assert engine.containers({PROJECT: project_id(ROOT)}) == ()
