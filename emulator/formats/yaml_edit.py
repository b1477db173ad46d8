"""One value of a YAML text set to another, as a person would with an editor: all else stays as it was written."""

import re
from collections.abc import Sequence

from emulator.model.spelling import nearest

from .editing import Change, Places, changed
from .yaml import Mapping, Node, Scalar, parse_yaml
from .yaml import Sequence as Items
from .yaml_scalars import Dialect

_EMPTY = "yaml/empty-document"

_NAMES = ("name", "key")
"""By which of its keys an item of a list is meant when a step of a path is a word."""


class CannotSet(Exception):
    """The text has no place for the value; the message says why. help: what to write instead, where that is known."""

    def __init__(self, message: str, *, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help


def split_path(path: str) -> tuple[str, ...]:
    """ 'services[0].envVars."A.B".value' → its steps; double quotes keep a dot. Raises CannotSet."""
    steps: list[str] = []
    rest = path if '"' in path else re.sub(r"\[(\d+)\]", r".\1", path)
    while rest:
        if rest.startswith('"'):
            step, closing, rest = rest[1:].partition('"')
            if not closing or (rest and not rest.startswith(".")):
                raise CannotSet(f"the quotes in {path} do not enclose a step")
            rest = rest.removeprefix(".") if len(rest) != 1 else rest
        else:
            step, dot, rest = rest.partition(".")
            if dot and not rest:
                rest = "."
        if not step or rest == ".":
            raise CannotSet(f"a step of {path} is empty")
        steps.append(step)
    if not steps:
        raise CannotSet("the path is empty")
    return tuple(steps)


def with_value(text: str, path: Sequence[str], value: str, *, dialect: Dialect, named_by: str = "name") -> str:
    """`text` with `value` at `path`: text, a number, or YAML in braces, brackets or quotes.

    A step is a key, the number of an item, or the `name` or `key` of one. What is not there yet is added: a key
    before the others of its mapping, an item before the others of its list. named_by: by which of its keys the `value`
    of a variable is found in a list that is not there yet either. Raises CannotSet.
    """
    byte_order_mark = "\ufeff" if text.startswith("\ufeff") else ""
    bare = text.removeprefix("\ufeff")
    value = _written(value, dialect)
    document = _parsed(bare, "the file", dialect)
    if document is None:
        edited = f"{_quoted(path[0])}: {_nested(path[1:], value)}\n{bare}"
    else:
        edited = changed(bare, [_change(bare, document, *_as_list(document, path, value, named_by))])
    found = _parsed(edited, "the result", dialect)
    wanted = _parsed(value, "the value", dialect)
    if _shape(_at(found, path)) != _shape(wanted):
        raise CannotSet(f"{'.'.join(path)} cannot be set in a text that is written like this")
    return byte_order_mark + edited


def _as_list(document: Node, path: Sequence[str], value: str, named_by: str) -> tuple[Sequence[str], str]:
    """What is to be set where, with the first variable of a list as that list."""
    there = _at(document, path[:-2])
    if len(path) < 3 or path[-1] != "value" or (there is not None and not _is_nothing(there)):
        return path, value
    return path[:-2], f"[{{{named_by}: {_quoted(path[-2])}, value: {value}}}]"


def _parsed(text: str, what: str, dialect: Dialect) -> Node | None:
    result = parse_yaml(text, what, dialect=dialect)
    wrong = next((found for found in result.diagnostics if found.severity == "error" and found.code != _EMPTY), None)
    if wrong is not None:
        raise CannotSet(f"{what} is not YAML: {wrong.message}")
    return result.document


def _written(value: str, dialect: Dialect) -> str:
    """`value` as it can stand at a key: as it is where it then means itself, else in quotes."""
    if value[:1] in ("{", "[", '"', "'"):
        _parsed(value, "the value", dialect)
        return value
    try:
        node = _parsed(f"key: {value}", "the value", dialect)
    except CannotSet:
        node = None
    meant = node.get("key") if isinstance(node, Mapping) else None
    if value and isinstance(meant, Scalar) and (meant.text, meant.style) == (value, "plain"):
        return value
    return _double_quoted(value)


def _double_quoted(text: str) -> str:
    escaped = (_ESCAPES.get(c) or (c if c.isprintable() else f"\\U{ord(c):08x}") for c in text)
    return f'"{"".join(escaped)}"'


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}


def _at(node: Node | None, path: Sequence[str]) -> Node | None:
    for step in path:
        node = _step(node, step) if node is not None else None
    return node


def _step(node: Node, step: str) -> Node | None:
    if isinstance(node, Mapping):
        return node.get(step)
    if isinstance(node, Items):
        named = (item for item in node.items if isinstance(item, Mapping) and _is_called(item, step))
        by_number = node.items[int(step)] if step.isdecimal() and int(step) < len(node.items) else None
        return next(named, by_number)
    return None


