"""The variables of a service: whose they are, which win, which stay hidden."""

import pytest

from emulator.model.record import to_json
from tests.platforms.render.planning import DOCKERFILE, codes, messages, plan, resolve, service, variable, web


def _files(entries: str, *, runtime: str = "docker", type: str = "web", more: str = "") -> dict[str, str]:
    fields = f"runtime: {runtime}\nenvVars:\n{entries}"
    if runtime != "docker":
        fields += "startCommand: run\nbuildCommand: build\n"
    return {"render.yaml": web(fields, type=type) + more, "Dockerfile": DOCKERFILE}


GROUP = "envVarGroups:\n  - name: g\n    envVars:\n      - key: A\n        value: 1\n      - key: B\n        value: 2\n"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("text", "text"), ('"quoted"', "quoted"), ("8080", "8080"), ("true", "true"), ("True", "true"),
        ("0123", "83"), ('"0123"', "0123"), ("1e3", "1000"), ("1.50", "1.5"), ("no", "no"), ("22:22", "22:22"),
        ("''", ""), ("'true'", "true"), ("0x1F", "31"), ("-5", "-5"), ("~", ""), ("|\n      a\n      b\n", "a\nb\n"),
    ],
)  # fmt: skip
def test_literal_values_are_what_go_makes_of_them(written, value):
    """Case 32: a YAML value first, then text."""
    made = service(_files(f"  - key: A\n    value: {written}\n"))
    assert variable(made, "A") == (value, "literal", "both")


@pytest.mark.parametrize(
    ("written", "code"),
    [("true", ["render/env-boolean"]), ("0123", ["render/env-number"]), ("1e3", ["render/env-number"]),
     ("8080", []), ("'true'", []), ("no", []), ("[1]", ["render/wrong-type"])],
)  # fmt: skip
def test_values_that_change_their_text_are_told(written, code):
    """A boolean is against the schema but taken; a number whose text changes is worth a word."""
    assert codes(plan(_files(f"  - key: A\n    value: {written}\n"))) == code


@pytest.mark.parametrize("entries", ["  - fromGroup: g\n  - key: A\n    value: own\n",
                                     "  - key: A\n    value: own\n  - fromGroup: g\n"])  # fmt: skip
def test_a_services_variable_beats_its_groups(entries):
    """Case 30: whatever the order of the list."""
    made = service(_files(entries, more=GROUP))
    assert variable(made, "A") == ("own", "literal", "both")
    assert variable(made, "B") == ("2", "group", "both")


def test_a_group_variable_points_into_the_group():
    """Its place is where the group sets it."""
    made = service(_files("  - fromGroup: g\n", more=GROUP))
    found = next(v for v in made.env if v.name == "B")
    assert found.origin is not None
    assert found.origin.line == 13


def test_groups_that_disagree_are_told():
    """Between groups Render promises no winner."""
    more = GROUP + "  - name: h\n    envVars:\n      - key: A\n        value: 9\n"
    made = plan(_files("  - fromGroup: g\n  - fromGroup: h\n", more=more))
    assert codes(made) == ["render/groups-disagree"]
    assert codes(plan(_files("  - fromGroup: g\n  - fromGroup: h\n  - key: A\n    value: x\n", more=more))) == []


@pytest.mark.parametrize(
    ("entry", "code"),
    [("sync: false", "render/group-prompt"), ("fromDatabase: {name: db, property: host}", "render/group-reference"),
     ("fromService: {name: web, type: web, property: host}", "render/group-reference")],
)  # fmt: skip
def test_what_a_group_cannot_hold(entry, code):
    """Groups hold values and generated values; sync: false is ignored there, references are refused."""
    more = f"envVarGroups:\n  - name: g\n    envVars:\n      - key: A\n        {entry}\n"
    made = plan(_files("  - fromGroup: g\n", more=more))
    assert codes(made) == [code]
    assert not any(v.name == "A" for v in made.services[0].env)


