"""The routes of a Flask or FastAPI application, where its file tells all of them.

flask.palletsprojects.com, "URL Route Registrations"; fastapi.tiangolo.com, "Path Parameters". Paths that differ in a
slash at the end alone are taken for one: both frameworks redirect.
"""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from .python_source import only_binding, parsed

_ROUTES = frozenset({"get", "post", "put", "delete", "patch", "head", "options", "route", "api_route"})
_ADDS_NONE = frozenset({
    "add_middleware", "after_request", "app_context", "before_first_request", "before_request", "cli", "config",
    "context_processor", "debug", "env", "error_handler_spec", "errorhandler", "exception_handler", "jinja_env",
    "json", "logger", "middleware", "name", "on_event", "permanent_session_lifetime", "register_error_handler", "run",
    "secret_key", "shell_context_processor", "state", "teardown_appcontext", "teardown_request", "template_filter",
    "test_client", "title", "version", "websocket",
})  # fmt: skip
_TAKES_IT = frozenset({
    "Bcrypt", "Bootstrap", "Cache", "Compress", "CORS", "CSRFProtect", "JWTManager", "Limiter", "LoginManager", "Mail",
    "Marshmallow", "Migrate", "PyMongo", "SocketIO", "SQLAlchemy", "Session", "Talisman", "init_app", "run", "serve",
})  # fmt: skip
"""What is given an application and adds no route that a health check asks."""
_OF_FASTAPI = ("/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect")
_PLAIN_KEYWORDS = frozenset({"title", "version", "description", "debug", "lifespan", "template_folder", "import_name"})


class Routes(NamedTuple):
    """paths: as they are written. line: where the application is made. imports: the modules that its file imports."""

    paths: tuple[str, ...]
    line: int
    imports: tuple[str, ...]


def routes_of(text: str, name: str | None) -> Routes | None:
    """All routes of the application `name`, or of the one that the text makes; None where there may be others."""
    tree = parsed(text) if "Flask(" in text or "FastAPI(" in text else None
    name = name or _only_name(tree)
    made = only_binding(text, name) if name is not None else None
    call = made.value if isinstance(made, ast.Assign) and isinstance(made.value, ast.Call) else None
    maker = ast.unparse(call.func).rpartition(".")[2] if call is not None else ""
    if tree is None or name is None or made is None or call is None or maker not in ("Flask", "FastAPI"):
        return None
    if any(keyword.arg not in _PLAIN_KEYWORDS for keyword in call.keywords):
        return None
    found = list(_paths(tree, name))
    paths = tuple(path for path in found if path is not None)
    if len(paths) < len(found):
        return None
    return Routes(paths, made.lineno, tuple(_imports(tree)))


def answers(routes: Routes, path: str) -> bool:
    """Whether one of the routes, or one that every application has, is that path."""
    known = (*routes.paths, *_OF_FASTAPI)
    return path.startswith("/static/") or any(re.fullmatch(_pattern(one), path.rstrip("/")) for one in known)


def _pattern(route: str) -> str:
    parts = re.split(r"(<[^>]*>|\{[^}]*\})", route.rstrip("/"))
    return "".join(_of_part(part) for part in parts)


def _of_part(part: str) -> str:
    if part[:1] in ("<", "{"):
        return ".+" if "path" in part.partition("<")[2].partition(":")[0] or part.endswith(":path}") else "[^/]+"
    return re.escape(part)


def _only_name(tree: ast.Module | None) -> str | None:
    made = [
        node.targets[0].id
        for node in (tree.body if tree is not None else ())
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.targets[0], ast.Name)
        and ast.unparse(node.value.func).rpartition(".")[2] in ("Flask", "FastAPI")
    ]  # fmt: skip
    return made[0] if len(made) == 1 else None


def _paths(tree: ast.Module, name: str) -> Iterator[str | None]:
    """The path of each route, None for whatever may add others."""
    understood: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner) as used, attr=verb), args=args) if (
                owner == name and verb in _ROUTES
            ):
                understood.add(id(used))
                literal = args[0].value if args and isinstance(args[0], ast.Constant) else None
                yield literal if isinstance(literal, str) else None
            case ast.Attribute(value=ast.Name(id=owner) as used, attr=attribute) if owner == name:
                understood |= {id(used)} if attribute in _ADDS_NONE else set()
            case ast.Call(func=called):
                if ast.unparse(called).rpartition(".")[2] in _TAKES_IT:
                    given = (*node.args, *(keyword.value for keyword in node.keywords))
                    understood |= {id(one) for one in given if isinstance(one, ast.Name)}
            case ast.Name(id=owner, ctx=ast.Store()) if owner == name:
                understood.add(id(node))
    if any(isinstance(node, ast.Name) and node.id == name and id(node) not in understood for node in ast.walk(tree)):
        yield None


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=module, level=level):
                yield "." if level else module or "."
                yield from (f"{module}.{alias.name}" for alias in node.names if not level)
