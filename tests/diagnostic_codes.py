"""Every code that a diagnostic can carry, found in the source: written out, or put together by a helper from the word
that it is called with."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.running_emu import CHECKOUT
from tests.sources import SOURCES, nodes, text, tree

AREAS = frozenset((
    "build", "check", "cloud-run", "config", "deploy", "dockerfile", "dotenv", "emu", "env", "file", "hcl", "host",
    "image", "initial-hook", "json", "pre-deploy", "procfile", "render", "site", "start", "up", "usage",
    "verify", "yaml",
))  # fmt: skip
"""What stands before the slash. A new area has to be added here: a test says which are missing."""
_OTHERS = frozenset(("content_types.py",))
"""Files with words of that form which are none."""
_NO_CODES = frozenset(("emu/v1", "image/bmp", "image/x-icon"))
_CODE = re.compile(r"(?P<area>[a-z][a-z-]*)/[a-z][a-z0-9-]*")
_PUT_TOGETHER = re.compile(r'f"[a-z-]+/\{')
_WORD = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


@cache
def codes() -> dict[str, str]:
    """Code → the file that has it."""
    found: dict[str, str] = {}
    for path in SOURCES:
        if path.name in _OTHERS:
            continue
        for code in (*_written(path), *(f"file/{word}" for word in _words(path, "Unreadable", 0))):
            found.setdefault(code, str(path.relative_to(CHECKOUT)))
    for path in SOURCES:
        if not _PUT_TOGETHER.search(text(path)):
            continue
        for code in _from_tables(tree(path)):
            found.setdefault(code, str(path.relative_to(CHECKOUT)))
        for name, area, position in _helpers(path):
            near = [other for other in SOURCES if other.is_relative_to(path.parent)]
            for code in (f"{area}/{word}" for one in near for word in _words(one, name, position)):
                found.setdefault(code, str(path.relative_to(CHECKOUT)))
    return found


def _written(path: Path) -> Iterator[str]:
    """Arguments of calls, and parts of tables, that are codes."""
    docs = {id(node.value) for node in nodes(path) if isinstance(node, ast.Expr)}
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            match = _CODE.fullmatch(node.value)
            if match is not None and match["area"] in AREAS and node.value not in _NO_CODES:
                yield node.value


def _helpers(path: Path) -> Iterator[tuple[str, str, int]]:
    """Functions that put an area before a word they are given: (name, area, which argument)."""
    for function in (node for node in nodes(path) if isinstance(node, ast.FunctionDef)):
        names = [one.arg for one in function.args.args if one.arg != "self"]
        for node in ast.walk(function):
            match node:
                case ast.JoinedStr(values=[ast.Constant(value=str(head)), ast.FormattedValue(value=ast.Name(id=name))]):
                    if head.removesuffix("/") in AREAS and head.endswith("/") and name in names:
                        yield function.name, head.removesuffix("/"), names.index(name)


def _from_tables(tree: ast.Module) -> Iterator[str]:
    """The same of functions that take the word out of a table of their module, where it stands first in its row."""
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        names = [one.arg for one in function.args.args]
        for node in ast.walk(function):
            match node:
                case ast.JoinedStr(values=[ast.Constant(value=str(head)), ast.FormattedValue(value=ast.Name(id=name))]):
                    if head.removesuffix("/") in AREAS and name not in names:
                        yield from (f"{head}{word}" for word in _rows(tree, {n.id for n in _named(function)}))


def _named(function: ast.FunctionDef) -> Iterator[ast.Name]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Name))


def _rows(tree: ast.Module, tables: set[str]) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") in tables:
            for row in ast.walk(node):
                if isinstance(row, ast.Tuple) and row.elts and isinstance(row.elts[0], ast.Constant):
                    word = str(row.elts[0].value)
                    if _WORD.fullmatch(word):
                        yield word


def _words(path: Path, function: str, position: int) -> Iterator[str]:
    for call in _calls(path).get(function, ()):
        given = call.args[position] if len(call.args) > position else None
        if isinstance(given, ast.Constant) and _WORD.fullmatch(str(given.value)):
            yield str(given.value)


@cache
def _calls(path: Path) -> dict[str, list[ast.Call]]:
    """By the name that is called."""
    found: dict[str, list[ast.Call]] = {}
    for node in nodes(path):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            found.setdefault(name, []).append(node)
    return found
