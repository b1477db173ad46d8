"""A mapping of render.yaml held against the table of `parts`: unknown fields, other types and words, what is missing.

An unknown field, another type and a word that is none of the listed ones are refused by a strict decoder; what only
the published schema requires is a warning.
"""

from collections.abc import Mapping as Table

from emulator.formats.yaml import Dialect, Mapping, Node, Scalar, Sequence, value_of
from emulator.model.diagnostic import warning

from . import rules
from .fields import A_TYPE
from .parts import Part
from .reading import Notes, fits, is_null, near, text_of


def check_fields(
    where: str, node: Mapping, parts: dict[str, Part], notes: Notes, *,
    service: str | None = None, hints: Table[str, str] = {}, type_: str | None = None,
) -> None:  # fmt: skip
    """Say what is wrong with the fields of `node`, and inside them. where: the mapping in words. hints: what to write
    instead of fields that people write and that do not exist. type_: Render's name for what the mapping is read into,
    where that is known."""
    for key, value in node.pairs:
        part = parts.get(key.text)
        if part is None:
            hint = hints.get(key.text)
            notes.unknown(key, tuple(parts), where, hint=hint, service=service, type_=type_)
        elif not is_null(value):
            _check_value(key.text, value, part, notes, service)
    for name, part in parts.items():
        if part.is_required and not part.is_judged and _is_absent(node, name, part):
            missing(where, name, node, notes, service)


def _check_value(name: str, value: Node, part: Part, notes: Notes, service: str | None) -> None:
    if not fits(value, part.type):
        notes.wrong_type(value, name, A_TYPE[part.type], service=service)
    elif part.is_judged:
        return
    elif isinstance(value, Mapping):
        if part.parts is not None:
            check_fields(name, value, part.parts, notes, service=service)
    elif isinstance(value, Sequence):
        _check_items(name, value, part, notes, service)
    else:
        _check_choice(name, value, part.choices, notes, service)
        _check_limits(name, value, part, notes, service)


def _check_items(name: str, value: Sequence, part: Part, notes: Notes, service: str | None) -> None:
    where = f"an item of {name}"
    for item in value.items:
        wanted = part.item or "mapping"
        if not fits(item, wanted):
            notes.wrong_type(item, where, A_TYPE[wanted], service=service)
        elif isinstance(item, Mapping) and part.parts is not None:
            check_fields(where, item, part.parts, notes, service=service)
    if part.most is not None and len(value.items) > part.most:
        notes.say(
            "render/invalid-value", f"{name} has {len(value.items)} items; at most {part.most} are taken", value.origin,
            service=service, rule=rules.UNKNOWN_FIELD.id, help=f"keep {part.most} of them",
        )  # fmt: skip


def _check_choice(name: str, value: Scalar, choices: tuple[str, ...], notes: Notes, service: str | None) -> None:
    """A word that is none of those the field takes."""
    if choices and value.text and value.text not in choices:
        notes.say(
            "render/invalid-value", f"{name} cannot be {value.text!r}", value.origin, service=service,
            rule=rules.UNKNOWN_FIELD.id, help=near(value.text, choices),
        )  # fmt: skip


def _check_limits(name: str, value: Scalar, part: Part, notes: Notes, service: str | None) -> None:
    number = value_of(value, Dialect.GO_YAML)
    if part.least is not None and isinstance(number, int | float) and number < part.least:
        notes.say(
            "render/invalid-value", f"{name} must be {part.least} or more, not {value.text}", value.origin,
            service=service, rule=rules.UNKNOWN_FIELD.id, help=f"write {part.least} or more",
        )  # fmt: skip


def _is_absent(node: Mapping, name: str, part: Part) -> bool:
    value = node.get(name)
    return value is None or is_null(value) or (isinstance(value, Sequence) and len(value.items) < (part.least or 0))


def missing(where: str, name: str, node: Mapping, notes: Notes, service: str | None = None) -> None:
    """Say that a field is not there which the schema alone is known to require."""
    known = text_of(node, "name")
    facts = (f"its name is {known.text}",) if known is not None else ()
    notes.found.append(
        warning(
            "render/missing-part", f"{where} has no {name}, which the published schema requires", origin=node.origin,
            service=service, rule=rules.NESTED_FIELDS.id, facts=facts, help=f"add `{name}:`",
        )
    )  # fmt: skip
