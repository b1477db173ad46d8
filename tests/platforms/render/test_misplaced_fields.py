"""Fields that Render does not have, or not on this kind of service: its own words, what is certain, what to write."""

import pytest

from tests.platforms.render.planning import DOCKERFILE, codes, messages, plan, service, web

FILES = {"Dockerfile": DOCKERFILE}
DOCKER = "runtime: docker\n"
STATIC = "runtime: static\nstaticPublishPath: d\n"
CRON = DOCKER + "schedule: 0 0 * * *\n"


def _plan(fields: str, *, type: str = "web"):
    return plan({"render.yaml": web(fields, type=type), **FILES})


def test_an_unknown_field_is_told_in_renders_words():
    """The validator names the field and its own type; six projects quote it."""
    found = _plan(DOCKER + "nodeVersion: 20\n").diagnostics[0]
    assert found.facts == ("Render says: field nodeVersion not found in type file.Service",)
    assert "NODE_VERSION" in (found.help or "")


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("root: api", "`rootDir`"),
        ("command: x", "startCommand"),
        ("filter: {paths: [a]}", "`buildFilter`"),
        ("dockerArgs: [a]", "ARG"),
        ("databases: []", "outermost"),
        ("healthCheck: /", "healthCheckPath"),
        ("pythonVersion: 3.12", "PYTHON_VERSION"),
        ("envVar: []", "did you mean `envVars`?"),
    ],
)
def test_what_to_write_instead(key, hint):
    """A field that people write often has its answer."""
    assert hint in (_plan(DOCKER + key + "\n").diagnostics[0].help or "")


def test_no_wall_of_fields():
    """A field like no other is to be removed; the documentation has the list, not the help."""
    found = _plan(DOCKER + "zzz: x\n").diagnostics[0]
    assert found.help == "remove it; https://render.com/docs/blueprint-spec lists the fields"


def test_a_short_list_is_given_whole():
    """Where few fields are known, all of them are the answer."""
    found = _plan(DOCKER + "disk: {name: d, mountPath: /d, zzz: 1}\n").diagnostics[0]
    assert found.help == "known are name, mountPath, sizeGB"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("region: oregon\n", "services[0] static sites cannot have a region"),
        ("plan: free\n", "services[0] no such plan free for service type web"),
        ("plan: Free\n", "services[0] no such plan Free for service type web"),
    ],
)
def test_what_a_static_site_is_refused_for(fields, message):
    """Both are quoted from the validator by unrelated projects."""
    made = _plan(STATIC + fields)
    assert messages(made) == [message]
    assert made.diagnostics[0].origin is not None
    assert made.diagnostics[0].help


@pytest.mark.parametrize(
    ("type", "fields", "field"),
    [
        ("web", STATIC + "plan: starter\n", "plan"),
        ("web", STATIC + "healthCheckPath: /\n", "healthCheckPath"),
        ("web", STATIC + "numInstances: 1\n", "numInstances"),
        ("web", STATIC + "disk: {name: d, mountPath: /d}\n", "disk"),
        ("web", STATIC + "startCommand: x\n", "startCommand"),
        ("web", DOCKER + "routes: [{type: rewrite, source: /*, destination: /x}]\n", "routes"),
        ("web", DOCKER + "headers: [{path: /*, name: A, value: b}]\n", "headers"),
        ("web", DOCKER + "staticPublishPath: d\n", "staticPublishPath"),
        ("worker", DOCKER + "schedule: x\n", "schedule"),
        ("cron", CRON + "healthCheckPath: /\n", "healthCheckPath"),
        ("keyvalue", "ipAllowList: []\nenvVars: []\n", "envVars"),
    ],
)
def test_a_field_of_another_kind_is_a_doubt(type, fields, field):
    """One type holds every service's fields there, so nothing is unknown, and no refusal is on record."""
    made = _plan(fields, type=type)
    assert codes(made) == ["render/misplaced-field"]
    assert not made.with_errors()
    assert f"`{field}`" in messages(made, "warning")[0]


def test_only_a_static_site_has_routes():
    """The warning says whose field it is, and the coverage that nothing comes of it."""
    made = _plan(DOCKER + "routes: []\n")
    assert messages(made, "warning") == ["`routes` has no effect on a web service: it is for static sites"]
    row = next(row for row in made.coverage if row.key == "services[0].routes")
    assert row.note == "not read: a web service has no use for it"


@pytest.mark.parametrize("fields", [DOCKER, STATIC])
@pytest.mark.parametrize(
    ("field", "known"),
    [("routes: [{path: /a, destination: /b}]\n", "type, source, destination"),
     ("headers: [{path: /a, key: A, value: b}]\n", "path, name, value")],
)  # fmt: skip
def test_the_keys_of_routes_and_headers_are_checked_anywhere(fields, field, known):
    """A strict decoder refuses a key it does not know, whatever the service is."""
    made = _plan(fields + field)
    assert codes(made, "error") == ["render/unknown-field"]
    found = next(d for d in made.diagnostics if d.code == "render/unknown-field")
    assert found.help == f"known are {known}"


@pytest.mark.parametrize("type", ["worker", "pserv", "cron"])
def test_the_free_plan_is_for_web_and_key_value(type):
    """By the words of the one refusal that is on record."""
    made = _plan(CRON + "plan: free\n" if type == "cron" else DOCKER + "plan: free\n", type=type)
    assert messages(made) == [f"services[0] no such plan free for service type {type}"]


def test_one_mistake_is_told_once():
    """variables as a mapping are one wrong type, and the help shows the form."""
    made = _plan(DOCKER + "envVars: {PORT: 8000}\n")
    assert codes(made) == ["render/wrong-type"]
    assert made.diagnostics[0].service == "web"
    assert made.diagnostics[0].help == "write a list: `- key: PORT`, and below it `value: 8000`"


def test_booleans_are_told_once_in_a_file():
    """The server takes them: one word for all, at the first."""
    rows = "".join(f"  - {{key: {name}, value: true}}\n" for name in "ABA")
    made = _plan(DOCKER + f"envVars:\n{rows}")
    found = [d for d in made.diagnostics if d.code == "render/env-boolean"]
    assert [d.severity for d in found] == ["info"]
    assert found[0].message == "3 variables are booleans; each becomes the text 'true' or 'false'"
    assert found[0].facts == ("they are A, B",)
    assert (found[0].origin.line, found[0].service) == (6, "web")


def test_one_boolean_is_told_by_its_name():
    """With one variable there is nothing to count."""
    made = _plan(DOCKER + "envVars:\n  - {key: A, value: false}\n")
    assert messages(made, "info") == ["A is a boolean; it becomes the text 'false'"]


def test_booleans_of_several_services_belong_to_none():
    """The word is the file's, not one service's."""
    rows = "".join(
        f"  - {{type: web, name: {name}, runtime: docker, envVars: [{{key: A, value: true}}]}}\n" for name in "ab"
    )
    found = plan({"render.yaml": "services:\n" + rows, **FILES}).diagnostics[0]
    assert (found.code, found.service) == ("render/env-boolean", None)


def test_the_default_plan_beats_nothing_when_it_is_written():
    """starter is not turned down in favour of starter."""
    decisions = service({"render.yaml": web(DOCKER + "plan: starter\n"), **FILES}).decisions
    decision = next(d for d in decisions if d.id == "web.plan")
    assert (decision.answer, decision.rejected) == ("starter", ())
