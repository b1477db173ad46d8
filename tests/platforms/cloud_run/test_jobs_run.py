"""A job from its file to real containers: what each task sees, and what the platform says as it goes."""

import os
import threading
import uuid
from collections.abc import Iterator

import pytest

from emulator.edge.clock import SystemClock
from emulator.edge.docker import Engine, open_docker
from emulator.engine.labels import PROJECT, project_id
from emulator.engine.requests import container_spec, task_spec
from emulator.engine.rollout_steps import Unit
from emulator.engine.task_run import TaskRun
from emulator.engine.task_steps import rules_of
from emulator.model.event import Event, Log
from emulator.model.record import replace
from platforms.cloud_run import narrate
from tests.platforms.cloud_run.planning import IMAGE, job, service

pytestmark = pytest.mark.docker

ROOT = f"/nowhere/{uuid.uuid4().hex}"
SCRIPT = """\
echo "index $CLOUD_RUN_TASK_INDEX attempt $CLOUD_RUN_TASK_ATTEMPT of $CLOUD_RUN_TASK_COUNT port $PORT"
test "$CLOUD_RUN_TASK_INDEX" = 0 && exit 0
trap 'echo heard' TERM
while true; do sleep 0.1; done
"""


@pytest.fixture
def engine() -> Iterator[Engine]:
    found = open_docker(os.environ)
    yield found
    for one in found.containers({PROJECT: project_id(ROOT)}):
        found.remove(one.id)
    found.close()


def test_cr_40_a_task_that_takes_too_long(engine: Engine) -> None:
    """Two tasks, one retry, five seconds: the one that traps SIGTERM is told to end, killed and started once more; the
    execution fails. Each sees its numbers, and no port."""
    indented = "".join(f"      {line}\n" for line in SCRIPT.splitlines())
    text = job(
        f'command: ["/bin/sh", "-c"]\nargs:\n  - |\n{indented}', execution="taskCount: 2",
        task="maxRetries: 1\ntimeoutSeconds: 5",
    ).replace(IMAGE, "python:3.11-slim")  # fmt: skip
    made = service({"job.yaml": text})
    image = engine.image("python:3.11-slim")
    assert image is not None
    spec = container_spec(
        made, {}, root=ROOT, platform="cloud-run", image=image, unit=Unit(id=1, deploy=1, slot=1), attempt=1,
        memory=True, cpu=False, publish={},
    )  # fmt: skip
    said: list[str] = []

    def tell(event: Event) -> None:
        if isinstance(event, Log):
            said.append(f"{event.instance}: {event.line}")
        said.extend(narrate(made, event))

    run = TaskRun(
        made, replace(rules_of(made, scale=0.2), grace_s=1.0), lambda i, n: task_spec(spec, made.tasks, i, n), {},
        docker=engine, clock=SystemClock(), tell=tell, deploy=1, cancel=threading.Event(),
    )  # fmt: skip
    outcome = run.until_decided()
    reason = "task 1 failed after 2 attempts: it went on for longer than the 5 s that it may take"
    assert (outcome.verdict, outcome.reason) == ("failed", reason)
    assert [line for line in said if line.startswith("0:")] == ["0: index 0 attempt 0 of 2 port "]
    assert [line for line in said if line.startswith(("1:", "Terminating"))] == [
        "1: index 1 attempt 0 of 2 port ",
        "Terminating task because it has reached the maximum timeout of 5 seconds.",
        "1: heard",
        "1: index 1 attempt 1 of 2 port ",
        "Terminating task because it has reached the maximum timeout of 5 seconds.",
        "1: heard",
    ]
    assert "Container called exit(0)." in said
    assert "ERROR: (gcloud.run.jobs.execute) The execution failed." in said
    assert engine.containers({PROJECT: project_id(ROOT)}) == ()
