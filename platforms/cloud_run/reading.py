"""A document's tree → the values of its fields, each with its place.

What has the wrong shape is left out: `shape` says so.
"""

from typing import NamedTuple

from emulator.formats.yaml import Dialect, Mapping, Node, Scalar, Sequence, value_of
from emulator.model.origin import Origin

from . import shape


class Text(NamedTuple):
    """A text with its place."""

    text: str
    origin: Origin


class Number(NamedTuple):
    """A whole number with its place."""

    value: int
    origin: Origin


def is_set(node: Node) -> bool:
    return not (isinstance(node, Scalar) and value_of(node, Dialect.YAML_1_1) is None)


def mapping_of(holder: Mapping | None, key: str) -> Mapping | None:
    node = holder.get(key) if holder else None
    return node if isinstance(node, Mapping) else None


def mappings_of(holder: Mapping | None, key: str) -> tuple[Mapping, ...]:
    node = holder.get(key) if holder else None
    return tuple(item for item in node.items if isinstance(item, Mapping)) if isinstance(node, Sequence) else ()


def text_of(holder: Mapping | None, key: str) -> Text | None:
    """A field that is text, or is not and will be complained of: the text as written."""
    node = holder.get(key) if holder else None
    return Text(node.text, node.origin) if isinstance(node, Scalar) and is_set(node) else None


def texts_of(holder: Mapping | None) -> dict[str, Text]:
    keys = [key.text for key, _ in holder.pairs] if holder else []
    return {key: text for key in keys if (text := text_of(holder, key)) is not None}


def number_of(holder: Mapping | None, key: str) -> Number | None:
    """A whole number, quoted or not; None for anything else, which is complained of elsewhere."""
    node = holder.get(key) if holder else None
    if not isinstance(node, Scalar):
        return None
    value = value_of(node, Dialect.YAML_1_1)
    if isinstance(value, str):
        value = shape.whole(value)
    return Number(value, node.origin) if isinstance(value, int) and not isinstance(value, bool) else None


def numbers_of(holder: Mapping) -> dict[str, Number]:
    return {key.text: number for key, _ in holder.pairs if (number := number_of(holder, key.text)) is not None}


def strings_of(holder: Mapping, key: str) -> tuple[str, ...]:
    node = holder.get(key)
    items = node.items if isinstance(node, Sequence) else ()
    return tuple(item.text for item in items if isinstance(item, Scalar))


def place_of(holder: Mapping, key: str) -> Origin | None:
    node = holder.get(key)
    return node.origin if node is not None and is_set(node) else None
