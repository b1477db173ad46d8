"""A port → the line that says so; and silence where more than one might."""

import pytest

from emulator.engine.port_line import port_line
from emulator.model.origin import Origin
from emulator.model.plan import Build, BuildKind, Command
from emulator.model.record import replace
from emulator.snapshot import from_mapping
from tests.emulator.engine.services import WEB

SERVER = 'server = Server(("0.0.0.0", 3000))\n'


def found(files, *, context="."):
    build = Build(kind=BuildKind.DOCKERFILE, runtime="docker", dockerfile="Dockerfile", context=context)
    return port_line(replace(WEB, build=build), from_mapping(files), 3000)


def test_the_number_itself_is_marked():
    """The line that opens the port, and the columns of its number."""
    place = found({"app.py": "import os\n" + SERVER})
    assert place == Origin(file="app.py", line=2, column=29, end_line=2, end_column=32)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("server.js", "app.listen(3000);"),
        ("src/main.go", 'http.ListenAndServe(":3000", nil)'),
        ("config.py", "PORT = 3000"),
        ("package.json", '  "start": "next start -H 0.0.0.0 -p 3000"'),
        ("src/main/resources/application.yml", "  port: 3000"),
        ("start.sh", "exec gunicorn --bind :3000 app:app"),
        ("Dockerfile", "ENV APP_PORT=3000"),
    ],
)
def test_lines_that_tell_an_app_its_port(path, line):
    """Code, settings, scripts, and the variables of the image."""
    place = found({path: line})
    assert place is not None
    assert (place.file, place.line) == (path, 1)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("Dockerfile", "EXPOSE 3000"),
        ("app.py", '"""Listens on port 3000."""'),
        ("app.py", "# listens on port 3000"),
        ("app.js", "console.log('listening on port 3000')"),
        ("app.py", 'print("listening on port 3000")'),
        ("app.py", 'API = "http://host:3000/port"'),
        ("app.py", "serve(timeout_ms=13000)"),
        ("app.py", "serve(timeout_s=3000.5)"),
        ("app.py", "rows = rows[:3000]"),
        ("tests/client.py", SERVER),
        ("README.md", "port 3000"),
        ("docker-compose.yml", "port: 3000"),
    ],
)
def test_lines_that_tell_it_nothing(path, line):
    """A note, a message, an address to call, another number, a file the app does not read."""
    assert found({path: line}) is None


def test_of_two_lines_neither_is_blamed():
    """A wrong place is worse than none."""
    assert found({"a.py": SERVER, "b.py": SERVER}) is None
    assert found({"a.py": SERVER + SERVER}) is None


def test_only_what_the_image_is_built_from_is_read():
    """Another service's code may well name the same port."""
    assert found({"web/app.py": SERVER, "other/app.py": SERVER}, context="web").file == "web/app.py"


def test_the_command_comes_first():
    """A port on the command line is what the app was told."""
    origin = Origin(file="Dockerfile", line=9)
    told = Command(argv=("gunicorn", "-b", ":3000", "app"), form="exec", text=None, source="dockerfile", origin=origin)
    assert port_line(replace(WEB, command=told), from_mapping({"app.py": SERVER}), 3000) == origin


def test_files_that_cannot_be_read_are_passed_over():
    """A binary file by the name of code is none; a generated file of a megabyte is nobody's to change."""
    assert found({"a.py": b"\0port 3000", "b.js": "listen(3000)" + " " * 300_000, "c.py": SERVER}).file == "c.py"
