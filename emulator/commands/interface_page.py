"""What `--format json` prints, as a Markdown page made of the types themselves. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from emulator.model.schema import schema_of

_ABOUT = (
    "`emu schema NAME` prints the JSON Schema of each of these documents. A key that does not apply is null or an",
    "empty list, never missing; documents may get more keys, and those that are here keep their meaning.",
)

_PRINTED_BY = {
    "plan": "`emu plan`, `emu check`",
    "event": "`emu up` and what makes a deploy beside it: one a line",
    "diagnostic": "what stands in many of them",
    "error": "any command that cannot do what was asked",
    "check": "`emu check` of several platforms",
    "checkup": "`emu doctor`",
    "diff": "`emu diff`, `emu what-if`",
    "lesson": "`emu learn LESSON`",
    "lessons": "`emu learn`",
    "topics": "`emu explain WORDS`",
    "explanation": "`emu explain CODE`",
}
"""Of a document that is not called like its command."""


def interface_page(documents: Mapping[str, Any]) -> str:
    """Each document, then each kind of object that stands in one, with its keys."""
    schemas = {name: schema_of(name, printed) for name, printed in documents.items()}
    lines = ["# What `--format json` prints", "", *_ABOUT, ""]
    lines += ["| document | printed by | is |", "|---|---|---|"]
    for name, schema in schemas.items():
        lines.append(f"| `{name}` | {_PRINTED_BY.get(name, f'`emu {name}`')} | {_kind(schema)} |")
    kinds = {kind: one for schema in schemas.values() for kind, one in schema.get("$defs", {}).items()}
    for kind, one in sorted(kinds.items()):
        lines += ["", *_section(kind, one)]
    return "\n".join(lines) + "\n"


def _section(kind: str, one: Mapping[str, Any]) -> Iterator[str]:
    """Of a kind: what it is, and its keys or values."""
    yield f"## {kind}"
    if said := one.get("description"):
        yield from ("", _text(" ".join(said.split())))
    if keys := one.get("properties"):
        yield from ("", "| key | is |", "|---|---|")
        yield from (f"| `{key}` | {_kind(value)} |" for key, value in keys.items())
    elif values := one.get("enum"):
        yield from ("", f"One of {_values(values)}.")


def _kind(schema: Mapping[str, Any]) -> str:
    """ "list of [Service](#service)" """
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if several := schema.get("anyOf"):
        kinds = list(dict.fromkeys(map(_kind, several)))
        return " or ".join(kinds) if len(kinds) < 4 else f"one of {', '.join(kinds)}"
    if "const" in schema:
        return f"`{schema['const']}`"
    if values := schema.get("enum"):
        return _values(values)
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            return f"list of {', '.join(map(_kind, schema['prefixItems']))}"
        case "array":
            return f"list of {_kind(schema.get('items') or {})}"
        case "object" if isinstance(schema.get("additionalProperties"), Mapping):
            return f"object, each value {_kind(schema['additionalProperties'])}"
        case str() as name:
            return name
        case _:
            return "anything"


def _values(values: list[Any]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _text(text: str) -> str:
    return re.sub(r"\bNone\b", "null", text.replace("<", "&lt;"))
