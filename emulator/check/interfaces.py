"""Whether a Python server calls its application in the way that this wants to be called: WSGI or ASGI.

Where it does not, the server starts, listens, and answers every request with 500: so do uvicorn 0.54, gunicorn 27,
daphne 4.2 and waitress 3.0, each tried with applications of the other kind.
"""

from collections.abc import Iterator

from emulator.image.imports import Found, find_module
from emulator.model.diagnostic import Diagnostic, Related, Severity
from emulator.model.origin import Origin

from .image_view import ImageView, view_of
from .rule import CheckRule, Sample
from .servers import Interface, interface, target
from .subject import Subject

_APP = "from fastapi import FastAPI\n\napp = FastAPI()\n"
_BUILT = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"

WRONG_INTERFACE = CheckRule(
    code="start/wrong-interface",
    severity=Severity.ERROR,
    statement="The server calls the application by WSGI, and that is made for ASGI; or the other way round.",
    why=(
        "The server starts and listens, so the port is found; then every request gets 500, for the call lacks an "
        "argument. A health check fails by it; without one the deploy is live and answers nobody."
    ),
    wrong=Sample(
        files={
            "main.py": _APP, "requirements.txt": "gunicorn\nfastapi\n",
            "Dockerfile": f"{_BUILT}CMD exec gunicorn --bind 0.0.0.0:$PORT main:app\n",
        },
        file="Dockerfile", line=5,
    ),
    right=Sample(
        files={
            "main.py": _APP, "requirements.txt": "uvicorn\nfastapi\n",
            "Dockerfile": f"{_BUILT}CMD exec uvicorn --host 0.0.0.0 --port $PORT main:app\n",
        },
    ),
    replaces=("fastapi-under-gunicorn",),
)  # fmt: skip

RULES = (WRONG_INTERFACE,)


def wrong_interface(subject: Subject) -> Iterator[Diagnostic]:
    """A server and an application that are both sure, and not made for each other."""
    view = view_of(subject)
    if view is None or view.run.changed or not view.run.complete or subject.is_chosen_by_platform:
        return
    named, spoken = target(view.run, view.environ), interface(view.run, view.environ)
    if named is None or named.is_factory or spoken is None or _may_be_set_elsewhere(view):
        return
    assert view.import_directory is not None
    answer = find_module(view.tree, list(view.roots(view.import_directory)), named.module)
    text = view.files.read(answer.path) if isinstance(answer, Found) and answer.path.endswith(".py") else None
    if text is None or not isinstance(answer, Found):
        return
    from .python_apps import app_of  # takes long to load

    attribute = named.attribute or "application"
    app = app_of(text, attribute)
    if app is None or app.interface == spoken:
        return
    made = view.worked.look(answer.path).made
    place = Origin(file=made.path, line=app.line) if made is not None and made.by == "context" else None
    related = (Related(origin=place, message=f"{app.made}, made here"),) if place is not None else ()
    program = view.run.program
    yield subject.finding(
        WRONG_INTERFACE.code, Severity.ERROR if _is_asked(subject) else Severity.WARNING,
        f"{program} calls {named.module}:{attribute} by {spoken}, and it is made for {app.interface} ({app.made}): "
        "every request gets 500",
        related=related, help=_help(program, app.interface),
    )  # fmt: skip


def _may_be_set_elsewhere(view: ImageView) -> bool:
    """Whether it is not known where modules are found, or a configuration file may choose the worker."""
    if view.import_directory is None:
        return True
    if view.run.program != "gunicorn" or view.directory is None:
        return False
    settings = view.gunicorn_settings(view.directory)
    return settings is None or "worker_class" in settings or "import *" in settings


def _is_asked(subject: Subject) -> bool:
    """Whether the deploy waits for a good answer to a request."""
    probes = subject.container.probes
    return any(probe is not None and probe.kind == "http" for probe in (probes.startup, probes.health))


def _help(program: str, wanted: Interface) -> str:
    if wanted == "WSGI":
        return "start it with a server for WSGI: gunicorn, waitress"
    if program == "gunicorn":
        return "give gunicorn a worker for ASGI, -k uvicorn.workers.UvicornWorker, or start it with uvicorn"
    return "start it with a server for ASGI: uvicorn, hypercorn"
