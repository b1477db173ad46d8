"""Native services: versions, package managers, default variables and the image, by the platform's rules."""

import re

import pytest

from tests.platforms.render.planning import codes, messages, plan, service, variable, web


def _files(runtime: str, fields: str = "", **files: str) -> dict[str, str]:
    more = fields if "buildCommand" in fields else fields + "buildCommand: make\n"
    named = {name.replace("__", "/").replace("_", "."): text for name, text in files.items()}
    return {"render.yaml": web(f"runtime: {runtime}\nstartCommand: run\n{more}")} | named


def _answer(files: dict[str, str], decision: str, **more: object) -> tuple[str, str]:
    """What was chosen, and on which base image."""
    made = service(files, "blueprint", **more)
    return next(d.answer for d in made.decisions if d.id == f"web.{decision}"), made.build.base_images[0]


ENGINES = '{"engines": {"node": "20.x"}}'


@pytest.mark.parametrize(
    ("files", "env", "chosen", "image"),
    [
        ({}, [], "24.14.1", "node:24.14.1-bookworm-slim"),
        ({"package.json": ENGINES}, [], "20.x", "node:20-bookworm-slim"),
        ({"web/package.json": ENGINES}, [], "20.x", "node:20-bookworm-slim"),
        ({"package.json": "{}", "web/package.json": ENGINES}, [], "24.14.1", "node:24.14.1-bookworm-slim"),
        ({"package.json": ENGINES, ".nvmrc": "lts/jod\n"}, [], "lts/jod", "node:22-bookworm-slim"),
        ({".nvmrc": "20", ".node-version": "v18.20.4"}, [], "v18.20.4", "node:18.20.4-bookworm-slim"),
        ({".node-version": "18"}, [("NODE_VERSION", "22.1.0")], "22.1.0", "node:22.1.0-bookworm-slim"),
        ({"package.json": '{"engines": {"node": "elderly"}}'}, [], "elderly", "node:24.14.1-bookworm-slim"),
        ({"package.json": "not json"}, [], "24.14.1", "node:24.14.1-bookworm-slim"),
    ],
)  # fmt: skip
def test_the_version_of_node(files, env, chosen, image):
    """NODE_VERSION, .node-version, .nvmrc, engines, default: in this order (node-version)."""
    assert _answer(_files("node") | files, "node", env=env) == (chosen, image)


@pytest.mark.parametrize("created_from", ["repository", "blueprint"])
@pytest.mark.parametrize(
    ("written", "found"),
    [("", ["render/no-build-command"]), ("buildCommand: ''\n", []), ("buildCommand: make\n", [])],
)
def test_a_native_service_says_how_it_is_built(written, found, created_from):
    """blueprint-spec requires a buildCommand; one that is empty skips the build, as a log says."""
    assert codes(plan({"render.yaml": web(f"runtime: go\nstartCommand: ./app\n{written}")}, created_from)) == found


def test_a_range_without_an_end_is_told():
    """The build that worked last year gets a Node that was not there then."""
    found = plan(_files("node") | {"package.json": '{\n "engines": {\n  "node": ">=18"\n }\n}'}, "blueprint")
    [told] = [d for d in found.diagnostics if d.code == "render/node-version-open"]
    assert told.origin is not None
    assert (told.origin.file, told.origin.line, told.severity) == ("package.json", 3, "info")
    assert told.help == "name a line, as in `18.x`"
    assert codes(plan(_files("node") | {"package.json": '{"engines": {"node": ">=18 <21"}}'}, "blueprint")) == []


@pytest.mark.parametrize(
    ("runtime", "file", "text"), [("node", ".nvmrc", "newish"), ("ruby", ".ruby-version", "jruby")]
)
def test_a_version_that_there_is_not_is_told(runtime, file, text):
    """And the default is taken, so that the rest of the plan stands."""
    assert codes(plan(_files(runtime) | {file: text}, "blueprint")) == [f"render/{runtime}-version"]


