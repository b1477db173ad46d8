"""One deploy of one service: choose base images, build, compare with the plan, boot.

A paragraph of named steps over doors handed in; every step tells its events. A failure is a
`ServiceVerdict` with its cause, never an exception; `HostError` passes through.
"""

import contextlib
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple, Protocol

from emulator.model.diagnostic import Diagnostic, Fault, HostError, error
from emulator.model.event import (
    BuildFailed,
    BuildFinished,
    BuildStarted,
    BuildStep,
    DeployFailed,
    Event,
    Log,
    Mismatch,
    ServiceVerdict,
    VerdictKind,
)
from emulator.model.plan import BuildKind, Coverage, Service
from emulator.model.record import replace
from emulator.model.rule import Fidelity
from emulator.snapshot import Snapshot
from emulator.world import (
    BuildError,
    BuildOutcome,
    BuildProgress,
    BuildRequest,
    Clock,
    ContainerSpec,
    Docker,
    ImageFacts,
    StepDone,
    StepLog,
)

from . import problems
from .boot_steps import Outcome, Rules, scaled, scaled_startup
from .labels import DEPLOY, STAND_IN, of_service, resource_name
from .problems import Scene
from .requests import build_request, conceal, container_spec, environment, reveal
from .run import Route, ServiceRun

Tell = Callable[[Event], None]
Phase = Literal["check", "build", "pre_deploy", "boot", "port", "health"]

_PHASES: dict[str, Phase] = {
    "unhealthy": "health",
    "no-port": "port",
    "no-http": "port",
    "loopback": "port",
    "other-port": "port",
    "startup-probe": "health",
}


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
    clock: Clock
    prepare_context: PrepareContext
    ready: Callable[[], None]
    """Returns when the engine has answered and an earlier run's leftovers are gone. Raises HostError."""
    cancel: threading.Event
    hurry: Callable[[], bool]
    """Whether the user asked a second time to end."""


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
    """How a deploy ended. run: the service's loop, live or decided; None when nothing was started. scene: where to
    look up why it ends."""

    verdict: ServiceVerdict
    run: ServiceRun | None
    outcome: Outcome | None
    coverage: tuple[Coverage, ...]
    scene: Scene


def deploy(
    service: Service,
    hidden: dict[str, str],
    *,
    repo: Snapshot,
    doors: Doors,
    settings: Settings,
    tell: Tell,
    url: Callable[[], str | None],
    route: Route | None = None,
) -> Deployed:
    """Build and boot `service` of `repo`. `url`, asked after the build, is where its traffic will arrive; `route`
    sends it on. Raises HostError."""
    return _Deployment(service, hidden, doors, settings, tell, repo=repo).perform(url, route)


