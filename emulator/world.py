"""The doorways to the world as protocols, and the values that pass through them.

`cli` hands the real ones (emulator/edge/) to whoever needs them; tests hand in fakes. Nothing here
imports a library of the edge. Whatever this machine or its engine cannot do is raised as `HostError`;
whatever the user's own files cause (a failing build step, a command that is not in the image) is a value.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import BinaryIO, Literal, Protocol

from .asking import HttpDoor
from .model.diagnostic import HostError
from .model.record import Record

HELPER_LABEL = "emu.helper"
"""On a container of ours that looks into another."""


def is_lost(problem: HostError) -> bool:
    """Whether the engine does not answer (any more): nothing else can be done with it either."""
    return problem.diagnostic.code in ("host/engine-lost", "host/no-engine", "host/engine-silent")


class Hidden(dict[str, str]):
    """Text by name where the text may be secret: prints as its names alone."""

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name}: …" for name in self) + "}"


class HiddenFiles(dict[str, bytes]):
    """Contents by name, where they may be secret: prints as its names alone."""

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name}: …" for name in self) + "}"


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


class BuilderFacts(Record, frozen=True, kw_only=True):
    """What builds, apart from what it is given. identity: differs where another may make another image of the same.
    asks_registries: whether it asks a registry for a base image that is here as well. architecture: what it runs on, as
    images name it."""

    identity: str
    asks_registries: bool
    architecture: str


SyntaxLine = Literal["honour", "ignore"]


class BuildRequest(Record, frozen=True, kw_only=True):
    """One image to build. Values of `args` and `secrets` may be secret and never reach a command line.

    context, dockerfile: absolute paths. base_images: FROM reference to the image that replaces it;
    a key must not equal a stage's name. syntax_line: "ignore" builds with the engine's own Dockerfile
    frontend even where the file's `# syntax=` names one, which has to come from a registry. masked: the
    arguments whose values are secret: the builder prints them in the names of steps, what is reported has
    `‹NAME›` instead. The values of `secrets` are masked always, and so are the lines of `secret_files`, which are
    mounted like them and may hold anything.
    """

    context: str
    dockerfile: str
    target: str | None = None
    args: Mapping[str, str] = Hidden()
    secrets: Mapping[str, str] = Hidden()
    secret_files: HiddenFiles = HiddenFiles()
    base_images: dict[str, str] = {}
    platform: str = "linux/amd64"
    tag: str | None = None
    labels: dict[str, str] = {}
    no_cache: bool = False
    pull: bool = False
    syntax_line: SyntaxLine = "honour"
    masked: frozenset[str] = frozenset()
    hosts: dict[str, str] = {}
    """Names that the build's steps know, and their addresses."""

    def __post_init__(self) -> None:
        for name in ("args", "secrets"):
            value = getattr(self, name)
            if not isinstance(value, Hidden):
                _set(self, name, Hidden(value))


class StepGoing(Record, frozen=True, kw_only=True):
    """A step of the build goes on from now, or rests: it has ended, unless it is taken up again."""

    name: str
    going: bool


class StepDone(Record, frozen=True, kw_only=True):
    """A step of the build that ended well. `seconds` is None for a cached one."""

    name: str
    seconds: float | None
    cached: bool


class StepLog(Record, frozen=True, kw_only=True):
    """A line that a step of the build printed."""

    line: str
    step: str


BuildProgress = StepGoing | StepDone | StepLog


BuildErrorKind = Literal[
    "step", "missing-file", "missing-image", "registry", "dockerfile", "format", "canceled", "other"
]


class BuildError(Record, frozen=True, kw_only=True):
    """Why there is no image.

    kind: "step" a RUN failed; "missing-file" a COPY or ADD found nothing; "missing-image" the registry has
    no such base image, or keeps it from us; "registry" the registry cannot be reached from here;
    "dockerfile" the file is invalid; "format" a RUN met a program for another processor; "canceled";
    "other". line, end_line: where in the Dockerfile, from 1. exit_code: the RUN's. subject: the missing
    path or image.
    """

    kind: BuildErrorKind
    message: str
    step: str | None = None
    log_tail: tuple[str, ...] = ()
    line: int | None = None
    end_line: int | None = None
    exit_code: int | None = None
    subject: str | None = None


class BuildOutcome(Record, frozen=True, kw_only=True):
    """How a build ended: an image or an error, never both."""

    image_id: str | None
    seconds: float
    error: BuildError | None = None
    warnings: tuple[str, ...] = ()


class VolumeMount(Record, frozen=True, kw_only=True):
    """A volume of the engine's and where a container has it.

    own: nothing of the image comes into it, whatever that has at `path`. group: the group that may write to it, beside
    root, who owns it; None: whoever the image says. volume: its name; a whole path is a folder of the engine's machine.
    """

    volume: str
    path: str
    own: bool = False
    group: int | None = None
    read_only: bool = False

    @property
    def is_folder(self) -> bool:
        return self.volume.startswith("/")


class FileInside(Record, frozen=True, kw_only=True):
    """A file that a container has besides its image's: root's, readable by `group` as well, and by nobody changed."""

    path: str
    content: bytes
    group: int = 0
    mode: int = 0o440

    def __repr__(self) -> str:
        return f"FileInside({self.path}, {len(self.content)} bytes)"


