"""What a container is asked to be, and what the engine says of it."""

from collections.abc import Callable, Mapping
from typing import Literal

from emulator.model.diagnostic import HostError
from emulator.model.record import Record
from emulator.world.hidden import Hidden, set_field


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
            set_field(self, "env", Hidden(self.env))


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


Stream = Literal["stdout", "stderr"]

OnLine = Callable[[Stream, str], None]

OnExit = Callable[[ContainerFacts | HostError], None]
