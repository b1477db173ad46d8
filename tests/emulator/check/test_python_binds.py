"""Where a script listens, by its own text; Flask, uvicorn and the standard library's servers."""

import pytest

from emulator.check.own_server import LIBRARIES
from emulator.check.python_binds import CLASSES, FUNCTIONS, listening

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
UVICORN = "import uvicorn\nfrom fastapi import FastAPI\napp = FastAPI()\n"
MAIN = 'if __name__ == "__main__":\n    '


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (f"{FLASK}{MAIN}app.run()\n", "127.0.0.1", 5000),
        (f'{FLASK}{MAIN}app.run("0.0.0.0", 80)\n', "0.0.0.0", 80),
        (f'{FLASK}{MAIN}app.run(host="0.0.0.0", port=3000, debug=True)\n', "0.0.0.0", 3000),
        (f'{FLASK}import os\napp.run(port=int(os.environ.get("PORT", 5000)))\n', "127.0.0.1", 10000),
        (f'{FLASK}import os\napp.run(port=int(os.environ.get("OTHER", 5001)))\n', "127.0.0.1", 5001),
        (f'{FLASK}from os import getenv\napp.run(port=getenv("PORT") or 1)\n', "127.0.0.1", 10000),
        (f'{FLASK}import os\nHOST = os.getenv("HOST", "localhost")\napp.run(HOST)\n', "localhost", 5000),
        (f'{FLASK}import os\napp.run(os.environ["SECRET_HOST"])\n', None, 5000),
        (f'{UVICORN}{MAIN}uvicorn.run("app:app", port=8001)\n', "127.0.0.1", 8001),
        (f'{UVICORN}def main():\n    uvicorn.run(app, host="0.0.0.0")\n{MAIN}main()\n', "0.0.0.0", 8000),
        ("from waitress import serve\nserve(None)\n", "0.0.0.0", 8080),
        ('from http.server import HTTPServer\nHTTPServer(("", 3000), None).serve_forever()\n', "", 3000),
        ('from http.server import HTTPServer as S\nat = ("127.0.0.1", 1)\nwith S(at, None) as s:\n    s.x()\n',
         "127.0.0.1", 1),
        ('from wsgiref.simple_server import make_server\nmake_server("localhost", 1, None)\n', "localhost", 1),
        ("from aiohttp import web\nweb.run_app(None, port=5)\n", "0.0.0.0", 5),
    ],
)  # fmt: skip
def test_what_a_script_says(text: str, host: str | None, port: int):
    """Arguments, defaults, variables with their defaults, names with one value."""
    found = listening(text, {"PORT": "10000", "SECRET_HOST": None}, complete=True)
    assert (found.host, found.port) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        "print(1)\n",
        f"{FLASK}def start():\n    app.run()\n",
        f"{FLASK}import sys\nif len(sys.argv) > 1:\n    app.run()\n",
        f"{FLASK}if True:\n    app.run(port=1)\nelse:\n    app.run(port=2)\n",
        f'{UVICORN}uvicorn.run(app, uds="/tmp/s")\n',
        f"{UVICORN}settings = {{}}\nuvicorn.run(app, **settings)\n",
        f"{FLASK}app.run()\napp.run()\n",
        "class App:\n    def run(self): ...\napp = App()\napp.run()\n",
        "this is no Python",
    ],
)
def test_what_is_not_sure_is_not_said(text: str):
    """Nothing that listens, what may not run, what is not the library's, several at once."""
    assert listening(text, {}, complete=True) is None


def test_a_variable_that_may_be_set_is_not_known():
    """With variables that nobody sees, a default may not be what counts; what has two values is not known."""
    text = f'{FLASK}import os\napp.run(host=os.getenv("HOST", "127.0.0.1"))\n'
    assert listening(text, {}, complete=False).host is None
    twice = f'{FLASK}host = "127.0.0.1"\nhost = "0.0.0.0"\napp.run(host)\n'
    assert listening(twice, {}, complete=True).host is None
    assert listening(f"{FLASK}app.run()\n", {}, complete=False).line == 3


def test_a_script_is_parsed_only_if_it_names_a_library():
    """Every call that is read is of a library whose name makes a script worth parsing."""
    assert all(any(one in name for one in LIBRARIES) for name in (*FUNCTIONS, *(kind for kind, _ in CLASSES)))


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ('from http.server import HTTPServer as S\nS(("127.0.0.1", 80), H)\n', '"127.0.0.1"', "80"),
        ('from http.server import HTTPServer as S\nat = ("127.0.0.1", 80)\nS(at, H)\n', '"127.0.0.1"', "80"),
        ('import bottle, os\n# 宽\nbottle.run(host=f(), port=int(os.environ.get("P", "81")))\n', None, '"81"'),
        ('import bottle\nHOST = "::1"  # 宽\nbottle.run(host=HOST)\n', '"::1"', None),
        ('import bottle\n宽 = 5; bottle.run(host="::1", port=80)\n', '"::1"', "80"),
    ],
)
def test_the_literal_that_says_it_is_found(text: str, host: str | None, port: str | None) -> None:
    """Also behind a name, in a default, and after characters of several bytes."""
    call = listening(text, {}, complete=True)
    assert call is not None
    lines = text.splitlines()
    shown = [lines[at.line - 1][at.column - 1 : at.end_column] if at else None for at in (call.host_at, call.port_at)]
    assert shown == [host, port]
