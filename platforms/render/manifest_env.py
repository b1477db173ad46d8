"""`envVars:` of a service or of a group → entries with their form and place."""

from collections.abc import Callable

from emulator.formats.editing import instead_of
from emulator.formats.yaml import Dialect, Mapping, Node, Scalar, as_go_string, value_of
from emulator.model.diagnostic import Fault, Related, info, warning

from . import fields, parts, rules
from .checking import check_fields
from .declarations import EnvEntry, Reference, Value
from .reading import Boolean, Notes, few, is_bool, near, text_of

LONGEST = 131072
"""Of a variable with its name, in bytes (MAX_ARG_STRLEN of Linux): nothing can be executed with a longer one."""

_FORMS: dict[str, Callable[[Mapping], bool]] = {
    "literal": lambda item: item.get("value") is not None,
    "generated": lambda item: is_bool(item.get("generateValue"), True),
    "prompted": lambda item: is_bool(item.get("sync"), False),
    "database": lambda item: item.get("fromDatabase") is not None,
    "service": lambda item: item.get("fromService") is not None,
}

_FIELDS = {
    "literal": "value", "generated": "generateValue", "prompted": "sync", "database": "fromDatabase",
    "service": "fromService",
}  # fmt: skip
"""The field that makes a form what it is."""

_ADDRESSES = ("url", "uri", "externalUrl", "publicUrl", "hostWithScheme", "address")
"""Properties people write that do not exist; what they mean is the public address."""


def read_env(
    node: Mapping, notes: Notes, holder: str, *, service: str | None = None, group: str = ""
) -> tuple[EnvEntry, ...]:
    """The entries in the order written; a key that is written twice keeps both, the later wins. holder: what has the
    variables, as Render names it: services[0]."""
    entries: list[EnvEntry] = []
    seen: dict[str, EnvEntry] = {}
    for number, item in notes.numbered(node, "envVars"):
        entry = _entry(item, notes, f"{holder}.envVars[{number}]", service, group)
        if entry is None:
            continue
        if (first := seen.get(entry.key)) is not None:
            notes.found.append(
                warning(
                    "render/env-twice", f"{entry.key} is set twice; the later one is taken here", origin=entry.origin,
                    service=service, rule=rules.ENV_FORMS.id, help="remove one of them",
                    related=(Related(origin=first.origin, message="set here, and overridden"),),
                )
            )  # fmt: skip
        seen |= {entry.key: entry} if entry.key else {}
        entries.append(entry)
    return tuple(entries)


def _entry(item: Mapping, notes: Notes, path: str, service: str | None, group: str) -> EnvEntry | None:
    linked = text_of(item, "fromGroup")
    if linked is not None and not group:
        _check_link(item, linked, notes, service)
        return EnvEntry("", "group", None, linked.origin, linked.text)
    check_fields("a variable", item, parts.VARIABLE, notes, service=service, hints=fields.NOT_A_VARIABLE_FIELD)
    if linked is not None:
        _not_in_a_group(item, linked.text, "group", notes)
        return None
    key = text_of(item, "key")
    if key is None or not key.text:
        notes.say(
            "render/env-without-key", "a variable has no key", item.origin, rule=rules.ENV_FORMS.id, service=service,
            facts=(f"it is {path}",), help="add `key:`",
        )  # fmt: skip
        return None
    if any(char in key.text for char in "=\0"):
        notes.say(
            "render/env-key", f"no variable can be called {key.text!r}", key.origin, rule=rules.ENV_FORMS.id,
            service=service, facts=(f"it is {path}",), help="use letters, digits and underscores",
        )  # fmt: skip
        return None
    form = _form(item, path, notes, service)
    value = item.get("value")
    if group and form in ("database", "service", "prompted"):
        _not_in_a_group(item, key.text, form, notes)
    literal = _literal(key.text, value, notes, service) if form == "literal" and value is not None else None
    reference = _reference(item, form, path, notes, service)
    origin = value.origin if form == "literal" and value is not None else key.origin
    return EnvEntry(key.text, form, literal, origin, group, reference, text_of(item, "previewValue"))


def _check_link(item: Mapping, linked: Value, notes: Notes, service: str | None) -> None:
    """A link to a group is nothing else besides, says the published schema."""
    check_fields("a variable", item, parts.VARIABLE, notes, service=service)
    others = [key for key, _ in item.pairs if key.text != "fromGroup" and key.text in parts.VARIABLE]
    if others:
        notes.found.append(
            warning(
                "render/group-link", f"`{others[0].text}` has no effect beside fromGroup", origin=others[0].origin,
                service=service, rule=rules.ENV_FORMS.id,
                facts=(f"all variables of the group {linked.text} are linked, under their own names",),
                help=f"remove `{others[0].text}`",
            )
        )  # fmt: skip


def _form(item: Mapping, path: str, notes: Notes, service: str | None) -> str:
    """The one form an entry has; the first where it has several."""
    present = [form for form, is_there in _FORMS.items() if is_there(item)]
    if len(present) > 1:
        named = [_FIELDS[form] for form in present]
        notes.say(
            "render/env-several-forms",
            f"{path} cannot simultaneously specify fields {', '.join(named[:-1])} and {named[-1]}", item.origin,
            rule=rules.ENV_FORMS.id, service=service, help="keep one of them",
        )  # fmt: skip
    elif (beside := item.key("previewValue")) is not None:
        _check_preview(present, beside, notes, service)
    return present[0] if present else "empty"


