"""What was read of a RUN: its simple commands in order, and what is certain about each."""

from typing import Literal

from emulator.model.record import Record

Certainty = Literal["always", "maybe"]

Failure = Literal["fails", "swallowed", "unknown"]


class Word(Record, frozen=True, kw_only=True):
    """One argument.

    text: after expansion, quotes removed; None when it is not known; prefix is then what it begins with. pattern: set
    for a word that the shell replaces by the names that match it; what was quoted in it stands behind a backslash.
    many: it may be several words or none. source: as written. line: of the file.
    """

    text: str | None
    source: str
    line: int
    pattern: str | None = None
    many: bool = False
    prefix: str = ""


class Redirection(Record, frozen=True, kw_only=True):
    """`2>file` and its like. content: of a here-document, None when it is not known."""

    operator: str
    descriptor: int
    target: Word
    content: str | None = None


class Command(Record, frozen=True, kw_only=True):
    """One simple command, builtins included.

    words: empty for redirections alone. environment: the assignments before it. exported: what the script had
    changed of the environment by then. cwd: absolute, None when not known; it is right only if each directory of
    `assumed` was there for a `cd` whose failure would not have ended the step. certainty: "always", it runs
    whenever the step succeeds. failure: what becomes of the step if it fails. concurrent: it runs beside others
    (in a pipeline or the background), so its place in the order is not certain.
    """

    words: tuple[Word, ...]
    line: int
    cwd: str | None
    certainty: Certainty
    failure: Failure
    environment: tuple[tuple[str, str | None], ...] = ()
    exported: tuple[tuple[str, str | None], ...] = ()
    redirections: tuple[Redirection, ...] = ()
    assumed: tuple[str, ...] = ()
    concurrent: bool = False

    @property
    def failure_swallowed(self) -> bool:
        """Whether the step surely goes on as if nothing had happened when the command fails."""
        return self.failure == "swallowed"


class Opaque(Record, frozen=True, kw_only=True):
    """From this line on the script is not understood: it may do anything. reason: why, for people."""

    line: int
    reason: str


class Script(Record, frozen=True, kw_only=True):
    """A RUN as read."""

    commands: tuple[Command, ...] = ()
    opaque: Opaque | None = None
