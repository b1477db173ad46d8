"""Render's validator in its own words, as projects quote them, each at its place in the file."""

import pytest

from tests.platforms.render.planning import DOCKERFILE, codes, messages, plan, web

FILES = {"Dockerfile": DOCKERFILE}
DOCKER = "runtime: docker\n"
PROPERTY = (
    "services[0].envVars[1].fromService.property invalid service property: url. "
    "Valid properties are connectionString, host, hostport, port"
)


def _plan(text: str):
    return plan({"render.yaml": text, **FILES}, "blueprint")


def _variables(*items: str) -> str:
    return web(DOCKER + "envVars:\n" + "".join(f"  - {item}\n" for item in items))


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        (web(DOCKER, type="static"), 'unknown type "static"', 2),
        (web(DOCKER, type="postgres"), 'unknown type "postgres"', 2),
        (_variables("{key: A, value: b}", "{key: B, value: '', sync: false}"),
         "services[0].envVars[1] cannot simultaneously specify fields value and sync", 7),
        (_variables("{key: A, generateValue: true, sync: false}"),
         "services[0].envVars[0] cannot simultaneously specify fields generateValue and sync", 6),
        (_variables("{key: A, fromService: {name: web, property: host}}"),
         "services[0].envVars[0].fromService.type empty but required", 6),
        (_variables("text", "{key: A, fromService: {name: web, type: web, property: url}}"),
         PROPERTY, 7),
        (web(DOCKER + "plan: free\npreDeployCommand: x\n"),
         "services[0] pre-deploy command is not supported for free tier services", 6),
        (web(DOCKER + "plan: free\n", type="cron"), "services[0] no such plan free for service type cron", 5),
        ("databases:\n  - {name: a, plan: huge}\n", "databases[0].plan huge not a valid plan", 2),
        ("databases:\n  - {name: a, diskSizeGB: 3}\n",
         "databases[0].diskSizeGB database disk size must be a multiple of 5GB", 2),
        ("databases:\n  - {name: a, diskSizeGB: 0}\n",
         "databases[0].diskSizeGB database disk size must be a multiple of 5GB", 2),
        ("databases:\n  - {name: a, plan: free}\n  - {name: b, plan: Free}\n",
         "cannot have more than one active free tier database", 3),
    ],
)  # fmt: skip
def test_refusals(text, message, line):
    """Word for word, at the line, with what to do."""
    found = [d for d in _plan(text).diagnostics if d.message == message]
    assert [(d.severity, d.origin.line if d.origin else None) for d in found] == [("error", line)]
    assert found[0].help


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("databases:\n  - {name: a, size: 3}\n", "Render says: field size not found in type file.Database"),
        (web(DOCKER + "healthCheckInterval: 3\n"),
         "Render says: field healthCheckInterval not found in type file.Service"),
        ("databases:\n  - {name: a, plan: starter}\n",
         "Render says: Legacy Postgres plans, including 'starter', are no longer supported for new databases"),
    ],
)  # fmt: skip
def test_words_beside_our_own(text, fact):
    """Where Render's words say less than ours, they are quoted."""
    assert _plan(text).diagnostics[0].facts == (fact,)


def test_the_public_address_is_what_is_meant():
    """A property `url` does not exist; the variable that has it does."""
    found = _plan(_variables("{key: A, fromService: {name: web, type: web, property: url}}")).diagnostics[0]
    assert "RENDER_EXTERNAL_URL" in (found.help or "")


def test_three_refusals_of_one_service_at_once():
    """As Render lists them: every one, not the first."""
    text = web("runtime: python\ndockerContext: .\ndockerfilePath: ./Dockerfile\nplan: free\n"
               "disk: {name: d, mountPath: /data}\n")  # fmt: skip
    assert set(messages(_plan(text))) == {
        "services[0] non-docker runtime python cannot have dockerContext",
        "services[0] non-docker runtime python cannot have dockerfilePath",
        "services[0] non-docker, non-static, non-image runtime python must have startCommand",
        "services[0] disks are not supported for free tier services",
    }


def test_one_gigabyte_is_a_disk():
    """The floor beside the multiples of five."""
    assert codes(_plan("databases:\n  - {name: a, diskSizeGB: 1}\n")) == []


@pytest.mark.parametrize(
    ("fields", "type"),
    [
        ("plan: 0.5c-512mb\n", "web"),
        ("plan: 12c-96g\n", "pserv"),
        ("plan: 8c-64g\nschedule: 0 0 * * *\n", "cron"),
        ("plan: pro plus\n", "worker"),
    ],
)
def test_plans_that_say_what_they_buy(fields, type):
    """The names of 2026 are names, beside the older ones."""
    assert codes(_plan(web(DOCKER + fields, type=type))) == []


@pytest.mark.parametrize("name", ["0.1c-256mb", "2c-8g", "128c-1024g", "pro-512gb"])
def test_database_plans_that_say_what_they_buy(name):
    """Of Postgres as well."""
    assert codes(_plan(f"databases:\n  - {{name: a, plan: {name}}}\n")) == []


@pytest.mark.parametrize("name", ["256mb", "40g", "starter", "pro ultra"])
def test_key_value_plans(name):
    """A Key Value store's plans are memory alone; one of a service is none of its."""
    assert codes(_plan(web(f"ipAllowList: []\nplan: {name}\n", type="keyvalue"))) == []
    wrong = messages(_plan(web("ipAllowList: []\nplan: 1c-2g\n", type="keyvalue")))
    assert wrong == ["services[0] no such plan 1c-2g for service type keyvalue"]


@pytest.mark.parametrize("field", ["previewPlan: huge", "previews: {plan: huge}"])
def test_the_plan_of_previews_is_a_plan(field):
    """Wherever it is written."""
    assert messages(_plan(web(DOCKER + field + "\n"))) == ["services[0] no such plan huge for service type web"]


@pytest.mark.parametrize("word", ["yes", "on", "y", "no", "off", "n"])
def test_words_that_a_boolean_field_takes(word):
    """Render's parser takes them where a boolean is wanted, and nowhere else."""
    made = _plan(web(DOCKER + f"autoDeploy: {word}\nenvVars: [{{key: A, value: {word}}}]\n"))
    assert codes(made, "error", "warning") == []
    assert next(v.value for v in made.services[0].env if v.name == "A") == word
