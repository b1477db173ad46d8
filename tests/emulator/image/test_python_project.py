"""What steps of Python's package managers need and leave, by table; and that nothing is claimed of the unknown."""

import pytest

from emulator.image.effects import Install
from emulator.image.node_project import NodeReport, node_report
from emulator.image.project_files import Kind
from emulator.image.python_project import Report, build_project, report_of
from emulator.image.shell import State, read_script
from emulator.image.tools import effects_of


class Given:
    """A filesystem of a table: path → text; "?" as text: the file is there, its text is not known.

    unknown: paths of which nothing is known, with all below them.
    """

    def __init__(self, files: dict[str, str], unknown: tuple[str, ...] = ()) -> None:
        self.files = files
        self.unknown = unknown

    def _hidden(self, path: str) -> bool:
        return any(path == one or path.startswith(f"{one}/") for one in self.unknown)

    def look(self, path: str) -> Kind:
        if self._hidden(path):
            return "unknown"
        if path in self.files:
            return "file"
        return "directory" if any(one.startswith(f"{path}/") for one in self.files) else "absent"

    def read(self, path: str) -> str | None:
        text = self.files.get(path)
        return None if text == "?" or self._hidden(path) else text

    def names(self, path: str) -> tuple[str, ...] | None:
        if self._hidden(path) or any(one.startswith(f"{path}/") for one in self.unknown):
            return None
        return tuple(sorted({one[len(path) + 1 :].split("/")[0] for one in self.files if one.startswith(f"{path}/")}))


def step_of(text: str):
    script = read_script(text, State(cwd="/app", environ={}, complete=True))
    [step] = [e.step for c in script.commands for e in effects_of(c) if isinstance(e, Install)]
    return step


def report(text: str, files: dict[str, str], unknown: tuple[str, ...] = ()) -> Report:
    return report_of(step_of(text), Given(files, unknown))


HATCH = '[build-system]\nbuild-backend = "hatchling.build"\n[project]\nname = "a"\nversion = "1"\n'

NEEDS = [
    ("pip install -r requirements.txt", {}, ["missing /app/requirements.txt"]),
    ("pip install -r r.txt", {"/app/r.txt": "flask\n-r base.txt\n-c ../c.txt # why\n"},
     ["missing /app/base.txt", "missing /c.txt"]),
    ("pip install -r req/r.txt", {"/app/req/r.txt": "-r base.txt\n-e ./lib\n./x.whl\n"},
     ["missing /app/lib", "missing /app/x.whl", "missing /app/req/base.txt"]),
    ("pip install -r r.txt", {"/app/r.txt": "-r r.txt\n"}, []),
    ("pip install .", {}, ["missing /app"]),
    ("pip install .", {"/app/x.py": ""}, ["missing /app/pyproject.toml"]),
    ("pip install .", {"/app/setup.cfg": ""}, ["missing /app/pyproject.toml"]),
    ("pip install .", {"/app/pyproject.toml": HATCH + 'readme = "README.md"\n', "/app/a.py": ""},
     ["missing /app/README.md"]),
    ("pip install ./lib", {"/app/x": ""}, ["missing /app/lib"]),
    ("uv pip install -r pyproject.toml", {"/app/pyproject.toml": "-r x.txt"}, []),
    ("uv sync --frozen", {"/app/pyproject.toml": HATCH, "/app/a.py": ""}, ["missing /app/uv.lock"]),
    ("uv sync", {"/app/pyproject.toml": HATCH, "/app/a.py": ""}, []),
    ("uv sync --frozen", {"/pyproject.toml": HATCH, "/uv.lock": "", "/app/a.py": "", "/a.py": ""}, []),
    ("uv sync", {"/app/x": ""}, ["missing /app/pyproject.toml"]),
    ("poetry install", {"/app/x": ""}, ["missing /app/pyproject.toml"]),
    ("pdm sync", {"/app/pyproject.toml": HATCH, "/app/a.py": ""}, ["missing /app/pdm.lock"]),
    ("pipenv install --system --deploy", {"/app/Pipfile": ""}, ["missing /app/Pipfile.lock"]),
    ("pip install https://h/x.whl flask", {}, []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "files", "expected"), NEEDS)
