"""The table of `parts` as the JSON Schema of render.yaml, for editors.

Draft 7, which every editor reads. It agrees with the check: what it refuses, the check speaks of too; what only the
check can know (other services, the repository) is not in it. Where the server takes more than the published schema
(`env`, booleans as values, other cases of a plan's name), so does this one.
"""

from typing import Any

from . import field_words, fields, parts
from .deprecated import ROOT_SUCCESSORS, SUCCESSORS
from .parts import Part
from .plans import PLANS_OF

Schema = dict[str, Any]

DIALECT = "http://json-schema.org/draft-07/schema#"

_TYPES: dict[str, Schema] = {
    "string": {"type": ["string", "number", "boolean", "null"]},
    "scalar": {"type": ["string", "number", "boolean", "null"]},
    "integer": {"type": ["integer", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "list": {"type": ["array", "null"]},
    "mapping": {"type": ["object", "null"]},
}
"""A program that decodes YAML into text takes a number or a boolean for it, and nothing for anything."""

_STATIC: Schema = {
    "anyOf": [
        {"properties": {name: {"const": "static"}}, "required": [name], **others}
        for name, others in (("runtime", {}), ("env", {"not": {"required": ["runtime"]}}))
    ]
}

_KINDS: dict[str, Schema] = {
    "V": {"properties": {"type": {"enum": ["keyvalue", "redis"]}}, "required": ["type"]},
    "C": {"properties": {"type": {"const": "cron"}}, "required": ["type"]},
    "P": {"properties": {"type": {"const": "pserv"}}, "required": ["type"]},
    "K": {"properties": {"type": {"const": "worker"}}, "required": ["type"]},
    "S": {"properties": {"type": {"const": "web"}}, "required": ["type"], "allOf": [_STATIC]},
    "W": {"properties": {"type": {"const": "web"}}, "required": ["type"], "not": _STATIC},
}
"""How a service of a kind is known."""


def blueprint_schema() -> Schema:
    """The schema of a whole render.yaml."""
    definitions = {
        "service": _service(),
        "database": _mapping(parts.DATABASE, field_words.DATABASE),
        "variable": _variable(parts.VARIABLE),
        "groupVariable": _variable(parts.GROUP_VARIABLE),
        "envVarGroup": _mapping(parts.GROUP, {}),
        "environment": _mapping(parts.ENVIRONMENT, {}),
        "project": _mapping(parts.PROJECT, {}),
    }
    return {
        "$schema": DIALECT,
        "title": "render.yaml",
        "description": "A Render Blueprint, as https://render.com/docs/blueprint-spec describes it.",
        **_mapping(parts.ROOT, field_words.ROOT, ROOT_SUCCESSORS),
        "definitions": definitions,
    }


_NAMED: dict[int, str] = {
    id(parts.SERVICE): "service",
    id(parts.DATABASE): "database",
    id(parts.VARIABLE): "variable",
    id(parts.GROUP_VARIABLE): "groupVariable",
    id(parts.GROUP): "envVarGroup",
    id(parts.ENVIRONMENT): "environment",
    id(parts.PROJECT): "project",
}
"""Tables that have a definition of their own."""


_DEPRECATED: Schema = {"deprecated": True}


def _mapping(table: dict[str, Part], words: dict[str, str], deprecated: dict[str, str] | None = None) -> Schema:
    properties = {name: _field(name, part, words, deprecated or {}) for name, part in table.items()}
    required = [name for name, part in table.items() if part.is_required]
    return {
        "type": "object", "properties": properties, "additionalProperties": False,
        **({"required": required} if required else {}),
    }  # fmt: skip


def _field(name: str, part: Part, words: dict[str, str], deprecated: dict[str, str]) -> Schema:
    made = _value(part)
    if name in words:
        made["description"] = words[name]
    if name in deprecated:
        made |= _DEPRECATED | {"deprecationMessage": f"write `{deprecated[name]}`"}
    return made


def _value(part: Part) -> Schema:
    made = dict(_TYPES[part.type])
    if part.type == "mapping" and part.parts is not None:
        made = {"anyOf": [_items(part.parts), {"type": "null"}]} if not part.is_required else _items(part.parts)
    elif part.type == "list":
        made |= {"items": _items(part.parts) if part.parts is not None else _TYPES[part.item or "string"]}
        made |= {"minItems": part.least} if part.least is not None else {}
        made |= {"maxItems": part.most} if part.most is not None else {}
    elif part is parts.DATABASE["plan"]:
        made = _any_spelling(part.choices)
    elif part.choices:
        made = _words(part.choices)
    else:
        made |= {"minimum": part.least} if part.least is not None else {}
        made |= {"maximum": part.most} if part.most is not None else {}
    return made


def _items(table: dict[str, Part]) -> Schema:
    name = _NAMED.get(id(table))
    return {"$ref": f"#/definitions/{name}"} if name else _mapping(table, {})


def _words(choices: tuple[str, ...]) -> Schema:
    """Words an editor offers. Unquoted, YAML 1.1 makes a boolean of `off` and a number of "17"."""
    numbers = [int(word) for word in choices if word.isdigit()]
    return {"enum": [*choices, *numbers, *([False] if "off" in choices else []), None]}


def _service() -> Schema:
    always = {old: new for old, new in SUCCESSORS.items() if old != "previewPlan"}
    made = _mapping(parts.SERVICE, field_words.SERVICE, always)
    made["properties"]["plan"] = {"description": field_words.SERVICE["plan"]}
    made["properties"]["previewPlan"] |= _plan("WPKCV")
    made["properties"]["previews"]["anyOf"][0]["properties"]["plan"] = _plan("WPKC")
    made["allOf"] = [{"if": _KINDS[kind], "then": _kind(kind)} for kind in "WSPKCV"]
    return made


def _kind(kind: str) -> Schema:
    """What holds of one kind of service: the plans it can have, the fields it must have, those it has not."""
    elsewhere = {name: False for name, field in fields.SERVICE_FIELDS.items() if kind not in field.kinds}
    made: Schema = {"properties": elsewhere | ({"plan": _plan(kind)} if PLANS_OF[kind] else {})}
    if kind in "WPK":
        made["properties"]["previewPlan"] = _DEPRECATED | {"deprecationMessage": "write `previews: {plan: …}`"}
    if kind in "WPKC":
        made["anyOf"] = [{"required": ["runtime"]}, {"required": ["env"]}]
    needed = {"C": ["schedule"], "V": ["ipAllowList"]}.get(kind)
    return made | ({"required": needed} if needed else {})


def _plan(kinds: str) -> Schema:
    """Plans to offer; other spellings are taken, as the server does."""
    return _any_spelling(tuple(dict.fromkeys(name for kind in kinds for name in PLANS_OF[kind])))


def _any_spelling(names: tuple[str, ...]) -> Schema:
    pattern = f"^({'|'.join(map(_any_case, names))})$"
    return {"anyOf": [{"enum": [*names]}, {"type": "string", "pattern": pattern}]}


def _any_case(name: str) -> str:
    either = {" ": "[ _]", "-": "[-_]", ".": "[.]"}
    return "".join(f"[{c.upper()}{c}]" if c.isalpha() else either.get(c, c) for c in name)


_FORMS: dict[str, Schema] = {
    "value": {"required": ["value"]},
    "generateValue": {"required": ["generateValue"], "properties": {"generateValue": {"const": True}}},
    "sync": {"required": ["sync"], "properties": {"sync": {"const": False}}},
    "fromDatabase": {"required": ["fromDatabase"]},
    "fromService": {"required": ["fromService"]},
}
"""What makes a variable have a form."""


def _variable(table: dict[str, Part]) -> Schema:
    """A variable has a key and one form, or is a link to a group."""
    made = _mapping(table, field_words.VARIABLE)
    made["properties"]["value"] |= _TYPES["scalar"]
    forms = [form for name, form in _FORMS.items() if name in table]
    made["not"] = {"anyOf": [{"allOf": [a, b]} for number, a in enumerate(forms) for b in forms[number + 1 :]]}
    if "fromGroup" not in table:
        return made | {"required": ["key"]}
    return made | {"if": {"required": ["fromGroup"]}, "then": {"maxProperties": 1}, "else": {"required": ["key"]}}
