"""All that `emu explain` can tell of. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.check import rules as check_rules
from emulator.contract import Platform
from emulator.model.topic import Topic

MOST_FOUND = 12


def topics(platforms: Mapping[str, Platform], meanings: Mapping[str, str]) -> Iterator[Topic]:
    """Everything. meanings: of the diagnostics that the check has no rule for."""
    for check in check_rules():
        yield Topic(kind="finding", name=check.code, text=check.statement, more=check.why)
    for code, meaning in meanings.items():
        yield Topic(kind="finding", name=code, text=meaning)
    for name, platform in platforms.items():
        for rule in platform.RULES:
            yield Topic(
                kind="rule", name=rule.id, text=rule.statement, where=name, more=rule.note, source=rule.source,
                checked=rule.checked, certainty=rule.evidence.value, fidelity=rule.fidelity.value,
            )  # fmt: skip
        for file, schema in platform.schemas().items():
            yield from _fields(file, schema)


def _fields(file: str, schema: Mapping[str, Any]) -> Iterator[Topic]:
    """The fields that a file's schema describes, each once for what it is in."""
    inside = {"": schema, **schema.get("definitions", {}), **schema.get("$defs", {})}
    for parent, part in inside.items():
        for name, field in _properties(part):
            text = field.get("description", "")
            path = f"{parent}.{name}" if parent else name
            values = field.get("enum") or ()
            choices = f"one of {', '.join(map(str, values))}" if values else ""
            if text or choices:
                yield Topic(kind="field", name=path, text=text or choices, where=file, more=choices if text else "")


def _properties(part: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Those of a schema and of the schemas that it is made up of."""
    if not isinstance(part, Mapping):
        return
    for name, field in part.get("properties", {}).items():
        if isinstance(field, Mapping):
            yield name, field
            inner = field.get("items", field)
            yield from ((f"{name}.{deeper}", one) for deeper, one in _properties(inner))
    for key in ("allOf", "anyOf", "oneOf"):
        for one in part.get(key, ()):
            yield from _properties(one)
