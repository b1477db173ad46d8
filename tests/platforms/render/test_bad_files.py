"""Files that are empty, broken, hostile, misspelt or simply not there: one clear finding, never a traceback."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.model.diagnostic import UsageError
from tests.platforms.render.planning import DOCKERFILE, codes, messages, plan, service, web

GOOD = web("runtime: docker\n")
FILES = {"Dockerfile": DOCKERFILE}


@pytest.mark.parametrize("created_from", ["repository", "blueprint"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", ["yaml/empty-document"]),
        ("# only a comment\n", ["yaml/empty-document"]),
        ("{}\n", ["render/nothing-to-run"]),
        ("services: []\n", ["render/nothing-to-run"]),
        ("services:\n", ["render/nothing-to-run"]),
        ("- a\n- list\n", ["render/not-a-blueprint"]),
        ("just text\n", ["render/not-a-blueprint"]),
        ("services: text\n", ["render/wrong-type"]),
        ("services:\n  type: web\n", ["render/wrong-type"]),
        ("services:\n  - text\n", ["render/wrong-type"]),
        ("services:\n\t- type: web\n", ["yaml/tab-indentation"]),
        (b"services:\n  - \xff\xfe\n", ["file/not-utf-8"]),
        (b"services:\0\n", ["file/binary"]),
        (b"\x89PNG\r\n\x1a\n\0\0", ["file/binary"]),
        ("#" * (4 * 1024 * 1024 + 1), ["file/too-large"]),
        ("a: &a [*a]\n", ["yaml/recursive-alias"]),
    ],
    ids=lambda value: repr(value)[:25],
)
def test_a_broken_render_yaml_is_one_error(content, expected, created_from):
    """Whatever is wrong with the file, there is one error at a place in it, with what to do; nothing is planned."""
    made = plan({"render.yaml": content, **FILES}, created_from)
    assert codes(made, "error") == expected
    found = made.diagnostics[0]
    assert found.origin is not None
    assert found.origin.file == "render.yaml"
    assert found.help
    assert made.services == ()


def test_a_file_that_is_too_large_is_not_called_badly_encoded():
    """The advice fits the problem."""
    made = plan({"render.yaml": "#" * (4 * 1024 * 1024 + 1)})
    assert "UTF-8" not in (made.diagnostics[0].help or "")


def test_a_byte_order_mark_is_no_problem():
    """Editors on Windows write one."""
    assert codes(plan({"render.yaml": b"\xef\xbb\xbf" + GOOD.encode(), **FILES})) == []


def test_windows_line_ends_are_no_problem():
    """The values carry no carriage return."""
    made = service({"render.yaml": GOOD.replace("\n", "\r\n"), **FILES})
    assert (made.name, made.build.runtime) == ("web", "docker")


def test_duplicate_keys_are_refused():
    """The same key twice in one mapping is an error that shows both; the first is kept."""
    made = plan({"render.yaml": GOOD + "    plan: free\n    plan: pro\n", **FILES})
    assert codes(made, "error") == ["yaml/duplicate-key"]
    assert made.diagnostics[0].related
    assert made.services[0].resources.plan == "free"


def test_only_the_first_document_counts():
    """A second document is not read, and that is said."""
    made = plan({"render.yaml": GOOD + "---\n" + GOOD, **FILES})
    assert (len(made.services), codes(made)) == (1, ["yaml/several-documents"])


def test_anchors_and_merge_keys():
    """`<<` brings fields; the service's own win."""
    text = (
        "services:\n"
        "  - &base\n    type: web\n    name: a\n    runtime: docker\n    plan: standard\n"
        "    envVars: &vars\n      - key: A\n        value: b\n"
        "  - <<: *base\n    name: b\n    plan: pro\n"
        "  - type: worker\n    name: c\n    runtime: docker\n    envVars: *vars\n"
    )
    made = plan({"render.yaml": text, **FILES})
    assert codes(made) == []
    assert [(s.name, s.resources.plan) for s in made.services] == [("a", "standard"), ("b", "pro"), ("c", "starter")]
    assert all(any(v.name == "A" for v in s.env) for s in made.services)


@pytest.mark.parametrize("name", ["render.yml", ".render.yaml"])
@pytest.mark.parametrize("created_from", ["repository", "blueprint"])
def test_a_misspelt_name_is_told(name, created_from):
    """Render looks for render.yaml; a file called almost so is named, and not read."""
    made = plan({name: GOOD, **FILES}, created_from)
    assert codes(made, "warning") == ["render/blueprint-name"]
    assert name in messages(made, "warning")[0]
    assert made.with_errors() is (created_from == "blueprint")


