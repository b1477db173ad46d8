"""Fixes as edits of places: how a fix is written down, and what a text is after it. Pure."""

import re
from collections.abc import Iterable, Sequence

from emulator.model.diagnostic import Edit, Fix
from emulator.model.origin import Origin


class Overlapping(Exception):
    """Two edits want the same place, or one lies outside of the text."""


def instead_of(place: Origin, text: str, *, message: str | None = None) -> Fix:
    """`text` in place of what is written at `place`, whose end is known."""
    edit = Edit(
        file=place.file, line=place.line, column=place.column,
        end_line=place.end_line or place.line, end_column=(place.end_column or place.column - 1) + 1, text=text,
    )  # fmt: skip
    return Fix(message=message or f"write `{text}`", edits=(edit,))


def within(source: str, place: Origin, old: str, new: str, *, message: str | None = None) -> Fix | None:
    """`new` in place of `old`, where `old` stands exactly once in the part of `source` that `place` is, and is no
    part of a longer word there; None else. A place without an end goes to the end of its line."""
    lines = _lines(source)
    if not 0 < place.line <= len(lines):
        return None
    start, end = _span(lines, place)
    found = list(re.finditer(rf"(?<![\w.-]){re.escape(old)}(?![\w-]|\.\w)", source[start:end]))
    if len(found) != 1:
        return None
    first = _position(source, start + found[0].start())
    last = _position(source, start + found[0].end())
    edit = Edit(
        file=place.file, line=first[0], column=first[1], end_line=last[0], end_column=last[1], text=new
    )  # fmt: skip
    return Fix(message=message or f"write `{new}` instead of `{old}`", edits=(edit,))


def text_at(source: str, place: Origin) -> str:
    """What is written at a place; without an end, to the end of its line."""
    lines = _lines(source)
    if not 0 < place.line <= len(lines):
        return ""
    start, end = _span(lines, place)
    return source[start:end]


def applied(source: str, edits: Iterable[Edit]) -> str:
    """The text after all the edits, whose places are those of `source`. Raises Overlapping."""
    starts = _starts(_lines(source))
    placed = sorted(
        (_offset(starts, edit.line, edit.column), _offset(starts, edit.end_line, edit.end_column), edit.text)
        for edit in dict.fromkeys(edits)
        if not edit.executable
    )
    parts, done = [], 0
    for start, end, text in placed:
        if start < done or end < start:
            raise Overlapping
        parts += [source[done:start], text]
        done = end
    return "".join((*parts, source[done:]))


def _span(lines: Sequence[str], place: Origin) -> tuple[int, int]:
    starts = _starts(lines)
    start = _offset(starts, place.line, place.column)
    if place.end_line is None or place.end_column is None:
        return start, starts[place.line - 1] + len(lines[place.line - 1].rstrip("\r\n"))
    return start, _offset(starts, place.end_line, place.end_column + 1)


def _lines(text: str) -> list[str]:
    """With their ends. A form feed ends none, as it does for `splitlines`."""
    return re.findall(r"[^\n\r]*(?:\r\n|\n|\r)|[^\n\r]+", text)


def _starts(lines: Sequence[str]) -> list[int]:
    """The offset of each line's first character, and of the text's end."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return starts


def _offset(starts: Sequence[int], line: int, column: int) -> int:
    if not 0 < line <= len(starts):
        raise Overlapping
    return min(starts[line - 1] + column - 1, starts[-1])


def _position(source: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, from 1."""
    before = _lines(source[:offset])
    if not before or before[-1][-1] in "\r\n":
        return len(before) + 1, 1
    return len(before), len(before[-1]) + 1
