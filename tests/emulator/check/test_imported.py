"""Modules of the repository that are imported at the start, and are surely there or not."""

from collections.abc import Mapping

import pytest

from emulator.model.diagnostic import Diagnostic
from tests.emulator.check.checking import check_files

ALL = "FROM python:3.12-slim\nWORKDIR /app\nRUN pip install flask\nCOPY . .\nCMD exec python main.py\n"
SHOP = {
    "shop/__init__.py": "", "shop/api.py": "from .db import connect\nfrom shop import prices\n",
    "shop/db.py": "connect = 1\n",
    "shop/prices/__init__.py": "", "tools.py": "",
}  # fmt: skip


def found(main: str, files: Mapping[str, str] | None = None, text: str = ALL) -> list[Diagnostic]:
    plan = check_files({**SHOP, "main.py": main, "Dockerfile": text, **(files or {})})
    return [d for d in plan.diagnostics if d.code == "start/import-not-found"]


@pytest.mark.parametrize(
    "main",
    [
        "import shop.api\nimport tools, os\nimport requests\nfrom flask import Flask\n",
        "try:\n    import shop.old\nexcept ImportError:\n    pass\n", "if False:\n    import shop.old\n",
        '"""\nimport shop.old\n"""\n', "def f():\n    import shop.old\n", "# import shop.old\n",
        "import sys\nsys.path.insert(0, 'lib')\nimport shop.old\n", "import shop._speedups\n", "import shop.api_pb2\n",
        "from shop import version\n", "import flask.old\n", "import old\n", "exit(\n",
    ],
)  # fmt: skip
def test_what_is_there_or_may_be_is_not_told(main: str):
    """Packages, what is imported under a condition, what a build may make, other search paths."""
    assert found(main) == []


@pytest.mark.parametrize(
    ("main", "part", "file", "line"),
    [
        ("import os\n\nimport shop.old\n", "shop.old", "main.py", 3),
        ("from shop.old.api import x\n", "shop.old", "main.py", 1),
        ("from shop.api.v1 import x\n", "shop.api.v1", "main.py", 1),
        ("from shop import nothing\n", "shop.nothing", "main.py", 1),
        ("from shop import api\nimport shop.extra\n", "shop.extra", "main.py", 2),
    ],
)
def test_what_is_surely_not_there(main: str, part: str, file: str, line: int):
    """At the command's line, with the line of the import beside it."""
    [one] = found(main)
    assert f"'{part}'" in one.message
    assert [(r.origin.file, r.origin.line) for r in one.related] == [(file, line)]
    assert one.origin.line == 5


def test_one_module_leads_to_another():
    """Through packages, relative names and servers; from the module that a server is given."""
    gone = {"shop/db.py": "from . import settings\nfrom .models import user\n"}
    [one] = found("import shop.api\n", gone)
    assert "'shop.models'" in one.message or "'shop.settings'" in one.message
    assert one.related[0].origin.file == "shop/db.py"
    served = ALL.replace("flask", "gunicorn").replace("python main.py", "gunicorn shop.api:connect")
    assert len(found("", gone, served)) == 1
    assert len(found("", gone, ALL.replace("main.py", "-m shop.api"))) == 1
    circle = {"shop/db.py": "import shop.api\n"}
    assert found("import shop.api\n", circle) == []


def test_what_was_left_out_is_told_with_its_place():
    """By a COPY that names some files alone, or by .dockerignore; not where a requirement may bring it."""
    few = ALL.replace("COPY . .", "COPY main.py ./")
    [one] = found("import tools\nimport shop\n", text=few)
    assert one.facts == ("the repository has tools.py",)
    assert found("import tools\n", {".dockerignore": "tools.py\n"}) != []
    assert found("import tools\n", text=few.replace("flask", "my-tools")) == []
    assert found("import tools\n", text=few.replace("pip install flask", "pip install -r https://h/x.txt")) == []
    assert found("import tools\n", text=few.replace("CMD ", "CMD cp x tools.py && ").replace("exec ", "")) == []


def test_compiled_and_generated_sources_silence():
    """A file of another kind by that name beside it: something makes a module of it."""
    for name in ("shop/fast.pyx", "shop/fast.c", "shop/fast.proto"):
        assert found("import shop.fast\n", {name: ""}) == []


def test_two_distributions_that_share_a_package_bring_both_parts():
    """Each puts its modules into the same directory of site-packages."""
    files = {"requirements.txt": "./data\n./model\n"}
    for name in ("data", "model"):
        files[f"{name}/pyproject.toml"] = f'[project]\nname = "weather-{name}"\nversion = "1"\n'
        files |= {f"{name}/weather/__init__.py": "", f"{name}/weather/{name}.py": "import weather\n"}
    text = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD python main.py\n"
    assert found("from weather.data import x\nfrom weather.model import y\n", files, text) == []
    assert len(found("from weather.data import x\nfrom weather.old import y\n", files, text)) == 1