def test_generated_values_are_null_in_a_plan():
    """A plan is the same every time: no random value stands in it."""
    files = _files("  - key: KEY\n    generateValue: true\n")
    assert variable(service(files), "KEY") == (None, "generated", "both")
    assert codes(plan(files)) == []


def test_prompted_values():
    """sync: false is null and of kind prompt; a warning says how to give it; the prompt is asked for."""
    files = _files("  - key: TOKEN\n    sync: false\n  - key: OTHER\n    sync: false\n")
    found = resolve(files)
    assert variable(found.plan.services[0], "TOKEN") == (None, "prompt", "both")
    assert codes(found.plan) == ["env/prompted-unset"]
    assert "TOKEN, OTHER" in found.plan.diagnostics[0].message
    assert "--env TOKEN=" in (found.plan.diagnostics[0].help or "")
    assert [(p.service, p.name) for p in found.prompts] == [("web", "TOKEN"), ("web", "OTHER")]


@pytest.mark.parametrize("way", ["env", "env_file"])
def test_a_given_prompt_stays_hidden(way):
    """Given by --env or --env-file it stays null and of kind prompt; the value is kept aside."""
    found = resolve(_files("  - key: TOKEN\n    sync: false\n"), **{way: [("TOKEN", "s3cr3t")]})
    assert variable(found.plan.services[0], "TOKEN") == (None, "prompt", "both")
    assert found.secrets.of("web") == {"TOKEN": "s3cr3t"}
    assert (found.prompts, codes(found.plan)) == ((), [])
    assert b"s3cr3t" not in to_json(found.plan)


def test_env_overrides_what_may_be_printed():
    """--env beats literals and Render's own variables, and is printed; unknown names are added."""
    made = service(
        _files("  - key: A\n    value: file\n  - fromGroup: g\n", more=GROUP),
        env=[("A", "flag"), ("RENDER", "no"), ("NEW", "x"), ("B", "3")],
    )
    assert [variable(made, n)[:2] for n in ("A", "RENDER", "NEW", "B")] == [
        ("flag", "flag"), ("no", "flag"), ("x", "flag"), ("3", "flag"),
    ]  # fmt: skip


def test_env_file_values_are_never_printed():
    """A file may hold anything: its values are null in the plan, kept aside, and tokens in an argv."""
    files = {
        "render.yaml": web("runtime: docker\ndockerCommand: run $A $NEW\nenvVars:\n  - key: A\n    value: file\n"),
        "Dockerfile": "ARG A\nFROM python:$A\nARG NEW\nENV X=$NEW\nCMD run\n",
    }
    found = resolve(files, env_file=[("A", "hush1"), ("NEW", "hush2")])
    made = found.plan.services[0]
    assert [variable(made, name)[:2] for name in ("A", "NEW")] == [(None, "secret"), (None, "secret")]
    assert made.command is not None
    assert made.command.argv == ("run", "‹A›", "‹NEW›")
    assert made.build.base_images == ("python:‹A›",)
    assert found.secrets.of("web") == {"A": "hush1", "NEW": "hush2"}
    assert b"hush" not in to_json(found.plan)
    assert codes(found.plan) == []


def test_a_hidden_python_version_that_is_none_is_not_printed():
    """PYTHON_VERSION from an env file that is no version may be anything else."""
    files = {"render.yaml": web("runtime: python\nstartCommand: run\n")}
    made = plan(files, env_file=[("PYTHON_VERSION", "hush-hush")])
    assert codes(made, "error") == ["render/python-version"]
    assert b"hush" not in to_json(made)


