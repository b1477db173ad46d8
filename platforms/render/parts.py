"""The fields inside a field of render.yaml, typed once, and how a value is held against them.

Sources: blueprint-spec and the published schema, read 2026-11-20. An unknown key, another type and a word that is
none of the listed ones are refused by a strict decoder; what only the schema requires is a warning.
"""

from typing import NamedTuple

from emulator.formats.yaml import Mapping, Node, Scalar, Sequence
from emulator.model.diagnostic import warning

from . import rules
from .fields import A_TYPE
from .reading import Notes, fits, is_null, near, text_of


class Part(NamedTuple):
    """type: as `Field.type`. parts: the fields of its mapping, or of each item of its list; None where any will do.
    is_judged: `validation` says what is wrong with the value, so its type is not looked at here."""

    type: str
    is_required: bool = False
    choices: tuple[str, ...] = ()
    parts: "dict[str, Part] | None" = None
    is_judged: bool = False


_TEXT, _WHOLE = Part("string"), Part("integer")
_NEEDED = Part("string", is_required=True)
_JUDGED = Part("integer", is_judged=True)
_SWITCH = Part("string", choices=("enabled", "disabled"))
_CREDENTIALS = {"fromRegistryCreds": Part("mapping", is_required=True, parts={"name": _NEEDED})}
_GENERATION = Part("string", choices=("off", "manual", "automatic"))

SERVICE_PARTS: dict[str, dict[str, Part]] = {
    "registryCredential": _CREDENTIALS,
    "image": {"url": _TEXT, "creds": Part("mapping", parts=_CREDENTIALS)},
    "buildFilter": {"paths": Part("list"), "ignoredPaths": Part("list")},
    "scaling": dict.fromkeys(("minInstances", "maxInstances", "targetMemoryPercent", "targetCPUPercent"), _JUDGED),
    "disk": {"name": _TEXT, "mountPath": _TEXT, "sizeGB": _JUDGED},
    "maintenanceMode": {"enabled": Part("boolean"), "uri": _TEXT},
    "previews": {"generation": _GENERATION, "plan": _TEXT, "numInstances": _WHOLE},
    "ipAllowList": {"source": _NEEDED, "description": _TEXT},
    "headers": {"path": _NEEDED, "name": _NEEDED, "value": _NEEDED},
    "routes": {
        "type": Part("string", is_required=True, choices=("redirect", "rewrite")),
        "source": _NEEDED,
        "destination": _NEEDED,
    },
}

DATABASE_PARTS: dict[str, dict[str, Part]] = {
    "ipAllowList": SERVICE_PARTS["ipAllowList"],
    "readReplicas": {"name": _NEEDED},
    "highAvailability": {"enabled": Part("boolean")},
}

ENVIRONMENT_PARTS: dict[str, dict[str, Part]] = {
    "networking": {"isolation": _SWITCH},
    "permissions": {"protection": _SWITCH},
}

ROOT_PARTS: dict[str, dict[str, Part]] = {"previews": {"generation": _GENERATION, "expireAfterDays": _WHOLE}}


def check_parts(
    key: str, value: Node, parts: dict[str, Part] | None, notes: Notes, *, service: str | None = None
) -> None:
    """Say what is wrong inside the field `key`: its mapping, or each item of its list."""
    if parts is None or is_null(value):
        return
    if isinstance(value, Mapping):
        _check(key, value, parts, notes, service)
    for item in value.items if isinstance(value, Sequence) else ():
        if isinstance(item, Mapping):
            _check(f"an item of {key}", item, parts, notes, service)
        else:
            notes.wrong_type(item, f"an item of {key}", "a mapping", service=service)


def _check(where: str, node: Mapping, parts: dict[str, Part], notes: Notes, service: str | None) -> None:
    notes.keys(node, tuple(parts), where, service=service)
    for name, part in parts.items():
        value = node.get(name)
        if value is None or is_null(value):
            if part.is_required:
                _missing(where, name, node, notes, service)
        elif not part.is_judged and not fits(value, part.type):
            notes.wrong_type(value, name, A_TYPE[part.type], service=service)
        elif part.choices:
            check_choice(name, value, part.choices, notes, service=service)
        else:
            check_parts(name, value, part.parts, notes, service=service)


def check_choice(key: str, value: Node, choices: tuple[str, ...], notes: Notes, *, service: str | None = None) -> None:
    """A word that is none of those the field takes."""
    if isinstance(value, Scalar) and value.text and value.text not in choices:
        notes.say(
            "render/invalid-value", f"{key} cannot be {value.text!r}", value.origin, service=service,
            rule=rules.UNKNOWN_FIELD.id, help=near(value.text, choices),
        )  # fmt: skip


def _missing(where: str, name: str, node: Mapping, notes: Notes, service: str | None) -> None:
    known = text_of(node, "name")
    facts = (f"its name is {known.text}",) if known is not None else ()
    notes.found.append(
        warning(
            "render/missing-part", f"{where} has no {name}, which the published schema requires", origin=node.origin,
            service=service, rule=rules.NESTED_FIELDS.id, facts=facts, help=f"add `{name}:`",
        )
    )  # fmt: skip
