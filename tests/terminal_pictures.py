"""What a terminal shows, as a picture: SVG that needs no letters from the network and is the same bytes every time."""

import re
from collections.abc import Iterator
from html import escape, unescape
from itertools import groupby
from typing import NamedTuple

import pyte

_WIDE, _HIGH, _EDGE, _BAR = 8.4, 19, 16, 34
"""Pixels: of a column and a row, around the text, and of the bar on top."""

_INK = {
    "default": "#e6edf3", "black": "#484f58", "red": "#ff7b72", "green": "#3fb950", "brown": "#d29922",
    "blue": "#58a6ff", "magenta": "#bc8cff", "cyan": "#39c5cf", "white": "#b1bac4", "brightblack": "#8b949e",
    "brightred": "#ffa198", "brightgreen": "#56d364", "brightbrown": "#e3b341", "brightblue": "#79c0ff",
    "brightmagenta": "#d2a8ff", "brightcyan": "#56d4dd", "brightwhite": "#ffffff",
}  # fmt: skip
"""By what the screen calls them."""

_LAMPS = ("#ff5f57", "#febc2e", "#28c840")


class Run(NamedTuple):
    """Letters of one look beside each other, from a column on."""

    column: int
    text: str
    ink: str
    bold: bool


def picture(command: str, printed: bytes, *, columns: int, rows: int) -> str:
    """What a screen of that size shows after a command, without the empty rows at its end. printed: what the command
    printed, with the sequences that a terminal obeys."""
    lines = list(_rows(printed, columns, rows))
    while not lines[-1]:
        lines.pop()
    width, height = columns * _WIDE + 2 * _EDGE, len(lines) * _HIGH + 2 * _EDGE + _BAR
    texts = [_text(run, number) for number, line in enumerate(lines) for run in line]
    used = {"brightblack", *(run.ink for line in lines for run in line)}
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" role="img">',
        f"<title>What {escape(command)} prints</title>",
        "<style>",
        "text { font: 14px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre; }",
        ".bold { font-weight: bold; }",
        *(f".{name} {{ fill: {ink}; }}" for name, ink in _INK.items() if name in used),
        "</style>",
        f'<rect width="{width:g}" height="{height}" rx="8" fill="#0d1117"/>',
        *(f'<circle cx="{20 + 18 * n}" cy="20" r="6" fill="{lamp}"/>' for n, lamp in enumerate(_LAMPS)),
        f'<text x="{width / 2:g}" y="25" class="brightblack" text-anchor="middle">{escape(command)}</text>',
        *texts,
        "</svg>",
    ]) + "\n"  # fmt: skip


def shown(svg: str) -> list[str]:
    """The rows of a picture as text, without the empty ones."""
    rows: dict[str, str] = {}
    for x, y, text in re.findall(r'<text x="([\d.]+)" y="(\d+)"[^>]*textLength[^>]*>([^<]*)</text>', svg):
        column = round((float(x) - _EDGE) / _WIDE)
        rows[y] = rows.get(y, "").ljust(column) + unescape(text)
    return list(rows.values())


def _rows(printed: bytes, columns: int, rows: int) -> Iterator[list[Run]]:
    screen = pyte.Screen(columns, rows)
    screen.set_mode(pyte.modes.LNM)
    pyte.ByteStream(screen).feed(printed.replace(b"\x1b[2m", b"\x1b[90m"))  # it knows no dim letters
    for number in range(rows):
        cells = [(column, screen.buffer[number][column]) for column in range(columns)]
        runs = []
        for (ink, bold), same in groupby(cells, key=lambda cell: (cell[1].fg, cell[1].bold)):
            alike = list(same)
            text = "".join(cell.data for _, cell in alike)
            start = len(text) - len(text.lstrip())
            if text.strip():
                runs.append(Run(alike[0][0] + start, text.strip(), ink, bold))
        yield runs


def _text(run: Run, row: int) -> str:
    x, y = _EDGE + run.column * _WIDE, _BAR + _EDGE + row * _HIGH + 14
    look = f"{run.ink} bold" if run.bold else run.ink
    return f'<text x="{x:g}" y="{y}" class="{look}" textLength="{len(run.text) * _WIDE:g}">{escape(run.text)}</text>'
