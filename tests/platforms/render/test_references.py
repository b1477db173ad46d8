"""Datastores, and what services need of each other."""

import pytest

from tests.platforms.render.planning import DOCKERFILE, codes, messages, plan, variable

FILES = {"Dockerfile": DOCKERFILE}


def _text(entries: str, rest: str = "") -> str:
    return (
        "services:\n"
        "  - type: web\n    name: shop\n    runtime: docker\n    envVars:\n" + entries +
        "  - type: pserv\n    name: search\n    runtime: docker\n"
        "  - type: keyvalue\n    name: cache\n    ipAllowList: []\n"
        "databases:\n  - name: books\n    plan: basic-1gb\n    readReplicas:\n      - name: books-copy\n" + rest
    )  # fmt: skip


ALL = (
    "      - key: DB\n        fromDatabase: {name: books, property: connectionString}\n"
    "      - key: COPY\n        fromDatabase: {name: books-copy, property: host}\n"
    "      - key: CACHE\n        fromService: {name: cache, type: keyvalue, property: connectionString}\n"
    "      - key: SEARCH\n        fromService: {name: search, type: pserv, property: hostport}\n"
    "      - key: SELF\n        fromService: {name: shop, type: web, envVarKey: RENDER_EXTERNAL_HOSTNAME}\n"
)


def test_edges_say_who_needs_whom_and_why():
    """One edge a reference, with the variable that makes it and its place; a service does not need itself."""
    made = plan({"render.yaml": _text(ALL), **FILES})
    assert codes(made) == []
    assert [(e.from_, e.to, e.because) for e in made.edges] == [
        ("shop", "books", "DB is its connectionString"),
        ("shop", "books", "COPY is its host"),
        ("shop", "cache", "CACHE is its connectionString"),
        ("shop", "search", "SEARCH is its hostport"),
    ]
    assert [e.origin.line for e in made.edges if e.origin] == [6, 8, 10, 12]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("fromService: {name: search, type: pserv, property: hostport}", "hostport of 'search' in ohio, which nothing"),
        ("fromService: {name: search, type: pserv, property: port}", None),
        ("fromService: {name: search, type: pserv, envVarKey: PORT}", None),
        ("fromService: {name: cache, type: keyvalue, property: connectionString}", None),
        ("fromDatabase: {name: books-copy, property: host}", "host of 'books-copy' in virginia, which nothing"),
        ("fromDatabase: {name: books, property: user}", None),
        ("fromService: {name: free, type: web, property: host}", "host of 'free', and a free service takes no private"),
        ("fromService: {name: free, type: web, envVarKey: RENDER_EXTERNAL_URL}", None),
    ],
)
def test_an_address_that_reaches_nobody_is_told(entry, told):
    """The private network ends at the region, and a free service is not on it (private-network, free)."""
    text = _text(f"      - key: A\n        {entry}\n").replace("runtime: docker\n  - type: key", "runtime: docker\n"
        "    region: ohio\n  - {type: web, name: free, runtime: docker, plan: free}\n  - type: key")  # fmt: skip
    made = plan({"render.yaml": text.replace("basic-1gb\n", "basic-1gb\n    region: virginia\n"), **FILES})
    found = messages(made, "warning")
    assert len(found) == bool(told)
    assert not told or found[0].startswith(f"A is the {told}")


def test_referring_variables_have_their_kind_and_no_value():
    """Their values are not known here: null, and the kind says why."""
    made = plan({"render.yaml": _text(ALL), **FILES})
    shop = made.services[0]
    assert [variable(shop, n)[:2] for n in ("DB", "CACHE")] == [(None, "database"), (None, "service")]


def test_given_references_stay_hidden():
    """--env gives a reference a value for `up`; it is not printed."""
    made = plan({"render.yaml": _text(ALL), **FILES}, env=[("DB", "postgres://u:p@h/d")])
    assert variable(made.services[0], "DB")[:2] == (None, "database")


def test_datastores_are_services_of_the_plan():
    """Key Value and Postgres stand in the plan as datastores, with plan and port, and without a command."""
    made = plan({"render.yaml": _text(ALL), **FILES})
    stores = {s.name: s for s in made.services if s.type == "datastore"}
    assert [s.name for s in made.services] == ["shop", "search", "cache", "books"]
    assert {n: (s.build.kind, s.build.runtime, s.resources.plan) for n, s in stores.items()} == {
        "cache": ("image", "valkey", "starter"),
        "books": ("image", "postgres", "basic-1gb"),
    }
    assert stores["books"].resources.memory_mib == 1024
    assert [s.port.number for s in stores.values() if s.port] == [6379, 5432]
    assert all(s.command is None and s.origin is not None for s in stores.values())


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("fromDatabase: {name: nope, property: host}", "X refers to database 'nope', which is not here"),
        ("fromService: {name: nope, type: web, property: host}", "X refers to service 'nope', which is not here"),
        ("fromService: {name: books, type: web, property: host}", "X refers to service 'books', which is not here"),
    ],
)
def test_missing_targets_are_told(entry, message):
    """A target outside the file must exist in the workspace already: a warning, and no edge."""
    made = plan({"render.yaml": _text(f"      - key: X\n        {entry}\n"), **FILES})
    assert messages(made, "warning") == [message]
    assert made.edges == ()
    assert not made.with_errors()


