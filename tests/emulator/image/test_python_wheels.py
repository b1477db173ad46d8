"""Small projects built by the real backends: what is in the wheel, against what was worked out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.image.project_files import Kind
from emulator.image.python_project import build_project
from tests.running_emu import CHECKOUT

BUILD = {
    "setuptools": '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n',
    "hatch": '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
    "poetry": '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n',
    "flit": '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n',
    "pdm": '[build-system]\nrequires = ["pdm-backend"]\nbuild-backend = "pdm.backend"\n',
    "uv": '[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"\n',
    "none": "",
}
PROJECT = '[project]\nname = "my-app"\nversion = "1"\ndescription = "d"\n'
POETRY = '[tool.poetry]\nname = "my-app"\nversion = "1"\ndescription = "d"\nauthors = ["a <a@b.c>"]\n'
ST = PROJECT + "[tool.setuptools]\n"
FIND = PROJECT + "[tool.setuptools.packages.find]\n"
PLACE = PROJECT + "[tool.setuptools.package-dir]\n"
HATCH = PROJECT + "[tool.hatch.build.targets.wheel]\n"
PDM = PROJECT + "[tool.pdm.build]\n"
UV = PROJECT + "[tool.uv.build-backend]\n"
README = PROJECT + 'readme = "README.md"\n'
CFG = "[metadata]\nname=my-app\n[options]\n"
WHERE = "[options.packages.find]\nwhere=src\n"
SETUP = "from setuptools import setup, find_packages\n"

P = "my_app/__init__.py"
LAYOUTS: dict[str, tuple[str, str, str]] = {
    # name: (backend, pyproject.toml behind the build system, files)
    "flat": ("setuptools", PROJECT, f"{P} my_app/sub/__init__.py"),
    "flat-namespace": ("setuptools", PROJECT, "my_app/mod.py my_app/sub/deep/x.py"),
    "flat-two": ("setuptools", PROJECT, f"{P} other/__init__.py"),
    "flat-data": ("setuptools", PROJECT, f"{P} static/a.css"),
    "flat-tests": ("setuptools", PROJECT, f"{P} tests/test_a.py docs/a.md .github/x.yml _private/a.py a-b/x.py"),
    "flat-module": ("setuptools", PROJECT, "app.py setup.cfg"),
    "flat-modules": ("setuptools", PROJECT, "app.py main.py"),
    "flat-both": ("setuptools", PROJECT, f"{P} main.py wsgi.py"),
    "flat-manage": ("setuptools", PROJECT, "manage.py app.py"),
    "nothing": ("setuptools", PROJECT, "README.md"),
    "src": ("setuptools", PROJECT, f"src/{P} src/other/x.py src/one.py main.py"),
    "src-empty": ("setuptools", PROJECT, f"src/.keep {P}"),
    "listed": ("setuptools", ST + 'packages = ["my_app"]\n', f"{P} my_app/sub/__init__.py x/y.py"),
    "listed-missing": ("setuptools", ST + 'packages = ["nope"]\n', P),
    "empty-list": ("setuptools", ST + "packages = []\n", P),
    "py-modules": ("setuptools", ST + 'py-modules = ["one", "nope"]\n', f"one.py {P}"),
    "find": ("setuptools", FIND + 'include = ["my_app*"]\n', f"{P} other/x.py my_app2/y.py"),
    "find-where": ("setuptools", FIND + 'where = ["lib"]\n', f"lib/{P} lib/data/x.txt o/x.py"),
    "find-exclude": ("setuptools", FIND + 'exclude = ["tests*", "my_app.sub"]\n',
                     f"{P} my_app/sub/__init__.py my_app/sub/deep/x.py tests/t.py"),
    "find-strict": ("setuptools", FIND + "namespaces = false\n", f"{P} other/x.py my_app/n/x.py"),
    "package-dir": ("setuptools", ST + 'packages = ["my_app"]\npackage-dir = {"my_app" = "code"}\n',
                    "code/__init__.py code/sub/x.py"),
    "package-dir-alone": ("setuptools", PLACE + 'my_app = "code"\n', "code/__init__.py code/sub/x.py"),
    "package-dir-root": ("setuptools", PLACE + '"" = "lib"\n', f"lib/{P} lib/m.py"),
    "readme-missing": ("setuptools", README, P),
    "hatch-flat": ("hatch", PROJECT, f"{P} my_app/sub/x.py other/y.py"),
    "hatch-src": ("hatch", PROJECT, f"src/{P} src/other/__init__.py"),
    "hatch-module": ("hatch", PROJECT, "my_app.py other.py"),
    "hatch-namespace": ("hatch", PROJECT, f"space/{P} space/other.py"),
    "hatch-nothing": ("hatch", PROJECT, "app/__init__.py"),
    "hatch-no-init": ("hatch", PROJECT, "my_app/x.py"),
    "hatch-packages": ("hatch", HATCH + 'packages = ["src/one", "two"]\n', "src/one/__init__.py two/x.py"),
    "hatch-packages-missing": ("hatch", HATCH + 'packages = ["src/one"]\n', P),
    "hatch-only": ("hatch", HATCH + 'only-include = ["src/one", "m.py"]\n', "src/one/x.py m.py"),
    "hatch-sources": ("hatch", HATCH + 'only-include = ["src"]\nsources = ["src"]\n',
                      "src/one/x.py src/m.py src/data/a.txt"),
    "hatch-rename": ("hatch",
        HATCH + 'only-include = ["code"]\n[tool.hatch.build.targets.wheel.sources]\n"code" = "new/name"\n',
                     "code/x.py"),
    "hatch-ignored": ("hatch", PROJECT, f"{P} .gitignore"),
    "hatch-readme-missing": ("hatch", README, P),
    "hatch-readme": ("hatch", README, f"{P} README.md"),
    "hatch-license-missing": ("hatch", PROJECT + 'license = {file = "LICENSE"}\n', P),
    "poetry-flat": ("poetry", POETRY, f"{P} other/x.py"),
    "poetry-src": ("poetry", POETRY, f"src/{P} other/x.py"),
    "poetry-module": ("poetry", POETRY, "my_app.py"),
    "poetry-nothing": ("poetry", POETRY, "app/__init__.py"),
    "poetry-no-init": ("poetry", POETRY, "my_app/x.py"),
    "poetry-no-code": ("poetry", POETRY, "my_app/x.txt"),
    "poetry-project": ("poetry", PROJECT, f"{P}"),
    "poetry-packages": ("poetry", POETRY + 'packages = [{include = "one"}, {include = "two", from = "lib"}]\n',
        "one/x.py lib/two/x.py"),
    "poetry-nested": ("poetry", POETRY + 'packages = [{include = "one/two"}]\n', "one/two/x.py one/y.py"),
    "poetry-missing": ("poetry", POETRY + 'packages = [{include = "nope"}]\n', P),
    "poetry-readme-missing": ("poetry", POETRY + 'readme = "README.md"\n', P),
    "flit-flat": ("flit", PROJECT, P),
    "flit-src": ("flit", PROJECT, f"src/{P}"),
    "flit-module": ("flit", PROJECT, "my_app.py"),
    "flit-two": ("flit", PROJECT, f"{P} src/{P}"),
    "flit-nothing": ("flit", PROJECT, "app/__init__.py"),
    "flit-named": ("flit", PROJECT + '[tool.flit.module]\nname = "a.b"\n', "a/b/__init__.py a/c.py"),
    "flit-readme-missing": ("flit", README, P),
    "pdm-flat": ("pdm", PROJECT, f"{P} other/__init__.py tests/__init__.py n/x.py m.py"),
    "pdm-src": ("pdm", PROJECT, f"src/{P} other/__init__.py"),
    "pdm-module": ("pdm", PROJECT, "one.py two.py"),
    "pdm-includes": ("pdm", PDM + 'includes = ["src/one", "src/two.py"]\n', "src/one/x.py src/two.py src/three.py"),
    "pdm-package-dir": ("pdm", PDM + 'package-dir = "lib"\n', f"lib/{P} {P}"),
    "pdm-readme-missing": ("pdm", README, P),
    "uv-src": ("uv", PROJECT, f"src/{P} src/other/__init__.py"),
    "uv-flat": ("uv", PROJECT, P),
    "uv-root": ("uv", UV + 'module-root = ""\n', P),
    "uv-named": ("uv", UV + 'module-name = "one"\n', "src/one/__init__.py"),
    "uv-namespace": ("uv", UV + 'module-name = "a.b"\n', "src/a/b/__init__.py"),
    "uv-no-init": ("uv", PROJECT, "src/my_app/x.py"),
    "uv-readme-missing": ("uv", README, f"src/{P}"),
    "setup-listed": ("none", "", f"{P} x/y.py setup.py:{SETUP}setup(name='my-app',packages=['my_app'])"),
    "setup-find": ("none", "",
        f"{P} x/y.py my_app/s/__init__.py setup.py:{SETUP}setup(name='my-app',packages=find_packages(exclude=['t']))"),
    "setup-src": ("none", "",
        f"src/{P} setup.py:{SETUP}setup(packages=find_packages('src'),package_dir={{'':'src'}},name='my-app')"),
    "setup-wrong-src": ("none", "",
        f"lib/{P} setup.py:{SETUP}setup(packages=['my_app'],package_dir={{'':'src'}},name='my-app')"),
    "setup-modules": ("none", "", f"one.py {P} setup.py:{SETUP}setup(py_modules=['one'],name='my-app')"),
    "setup-discovery": ("none", "", f"{P} setup.py:{SETUP}setup(name='my-app')"),
    "cfg-find": ("setuptools", "", f"{P} x/y.py setup.cfg:{CFG}packages=find:\n"),
    "cfg-src": ("setuptools", "",
        f"src/{P} src/n/y.py setup.cfg:{CFG}packages=find_namespace:\npackage_dir=\n  =src\n{WHERE}"),
}  # fmt: skip


class OnDisk:
    """Files as they lie on this disk."""

    def look(self, path: str) -> Kind:
        place = Path(path)
        return "directory" if place.is_dir() else "file" if place.is_file() else "absent"

    def read(self, path: str) -> str | None:
        return Path(path).read_text()

    def names(self, path: str) -> tuple[str, ...] | None:
        return tuple(sorted(one.name for one in Path(path).iterdir()))


def _lay_out(root: Path, backend: str, pyproject: str, files: str) -> None:
    root.mkdir()
    if BUILD[backend]:
        (root / "pyproject.toml").write_text(BUILD[backend] + pyproject)
    names, colon, content = files.partition(":")
    for name in names.split():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('"""d"""\n__version__ = "1"\n' if name.endswith(".py") else "")
    if colon:
        (root / names.split()[-1]).write_text(content)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, list[str] | str]]:
    """For each layout a fresh copy, and what its backend made of another."""
    root = tmp_path_factory.mktemp("projects")
    for name, layout in LAYOUTS.items():
        _lay_out(root / name, *layout)
        _lay_out(root / f"fresh-{name}", *layout)
    builder = CHECKOUT / "tests" / "emulator" / "image" / "wheel_builder.py"
    command = [sys.executable, str(builder), *(str(root / name) for name in LAYOUTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    built = json.loads(done.stdout.rpartition("@@")[2])
    return {name: (root / f"fresh-{name}", built[str(root / name)]) for name in LAYOUTS}


@pytest.mark.thorough
@pytest.mark.parametrize("name", LAYOUTS)
def test_the_wheel_holds_what_was_worked_out(wheels: dict[str, tuple[Path, list[str] | str]], name: str):
    """The same modules, no more and no fewer; where the backend refuses, so do we."""
    root, wheel = wheels[name]
    built = build_project(str(root), OnDisk())
    if isinstance(wheel, str):
        assert built.refusal, wheel
        return
    assert built.refusal is None, wheel
    assert built.provided.unknown is None
    shipped = {one for one in wheel if one.endswith(".py")}
    assert _expected(root, built.provided) == shipped


def _expected(root: Path, provided) -> set[str]:
    """The .py files of a wheel by what was worked out."""
    found = {module.name.replace(".", "/") + ".py" for module in provided.modules}
    for package in provided.packages:
        place = Path(package.path)
        pattern = "**/*.py" if package.whole else "*.py"
        found |= {f"{package.name.replace('.', '/')}/{one.relative_to(place)}" for one in place.glob(pattern)}
    return found
