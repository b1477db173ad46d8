"""A deploy to be made of a service: of what, what it may touch, what the user asked of the run, and how it may end
before anything of it starts."""

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from emulator.model.diagnostic import Diagnostic, HostError
from emulator.model.event import Event, VerdictKind
from emulator.model.plan import Service
from emulator.snapshot import Snapshot
from emulator.world.asking import Unreached
from emulator.world.building import BuildOutcome, BuildRequest, OnProgress
from emulator.world.clock import Clock
from emulator.world.docker import Docker
from emulator.world.front import PublishedSite

from .build_reach import BuildReach, Gate
from .requests import NOTHING_AROUND, Surroundings
from .reuse import Images, Reuse, Sent

Tell = Callable[[Event], None]
DigestOf = Callable[[str, tuple[int, int, int, int, int]], str | None]


class PreparedContext(Protocol):
    """A build context ready to be sent: absolute paths, and what had to be done otherwise than usual."""

    @property
    def directory(self) -> str: ...

    @property
    def dockerfile(self) -> str: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    def sent(self, left_out: Callable[[str], bool], digest_of: DigestOf) -> Sent | None:
        """What is sent, as it is now; None where that cannot be said at little cost. left_out: whether the ignore file
        keeps a path of the context from the builder. digest_of: see `Images`."""
        ...


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


def _nothing_left_out(repo: Snapshot, service: Service) -> Callable[[str], bool]:
    del repo, service
    return lambda _path: False


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
    left_out: Callable[[Snapshot, Service], Callable[[str], bool]] = _nothing_left_out
    """Whether the ignore file keeps a path of the context from the builder of a service."""
    step_times: Callable[[str], Mapping[str, float]] = lambda _service: {}
    """The seconds that the steps of a service's last good build took, by what they do."""
    keep_step_times: Callable[[str, Mapping[str, float]], None] = lambda _service, _seconds: None
    """Remember them."""
    images: Images | None = None
    """What was built before, where it may be used again."""


class Settings(NamedTuple):
    """What the user asked of this run."""

    root: str
    platform: str
    base_images: dict[str, str]
    """What stands in an image's place, by what the build names; a deploy's own come after."""
    limits: str
    faithful: bool
    scale: float
    sleep_after_s: float | None = None
    """When services that sleep on the platform do so here; None: never."""
    datastores: Mapping[str, str] = {}
    """Datastores that are there already: their URLs, which may hold passwords, by name."""
    folders: Mapping[str, str] = {}
    """Folders of this machine for volumes that are folders, as whole paths, by the volumes' names."""


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
    base_images: Mapping[str, str] = {}
    """What stands in an image's place, by the project's own file as it is for this deploy."""
    around: Surroundings = NOTHING_AROUND
    first: bool = False
    """Whether nothing of the service was ever live here."""
    gate: Gate | None = None
    reach: BuildReach = BuildReach()
    """What its build finds of the private network."""
    reuse: Reuse = Reuse.SURE
    """Which image it may use again, where nothing of what that is made of has changed."""


class Making(NamedTuple):
    """One deploy of one service on its way to its first instance, and what every step of that works with. tell: hears
    the events; cancel: set when it is not wanted any more."""

    job: Job
    doors: Doors
    settings: Settings
    tell: Tell
    cancel: threading.Event


class NotReady(NamedTuple):
    """Why there is nothing to start."""

    verdict: VerdictKind
    cause: Diagnostic


class Canceled(Exception):
    """The preparing was called off."""


def of_the_app(problem: HostError) -> Diagnostic:
    """What the engine refuses because of the user's own files is a verdict; this machine's troubles pass through."""
    if problem.exit_code != 1:
        raise problem
    return problem.diagnostic
