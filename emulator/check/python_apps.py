"""Which interface a Python application has, by the one statement that makes it."""

import ast
from typing import NamedTuple

from .python_source import only_binding, parsed
from .servers import Interface

MAKERS: dict[str, Interface] = {
    "fastapi.FastAPI": "ASGI",
    "starlette.applications.Starlette": "ASGI",
    "quart.Quart": "ASGI",
    "litestar.Litestar": "ASGI",
    "falcon.asgi.App": "ASGI",
    "socketio.ASGIApp": "ASGI",
    "channels.routing.ProtocolTypeRouter": "ASGI",
    "django.core.asgi.get_asgi_application": "ASGI",
    "flask.Flask": "WSGI",
    "bottle.Bottle": "WSGI",
    "bottle.default_app": "WSGI",
    "falcon.App": "WSGI",
    "falcon.API": "WSGI",
    "socketio.WSGIApp": "WSGI",
    "django.core.wsgi.get_wsgi_application": "WSGI",
}
"""What the frameworks' own documentation calls an application of either kind."""


class App(NamedTuple):
    """made: by what, or that it is a function. line: where, from 1."""

    interface: Interface
    made: str
    line: int


def app_of(text: str, name: str) -> App | None:
    """The application that a module's text has as `name`; None where the text does not tell for certain."""
    made = only_binding(text, name)
    match made:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            found = _of_function(made)
            return App(found, f"a function of {len(made.args.args)} arguments", made.lineno) if found else None
        case ast.Assign(value=ast.Call() as call) | ast.AnnAssign(value=ast.Call() as call):
            maker = _imported(text, call.func)
            return App(MAKERS[maker], maker.rpartition(".")[2], made.lineno) if maker in MAKERS else None
    return None


def _of_function(made: ast.FunctionDef | ast.AsyncFunctionDef) -> Interface | None:
    """`def app(environ, start_response)`, `async def app(scope, receive, send)`."""
    takes = made.args
    if made.decorator_list or takes.vararg or takes.kwarg or takes.kwonlyargs or takes.defaults or takes.posonlyargs:
        return None
    is_async = isinstance(made, ast.AsyncFunctionDef)
    counts: dict[tuple[bool, int], Interface] = {(True, 3): "ASGI", (False, 2): "WSGI"}
    return counts.get((is_async, len(takes.args)))


def _imported(text: str, called: ast.expr) -> str:
    """A name that is called, as the imports of the top level make it: "flask.Flask"; "" where they do not tell."""
    tree = parsed(text)
    words = ast.unparse(called).split(".") if isinstance(called, ast.Name | ast.Attribute) else []
    for statement in tree.body if tree is not None and words else ():
        match statement:
            case ast.Import():
                names = {one.asname or one.name.partition(".")[0]: one.asname and one.name for one in statement.names}
                if words[0] in names:
                    return ".".join([names[words[0]] or words[0], *words[1:]])
            case ast.ImportFrom(module=str() as module, level=0):
                found = {one.asname or one.name: one.name for one in statement.names}
                if words[0] in found:
                    return ".".join([module, found[words[0]], *words[1:]])
    return ""
