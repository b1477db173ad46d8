"""The program's own source as trees, each read once for all that is asked of it."""

import ast
import gc
from functools import cache
from pathlib import Path

from tests.running_emu import CHECKOUT

SOURCES = tuple(sorted([*(CHECKOUT / "emulator").rglob("*.py"), *(CHECKOUT / "platforms").rglob("*.py")]))


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def tree(path: Path) -> ast.Module:
    return _trees()[path]


@cache
def _trees() -> dict[Path, ast.Module]:
    """Whoever asks for one asks for all: they are read while no garbage is looked for, in a quarter of the time."""
    gc.disable()
    try:
        return {path: ast.parse(text(path)) for path in SOURCES}
    finally:
        gc.enable()


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All of a file's tree, in no promised order: what `ast.walk` gives, in half of its time."""
    found: list[ast.AST] = []
    rest: list[ast.AST] = [tree(path)]
    while rest:
        node = rest.pop()
        found.append(node)
        for name in node._fields:
            part = getattr(node, name, None)
            if isinstance(part, ast.AST):
                rest.append(part)
            elif isinstance(part, list):
                rest += [one for one in part if isinstance(one, ast.AST)]
    return tuple(found)
