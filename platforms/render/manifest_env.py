"""`envVars:` of a service or of a group → entries with their form and place."""

from collections.abc import Callable

from emulator.formats.yaml import Dialect, Mapping, Node, Scalar, as_go_string, value_of
from emulator.model.diagnostic import Fault, info, warning

from . import fields, rules
from .declarations import EnvEntry, Reference
from .reading import Boolean, Notes, few, is_bool, near, text_of

_FORMS: dict[str, Callable[[Mapping], bool]] = {
    "literal": lambda item: item.get("value") is not None,
    "generated": lambda item: is_bool(item.get("generateValue"), True),
    "prompted": lambda item: is_bool(item.get("sync"), False),
    "database": lambda item: item.get("fromDatabase") is not None,
    "service": lambda item: item.get("fromService") is not None,
}


def read_env(node: Mapping, notes: Notes, *, service: str | None = None, group: str = "") -> tuple[EnvEntry, ...]:
    """The entries in the order written; a key that is written twice keeps both, the later wins."""
    entries: list[EnvEntry] = []
    for item in notes.items(node, "envVars"):
        entry = _entry(item, notes, service, group)
        if entry is None:
            continue
        if entry.key and any(other.key == entry.key for other in entries):
            notes.found.append(
                warning(
                    "render/env-twice", f"{entry.key} is set twice; the later one is taken here", origin=entry.origin,
                    service=service, rule=rules.ENV_FORMS.id, help="remove one of them",
                )
            )  # fmt: skip
        entries.append(entry)
    return tuple(entries)


def _entry(item: Mapping, notes: Notes, service: str | None, group: str) -> EnvEntry | None:
    linked = text_of(item, "fromGroup")
    if linked is not None and not group:
        return EnvEntry("", "group", None, linked.origin, linked.text)
    key = text_of(item, "key")
    if key is None:
        notes.say(
            "render/env-without-key", "a variable has no key", item.origin, rule=rules.ENV_FORMS.id, service=service,
            help="add `key:`",
        )  # fmt: skip
        return None
    notes.keys(item, fields.ENV_KEYS, "a variable", service=service)
    form = _form(item, key.text, notes, service)
    value = item.get("value")
    if group and form in ("database", "service", "prompted"):
        _not_in_a_group(item, key.text, form, notes)
    literal = _literal(key.text, value, notes, service) if form == "literal" and value is not None else None
    reference = _reference(item, form, notes, service)
    origin = value.origin if form == "literal" and value is not None else key.origin
    return EnvEntry(key.text, form, literal, origin, group, reference, text_of(item, "previewValue"))


def _form(item: Mapping, key: str, notes: Notes, service: str | None) -> str:
    present = [form for form, is_there in _FORMS.items() if is_there(item)]
    if len(present) > 1:
        notes.say(
            "render/env-several-forms", f"{key} has several forms: {', '.join(present)}", item.origin,
            rule=rules.ENV_FORMS.id, service=service, help="keep one of them",
        )  # fmt: skip
    return present[0] if present else "empty"


def _literal(key: str, value: Node, notes: Notes, service: str | None) -> str | None:
    """The text of a value: what Go makes of a number, "true" or "false" of a boolean."""
    if not isinstance(value, Scalar):
        notes.wrong_type(value, f"the value of {key}", "a string or a number", service=service)
        return None
    text = as_go_string(value)
    plain = value_of(value, Dialect.GO_YAML)
    if isinstance(plain, bool):
        notes.booleans.append(Boolean(key, text, value.origin, service))
    elif isinstance(plain, int | float) and text != value.text:
        notes.found.append(
            warning(
                "render/env-number", f"{key} is read as a number: {value.text} becomes {text}", origin=value.origin,
                service=service, rule=rules.ENV_VALUES.id, help=f'write "{value.text}" in quotes',
            )
        )  # fmt: skip
    return text


def tell_booleans(notes: Notes) -> None:
    """One word for all booleans of the file: the server takes them, though the schema wants text."""
    found = notes.booleans
    if not found:
        return
    names = tuple(dict.fromkeys(boolean.key for boolean in found))
    services = {boolean.service for boolean in found}
    message = f"{len(found)} variables are booleans; each becomes the text 'true' or 'false'"
    if len(found) == 1:
        message = f"{names[0]} is a boolean; it becomes the text {found[0].text!r}"
    notes.found.append(
        info(
            "render/env-boolean", message, fault=Fault.APP, origin=found[0].origin, rule=rules.ENV_VALUES.id,
            service=services.pop() if len(services) == 1 else None,
            facts=(f"they are {few(names)}",) if len(found) > 1 else (),
            help="write them in quotes, as the schema wants it",
        )
    )  # fmt: skip


def _not_in_a_group(item: Mapping, key: str, form: str, notes: Notes) -> None:
    if form == "prompted":
        notes.found.append(
            warning(
                "render/group-prompt", f"{key}: Render ignores sync: false in an env group", origin=item.origin,
                rule=rules.ENV_GROUPS.id, help="set it in the Dashboard, or move it to the services",
            )
        )  # fmt: skip
        return
    notes.say(
        "render/group-reference", f"{key}: a variable of an env group cannot refer to a {form}", item.origin,
        rule=rules.ENV_GROUPS.id, help="move it to the services that need it",
    )  # fmt: skip


def _reference(item: Mapping, form: str, notes: Notes, service: str | None) -> Reference | None:
    if form not in ("database", "service"):
        return None
    field = "fromDatabase" if form == "database" else "fromService"
    node = item.get(field)
    if not isinstance(node, Mapping):
        if node is not None:
            notes.wrong_type(node, field, "a mapping", service=service)
        return None
    notes.keys(node, fields.REFERENCE_KEYS[field], field, service=service)
    name, type_ = text_of(node, "name"), text_of(node, "type")
    taken = text_of(node, "property") or (text_of(node, "envVarKey") if form == "service" else None)
    if name is None or taken is None:
        missing = "name" if name is None else "property"
        notes.say(
            "render/missing-field", f"{field} has no {missing}", node.origin, rule=rules.ENV_FORMS.id, service=service,
            help=f"add `{missing}:`",
        )  # fmt: skip
        return None
    known = fields.DATABASE_PROPERTIES if form == "database" else fields.SERVICE_PROPERTIES
    if node.get("property") is not None and taken.text not in known:
        notes.say(
            "render/invalid-value", f"{field} has no property {taken.text!r}", taken.origin, rule=rules.ENV_FORMS.id,
            service=service, help=near(taken.text, known),
        )  # fmt: skip
    is_property = text_of(node, "property") is not None
    return Reference(form, name.text, type_.text if type_ else "", taken.text, name.origin, is_property)
