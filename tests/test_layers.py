"""The rooms hold: imports point one way, effects live at the edge, and nothing but an adapter names its platform."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from platforms import PLATFORMS
from tests.running_emu import CHECKOUT, EMU, environment
from tests.sources import SOURCES, nodes, text

NOUNS = {"model"}
VALUES = NOUNS | {"snapshot", "contract"}
MAY_IMPORT: dict[str, set[str]] = {
    "model": set(),
    "snapshot": NOUNS,
    "overlay": NOUNS | {"snapshot"},
    "contract": VALUES,
    "explained": set(),
    "world": NOUNS,
    "formats": NOUNS,
    "image": NOUNS | {"snapshot", "formats"},
    "check": VALUES | {"formats", "image", "config"},
    "options": VALUES,
    "config": VALUES,
    "request": VALUES | {"world", "engine"},
    "planning": VALUES,
    "engine": VALUES | {"world", "formats"},
    "show": NOUNS | {"engine"},
    "commands": VALUES
    | {"world", "formats", "options", "config", "request", "planning", "engine", "show", "check", "image", "usage"}
    | {"overlay", "explained"},
    "edge": VALUES | {"world", "formats", "engine"},
    "testing": NOUNS | {"world", "edge"},
    "usage": NOUNS,
    "real_world": VALUES | {"world", "request", "engine", "edge", "platforms"},
    "cli": NOUNS | {"snapshot", "request", "real_world", "show", "edge", "usage"},
    "__main__": {"cli"},
    "platforms": VALUES | {"formats"},
}
"""Room → the rooms it may import besides itself."""

EXCEPTIONS = {
    ("emulator/commands/doctor.py", "emulator.edge"): "it examines and repairs what the doors of a World stand on",
}

THIRD_PARTY = {
    "formats": {"hcl2", "lark", "yaml"},
    "testing": {"pytest"},
    "edge": {"docker", "h2", "requests", "rich", "urllib3", "watchfiles"},
}
"""Room → the libraries it may import, besides msgspec, which every noun is made of."""

EFFECTS = {
    "asyncio", "ctypes", "fcntl", "getpass", "glob", "http", "logging", "mmap", "multiprocessing", "os", "pathlib",
    "platform", "pwd", "random", "resource", "secrets", "select", "selectors", "shutil", "signal", "socket",
    "socketserver", "ssl", "subprocess", "sys", "tempfile", "termios", "time", "tty", "urllib.request", "uuid",
    "webbrowser",
}  # fmt: skip
"""Standard modules by which a function is no longer one from values to values."""

EFFECT_CALLS = {"open", "print", "input", "exec", "eval", "breakpoint", "__import__"}

AT_THE_EDGE = ("edge", "testing")
"""The rooms that touch the world: `testing` is what tests of others import, and starts an emu of its own."""

EFFECTS_ELSEWHERE = {
    ("emulator/cli.py", "sys"): "argv and the exit code",
    ("emulator/cli.py", "os"): "the environment, and the end of the process",
    ("emulator/real_world.py", "os"): "hands the environment to the world",
    ("emulator/cli.py", "platform"): "the report of a fault of our own",
    ("emulator/cli.py", "tempfile"): "the report of a fault of our own",
    ("emulator/commands/ps.py", "time"): "the engine tells when a container started by the wall's clock",
    ("emulator/commands/deploys.py", "time"): "what is remembered is dated by the wall's clock",
    ("emulator/image/imports.py", "sys"): "the names of the standard library's modules",
    ("emulator/model/record.py", "sys"): "keeps a module out of the import budget",
}

HEAVY = {
    "asyncio", "concurrent.futures", "dataclasses", "docker", "email", "h2", "hashlib", "hpack", "http", "inspect",
    "jsonschema", "logging", "requests", "rich", "socket", "ssl", "unittest", "urllib.request", "urllib3", "watchfiles",
    "emulator.check", "emulator.edge.docker", "emulator.engine.instance_run", "emulator.image", "emulator.world",
}  # fmt: skip
"""What `emu plan` never loads."""

UNUSED = {
    "ast", "emulator.check.artifacts", "emulator.check.imported", "emulator.check.own_server",
    "emulator.check.package_scripts", "emulator.check.packages", "emulator.check.precedence", "emulator.check.signals",
    "emulator.check.sites", "emulator.check.starting", "emulator.check.variables", "emulator.image.installing",
    "emulator.image.node_project", "emulator.image.packages", "emulator.image.python_project",
    "emulator.image.requirement_files",
}  # fmt: skip
"""What `emu check` does not load for an image that only copies a program and starts it."""


class Import(NamedTuple):
    """One import: where it stands, and its absolute name."""

    file: str
    line: int
    name: str


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_point_one_way(room: str) -> None:
    """A room imports only the rooms below it; what it may not is not even there for the type checker."""
    wrong = [
        f"{found.file}:{found.line} imports {found.name}"
        for found in _imports()
        if _room_of_file(found.file) == room
        and _room(found.name) not in (None, room, *MAY_IMPORT[room])
        and not _excepted(found)
    ]
    assert wrong == []


def test_no_file_is_outside_the_rooms() -> None:
    """Every source file belongs to a room of the table above."""
    assert {_room_of_file(_relative(path)) for path in SOURCES} - {"emulator"} == set(MAY_IMPORT)


def test_no_adapter_imports_another() -> None:
    """What two platforms share lies in a file beside their folders."""
    wrong = [
        f"{found.file}:{found.line} imports {found.name}"
        for found in _imports()
        if (here := re.match(r"platforms/(\w+)/", found.file))
        and (there := re.match(r"platforms\.(\w+)", found.name))
        and there[1] not in (here[1], "common", "language_images", "rulebook")
    ]
    assert wrong == []


def test_libraries_are_used_where_they_belong() -> None:
    """Each third-party library has its room."""
    wrong = [
        f"{found.file}:{found.line} imports {found.name}"
        for found in _imports()
        if _room(found.name) is None
        and (top := found.name.partition(".")[0]) not in sys.stdlib_module_names
        and top not in {"msgspec"} | THIRD_PARTY.get(_room_of_file(found.file), set())
    ]
    assert wrong == []


def test_effects_live_at_the_edge() -> None:
    """Outside emulator/edge no module that touches the world is imported, with the exceptions listed here."""
    found = {
        (imported.file, module)
        for imported in _imports()
        if _room_of_file(imported.file) not in AT_THE_EDGE
        for module in EFFECTS
        if imported.name == module or imported.name.startswith(f"{module}.")
    }
    assert found == set(EFFECTS_ELSEWHERE)


def test_no_built_in_effect_outside_the_edge() -> None:
    """Outside emulator/edge nobody opens a file, prints, or evaluates text."""
    wrong = [
        f"{_relative(path)}:{node.lineno} calls {node.func.id}"
        for path in SOURCES
        if _room_of_file(_relative(path)) not in AT_THE_EDGE
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in EFFECT_CALLS
    ]
    assert wrong == []


def test_exceptions_are_still_needed() -> None:
    """An exception for an import that is gone goes too."""
    assert {pair for pair in EXCEPTIONS if not any(_fits(found, pair) for found in _imports())} == set()


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=PLATFORMS)
def test_nothing_but_its_adapter_names_a_platform(platform) -> None:
    """Under emulator/ neither code nor comment says a platform's name, its file's, or its variables'."""
    name = re.escape(platform.NAME).replace("\\-", "[-_ ]?")
    words = re.compile(rf"\b{name}\b|\b{name}_[A-Z]|\bon{name}\b|\b{re.escape(platform.TITLE)}\b", re.IGNORECASE)
    wrong = [
        f"{_relative(path)}:{number} {line.strip()}"
        for path in SOURCES
        if _relative(path).startswith("emulator/")
        for number, line in enumerate(text(path).splitlines(), 1)
        if words.search(line)
    ]
    assert wrong == []