@pytest.mark.parametrize(
    ("runtime", "files", "env", "older"),
    [
        ("python", {}, [("PYTHON_VERSION", "3.7.2")], "Python 3.7.2: 3.7.3"),
        ("python", {".python-version": "3.6"}, [], "Python 3.6: 3.7.3"),
        ("python", {".python-version": "3.7"}, [], ""),
        ("ruby", {".ruby-version": "2.7.8"}, [], "Ruby 2.7.8: 3.1.0"),
        ("ruby", {"Gemfile": "ruby '~> 3.0.2'"}, [], "Ruby 3.0.2: 3.1.0"),
        ("ruby", {"Gemfile": "ruby '>= 2.7'"}, [], ""),
        ("ruby", {".ruby-version": "3.1"}, [], ""),
        ("elixir", {}, [("ELIXIR_VERSION", "1.11.4")], "Elixir 1.11.4: 1.12"),
        ("elixir", {}, [("ELIXIR_VERSION", "1.12.0")], ""),
    ],
)  # fmt: skip
def test_no_version_is_older_than_the_oldest(runtime, files, env, older):
    """python-version and language-support name the oldest; a range that is open above asks for no old one."""
    found = messages(plan(_files(runtime) | files, "blueprint", env=env))
    assert found == ([f"Render has no {older} is its oldest"] if older else [])


@pytest.mark.parametrize(
    ("runtime", "files", "env", "chosen", "image"),
    [
        ("python", {}, [], "3.14.3", "python:3.14.3-slim"),
        ("python", {".python-version": "# ours\n3.12\n"}, [], "3.12", "python:3.12-slim"),
        ("python", {".python-version": "3.12"}, [("PYTHON_VERSION", "3.11.9")], "3.11.9", "python:3.11.9-slim"),
        ("ruby", {}, [], "3.4.4", "ruby:3.4.4-slim-bookworm"),
        ("ruby", {"Gemfile": 'source "x"\nruby "3.2.2"\n', ".ruby-version": "3.3.0"}, [], "3.2.2",
         "ruby:3.2.2-slim-bookworm"),
        ("ruby", {"Gemfile": "ruby '~> 3.3.1'\n"}, [], "~> 3.3.1", "ruby:3.3-slim-bookworm"),
        ("ruby", {"Gemfile": "ruby '>= 2.7'\n"}, [], ">= 2.7", "ruby:3.4.4-slim-bookworm"),
        ("ruby", {".ruby-version": "ruby-3.3.0\n"}, [], "ruby-3.3.0", "ruby:3.3.0-slim-bookworm"),
        ("go", {"go.mod": "module x\ngo 1.20\n"}, [], "the newest 1.x", "golang:1-bookworm"),
        ("rust", {}, [], "stable", "rust:1-slim-bookworm"),
        ("rust", {"rust-toolchain": "1.75.0\n"}, [], "1.75.0", "rust:1.75.0-slim-bookworm"),
        ("rust", {"rust-toolchain.toml": '[toolchain]\nchannel = "1.80"\n'}, [], "1.80",
         "rust:1.80-slim-bookworm"),
        ("rust", {"rust-toolchain": "1.75"}, [("RUSTUP_TOOLCHAIN", "1.81.0")], "1.81.0",
         "rust:1.81.0-slim-bookworm"),
        ("elixir", {}, [], "1.18.4", "elixir:1.18.4-slim"),
        ("elixir", {}, [("ELIXIR_VERSION", "1.17.3")], "1.17.3", "elixir:1.17.3-slim"),
        ("node", {}, [("BUN_VERSION", "1.2.0")], "24.14.1", "node:24.14.1-bookworm-slim"),
    ],
)  # fmt: skip
def test_the_versions_of_the_other_languages(runtime, files, env, chosen, image):
    """Each by its own files and variables (language-support)."""
    assert _answer(_files(runtime) | files, runtime, env=env) == (chosen, image)