def test_a_missing_group_is_told():
    """A group that the file does not hold is a warning at its name."""
    made = plan({"render.yaml": _text("      - fromGroup: nope\n"), **FILES})
    assert messages(made, "warning") == ["there is no env group 'nope' here"]
    assert made.diagnostics[0].origin is not None
    assert made.diagnostics[0].origin.line == 6


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("fromDatabase: {name: books, property: url}", "render/invalid-value"),
        ("fromDatabase: {name: books}", "render/missing-field"),
        ("fromDatabase: {property: host}", "render/missing-field"),
        ("fromDatabase: books", "render/wrong-type"),
        ("fromService: {name: cache, type: keyvalue, property: url}", "render/invalid-value"),
        ("fromService: {name: cache, type: keyvalue, propert: host, property: host}", "render/unknown-field"),
    ],
)
def test_malformed_references(entry, code):
    """A reference that names nothing, or a property there is not, is an error."""
    made = plan({"render.yaml": _text(f"      - key: X\n        {entry}\n"), **FILES})
    assert codes(made, "error") == [code]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("    plan: starter\n", "databases[0] Legacy Postgres plans not supported"),
        ("    plan: pro plus\n", "databases[0] Legacy Postgres plans not supported"),
        ("    plan: huge\n", "databases[0].plan huge not a valid plan"),
        ("    diskSizeGB: 7\n", "databases[0].diskSizeGB database disk size must be a multiple of 5GB"),
        ("    size: 7\n", "a database has no field 'size'"),
    ],
)
def test_what_is_wrong_with_a_database(fields, message):
    """Postgres' own rules: today's plans, sizes in steps of five."""
    made = plan({"render.yaml": "databases:\n  - name: db\n" + fields})
    assert messages(made) == [message]


@pytest.mark.parametrize("name", ["free", "basic-256mb", "Basic-1gb", "pro-4gb", "accelerated-1024gb"])
def test_plans_of_today(name):
    """Every documented plan is taken, in any case."""
    assert codes(plan({"render.yaml": f"databases:\n  - name: db\n    plan: {name}\n"})) == []


def test_case_10_an_empty_allow_list_passes():
    """`ipAllowList: []` means internal connections only."""
    made = plan({"render.yaml": "services:\n  - {type: keyvalue, name: kv, ipAllowList: []}\n"}, "blueprint")
    assert codes(made) == []


def test_a_file_of_datastores_alone_is_a_file():
    """No service to run is no mistake where a database is declared."""
    assert codes(plan({"render.yaml": "databases:\n  - name: db\n"})) == []


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("fromService: {name: cache, type: web, property: host}",
         "X refers to 'cache' as web, which is a Key Value store"),
        ("fromService: {name: search, type: pserv, property: connectionString}",
         "X asks 'search' for its connectionString, which a private service has not"),
        ("fromService: {name: search, type: pserv, envVarKey: TOKEN}",
         "X takes TOKEN of 'search', which declares no such variable"),
        ("fromService: {name: shop, type: web, envVarKey: X}", "X takes its value from itself: shop.X → shop.X"),
    ],
)  # fmt: skip
def test_what_a_target_cannot_give(entry, message):
    """A target of the file that is of another type, or has not what is asked of it, is a warning."""
    made = plan({"render.yaml": _text(f"      - key: X\n        {entry}\n"), **FILES})
    assert messages(made, "warning") == [message]
    assert not made.with_errors()


def test_variables_of_the_target_its_groups_and_its_platform_are_there():
    """What the target declares, links or gets of Render can be taken; a group that is not here may hold anything."""
    text = (
        "services:\n  - type: web\n    name: a\n    runtime: docker\n    envVars:\n"
        "      - {key: A, fromService: {name: b, type: pserv, envVarKey: OWN}}\n"
        "      - {key: B, fromService: {name: b, type: pserv, envVarKey: OF_GROUP}}\n"
        "      - {key: C, fromService: {name: b, type: pserv, envVarKey: RENDER_SERVICE_NAME}}\n"
        "      - {key: D, fromService: {name: c, type: pserv, envVarKey: ANY}}\n"
        "  - type: pserv\n    name: b\n    runtime: docker\n    envVars:\n"
        "      - {key: OWN, sync: false}\n      - fromGroup: g\n"
        "  - type: pserv\n    name: c\n    runtime: docker\n    envVars:\n      - fromGroup: elsewhere\n"
        "envVarGroups:\n  - name: g\n    envVars:\n      - {key: OF_GROUP, value: '1'}\n"
    )
    assert "render/reference" not in codes(plan({"render.yaml": text, **FILES}))


def test_variables_that_take_each_others_value_are_told_once():
    """A circle has no value to begin with; services that only find each other's host have none."""
    text = (
        "services:\n  - type: web\n    name: a\n    runtime: docker\n    envVars:\n"
        "      - {key: A, fromService: {name: b, type: web, envVarKey: B}}\n"
        "      - {key: H, fromService: {name: b, type: web, property: host}}\n"
        "  - type: web\n    name: b\n    runtime: docker\n    envVars:\n"
        "      - {key: B, fromService: {name: a, type: web, envVarKey: A}}\n"
        "      - {key: H, fromService: {name: a, type: web, property: host}}\n"
    )
    made = plan({"render.yaml": text, **FILES})
    assert messages(made, "warning") == ["A takes its value from itself: a.A → b.B → a.A"]


@pytest.mark.parametrize(
    ("entry", "hint"),
    [
        ("fromService: {name: books, type: web, property: host}", "books is a database here: write `fromDatabase`"),
        ("fromDatabase: {name: cache, property: host}", "cache is a service here: write `fromService`"),
    ],
)
def test_the_other_form_is_named(entry, hint):
    """A database asked for as a service, or the reverse."""
    made = plan({"render.yaml": _text(f"      - key: X\n        {entry}\n"), **FILES})
    assert [d.help for d in made.diagnostics] == [hint]
