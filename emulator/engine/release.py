"""What comes before the first instance of a deploy: its image (imaging), what is kept for it, its pre-deploy command.

A paragraph of named steps over doors handed in; every step tells its events. A failure is a `NotReady` with its
cause, never an exception; `HostError` passes through.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from emulator.model.diagnostic import Diagnostic, HostError
from emulator.model.event import DiagnosticFound, VerdictKind
from emulator.model.plan import BuildKind, Coverage, Service, ServiceType
from emulator.model.record import replace
from emulator.world.containers import ContainerSpec
from emulator.world.docker import ImageFacts
from emulator.world.front import PublishedSite

from . import problems
from .boot_steps import Rules
from .container_run import Part
from .containers import container_name, ingress_container, of_container
from .datastores import foreign_data, volume_labels
from .disks import disk_labels, folder_mounts
from .imaging import Imaging
from .instance_steps import Member
from .job import Canceled, Job, Making, NotReady, Settings, of_the_app
from .parts import Imaged, imaged, parts_of, scene_of
from .requests import container_spec, environment, pre_deploy_spec
from .rollout_steps import Unit
from .sandbox import needs_sandbox
from .sandbox_run import SandboxAhead, SandboxRun
from .scaling import scaled
from .servers import ours
from .shared_volumes import SharedVolume, shared_volumes
from .task_run import TaskRun
from .task_steps import pre_deploy_rules
from .traced import Scene

_NOT_YET = ImageFacts(
    id="", entrypoint=None, cmd=None, env={}, user="", workdir="", exposed=(), labels={}, architecture="",
    stop_signal=None, shell=None,
)  # fmt: skip
"""An image that is still made."""


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


def prepare(making: Making) -> Release | NotReady:
    """Get everything ready for the first instance. Raises HostError, and Canceled when it was canceled."""
    return _Preparation(making).perform()


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
    """What `prepare` does, step by step."""

    def __init__(self, making: Making) -> None:
        self.job, self.doors, self.settings, self.tell, self.cancel = making
        self.service, self.hidden = making.job.service, making.job.hidden
        self._imaging = Imaging(making)
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

        say = self._imaging.say
        run = SandboxRun(
            self.service, self.doors.docker, self.hidden, lambda found: say(DiagnosticFound(diagnostic=found))
        )
        run.begin(spec)
        return SandboxAhead(run)

    def _performed(self) -> Release | NotReady:
        if self.job.image is None and self.job.reach.gate is not None:
            missing = self.job.reach.gate(self.cancel)
            if missing is not None:
                return NotReady(VerdictKind.CANCELED, missing)
        try:
            image = self._imaging.image()
        except HostError as problem:
            image = of_the_app(problem)
        if isinstance(image, Diagnostic):
            return NotReady(VerdictKind.BUILD_FAILED, image)
        if self.service.build.kind is BuildKind.IMAGE:
            self._imaging.note_stand_in(self.service, image)
        beside = self._beside()
        if isinstance(beside, Diagnostic):
            return NotReady(VerdictKind.BUILD_FAILED, beside)
        self._imaging.compare(image)
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
            coverage=self._imaging.coverage,
            published=self._imaging.published,
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
                image = self._imaging.pulled(container.build)
            except HostError as problem:
                return of_the_app(problem)
            found.append(imaged(service, container, image, self.hidden))
            self._imaging.note_stand_in(found[-1].service, image)
        return tuple(found)


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
            return NotReady(VerdictKind.PRE_DEPLOY_FAILED, of_the_app(problem))
        if outcome.verdict is VerdictKind.CANCELED:
            raise Canceled
        if outcome.verdict.good:
            return None
        cause = problems.pre_deploy_cause(service, outcome, run.last_lines, release.scene)
        return NotReady(VerdictKind.PRE_DEPLOY_FAILED, cause)


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
