"""The spanned tree a YAML text becomes: every node knows where it was written."""

from typing import Literal, TypeAlias, Union

from emulator.model.origin import Origin
from emulator.model.record import Record

Style = Literal["plain", "quoted", "block"]

DEEPEST = 200
"""Levels of nesting; a deploy file has ten."""


class Scalar(Record, frozen=True, kw_only=True):
    """A piece of text as YAML delivers it (escapes and folding done, nothing converted).

    tag: "" when none was written, "!!int" for YAML's own, else as written. origin: the text itself
    with its quotes; an empty value has a start and no end. What the text means is `value_of`'s answer.
    """

    text: str
    style: Style
    tag: str
    origin: Origin


class Sequence(Record, frozen=True, kw_only=True):
    """A list. origin: from the first "-" or the "[" to the end of the last item or the "]"."""

    items: tuple["Node", ...]
    origin: Origin


class Mapping(Record, frozen=True, kw_only=True):
    """Keys and values in the order written, then those that `<<` merged in. Keys are unique by text.

    A value that an alias named is the anchor's own node, so its origin is where it was written.
    """

    pairs: tuple[tuple[Scalar, "Node"], ...]
    origin: Origin

    def get(self, key: str) -> "Node | None":
        """The value under `key`; None when the key is not there."""
        return next((value for name, value in self.pairs if name.text == key), None)

    def key(self, key: str) -> Scalar | None:
        """The key itself, for its place; None when it is not there."""
        return next((name for name, _ in self.pairs if name.text == key), None)

    def items(self) -> tuple[tuple[str, "Node"], ...]:
        """Each key's text with its value."""
        return tuple((name.text, value) for name, value in self.pairs)


Node: TypeAlias = Union[Scalar, Sequence, Mapping]  # noqa: UP007  - the classes above name it before it exists