def _is_called(item: Mapping, step: str) -> bool:
    names = (item.get(key) for key in _NAMES)
    return any(isinstance(name, Scalar) and name.text == step for name in names)


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and (not node.text or node.style == "plain") and node.text in ("", "~", "null")


def _name(item: Node) -> str | None:
    names = (item.get(key) for key in _NAMES) if isinstance(item, Mapping) else ()
    return next((name.text for name in names if isinstance(name, Scalar)), None)


def _shape(node: Node | None) -> object:
    """What a node says, wherever it is written."""
    if isinstance(node, Mapping):
        return {name: _shape(value) for name, value in node.items()}
    if isinstance(node, Items):
        return [_shape(item) for item in node.items]
    return (node.text, node.style == "plain", node.tag) if node is not None else None


def _change(text: str, document: Node, path: Sequence[str], value: str) -> Change:
    places = Places(text.splitlines(keepends=True))  # as YAML counts lines: by U+2028 as well
    node, key = document, None
    for number, step in enumerate(path):
        inner = _step(node, step)
        if inner is None:
            return _addition(text, places, (node, key), path[number:], value)
        key = node.key(step) if isinstance(node, Mapping) else None
        _refuse_elsewhere(places, node, key, inner)
        node = inner
    return _replacement(text, places, node, key, value)


def _refuse_elsewhere(places: Places, parent: Node, key: Scalar | None, inner: Node) -> None:
    """What an alias or a merge brings is written in another place, where it may mean more than this."""
    start, end = _span(places, parent)
    at = _span(places, key)[0] if key is not None else start
    if not start <= at <= end or _span(places, inner)[0] < at:
        raise CannotSet("an alias or a merge stands in its place")


def _replacement(text: str, places: Places, node: Node, key: Scalar | None, value: str) -> Change:
    """`value` where the node is written. A block takes its line break with it, so that the value stands at its key."""
    start, end = _span(places, node)
    colon = text.find(":", _span(places, key)[1]) + 1 if key is not None else 0
    if not colon:
        return Change(start, end, value)
    gap = text[colon:start]
    if "&" in gap or "!" in gap:
        raise CannotSet("an anchor or a tag stands before the value")
    return Change(colon, max(end, colon), f" {value}")


def _span(places: Places, node: Node) -> tuple[int, int]:
    """What is empty has no end, and stands where it begins."""
    where = node.origin
    if where.end_line is None:
        return (start := places.offset(where.line, where.column)), start
    return places.span(where)


def _addition(
    text: str, places: Places, parent: tuple[Node, Scalar | None], path: Sequence[str], value: str
) -> Change:
    """What is not there yet, before the first of what is. parent: where it belongs, and the key of that."""
    node, key = parent
    if isinstance(node, Scalar):
        if not _is_nothing(node):
            raise CannotSet(f"{node.text!r} has no {path[0]}")
        return _replacement(text, places, node, key, _nested(path, value))
    start, _ = _span(places, node)
    many = node.pairs if isinstance(node, Mapping) else node.items
    if isinstance(node, Mapping):
        added = f"{_quoted(path[0])}: {_nested(path[1:], value)}"
    elif path[1:] != ("value",):  # a variable is added by its name; a whole item is more than one value
        names = [name for item in node.items if (name := _name(item)) is not None]
        known = f"it has {', '.join(names)}" if names else f"it has {len(node.items)} items, the first is 0"
        near = nearest(path[0], names)
        raise CannotSet(f"the list has no {path[0]}; {known}", help=f"did you mean {near}?" if near else None)
    else:
        added = _item(node, path, value)
    if text[start : start + 1] in ("{", "["):
        return Change(start + 1, start + 1, added + (", " if many else ""))
    column = " " * (start - (text.rfind("\n", 0, start) + 1))
    dash = "- " if isinstance(node, Items) else ""
    return Change(start, start, f"{dash}{added}\n{column}")


def _item(node: Items, path: Sequence[str], value: str) -> str:
    """A new item that is called by the first step, in the way of its neighbours."""
    first = next((item for item in node.items if isinstance(item, Mapping)), None)
    name = next((key for key in _NAMES if first is not None and first.get(key) is not None), "name")
    rest = f", {_quoted(path[1])}: {_nested(path[2:], value)}" if len(path) > 1 else ""
    return f"{{{name}: {_quoted(path[0])}{rest}}}"


def _nested(path: Sequence[str], value: str) -> str:
    """`value` under the keys that lead to it, on one line."""
    return f"{{{_quoted(path[0])}: {_nested(path[1:], value)}}}" if path else value


def _quoted(step: str) -> str:
    plain = step.replace("-", "").replace("_", "").replace("/", "").replace(".", "")
    return step if plain.isalnum() and plain[0].isalpha() else _double_quoted(step)
