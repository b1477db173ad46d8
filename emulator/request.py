"""What a command works with: the user's request, and the doors to the world, opened on first use."""

from argparse import Namespace
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

import msgspec

from .contract import Platform
from .snapshot import Snapshot

if TYPE_CHECKING:
    import threading

    from .engine.job import Packer, PrepareContext
    from .engine.reuse import Images
    from .model.change import FileChange
    from .model.diagnostic import UsageError
    from .model.history import DeployRecord, History
    from .model.lesson import Lesson, Score
    from .model.plan import Plan
    from .model.remembered import Remembered
    from .world.asking import LoadRequest, RunningLoad, Unreached
    from .world.clock import Clock
    from .world.docker import Docker
    from .world.front import Front, PublishedSite, Scene, Screen

Request = Namespace
"""The parsed command line; its names are those in options.py."""


class LessonStore(Protocol):
    """The lessons of one folder, copies to work in, and how they went."""

    problems: "dict[str, UsageError]"
    """After `all`: why a folder's lesson cannot be held, by the folder's name."""

    def all(self) -> "tuple[Lesson, ...]": ...

    def lay(self, lesson: "Lesson") -> str:
        """A fresh copy of a lesson's repository; its path."""
        ...

    def scores(self) -> "dict[str, Score]": ...

    def keep(self, scores: "Mapping[str, Score]") -> None: ...


class WriteText(Protocol):
    def __call__(self, path: str, text: str, what: str, *, append: bool = False, folders: bool = False) -> None:
        """Have a file of this machine, which the option `what` names, say `text`: all of it or as before; with `append`
        as well as what it says. A link stays one, a pipe gets the text. folders: those on the way are made. Raises
        UsageError."""
        ...


class WriteFile(Protocol):
    def __call__(self, root: str, path: str, content: bytes, *, executable: bool) -> None:
        """Change a file of the repository, all of it or not at all: it keeps its mode, and gets the executable mark
        where that is asked. A link stays one; what one leads to outside of the repository is refused. Raises
        UsageError."""
        ...


class Terminal(Protocol):
    """Where answers go (stdout) and where progress and questions go (stderr)."""

    width: int
    out_is_tty: bool
    err_is_tty: bool
    colour: bool

    def out(self, text: str) -> None: ...

    def err(self, text: str) -> None: ...

    def ask(self, question: str, *, hidden: bool = False) -> str | None:
        """The answer, or None when nobody can be asked."""
        ...

    def show(self, scene: "Scene") -> "Screen | None":
        """In the main thread: show it live until the screen is closed, and print above it; None where the terminal
        cannot, or there is none."""
        ...


class Peer(Protocol):
    """Another command of ours that asked a running one."""

    gone: "threading.Event"
    """Set when it does not listen any more."""

    def send(self, line: bytes) -> None:
        """A line without its end. Nothing happens when nobody listens any more."""
        ...


class Closing(Protocol):
    def close(self) -> None: ...


