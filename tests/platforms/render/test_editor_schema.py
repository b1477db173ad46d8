"""The JSON Schema of render.yaml says what the check says, as far as a schema can."""

from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from platforms.render import fields, schemas
from tests.example_files import example_folders
from tests.platforms.render.planning import DOCKERFILE, plan, web

SCHEMA = schemas()["render.yaml"]
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
DOCKER = "runtime: docker\n"
STATIC = "runtime: static\nstaticPublishPath: dist\n"
BLUEPRINTS = sorted(path for folder in example_folders() for path in Path(folder).rglob("render.yaml"))


def _refusals(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))]


def _said(text: str, *severities: str) -> list[str]:
    made = plan({"render.yaml": text, "Dockerfile": DOCKERFILE}, "blueprint")
    return [d.message for d in made.diagnostics if d.severity in severities]


def test_it_is_a_schema():
    """By the rules of its dialect, which editors read."""
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.parent.name)
def test_examples_are_valid(path):
    """Every render.yaml of the examples, but the one that is there for its own mistakes; what is wrong with others no
    schema can say."""
    assert bool(_refusals(path.read_text())) is (path.parent.name == "render-blueprint-refused")


WHOLE = """
version: "1"
previews: {generation: automatic, expireAfterDays: 3}
projects:
  - name: p
    environments:
      - name: e
        networking: {isolation: enabled}
        databases:
          - name: d
            plan: Basic-1gb
            postgresMajorVersion: "17"
            readReplicas: [{name: copy}]
            highAvailability: {enabled: true}
services:
  - type: web
    name: w
    runtime: docker
    plan: Pro Plus
    autoDeployTrigger: off
    scaling: {minInstances: 1, maxInstances: 3, targetCPUPercent: 60}
    image: null
    registryCredential: {fromRegistryCreds: {name: c}}
    previews: {generation: manual, plan: 1c-2g}
    envVars:
      - {key: A, value: true}
      - {key: B, value: 3, previewValue: 4}
      - {key: C, sync: false}
      - {key: D, fromService: {name: kv, type: keyvalue, property: connectionString}}
      - {key: E, fromDatabase: {name: d, property: host}}
      - fromGroup: g
  - {type: web, name: old, env: node, startCommand: x}
  - {type: web, name: site, runtime: static, routes: [{type: rewrite, source: /*, destination: /index.html}]}
  - {type: cron, name: c, runtime: python, schedule: "0 0 * * *", startCommand: x, plan: starter}
  - {type: keyvalue, name: kv, ipAllowList: [], plan: 256mb, previewPlan: free}
envVarGroups:
  - {name: g, envVars: [{key: F, generateValue: true}]}
"""


def test_a_whole_blueprint_is_valid():
    """Every kind of service, and what the server takes beyond the published schema."""
    assert _refusals(WHOLE) == []


@pytest.mark.parametrize(
    "text",
    [
        web(DOCKER + "prots: [1]\n"),
        web(DOCKER + "numInstances: two\n"),
        web(DOCKER + "plan: huge\n"),
        web(DOCKER + "plan: free\n", type="worker"),
        web(DOCKER + "region: paris\n"),
        web("startCommand: x\n"),
        web(DOCKER, type="static"),
        web(DOCKER, type="cron"),
        web("plan: free\n", type="keyvalue"),
        web("plan: 1c-2g\nipAllowList: []\n", type="keyvalue"),
        web(STATIC + "region: ohio\n"),
        web("env: static\nplan: free\n"),
        web(DOCKER + "routes: []\n"),
        web(DOCKER + "disk: {name: d}\n"),
        web(DOCKER + "disk: {name: d, mountPath: /d, size: 3}\n"),
        web(DOCKER + "maxShutdownDelaySeconds: 301\n"),
        web(DOCKER + "envVars: {A: b}\n"),
        web(DOCKER + "envVars: [{value: b}]\n"),
        web(DOCKER + "envVars: [{key: A, value: b, sync: false}]\n"),
        web(DOCKER + "envVars: [{key: A, value: b, generateValue: true}]\n"),
        web(DOCKER + "envVars: [{key: A, fromGroup: g}]\n"),
        web(DOCKER + "envVars: [{key: A, fromService: {name: web, property: host}}]\n"),
        web(STATIC + "headers: [{path: /, name: A}]\n"),
        web(DOCKER + "previews: {generation: sometimes}\n"),
        "services: text\n",
        "crons: []\n",
        "databases:\n  - {plan: free}\n",
        "databases:\n  - {name: d, plan: huge}\n",
        "databases:\n  - {name: d, highAvailability: {}}\n",
        "envVarGroups:\n  - {name: g, envVars: [{key: A, fromDatabase: {name: d, property: host}}]}\n",
        "projects:\n  - {name: p}\n",
        "previews: {expireAfterDays: 0}\n",
    ],
)
def test_what_the_schema_refuses_the_check_speaks_of(text):
    """An editor never shows a mistake that the check passes over in silence."""
    assert _refusals(text)
    assert _said(text, "error", "warning")


def test_every_field_is_described_and_the_old_names_are_marked():
    """What an editor shows beside a field, and strikes through."""
    service = SCHEMA["definitions"]["service"]["properties"]
    assert set(service) == set(fields.SERVICE_FIELDS)
    assert [name for name, field in service.items() if not field.get("description")] == []
    assert {name for name, field in service.items() if field.get("deprecated")} == {
        "env", "autoDeploy", "afterFirstDeployCommand", "pullRequestPreviewsEnabled",
    }  # fmt: skip
    assert [name for name, field in SCHEMA["properties"].items() if not field.get("description")] == []


VALUES = st.sampled_from(
    ["docker", "static", "free", "1", "0", "-1", "500", "true", "x", "'off'", "[]", "{}", "[a]", "{name: a}",
     "{mountPath: /d, name: d}", "{minInstances: 1}", "[{key: A}]", "[{fromGroup: g, key: B}]", "{url: x}", "1c-2g",
     "[{key: A, value: b, sync: false}]", "[{source: 10.0.0.0/8}]", "[{path: /, name: a, value: b}]", "'0 0 * * *'",
     "[{type: rewrite, source: /a, destination: /b}]", "{generation: manual, plan: free}", "{paths: [a]}"]
)  # fmt: skip


@pytest.mark.thorough
@given(
    st.dictionaries(st.sampled_from([*fields.SERVICE_FIELDS, "zzz"]), VALUES, max_size=6),
    st.sampled_from(["web", "pserv", "worker", "cron", "keyvalue", "redis", "static"]),
)
@settings(max_examples=500, deadline=None)
def test_no_mistake_is_the_schemas_alone(written, type):
    """Whatever a service has: what an editor marks, the check speaks of, and the check's unknown fields and wrong types
    an editor marks."""
    given_fields = {key: value for key, value in written.items() if key not in ("type", "name")}
    text = web("".join(f"{key}: {value}\n" for key, value in given_fields.items()), type=type)
    made = plan({"render.yaml": text, "Dockerfile": DOCKERFILE}, "blueprint")
    refused = _refusals(text)
    if refused:
        assert [d for d in made.diagnostics if d.severity != "info"], refused
    if {"render/unknown-field", "render/wrong-type", "render/invalid-type"} & {d.code for d in made.diagnostics}:
        assert refused
