"""A shell script as a tree: what `parse` makes of a text and `walk` walks.

The names are those of the POSIX shell grammar (Shell Command Language, XCU 2.10).
"""

from typing import Literal

from emulator.model.record import Record


class Literally(Record, frozen=True, kw_only=False):
    """Text that stands for itself. quoted: it was in quotes or behind a backslash, so it is no pattern."""

    text: str
    quoted: bool


class Parameter(Record, frozen=True, kw_only=False):
    """`$NAME` or `${NAME…}`. operator: "", "-", ":-", "=", ":=", "+", ":+", "?", ":?", "#", "##", "%", "%%",
    "length" or "other". word: what follows the operator."""

    name: str
    operator: str
    word: "tuple[Part, ...]"
    quoted: bool


class Substitution(Record, frozen=True, kw_only=False):
    """`$(…)` or backquotes."""

    body: "Sequence"
    quoted: bool


class Arithmetic(Record, frozen=True, kw_only=False):
    """`$((…))`."""

    text: str
    quoted: bool


Part = Literally | Parameter | Substitution | Arithmetic


class RawWord(Record, frozen=True, kw_only=False):
    """One word as written. start: its offset in the script; source: its text."""

    parts: tuple[Part, ...]
    start: int
    source: str

    @property
    def plain(self) -> str | None:
        """The word, if nothing in it is quoted or expanded: what can be a reserved word."""
        if len(self.parts) == 1 and isinstance(part := self.parts[0], Literally) and not part.quoted:
            return part.text
        return None


class RawRedirection(Record, frozen=True, kw_only=True):
    """operator: "<", ">", ">>", ">|", "<>", "<&", ">&", "&>", "&>>", "<<" or "<<<"."""

    operator: str
    descriptor: int
    target: RawWord


class Simple(Record, frozen=True, kw_only=True):
    """Assignments, words, redirections; at least one of them."""

    start: int
    assignments: tuple[tuple[str, RawWord], ...] = ()
    words: tuple[RawWord, ...] = ()
    redirections: tuple[RawRedirection, ...] = ()
    test: bool = False
    """It is `[[ … ]]`."""


class Sequence(Record, frozen=True, kw_only=True):
    """Lists one after the other. asks: for each, whether its text holds `$?`."""

    items: "tuple[Item, ...]" = ()


class Item(Record, frozen=True, kw_only=True):
    """One list of a sequence. asks: its text holds `$?`; background: it ends with `&`."""

    node: "Node"
    asks: bool
    background: bool


class AndOr(Record, frozen=True, kw_only=True):
    """Pipelines joined by && and ||, read from the left; operators[i] stands before parts[i + 1]."""

    parts: "tuple[Node, ...]"
    operators: tuple[Literal["&&", "||"], ...]


class Pipeline(Record, frozen=True, kw_only=True):
    """Commands joined by |, or one that is negated by !."""

    parts: "tuple[Node, ...]"
    negated: bool


class Group(Record, frozen=True, kw_only=True):
    """`{ …; }`, or `( … )` in a shell of its own."""

    body: Sequence
    subshell: bool
    start: int
    redirections: tuple[RawRedirection, ...] = ()


class Choice(Record, frozen=True, kw_only=True):
    """`if` and `case`: conditions in order (those of `if`), and what may run after one of them. otherwise: whether
    one of the bodies runs in any case."""

    conditions: tuple[Sequence, ...]
    bodies: tuple[Sequence, ...]
    otherwise: bool
    start: int
    subject: tuple[RawWord, ...] = ()
    redirections: tuple[RawRedirection, ...] = ()


class Loop(Record, frozen=True, kw_only=True):
    """`for`, `while` and `until`. variable: of `for`."""

    body: Sequence
    start: int
    condition: Sequence | None = None
    variable: str | None = None
    words: tuple[RawWord, ...] = ()
    redirections: tuple[RawRedirection, ...] = ()


class Definition(Record, frozen=True, kw_only=True):
    """A function."""

    name: str
    body: "Node"


Node = Simple | AndOr | Pipeline | Group | Choice | Loop | Definition


class Read(Record, frozen=True):
    """What was read of a script.

    body: its complete lists. bodies: here-documents, by the offset of their names. problem: why reading ended
    before the end, None when it did not; at: the offset of the first list that was not understood.
    """

    body: Sequence
    bodies: dict[int, tuple[Part, ...]]
    problem: str | None
    at: int