def test_needs(text: str, files: dict[str, str], expected: list[str]):
    """Each file that is surely not there, and no other."""
    assert sorted(f"{one.state} {one.path}" for one in report(text, files).needs) == sorted(expected)


def test_constraints_install_nothing():
    """What a constraint file lists is neither installed nor needed."""
    files = {"/app/r.txt": "flask # web\n-c more.txt\n", "/app/c.txt": "werkzeug\n./x.whl\n", "/app/more.txt": "y\n"}
    found = report("pip install -r r.txt -c c.txt jinja2", files)
    assert (found.names, found.needs, found.unknown) == (("jinja2", "flask"), (), None)


def test_a_need_tells_where_it_is_named():
    """The line of the requirement file, or of the step."""
    [need] = report("pip install -r r.txt", {"/app/r.txt": "flask\n\n-e ./lib\n"}).needs
    assert (need.file, need.line, need.why) == ("/app/r.txt", 3, "r.txt names it")
    [need] = report("\npip install -r r.txt", {}).needs
    assert (need.file, need.line) == (None, 2)
    [need] = build_project("/app", Given({"/app/pyproject.toml": HATCH + 'readme = "R.md"\n', "/app/a.py": ""})).needs
    assert (need.file, need.line) == ("/app/pyproject.toml", 6)


DYNAMIC = '[project]\nname = "a"\ndynamic = ["version"]\n'
SCM = (
    '[build-system]\nrequires = ["setuptools", "setuptools-scm>=8"]\nbuild-backend = "setuptools.build_meta"\n'
    + DYNAMIC
)
SCM += "[tool.setuptools_scm]\n"
VCS = '[build-system]\nrequires = ["hatchling", "hatch-vcs"]\nbuild-backend = "hatchling.build"\n' + DYNAMIC
VCS += '[tool.hatch.version]\nsource = "vcs"\n'


@pytest.mark.parametrize("text", [SCM, VCS])
def test_a_version_from_git_needs_git(text: str):
    """It is missing unless .git is there, and a variable may take its place, so that it is no refusal."""
    files = {"/app/pyproject.toml": text, "/app/a/__init__.py": ""}
    built = build_project("/app", Given(files))
    [need] = built.needs
    assert (need.path, need.state, built.refusal) == ("/app/.git", "missing", None)
    assert "SETUPTOOLS_SCM_PRETEND_VERSION" in need.unless
    assert build_project("/app", Given(files | {"/app/.git/HEAD": ""})).needs == ()
    fallback = text + 'fallback_version = "1"\n'
    assert build_project("/app", Given(files | {"/app/pyproject.toml": fallback})).needs == ()


LEFT = [
    ("pip install .", {"a"}),
    ("pip install --no-deps -e .", {"a"}),
    ("uv sync --no-dev", {"a"}),
    ("uv sync --no-install-project", set()),
    ("poetry install", {"a"}),
    ("poetry install --no-root", set()),
    ("pdm install --no-self", set()),
]


@pytest.mark.parametrize(("text", "expected"), LEFT)
def test_what_is_left_to_import(text: str, expected: set[str]):
    """The project's own packages, unless the step leaves the project out."""
    found = report(text, {"/app/pyproject.toml": HATCH, "/app/src/a/__init__.py": ""})
    assert {name for built in found.projects for name in built.provided.top_level()} == expected
    assert found.unknown is None


def test_a_project_without_a_build_system_is_no_package_to_uv():
    """uv installs it only where tool.uv.package says so."""
    bare = '[project]\nname = "a"\nversion = "1"\n'
    assert report("uv sync", {"/app/pyproject.toml": bare, "/app/a.py": ""}).projects == ()
    packaged = bare + "[tool.uv]\npackage = true\n"
    assert len(report("uv sync", {"/app/pyproject.toml": packaged, "/app/a.py": ""}).projects) == 1