def _check_preview(present: list[str], beside: Scalar, notes: Notes, service: str | None) -> None:
    """A previewValue where none is taken."""
    message, rule, help_ = "", rules.ENV_FORMS, "remove it, or give it a `value`"
    if service is None:
        message, rule = "a variable of an env group keeps its value in a preview", rules.ENV_GROUPS
        help_ = "give the services that need another value one of their own"
    elif present and present[0] in ("database", "service"):
        message = f"the published schema has no previewValue beside {_FIELDS[present[0]]}"
    if message:
        notes.found.append(
            warning(
                "render/preview-value", message, origin=beside.origin, service=service, rule=rule.id, help=help_
            )
        )  # fmt: skip


def _literal(key: str, value: Node, notes: Notes, service: str | None) -> str | None:
    """The text of a value: what Go makes of a number, "true" or "false" of a boolean."""
    if not isinstance(value, Scalar):
        notes.wrong_type(value, f"the value of {key}", "a string or a number", service=service)
        return None
    text = as_go_string(value)
    too_long = len(f"{key}={text}".encode()) >= LONGEST
    if too_long or "\0" in text:
        why = f"is longer than Linux takes, {LONGEST} bytes" if too_long else "holds a NUL, which no variable can"
        notes.say(
            "render/env-value", f"the value of {key} {why}", value.origin, rule=rules.ENV_VALUES.id, service=service,
            help="put it into a secret file, which has its own limit" if too_long else "remove it, or encode the value",
        )  # fmt: skip
        return None
    plain = value_of(value, Dialect.GO_YAML)
    if isinstance(plain, bool):
        notes.booleans.append(Boolean(key, text, value.origin, service))
    elif isinstance(plain, int | float) and text != value.text:
        notes.found.append(
            warning(
                "render/env-number", f"{key} is read as a number: {value.text} becomes {text}", origin=value.origin,
                service=service, rule=rules.ENV_VALUES.id, help=f'write "{value.text}" in quotes',
                fix=instead_of(value.origin, f'"{value.text}"'),
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
            help=f"write {'them' if len(found) > 1 else 'it'} in quotes, as the schema wants it",
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


def _reference(item: Mapping, form: str, path: str, notes: Notes, service: str | None) -> Reference | None:
    if form not in ("database", "service"):
        return None
    field = _FIELDS[form]
    node = item.get(field)
    if not isinstance(node, Mapping):
        return None
    known = parts.FROM_DATABASE if form == "database" else parts.FROM_SERVICE
    check_fields(field, node, known, notes, service=service)
    name, type_ = _needed(node, "name", f"{path}.{field}", notes, service), None
    if form == "service":
        type_ = _needed(node, "type", f"{path}.{field}", notes, service)
        _check_type(type_, notes, service)
    is_property = text_of(node, "property") is not None
    taken = text_of(node, "property") or (text_of(node, "envVarKey") if form == "service" else None)
    if taken is None:
        notes.say(
            "render/missing-field", f"{field} has no property", node.origin, rule=rules.ENV_FORMS.id, service=service,
            facts=(f"it is {path}.{field}",),
            help="add `property:`" if form == "database" else "add `property:`, or `envVarKey:` for a variable of it",
        )  # fmt: skip
    if name is None or taken is None:
        return None
    if is_property:
        _check_property(taken, form, path, notes, service)
    if is_property and text_of(node, "envVarKey") is not None:
        notes.found.append(
            warning(
                "render/contradictory-fields", "fromService has property and envVarKey; property is taken here",
                origin=node.origin, service=service, rule=rules.ENV_FORMS.id, help="keep one of them",
            )
        )  # fmt: skip
    return Reference(form, name.text, type_.text if type_ else "", taken.text, name.origin, is_property)


def _needed(node: Mapping, field: str, path: str, notes: Notes, service: str | None) -> Value | None:
    value = text_of(node, field)
    if value is not None and value.text:
        return value
    notes.say(
        "render/missing-field", f"{path}.{field} empty but required", node.origin, rule=rules.EMPTY_BUT_REQUIRED.id,
        service=service, help=f"add `{field}:`",
    )  # fmt: skip
    return None


def _check_type(type_: Value | None, notes: Notes, service: str | None) -> None:
    if type_ is not None and type_.text not in parts.REFERRED_TYPES:
        notes.say(
            "render/invalid-value", f"fromService has no type {type_.text!r}", type_.origin, rule=rules.ENV_FORMS.id,
            service=service, help=near(type_.text, parts.REFERRED_TYPES),
        )  # fmt: skip


def _check_property(taken: Value, form: str, path: str, notes: Notes, service: str | None) -> None:
    known = parts.DATABASE_PROPERTIES if form == "database" else parts.SERVICE_PROPERTIES
    if taken.text in known:
        return
    message = f"fromDatabase has no property {taken.text!r}"
    if form == "service":
        valid = ", ".join(known)
        message = f"{path}.fromService.property invalid service property: {taken.text}. Valid properties are {valid}"
    notes.say(
        "render/invalid-value", message, taken.origin, rule=rules.SERVICE_PROPERTY.id, service=service,
        help="for its public address take `envVarKey: RENDER_EXTERNAL_URL` instead of `property`"
        if form == "service" and taken.text in _ADDRESSES else near(taken.text, known),
    )  # fmt: skip
