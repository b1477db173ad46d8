"""What comes before the first instance of a deploy: choose base images, build, compare with the plan.

A paragraph of named steps over doors handed in; every step tells its events. A failure is a `NotReady` with its
cause, never an exception; `HostError` passes through.
"""

import contextlib
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import NamedTuple, Protocol

from emulator.model.diagnostic import Diagnostic, HostError
from emulator.model.event import (
    BuildFailed,
    BuildFinished,
    BuildStarted,
    BuildStep,
    DiagnosticFound,
    Event,
    Log,
    Mismatch,
    Published,
    VerdictKind,
)
from emulator.model.plan import Build, BuildKind, Coverage, Service, ServiceType
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
    OnProgress,
    PublishedSite,
    StepDone,
    StepLog,
    Unreached,
)

from . import problems, site_problems, stand_ins
from .bases import choose_bases, needs_a_look, told_bases
from .boot_steps import Rules
from .build_reach import BuildReach, Gate
from .container_run import Part
from .containers import container_name, ingress_container, of_container
from .datastores import foreign_data, volume_labels
from .disks import disk_labels, folder_mounts
from .instance_steps import Member
from .labels import DEPLOY, of_service, resource_name
from .parts import Imaged, imaged, parts_of, scene_of
from .problems import Scene
from .requests import (
    NOTHING_AROUND,
    Surroundings,
    build_request,
    build_variables,
    conceal,
    container_spec,
    environment,
    pre_deploy_spec,
    reveal,
)
from .rollout_steps import Unit
from .sandbox import needs_sandbox
from .sandbox_run import SandboxAhead, SandboxRun
from .scaling import scaled
from .servers import ours, server_of
from .shared_volumes import SharedVolume, shared_volumes
from .stand_ins import ToMake
from .task_run import TaskRun
from .task_steps import pre_deploy_rules
from .tying import tied

Tell = Callable[[Event], None]


class PreparedContext(Protocol):
    """A build context ready to be sent: absolute paths, and what had to be done otherwise than usual."""

    @property
    def directory(self) -> str: ...

    @property
    def dockerfile(self) -> str: ...

    @property
    def notes(self) -> tuple[str, ...]: ...


Publish = Callable[[str, str, Mapping[str, str]], PublishedSite | None]
"""An image's id, the folder in it, and the labels of what is made to read it → its files; None where it has none."""

PrepareContext = Callable[[Snapshot, Service], AbstractContextManager[PreparedContext]]


class Packer(Protocol):
    """Builds with Cloud Native Buildpacks."""

    def can(self, builder: str) -> bool:
        """Whether that can be done here with this builder's image."""
        ...

    def build(
        self, request: BuildRequest, builder: str, on_progress: OnProgress, cancel: threading.Event
    ) -> BuildOutcome:
        """The image of what the request's Dockerfile, which copies all that is sent, lays out. Raises HostError."""
        ...


_ALL_THAT_IS_SENT = "FROM scratch\nCOPY . /\n"


def _nothing_published(image: str, path: str, labels: Mapping[str, str]) -> None:
    del image, path, labels


class Doors(NamedTuple):
    """What a deploy may touch."""

    docker: Docker
    clock: Clock
    prepare_context: PrepareContext
    ready: Callable[[], None]
    """Returns when the engine has answered and an earlier run's leftovers are gone. Raises HostError."""
    hurry: Callable[[], bool]
    """Whether the user asked a second time to end."""
    unreached: Callable[[str | None, int], Unreached | None] = lambda _host, _port: None
    """Why a server that is there already cannot be reached: at a host, or on this machine where that is None."""
    publish: Publish = _nothing_published
    output_of: Callable[[tuple[str, ...]], str] = lambda _argv: ""
    """What a command of this machine prints. Raises HostError."""
    packer: Packer | None = None


class Settings(NamedTuple):
    """What the user asked of this run."""

    root: str
    platform: str
    base_images: dict[str, str]
    limits: str
    faithful: bool
    scale: float
    sleep_after_s: float | None = None
    """When services that sleep on the platform do so here; None: never."""
    datastores: Mapping[str, str] = {}
    """Datastores that are there already: their URLs, which may hold passwords, by name."""
    folders: Mapping[str, str] = {}
    """Folders of this machine for volumes that are folders, as whole paths, by the volumes' names."""


