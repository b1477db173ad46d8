"""The rule about a health check that asks a path which the application surely does not have.

Read is one file: a Flask or FastAPI application whose routes are all written at its functions. Whatever else is done
with it may add routes, and then nothing is concluded.
"""

import posixpath
from collections.abc import Iterator

from emulator.image.imports import Found, find_module
from emulator.model.diagnostic import Diagnostic, Related, Severity
from emulator.model.lifecycle import Probe
from emulator.model.origin import Origin
from emulator.model.spelling import nearest

from .image_view import ImageView, view_of
from .rule import CheckRule, Sample
from .servers import target
from .subject import Subject

_APP = 'from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get("/healthz")\ndef health():\n    return "ok"\n'
_FILES = {
    "app.py": _APP, "requirements.txt": "flask\ngunicorn\n",
    "Dockerfile": "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
    "CMD exec gunicorn --bind 0.0.0.0:$PORT app:app\n",
}  # fmt: skip
_KNATIVE = (
    "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  template:\n    spec:\n"
    "      containers:\n        - image: shop\n          startupProbe:\n            httpGet:\n              path: %s\n"
)

NO_SUCH_PATH = CheckRule(
    code="start/health-path-not-served",
    severity=Severity.WARNING,
    statement="The health check asks a path that the application does not have.",
    why="The app starts and answers the check with 404: the deploy is never called healthy, and the one before stays.",
    wrong=Sample(files=_FILES | {"service.yaml": _KNATIVE % "/health"}, file="service.yaml", line=10),
    right=Sample(files=_FILES | {"service.yaml": _KNATIVE % "/healthz"}),
)

RULES = (NO_SUCH_PATH,)

_OF_ROUTES = ("route", "Route", "Blueprint", "import app", "current_app")


def health_path(subject: Subject) -> Iterator[Diagnostic]:
    """The path of a health check, or of a startup probe, that the files give."""
    probes = subject.container.probes
    probe = next((one for one in (probes.health, probes.startup) if one is not None and one.path), None)
    view = view_of(subject)
    if probe is None or probe.kind != "http" or probe.implicit or view is None or view.run.changed:
        return
    place = _application(view)
    text = view.files.read(place[0]) if place is not None else None
    made = view.worked.look(place[0]).made if place is not None else None
    if place is None or text is None or made is None or made.by != "context":
        return
    from .routes import answers, routes_of  # takes long to load

    routes = routes_of(text, place[1])
    path = (probe.path or "/").partition("?")[0]
    if routes is None or answers(routes, path) or any(_may_add(view, place[0], one) for one in routes.imports):
        return
    yield _finding(subject, probe, path, routes.paths, Origin(file=made.path, line=routes.line))


def _finding(subject: Subject, probe: Probe, path: str, paths: tuple[str, ...], app: Origin) -> Diagnostic:
    meant = nearest(path, paths)
    others = f"it has {', '.join(paths[:6])}" if paths else "it has no route"
    return subject.finding(
        NO_SUCH_PATH.code, Severity.WARNING, f"the health check asks {path}, which the app in {app.file} does not have",
        origin=probe.origin or subject.origin, facts=(others,), related=(Related(origin=app, message="the app"),),
        help=f"ask {meant} instead, or add the route" if meant else f"add a route for {path}, or ask one that is there",
    )  # fmt: skip


def _application(view: ImageView) -> tuple[str, str | None] | None:
    """The file of the application, and its name there; None for the name where a script is run that makes one."""
    run, first = view.run, view.import_directory
    if run.program == "python" and run.script is not None and view.directory is not None:
        return posixpath.normpath(posixpath.join(view.directory, run.script)), None
    named = target(run, view.environ)
    if named is None or named.is_factory or first is None:
        return None
    answer = find_module(view.tree, list(view.roots(first)), named.module)
    return (answer.path, named.attribute or "app") if isinstance(answer, Found) and answer.path else None


def _may_add(view: ImageView, file: str, module: str) -> bool:
    """Whether an imported module is one of the repository's that speaks of routes."""
    if module.startswith("."):
        return True
    answer = find_module(view.tree, [posixpath.dirname(file), *view.roots(view.import_directory or "/")], module)
    if not isinstance(answer, Found) or not answer.path:
        return False
    made = view.worked.look(answer.path.partition("\n")[0]).made
    text = view.files.read(answer.path) if made is not None and made.by == "context" else None
    return text is not None and any(word in text for word in _OF_ROUTES)