class _Deployment:
    """One deploy, with what all its steps share."""

    def __init__(
        self,
        service: Service,
        hidden: dict[str, str],
        doors: Doors,
        settings: Settings,
        tell: Tell,
        *,
        repo: Snapshot,
    ) -> None:
        self.service = service
        self.hidden = hidden
        self.doors = doors
        self.settings = settings
        self.tell = tell
        self.coverage: tuple[Coverage, ...] = ()
        self._scene = Scene(repo, frozenset(environment(service, hidden, build=False)))
        self._frontend: Coverage | None = None
        self._aside: threading.Thread | None = None

    def perform(self, url: Callable[[], str | None], route: Route | None) -> Deployed:
        """Build, boot and judge."""
        deployed = self._performed(url, route)
        if self._aside is not None:
            self._aside.join()
        return deployed._replace(coverage=self.coverage)

    def _performed(self, url: Callable[[], str | None], route: Route | None) -> Deployed:
        try:
            built = self._built()
        except HostError as problem:
            built = _of_the_app(problem)
        if isinstance(built, Diagnostic):
            return self._failed(VerdictKind.BUILD_FAILED, "build", built)
        self._compare(built)
        self._scene = self._scene._replace(variables=self._scene.variables | built.env.keys())
        run = self._service_run(built, url(), route)
        try:
            outcome = run.until_decided()
        except BaseException as problem:
            with contextlib.suppress(HostError):  # what went wrong first is what to tell
                run.stop(hurry=lambda: True)
            if isinstance(problem, HostError):
                return self._failed(VerdictKind.BOOT_FAILED, "boot", _of_the_app(problem))
            raise
        if not outcome.verdict.good:
            return self._not_live(run, outcome)
        reason = f"{self.service.name} is {outcome.reason}"
        verdict = ServiceVerdict(name=self.service.name, verdict=outcome.verdict, reason=reason)
        return Deployed(verdict, run, outcome, self.coverage, self._scene)

    def _built(self) -> ImageFacts | Diagnostic:
        docker = self.doors.docker
        if self.service.build.base_fallbacks or self.service.build.kind is BuildKind.IMAGE:
            self.doors.ready()
        bases, missing = choose_bases(self.service, docker, self.settings.base_images)
        if missing is not None:
            return missing
        built = self._image(bases)
        there = not isinstance(built, Diagnostic)
        self._aside = threading.Thread(target=self._tidy, args=(bases,), kwargs={"built": there}, daemon=True)
        self._aside.start()
        return built

    def _tidy(self, bases: dict[str, str], *, built: bool) -> None:
        """Beside the boot, which need not wait for it: what stood in for what, and the image that this one replaces.
        An engine that is lost here is lost to the boot as well, which tells it."""
        with contextlib.suppress(HostError):
            self.coverage = told_bases(self.service, self.doors.docker, bases)
            if self._frontend is not None:
                self.coverage += (self._frontend,)
            if built and self.service.build.kind is not BuildKind.IMAGE:
                remove_earlier_images(self.service, self.doors.docker, self.settings)

    def _failed(self, kind: VerdictKind, phase: Phase, cause: Diagnostic) -> Deployed:
        deploy = self.settings.deploy
        self.tell(
            DeployFailed(service=self.service.name, deploy=deploy, phase=phase, reason=cause.message, cause=cause)
        )
        verdict = ServiceVerdict(name=self.service.name, verdict=kind, reason=cause.message, cause=cause)
        return Deployed(verdict, None, None, self.coverage, self._scene)

    def _not_live(self, run: ServiceRun, outcome: Outcome) -> Deployed:
        run.stop(hurry=lambda: True)
        cause = tell_failure(run, outcome, self._scene, self.settings.deploy, self.tell)
        verdict = ServiceVerdict(name=self.service.name, verdict=outcome.verdict, reason=cause.message, cause=cause)
        return Deployed(verdict, run, outcome, self.coverage, self._scene)

    def _image(self, bases: dict[str, str]) -> ImageFacts | Diagnostic:
        """The image to run: pulled or built."""
        build, docker = self.service.build, self.doors.docker
        if build.kind is BuildKind.IMAGE:
            assert build.image is not None
            ref = self.settings.base_images.get(build.image, build.image)
            return docker.image(ref) or docker.pull(ref, build.platform)
        self.tell(
            BuildStarted(
                service=self.service.name,
                deploy=self.settings.deploy,
                dockerfile=build.dockerfile,
                context=build.context,
            )
        )
        outcome = self._build(bases)
        if outcome.error is not None:
            return self._build_failed(outcome.error)
        assert outcome.image_id is not None
        image = docker.image(outcome.image_id)
        assert image is not None
        self.tell(
            BuildFinished(
                service=self.service.name,
                deploy=self.settings.deploy,
                image=outcome.image_id,
                seconds=round(outcome.seconds, 3),
            )
        )
        return image

    def _build(self, bases: dict[str, str]) -> BuildOutcome:
        with self.doors.prepare_context(self.service) as context:
            for note in context.notes:
                self._build_line(note)
            request = build_request(
                self.service,
                self.hidden,
                root=self.settings.root,
                platform=self.settings.platform,
                context=context.directory,
                dockerfile=context.dockerfile,
                base_images=bases,
                deploy=self.settings.deploy,
            )
            outcome = self._run_build(request)
            if outcome.error is not None and asks_for_a_frontend(outcome.error):
                note = "the registry its # syntax= line asks does not answer: built with the engine's own frontend"
                self._frontend = Coverage(
                    key=f"{self.service.build.dockerfile} # syntax=",
                    origin=None,
                    fidelity=Fidelity.APPROXIMATE,
                    note=note,
                )
                outcome = self._run_build(replace(request, syntax_line="ignore"))
            self.doors.ready()
        for warning in outcome.warnings:
            self._build_line(warning)
        return outcome

    def _run_build(self, request: BuildRequest) -> BuildOutcome:
        try:
            return self.doors.docker.build(request, self._progress, self.doors.cancel)
        except HostError:
            self.doors.ready()  # says better what is wrong with the engine, if that is it
            raise

    def _build_failed(self, problem: BuildError) -> Diagnostic:
        if problem.kind == "canceled":
            raise KeyboardInterrupt
        problem = problems.plainly(self.service, problem)
        problem = replace(
            problem,
            message=conceal(problem.message, self.hidden),
            step=conceal(problem.step, self.hidden) if problem.step is not None else None,
            log_tail=tuple(conceal(line, self.hidden) for line in problem.log_tail),
        )
        cause = problems.build_cause(self.service, problem, self.doors.docker.facts().arch)
        self.tell(
            BuildFailed(
                service=self.service.name,
                deploy=self.settings.deploy,
                step=problem.step,
                origin=cause.origin,
                message=problem.message,
                log_tail=problem.log_tail,
            )
        )
        return cause

    def _progress(self, progress: BuildProgress) -> None:
        match progress:
            case StepDone():
                name = conceal(problems.step_name(self.service, progress.name), self.hidden)
                self.tell(
                    BuildStep(service=self.service.name, name=name, seconds=progress.seconds, cached=progress.cached)
                )
            case StepLog():
                self._build_line(progress.line)

    def _build_line(self, line: str) -> None:
        shown = conceal(line, self.hidden)
        self.tell(Log(service=self.service.name, deploy=self.settings.deploy, stream="build", line=shown))

    def _compare(self, image: ImageFacts) -> None:
        """Prediction against reality: what the plan says of the image and what the engine says."""
        command = self.service.command
        if command is None or command.source != "dockerfile" or command.argv is None:
            return
        predicted, actual = list(reveal(command.argv, self.hidden)), list(image.argv)
        if predicted != actual:
            self.tell(
                Mismatch(
                    service=self.service.name,
                    deploy=self.settings.deploy,
                    what="command.argv",
                    predicted=conceal(repr(predicted), self.hidden),
                    actual=conceal(repr(actual), self.hidden),
                )
            )

    def _service_run(self, image: ImageFacts, url: str | None, route: Route | None) -> ServiceRun:
        service, settings = self.service, self.settings
        life, health = scaled(service.lifecycle, service.probes.health, settings.scale)
        startup = scaled_startup(service.probes.startup, settings.scale)
        rules = Rules(lifecycle=life, health=health, startup=startup, scale=settings.scale, faithful=settings.faithful)
        # Where containers have no address of their own, the port is the only way in.
        reachable = self.doors.docker.facts().local
        publish = {} if reachable or service.port is None else {service.port.number: 0}

        def make_spec(attempt: int) -> ContainerSpec:
            return container_spec(
                service,
                self.hidden,
                root=settings.root,
                platform=settings.platform,
                image=image,
                deploy=settings.deploy,
                attempt=attempt,
                memory=settings.limits != "none",
                cpu=settings.limits == "all",
                publish=publish,
            )

        doors = self.doors
        return ServiceRun(
            service,
            rules,
            make_spec,
            self.hidden,
            docker=doors.docker,
            clock=doors.clock,
            tell=self.tell,
            deploy=settings.deploy,
            url=url,
            route=route,
        )