_NOT_YET = ImageFacts(
    id="", entrypoint=None, cmd=None, env={}, user="", workdir="", exposed=(), labels={}, architecture="",
    stop_signal=None, shell=None,
)  # fmt: skip
"""An image that is still made."""


class Job(NamedTuple):
    """A deploy to be made of a service. image: the one to use again, where nothing is to be built. kept: the deploys
    whose images stay. findings: what the check said of its plan. around: what its containers find around them. gate:
    what it passes once its image is there, before anything of it runs."""

    deploy: int
    service: Service
    hidden: dict[str, str]
    repo: Snapshot
    image: str | None = None
    kept: frozenset[int] = frozenset()
    findings: tuple[Diagnostic, ...] = ()
    around: Surroundings = NOTHING_AROUND
    first: bool = False
    """Whether nothing of the service was ever live here."""
    gate: Gate | None = None
    reach: BuildReach = BuildReach()
    """What its build finds of the private network."""


class NotReady(NamedTuple):
    """Why there is nothing to start."""

    verdict: VerdictKind
    cause: Diagnostic


class Canceled(Exception):
    """The preparing was called off."""


class Release(NamedTuple):
    """What the instances of a deploy run, and how they are judged. scene: where to look up why they end, `scenes` for
    the containers beside the first, by name. make_spec: the container of the service's own command. parts: all
    containers of an instance. coverage: waits for, and gives, what of the build is not as on the platform."""

    job: Job
    image: ImageFacts
    scene: Scene
    scenes: Mapping[str, Scene]
    make_spec: Callable[[Unit, int], ContainerSpec]
    parts: Callable[[Unit], tuple[Part, ...]]
    shared: Callable[[Unit], tuple[SharedVolume, ...]]
    """What the containers of an instance share in memory."""
    coverage: Callable[[], tuple[Coverage, ...]]
    published: PublishedSite | None = None
    """The files, where the service is a site of files: no container runs then."""
    sandbox: SandboxAhead | None = None
    """What holds the network of its first instance, where one has such a thing."""


def prepare(job: Job, doors: Doors, settings: Settings, tell: Tell, cancel: threading.Event) -> Release | NotReady:
    """Get everything ready for the first instance. Raises HostError, and Canceled when `cancel` was set."""
    return _Preparation(job, doors, settings, tell, cancel).perform()


def rules_of(service: Service, settings: Settings) -> Rules:
    """What decides over an instance of the service in this run."""
    probes = service.probes
    rules = Rules(
        lifecycle=service.lifecycle,
        health=probes.health,
        startup=probes.startup,
        liveness=probes.liveness,
        readiness=probes.readiness,
        port=service.port.number if service.port else None,
        faithful=settings.faithful,
    )
    return scaled(rules, settings.scale)


