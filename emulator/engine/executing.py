"""What is prepared of a deploy that ends by itself, as one run of its tasks."""

import threading
from collections.abc import Callable

from emulator.model.event import Event

from .job import Doors, Settings
from .release import Release
from .requests import task_spec
from .rollout_steps import Unit
from .task_run import TaskRun
from .task_steps import rules_of


def task_run(
    release: Release,
    number: int,
    doors: Doors,
    settings: Settings,
    *,
    tell: Callable[[Event], None],
    cancel: threading.Event,
    hurry: Callable[[], bool],
    instance: int | None = None,
) -> TaskRun:
    """The run of that number, ready to be performed. cancel: ends it as the platform would; hurry: whether nobody waits
    for a grace; instance: what its events call it."""
    service, deploy = release.job.service, release.job.deploy
    spec = release.make_spec(Unit(id=number, deploy=deploy, slot=number), 1)
    return TaskRun(
        service,
        rules_of(service, scale=settings.scale, faithful=settings.faithful),
        lambda index, attempt: task_spec(spec, service.tasks, index, attempt),
        release.job.hidden,
        docker=doors.docker,
        clock=doors.clock,
        tell=tell,
        deploy=deploy,
        cancel=cancel,
        hurry=lambda: hurry() or doors.hurry(),
        instance=instance,
        ahead=release.sandbox,
    )
