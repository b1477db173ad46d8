"""A health check that asks a path which the application does not have."""

import pytest

from emulator.check.routes import answers, routes_of
from emulator.model.diagnostic import Diagnostic, Severity
from tests.emulator.check.checking import check_files

FLASK = "from flask import Flask\nfrom flask_cors import CORS\n\napp = Flask(__name__)\nCORS(app)\n\n"
FASTAPI = "from fastapi import FastAPI\n\napp = FastAPI(title='Shop')\n\n"
ROUTE = '@app.get("/healthz")\ndef health():\n    return "ok"\n'
YAML = "services:\n  - type: web\n    name: shop\n    runtime: docker\n    plan: free\n    healthCheckPath: %s\n"


SERVE = "gunicorn --bind 0.0.0.0:$PORT app:app"


def _found(app: str, path: str, *, cmd: str = SERVE, **files: str) -> list[Diagnostic]:
    text = f"FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install acme\nCMD exec {cmd}\n"
    more = {f"{name}.py": source for name, source in files.items()}
    plan = check_files({"app.py": app, "Dockerfile": text, "render.yaml": YAML % path, **more})
    return [d for d in plan.diagnostics if d.code == "start/health-path-not-served"]


@pytest.mark.parametrize("app", [FLASK + ROUTE, FASTAPI + ROUTE])
def test_a_path_that_no_route_has(app: str):
    """At the line that asks for it, with what is there; of a server's module and of a script."""
    for cmd in (SERVE, "python app.py"):
        [one] = _found(app, "/health", cmd=cmd)
        assert (one.severity, one.origin.file, one.origin.line) == (Severity.WARNING, "render.yaml", 6)
        assert one.help == "ask /healthz instead, or add the route"
        assert one.facts == ("it has /healthz",)
        assert _found(app, "/healthz", cmd=cmd) == _found(app, "/healthz/", cmd=cmd) == []


@pytest.mark.parametrize(
    "more",
    [
        "from shop import routes\n", "app.register_blueprint(x)\n", "app.include_router(x)\n", "app.mount('/', x)\n",
        "app.add_url_rule('/health', view_func=x)\n", "Admin(app)\n", "app.wsgi_app = x\n", "init(app)\n",
        "for path in x:\n    app.route(path)(y)\n", "@app.get(PATH)\ndef f(): ...\n", "app = wrap(app)\n",
    ],
)  # fmt: skip
def test_what_may_add_a_route_leaves_it_open(more: str):
    """Blueprints, routers, a module of its own, a wrapper, a path that is not written."""
    routes = "from app import app\n\n\n@app.route('/health')\ndef health(): ...\n"
    shop = "from routes import *\nroutes = 1  # route\n"
    assert _found(FLASK + ROUTE + more, "/health", routes=routes, shop=shop) == []


def test_what_adds_none():
    """Extensions, settings, handlers, and modules that know of no routes."""
    more = "app.config['X'] = 1\nimport prices\n\n\n@app.errorhandler(404)\ndef lost(e): ...\n"
    assert len(_found(FLASK + ROUTE + more, "/health", prices="x = 1\n")) == 1


def test_routes_with_parts():
    """Converters and path parameters; what FastAPI has by itself."""
    text = '@app.route("/a/<int:n>")\ndef a(n): ...\n@app.route("/b/<path:p>")\ndef b(p): ...\n'
    routes = routes_of(FLASK + text, "app")
    for path, is_there in (("/a/1", True), ("/a/1/2", False), ("/b/1/2", True), ("/a", False), ("/static/x", True)):
        assert answers(routes, path) is is_there, path
    fast = routes_of(FASTAPI + '@app.get("/a/{n}")\ndef a(n): ...\n@app.get("/f/{p:path}")\ndef f(p): ...\n', "app")
    for path, is_there in (("/a/1", True), ("/a/1/2", False), ("/f/1/2", True), ("/docs", True), ("/", False)):
        assert answers(fast, path) is is_there, path
