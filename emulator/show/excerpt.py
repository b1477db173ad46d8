"""Lines of the user's files with places in them marked, as compilers show them.

One frame a file: the line of the finding is underlined with `^`, those of other places with `-`, each with what is to
be said of it. A place of a few lines has a bar beside them, which ends below the last one; of a longer one the first
line stands for all.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from emulator.model.origin import Origin
from emulator.model.record import replace

from .style import Style, columns, cut, fit, printable, wrap

ReadLine = Callable[[Origin], str | None]
"""The source line an origin points at, None when it cannot be had."""

_MOST_LINES = 5
"""A place of more lines than these shows its first one alone."""


class Label(NamedTuple):
    """A place, what is to be said of it, and whether it is the finding's own."""

    origin: Origin
    text: str = ""
    primary: bool = False


def frames(labels: Sequence[Label], style: Style, read_line: ReadLine | None) -> list[str]:
    """All the places, those of one file in one frame in the order of its lines; the finding's own file comes first."""
    read = {label: read_line(label.origin) if read_line and _has_line(label) else None for label in labels}
    by_file: dict[str, list[Label]] = {}
    for label in labels:
        by_file.setdefault(label.origin.file if read[label] is not None else str(label), []).append(label)
    gutter = max((len(str(_last(label.origin))) for label in labels if read[label] is not None), default=1)
    lines: list[str] = []
    for alike in by_file.values():
        first = alike[0]
        arrow = "-->" if any(label.primary for label in alike) else ":::"
        if read[first] is None:
            lines += _unread(first, arrow, style)
            continue
        lines.append(f"  {arrow} {style.dim(where(first.origin))}")
        lines += _Frame(style, gutter, read_line).drawn(alike)
    return lines


def where(origin: Origin) -> str:
    """ "app.yaml:8:3" """
    return f"{printable(origin.file)}:{origin.line}:{origin.column}" if origin.file != "." else "the repository"


def _has_line(label: Label) -> bool:
    """Whether the place is in a line; a second place at the very beginning of a file is the file."""
    return label.primary or not _is_file(label.origin)


def _is_file(origin: Origin) -> bool:
    return (origin.line, origin.column, origin.end_line, origin.end_column) == (1, 1, None, None)


def _last(origin: Origin) -> int:
    """The last line that is shown of it."""
    last = origin.end_line or origin.line
    return last if last - origin.line < _MOST_LINES else origin.line


def _unread(label: Label, arrow: str, style: Style) -> list[str]:
    """A place whose line is not shown, and what is to be said of it."""
    file_only = not label.primary and _is_file(label.origin) and label.origin.file != "."
    place = printable(label.origin.file) if file_only else where(label.origin)
    head = f"  {arrow} {style.dim(place)}"
    if not label.text:
        return [head]
    if columns(place) + columns(label.text) + 8 <= style.width:
        return [f"{head}  {printable(label.text)}"]
    return [head, *(f"      {line}" for line in wrap(label.text, max(20, style.width - 6)))]


