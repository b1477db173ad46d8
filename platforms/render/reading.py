"""Tools for reading a YAML tree of render.yaml: fields as text, lists of mappings, and what is wrong with them."""

from collections.abc import Sequence
from typing import NamedTuple

from emulator.formats import yaml
from emulator.formats.editing import instead_of
from emulator.formats.yaml import Dialect, Mapping, Node, Scalar, as_go_string, value_of
from emulator.model import spelling
from emulator.model.diagnostic import Diagnostic, Fault, Severity, error, info
from emulator.model.origin import Origin

from . import fields, rules
from .declarations import FALSE_WORDS, TRUE_WORDS, Value

MANY = 10
"""More known fields than this are no answer to a wrong one."""

_A_SLIP = 2
"""So many letters a word may differ from a field for a fix to write that."""

MANY_FINDINGS = 200
"""After so many, nobody reads on, and to look for the nearest word would take too long."""


class Boolean(NamedTuple):
    """A variable whose value is a boolean; `text` is what it becomes."""

    key: str
    text: str
    origin: Origin
    service: str | None


class Notes:
    """Collects diagnostics while a tree is walked. booleans: told in one word at the end."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []
        self.booleans: list[Boolean] = []
        self._mistyped: set[tuple[int, int]] = set()

    def say(self, code: str, message: str, origin: Origin, **more: object) -> None:
        self.found.append(error(code, message, origin=origin, **more))  # type: ignore[arg-type]

    def unknown(
        self, key: Scalar, known: tuple[str, ...], where: str, *,
        hint: str | None = None, service: str | None = None, type_: str | None = None,
    ) -> None:  # fmt: skip
        """A field that Render does not have. type_: Render's name for what has it not, where that is known."""
        if len(self.found) > MANY_FINDINGS:
            hint = hint or "remove it"
        others = "remove it; https://render.com/docs/blueprint-spec lists the fields" if len(known) > MANY else None
        meant = nearest(key.text, known) if hint is None else None
        self.say(
            "render/unknown-field", f"{where} has no field {key.text!r}", key.origin, rule=rules.UNKNOWN_FIELD.id,
            help=hint or near(key.text, known, others=others), service=service,
            facts=(f"Render says: field {key.text} not found in type {type_}",) if type_ else (),
            fix=instead_of(key.origin, meant) if meant and _is_slip(key.text, meant) else None,
        )  # fmt: skip

    def wrong_type(self, node: Node, key: str, wanted: str, *, service: str | None = None) -> None:
        """A value of another type. Whoever looks at it first says so, and nobody else."""
        place = (node.origin.line, node.origin.column)
        if place in self._mistyped:
            return
        self._mistyped.add(place)
        self.say(
            "render/wrong-type", f"{key} must be {wanted}", node.origin, rule=rules.UNKNOWN_FIELD.id, service=service,
            help=fields.FORMS.get(key, f"write {wanted} here"),
        )  # fmt: skip

    def items(self, holder: Mapping, key: str) -> list[Mapping]:
        """The mappings of a list field; anything else in it is a diagnostic."""
        return [item for _, item in self.numbered(holder, key)]

    def numbered(self, holder: Mapping, key: str) -> list[tuple[int, Mapping]]:
        """The mappings of a list field, each with its place among all that stands there."""
        node = holder.get(key)
        if node is None or is_null(node):
            return []
        if not isinstance(node, yaml.Sequence):
            self.wrong_type(node, key, "a list")
            return []
        for item in node.items:
            if not isinstance(item, Mapping):
                self.wrong_type(item, f"an item of {key}", "a mapping")
        return [(number, item) for number, item in enumerate(node.items) if isinstance(item, Mapping)]


def is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and value_of(node, Dialect.GO_YAML) is None


_BOOLS: dict[object, bool] = {
    True: True, False: False, **dict.fromkeys(TRUE_WORDS, True), **dict.fromkeys(FALSE_WORDS, False),
}  # fmt: skip


def boolean_of(node: Node | None) -> bool | None:
    """What a boolean field is, None where it is none."""
    value = value_of(node, Dialect.GO_YAML) if isinstance(node, Scalar) else None
    return _BOOLS.get(value) if isinstance(value, bool | str) else None


def is_bool(node: Node | None, wanted: bool) -> bool:  # noqa: FBT001  - the value asked for, as in `is`
    return boolean_of(node) is wanted


def text_of(node: Mapping, key: str) -> Value | None:
    """The field as text, None when it is not there, null, or no scalar."""
    return _text(node.get(key))


def _text(value: Node | None) -> Value | None:
    if isinstance(value, Scalar) and not is_null(value):
        return Value(as_go_string(value), value.origin)
    return None


def texts_of(node: Node | None) -> dict[str, Value]:
    """All scalar fields of a mapping that are not null."""
    if not isinstance(node, Mapping):
        return {}
    return {key: text for key, value in node.items() if (text := _text(value)) is not None}


def fits(node: Node, type_: str) -> bool:
    """Whether a value is of a field's type; null fits all, and any scalar can be a string."""
    if not isinstance(node, Scalar):
        return type_ == ("list" if isinstance(node, yaml.Sequence) else "mapping")
    value = value_of(node, Dialect.GO_YAML)
    if value is None or type_ in ("string", "scalar"):
        return True
    if type_ == "integer":
        return (isinstance(value, int) and not isinstance(value, bool)) or (
            isinstance(value, float) and value.is_integer()
        )
    return type_ == "boolean" and boolean_of(node) is not None


def near(word: str, known: Sequence[str], *, others: str | None = None) -> str:
    """What to write instead of `word`: the nearest of `known`, else `others`, which names them all by default."""
    close = nearest(word, known)
    return f"did you mean `{close}`?" if close else others or f"known are {few(known)}"


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The one of `known` that is probably meant by `word`; None where none is."""
    return spelling.nearest(word, known, cutoff=0.7)


def _is_slip(word: str, meant: str) -> bool:
    """Whether a field is so nearly the one that is meant that a fix may write it: a beginning of it, or a few letters
    away. `dockerBuildCommand` is a word more than `dockerCommand`, and another thing."""
    from difflib import SequenceMatcher  # takes long to load

    low, known = word.lower().replace("_", "").replace("-", ""), meant.lower()
    same = sum(block.size for block in SequenceMatcher(None, low, known).get_matching_blocks())
    return known.startswith(low) or max(len(low), len(known)) - same <= _A_SLIP


def few(names: Sequence[str]) -> str:
    """Names in a line: all of them, or the first and how many more."""
    return ", ".join(names) if len(names) <= MANY else f"{', '.join(names[:5])} and {len(names) - 5} more"


def legible(found: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """All there is to say, or as much as anyone reads: errors before others, and how many more there are."""
    if len(found) <= MANY_FINDINGS:
        return tuple(found)
    weight = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
    kept = set(sorted(range(len(found)), key=lambda at: (weight[found[at].severity], at))[:MANY_FINDINGS])
    more = info(
        "render/more-findings", f"{len(found) - MANY_FINDINGS:,} more findings are left out", fault=Fault.APP,
        origin=found[0].origin, help="repair those that are shown first",
    )  # fmt: skip
    return (*(one for at, one in enumerate(found) if at in kept), more)