UNKNOWN = [
    ({"/app/pyproject.toml": "?"}, ()),
    ({}, ("/app/pyproject.toml",)),
    ({"/app/pyproject.toml": HATCH}, ("/app/a",)),
    ({"/app/pyproject.toml": HATCH}, ("/app/src",)),
    ({"/app/setup.py": "?"}, ()),
    ({"/app/setup.py": "from setuptools import setup\nsetup(packages=found())", "/app/a/__init__.py": ""}, ()),
    ({"/app/setup.py": "from setuptools import setup\nsetup(**config)"}, ()),
    ({"/app/pyproject.toml": '[project]\nname = "a"\nversion = "1"\n'}, ("/app/more",)),
    ({"/app/pyproject.toml": '[build-system]\nbuild-backend = "mine"\nbackend-path = ["."]\n'}, ()),
    ({"/app/pyproject.toml": '[build-system]\nbuild-backend = "maturin"\n'}, ()),
    ({"/app/pyproject.toml": HATCH, "/app/a/__init__.py": "", "/app/.gitignore": "a/\n"}, ()),
    ({"/app/pyproject.toml": HATCH + '[tool.hatch.build.targets.wheel]\ninclude = ["x"]\n'}, ()),
]


@pytest.mark.parametrize(("files", "unknown"), UNKNOWN)
def test_what_is_not_known_is_not_claimed(files: dict[str, str], unknown: tuple[str, ...]):
    """Neither a refusal nor an exact list, where either depends on what is not known."""
    built = build_project("/app", Given(files, unknown))
    assert built.refusal is None
    assert built.provided.unknown
    assert all(one.state == "unknown" for one in built.needs)


def test_malformed_files_are_refused():
    """A pyproject.toml that is no TOML ends the build."""
    assert "not valid TOML" in (build_project("/app", Given({"/app/pyproject.toml": "[x"})).refusal or "")


def node(text: str, files: dict[str, str], unknown: tuple[str, ...] = ()) -> NodeReport:
    return node_report(step_of(text), Given(files, unknown))


NODE = [
    ("npm ci", {"/app/package.json": "{}"}, "missing /app/package-lock.json"),
    ("npm ci", {"/app/package.json": "{}", "/app/npm-shrinkwrap.json": ""}, ""),
    ("npm ci", {"/app/package.json": "{}", "/package-lock.json": ""}, ""),
    ("npm ci", {"/app/x": ""}, "missing /app/package.json"),
    ("npm install", {"/app/package.json": "{}"}, ""),
    ("pnpm i --frozen-lockfile", {"/app/package.json": "{}"}, "missing /app/pnpm-lock.yaml"),
    ("yarn install --frozen-lockfile", {"/app/package.json": "{}"}, ""),
    ("yarn --immutable", {"/app/package.json": '{"packageManager": "yarn@4.5.0"}'}, "missing /app/yarn.lock"),
    ("npm ci", {"/app/package.json": "\ufeff{}", "/app/package-lock.json": "{}"}, ""),
    ("npm run build", {"/app/package.json": '{"scripts": {"build": "x"}}'}, ""),
    ("npm run build", {"/app/package.json": "{}"}, "refused: package.json has no script build"),
    ("npm run build --if-present", {"/app/package.json": "{}"}, ""),
    ("npm run build -w web", {"/app/package.json": "{}"}, ""),
    ("npm start", {"/app/package.json": "{}", "/app/server.js": ""}, ""),
    ("npm start", {"/app/package.json": "{}"}, "refused: package.json has no script start, and there is no server.js"),
    ("npm --prefix web run x", {"/app/web/package.json": "{}"}, "refused: package.json has no script x"),
    ("npm run build", {"/app/package.json": "?"}, ""),
    ("npm run build", {"/app/package.json": "{"}, "refused: /app/package.json is not valid JSON"),
]


@pytest.mark.parametrize(("text", "files", "expected"), NODE)
def test_node(text: str, files: dict[str, str], expected: str):
    """Lock files and scripts that are surely not there."""
    found = node(text, files)
    said = [f"{one.state} {one.path}" for one in found.needs] + ([f"refused: {found.refusal}"] if found.refusal else [])
    assert ", ".join(said) == expected


