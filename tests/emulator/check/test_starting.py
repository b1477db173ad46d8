"""What the command names and the image has or lacks: modules, attributes."""

from collections.abc import Mapping

import pytest

from emulator.model.diagnostic import Diagnostic
from tests.emulator.check.checking import check_files

SHOP = {
    "shop/__init__.py": "", "shop/api.py": "app = 1\n", "shop/factory.py": "def create_app(): ...\n",
    "shop/stars.py": "from os import *\n", "requirements.txt": "gunicorn==23.0\nuvicorn\nflask\n",
    "main.py": "app = 1\n",
    "src/lib/__init__.py": "", "src/lib/web.py": "app = 1\n",
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n[tool.setuptools]\npackages = ["shop"]\n',
}  # fmt: skip
PYTHON = "FROM python:3.12-slim"
COPIED = f"{PYTHON}\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"


def found(text: str, files: Mapping[str, str] | None = None) -> list[Diagnostic]:
    plan = check_files({**SHOP, "Dockerfile": text, **(files or {})})
    return [d for d in plan.diagnostics if d.code.endswith(("-not-found", "-left-in-builder"))]


def codes(text: str, files: Mapping[str, str] | None = None) -> list[str]:
    return [d.code.removeprefix("start/") for d in found(text, files)]


@pytest.mark.parametrize(
    "cmd",
    [
        "gunicorn shop.api:app", "gunicorn 'shop.factory:create_app()'", "uvicorn main:app", "python -m shop.api",
        "gunicorn --chdir src lib.web:app", "uvicorn --app-dir src lib.web:app", "cd src && gunicorn lib.web:app",
        "PYTHONPATH=src gunicorn lib.web:app", "gunicorn shop.stars:app", "python -m http.server", "python -m gunicorn",
        "python -m somewhere.else", "flask --app main.py run", "flask --app shop.factory run",
        "pipx run gunicorn lib.web:app", "gunicorn $MODULE", "python -m gunicorn.app",
    ],
)  # fmt: skip
def test_what_is_there_or_may_be_is_not_told(cmd: str):
    """Modules from every root, factories, the standard library, packages, what is not known."""
    assert codes(f"{COPIED}CMD exec {cmd}\n" if "&&" not in cmd else f"{COPIED}CMD {cmd}\n") == []


@pytest.mark.parametrize(
    ("cmd", "code", "part"),
    [
        ("gunicorn shop.server:app", "module", "no shop.server"),
        ("gunicorn lib.web:app", "module", "no lib"),
        ("uvicorn app:app", "module", "no app"),
        ("uvicorn somewhere.else:app", "module", "no somewhere"),
        ("python -m shop.old.api", "module", "no shop.old"),
        ("python -m shop.api.v1", "module", "no shop.api.v1"),
        ("gunicorn shop.api:application", "attribute", "no 'application'"),
        ("gunicorn shop.api", "attribute", "no 'application'"),
        ("uvicorn main:api", "attribute", "no 'api'"),
        ("uvicorn shop.factory:app", "attribute", "no 'app'"),
    ],
)
def test_what_is_surely_not_there(cmd: str, code: str, part: str):
    """The missing part of the name, at the command's line."""
    [one] = found(f"{COPIED}CMD exec {cmd}\n")
    assert one.code == f"start/{code}-not-found"
    assert part in one.message
    assert (one.origin.file, one.origin.line) == ("Dockerfile", 5)


def test_a_package_whose_name_only_holds_the_module_s_brings_it_not():
    """`api` is kept from the image, and `fastapi` is installed: a name of an app, or a module of the repository."""
    more = {"requirements.txt": "fastapi\nuvicorn\nmycataloger\n", ".dockerignore": "api\ncatalog\n"}
    for name in ("api", "catalog"):
        files = {**more, f"{name}/__init__.py": "", f"{name}/main.py": "app = 1\n"}
        assert codes(f"{COPIED}CMD exec uvicorn {name}.main:app\n", files) == ["module-not-found"]
    words = {**more, "requirements.txt": "uvicorn\ngoogle-api-core\nmy-catalog\n"}
    for name, told in (("api", ["module-not-found"]), ("catalog", [])):
        files = {**words, f"{name}/__init__.py": "", f"{name}/main.py": "app = 1\n"}
        assert codes(f"{COPIED}CMD exec uvicorn {name}.main:app\n", files) == told


def test_what_could_come_with_a_package_is_not_told():
    """A distribution of a like name, a base image that is not known, a step that may do anything."""
    assert codes(f"{COPIED}CMD exec gunicorn lib.web:app\n", {"requirements.txt": "gunicorn\nmy-lib\n"}) == []
    assert codes("FROM acme/base\nCOPY . .\nCMD exec gunicorn lib.web:app\n") == []
    assert codes(f"{COPIED}RUN ./build.sh\nCMD exec gunicorn lib.web:app\n", {"build.sh": ""}) == []
    collects = f"{COPIED}RUN python manage.py collectstatic\nCMD exec gunicorn lib.web:app\n"
    assert codes(collects, {"manage.py": ""}) == ["module-not-found"]


