"""The doorway to an engine as a protocol, and what it says of itself and of what it keeps.

Whatever this machine or its engine cannot do is raised as `HostError`; whatever the user's own files cause (a failing
build step, a command that is not in the image) is a value.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import BinaryIO, Protocol

from emulator.model.diagnostic import HostError
from emulator.model.record import Record
from emulator.world.asking import HttpDoor
from emulator.world.building import BuilderFacts, BuildOutcome, BuildRequest, OnProgress
from emulator.world.containers import ContainerFacts, ContainerSpec, Executed, Listener, OnExit, OnLine, StartFailure

HELPER_LABEL = "emu.helper"
"""On a container of ours that looks into another."""


def is_lost(problem: HostError) -> bool:
    """Whether the engine does not answer (any more): nothing else can be done with it either."""
    return problem.diagnostic.code in ("host/engine-lost", "host/no-engine", "host/engine-silent")


class EngineFacts(Record, frozen=True, kw_only=True):
    """What answers behind the doorway.

    local: a container's address and its /proc are reachable from here. desktop: a Linux machine inside
    Docker Desktop or the like. cgroup: 1 or 2.
    """

    version: str
    api: str
    os: str
    arch: str
    name: str
    endpoint: str
    local: bool
    rootless: bool = False
    desktop: bool = False
    cgroup: int = 2
    id: str = ""
    """Its own: no other engine has it."""
    images_in_containerd: bool = False


class ImageFacts(Record, frozen=True, kw_only=True):
    """An image as the engine reports it. `entrypoint` and `cmd` are None where the image sets none."""

    id: str
    entrypoint: tuple[str, ...] | None
    cmd: tuple[str, ...] | None
    env: dict[str, str]
    user: str
    workdir: str
    exposed: tuple[str, ...]
    """As the image has them: "8080/tcp"."""
    labels: dict[str, str]
    architecture: str
    stop_signal: str | None
    shell: tuple[str, ...] | None
    size: int | None = None
    """Bytes of all its layers, those that others share included."""
    has_triggers: bool = False
    """Whether it has ONBUILD instructions for what is built on it."""

    @property
    def argv(self) -> tuple[str, ...]:
        """What a container of this image executes when nothing is overridden."""
        return (self.entrypoint or ()) + (self.cmd or ())


class ImageEntry(Record, frozen=True, kw_only=True):
    id: str
    tags: tuple[str, ...]
    labels: dict[str, str]
    size: int = 0
    """Bytes of all its layers, those that others share included."""


class NetworkEntry(Record, frozen=True, kw_only=True):
    id: str
    name: str
    labels: dict[str, str]


class VolumeEntry(Record, frozen=True, kw_only=True):
    name: str
    labels: dict[str, str]


class DiskSizes(Record, frozen=True, kw_only=True):
    """Bytes that the engine says, None where it did not in time. written_bytes: by containers, beside their images.
    volume_bytes: in volumes. cache_bytes: of the builder's cache, which all projects share."""

    written_bytes: int | None = None
    volume_bytes: int | None = None
    cache_bytes: int | None = None