def tell_failure(run: ServiceRun, outcome: Outcome, scene: Scene, deploy: int, tell: Tell) -> Diagnostic:
    """Tell why a service is not live (any more); the cause."""
    cause = problems.boot_cause(run.service, outcome, run.last_lines, scene)
    tell(
        DeployFailed(
            service=run.service.name,
            deploy=deploy,
            phase=_PHASES.get(outcome.code, "boot"),
            reason=cause.message,
            code=outcome.code,
            cause=cause,
        )
    )
    return cause


def remove_earlier_images(service: Service, docker: Docker, settings: Settings) -> None:
    """Keep of a service's images the one just built. By our own tags alone: what the user made of one, or named
    otherwise, carries its labels too and stays; so does one that a container still uses."""
    labels = of_service(settings.root, settings.platform, service.name, settings.deploy)
    del labels[DEPLOY]
    name = resource_name(settings.root, service.name)
    kept = f"{name}:{settings.deploy}"
    tags = [tag for image in docker.images(labels) for tag in image.tags if tag.rpartition(":")[0] == name]
    for tag in tags:
        if tag != kept:
            docker.remove_image(tag)


def _of_the_app(problem: HostError) -> Diagnostic:
    """What the engine refuses because of the user's own files is a verdict; this machine's troubles pass through."""
    if problem.exit_code != 1:
        raise problem
    return problem.diagnostic


def asks_for_a_frontend(problem: BuildError) -> bool:
    """Whether the build ended because the image that a `# syntax=` line names could not be had."""
    return problem.kind == "registry" and (problem.step or "").startswith("resolve image config for")


def choose_bases(service: Service, docker: Docker, asked: dict[str, str]) -> tuple[dict[str, str], Diagnostic | None]:
    """What replaces each base image: what the user asked for, and, for a base that we chose ourselves,
    the nearest one at hand when it cannot be had; else why there is none."""
    replaced = {base: to for base, to in asked.items() if base in service.build.base_images}
    for base in service.build.base_images if service.build.base_fallbacks else ():
        if base in replaced or docker.image(base) is not None:
            continue
        image, stands_for = _fallback(service, docker, base)
        if image is None:
            return {}, _no_base(service, base)
        if stands_for != base:
            replaced[base] = stands_for
    return replaced, None


def told_bases(service: Service, docker: Docker, replaced: dict[str, str]) -> tuple[Coverage, ...]:
    """Every base image that is not what the platform would use: replaced, or a stand-in."""
    coverage: list[Coverage] = []
    for base in service.build.base_images:
        used = replaced.get(base, base)
        image = docker.image(used) if base != "scratch" else None
        notes = [f"built on {used} instead"] if used != base else []
        if image is not None and STAND_IN in image.labels:
            notes.append(f"{used} is a stand-in made from a distribution's packages on this machine")
        if not notes:
            continue
        note = "; ".join(notes)
        coverage.append(Coverage(key=f"FROM {base}", origin=None, fidelity=Fidelity.APPROXIMATE, note=note))
    return tuple(coverage)


def _fallback(service: Service, docker: Docker, base: str) -> tuple[ImageFacts | None, str]:
    """The image itself when a registry has it, else the best of the fallbacks that is at hand."""
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
        "build/base-image-missing",
        f"the base image {base} cannot be had",
        fault=Fault.HOST,
        service=service.name,
        facts=("no registry gave it, and no other version is on this machine",),
        help="`emu doctor --fix` makes stand-ins where no registry answers",
    )
