"""What a command works with: the user's request, and the doors to the world, opened on first use."""

from argparse import Namespace
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from .contract import Platform
from .snapshot import Snapshot

if TYPE_CHECKING:
    from .engine.deploy import PrepareContext
    from .world import Clock, Docker

Request = Namespace
"""The parsed command line; its names are those in options.py."""


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


class Address(Protocol):
    """A stable address on this machine, and where its traffic goes at the moment (None: nowhere)."""

    target: tuple[str, int] | None

    @property
    def url(self) -> str: ...

    def close(self) -> None: ...


class Project(Protocol):
    """A project taken for this process."""

    def next_deploy(self) -> int: ...

    def address(self, service: str) -> Address: ...


class World:
    """The doorways, gathered. `cli` builds the real one; a test builds one of fakes."""

    def __init__(
        self,
        *,
        environ: Mapping[str, str],
        terminal: Terminal,
        platforms: Mapping[str, Platform],
        open_repository: Callable[[str, str | None, str], Snapshot],
        read_text: Callable[[str, str], str],
        connect: "Callable[[], Docker]",
        project: Callable[[str], AbstractContextManager[Project]],
        end_running_up: Callable[[str | None], int],
        prepare_context: "Callable[[Snapshot], PrepareContext]",
        clock: "Callable[[], Clock]",
        interrupted_again: Callable[[], bool],
    ) -> None:
        self.environ = environ
        self.terminal = terminal
        self.platforms = platforms
        self.open_repository = open_repository
        self.read_text = read_text
        self.connect = connect
        self.project = project
        self.end_running_up = end_running_up
        self.prepare_context = prepare_context
        self.clock = clock
        self.interrupted_again = interrupted_again
