"""Servers that call an application by the interface that it does not have."""

from collections.abc import Mapping

import pytest

from emulator.check.python_apps import app_of
from emulator.model.diagnostic import Diagnostic, Severity
from tests.emulator.check.checking import check_files

CODE = "start/wrong-interface"
FASTAPI = "from fastapi import FastAPI\n\napp = FastAPI(title='shop')\n"
FLASK = "import flask\n\napp = flask.Flask(__name__)\n"
BUILT = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
REQUIRES = {"requirements.txt": "fastapi\nflask\ngunicorn\nuvicorn\ndaphne\nwaitress\ndjango\n"}
HEALTH = "services:\n  - type: web\n    name: shop\n    runtime: docker\n    healthCheckPath: /health\n"


def found(cmd: str, app: str, files: Mapping[str, str] = {}, env: Mapping[str, str] | None = None) -> list[Diagnostic]:
    repo = {**REQUIRES, "main.py": app, "Dockerfile": f"{BUILT}CMD exec {cmd}\n", **files}
    return [d for d in check_files(repo, env=env).diagnostics if d.code == CODE]


@pytest.mark.parametrize(
    ("cmd", "app"),
    [
        ("gunicorn -b 0.0.0.0:$PORT main:app", FASTAPI),
        ("gunicorn -k gthread --threads 4 -b 0.0.0.0:$PORT main:app", FASTAPI),
        ("waitress-serve --port=$PORT main:app", FASTAPI),
        ("uvicorn main:app --host 0.0.0.0 --port $PORT", FLASK),
        ("gunicorn -k uvicorn.workers.UvicornWorker -b 0.0.0.0:$PORT main:app", FLASK),
        ("daphne -b 0.0.0.0 -p $PORT main:app", FLASK),
        ("uvicorn main:app --host 0.0.0.0 --port $PORT", "def app(environ, start_response):\n    return []\n"),
        ("gunicorn -b 0.0.0.0:$PORT main:app", "async def app(scope, receive, send): ...\n"),
        ("gunicorn -b 0.0.0.0:$PORT main",
         "from django.core.asgi import get_asgi_application as made\napplication = made()\n"),
    ],
)  # fmt: skip
def test_the_other_interface_is_told(cmd: str, app: str) -> None:
    """With a health check the deploy fails by it; without one it is live, and of no use."""
    [warned] = found(cmd, app)
    assert (warned.severity, warned.origin and warned.origin.file) == (Severity.WARNING, "Dockerfile")
    assert warned.related[0].origin.file == "main.py"
    options = {"created-from": "blueprint"}
    repo = {**REQUIRES, "main.py": app, "Dockerfile": f"{BUILT}CMD exec {cmd}\n", "render.yaml": HEALTH}
    plan = check_files(repo, options=options)
    assert [d.severity for d in plan.diagnostics if d.code == CODE] == [Severity.ERROR]


@pytest.mark.parametrize(
    ("cmd", "app", "files", "env"),
    [
        ("uvicorn main:app --host 0.0.0.0 --port $PORT", FASTAPI, {}, {}),
        ("gunicorn -b 0.0.0.0:$PORT main:app", FLASK, {}, {}),
        ("gunicorn -k uvicorn.workers.UvicornWorker -b 0.0.0.0:$PORT main:app", FASTAPI, {}, {}),
        ("gunicorn -k shop.Worker -b 0.0.0.0:$PORT main:app", FASTAPI, {}, {}),
        ("gunicorn -k $WORKER -b 0.0.0.0:$PORT main:app", FASTAPI, {}, {}),
        ("gunicorn main:app", FASTAPI, {}, {"GUNICORN_CMD_ARGS": "--worker-class uvicorn.workers.UvicornWorker"}),
        ("gunicorn main:app", FASTAPI, {"gunicorn.conf.py": "worker_class = 'uvicorn.workers.UvicornWorker'\n"}, {}),
        ("gunicorn -c conf/g.py main:app", FASTAPI, {"conf/g.py": "from .base import *\n"}, {}),
        ("uvicorn --interface wsgi main:app", FLASK, {}, {}),
        ("uvicorn main:app", FLASK, {}, {"UVICORN_INTERFACE": "wsgi"}),
        ("hypercorn main:app", FLASK, {}, {}),
        ("uvicorn main:app", f"{FLASK}from asgiref.wsgi import WsgiToAsgi\napp = WsgiToAsgi(app)\n", {}, {}),
        ("gunicorn 'main:app()'", f"{FASTAPI}", {}, {}),
        ("gunicorn main:app", "from shop import *\nfrom fastapi import FastAPI\napp = FastAPI()\n", {}, {}),
        ("gunicorn main:app", "from own import FastAPI\napp = FastAPI()\n", {}, {}),
        ("gunicorn main:app", "from fastapi import FastAPI\nif 1:\n    app = FastAPI()\n", {}, {}),
    ],
)  # fmt: skip
def test_what_fits_or_is_not_sure_is_not_told(
    cmd: str, app: str, files: dict[str, str], env: dict[str, str]
) -> None:
    """The right server, a worker of its own, settings elsewhere, an application that is wrapped or not seen."""
    assert found(cmd, app, files, env) == []


@pytest.mark.parametrize(
    ("text", "interface"),
    [
        ("import fastapi as f\napp = f.FastAPI()\n", "ASGI"),
        ("import starlette.applications\napp: object = starlette.applications.Starlette()\n", "ASGI"),
        ("from django.core import wsgi\napp = wsgi.get_wsgi_application()\n", "WSGI"),
        ("def app(environ, start_response=None): ...\n", None),
        ("@wrapped\nasync def app(scope, receive, send): ...\n", None),
        ("def app(scope): ...\n", None),
        ("from flask import Flask\napp = other = Flask('x')\n", "WSGI"),
        ("from flask import Flask\napp = Flask('x')\ndef change():\n    global app\n    app = 1\n", None),
        ("try:\n    from flask import Flask\nexcept ImportError: ...\napp = Flask('x')\n", None),
        ("app = (lambda: 1)()\n", None),
        ("not python", None),
    ],
)
def test_what_makes_an_application(text: str, interface: str | None) -> None:
    app = app_of(text, "app")
    assert (app.interface if app is not None else None) == interface