@pytest.mark.parametrize(
    ("entries", "given", "port", "source", "code"),
    [
        ("", {}, 10000, "default", []),
        ("  - key: PORT\n    value: 8080\n", {}, 8080, "render.yaml", []),
        ("  - key: PORT\n    value: '8080'\n", {"env": [("PORT", "9000")]}, 9000, "flag", []),
        ("", {"env": [("PORT", "9000")]}, 9000, "flag", []),
        ("", {"env_file": [("PORT", "9000")]}, 9000, "flag", []),
        ("  - key: PORT\n    sync: false\n", {"env": [("PORT", "9000")]}, 9000, "flag", []),
        ("  - key: PORT\n    sync: false\n", {}, 10000, "default", ["env/prompted-unset"]),
        ("  - key: PORT\n    value: web\n", {}, 10000, "default", ["render/port-not-a-number"]),
        ("  - key: PORT\n    value: ''\n", {}, 10000, "default", ["render/port-not-a-number"]),
        ("  - key: PORT\n    value: ²\n", {}, 10000, "default", ["render/port-not-a-number"]),
        ("  - key: PORT\n    value: 0\n", {}, 10000, "default", ["render/port-not-a-number"]),
        ("  - key: PORT\n    value: 70000\n", {}, 10000, "default", ["render/port-not-a-number"]),
        ("  - key: PORT\n    value: 18012\n", {}, 18012, "render.yaml", ["render/reserved-port"]),
        ("  - fromGroup: g\n", {}, 5000, "render.yaml", []),
    ],
)  # fmt: skip
def test_port(entries, given, port, source, code):
    """PORT is 10000 unless somebody sets it to a number; three ports are Render's own."""
    group = "envVarGroups:\n  - name: g\n    envVars:\n      - key: PORT\n        value: 5000\n"
    made = plan(_files(entries or "  - key: X\n    value: y\n", more=group), **given)
    found = made.services[0].port
    assert found is not None
    assert (found.number, found.source, codes(made)) == (port, source, code)
    lifecycle = made.services[0].lifecycle
    assert lifecycle.port_scan is not None
    assert lifecycle.port_scan.preferred == port


@pytest.mark.parametrize(
    ("type", "entries", "port"),
    [("pserv", "", None), ("pserv", "  - key: PORT\n    value: 7000\n", 7000),
     ("worker", "  - key: PORT\n    value: 1\n", None)],
)  # fmt: skip
def test_port_of_others(type, entries, port):
    """Only a web service has a PORT by itself; a private one has the port it sets."""
    made = service(_files(entries or "  - key: X\n    value: y\n", type=type))
    assert (made.port.number if made.port else None) == port


def test_renders_own_variables():
    """Name, type, repository, host and size are there for build and run; the rest for the run alone."""
    made = service({"render.yaml": web("runtime: docker\nplan: pro\n", name="My Shop"), "Dockerfile": DOCKERFILE})
    expected = {
        "RENDER": ("true", "both"), "IS_PULL_REQUEST": ("false", "both"), "PORT": ("10000", "both"),
        "RENDER_SERVICE_NAME": ("My Shop", "both"), "RENDER_SERVICE_TYPE": ("web", "both"),
        "RENDER_GIT_BRANCH": ("main", "both"), "RENDER_GIT_COMMIT": ("a" * 40, "both"),
        "RENDER_GIT_REPO_SLUG": ("octo/shop", "both"), "RENDER_CPU_COUNT": ("2", "both"),
        "RENDER_EXTERNAL_HOSTNAME": ("my-shop.onrender.com", "both"),
        "RENDER_EXTERNAL_URL": ("https://my-shop.onrender.com", "both"),
        "RENDER_DISCOVERY_SERVICE": ("my-shop-discovery", "both"),
        "RENDER_WEB_CONCURRENCY": ("2", "run"), "WEB_CONCURRENCY": ("2", "run"),
    }  # fmt: skip
    for name, (value, phase) in expected.items():
        assert variable(made, name) == (value, "platform", phase)
    assert len(variable(made, "RENDER_SERVICE_ID")[0] or "") == len("srv-") + 20
    assert variable(made, "RENDER_INSTANCE_ID")[2] == "run"
    assert {v.name for v in made.env if v.kind == "platform"} == {*expected, "RENDER_SERVICE_ID", "RENDER_INSTANCE_ID"}