def test_an_installed_project_is_found():
    """In site-packages, through a .pth file, in a venv that is copied; and not where it stayed behind."""
    install = f"{PYTHON} AS build\nWORKDIR /b\nCOPY . .\nRUN python -m venv /venv && /venv/bin/pip install gunicorn .\n"
    run = f"{PYTHON}\nWORKDIR /app\nENV PATH=/venv/bin:$PATH\n"
    cmd = "CMD exec gunicorn shop.api:app\n"
    assert codes(f"{install}{run}COPY --from=build /venv /venv\n{cmd}") == []
    assert codes(f"{PYTHON}\nWORKDIR /b\nCOPY . .\nRUN pip install gunicorn -e .\nWORKDIR /\n{cmd}") == []
    last = f"{PYTHON}\nWORKDIR /app\nCOPY --from=build /b/main.py .\nRUN pip install gunicorn\n"
    [one] = found(f"{install}{last}{cmd}")
    assert [(r.origin.line, r.message) for r in one.related] == [(4, "installed here, and not carried over")]
    left = f"{PYTHON} AS build\nWORKDIR /b\nCOPY . .\nRUN pip install gunicorn -e .\n{PYTHON}\nWORKDIR /app\n"
    site = "/usr/local/lib/python3.12/site-packages"
    assert codes(f"{left}COPY --from=build {site} {site}\n{cmd}") == ["image/package-left-in-builder"]


def test_help_says_where_it_is():
    """The folder to start in, a sibling to mean, the place that was not copied."""
    [one] = found(f"{COPIED}CMD exec gunicorn lib.web:app\n")
    assert "src/lib/web.py" in one.facts[1]
    assert one.help.startswith("start in /app/src")
    [one] = found(f"{COPIED}CMD exec gunicorn shop.server:app\n")
    assert "shop has api, factory, stars" in one.facts[1]
    [one] = found(f"{PYTHON}\nWORKDIR /app\nCOPY main.py .\nRUN pip install gunicorn\nCMD exec gunicorn shop.api:app\n")
    assert one.facts[-1] == "that file is not in the image"
    [one] = found(f"{COPIED}CMD exec gunicorn shop.factory:app\n")
    assert "shop.factory:create_app()" in one.help


def test_native_services_are_looked_at_alike():
    """A start command without a Dockerfile, in its root directory, after its build command."""
    render = "services:\n  - {type: web, name: w, runtime: python, buildCommand: %s, startCommand: %s, rootDir: %s}\n"
    files = {"render.yaml": render % ("pip install -r requirements.txt", "gunicorn shop.api:app", ".")}
    assert codes_of(files) == []
    files = {"render.yaml": render % ("pip install -r requirements.txt", "gunicorn shop.old:app", ".")}
    assert codes_of(files) == ["start/module-not-found"]
    files = {"render.yaml": render % ("pip install gunicorn", "gunicorn shop.api:app", "src")}
    assert codes_of(files) == ["start/module-not-found"]


def codes_of(files: Mapping[str, str]) -> list[str]:
    plan = check_files({**SHOP, **files}, options={"created_from": "blueprint"})
    return [d.code for d in plan.diagnostics if d.code.endswith("-not-found")]


@pytest.mark.parametrize("cmd", [".venv/bin/uvicorn lib.web:app", "/app/.venv/bin/python3 -m uvicorn lib.web:app"])
def test_an_environment_of_which_nothing_is_known_may_have_all(cmd: str):
    """Copied from an image that nobody knows, and named by its path: not the system's Python."""
    text = f"FROM ghcr.io/acme/tool AS b\nWORKDIR /app\nRUN uv sync\n{PYTHON}\nWORKDIR /app\nCOPY --from=b /app /app\n"
    assert codes(f"{text}CMD exec {cmd}\n") == []


DJANGO = {
    "site/__init__.py": "", "proj/__init__.py": "", "proj/settings.py": "", "proj/wsgi.py": "",
    "requirements.txt": "gunicorn\ndjango\ncelery\ngranian\nwaitress\nhypercorn\n",
    "proj/worker.py": "celery_app = 1\n", "proj/one.py": "app = 1\n",
}  # fmt: skip
SET = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "%s")\napplication = 1\n'