class _Frame:
    """The lines of one file that have something marked."""

    def __init__(self, style: Style, gutter: int, read_line: ReadLine | None) -> None:
        self._style, self._gutter, self._read_line = style, gutter, read_line

    def drawn(self, labels: list[Label]) -> list[str]:
        several = any(_last(label.origin) > label.origin.line for label in labels)
        room = max(20, self._style.width - self._gutter - 5 - 2 * several)
        rows: list[str] = []
        last_shown = 0
        for label in sorted(labels, key=lambda label: (label.origin.line, not label.primary)):
            number = label.origin.line
            if last_shown and number > last_shown + 1:
                rows.append(f"  {self._style.dim('…'.rjust(self._gutter))}")
            if _last(label.origin) > number:
                rows += self._long(label, room)
            else:
                rows += self._short(label, room, "  " * several, again=number == last_shown)
            last_shown = max(last_shown, _last(label.origin))
        return rows

    def _line(self, number: int | str, text: str) -> str:
        return f"  {self._style.dim(f'{number:>{self._gutter}} |')} {text}".rstrip()

    def _text(self, label: Label, number: int) -> str:
        """A line of the file as it can be printed."""
        at = replace(label.origin, line=number)
        raw = self._read_line(at) if self._read_line is not None else None
        return printable((raw or "").rstrip("\r\n"))

    def _short(self, label: Label, room: int, blank: str, *, again: bool) -> list[str]:
        """A place inside one line: the line, or its part around the place, and the mark below."""
        raw = (self._read_line(label.origin) if self._read_line is not None else None) or ""
        shown, start, length = _window(raw, label.origin, room)
        paint = self._style.yellow if label.primary else self._style.cyan
        mark = f"{blank}{' ' * start}{paint(('^' if label.primary else '-') * length)}"
        rows = [] if again else [self._line(label.origin.line, blank + shown)]
        return [*rows, *self._marked(mark, start + length, label.text, room)]

    def _marked(self, mark: str, end: int, text: str, room: int) -> list[str]:
        """A mark and its text behind it; below it where there is no room."""
        if not text or end + 1 + columns(text) <= room:
            return [self._line("", mark + (f" {printable(text)}" if text else ""))]
        return [self._line("", mark), *(self._line("", line) for line in wrap(text, room))]

    def _long(self, label: Label, room: int) -> list[str]:
        """A place of several lines."""
        origin, last = label.origin, _last(label.origin)
        paint = self._style.yellow if label.primary else self._style.cyan
        raw = (self._read_line(origin) if self._read_line is not None else None) or ""
        first, before = self._text(label, origin.line), printable(raw[: origin.column - 1])
        begins = not before.strip()
        rows = [self._line(origin.line, f"{paint('/') if begins else ' '} {fitted(first, room)}")]
        if not begins:
            rows.append(self._line("", f" {paint('_' * (min(room - 1, columns(before)) + 1) + '^')}"))
        inner = ((number, self._text(label, number)) for number in range(origin.line + 1, last + 1))
        rows += [self._line(number, f"{paint('|')} {fitted(text, room)}") for number, text in inner]
        text = self._text(label, last)
        end = columns(text[: origin.end_column]) if origin.end_column else columns(text)
        end = max(1, min(end, room))
        return [*rows, *self._marked(paint("|" + "_" * end + "^"), end, label.text, room)]


def fitted(line: str, room: int) -> str:
    """A line, or as much of it as fits."""
    return line if columns(line) <= room else line[: fit(line, room - 1)] + "…"


def around(lines: Sequence[str], start: int, room: int) -> list[str]:
    """Lines below each other, or as much of them as fits, with what stands at column `start`."""
    longest = max(map(columns, lines))
    left = max(0, min(start - room // 3, longest - room + 1)) if longest > room and start > room // 2 else 0
    if not left:
        return [fitted(line, room) for line in lines]
    return ["…" + fitted(cut(line, left, max(room, columns(line))).rstrip(), room - 1) for line in lines]


def _window(raw: str, origin: Origin, room: int) -> tuple[str, int, int]:
    """The part of a line that fits, the column in it where the mark starts, and how long the mark is. A place without
    an end at the beginning of a line is the whole line."""
    raw = raw.rstrip("\r\n")
    line = printable(raw)
    total = columns(line)
    start, end = columns(printable(raw[: origin.column - 1])), columns(line.rstrip())
    if origin.column == 1 and origin.end_column is None:
        start = columns(line) - columns(line.lstrip())
    elif origin.end_line in (None, origin.line):
        end = columns(printable(raw[: origin.end_column])) if origin.end_column else start + 1
    end = max(start + 1, min(end, total))
    if total <= room:
        return line, start, min(end - start, max(1, room - start))
    left = 0 if end < room else max(0, min(start - 8, total - room + 1))
    before, after = bool(left), total > left + room - bool(left)
    inside = room - before - after
    shown = ("…" if before else "") + cut(line, left, inside) + ("…" if after else "")
    at = start - left + before
    return shown, at, max(1, min(end - start, room - after - at))
