"""Every field of Google's own description of the v2 API has a row that says what becomes of it."""

import json
from importlib.resources import files
from typing import Any

import pytest

from emulator.model.rule import Fidelity
from platforms.cloud_run.fields_v2 import ENUMS, TYPES

API: dict[str, Any] = json.loads(
    (files("googleapiclient.discovery_cache") / "documents" / "run.v2.json").read_text(encoding="utf-8")
)["schemas"]
PREFIX = "GoogleCloudRunV2"
KINDS = pytest.mark.parametrize("kind", ["Service", "Job"])


def _pairs(kind: str) -> dict[str, tuple[dict[str, Any], str | None]]:
    """ "Type.field" → (its description in the API, our type of it, None where we have none), from one kind on down.
    What is taken whole has one row for all that is in it."""
    found: dict[str, tuple[dict[str, Any], str | None]] = {}
    pending = [(PREFIX + kind, kind)]
    while pending:
        theirs, ours = pending.pop()
        for name, described in API[theirs].get("properties", {}).items():
            key = f"{ours}.{name}"
            field = TYPES[ours].get(name)
            if key in found:
                continue
            found[key] = described, field.type if field else None
            inner = described.get("$ref") or described.get("items", {}).get("$ref")
            if inner and field and field.type.strip("[]") in TYPES:
                pending.append((inner, field.type.strip("[]")))
    return found


@KINDS
def test_every_field_of_the_api_is_known(kind):
    """None is missing here, and none is here that the API lacks."""
    found = _pairs(kind)
    assert [key for key, (_, ours) in found.items() if ours is None] == []
    assert len(found) > 100
    types = {key.partition(".")[0] for key in found}
    assert {f"{type_}.{name}" for type_ in types for name in TYPES[type_]} == set(found)


def test_no_type_is_left_over():
    reached = {key.partition(".")[0] for kind in ("Service", "Job") for key in _pairs(kind)}
    assert reached == set(TYPES)


@KINDS
def test_types_are_those_of_the_api(kind):
    """A list is a list there too, a number a number, and a word one of the same words."""
    wanted = {
        "string": {"string"}, "int": {"integer"}, "bool": {"boolean"}, "map": {"object"}, "number": {"number"},
    }  # fmt: skip
    for key, (described, ours) in _pairs(kind).items():
        if ours in wanted:
            assert described.get("type") in wanted[ours], key
            assert "enum" not in described, key
        elif ours == "duration":
            assert described["format"] == "google-duration", key
        elif ours in ENUMS:
            assert tuple(described["enum"]) == ENUMS[ours], key
        elif ours == "strings" or (ours or "").startswith("["):
            assert described["type"] == "array", key
        elif ours in TYPES:
            assert "$ref" in described, key
        else:
            assert ours == "any", key


@KINDS
def test_what_the_platform_writes_is_told_apart(kind):
    """A field that is output only is no setting that is missed: it says so, and no other does."""
    for key, (described, _) in _pairs(kind).items():
        type_, _, name = key.partition(".")
        assert (TYPES[type_][name].note == "written by the platform, ignored when it is sent") == (
            described.get("readOnly", False)
        ), key


def test_what_is_taken_whole_is_not_imitated():
    """A field whose inside is not looked at is said to be without effect here, or the platform's own."""
    whole = [field for fields in TYPES.values() for field in fields.values() if field.type == "any"]
    assert {field.fidelity for field in whole if not field.note.startswith("written")} == {Fidelity.NOT_IMITATED}