class Follower(Protocol):
    """Work that goes on in a thread of its own and ends by itself."""

    error: HostError | None
    """Why it ended early, None when it did not."""

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; whether it has come."""
        ...

    def close(self) -> None:
        """End it now: no callback begins after this returns. Safe to call twice and from any thread."""
        ...


class Docker(Protocol):
    """An engine. Every method may raise `HostError` (exit code 3) and nothing else.

    `id` is what `create` returned; a name does as well.
    """

    def facts(self) -> EngineFacts: ...

    def ping(self) -> None:
        """Return when the engine answers, raise when it does not."""
        ...

    def watch_pulse(self, on_change: Callable[[bool, float], None]) -> None:
        """From now on it is looked whether it answers at all, and what it is asked is waited for, however long it
        hangs. on_change: told, in another thread, whether it is silent, and for how many seconds it has been or was.
        To be called before anything else is asked. Raises nothing."""
        ...

    @property
    def is_silent(self) -> bool:
        """Whether its pulse is watched, and it hangs."""
        ...

    def image(self, ref: str) -> ImageFacts | None:
        """What the engine has under `ref` (a reference or an id), None when it has nothing."""
        ...

    def pull(self, ref: str, platform: str) -> ImageFacts:
        """Fetch an image from its registry."""
        ...

    def build(self, request: BuildRequest, on_progress: OnProgress, cancel: threading.Event) -> BuildOutcome:
        """Build an image. `on_progress` is called from the calling thread, in order. Setting `cancel`
        ends the build and what it started; the outcome is then an error of kind "canceled"."""
        ...

    def builder(self) -> BuilderFacts | None:
        """What `build` builds with; None where too little is known of it."""
        ...

    def helper_image(self) -> str:
        """The image that our own helper containers run, made when it is not there, of one at hand or from a registry.
        Raises HostError where it cannot be."""
        ...

    def metadata_program(self) -> tuple[str, ...]:
        """What a container of that image runs as a metadata server, its table in a variable (engine/metadata)."""
        ...

    def create(self, spec: ContainerSpec) -> str:
        """Make a container, not yet running; its id. Settings of the user's that the engine refuses (no command at
        all, a working directory that cannot be) are a HostError with exit code 1."""
        ...

    def start(self, id: str) -> StartFailure | None:
        """Start it. None when its first process was executed."""
        ...

    def inspect(self, id: str) -> ContainerFacts | None:
        """What the engine says of it, None when it is gone."""
        ...

    def stop(self, id: str, signal: str, grace_s: float) -> None:
        """Send `signal`, wait up to `grace_s`, then kill. Returns when it has ended; a container that
        does not run, or is gone, is no error."""
        ...

    def kill(self, id: str, signal: str = "SIGKILL") -> None:
        """Send `signal` and return at once. No error when there is nothing to send it to."""
        ...

    def heeds(self, id: str, signal: str) -> bool | None:
        """Whether its first process does anything at `signal`: one that neither catches nor blocks it never hears of
        it. None when that cannot be seen."""
        ...

    def execute(self, id: str, argv: tuple[str, ...], *, capture: bool) -> "Executed":
        """Run a command beside the first process of a running container, as its user and with its variables, and wait
        for its end. It has this process's streams and terminal; capture: it reads nothing, and its output is kept. A
        KeyboardInterrupt is one for it as well. Raises HostError where there is no docker command line."""
        ...

    def remove(self, id: str) -> None:
        """Remove it, killing it first when it runs. No error when it is gone."""
        ...

    def follow_logs(self, id: str, on_line: OnLine) -> Follower:
        """Report every line from the container's first on, and end after its last. Lines come without their
        line end; a last line without one is reported too; text that is not UTF-8 is replaced; a line
        longer than 64 KiB comes in pieces. Called before `start`, it misses nothing."""
        ...

    def on_exit(self, id: str, on_exit: OnExit) -> Follower:
        """Report once when the container, already started, has ended (at once when it has), or why that
        cannot be known any more."""
        ...

    def on_oom(self, labels: Mapping[str, str], on_oom: Callable[[str], None]) -> Follower:
        """Report the id of every container with these labels in which a process is killed for lack of memory, whether
        it is the first one or another, until closed."""
        ...

    def listeners(self, id: str, pid: int | None = None) -> tuple[Listener, ...]:
        """Its listening TCP sockets, sorted, without the engine's own. () when it does not run. `pid` (from
        `inspect`) saves a question to the engine."""
        ...

    def http(self, id: str) -> "HttpDoor":
        """The way to speak HTTP with what listens in a container, at its `address`: straight where this machine can
        reach it, else from a helper container in its network."""
        ...

    def cpu_seconds(self, id: str, pid: int | None = None) -> float | None:
        """Processor time used so far by all its processes, None when it does not run."""
        ...

    def written_bytes(self, id: str) -> int | None:
        """How much is in the files that differ from its image's, None when it is gone. What was deleted is not."""
        ...

    def held_bytes(self, id: str, pid: int | None = None) -> int | None:
        """Memory its processes hold, without the engine's cache of files. None when it does not run."""
        ...

    def limit(self, id: str, *, memory_mib: int | None = None, cpus: float | None = None) -> bool:
        """Change limits of a container that runs, those given. False where it holds more memory than it then might:
        it keeps the limit it has, or is killed. No error when it does not run any more."""
        ...

    def containers(self, labels: Mapping[str, str]) -> tuple[ContainerFacts, ...]:
        """All containers, running or not, that carry these labels ("" as value: any value), by name. Helpers of
        ours that look into one carry its labels, and `HELPER_LABEL`."""
        ...

    def networks(self, labels: Mapping[str, str]) -> tuple[NetworkEntry, ...]: ...

    def ensure_network(self, name: str, labels: Mapping[str, str]) -> str:
        """The id of the network of that name, made when it is not there."""
        ...

    def build_address(self, id: str) -> str | None:
        """Where the steps of a build reach a container, which is connected to their network for it; None where they do
        not."""
        ...

    def remove_network(self, id: str) -> None:
        """No error when it is gone."""
        ...

    def volumes(self, labels: Mapping[str, str]) -> tuple[VolumeEntry, ...]: ...

    def disk_sizes(self, labels: Mapping[str, str], within_s: float) -> DiskSizes:
        """What is known of them within the time, of containers and volumes that have the labels ("" for any value).
        What it does not say is no problem."""
        ...

    def ensure_volume(self, name: str, labels: Mapping[str, str], *, memory_mib: int | None = None) -> None:
        """Make the volume of that name when it is not there. memory_mib: in memory, as large as this, and empty as soon
        as no container has it any more; None: on disk."""
        ...

    def remove_volume(self, name: str) -> None:
        """No error when it is gone or still used by a container."""
        ...

    def images(self, labels: Mapping[str, str]) -> tuple[ImageEntry, ...]: ...

    def copy_folder(self, image: str, path: str, into: BinaryIO, labels: Mapping[str, str]) -> bool:
        """Write a folder of an image as a tar archive whose names begin with "./"; False where the image has no such
        folder. What is made for it carries `labels` and is gone afterwards. Raises OSError where `into` does."""
        ...

    def folders_there(self, image: str, paths: Iterable[str], labels: Mapping[str, str]) -> tuple[str, ...]:
        """Those of `paths` that are folders of an image, or links to some."""
        ...

    def tag_image(self, image: str, tag: str) -> None:
        """Give an image a further name, "repository:tag"."""
        ...

    def remove_image(self, ref: str) -> None:
        """No error when it is gone or still used by a container."""
        ...

    def close(self) -> None:
        """End what was opened here: followers, helper containers, connections."""
        ...