class Project(Protocol):
    """A project taken for this process."""

    def next_deploy(self) -> int: ...

    def address(self, service: str) -> "Front":
        """The service's stable address on this machine."""
        ...

    def password(self, service: str) -> str:
        """A datastore's password: the same in every run of the project."""
        ...

    def generated(self, name: str) -> str:
        """The random value of that name: the same in every run of the project, until it is forgotten."""
        ...

    def keep_answers(self, answers: dict[str, dict[str, str]]) -> None:
        """Remember what a person answered, by service and variable."""
        ...

    def forget(self, names: set[str]) -> None:
        """Remember no value of variables of these names any more."""
        ...

    def history(self) -> "History": ...

    def record(self, deploy: "DeployRecord") -> None:
        """Remember how a deploy ended, now."""
        ...

    def step_times(self, service: str) -> Mapping[str, float]:
        """The seconds that the steps of a service's last good build took, by what they do."""
        ...

    def keep_step_times(self, service: str, seconds: Mapping[str, float]) -> None:
        """Remember them."""
        ...

    def images(self) -> "Images":
        """What was built of it, and may be used again."""
        ...

    def record_drain(self, deploy: int, service: str, seconds: float) -> None:
        """Remember how long after a deploy went live the one before had ended."""
        ...

    def last_plan(self) -> "Plan | None":
        """The plan of the deploy before, be it of an earlier run."""
        ...

    def keep_plan(self, plan: "Plan") -> None:
        """Remember it for the deploy after."""
        ...

    def mark_files(self, root: str, deploy: int) -> tuple[str, ...] | None:
        """Remember what lies in a folder as what a deploy is made of; in which files that differs from the deploy
        before, None where it is not known."""
        ...

    def files_between(self, root: str, one: int, other: int) -> tuple[str, ...] | None:
        """In which files two deploys differ, where that is known."""
        ...

    def listen(self, handler: Callable[[bytes, Peer], None]) -> Closing:
        """Hear other commands, each in a thread of its own, until closed."""
        ...


class Hooks(Protocol):
    """The hooks of a repository. Each that changes something raises UsageError."""

    top: str
    folder: str
    shared: bool
    """Whether the folder is that of other repositories, too."""
    command: tuple[str, ...]
    """What starts this emu from anywhere."""

    def has(self, name: str) -> bool:
        """Whether there is something of that name at the repository's top level."""
        ...

    def place(self, name: str) -> str: ...

    def read(self, name: str) -> str | None: ...

    def write(self, name: str, text: str) -> None: ...

    def rename(self, name: str, other: str) -> None: ...

    def remove(self, name: str) -> None: ...


class World(msgspec.Struct, kw_only=True):
    """The doorways, gathered. `cli` builds the real one; a test builds one of fakes."""

    environ: Mapping[str, str]
    terminal: Terminal
    platforms: Mapping[str, Platform]

    open_repository: Callable[[str, str | None, str], Snapshot]
    """A place in it, its root where that is given, and which snapshot. Raises UsageError."""
    changes: "Callable[[Snapshot, Snapshot], tuple[FileChange, ...]]"
    merge_base: Callable[[str, str, str], str]
    hooks: Callable[[str], Hooks]
    lessons: "Callable[[str | None], LessonStore]"
    sample_texts: Callable[[Iterable[Platform]], tuple[str, ...]]
    """Of emu and of those platforms, the repositories that show a code: Markdown, as `check.samples` reads it."""

    read_text: Callable[[str, str], str]
    """A file of this machine, and the option that names it. Raises UsageError, as do the next three."""
    read_bytes: Callable[[str, str], bytes]
    write_text: WriteText
    write_file: WriteFile
    read_input: Callable[[], str]
    absolute: Callable[[str], str]
    is_folder: Callable[[str], bool]

    project: Callable[[str], AbstractContextManager[Project]]
    history: "Callable[[str], History]"
    remembered: "Callable[[str], Remembered]"
    state_size: Callable[[str], int]
    """Bytes of what is remembered of a project."""
    ask_running_up: Callable[[str, bytes], Iterator[bytes] | None]
    end_running_up: Callable[[str | None], int]

    connect: "Callable[[], Docker]"
    packer: "Callable[[Docker], Packer | None]"
    prepare_context: "PrepareContext"
    publish: "Callable[[Docker, str, str, Mapping[str, str]], PublishedSite | None]"
    unreached: "Callable[[str | None, int], Unreached | None]"
    load: "Callable[[tuple[str, int], LoadRequest], RunningLoad]"
    """Requests to an address, which begin at once."""

    clock: "Callable[[], Clock]"
    watch: "Callable[[str, threading.Event, Collection[str], Callable[[str], None]], Iterator[frozenset[str]]]"
    output_of: Callable[[tuple[str, ...]], str]
    browse: Callable[[str], bool]
    interrupt: Callable[[], None]
    interrupted_again: Callable[[], bool]
