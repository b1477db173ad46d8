"""Whether a Python script only defines a web app, and never serves it: read from its text without running it.

Flask and FastAPI apps are served by `app.run()`, uvicorn or gunicorn; the object alone listens to nothing
(flask.palletsprojects.com, "Quickstart"; fastapi.tiangolo.com, "Run a Server Manually").
"""

import ast

from .python_source import parsed
from .shell import words

_APPS = words("Flask FastAPI Quart Starlette")
_FROM = words("flask fastapi quart starlette.applications")
_HARMLESS = words(
    "include_router add_middleware register_blueprint mount add_url_rule add_api_route add_route add_exception_handler "
    "from_object from_mapping from_pyfile from_prefixed_env init_app load_dotenv basicConfig setLevel addHandler CORS "
    "filterwarnings getLogger update insert append info debug print configure"
)
"""Calls at the top of a script that come back, and serve nothing."""


def only_defines(text: str) -> int | None:
    """The line where a script makes the app that it does not serve; None where it does, or may."""
    tree = parsed(text)
    if tree is None:
        return None
    imported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module in _FROM
        for alias in node.names
        if alias.name in _APPS
    }
    made = next((node.lineno for node in tree.body if _makes(node, imported)), None)
    return made if made is not None and all(_comes_back(node) for node in tree.body) else None


def imports_of(text: str) -> tuple[str, ...]:
    """The first names of the modules that a script imports; "." for its own package."""
    found: list[str] = []
    for node in ast.walk(parsed(text) or ast.Module([], [])):
        if isinstance(node, ast.Import):
            found += [alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append("." if node.level else (node.module or "").partition(".")[0])
    return tuple(dict.fromkeys(found))


def _makes(node: ast.stmt, imported: set[str]) -> bool:
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in imported


def _comes_back(node: ast.stmt) -> bool:
    """Whether a statement at the top of a script is known to serve nothing and to start nothing that stays."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return True
        case ast.Assign() | ast.AnnAssign():
            calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
            return all(
                _name(one).lower() not in ("run", "serve", "start", "main", "run_app", "listen") for one in calls
            )
        case ast.Expr():
            is_text = isinstance(node.value, ast.Constant)
            return is_text or (isinstance(node.value, ast.Call) and _name(node.value) in _HARMLESS)
        case ast.Pass():
            return True
        case _:
            return False


def _name(call: ast.Call) -> str:
    """The last name of what is called."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""
