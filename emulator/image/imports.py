"""Whether Python could import a module from a worked-out tree: the path-based finder, as far as the tree is known.

docs.python.org, "The import system": regular packages, modules, extension modules, namespace packages (PEP 420), and
.pth files ("site").
"""

import posixpath
import sys
from collections.abc import Iterator, Sequence

from emulator.model.record import Record

from .tree import ABSENT, File, Folder, Node, Refused, Unknown, Unsure, resolve


class Found(Record, frozen=True, kw_only=True):
    """path: of the module's file; of the directory of a namespace package; "" for one of the standard library."""

    path: str
    is_package: bool


class Missing(Record, frozen=True, kw_only=True):
    """Surely not there, but for what installed packages may bring.

    part: the name up to what is missing. parent: the directories it was looked for in. packages: requirements that were
    installed there, of which one might bring it.
    """

    part: str
    parents: tuple[str, ...]
    packages: tuple[str, ...] = ()


class NotSure(Record, frozen=True, kw_only=True):
    """What is there is not known. why: for people."""

    why: str


Answer = Found | Missing | NotSure


def find_module(tree: Folder, roots: Sequence[str], name: str) -> Answer:
    """Look for a dotted name from the directories of sys.path, in their order."""
    parts = name.split(".")
    if parts[0] in sys.stdlib_module_names:
        return Found(path="", is_package=True) if len(parts) == 1 else NotSure(why="the standard library is not read")
    places = [*roots, *_path_files(tree, roots)]
    found: Answer = NotSure(why="")
    for number, part in enumerate(parts):
        found = _in(tree, places, part, ".".join(parts[: number + 1]))
        if not isinstance(found, Found) or number == len(parts) - 1:
            return found
        if not found.is_package:
            return Missing(part=".".join(parts[: number + 2]), parents=(found.path,))
        is_regular = found.path.endswith("/__init__.py")
        places = [posixpath.dirname(found.path)] if is_regular else list(found.path.split("\n"))
    return found


def _path_files(tree: Folder, roots: Sequence[str]) -> Iterator[str]:
    """The directories that .pth files of site-packages add."""
    for root in roots:
        node = _node(tree, root)
        if not isinstance(node, Folder) or "-packages" not in root:
            continue
        for name in node.names():
            file = node.get(name)
            if name.endswith(".pth") and isinstance(file, File) and file.content is not None:
                yield from (line for line in file.content.decode("utf-8", "replace").splitlines() if line[:1] == "/")


def _in(tree: Folder, places: Sequence[str], part: str, name: str) -> Answer:
    """One part of a name, in the directories it may be in."""
    spaces: list[str] = []
    packages: list[str] = []
    for place in places:
        node = _node(tree, place)
        if not isinstance(node, Folder | Unknown):
            continue
        answer = _in_folder(tree, node, place, part) if isinstance(node, Folder) else node
        if isinstance(answer, Unknown):
            if not answer.more.anything:
                packages += answer.more.packages
                continue
            return NotSure(why=f"what {place} holds is not known")
        if answer == "":
            continue
        if not answer.endswith(("/__init__.py", ".py", ".so")):
            spaces.append(answer)
            continue
        return Found(path=answer, is_package=answer.endswith("/__init__.py"))
    if spaces:
        return Found(path="\n".join(spaces), is_package=True)
    return Missing(part=name, parents=tuple(places), packages=tuple(dict.fromkeys(packages)))


def _in_folder(tree: Folder, folder: Folder, place: str, part: str) -> str | Unknown:
    """The path of what a directory has by that name: a package's __init__.py, a module, a directory without code; ""
    for nothing, Unknown where it may have it."""
    unknown: Unknown | None = None
    inner = _followed(tree, folder.get(part), f"{place}/{part}")
    if isinstance(inner, Folder):
        init = _followed(tree, inner.get("__init__.py"), f"{place}/{part}/__init__.py")
        if isinstance(init, File):
            return f"{place.rstrip('/')}/{part}/__init__.py"
        if isinstance(init, Unknown) and init.more.anything:
            return init
    elif isinstance(inner, Unknown):
        unknown = inner
    module = _followed(tree, folder.get(f"{part}.py"), f"{place}/{part}.py")
    if isinstance(module, File):
        return f"{place.rstrip('/')}/{part}.py"
    if isinstance(module, Unknown):
        unknown = _worse(unknown, module)
    compiled = [one for one in folder.names() if one.startswith(f"{part}.") and one.endswith((".so", ".pyd", ".pyc"))]
    if compiled:
        return f"{place.rstrip('/')}/{part}.so"
    if isinstance(inner, Folder):
        return f"{place.rstrip('/')}/{part}"
    return unknown if unknown is not None else ""


def _worse(one: Unknown | None, other: Unknown) -> Unknown:
    return other if one is None else Unknown(more=one.more | other.more)


def _followed(tree: Folder, node: Node, path: str) -> Node:
    """What lies behind a symbolic link."""
    if isinstance(node, File | Folder | Unknown) or node == ABSENT:
        return node
    return _node(tree, path)


def _node(tree: Folder, path: str) -> Node:
    try:
        return resolve(tree, path)[1]
    except Unsure:
        return _unknown_on_the_way(tree, path)
    except Refused:
        return ABSENT


def _unknown_on_the_way(tree: Folder, path: str) -> Unknown:
    """What a path leads through: below what may be data, there is no code."""
    here: Node = tree
    for part in path.strip("/").split("/"):
        here = here.get(part) if isinstance(here, Folder) else here
        if isinstance(here, Unknown):
            return here
    return Unknown()