def test_an_ignored_render_yaml_is_told():
    """On this disk, but not in Render's clone."""
    made = plan({"render.yaml": GOOD, **FILES}, ignored=["render.yaml"])
    assert codes(made) == ["render/blueprint-ignored"]
    assert made.services[0].name == "shop"


def test_render_yaml_as_a_folder_is_none():
    """A folder of that name is no Blueprint; the decision says why."""
    made = plan({"render.yaml/x": "", **FILES})
    assert made.services[0].name == "shop"
    assert made.decisions[0].because == "it is a directory"


@pytest.mark.parametrize(
    ("path", "why"), [("deploy/render.yaml", "there is no such file"), ("../x.yaml", "it leads out of the repository")]
)
def test_a_blueprint_that_was_asked_for_must_be_there(path, why):
    """--blueprint names a file of the repository, or there is one error and nothing is planned."""
    made = plan(FILES, blueprint=path)
    assert messages(made) == [f"there is no Blueprint at {path}: {why}"]
    assert made.services == ()


@pytest.mark.parametrize(
    ("path", "meant"),
    [("deploy", "deploy/blue.yaml"), ("deploy/blu.yml", "deploy/blue.yaml"), ("deploy/x.yaml", "deploy/blue.yaml")],
)
def test_a_blueprint_that_may_be_meant(path, meant):
    """A folder, or a name that is almost that of a file there."""
    made = plan({"deploy/blue.yaml": GOOD, **FILES}, blueprint=path)
    assert [d.help for d in made.diagnostics] == [f"did you mean {meant}?"]


def test_a_blueprint_that_git_ignores():
    """It is on this disk, and Render would not have it."""
    made = plan({"deploy/blue.yaml": GOOD, **FILES}, blueprint="deploy/blue.yaml", ignored=["deploy/blue.yaml"])
    assert codes(made) == ["render/blueprint-missing"]
    assert "git ignores it" in messages(made)[0]


def test_another_blueprint_path():
    """--blueprint reads another file, and places point into it."""
    made = plan({"deploy/blue.yaml": GOOD, **FILES}, blueprint="deploy/blue.yaml")
    assert made.services[0].origin is not None
    assert made.services[0].origin.file == "deploy/blue.yaml"


@pytest.mark.parametrize("content", [b"\xff", b"FROM a\0", "", "FRM python\n", "CMD x\n", "#" * (4 * 1024 * 1024 + 1)])
@pytest.mark.parametrize("text", [GOOD, None], ids=["render.yaml", "no render.yaml"])
def test_a_broken_dockerfile_is_an_error_in_it(content, text):
    """A Dockerfile that cannot be read or makes no sense is an error at a place in it."""
    files = {"Dockerfile": content} | ({"render.yaml": text} if text else {})
    made = plan(files)
    assert made.with_errors()
    assert all(d.origin is not None and d.origin.file == "Dockerfile" for d in made.diagnostics)
    assert all(d.service == made.services[0].name for d in made.diagnostics)
    assert made.services[0].command is None


@pytest.mark.parametrize("content", [b"web: \xff", b"web\0", "", "not a process\n"])
def test_a_broken_procfile_alone_is_told(content):
    """Nothing to run, and where the Procfile is at fault it is said."""
    made = plan({"Procfile": content})
    assert made.with_errors()
    if content:
        assert made.diagnostics[0].origin is not None
        assert made.diagnostics[0].origin.file == "Procfile"


def test_two_services_of_one_name():
    """Names are unique; the error shows both."""
    text = "services:\n  - {type: web, name: a, runtime: docker}\n  - {type: worker, name: a, runtime: docker}\n"
    made = plan({"render.yaml": text, **FILES})
    assert codes(made) == ["render/duplicate-name"]
    assert made.diagnostics[0].related[0].origin.line == 2


def test_services_stand_in_projects_too():
    """Services at the root, ungrouped and in environments of projects are planned together."""
    one = "{type: web, name: %s, runtime: docker}"
    text = (
        f"services: [{one % 'a'}]\nungrouped:\n  services: [{one % 'b'}]\n"
        f"projects:\n  - name: p\n    environments:\n      - name: e\n        services: [{one % 'c'}]\n"
    )
    made = plan({"render.yaml": text, **FILES})
    assert ([s.name for s in made.services], codes(made)) == (["a", "b", "c"], [])


def test_selecting_services():
    """--service keeps those named; a name nobody has is a wrong call, unless the file itself is broken."""
    text = "services:\n  - {type: web, name: a, runtime: docker}\n  - {type: worker, name: b, runtime: docker}\n"
    assert [s.name for s in plan({"render.yaml": text, **FILES}, services=["b"]).services] == ["b"]
    with pytest.raises(UsageError, match="there is no service 'x'"):
        plan({"render.yaml": text, **FILES}, services=["x"])
    assert plan({"render.yaml": "services: text\n", **FILES}, services=["x"]).with_errors()