class _Preparation:
    """One deploy of one service, with what all its steps share."""

    def __init__(self, job: Job, doors: Doors, settings: Settings, tell: Tell, cancel: threading.Event) -> None:
        self.job = job
        self.service = job.service
        self.hidden = job.hidden
        self.doors = doors
        self.settings = settings
        self.tell = tell
        self.cancel = cancel
        self._coverage: tuple[Coverage, ...] = ()
        self._frontend: Coverage | None = None
        self._stand_in: tuple[Coverage, ...] = ()
        self._aside: threading.Thread | None = None
        self._published: PublishedSite | None = None
        self._sandbox: SandboxAhead | None = None

    def perform(self) -> Release | NotReady:
        self._sandbox = self._begun()
        ready: Release | NotReady | None = None
        try:
            ready = self._performed()
            return ready
        finally:
            if self._sandbox is not None and not isinstance(ready, Release):
                self._sandbox.drop()

    def _begun(self) -> SandboxAhead | None:
        """The sandbox of the first instance, which starts beside the making of the image."""
        if not needs_sandbox(self.service):
            return None

        def spec() -> ContainerSpec:
            self.doors.ready()
            unit = Unit(id=0, deploy=self.job.deploy, slot=1)
            return self._spec(self.service, self.hidden, _NOT_YET, unit, 1)

        run = SandboxRun(
            self.service, self.doors.docker, self.hidden, lambda found: self._say(DiagnosticFound(diagnostic=found))
        )
        run.begin(spec)
        return SandboxAhead(run)

    def _performed(self) -> Release | NotReady:
        if self.job.image is None and self.job.reach.gate is not None:
            missing = self.job.reach.gate(self.cancel)
            if missing is not None:
                return NotReady(VerdictKind.CANCELED, missing)
        try:
            image = self._image()
        except HostError as problem:
            image = _of_the_app(problem)
        if isinstance(image, Diagnostic):
            return NotReady(VerdictKind.BUILD_FAILED, image)
        if self.service.build.kind is BuildKind.IMAGE:
            self._note_stand_in(self.service, image)
        beside = self._beside()
        if isinstance(beside, Diagnostic):
            return NotReady(VerdictKind.BUILD_FAILED, beside)
        self._compare(image)
        not_begun = self.job.gate(self.cancel) if self.job.gate is not None else None
        if not_begun is not None:
            return NotReady(VerdictKind.CANCELED, not_begun)
        refused = problems.secret_absent(self.service, self.job.around.files)
        if refused is not None:
            return NotReady(VerdictKind.REFUSED, refused)
        unusable = self._volumes()
        if unusable is not None:
            return NotReady(VerdictKind.BOOT_FAILED, unusable)
        variables = frozenset(environment(self.service, self.hidden, build=False)) | image.env.keys()
        release = Release(
            job=self.job,
            image=image,
            scene=Scene(self.job.repo, variables, self.job.findings),
            scenes={one.container.name: scene_of(one, self.job.repo) for one in beside},
            make_spec=lambda unit, attempt: self._spec(self.service, self.hidden, image, unit, attempt),
            parts=lambda unit: self._parts(image, beside, unit),
            shared=self._shared,
            coverage=self._told_coverage,
            published=self._published,
            sandbox=self._sandbox,
        )
        return self._pre_deployed(release) or release

    def _beside(self) -> tuple[Imaged, ...] | Diagnostic:
        """The containers beside the one that takes the requests, whose images are pulled; why one cannot be had."""
        service = self.service
        own = ingress_container(service)
        found: list[Imaged] = []
        for container in service.containers if service.type is ServiceType.WEB else ():
            if container is own or container.build.image is None:
                continue
            try:
                image = self._pulled(container.build)
            except HostError as problem:
                return _of_the_app(problem)
            found.append(imaged(service, container, image, self.hidden))
            self._note_stand_in(found[-1].service, image)
        return tuple(found)

    def _note_stand_in(self, service: Service, image: ImageFacts) -> None:
        note = stand_ins.told(service.build.image or "", image)
        self._stand_in += (note,) if note is not None else ()

    def _parts(self, image: ImageFacts, beside: tuple[Imaged, ...], unit: Unit) -> tuple[Part, ...]:
        service, hidden, own = self.service, self.hidden, ingress_container(self.service)

        def specify(one: Imaged, unit: Unit, attempt: int) -> ContainerSpec:
            folders = folder_mounts(one.service, self.settings.root, self.settings.folders)
            spec = self._spec(one.service, one.hidden, one.image, unit, attempt)
            return replace(spec, volumes=folders)

        if own is not None and beside:
            found = (imaged(service, own, image, hidden), *beside)
            rules = partial(rules_of, settings=self.settings)
            return parts_of(found, hidden, unit, specify, rules_of=rules, shared=self._shared(unit))
        member = Member(name=container_name(service), rules=rules_of(service, self.settings))
        return (Part(member, service, lambda attempt: self._spec(service, hidden, image, unit, attempt), hidden),)

    def _shared(self, unit: Unit) -> tuple[SharedVolume, ...]:
        return shared_volumes(self.service, self.settings.root, self.settings.platform, unit)

    def _volumes(self) -> Diagnostic | None:
        """Make what is to be kept, where it is not there yet; why what is there cannot be used."""
        root, platform = self.settings.root, self.settings.platform
        if self.service.datastore is None:
            views = [of_container(self.service, one) for one in self.service.containers[1:]]
            beside = [mount for one in views for mount in folder_mounts(one, root, self.settings.folders)]
            for mount in (*self.job.around.volumes, *beside):
                if not mount.is_folder:
                    self.doors.docker.ensure_volume(mount.volume, disk_labels(self.service, root, platform))
            return None
        labels = volume_labels(self.service, root, platform, self.hidden)
        for mount in self.job.around.volumes:
            if not ours(mount.volume, labels, self.doors.docker):
                return foreign_data(self.service)
        return None

    def _pre_deployed(self, release: Release) -> NotReady | None:
        """Run the pre-deploy command, if there is one, in a container of its own; why it failed. An image that is used
        again had its turn."""
        service = self.service
        if service.pre_deploy_argv is None or self.job.image is not None:
            return None
        spec = pre_deploy_spec(release.make_spec(Unit(id=0, deploy=self.job.deploy, slot=1), 1), service, self.hidden)
        run = TaskRun(
            service,
            pre_deploy_rules(service, scale=self.settings.scale, faithful=self.settings.faithful),
            lambda _index, _attempt: spec,
            self.hidden,
            docker=self.doors.docker,
            clock=self.doors.clock,
            tell=self.tell,
            deploy=self.job.deploy,
            cancel=self.cancel,
            hurry=self.doors.hurry,
            role="pre_deploy",
        )
        try:
            outcome = run.until_decided()
        except HostError as problem:
            return NotReady(VerdictKind.PRE_DEPLOY_FAILED, _of_the_app(problem))
        if outcome.verdict is VerdictKind.CANCELED:
            raise Canceled
        if outcome.verdict.good:
            return None
        cause = problems.pre_deploy_cause(service, outcome, run.last_lines, release.scene)
        return NotReady(VerdictKind.PRE_DEPLOY_FAILED, cause)

    def _image(self) -> ImageFacts | Diagnostic:
        """The image to run: used again, pulled, or built."""
        docker = self.doors.docker
        if self.job.image is not None:
            self.doors.ready()
            again = docker.image(self.job.image)
            if again is None:
                return problems.image_gone(self.service, self.job.image)
            return self._publish(again) or again
        if needs_a_look(self.service.build) or self.service.build.kind is BuildKind.IMAGE:
            self.doors.ready()
        builder, packer = self.service.build.builder, self.doors.packer
        if builder is not None and packer is not None and packer.can(builder):
            return self._packed(builder, packer)
        bases = choose_bases(self.service, docker, self.settings.base_images)
        missing = bases.missing or self._made(bases.to_make)
        if missing is not None:
            return missing
        built = self._pulled_or_built(bases.replaced)
        there = not isinstance(built, Diagnostic)
        self._aside = threading.Thread(target=self._tidy, args=(bases.replaced,), kwargs={"built": there}, daemon=True)
        self._aside.start()
        return built

    def _packed(self, builder: str, packer: Packer) -> ImageFacts | Diagnostic:
        """Built by the platform's own buildpacks."""
        service, settings = self.service, self.settings
        self._say(BuildStarted(dockerfile=None, context=service.build.context))
        self._build_line(f"pack builds it with {builder}")
        layout = replace(service.build, generated_dockerfile=_ALL_THAT_IS_SENT)
        with self.doors.prepare_context(self.job.repo, replace(service, build=layout)) as context:
            request = BuildRequest(
                context=context.directory, dockerfile=context.dockerfile, args=build_variables(service, self.hidden),
                platform=service.build.platform, tag=f"{resource_name(settings.root, service.name)}:{self.job.deploy}",
                labels=of_service(settings.root, settings.platform, service.name, self.job.deploy),
            )  # fmt: skip
            return self._built(packer.build(request, builder, self._progress, self.cancel))

    def _tidy(self, bases: dict[str, str], *, built: bool) -> None:
        """Beside the boot, which need not wait for it: what stood in for what, and the images that are kept no more.
        An engine that is lost here is lost to the boot as well, which tells it."""
        with contextlib.suppress(HostError):
            self._coverage = told_bases(self.service, self.doors.docker, bases)
            if self._frontend is not None:
                self._coverage += (self._frontend,)
            if built and self.service.build.kind is not BuildKind.IMAGE:
                remove_earlier_images(self.job, self.doors.docker, self.settings)

    def _told_coverage(self) -> tuple[Coverage, ...]:
        if self._aside is not None:
            self._aside.join()
        return self._coverage + self._stand_in

    def _pulled_or_built(self, bases: dict[str, str]) -> ImageFacts | Diagnostic:
        build = self.service.build
        if build.kind is BuildKind.IMAGE:
            return self._server(build) or self._pulled(build)
        self._say(BuildStarted(dockerfile=build.dockerfile, context=build.context))
        return self._built(self._build(bases))

    def _pulled(self, build: Build) -> ImageFacts:
        """A ready-made image: at hand, or from its registry. Raises HostError."""
        ref, docker = self._wanted(build), self.doors.docker
        return docker.image(ref) or docker.pull(ref, build.platform)

    def _wanted(self, build: Build) -> str:
        assert build.image is not None
        return self.settings.base_images.get(build.image, build.image)

    def _built(self, outcome: BuildOutcome) -> ImageFacts | Diagnostic:
        if outcome.error is not None:
            return self._build_failed(outcome.error)
        assert outcome.image_id is not None
        image = self.doors.docker.image(outcome.image_id)
        assert image is not None
        unpublished = self._publish(image)
        if unpublished is not None:
            return unpublished
        self._say(BuildFinished(image=outcome.image_id, seconds=round(outcome.seconds, 3)))
        return image

    def _publish(self, image: ImageFacts) -> Diagnostic | None:
        """For a site of files: take them out of the image; why there are none."""
        static, settings = self.service.static, self.settings
        if static is None or static.folder is None:
            return None
        began = self.doors.clock.now()
        labels = of_service(settings.root, settings.platform, self.service.name, self.job.deploy)
        self._published = site = self.doors.publish(image.id, static.folder, labels)
        if site is None:
            guesses = site_problems.guesses(self.service)
            there = self.doors.docker.folders_there(image.id, guesses, labels)
            cause = site_problems.nothing_published(self.service, there)
            self._say(BuildFailed(step=None, origin=cause.origin, message=cause.message, code="no-publish-folder"))
            return cause
        seconds = round(self.doors.clock.now() - began, 3)
        path = self.service.build.publish or "."
        self._say(Published(path=path, files=site.files, size_bytes=site.size, seconds=seconds))
        return None

    def _server(self, build: Build) -> ImageFacts | Diagnostic | None:
        """For a datastore: its server, or what stands in for it, made here the first time."""
        if self.service.datastore is None:
            return None
        found = server_of(self.service, self.service.datastore, self._wanted(build), self.doors.docker)
        if not isinstance(found, ToMake):
            return found
        self._say(BuildStarted())
        return self._built(self._build_stand_in(found))

    def _made(self, wanted: tuple[ToMake, ...]) -> Diagnostic | None:
        """Make the base images that no registry gives, once for this machine; why that fails."""
        for one in wanted:
            name = f"{one.what} from packages, once: no registry gives {one.instead_of}"
            self._build_line(f"makes {name}")
            outcome = self._build_stand_in(one)
            if outcome.error is not None:
                return self._unmade(one, outcome.error)
            self._say(BuildStep(name=name, seconds=round(outcome.seconds, 3), cached=False))
        return None

    def _unmade(self, wanted: ToMake, problem: BuildError) -> Diagnostic:
        if problem.kind == "canceled":
            raise Canceled
        return stand_ins.unmade(self.service, wanted, problem)

    def _build_stand_in(self, wanted: ToMake) -> BuildOutcome:
        build = replace(self.service.build, generated_dockerfile=wanted.dockerfile, context=".")
        with self.doors.prepare_context(self.job.repo, replace(self.service, build=build)) as context:
            request = BuildRequest(
                context=context.directory,
                dockerfile=context.dockerfile,
                platform=build.platform,
                tag=wanted.tag,
            )
            return self._run_build(request)

    def _build(self, bases: dict[str, str]) -> BuildOutcome:
        with self.doors.prepare_context(self.job.repo, self.service) as context:
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
                deploy=self.job.deploy,
                files=self.job.around.files,
                hosts={**self.job.around.hosts, **self.job.reach.hosts()},
                data=self.job.reach.data,
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
            return self.doors.docker.build(request, self._progress, self.cancel)
        except HostError:
            self.doors.ready()  # says better what is wrong with the engine, if that is it
            raise

    def _build_failed(self, problem: BuildError) -> Diagnostic:
        if problem.kind == "canceled":
            raise Canceled
        problem = problems.plainly(self.service, problem)
        problem = replace(
            problem,
            message=conceal(problem.message, self.hidden),
            step=conceal(problem.step, self.hidden) if problem.step is not None else None,
            log_tail=tuple(conceal(line, self.hidden) for line in problem.log_tail),
        )
        cause = tied(problems.build_cause(self.service, problem, self.doors.docker.facts().arch), self.job.findings)
        self._say(
            BuildFailed(step=problem.step, origin=cause.origin, message=problem.message, log_tail=problem.log_tail)
        )
        return cause

    def _progress(self, progress: BuildProgress) -> None:
        match progress:
            case StepDone():
                name = conceal(problems.step_name(self.service, progress.name), self.hidden)
                self._say(BuildStep(name=name, seconds=progress.seconds, cached=progress.cached))
            case StepLog():
                self._build_line(progress.line)

    def _build_line(self, line: str) -> None:
        self._say(Log(stream="build", line=conceal(line, self.hidden)))

    def _compare(self, image: ImageFacts) -> None:
        """Prediction against reality: what the plan says of the image and what the engine says."""
        command = self.service.command
        if self.job.image is not None or command is None or command.source != "dockerfile" or command.argv is None:
            return
        predicted, actual = list(reveal(command.argv, self.hidden)), list(image.argv)
        if predicted != actual:
            self._say(
                Mismatch(
                    what="command.argv",
                    predicted=conceal(repr(predicted), self.hidden),
                    actual=conceal(repr(actual), self.hidden),
                )
            )

    def _say(self, event: Event) -> None:
        self.tell(replace(event, service=self.service.name, deploy=self.job.deploy))

    def _spec(
        self, service: Service, hidden: Mapping[str, str], image: ImageFacts, unit: Unit, attempt: int
    ) -> ContainerSpec:
        settings = self.settings
        # Where containers have no address of their own, the port is the only way in.
        reachable = self.doors.docker.facts().local
        return container_spec(
            service,
            hidden,
            root=settings.root,
            platform=settings.platform,
            image=image,
            unit=unit,
            attempt=attempt,
            memory=settings.limits != "none",
            cpu=settings.limits == "all",
            publish={} if reachable or service.port is None else {service.port.number: 0},
            around=self.job.around,
        )


def remove_earlier_images(job: Job, docker: Docker, settings: Settings) -> None:
    """Keep of a service's images the one just built, and those of the kept deploys. By our own tags alone: what the
    user made of one, or named otherwise, carries its labels too and stays; so does one that a container still uses."""
    labels = of_service(settings.root, settings.platform, job.service.name, job.deploy)
    del labels[DEPLOY]
    name = resource_name(settings.root, job.service.name)
    kept = {f"{name}:{deploy}" for deploy in (job.deploy, *job.kept)}
    tags = [tag for image in docker.images(labels) for tag in image.tags if tag.rpartition(":")[0] == name]
    for tag in tags:
        if tag not in kept:
            docker.remove_image(tag)


def _of_the_app(problem: HostError) -> Diagnostic:
    """What the engine refuses because of the user's own files is a verdict; this machine's troubles pass through."""
    if problem.exit_code != 1:
        raise problem
    return problem.diagnostic


def asks_for_a_frontend(problem: BuildError) -> bool:
    """Whether the build ended because the image that a `# syntax=` line names could not be had."""
    return problem.kind == "registry" and (problem.step or "").startswith("resolve image config for")
