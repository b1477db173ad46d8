"""The nouns as the JSON Schema of what is printed."""

from typing import Any

import msgspec

from .diagnostic import Diagnostic
from .event import AnyEvent
from .plan import Plan
from .record import Record

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class ErrorReport(Record, frozen=True, kw_only=True):
    """What a command prints in place of its document when it cannot answer."""

    schema: str = "emu.error/1"
    diagnostics: tuple[Diagnostic, ...]


DOCUMENTS: dict[str, Any] = {
    "plan": Plan,
    "event": AnyEvent,
    "diagnostic": Diagnostic,
    "error": ErrorReport,
}
"""Name in `emu schema NAME` → the type that is printed."""


def schema_of(name: str, printed: Any) -> dict[str, Any]:
    """The JSON Schema of a document of type `printed`, which msgspec knows how to print."""
    return {"$schema": DIALECT, "title": f"emu {name}", **_as_printed(msgspec.json.schema(printed))}


def _as_printed(schema: Any) -> Any:
    """The schema of what we print, where msgspec gives that of what we would accept: every key is
    there, none has a default, and a document says which it is."""
    if isinstance(schema, list):
        return [_as_printed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    printed = {key: _as_printed(part) for key, part in schema.items() if key not in ("default", *_BY_NAME)}
    printed |= {
        key: {name: _as_printed(part) for name, part in schema[key].items()} for key in _BY_NAME if key in schema
    }
    if "properties" in schema:
        printed["required"] = list(schema["properties"])
        own_name = schema["properties"].get("schema", {}).get("default")
        if own_name is not None:
            printed["properties"]["schema"] = {"const": own_name}
    return printed


_BY_NAME = ("properties", "$defs")
"""Parts of a schema whose keys are names of ours, not words of JSON Schema."""
