"""The command that runs once, after the first deploy of a service that is live: in a container beside it."""

import threading

from emulator.model.diagnostic import Diagnostic, HostError
from emulator.model.event import VerdictKind

from . import problems
from .job import Doors, Settings, Tell
from .release import Release
from .requests import initial_hook_spec
from .rollout_steps import Unit
from .task_run import TaskRun
from .task_steps import pre_deploy_rules


def is_due(release: Release) -> bool:
    """Whether the deploy, which is live, is followed by the hook."""
    return release.job.first and release.job.service.initial_hook_argv is not None


def run_initial_hook(
    release: Release, doors: Doors, settings: Settings, tell: Tell, cancel: threading.Event
) -> Diagnostic | None:
    """Run it to its end; why it failed. How long it may take is a pre-deploy command's time. Raises HostError when the
    engine is lost."""
    job = release.job
    service = job.service
    spec = initial_hook_spec(release.make_spec(Unit(id=0, deploy=job.deploy, slot=1), 1), service, job.hidden)
    run = TaskRun(
        service,
        pre_deploy_rules(service, scale=settings.scale, faithful=settings.faithful),
        lambda _index, _attempt: spec,
        job.hidden,
        docker=doors.docker,
        clock=doors.clock,
        tell=tell,
        deploy=job.deploy,
        cancel=cancel,
        hurry=doors.hurry,
        role="initial_hook",
    )
    try:
        outcome = run.until_decided()
    except HostError as problem:
        if problem.exit_code != 1:
            raise
        return problem.diagnostic
    if outcome.verdict.good or outcome.verdict is VerdictKind.CANCELED:
        return None
    return problems.initial_hook_failed(service, outcome, run.last_lines, release.scene)