@pytest.mark.parametrize(
    ("type", "word", "host", "workers"),
    [("web", "web", True, True), ("pserv", "pserv", False, True), ("worker", "worker", False, False),
     ("cron", "cron", False, False)],
)  # fmt: skip
def test_variables_by_type(type, word, host, workers):
    """External names are empty unless the service is public; worker counts are for web and private services."""
    fields = "runtime: docker\n" + ("schedule: 0 0 * * *\n" if type == "cron" else "")
    made = service({"render.yaml": web(fields, type=type), "Dockerfile": DOCKERFILE})
    assert variable(made, "RENDER_SERVICE_TYPE")[0] == word
    assert bool(variable(made, "RENDER_EXTERNAL_URL")[0]) is host
    assert any(v.name == "WEB_CONCURRENCY" for v in made.env) is workers


@pytest.mark.parametrize(
    ("plan_", "cpus", "workers"), [("free", "0.1", "1"), ("starter", "0.5", "1"), ("pro ultra", "8", "8")]
)
def test_sizes_by_plan(plan_, cpus, workers):
    """CPU count and worker count follow the plan."""
    made = service({"render.yaml": web(f"runtime: docker\nplan: {plan_}\n"), "Dockerfile": DOCKERFILE})
    assert (variable(made, "RENDER_CPU_COUNT")[0], variable(made, "WEB_CONCURRENCY")[0]) == (cpus, workers)


def test_case_28_node_env_is_for_the_run():
    """NODE_ENV is unset while building, so that devDependencies are installed, and production at run time."""
    made = service(_files("  - key: X\n    value: y\n", runtime="node"), "blueprint")
    assert variable(made, "NODE_ENV") == ("production", "platform", "run")
    assert "NODE_ENV" not in {v.name for v in made.build.args}


def test_pythons_variables():
    """CI is for Python's build alone; gunicorn binds 10000 whatever PORT says."""
    made = service(_files("  - key: PORT\n    value: 5000\n", runtime="python"), "blueprint")
    assert variable(made, "CI") == ("true", "platform", "build")
    assert variable(made, "GUNICORN_CMD_ARGS")[0] == "--preload --access-logfile - --bind=0.0.0.0:10000"
    assert variable(made, "FORWARDED_ALLOW_IPS") == ("*", "platform", "both")


def test_a_dockerfile_gets_no_languages_variables():
    """A native runtime that a Dockerfile wins over brings no variables of its language."""
    made = service(_files("  - key: X\n    value: y\n", runtime="python"))
    assert made.build.kind == "dockerfile"
    assert not any(v.name == "GUNICORN_CMD_ARGS" for v in made.env)


def test_every_variable_is_a_build_argument():
    """All of them are passed as build arguments, except those that only exist at run time."""
    made = service(_files("  - key: A\n    value: b\n  - key: T\n    sync: false\n"))
    args = {v.name for v in made.build.args}
    assert {"A", "T", "RENDER", "PORT"} <= args
    assert "RENDER_INSTANCE_ID" not in args


def test_a_static_site_has_a_build_only():
    """A static site's variables exist while it is built."""
    made = service({"render.yaml": web("runtime: static\nstaticPublishPath: d\nenvVars:\n  - key: A\n    value: b\n")})
    assert {v.phase for v in made.env} == {"build"}
    assert "RENDER_INSTANCE_ID" not in {v.name for v in made.env}


def test_preview_values_are_tolerated():
    """previewValue stands beside any form without effect here."""
    entries = (
        "  - key: A\n    value: b\n    previewValue: c\n  - key: B\n    generateValue: true\n    previewValue: d\n"
    )
    made = plan(_files(entries))
    assert variable(made.services[0], "A")[0] == "b"
    assert made.diagnostics == ()