@pytest.mark.parametrize(
    ("cmd", "settings", "severity"),
    [
        ("python manage.py runserver 0.0.0.0:$PORT", "proj.settings", None),
        ("python manage.py runserver 0.0.0.0:$PORT", "proj.settings.production", "warning"),
        ("python manage.py runserver --settings=proj.one 0.0.0.0:$PORT", "proj.nothing", None),
        ("DJANGO_SETTINGS_MODULE=proj.one python manage.py runserver 0.0.0.0:$PORT", "proj.nothing", None),
        ("DJANGO_SETTINGS_MODULE=proj.two python manage.py runserver 0.0.0.0:$PORT", "proj.settings", "error"),
        ("gunicorn -b :$PORT proj.wsgi", "proj.settings", None),
        ("gunicorn -b :$PORT proj.wsgi", "proj.config", "warning"),
        ("gunicorn -b :$PORT -e DJANGO_SETTINGS_MODULE=proj.one proj.wsgi", "proj.config", None),
    ],
)
def test_the_settings_of_django(cmd: str, settings: str, severity: str | None):
    """A default may be replaced by variables of the platform; what is set here is not. Named where it is asked for."""
    files = {**DJANGO, "manage.py": SET % settings, "proj/wsgi.py": SET % settings}
    told = found(f"{COPIED}CMD exec env {cmd}\n", files)
    assert [d.severity.value for d in told] == ([severity] if severity else [])
    if severity == "warning":
        assert told[0].related[0].origin.line == 2


def test_a_default_that_nothing_could_replace_is_an_error():
    """No other settings are anywhere in the repository; a file that reads variables may name some."""
    files = {name: text for name, text in DJANGO.items() if name != "proj/settings.py"}
    text = f"{COPIED}CMD exec python manage.py runserver 0.0.0.0:$PORT\n"
    [one] = found(text, {**files, "manage.py": SET % "proj.settings"})
    assert one.severity.value == "error"
    assert found(text, {**files, "manage.py": "load_dotenv()\n" + SET % "proj.settings"}) == []


@pytest.mark.parametrize(
    ("cmd", "told"),
    [
        ("celery -A proj.worker worker", False), ("celery -A proj.worker.celery_app worker", False),
        ("celery -A proj.worker:celery_app worker", False), ("celery -A proj.worker.other worker", True),
        ("celery -A proj.workers worker", True), ("python -m gunicorn proj.nothing:app", True),
        ("hypercorn proj/worker.py:celery_app", False), ("granian --interface wsgi proj.nothing:app", True),
        ("waitress-serve --port=8000 --call proj.nothing:app", True), ("waitress-serve proj.one:app", False),
        ("gunicorn --chdir proj one:app", False), ("gunicorn --pythonpath proj one:app", False),
        ("python -m gunicorn --chdir site proj.one:app", False),
        ("pip install -e . && gunicorn nowhere.one:app", False), (". venv/bin/activate && gunicorn nowhere:app", False),
    ],
)  # fmt: skip
def test_each_program_names_its_module_in_its_own_way(cmd: str, told: bool):
    """A last part that is an object, files, other directories; nothing where another command may make it."""
    assert (codes(f"{COPIED}CMD {cmd}\n", DJANGO) == ["module-not-found"]) == told


@pytest.mark.parametrize(
    ("settings", "told"),
    [("", True), ("workers = 2\n", True), ("chdir = 'src'\n", False), ("pythonpath = 'src'\n", False), (None, True)],
)
def test_a_configuration_file_may_move_gunicorn(settings: str | None, told: bool):
    """gunicorn.conf.py where it starts, read by itself."""
    files = {"gunicorn.conf.py": settings} if settings is not None else {}
    assert (codes(f"{COPIED}CMD exec gunicorn lib.web:app\n", files) == ["module-not-found"]) == told


@pytest.mark.parametrize(
    ("module", "found"),
    [
        ("main", []), ("server", [("error", "start/module-not-found")]), ("shop.apis", []),
        ("main_old", [("warning", "start/module-not-found")]), ("acme.web", []), ("web", []),
    ],
)  # fmt: skip
def test_a_module_of_the_app_where_what_is_installed_is_not_known(module: str, found: list[tuple[str, str]]):
    """In a package manager's own environment: a name that only apps have is missing, one like a module beside it
    probably; one that the repository has somewhere may be installed, and any other may come with a package."""
    files = {"main.py": "app = None\n", "lib/web.py": "", "pyproject.toml": "[tool.poetry]\nname = 'x'\n"}
    text = f"{PYTHON}\nWORKDIR /app\nRUN pip install poetry\nCOPY main.py pyproject.toml ./\nRUN poetry install\n"
    plan = check_files({**files, "Dockerfile": f'{text}CMD ["poetry", "run", "uvicorn", "{module}:app"]\n'})
    told = [(d.severity.value, d.code) for d in plan.diagnostics if d.code.startswith("start/mod")]
    assert told == found


def test_what_is_copied_to_tmp_is_known():
    """/tmp is a directory in every image: the list that is installed from there is read."""
    text = f"{PYTHON}\nCOPY requirements.txt /tmp\nRUN pip install -r /tmp/requirements.txt\nWORKDIR /app\nCOPY . .\n"
    assert codes(f"{text}CMD exec gunicorn shop.old:app\n", {"requirements.txt": "gunicorn\n"}) == ["module-not-found"]
    assert codes(f"{text}CMD exec gunicorn shop.api:app\n", {"requirements.txt": "flask\n"}) == ["program-not-found"]
