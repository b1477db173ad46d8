"""Every field of a Blueprint is typed, also inside others; old names and answers given twice are told."""

import pytest

from tests.platforms.render.planning import DOCKERFILE, codes, messages, plan, web

FILES = {"Dockerfile": DOCKERFILE}
STATIC = "runtime: static\nstaticPublishPath: dist\n"
ENVIRONMENT = "projects:\n  - name: p\n    environments:\n      - name: e\n        {}\n"


def _plan(text: str):
    return plan({"render.yaml": text, **FILES}, "blueprint")


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        (web(STATIC + "routes:\n  - {type: forward, source: /a, destination: /b}\n"), "type cannot be 'forward'", 7),
        (web(STATIC + "headers:\n  - {path: /, name: A, value: b, when: c}\n"),
         "an item of headers has no field 'when'", 7),
        (web("runtime: docker\npreviews: {generation: sometimes}\n"), "generation cannot be 'sometimes'", 5),
        (web("runtime: docker\npreviews: {numInstances: two}\n"), "numInstances must be an integer", 5),
        (web("runtime: docker\nregistryCredential:\n  fromRegistryCreds: mine\n"),
         "fromRegistryCreds must be a mapping", 6),
        (web("runtime: docker\nregistryCredential:\n  fromRegistryCreds: {nam: a, name: b}\n"),
         "fromRegistryCreds has no field 'nam'", 6),
        (web("runtime: docker\nbuildFilter: {paths: src}\n"), "paths must be a list", 5),
        ("databases:\n  - name: d\n    readReplicas: [copy]\n", "an item of readReplicas must be a mapping", 3),
        ("databases:\n  - name: d\n    highAvailability: {enabled: maybe}\n", "enabled must be a boolean", 3),
        ("databases:\n  - name: d\n    region: paris\n", "region cannot be 'paris'", 3),
        ("databases:\n  - name: d\n    connectionPool: pgpool\n", "connectionPool cannot be 'pgpool'", 3),
        ("databases:\n  - name: d\n  - name: d\n", "two databases are called 'd'", 3),
        ("previews: {expireAfterDays: soon}\n", "expireAfterDays must be an integer", 1),
        ("previewsEnabled: perhaps\n", "previewsEnabled must be a boolean", 1),
        (ENVIRONMENT.format("networking: {isolation: full}"), "isolation cannot be 'full'", 5),
        (ENVIRONMENT.format("permissions: {protect: enabled}"), "permissions has no field 'protect'", 5),
    ],
)  # fmt: skip
def test_what_is_wrong_inside_a_field(text, message, line):
    """An unknown key, another type and a word that is none of the field's are errors at their own line."""
    found = [d for d in _plan(text).diagnostics if d.message == message]
    assert [(d.severity, d.origin.line if d.origin else None) for d in found] == [("error", line)]
    assert found[0].help


def test_a_whole_blueprint_is_taken():
    """Nothing is said of fields that are written as they should be."""
    text = (
        "version: '1'\npreviews: {generation: automatic, expireAfterDays: 3}\n"
        "projects:\n  - name: p\n    environments:\n      - name: e\n"
        "        networking: {isolation: enabled}\n        permissions: {protection: disabled}\n"
        "        databases:\n          - name: d\n            region: ohio\n            connectionPool: pgbouncer\n"
        "            readReplicas: [{name: copy}]\n            highAvailability: {enabled: true}\n"
        "            ipAllowList: [{source: 0.0.0.0/0, description: all}]\n"
        "services:\n  - type: web\n    name: w\n    runtime: docker\n"
        "    buildFilter: {paths: [a], ignoredPaths: [b]}\n    previews: {generation: manual, plan: starter}\n"
        "    registryCredential: {fromRegistryCreds: {name: c}}\n    maintenanceMode: {enabled: false, uri: ''}\n"
    )
    assert codes(_plan(text)) == []


def test_all_is_told_at_once():
    """One reading finds the mistakes of every level."""
    text = (
        "name: x\n" + web("runtime: docker\nports: [1]\npreviews: {when: a}\n") + "databases:\n  - name: d\n    a: b\n"
    )
    assert codes(_plan(text), "error") == ["render/unknown-field"] * 4


def test_what_only_the_schema_requires_is_a_warning():
    """The server is not known to refuse a header without a value."""
    made = _plan(web(STATIC + "headers:\n  - {path: /, name: A}\n"))
    assert messages(made, "warning") == ["an item of headers has no value, which the published schema requires"]
    assert not made.with_errors()


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        (web("runtime: docker\nautoDeploy: false\n"), "info", "write `autoDeployTrigger: off`; both work"),
        (web("runtime: docker\nautoDeploy: true\n"), "info", "write `autoDeployTrigger: commit`; both work"),
        (web("runtime: docker\npreviewPlan: starter\n"), "info", "write `previews: {plan: starter}`; both work"),
        (web("runtime: docker\nafterFirstDeployCommand: x\n"), "info", "write `initialDeployHook:`; both work"),
        (web("ipAllowList: []\n", type="redis"), "info", "write `type: keyvalue`; both work"),
        ("previewsEnabled: true\n" + web("runtime: docker\n"), "info",
         "write `previews: {generation: automatic}`; both work"),
        (web("env: docker\n"), "warning", "write `runtime:`; both work"),
    ],
)  # fmt: skip
def test_deprecated_names(text, code, hint):
    """Old names work, and what to write today is said."""
    found = [d for d in _plan(text).diagnostics if d.code == "render/deprecated-field"]
    assert [(d.severity, d.help) for d in found] == [(code, hint)]


def test_a_key_value_store_keeps_its_preview_plan():
    """There, previewPlan is the name of today."""
    assert codes(_plan(web("ipAllowList: []\npreviewPlan: starter\n", type="keyvalue"))) == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("autoDeploy: true\nautoDeployTrigger: off\n",
         "`autoDeploy` says what `autoDeployTrigger` says as well; autoDeployTrigger wins"),
        ("env: docker\n", "`env` says what `runtime` says as well"),
        ("previewPlan: starter\npreviews: {plan: pro}\n", "`previewPlan` says what `plan` says as well"),
    ],
)  # fmt: skip
def test_an_answer_given_twice(fields, message):
    """The old name beside the new one is a contradiction waiting to happen: a warning at the old one."""
    assert messages(_plan(web("runtime: docker\n" + fields)), "warning") == [message]


def test_an_old_name_beside_another_question():
    """`previews` without a plan does not rival previewPlan."""
    made = _plan(web("runtime: docker\npreviewPlan: starter\npreviews: {generation: off}\n"))
    assert codes(made) == ["render/deprecated-field"]