def test_fields_of_renders_own_examples():
    """render-examples/ravendr describes its prompts in fields that no reference names; they are no mistake."""
    entry = "  - key: A\n    displayName: The key\n    description: From there\n    sensitive: true\n    value: x\n"
    made = plan(_files(entry))
    assert (variable(made.services[0], "A")[0], made.diagnostics) == ("x", ())


@pytest.mark.parametrize(
    ("entry", "code", "severity"),
    [
        ("  - value: x\n", "render/env-without-key", "error"),
        ("  - key: A\n    value: x\n    sync: false\n", "render/env-several-forms", "error"),
        ("  - key: A\n    valeu: x\n", "render/unknown-field", "error"),
        ("  - key: A\n", "render/env-without-value", "warning"),
        ("  - key: A\n    sync: true\n", "render/env-without-value", "warning"),
        ("  - key: A\n    value: 1\n  - key: A\n    value: 2\n", "render/env-twice", "warning"),
        ("  - just text\n", "render/wrong-type", "error"),
    ],
)
def test_malformed_entries(entry, code, severity):
    """Each mistake in envVars is found, once its place is known."""
    made = plan(_files(entry))
    assert code in codes(made, severity)
    assert next(d for d in made.diagnostics if d.code == code).origin is not None


@pytest.mark.parametrize(
    ("entry", "code", "place"),
    [
        ('{key: "A=B", value: c}', "render/env-key", (6, 15)),
        ('{key: "\\0", value: c}', "render/env-key", (6, 15)),
        ('{key: A, value: "b\\0c"}', "render/env-value", (6, 25)),
        (f"{{key: A, value: '{'x' * 131070}'}}", "render/env-value", (6, 25)),
    ],
    ids=["equals", "no-letter", "nul", "long"],
)
def test_what_no_process_can_be_given(entry, code, place):
    """Told at its place, and not handed on: the builder could not even be started with it."""
    made = plan({"render.yaml": web(f"runtime: docker\nenvVars:\n  - {entry}\n"), "Dockerfile": DOCKERFILE})
    assert [(d.code, d.origin and (d.origin.line, d.origin.column)) for d in made.diagnostics] == [(code, place)]
    assert not any(char in f"{v.name}{v.value}" for v in made.services[0].env for char in "=\0" if v.kind == "literal")


def test_the_later_of_two_wins():
    """A key set twice keeps the later value, and says so."""
    made = service(_files("  - key: A\n    value: 1\n  - key: A\n    value: 2\n"))
    assert variable(made, "A")[0] == "2"


def test_env_alias_of_runtime():
    """`env:` is taken as runtime, with a warning; where both stand, runtime counts."""
    made = plan({"render.yaml": web("env: docker\n"), "Dockerfile": DOCKERFILE}, "blueprint")
    assert (made.services[0].build.kind, codes(made)) == ("dockerfile", ["render/deprecated-field"])
    both = plan({"render.yaml": web("env: python\nruntime: docker\n"), "Dockerfile": DOCKERFILE}, "blueprint")
    assert both.services[0].build.kind == "dockerfile"
    assert messages(both) == []


def test_who_writes_that_a_value_is_secret_learns_how_render_says_it():
    """There is no such field; the one that is spelt most like it would be another mistake."""
    made = plan(_files("  - key: A\n    fromSecret: true\n"))
    [told] = [one for one in made.diagnostics if one.code == "render/unknown-field"]
    assert told.help is not None
    assert told.help.startswith("write `sync: false`")


def test_a_field_of_a_service_at_the_root_is_told_where_it_belongs():
    made = plan({"render.yaml": "name: shop\nstartCommand: x\n"})
    helps = {one.help for one in made.diagnostics if one.code == "render/unknown-field"}
    assert helps == {"it is a field of a service: write it in an item of `services`"}
