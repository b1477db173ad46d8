"""One deploy of one service: choose base images, build, compare with the plan, boot.

A paragraph of named steps over doors handed in; every step tells its events. A failure is a
`ServiceVerdict` with its cause, never an exception; `HostError` passes through.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple, Protocol

from emulator.model.diagnostic import Diagnostic, Fault, error
from emulator.model.event import (
    BuildFailed, BuildFinished, BuildStarted, BuildStep, DeployFailed, Event, Log, Mismatch, ServiceVerdict, VerdictKind,
)  # fmt: skip
from emulator.model.plan import BuildKind, Coverage, Service
from emulator.model.rule import Fidelity
from emulator.world import BuildProgress, Clock, Docker, HttpDoor, ImageFacts, StepDone, StepLog

from . import boot, problems
from .labels import STAND_IN
from .requests import build_request, container_spec
from .run import ServiceRun

Tell = Callable[[Event], None]
Phase = Literal["check", "build", "pre_deploy", "boot", "port", "health"]

_PHASES: dict[str, Phase] = {"unhealthy": "health", "no-port": "port", "no-http": "port", "loopback": "port"}


class Prepared(Protocol):
    """A build context ready to be sent: absolute paths, and what had to be done otherwise than usual."""

    @property
    def directory(self) -> str: ...

    @property
    def dockerfile(self) -> str: ...

    @property
    def notes(self) -> tuple[str, ...]: ...


PrepareContext = Callable[[Service], AbstractContextManager[Prepared]]


class Doors(NamedTuple):
    """What a deploy may touch."""

    docker: Docker
    http: HttpDoor
    clock: Clock
    prepare_context: PrepareContext
    cancel: threading.Event


class Settings(NamedTuple):
    """What the user asked of this run."""

    root: str
    platform: str
    base_images: dict[str, str]
    limits: str
    faithful: bool
    scale: float
    deploy: int


class Deployed(NamedTuple):
    """How a deploy ended. run: the service's loop, live or decided; None when nothing was started."""

    verdict: ServiceVerdict
    run: ServiceRun | None
    outcome: boot.Outcome | None
    coverage: tuple[Coverage, ...]


def deploy(
    service: Service, hidden: dict[str, str], *, doors: Doors, settings: Settings, tell: Tell, url: str | None
) -> Deployed:
    """Build and boot `service`. Raises HostError."""
    bases, coverage, missing = choose_bases(service, doors.docker, settings.base_images)
    if missing is not None:
        return _failed(service, VerdictKind.BUILD_FAILED, missing, "build", tell, coverage)
    built = _image(service, hidden, bases, doors, settings, tell)
    if isinstance(built, Diagnostic):
        return _failed(service, VerdictKind.BUILD_FAILED, built, "build", tell, coverage)
    _compare(service, built, settings, tell)
    run = _service_run(service, hidden, built, doors, settings, tell, url)
    try:
        outcome = run.until_decided()
    except BaseException:
        run.stop()
        raise
    if outcome.verdict.good:
        return Deployed(
            ServiceVerdict(name=service.name, verdict=outcome.verdict, reason=outcome.reason), run, outcome, coverage
        )
    cause = problems.boot_cause(service, outcome, tail_of(run))
    phase: Phase = _PHASES.get(outcome.code, "boot")
    reason = cause.message if cause else outcome.reason
    tell(
        DeployFailed(
            service=service.name, deploy=settings.deploy, phase=phase, reason=reason, code=outcome.code, cause=cause
        )
    )
    run.stop()
    verdict = ServiceVerdict(name=service.name, verdict=outcome.verdict, reason=reason, cause=cause)
    return Deployed(verdict, run, outcome, coverage)


def tail_of(run: ServiceRun) -> tuple[str, ...]:
    """The last lines the service printed."""
    return tuple(run.last_lines)


def _failed(
    service: Service, verdict: VerdictKind, cause: Diagnostic, phase: Phase, tell: Tell, coverage: tuple[Coverage, ...]
) -> Deployed:
    tell(DeployFailed(service=service.name, phase=phase, reason=cause.message, cause=cause))
    return Deployed(
        ServiceVerdict(name=service.name, verdict=verdict, reason=cause.message, cause=cause), None, None, coverage
    )


def choose_bases(
    service: Service, docker: Docker, asked: dict[str, str]
) -> tuple[dict[str, str], tuple[Coverage, ...], Diagnostic | None]:
    """Which image stands for each base image: the user's replacements, and, for a base that we chose
    ourselves, the nearest one at hand when it cannot be had. Stand-ins are told."""
    replaced = {base: to for base, to in asked.items() if base in service.build.base_images}
    coverage: list[Coverage] = []
    for base in service.build.base_images:
        if base == "scratch":
            continue
        stands_for = replaced.get(base, base)
        image = docker.image(stands_for)
        if image is None and service.build.base_fallbacks and base not in replaced:
            image, stands_for = _fallback(service, docker, base)
            if image is None:
                return {}, tuple(coverage), _no_base(service, base)
            if stands_for != base:
                replaced[base] = stands_for
        if image is not None and STAND_IN in image.labels:
            note = f"{stands_for} is a stand-in made from a distribution's packages on this machine"
            coverage.append(Coverage(key=f"FROM {base}", origin=None, fidelity=Fidelity.APPROXIMATE, note=note))
        elif stands_for != base:
            coverage.append(
                Coverage(key=f"FROM {base}", origin=None, fidelity=Fidelity.APPROXIMATE, note=f"built on {stands_for} instead")
            )  # fmt: skip
    return replaced, tuple(coverage), None


