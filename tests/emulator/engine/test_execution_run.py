"""Work that is run once, on a fake engine: one run at a time, and whose place the next one takes."""

import contextlib
import threading

from emulator.edge.clock import SystemClock
from emulator.engine.deploys import Decided, ServiceContext
from emulator.engine.execution_run import ExecutionRun
from emulator.engine.job import Doors, Job, Settings
from emulator.model.event import ServiceVerdict, VerdictKind
from emulator.model.lifecycle import Lifecycle
from emulator.model.plan import ServiceType
from emulator.snapshot import from_mapping
from tests.emulator.engine.fake_docker import FakeContainer, FakeDocker
from tests.emulator.engine.services import service
from tests.emulator.engine.test_service_run import Context, wait_for

REPO = from_mapping({"Dockerfile": "FROM scratch\n"})
WORK = service(
    name="report", type=ServiceType.JOB, port=None, lifecycle=Lifecycle(success_is_exit_zero=True, timeout_s=60.0)
)


def test_a_run_that_is_asked_for_during_another_takes_its_place() -> None:
    """And withdrawing the first, which a save does once more, is not the end of the second."""
    decided: dict[int, ServiceVerdict] = {}
    problems: list[BaseException] = []
    goes_on = threading.Event()

    def behave(container: FakeContainer) -> None:
        if len(docker.started) > 1:
            goes_on.wait(5)
            container.end(0)

    def note(one: Decided) -> None:
        decided[one.deploy] = one.verdict

    docker = FakeDocker(behave)
    doors = Doors(
        docker=docker,  # type: ignore[arg-type]
        clock=SystemClock(), prepare_context=lambda repo, what: contextlib.nullcontext(Context()), ready=lambda: None,
        hurry=lambda: False,
    )  # fmt: skip
    settings = Settings("/shop", "render", {}, "none", faithful=False, scale=1.0)
    run = ExecutionRun(ServiceContext("report", doors, settings, lambda _event: None, note, problems.append))
    run.deploy(Job(1, WORK, {}, REPO))
    wait_for(lambda: len(docker.started) == 1)
    run.deploy(Job(2, WORK, {}, REPO))
    run.withdraw(1)
    wait_for(lambda: len(docker.started) == 2)
    goes_on.set()
    wait_for(lambda: len(decided) == 2)
    assert (decided[1].verdict, decided[1].reason) == (VerdictKind.CANCELED, "deploy 2 took its place")
    assert decided[2].verdict is VerdictKind.SUCCEEDED
    run.end(at_once=False)
    assert run.wait(5)
    run.sweep()
    assert (docker.left, problems) == ([], [])
