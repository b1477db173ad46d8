"""Where a Node script itself listens."""

import pytest

from emulator.check.node_server import listening
from emulator.model.diagnostic import Diagnostic, Severity
from tests.emulator.check.checking import ONE_PORT, check_files

EXPRESS = "const express = require('express');\nconst app = express();\n"


def _found(server: str, *, one_port: bool = False) -> list[Diagnostic]:
    text = 'FROM node:22-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n'
    files = {"server.js": server, "Dockerfile": text}
    plan = check_files(files | ({"service.yaml": ONE_PORT} if one_port else {}))
    return [d for d in plan.diagnostics if d.code in ("start/loopback-bind", "start/port-hard-coded")]


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("app.listen(3000);\n", None, 3000), ("app.listen(3000, () => console.log('x'));\n", None, 3000),
        ("const port = 3000;\napp.listen(port, function () {});\n", None, 3000),
        ("const PORT = process.env.PORT || 3000;\napp.listen(PORT);\n", None, None),
        ("server.listen(process.env.PORT);\n", None, None), ("app.listen(8080, '127.0.0.1');\n", "127.0.0.1", 8080),
        ("const hostname = '127.0.0.1';\nconst port = 3000;\nserver.listen(port, hostname, () => {\n});\n", "127.0.0.1",
         3000),
        ("const HOST = process.env.HOST || 'localhost';\napp.listen(80, HOST);\n", None, 80),
        ("let port = 3000;\nport = 4000;\napp.listen(port);\n", None, None),
        ("app.listen({ port: 3000, host: '0.0.0.0' });\n", "0.0.0.0", 3000),
        ("const f = require('fastify')();\nf.listen({ port: 3000 }, () => {});\n", "localhost", 3000),
        ("import Fastify from 'fastify'\nf.listen({ port: 3000, host: HOST })\n", None, 3000),
    ],
)  # fmt: skip
def test_the_one_call(text: str, host: str | None, port: int | None):
    """Literals, and names that are given one literal once."""
    found = listening(text)
    assert (found.host, found.port) == (host, port)


@pytest.mark.parametrize(
    "text",
    ["", "app.listen(80);\nhttps.listen(443);\n", "// app.listen(3000);\n", "/* app.listen(3000); */\n",
     "app.listen(options);\n" * 2, "app.listen({ ...options });\n", "createServer().listen(3000);\n"],
)  # fmt: skip
def test_what_is_not_one_call(text: str):
    """None, several, in a comment, of something that is not named."""
    assert listening(text) is None


def test_a_script_that_listens_to_itself_alone():
    """At its line, as a warning."""
    [one] = _found("const hostname = '127.0.0.1';\nserver.listen(process.env.PORT, hostname);\n")
    assert (one.code, one.severity, one.origin.file, one.origin.line) == (
        "start/loopback-bind", Severity.WARNING, "server.js", 2,
    )  # fmt: skip
    assert _found(EXPRESS + "app.listen(process.env.PORT, '0.0.0.0');\n") == []


def test_a_port_that_is_fixed_where_the_platform_asks_another():
    """A platform that looks for any open port finds it."""
    [one] = _found(EXPRESS + "app.listen(3000);\n", one_port=True)
    assert one.message == "app.listen listens on port 3000; the platform asks port 8080 and no other"
    assert _found(EXPRESS + "app.listen(8080);\n", one_port=True) == []
    assert _found(EXPRESS + "app.listen(3000);\n") == []
