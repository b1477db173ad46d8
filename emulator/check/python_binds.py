"""Where a Python script itself listens: the calls that start a server, read from its text without running it.

Defaults are those of each library's own documentation (read 2026-11-26): Flask.run, uvicorn.run, waitress.serve,
aiohttp.web.run_app, bottle.run, flask_socketio.SocketIO.run, http.server, wsgiref.simple_server.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .python_source import parsed

Environ = Mapping[str, str | None]

UNKNOWN = object()
"""A value that the text does not tell."""


class Span(NamedTuple):
    """A part of one line; columns from 1, the last one included."""

    line: int
    column: int
    end_column: int


class Listening(NamedTuple):
    """A call that listens. call: as written; host, port: None where not known; host_given, port_given: whether the
    call says so, else it is the library's default. line: of the call. host_at, port_at: the literal that says it, which
    may stand elsewhere; None where none does."""

    call: str
    host: str | None
    port: int | None
    line: int
    host_given: bool
    port_given: bool
    host_at: Span | None = None
    port_at: Span | None = None


class _Server(NamedTuple):
    """host, port: the position of each argument, or None; with their defaults. pair: they are one tuple, at that
    position."""

    host: int | None
    port: int | None
    default_host: str
    default_port: int | None
    pair: int | None = None
    host_name: str = "host"
    other: tuple[str, ...] = ()


FUNCTIONS: dict[str, _Server] = {
    "uvicorn.run": _Server(None, None, "127.0.0.1", 8000, other=("uds", "fd")),
    "waitress.serve": _Server(None, None, "0.0.0.0", 8080, other=("listen", "unix_socket", "sockets")),  # noqa: S104
    "aiohttp.web.run_app": _Server(None, None, "0.0.0.0", 8080, other=("path", "sock", "ssl_context")),  # noqa: S104
    "bottle.run": _Server(None, None, "127.0.0.1", 8080),
    "wsgiref.simple_server.make_server": _Server(0, 1, "", None),
    "http.server.HTTPServer": _Server(None, None, "", None, pair=0),
    "http.server.ThreadingHTTPServer": _Server(None, None, "", None, pair=0),
    "socketserver.TCPServer": _Server(None, None, "", None, pair=0),
    "socketserver.ThreadingTCPServer": _Server(None, None, "", None, pair=0),
}
CLASSES: dict[tuple[str, str], _Server] = {
    ("flask.Flask", "run"): _Server(0, 1, "127.0.0.1", 5000),
    ("quart.Quart", "run"): _Server(0, 1, "127.0.0.1", 5000),
    ("flask_socketio.SocketIO", "run"): _Server(1, 2, "127.0.0.1", 5000),
    ("bottle.Bottle", "run"): _Server(None, None, "127.0.0.1", 8080),
}
MAX_CALLS = 3
"""How deep functions of the script are followed from what always runs."""


def listening(text: str, environ: Environ, *, complete: bool) -> Listening | None:
    """The one call of a script that listens when it is run; None when there is none, more than one, or it is not sure
    that it runs. environ: the variables it sees, None for a value not known; complete: no others are set."""
    tree = parsed(text)
    if tree is None:
        return None
    reader = _Reader(tree, text, environ, complete=complete)
    found = list(reader.calls())
    return found[0] if len(found) == 1 else None


class _Reader:
    def __init__(self, tree: ast.Module, text: str, environ: Environ, *, complete: bool) -> None:
        self.tree = tree
        self.text = text
        self.environ = environ
        self.complete = complete
        self.imports: dict[str, str] = {}
        self.functions = {
            node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        self.assigned: dict[str, ast.expr | None] = {}
        for node in ast.walk(tree):
            self._learn(node)

    def _learn(self, node: ast.AST) -> None:
        match node:
            case ast.Import():
                for alias in node.names:
                    self.imports[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            case ast.ImportFrom() if node.module and not node.level:
                for alias in node.names:
                    self.imports[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            case ast.Assign() if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self._assign(node.targets[0].id, node.value)
            case ast.AnnAssign() if isinstance(node.target, ast.Name):
                self._assign(node.target.id, node.value)
            case ast.arg():
                self._assign(node.arg, None)
            case ast.Name() if isinstance(node.ctx, ast.Store):
                self.assigned.setdefault(node.id, None)

    def _assign(self, name: str, value: ast.expr | None) -> None:
        # A name that is given more than one value is not known.
        self.assigned[name] = value if name not in self.assigned else None

    # ---- what runs

    def calls(self) -> Iterator[Listening]:
        yield from self._in(self.tree.body, MAX_CALLS)

    def _in(self, body: list[ast.stmt], depth: int) -> Iterator[Listening]:
        """The calls of statements that run; one under a condition that is not known counts as two, so that nothing is
        concluded of it."""
        for statement in body:
            match statement:
                case ast.If() if _is_main(statement.test):
                    yield from self._in(statement.body, depth)
                case ast.With() | ast.AsyncWith():
                    for item in statement.items:
                        yield from self._of(item.context_expr, depth)
                    yield from self._in(statement.body, depth)
                case ast.Try():
                    yield from self._in(statement.body, depth)
                case ast.If() | ast.For() | ast.While() | ast.Match() | ast.AsyncFor():
                    for node in ast.walk(statement):
                        found = self._server(node) if isinstance(node, ast.Call) else None
                        if found is not None:
                            yield from (found, found)
                case ast.Expr() | ast.Assign() | ast.Return() | ast.AnnAssign():
                    if statement.value is not None:
                        yield from self._of(statement.value, depth)

    def _of(self, value: ast.expr, depth: int) -> Iterator[Listening]:
        for node in ast.walk(value):
            if not isinstance(node, ast.Call):
                continue
            found = self._server(node)
            if found is not None:
                yield found
            elif isinstance(node.func, ast.Name) and node.func.id in self.functions and depth:
                yield from self._in(self.functions[node.func.id].body, depth - 1)

    # ---- one call

    def _server(self, call: ast.Call) -> Listening | None:
        server = FUNCTIONS.get(self._dotted(call.func))
        if server is None and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
            made = self.assigned.get(call.func.value.id)
            kind = self._dotted(made.func) if isinstance(made, ast.Call) else ""
            server = CLASSES.get((kind, call.func.attr))
        if server is None or any(isinstance(arg, ast.Starred) for arg in call.args):
            return None
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        if None in named or any(name in named for name in server.other):
            return None
        host, port = self._pair(call, server) if server.pair is not None else (
            self._argument(call, named, server.host, server.host_name), self._argument(call, named, server.port, "port")
        )  # fmt: skip
        host_value = server.default_host if host is None else self._value(host)
        port_value = server.default_port if port is None else self._value(port)
        return Listening(
            call=ast.unparse(call.func), line=call.lineno,
            host=host_value if isinstance(host_value, str) else None, port=_number(port_value),
            host_given=host is not None, port_given=port is not None,
            host_at=self._said_at(host, host_value), port_at=self._said_at(port, port_value),
        )  # fmt: skip

    def _said_at(self, node: ast.expr | None, value: object) -> Span | None:
        """Where the literal of that value stands which an argument comes to, through names and defaults."""
        for _ in range(6):
            match node:
                case ast.Constant() if str(node.value) == str(value):
                    return self._span(node)
                case ast.Name():
                    node = self.assigned.get(node.id)
                case ast.Call(args=[inner]) if not node.keywords:
                    node = inner
                case ast.Call(args=[_, default]) | ast.BoolOp(values=[_, default]):
                    node = default
                case _:
                    return None
        return None

    def _span(self, node: ast.Constant) -> Span | None:
        if node.end_lineno != node.lineno or node.end_col_offset is None:
            return None
        line = self.text.splitlines()[node.lineno - 1].encode()  # a tree counts bytes
        start, end = (len(line[:at].decode(errors="replace")) for at in (node.col_offset, node.end_col_offset))
        return Span(node.lineno, start + 1, end)

    def _argument(
        self, call: ast.Call, named: Mapping[str | None, ast.expr], position: int | None, name: str
    ) -> ast.expr | None:
        if name in named:
            return named[name]
        return call.args[position] if position is not None and position < len(call.args) else None

    def _pair(self, call: ast.Call, server: _Server) -> tuple[ast.expr | None, ast.expr | None]:
        """Both from one tuple; what is none is not known, and neither are its parts."""
        given = call.args[server.pair] if server.pair is not None and server.pair < len(call.args) else None
        if isinstance(given, ast.Name):
            given = self.assigned.get(given.id)
        if isinstance(given, ast.Tuple) and len(given.elts) == 2:
            return given.elts[0], given.elts[1]
        unknown = ast.Name(id="", ctx=ast.Load())
        return unknown, unknown

    def _dotted(self, node: ast.expr) -> str:
        """A name as its imports make it: "uvicorn.run"; "" for anything else."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id, "")
        if isinstance(node, ast.Attribute):
            head = self._dotted(node.value)
            return f"{head}.{node.attr}" if head else ""
        return ""

    def _value(self, node: ast.expr, depth: int = 5) -> object:
        """The value of an expression; UNKNOWN where the text does not tell."""
        match node:
            case ast.Constant():
                return node.value
            case ast.Name() if depth:
                assigned = self.assigned.get(node.id)
                return self._value(assigned, depth - 1) if assigned is not None else UNKNOWN
            case ast.Call(func=ast.Name(id="int" | "str" as kind), args=[inner]) if depth and not node.keywords:
                value = self._value(inner, depth - 1)
                return value if kind == "str" else _number(value) if _number(value) is not None else UNKNOWN
            case ast.Call() if self._dotted(node.func) in ("os.environ.get", "os.getenv"):
                return self._variable(node.args, depth)
            case ast.Subscript() if self._dotted(node.value) == "os.environ":
                return self._variable([node.slice], depth)
            case ast.BoolOp(op=ast.Or()) if depth:
                found: object = None
                for inner in node.values:
                    found = self._value(inner, depth - 1)
                    if found is UNKNOWN or found:
                        break
                return found
        return UNKNOWN

    def _variable(self, args: list[ast.expr], depth: int) -> object:
        name = args[0].value if args and isinstance(args[0], ast.Constant) else None
        if not isinstance(name, str):
            return UNKNOWN
        if name in self.environ:
            value = self.environ[name]
            return UNKNOWN if value is None else value
        if not self.complete:
            return UNKNOWN
        return self._value(args[1], depth - 1) if len(args) > 1 and depth else None


def _is_main(test: ast.expr) -> bool:
    """`__name__ == "__main__"`."""
    return ast.unparse(test).replace("'", '"') in ('__name__ == "__main__"', '"__main__" == __name__')


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else None
    return value if isinstance(value, int) else None