def test_node_workspaces_and_the_unknown():
    """Both forms of workspaces; and an unknown lock file is no missing one."""
    assert node("npm i", {"/app/package.json": '{"workspaces": ["a/*"]}'}).workspaces == ("a/*",)
    assert node("npm i", {"/app/package.json": '{"workspaces": {"packages": ["b"]}}'}).workspaces == ("b",)
    [need] = node("npm ci", {"/app/package.json": "{}"}, ("/app/npm-shrinkwrap.json",)).needs
    assert need.state == "unknown"


VALUES = [
    "3", '"x"', "[]", "[1]", "{}", "{a = 1}", "true", '["a", 1]', "[{include = 1}]", '[["a"]]', "{file = 1}", '""',
    "2020-01-01",
]  # fmt: skip
KEYS = {
    "setuptools.build_meta": [
        "tool.setuptools", "tool.setuptools.packages", "tool.setuptools.packages.find",
        "tool.setuptools.packages.find.where",
        "tool.setuptools.packages.find.include", "tool.setuptools.package-dir", "tool.setuptools.py-modules",
        "tool.setuptools.ext-modules", "tool",
    ],
    "hatchling.build": [
        "tool.hatch", "tool.hatch.build", "tool.hatch.build.targets.wheel", "tool.hatch.build.targets.wheel.packages",
        "tool.hatch.build.targets.wheel.only-include", "tool.hatch.build.targets.wheel.sources", "tool.hatch.version",
        "tool.hatch.build.exclude", "tool.hatch.build.hooks", "project.readme", "project.license", "project.dynamic",
    ],
    "poetry.core.masonry.api": [
        "tool.poetry", "tool.poetry.packages", "tool.poetry.readme", "tool.poetry.name", "tool.poetry.package-mode",
    ],
    "flit_core.buildapi": ["tool.flit", "tool.flit.module", "tool.flit.module.name", "project.readme"],
    "pdm.backend": [
        "tool.pdm", "tool.pdm.build", "tool.pdm.build.includes", "tool.pdm.build.excludes",
        "tool.pdm.build.package-dir", "tool.pdm.build.source-includes",
    ],
    "uv_build": ["tool.uv", "tool.uv.build-backend", "tool.uv.build-backend.module-name",
                 "tool.uv.build-backend.module-root"],
}  # fmt: skip


@pytest.mark.parametrize("backend", KEYS)
def test_values_of_any_type_are_answered(backend: str):
    """A value that is not what a tool expects is no reason to fall over."""
    for key in (*KEYS[backend], "project", "project.name", "build-system.backend-path", "build-system.build-backend"):
        for value in VALUES:
            text = f'{key} = {value}\n[build-system]\nbuild-backend = "{backend}"\n[project]\nversion = "1"\n'
            if key.startswith("build-system"):
                text = f"{key} = {value}\n"
            elif key.startswith("project"):
                text = f'{key} = {value}\n[build-system]\nbuild-backend = "{backend}"\n'
            build_project("/app", Given({"/app/pyproject.toml": text, "/app/a/__init__.py": "", "/app/src/x.py": ""}))


BAD_SETUPS = ["(" * 5000, "setup(" * 3, "\0", "from setuptools import setup\nsetup(package_dir=[1], packages={1: 2})",
              "from setuptools import setup\nsetup(py_modules=3, packages='x')", "x = " + "-" * 20_000 + "1",
              "from setuptools import *\nsetup(packages=find_packages(1, 2, 3, 4))",
              "from setuptools import *\nsetup(packages=find_packages(exclude=3, where=[]))"]  # fmt: skip


@pytest.mark.parametrize("text", BAD_SETUPS)
def test_any_setup_py_is_answered(text: str):
    """Text that is no program, or does what setuptools does not know, is not known."""
    config = "[options]\npackages = find:\n[x"
    build_project("/app", Given({"/app/setup.py": text, "/app/setup.cfg": config, "/app/a/b.py": ""}))
    build_project("/app", Given({"/app/setup.py": text, "/app/a/b.py": ""}))


MANIFESTS = ["[1]", "3", '{"scripts": 3}', '{"workspaces": 3}', '{"workspaces": {"packages": 1}}', "[" * 10_000]


@pytest.mark.parametrize("text", MANIFESTS)
def test_any_package_json_is_answered(text: str):
    """Nor need package.json be an object."""
    node("npm run build", {"/app/package.json": text})
