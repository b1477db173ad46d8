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
        "    registryCredential: {fromRegistryCreds: {name: c}}\n    renderSubdomainPolicy: enabled\n"
        "    ipAllowList: [{source: 10.1.2.3/8}, {source: '2001:db8::1'}]\n"
        "    maintenanceMode: {enabled: false, uri: ''}\n"
    )
    assert codes(_plan(text)) == []


def test_all_is_told_at_once():
    """One reading finds the mistakes of every level."""
    text = (
        "name: x\n" + web("runtime: docker\nports: [1]\npreviews: {when: a}\n") + "databases:\n  - name: d\n    a: b\n"
    )
    assert codes(_plan(text), "error") == ["render/unknown-field"] * 4


@pytest.mark.parametrize(
    ("more", "without"),
    [
        ("    headers:\n      - {path: /, name: A}\n", "an item of headers has no value"),
        ("projects: [{name: p}]\n", "an item of projects has no environments"),
        ("projects: [{name: p, environments: []}]\n", "an item of projects has no environments"),
        ("envVarGroups: [{name: g}]\n", "an env group has no envVars"),
    ],
)
def test_what_only_the_schema_requires_is_a_warning(more, without):
    """The server is not known to refuse a header without a value."""
    made = _plan(web(STATIC) + more)
    assert messages(made, "warning") == [f"{without}, which the published schema requires"]
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


@pytest.mark.parametrize(
    ("text", "severity", "message"),
    [
        (web("runtime: docker\nscaling: {minInstances: 1, maxInstances: 2, targetCPUPercent: 5}\nnumInstances: 2\n"),
         "warning", "numInstances has no effect beside scaling"),
        (web("runtime: image\nimage: {url: n8n}\nrepo: https://example.com/r\n"), "warning",
         "repo has no effect with runtime image"),
        (web("runtime: docker\nimage: {url: n8n}\n"), "warning", "image has no effect with runtime docker"),
        (web("runtime: docker\nrenderSubdomainPolicy: disabled\n"), "warning",
         "without its onrender.com name the service needs a custom domain, and none is here"),
        (web("runtime: docker\ndomains: [https://a.example]\n"), "warning",
         "the domain https://a.example is no host name: it has a scheme or a path"),
        (web("runtime: docker\ndomains: [a.example, a.example]\n"), "warning",
         "the domain a.example is written twice"),
        (web("runtime: docker\nipAllowList: [{source: 10.0.0.0/33}]\n"), "error",
         "'10.0.0.0/33' is no IP address and no range of them"),
        (web("runtime: static\n", type="worker"), "error", "services[0] invalid runtime static: a worker is no site"),
        (web("ipAllowList: []\nmaxmemoryPolicy: lru\n", type="keyvalue"), "error", "maxmemoryPolicy cannot be 'lru'"),
        (web("runtime: docker\nenvVars: [{fromGroup: g, key: A}]\nenvVarGroups: []\n"), "warning",
         "`key` has no effect beside fromGroup"),
        (web("runtime: docker\nenvVars: [{key: A, previewValue: x, fromDatabase: {name: d, property: host}}]\n"),
         "warning", "the published schema has no previewValue beside fromDatabase"),
        (web("runtime: docker\nenvVars: [{key: A, fromService: {name: web, type: wep, property: host}}]\n"), "error",
         "fromService has no type 'wep'"),
        ("envVarGroups:\n  - name: g\n    envVars: [{fromGroup: h}]\n", "error",
         "h: a variable of an env group cannot refer to a group"),
        ("envVarGroups:\n  - name: g\n  - name: g\n", "error", "two env groups are called 'g'"),
        ("projects:\n  - {name: p, environments: []}\n  - {name: p, environments: []}\n", "warning",
         "two projects are called 'p'"),
        ("projects:\n  - name: p\n    environments: [{name: e}, {name: e}]\n", "warning",
         "two environments of a project are called 'e'"),
        ("projects:\n  - name: p\n", "warning",
         "an item of projects has no environments, which the published schema requires"),
        ("ungrouped: []\n", "error", "ungrouped must be a mapping"),
        ("ungrouped: {service: []}\n", "error", "ungrouped has no field 'service'"),
        ("version: 2\n", "warning", "the published schema knows version 1, not 2"),
        ("previews: {expireAfterDays: 0}\n", "error", "expireAfterDays must be 1 or more, not 0"),
        ("crons: []\n", "error", "a Blueprint has no field 'crons'"),
        ("databases:\n  - name: ' '\n", "error", "databases[0] has no name"),
        ("databases:\n  - {name: d, postgresMajorVersion: '9'}\n", "warning",
         "Postgres 9 is none that the published schema knows"),
        ("databases:\n  - {name: d, postgresMajorVersion: '12'}\n", "warning",
         "Postgres 12 is not offered for new databases"),
        ("databases:\n  - {name: d, postgresMajorVersion: newest}\n", "error",
         "databases[0] postgresMajorVersion cannot be 'newest'"),
        ("databases:\n  - {name: d, plan: basic-256mb, highAvailability: {enabled: true}}\n", "warning",
         "a database of plan basic-256mb cannot be highly available: that takes one CPU or more"),
        (f"databases:\n  - {{name: d, readReplicas: [{', '.join(f'{{name: {n}}}' for n in 'abcefg')}]}}\n",
         "error", "readReplicas has 6 items; at most 5 are taken"),
    ],
)  # fmt: skip
def test_what_is_wrong_between_fields(text, severity, message):
    """What a field says against another, against its own kind, or against what can be; at a place, with what to do."""
    found = [d for d in _plan(text).diagnostics if d.message == message]
    assert [d.severity for d in found] == [severity]
    assert found[0].help
    assert found[0].origin


def test_the_place_counts_every_item():
    """A broken item has its number, and those after it keep theirs, through environments as well."""
    text = (
        "databases: [text, {name: a, plan: huge}]\n"
        "projects:\n  - name: p\n    environments:\n      - name: e\n        databases: [{name: b, plan: huge}]\n"
    )
    refused = [m for m in messages(_plan(text)) if "plan" in m]
    assert refused == ["databases[1].plan huge not a valid plan", "databases[2].plan huge not a valid plan"]
