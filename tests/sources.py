"""The program's own source as trees, each read once for all that is asked of it."""

import ast
from functools import cache
from pathlib import Path

from tests.running_emu import CHECKOUT

SOURCES = tuple(sorted([*(CHECKOUT / "emulator").rglob("*.py"), *(CHECKOUT / "platforms").rglob("*.py")]))


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All of a file's tree, in no promised order."""
    return tuple(ast.walk(tree(path)))
