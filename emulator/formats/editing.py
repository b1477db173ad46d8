"""Fixes as edits of places: how a fix is written down, and what a text is after it. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from emulator.model.diagnostic import Edit, Fix
from emulator.model.origin import Origin


class Overlapping(Exception):
    """Two edits want the same place, or one lies outside of the text."""


class Change(NamedTuple):
    """`text` in place of what lies between two offsets."""

    start: int
    end: int
    text: str


class Places:
    """The places of a text, by line and column from 1, as offsets and back."""

    def __init__(self, lines: Sequence[str]) -> None:
        """lines: the text's, with their ends, as whoever counted the places took them apart."""
        self._lines = lines
        self._starts = [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line))

    def has_line(self, number: int) -> bool:
        return 0 < number <= len(self._lines)

    def offset(self, line: int, column: int) -> int:
        """Raises Overlapping for a line that the text does not have; behind the last one lies the text's end."""
        if not 0 < line <= len(self._starts):
            raise Overlapping
        return min(self._starts[line - 1] + column - 1, self._starts[-1])

    def span(self, place: Origin) -> tuple[int, int]:
        """Where a place begins and ends; without an end it goes to the end of its line. Raises Overlapping."""
        start = self.offset(place.line, place.column)
        if place.end_line is None or place.end_column is None:
            return start, self._starts[place.line - 1] + len(self._lines[place.line - 1].rstrip("\r\n"))
        return start, self.offset(place.end_line, place.end_column + 1)

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        line = bisect_right(self._starts, offset)
        if line > len(self._lines) and self._lines and self._lines[-1][-1] not in "\r\n":
            line -= 1
        return line, offset - self._starts[line - 1] + 1


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
    places = Places(_lines(source))
    if not places.has_line(place.line):
        return None
    start, end = places.span(place)
    found = list(re.finditer(rf"(?<![\w.-]){re.escape(old)}(?![\w-]|\.\w)", source[start:end]))
    if len(found) != 1:
        return None
    first, last = places.at(start + found[0].start()), places.at(start + found[0].end())
    edit = Edit(
        file=place.file, line=first[0], column=first[1], end_line=last[0], end_column=last[1], text=new
    )  # fmt: skip
    return Fix(message=message or f"write `{new}` instead of `{old}`", edits=(edit,))


def text_at(source: str, place: Origin) -> str:
    """What is written at a place; without an end, to the end of its line."""
    places = Places(_lines(source))
    if not places.has_line(place.line):
        return ""
    start, end = places.span(place)
    return source[start:end]


def applied(source: str, edits: Iterable[Edit]) -> str:
    """The text after all the edits, whose places are those of `source`. Raises Overlapping."""
    places = Places(_lines(source))
    changes = (
        Change(places.offset(edit.line, edit.column), places.offset(edit.end_line, edit.end_column), edit.text)
        for edit in dict.fromkeys(edits)
        if not edit.executable
    )
    return changed(source, changes)


def changed(source: str, changes: Iterable[Change]) -> str:
    """The text after all the changes, whose offsets are those of `source`. Raises Overlapping."""
    parts, done = [], 0
    for start, end, text in sorted(changes):
        if start < done or end < start:
            raise Overlapping
        parts += [source[done:start], text]
        done = end
    return "".join((*parts, source[done:]))


def _lines(text: str) -> list[str]:
    """With their ends. A form feed ends none, as it does for `splitlines`."""
    return re.findall(r"[^\n\r]*(?:\r\n|\n|\r)|[^\n\r]+", text)
