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
        "import shop.api\nimport tools, os\nimport werkzeug, jinja2\nfrom flask import Flask\n",
        "try:\n    import shop.old\nexcept ImportError:\n    pass\n", "if False:\n    import shop.old\n",
        '"""\nimport shop.old\n"""\n', "def f():\n    import shop.old\n", "# import shop.old\n",
        "import sys\nsys.path.insert(0, 'lib')\nimport shop.old\n", "import shop._speedups\n", "import shop.api_pb2\n",
        "from shop import version\n", "import flask.old\n", "exit(\n",
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
    gone = {"shop/db.py": "from . import settings\nfrom .models import user\nconnect = user\n"}
    [one] = found("import shop.api\n", gone)
    assert "'shop.models'" in one.message or "'shop.settings'" in one.message
    assert one.related[0].origin.file == "shop/db.py"
    served = ALL.replace("flask", "gunicorn").replace("python main.py", "gunicorn shop.api:connect")
    assert len(found("", gone, served)) == 1
    assert len(found("", gone, ALL.replace("main.py", "-m shop.api"))) == 1
    circle = {"shop/db.py": "import shop.api\nconnect = 1\n"}
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
        files |= {f"{name}/weather/__init__.py": "", f"{name}/weather/{name}.py": "import weather\nx = y = 1\n"}
    text = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD python main.py\n"
    assert found("from weather.data import x\nfrom weather.model import y\n", files, text) == []
    assert len(found("from weather.data import x\nfrom weather.old import y\n", files, text)) == 1


def _with(requirements: str, main: str, **files: str) -> list[Diagnostic]:
    text = (
        "FROM python:3.13-slim\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"
        'CMD ["python", "main.py"]\n'
    )
    return found(main, {"requirements.txt": requirements, **files}, text)


@pytest.mark.parametrize(
    ("requirements", "module", "wanted"),
    [
        ("gunicorn==23.0.0\n", "flask", "flask"), ("flask\ngunicorn", "requests", "requests"),
        ("fastapi\nuvicorn[standard]>=0.30\n", "sqlalchemy.orm", "sqlalchemy"),
        ("Flask>=3,<4\n", "dotenv", "python-dotenv"),
        ("flask ; python_version > '3.8'\n", "PIL", "pillow"), ("django==5.1\n", "whitenoise", "whitenoise"),
    ],
)  # fmt: skip
def test_what_no_requirement_brings(requirements: str, module: str, wanted: str):
    """Where all that is asked for is known with what it depends on; the distribution is named as the index has it."""
    [one] = _with(requirements, f"import os\nimport {module}\n")
    assert one.message.endswith("and nothing that is installed brings it")
    assert one.help == f"add {wanted} to the requirements"
    assert [(r.origin.file, r.origin.line) for r in one.related] == [("main.py", 2)]


@pytest.mark.parametrize(
    ("requirements", "module"),
    [
        ("flask\n", "werkzeug"), ("flask\nacme\n", "requests"), ("fastapi\n", "pydantic"),
        ("flask[async]\n", "asgiref"),
        ("uvicorn[standard]\n", "yaml"), ("git+https://example.org/x.git\n", "requests"), ("-r more.txt\n", "requests"),
        ("flask\n", "tools"), ("flask\n", "__main__"), ("celery\n", "kombu"), ("pandas\n", "numpy"),
    ],
)  # fmt: skip
def test_what_a_requirement_may_bring(requirements: str, module: str):
    """With what it depends on; one that is not known may bring anything."""
    assert _with(requirements, f"import {module}\n") == []


def test_an_import_that_may_fail_is_not_told():
    """Under a condition, or where its failure is caught."""
    assert _with("flask\n", "try:\n    import requests\nexcept ImportError:\n    requests = None\n") == []
    assert _with("flask\n", "if False:\n    import requests\n") == []


def test_a_name_that_a_module_of_the_repository_does_not_have():
    """Each of those that one line takes; in parentheses, and under another name, as well."""
    code = {"prices.py": "def total():\n    return 1\n\n\nLIMIT = 2\n"}
    for main in ("from prices import total, sum_of\n", "from prices import (\n    LIMIT as L,  # x\n    sum_of,\n)\n"):
        [one] = found(main, code)
        assert one.message == "main.py imports 'sum_of' from prices, and prices.py has no such name"
    assert found("from prices import total, LIMIT\nfrom prices import *\n", code) == []
    assert found("from prices import sum_of\n", {"prices.py": "from math import *\n"}) == []
    assert found("from prices import sum_of\n", {"prices.py": "globals()['sum_' + 'of'] = 1\n"}) == []


SETTINGS = 'SECRET_KEY = "x"\nINSTALLED_APPS = [\n    "django.contrib.staticfiles",\n    # "gone",\n    "%s",\n]\n'
DJANGO = (
    "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install django gunicorn\n"
    'CMD ["sh", "-c", "exec gunicorn --bind 0.0.0.0:$PORT site1.wsgi"]\n'
)


def _django(app: str, more: str = "") -> list[Diagnostic]:
    files = {
        "site1/__init__.py": "", "polls/__init__.py": "", "polls/apps.py": "class PollsConfig:\n    pass\n",
        "site1/settings.py": SETTINGS % app + more,
        "site1/wsgi.py": 'import os\n\nfrom django.core.wsgi import get_wsgi_application\n\n'
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site1.settings")\napplication = get_wsgi_application()\n',
    }  # fmt: skip
    return found("", files, DJANGO)


def test_an_app_of_django_that_nothing_brings():
    """Django imports each of INSTALLED_APPS and MIDDLEWARE when it is set up."""
    assert _django("polls") == _django("polls.apps.PollsConfig") == []
    [one] = _django("rest_framework")
    assert one.message == "site1/settings.py imports 'rest_framework', and nothing that is installed brings it"
    assert (one.help, one.related[0].origin.line) == ("add djangorestframework to the requirements", 5)
    assert len(_django('polls", "acme')) == 1
    [one] = _django("polls", 'MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware"]\n')
    assert one.help == "add whitenoise to the requirements"
    assert _django("polls", 'if DEBUG:\n    INSTALLED_APPS += ["debug_toolbar"]\n') == []


def test_a_module_that_the_ignore_file_keeps_away():
    """It is not the COPY that has to change: the line of the ignore file is told."""
    [one] = found("import shop.api\n", {".dockerignore": "*.md\nshop\n"})
    assert one.facts[-1] == ".dockerignore:2 keeps it from the builder"
    assert one.help == "remove `shop` from .dockerignore:2"