def _fallback(service: Service, docker: Docker, base: str) -> tuple[ImageFacts | None, str]:
    """The image itself when a registry has it, else the best of the fallbacks that is at hand."""
    from emulator.model.diagnostic import HostError

    try:
        return docker.pull(base, service.build.platform), base
    except HostError:
        pass
    for candidate in service.build.base_fallbacks:
        image = docker.image(candidate)
        if image is not None:
            return image, candidate
    return None, base


def _no_base(service: Service, base: str) -> Diagnostic:
    return error(
        "build/base-image-missing", f"the base image {base} cannot be had", fault=Fault.HOST, service=service.name,
        facts=("no registry gave it, and no other version is on this machine",),
        help="`emu doctor --fix` makes stand-ins where no registry answers",
    )  # fmt: skip


def _image(
    service: Service, hidden: dict[str, str], bases: dict[str, str], doors: Doors, settings: Settings, tell: Tell
) -> ImageFacts | Diagnostic:
    """The image to run: pulled or built."""
    if service.build.kind is BuildKind.IMAGE:
        assert service.build.image is not None
        ref = settings.base_images.get(service.build.image, service.build.image)
        return doors.docker.image(ref) or doors.docker.pull(ref, service.build.platform)
    tell(
        BuildStarted(
            service=service.name,
            deploy=settings.deploy,
            dockerfile=service.build.dockerfile,
            context=service.build.context,
        )
    )
    with doors.prepare_context(service) as context:
        for note in context.notes:
            tell(Log(service=service.name, stream="build", line=note))
        request = build_request(
            service, hidden, root=settings.root, platform=settings.platform, context=context.directory,
            dockerfile=context.dockerfile, base_images=bases, deploy=settings.deploy,
        )  # fmt: skip
        outcome = doors.docker.build(request, lambda progress: _told(service, progress, tell), doors.cancel)
    for warning in outcome.warnings:
        tell(Log(service=service.name, stream="build", line=warning))
    if outcome.error is not None:
        if outcome.error.kind == "canceled":
            raise KeyboardInterrupt
        cause = problems.build_cause(service, outcome.error)
        tell(
            BuildFailed(
                service=service.name, deploy=settings.deploy, step=outcome.error.step, origin=cause.origin,
                message=outcome.error.message, log_tail=outcome.error.log_tail,
            )
        )  # fmt: skip
        return cause
    assert outcome.image_id is not None
    image = doors.docker.image(outcome.image_id)
    assert image is not None
    tell(BuildFinished(service=service.name, deploy=settings.deploy, image=outcome.image_id, seconds=outcome.seconds))
    return image


def _told(service: Service, progress: BuildProgress, tell: Tell) -> None:
    match progress:
        case StepDone():
            tell(BuildStep(service=service.name, name=progress.name, seconds=progress.seconds, cached=progress.cached))
        case StepLog():
            tell(Log(service=service.name, stream="build", line=progress.line))


def _compare(service: Service, image: ImageFacts, settings: Settings, tell: Tell) -> None:
    """Prediction against reality: what the plan says of the image and what the engine says."""
    command = service.command
    if command is None or command.source != "dockerfile" or command.argv is None:
        return
    if tuple(image.argv) != command.argv:
        tell(
            Mismatch(
                service=service.name, deploy=settings.deploy, what="command.argv", predicted=repr(list(command.argv)),
                actual=repr(list(image.argv)),
            )
        )  # fmt: skip


def _service_run(
    service: Service,
    hidden: dict[str, str],
    image: ImageFacts,
    doors: Doors,
    settings: Settings,
    tell: Tell,
    url: str | None,
) -> ServiceRun:
    life, health = boot.scaled(service.lifecycle, service.probes.health, settings.scale)
    rules = boot.Rules(lifecycle=life, health=health, scale=settings.scale, faithful=settings.faithful)
    reachable = doors.docker.facts().local
    publish = {} if reachable or service.port is None else {service.port.number: 0}
    return ServiceRun(
        service, rules,
        lambda attempt: container_spec(
            service, hidden, root=settings.root, platform=settings.platform, image=image.id, deploy=settings.deploy,
            attempt=attempt, memory=settings.limits != "none", cpu=settings.limits == "all", publish=publish,
        ),
        hidden, docker=doors.docker, http=doors.http, clock=doors.clock, tell=tell, deploy=settings.deploy, url=url,
    )  # fmt: skip