class OwnVolume(Record, frozen=True, kw_only=True):
    """A volume made with a container and gone with it, in place of what the image has at `path`.

    memory_mib: it is in the container's memory, and holds no more; None: on disk. files: what is in it, by whole paths;
    then nothing in it can be changed.
    """

    path: str
    memory_mib: int | None = None
    files: tuple[FileInside, ...] = ()


class ContainerSpec(Record, frozen=True, kw_only=True):
    """One container, exactly. What is not named here it does not get: nothing of the host's environment,
    DNS search or files.

    argv: None runs the image's own command; otherwise it replaces both ENTRYPOINT and CMD, word for word.
    env: on top of the image's. memory_mib: also the limit with swap, so there is none. publish: container
    port to port on 127.0.0.1, 0 for any free one. user, workdir, stop_signal: None keeps the image's.
    """

    image: str
    name: str
    argv: tuple[str, ...] | None = None
    env: Mapping[str, str] = Hidden()
    memory_mib: int | None = None
    cpus: float | None = None
    stop_signal: str | None = None
    labels: dict[str, str] = {}
    network: str | None = None
    network_of: str | None = None
    """The container whose network it shares, with names, ports and addresses; it then has none of its own."""
    aliases: tuple[str, ...] = ()
    """Further names under which others in `network` find it."""
    publish: dict[int, int] = {}
    volumes: tuple[VolumeMount, ...] = ()
    own_volumes: tuple[OwnVolume, ...] = ()
    files: tuple[FileInside, ...] = ()
    files_count_as_memory: bool = False
    """Whether what it writes is to be taken off its memory while it runs."""
    open_files: int | None = None
    """How many each process may have open; None: as many as the engine allows."""
    no_new_rights: bool = False
    """Whether setuid has no effect."""
    unknown_user_is_root: bool = False
    """Whether it runs as root where the image's user is not in its /etc/passwd."""
    hosts: dict[str, str] = {}
    """Names and what they stand for: an address, or "host-gateway" for this machine."""
    user: str | None = None
    workdir: str | None = None
    platform: str | None = "linux/amd64"
    hostname: str | None = None
    capabilities: tuple[str, ...] | None = None
    """Exactly these, by the kernel's names without CAP_; None: the engine's own choice."""
    read_only: bool = False
    """Whether nothing can be written to its image's files."""

    def __post_init__(self) -> None:
        if not isinstance(self.env, Hidden):
            _set(self, "env", Hidden(self.env))


class ContainerFacts(Record, frozen=True, kw_only=True):
    """A container as the engine reports it. Times are seconds since the epoch, None before they happened.

    oom_killed with exit code 0 means that a child was killed, not the first process. address: on its
    network, None while it does not run. ports: container port to port on this machine.
    """

    id: str
    name: str
    state: str
    """created, running, paused, restarting, removing, exited or dead."""
    running: bool
    pid: int | None
    exit_code: int | None
    oom_killed: bool
    error: str
    started_at: float | None
    finished_at: float | None
    argv: tuple[str, ...]
    address: str | None
    ports: dict[int, int]
    image_id: str
    labels: dict[str, str]


class Executed(Record, frozen=True, kw_only=True):
    """How a command in a container ended, and what it wrote where that was kept."""

    exit_code: int
    stdout: str
    stderr: str


class StartFailure(Record, frozen=True, kw_only=True):
    """The first process could not be executed: the user's doing, not the machine's.

    kind: "not-found" no such program in the image; "not-executable" it is there but may not be run;
    "user" no such user; "workdir" the working directory cannot be entered; "format" made for another
    processor, or a script without its first line; "memory" the limit is below what any process needs.
    exit_code: what the platform would report.
    """

    kind: Literal["not-found", "not-executable", "user", "workdir", "format", "memory", "other"]
    message: str
    exit_code: int | None = None


class Listener(Record, frozen=True, kw_only=True):
    """A TCP socket that accepts connections inside a container."""

    address: str
    """As written: "0.0.0.0", "127.0.0.1", "::"."""
    port: int
    v6: bool
    loopback: bool
    """Only the container itself can reach it."""


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


Stream = Literal["stdout", "stderr"]
OnLine = Callable[[Stream, str], None]
OnExit = Callable[[ContainerFacts | HostError], None]
OnProgress = Callable[[BuildProgress], None]


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


class Clock(Protocol):
    """Time that a test can hold still."""

    def now(self) -> float:
        """Seconds on a clock that never goes back; only differences mean something."""
        ...

    def wall(self) -> float:
        """Seconds since 1970, by this machine's own clock."""
        ...

    def sleep(self, seconds: float) -> None: ...


Unreached = Literal["name", "refused", "timeout", "unreachable", "loopback"]
"""Why a server cannot be reached. loopback: it listens for its own machine alone, where containers are not."""


def _set(record: Record, name: str, value: object) -> None:
    """Set a field while the record is being made."""
    import msgspec

    msgspec.structs.force_setattr(record, name, value)