def test_plan_loads_nothing_heavy(tmp_path: Path) -> None:
    """The import budget: planning a repository loads none of the modules that cost a tenth of a second together."""
    loaded = _loaded("plan", 'FROM python:3.11-slim\nCMD ["app"]\n', tmp_path)
    assert "emulator.cli" in loaded
    assert {
        module for module in loaded for heavy in HEAVY if module == heavy or module.startswith(f"{heavy}.")
    } == set()


def test_check_loads_what_a_repository_has_use_for(tmp_path: Path) -> None:
    """The import budget of a check: rules, and readers of package managers' calls, come with what they look at."""
    plain = _loaded("check", 'FROM debian:13\nCOPY Dockerfile /\nCMD ["/bin/app"]\n', tmp_path)
    assert {"emulator.check.programs", "emulator.image.copying"} <= plain
    assert plain & UNUSED == set()
    installs = _loaded("check", 'FROM python:3.13-slim\nRUN pip install flask\nCMD ["/bin/app"]\n', tmp_path)
    assert installs - plain & UNUSED == {
        "emulator.check.packages", "emulator.image.installing", "emulator.image.packages",
        "emulator.image.node_project", "emulator.image.python_project", "emulator.image.requirement_files",
    }  # fmt: skip


def _loaded(verb: str, dockerfile: str, folder: Path) -> set[str]:
    """The modules that a command loads for a repository of one Dockerfile, as Python itself tells of each."""
    (folder / "Dockerfile").write_text(dockerfile)
    done = subprocess.run(
        [EMU[0], "-v", *EMU[1:], verb, "--root", str(folder)],
        cwd=CHECKOUT, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return {line.split("'")[1] for line in done.stderr.splitlines() if line.startswith("import '")}


def test_only_a_grpc_check_loads_http2() -> None:
    """All of `up` is loaded and used without the HTTP/2 library; the first health check by gRPC brings it in."""
    program = (
        "import sys, emulator.cli, emulator.edge.docker, emulator.edge.proxy, emulator.engine.instance_run\n"
        "from emulator.edge.sockets import SocketHttp\n"
        "SocketHttp().request('GET', '127.0.0.1', 1, '/')\n"
        "print('h2' in sys.modules)\n"
        "SocketHttp().grpc_health('127.0.0.1', 1, '', 1)\n"
        "print('h2' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]


def _excepted(found: Import) -> bool:
    return any(_fits(found, pair) for pair in EXCEPTIONS)


def _fits(found: Import, pair: tuple[str, str]) -> bool:
    return found.file == pair[0] and (found.name == pair[1] or found.name.startswith(f"{pair[1]}."))


def _room_of_file(file: str) -> str:
    """ "emulator/edge/git.py" → "edge"; "emulator/cli.py" → "cli"; "platforms/…" → "platforms"."""
    top, _, rest = file.removesuffix(".py").partition("/")
    return top if top == "platforms" or rest == "__init__" else rest.partition("/")[0]


def _room(module: str) -> str | None:
    """The room of a module of ours; None for others' modules."""
    top, _, rest = module.partition(".")
    return "platforms" if top == "platforms" else rest.partition(".")[0] if top == "emulator" and rest else None


def _relative(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


@cache
def _imports() -> tuple[Import, ...]:
    return tuple(found for path in SOURCES for found in _imports_of(path))


def _imports_of(path: Path) -> Iterator[Import]:
    """Every import of a file, at its top or inside a function, with its absolute name.

    `from emulator import options` is an import of emulator.options.
    """
    package = list(path.relative_to(CHECKOUT).parent.parts)
    for node in nodes(path):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names]
        for name in names:
            yield Import(_relative(path), node.lineno, name)
