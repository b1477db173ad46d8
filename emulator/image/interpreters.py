"""Which Python a command means, and where that Python keeps what is installed: venvs and the system's own.

The layout is that of sysconfig's `posix_prefix` scheme (docs.python.org, "sysconfig: Installation paths"), and that of
the official images, whose Python lies in /usr/local (docker-library/python, Dockerfile templates).
"""

import posixpath
import re
from collections.abc import Mapping

from emulator.model.record import Record

from .tree import (
    ABSENT,
    File,
    Folder,
    Made,
    More,
    Node,
    Refused,
    Unknown,
    Unsure,
    make_folders,
    resolve,
    unknown_folder,
    write,
)

SYSTEM_PREFIX = "/usr/local"
_LIBRARY = r"python(3\.\d+)"
_NEVER_PYTHON = ("/.local/bin", "/sbin", "/poetry/bin", "/go/bin", "/.cargo/bin", "/node_modules/.bin", "/usr/games")
"""Directories on PATH that hold programs, but no interpreter (inferred from what is put there)."""


class Python(Record, frozen=True, kw_only=True):
    """An interpreter and its installation. prefix: absolute; version: "3.11". venv: whether it is a virtual one."""

    prefix: str
    version: str
    venv: bool = False

    @property
    def site(self) -> str:
        """Where packages are installed."""
        return f"{self.prefix}/lib/python{self.version}/site-packages"

    @property
    def scripts(self) -> str:
        """Where their programs are."""
        return f"{self.prefix}/bin"


def python_of(program: str, environ: Mapping[str, str | None], tree: Folder) -> Python | None:
    """The interpreter that a `python`, `pip` or another program belongs to, by PATH or its own path.

    program: as written; "/venv/bin/pip" and "python3 -m pip" are both understood. environ: with PATH. None when it is
    not known.
    """
    first = program.split(maxsplit=1)[0] if program.split() else "python"
    if "/" in first:
        return python_at(posixpath.dirname(posixpath.dirname(first)), tree) if first.startswith("/") else None
    path = environ.get("PATH")
    if path is None:
        return None
    for directory in path.split(":"):
        prefix, last = posixpath.split(directory.rstrip("/"))
        if not directory.startswith("/"):
            return None
        state = _state(tree, f"{directory.rstrip('/')}/{first}")
        if state == "absent" or directory.endswith(_NEVER_PYTHON):
            continue
        if state == "unknown" and not _is_home_of_python(tree, prefix):
            return None
        return python_at(prefix, tree) if last == "bin" else None
    return None


def _is_home_of_python(tree: Folder, prefix: str) -> bool:
    return _state(tree, f"{prefix}/bin/python") == "there"


def python_at(prefix: str, tree: Folder) -> Python | None:
    """The interpreter installed at a prefix; None when it is not known to be one."""
    try:
        where, node = resolve(tree, f"{prefix}/lib")
    except (Unsure, Refused):
        return None
    del where
    if not isinstance(node, Folder):
        return None
    found = [match[1] for name in node.names() if (match := re.fullmatch(_LIBRARY, name)) and _is_there(node.get(name))]
    if len(found) != 1:
        return None
    return Python(prefix=prefix, version=found[0], venv=_state(tree, f"{prefix}/pyvenv.cfg") == "there")


def _is_there(node: Node) -> bool:
    return isinstance(node, Folder)


def _state(tree: Folder, path: str) -> str:
    try:
        _, node = resolve(tree, path)
    except Unsure:
        return "unknown"
    except Refused:
        return "absent"
    return "unknown" if isinstance(node, Unknown) else "absent" if node == ABSENT else "there"


def system_tree(version: str) -> dict[str, Node]:
    """What of /usr/local an official Python image makes: the interpreter, pip, and what pip and the image leave."""
    own = More(packages=("pip", "setuptools", "wheel"))
    program = File(made=Made(by="instruction"), mode=0o755)
    names = ("python", "python3", f"python{version}", "pip", "pip3", f"pip{version}")
    library = Folder({"site-packages": Folder(more=own)}, complete=False)
    return {
        "bin": Folder(dict.fromkeys(names, program), more=own),
        "lib": Folder({f"python{version}": library}, complete=False),
    }


def made_venv(tree: Folder, path: str, made: Made, *, with_pip: bool, version: str | None = None) -> Folder:
    """The tree with a virtual environment. version: of the Python it is made with; by default the system's. Raises
    Refused, Unsure."""
    python = python_at(SYSTEM_PREFIX, tree)
    version = version or (python.version if python is not None else None)
    tree = make_folders(tree, path, made)
    where, there = resolve(tree, path, to_write=True)
    if version is None or not isinstance(there, Folder):
        return write(tree, where, unknown_folder(), made)
    own = More(packages=("pip", "setuptools")) if with_pip else More()
    program = File(made=made, mode=0o755)
    pips = ("pip", "pip3", f"pip{version}") if with_pip else ()
    programs = dict.fromkeys(("python", "python3", f"python{version}", *pips), program)
    scripts = dict.fromkeys(("activate", "activate.csh", "activate.fish"), File(made=made, mode=0o644))
    library = Folder({"site-packages": Folder(more=own, made=made)}, made=made)
    entries: dict[str, Node] = {
        "bin": Folder({**programs, **scripts}, more=own, made=made),
        "lib": Folder({f"python{version}": library}, made=made),
        "include": unknown_folder(),
        "lib64": Unknown(origin=made.origin),
        "share": Unknown(origin=made.origin),
        ".gitignore": Unknown(origin=made.origin),
        ".lock": Unknown(origin=made.origin),
        "CACHEDIR.TAG": Unknown(origin=made.origin),
        "pyvenv.cfg": File(made=made, mode=0o644),
    }
    for name, node in entries.items():
        if there.get(name) == ABSENT or not isinstance(node, Folder):
            there = there.put(name, node)
    return write(tree, where, there, made)