def test_a_name_nobody_has_is_answered_in_a_line():
    """The nearest name; else a few and how many more."""
    rows = "".join(f"  - {{type: web, name: site{n:03}, runtime: docker}}\n" for n in range(300))
    files = {"render.yaml": "services:\n" + rows, **FILES}
    known = f"known are {', '.join(f'site{n:03}' for n in range(8))} and 292 more"
    with pytest.raises(UsageError) as near:
        plan(files, services=["sit007"])
    assert near.value.diagnostic.help == f"did you mean site007? {known}"
    with pytest.raises(UsageError) as far:
        plan(files, services=["x"])
    assert far.value.diagnostic.help == known


@pytest.mark.thorough
def test_two_hundred_services_take_no_time():
    """A large file is planned in well under a second and a half, and the order of the file is kept."""
    rows = "".join(
        f"  - {{type: web, name: s{n}, runtime: docker, envVars: [{{key: A, value: b}}]}}\n" for n in range(200)
    )
    began = time.perf_counter()
    made = plan({"render.yaml": "services:\n" + rows, **FILES})
    assert time.perf_counter() - began < 1.5
    assert [s.name for s in made.services] == [f"s{n}" for n in range(200)]


WORDS = st.sampled_from(
    [
        "services",
        "-",
        "type",
        "web",
        "name",
        "runtime",
        "docker",
        "python",
        "envVars",
        "key",
        "value",
        "sync",
        "false",
        "fromGroup",
        "plan",
        "free",
        "disk",
        "rootDir",
        "..",
        "/",
        "{}",
        "[]",
        ":",
        "&",
        "*",
        "<<",
        "~",
        "'",
        '"',
        "|",
        ">",
        "#",
        "\t",
        "1",
        "-1",
        "ipAllowList",
        "keyvalue",
        "databases",
        "startCommand",
        "scaling",
        "image",
        "url",
    ]
)


@pytest.mark.thorough
@given(st.lists(st.tuples(st.integers(0, 6), st.lists(WORDS, min_size=1, max_size=4)), max_size=12))
@settings(max_examples=200, deadline=None)
def test_no_text_brings_it_down(rows):
    """Whatever stands in render.yaml, there is a plan, for both ways."""
    text = "services:\n" + "\n".join(" " * indent + " ".join(words) for indent, words in rows)
    for created_from in ("repository", "blueprint"):
        plan({"render.yaml": text, "Dockerfile": DOCKERFILE}, created_from)


FIELDS = st.sampled_from(
    ["runtime", "plan", "rootDir", "dockerfilePath", "dockerContext", "dockerCommand", "startCommand", "image", "disk",
     "scaling", "numInstances", "maxShutdownDelaySeconds", "healthCheckPath", "envVars", "domains", "schedule"]
)  # fmt: skip
VALUES = st.sampled_from(
    ["docker", "python", "image", "static", "free", "..", "/", "''", "~", "1", "-1", "0x1F", "1e9", "true", "[]", "{}",
     "[a]", "{name: a}", "{mountPath: /}", "{minInstances: x}", "[{key: A}]", "[{fromGroup: g}]", "{url: x}", "²",
     "[{key: A, fromService: {name: web}}]", "99999999999999999999"]
)  # fmt: skip


@pytest.mark.thorough
@given(st.dictionaries(FIELDS, VALUES, max_size=6), st.sampled_from(["web", "pserv", "worker", "cron", "keyvalue"]))
@settings(max_examples=300, deadline=None)
def test_no_combination_of_fields_brings_it_down(fields, type):
    """Whatever values the fields have, there is a plan, for both ways, and each finding has a place."""
    text = web("".join(f"{key}: {value}\n" for key, value in fields.items()), type=type)
    for created_from in ("repository", "blueprint"):
        made = plan({"render.yaml": text, "Dockerfile": DOCKERFILE}, created_from)
        assert all(d.origin is not None for d in made.diagnostics), [d for d in made.diagnostics if d.origin is None]


@pytest.mark.parametrize(
    ("written", "fixed"),
    [
        ("startComand", "startCommand"), ("start_command", "startCommand"), ("dockerfile", "dockerfilePath"),
        ("helathCheckPath", "healthCheckPath"), ("dockerBuildCommand", None), ("healthCheckUrl", None),
    ],
)  # fmt: skip
def test_a_fix_writes_a_field_that_was_mistyped_alone(written, fixed):
    """Another word than a field's may be another thing, which nothing but its likeness would make run."""
    found = plan({"render.yaml": web(f"runtime: python\n{written}: x\n")}).diagnostics
    [one] = [d for d in found if d.code == "render/unknown-field"]
    assert (one.fix.edits[0].text if one.fix else None) == fixed
