"""Markdown that says what it is given, whatever that is: nothing in a value becomes markup."""

import re
from collections.abc import Iterable

from .style import printable

_LONGEST = 300
"""Characters that are shown of a command or of a line of output."""


def text(value: str) -> str:
    """As a reader sees it, on one line; fit for a cell of a table."""
    return re.sub(r"([\\`*_\[\]<>|#~&])", r"\\\1", printable(value))


def code(value: str) -> str:
    """The same, set as code."""
    shown = printable(value).replace("|", "\\|")
    shown = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
    ticks = "`" * (_longest_run(shown) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def fenced(lines: Iterable[str]) -> str:
    """Lines as they are: the fence is longer than any run of ticks in them."""
    block = "\n".join(printable(line)[:_LONGEST] for line in lines)
    fence = "`" * max(3, _longest_run(block) + 1)
    return f"{fence}text\n{block}\n{fence}"


def folded(title: str, block: str) -> str:
    """`block`, which is Markdown, behind a title that opens it."""
    return f"<details><summary>{text(title)}</summary>\n\n{block}\n\n</details>"


def row(*cells: str) -> str:
    """A row of a table; the cells are Markdown."""
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def _longest_run(shown: str) -> int:
    return max((len(run) for run in re.findall("`+", shown)), default=0)