def test_heroku_s_runtime_txt_decides_nothing():
    """Case 14 of the usual failures: the version is pinned in a file that is not read."""
    found = plan(_files("python") | {"runtime.txt": "python-3.10.4\n"}, "blueprint")
    [told] = [d for d in found.diagnostics if d.code == "render/runtime-txt"]
    assert "3.14.3, not 3.10.4" in told.message
    pinned = {"runtime.txt": "python-3.10.4", ".python-version": "3.10"}
    assert codes(plan(_files("python") | pinned, "blueprint")) == []


@pytest.mark.parametrize(
    ("files", "command", "env", "installed"),
    [
        ({}, "pip install -r r.txt", [], None),
        ({"uv.lock": ""}, "uv sync", [], "uv==0.10.2"),
        ({"uv.lock": ""}, "uv sync", [("UV_VERSION", "0.9.1")], "uv==0.9.1"),
        ({"other/uv.lock": ""}, "uv sync", [], None),
        ({}, "poetry install", [], "poetry==2.1.3"),
        ({}, "poetry install", [("POETRY_VERSION", "1.8.5")], "poetry==1.8.5"),
        ({}, "cat poetry.lock", [], None),
    ],
)  # fmt: skip
def test_uv_and_poetry_are_of_the_version_that_is_asked_for(files, command, env, installed):
    """uv only beside its lock file; neither in the service's own virtual environment."""
    made = service(_files("python", f"buildCommand: {command}\n") | files, "blueprint", env=env)
    text = made.build.generated_dockerfile or ""
    line = next((one for one in text.splitlines() if "==" in one), None)
    assert (line.split()[-1] if line else None) == installed
    assert line is None or "/opt/render/.tools/bin/pip" in line


@pytest.mark.parametrize(
    ("runtime", "build", "files", "has"),
    [
        ("python", "./build.sh", {"build.sh": "cd web && npm install\n"}, ["/usr/local/lib/node_modules"]),
        ("python", "bash bin/build.sh", {"bin/build.sh": "poetry install\n"}, ["poetry=="]),
        ("python", "sh a.sh", {"a.sh": "sh ./b.sh", "b.sh": "pnpm i\nsh ./a.sh"}, ["pnpm@10"]),
        ("ruby", "./bin/render-build.sh", {"bin/render-build.sh": "yarn install\n"}, ["/usr/local/lib/node_modules"]),
        ("python", "./build.sh", {"build.sh": "pip install flask\n"}, []), ("ruby", "./build.sh", {"build.sh": ""}, []),
    ],
)  # fmt: skip
def test_a_tool_that_only_a_script_calls_is_there(runtime, build, files, has):
    """Render's environments have Node and Poetry beside the language; the image that stands for them what is called."""
    made = service(_files(runtime, f"buildCommand: {build}\n") | files, "blueprint")
    text = made.build.generated_dockerfile or ""
    known = ("/usr/local/lib/node_modules", "poetry==", "pnpm@10")
    assert [one for one in known if one in text and one not in has] == [one for one in known[:1] if "pnpm@10" in has]
    assert all(one in text for one in has)


@pytest.mark.parametrize(
    ("command", "files", "answer", "told"),
    [
        ("npm ci && npm run build", {"package-lock.json": "{}"}, "npm", []),
        ("npm install", {"yarn.lock": ""}, "npm", ["render/lock-file-not-read"]),
        ("yarn", {"yarn.lock": "", "package-lock.json": "{}"}, "yarn", []),
        ("cd web; pnpm i", {"pnpm-lock.yaml": ""}, "pnpm", []),
        ("bun install", {"package-lock.json": "{}"}, "bun", []),
        ("make", {"yarn.lock": ""}, None, []),
    ],
)  # fmt: skip
def test_the_package_manager_is_the_one_that_is_called(command, files, answer, told):
    """Nothing detects it: another's lock file is not read."""
    found = plan(_files("node", f"buildCommand: {command}\n") | files, "blueprint")
    decisions = {d.id: d.answer for d in found.services[0].decisions}
    assert decisions.get("web.packages") == answer
    assert codes(found) == told


