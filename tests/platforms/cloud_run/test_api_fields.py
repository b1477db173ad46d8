"""Every field of Google's own API description is one we know, or one that gcloud refuses as we do."""

import json
from importlib.resources import files
from typing import Any

import pytest

from platforms.cloud_run.fields import TYPES
from tests.platforms.cloud_run.planning import codes, knative, plan

API: dict[str, Any] = json.loads(
    (files("googleapiclient.discovery_cache") / "documents" / "run.v1.json").read_text(encoding="utf-8")
)["schemas"]

NOT_GCLOUDS = {"Probe.exec"}
"""What the API describes and gcloud's classes lack (platforms' reference, section 2): refused as an unknown field."""

TAKEN_WHOLE = {"Service.status", "Job.status"}


def _pairs(kind: str) -> dict[str, tuple[dict[str, Any], str | None]]:
    """"Type.field" → (its description in the API, our type of it, None where we have none), from one kind on down."""
    found: dict[str, tuple[dict[str, Any], str | None]] = {}
    pending = [(kind, kind)]
    while pending:
        theirs, ours = pending.pop()
        for name, described in API[theirs].get("properties", {}).items():
            key = f"{ours}.{name}"
            field = TYPES[ours].get(name)
            if key in found:
                continue
            found[key] = described, field.type if field else None
            inner = described.get("$ref") or described.get("items", {}).get("$ref")
            if inner and field and key not in TAKEN_WHOLE and field.type.strip("[]") in TYPES:
                pending.append((inner, field.type.strip("[]")))
    return found


@pytest.mark.parametrize("kind", ["Service", "Job"])
def test_every_field_of_the_api_is_known(kind):
    """Each has a row of its own, which says what becomes of it."""
    found = _pairs(kind)
    assert {key for key, (_, ours) in found.items() if ours is None} <= NOT_GCLOUDS
    assert len(found) > 100


@pytest.mark.parametrize("kind", ["Service", "Job"])
def test_types_are_those_of_the_api(kind):
    """A list is a list there too, a number a number, a mapping a mapping. (gcloud takes what the API sends as text,
    such as a job's timeoutSeconds, as a number.)"""
    wanted = {"string": {"string"}, "int": {"integer", "string"}, "bool": {"boolean"}, "map": {"object"}}
    for key, (described, ours) in _pairs(kind).items():
        if ours in wanted:
            assert described.get("type") in wanted[ours], key
        elif ours == "strings" or (ours or "").startswith("["):
            assert described["type"] == "array", key
        elif ours in TYPES:
            assert "$ref" in described, key


def test_what_gcloud_lacks_is_refused():
    """An exec probe, which the API's description has."""
    made = plan({"service.yaml": knative("startupProbe:\n  exec: {command: [ls]}"), "Dockerfile": "FROM a\nCMD b\n"})
    assert codes(made)[0] == "cloud-run/unknown-field"