@pytest.mark.parametrize(
    ("command", "expected", "missing"),
    [
        ("pnpm install", "pnpm@10", "bun@"), ("bun install", "bun@1.3.4", "pnpm@"), ("npm ci", "npm ci", "pnpm@"),
        ("cd web && pnpm build", "pnpm@10", "bun@"),
    ],
)  # fmt: skip
def test_tools_beside_node_are_there_when_they_are_called(command, expected, missing):
    """Render has them all; here they cost time."""
    text = service(_files("node", f"buildCommand: {command}\n"), "blueprint").build.generated_dockerfile or ""
    assert expected in text
    assert missing not in text


def test_a_python_service_that_calls_npm_has_node():
    """From an image of its own, which may be replaced like the other."""
    made = service(_files("python", "buildCommand: pip install . && npm ci\n"), "blueprint")
    assert made.build.base_images == ("python:3.14.3-slim", "node:24.14.1-bookworm-slim")
    assert "COPY --from=node:24.14.1-bookworm-slim" in (made.build.generated_dockerfile or "")
    assert len(service(_files("python"), "blueprint").build.base_images) == 1


def test_a_build_cache_is_its_services_own():
    """Two that build beside each other by the same command do not write into the same files."""
    fields = "runtime: python\n    buildCommand: pip install -r requirements.txt\n    startCommand: run\n"
    one = "  - type: worker\n    name: {}\n    " + fields
    blueprint = "services:\n" + one.format("a") + one.format("b")
    found = plan({"render.yaml": blueprint, "requirements.txt": ""}, "blueprint")
    text = [made.build.generated_dockerfile or "" for made in found.services]
    caches = [re.findall(r"type=cache,id=(\S+?),sharing=locked,", one) for one in text]
    assert [len(ids) for ids in caches] == [1, 1]
    assert caches[0] != caches[1]


@pytest.mark.parametrize(
    ("runtime", "home"),
    [("node", "/opt/render/project/src/api"), ("python", "/opt/render/project/src/api"),
     ("go", "/opt/render/project/go/src/github.com/octo/shop/api")],
)  # fmt: skip
def test_the_code_lies_where_render_has_it(runtime, home):
    """Below rootDir alone, as the user render."""
    made = service(_files(runtime, "rootDir: api\n") | {"api/x": ""}, "blueprint")
    lines = (made.build.generated_dockerfile or "").splitlines()
    assert f"WORKDIR {home}" in lines
    assert f"COPY --chown=render:render . {home}/" in lines
    assert lines.index("USER render") < lines.index(f"WORKDIR {home}")
    assert made.build.context == "api"


@pytest.mark.parametrize(
    ("runtime", "name", "expected"),
    [
        ("node", "NODE_ENV", ("production", "platform", "run")),
        ("node", "NODE_MODULES_CACHE", ("true", "platform", "both")),
        ("python", "CI", ("true", "platform", "build")),
        ("python", "GUNICORN_CMD_ARGS",
         ("--preload --access-logfile - --bind=0.0.0.0:10000", "platform", "both")),
        ("ruby", "RAILS_ENV", ("production", "platform", "both")),
        ("ruby", "BUNDLE_PATH", ("/opt/render/project/.gems", "platform", "both")),
        ("go", "GOPATH", ("/opt/render/project/go", "platform", "both")),
        ("rust", "ROCKET_PORT", ("10000", "platform", "run")),
        ("rust", "CARGO_HOME", ("/opt/render/project/.cargo", "platform", "both")),
        ("elixir", "MIX_ENV", ("prod", "platform", "both")),
    ],
)  # fmt: skip
def test_the_variables_of_a_language(runtime, name, expected):
    """Case 28: NODE_ENV is not there while it builds, so devDependencies are installed."""
    assert variable(service(_files(runtime), "blueprint"), name) == expected


def test_every_native_runtime_has_an_image():
    """None is planned without a way to run it."""
    for runtime in ("node", "python", "ruby", "go", "rust", "elixir"):
        build = service(_files(runtime), "blueprint").build
        assert build.generated_dockerfile is not None, runtime
        assert build.generated_dockerfile.startswith(f"FROM {build.base_images[0]}\n")
