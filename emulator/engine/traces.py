"""The frames of a Python or Node trace → lines of the repository's own files. Pure."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile, takewhile
from typing import NamedTuple

from emulator.model.origin import Origin
from emulator.snapshot import Snapshot, Unreadable


class Frame(NamedTuple):
    """One call of a trace: a path in the container, and the line's text where the trace shows it."""

    path: str
    line: int
    source: str | None = None

    @property
    def package(self) -> str | None:
        """The installed Python package it belongs to."""
        inside = _INSTALLED.search(self.path)
        return inside[1].partition("/")[0].removesuffix(".py") if inside else None


_PYTHON = re.compile(r'^\s+File "([^"<]+)", line (\d+)')
_NODE = re.compile(r"^\s+at (?:.*\()?(?:file://)?(/.+?):(\d+):\d+\)?$")
_INSTALLED = re.compile(r"/(?:site|dist)-packages/(.+)")
_CALL = "    at "
_TRACE_BEGINS = "Traceback (most recent call last)"


def frames_at(lines: Sequence[str], telling: int) -> tuple[Frame, ...]:
    """The frames of the trace that belongs to the line `telling`, the innermost first: Python's stand above what
    was raised, Node's below it."""
    return (*reversed(tuple(_python_frames(lines, telling))), *_node_frames(lines[telling + 1 :]))


def _python_frames(lines: Sequence[str], telling: int) -> Iterator[Frame]:
    begin = telling
    while begin > 0 and (not lines[begin - 1].strip() or lines[begin - 1][0].isspace()):
        begin -= 1
    if begin > 0 and _TRACE_BEGINS not in lines[begin - 1]:
        return
    for number in range(begin, telling):
        found = _PYTHON.match(lines[number])
        if found is None:
            continue
        below = lines[number + 1] if number + 1 < telling else ""
        yield Frame(found[1], int(found[2]), None if _PYTHON.match(below) else below.strip() or None)


def _node_frames(below: Sequence[str]) -> Iterator[Frame]:
    calls = dropwhile(lambda line: line.strip() and not line.startswith(_CALL), below)
    for line in takewhile(lambda line: line.startswith(_CALL), calls):
        if found := _NODE.match(line):
            yield Frame(found[1], int(found[2]))


def place_of(frame: Frame, repo: Snapshot, context: str) -> Origin | None:
    """Where in the repository the frame's line stands; None where no file under `context` has that line there, or
    more than one: where the image put a file is told by its content, not guessed from its path."""
    inside = _INSTALLED.search(frame.path)
    if "/node_modules/" in frame.path:
        return None
    parts = (inside[1] if inside else frame.path.lstrip("/")).split("/")
    starts = range(1) if inside else range(len(parts))
    found = [_origin(posixpath.normpath(posixpath.join(context, *parts[n:])), frame, repo) for n in starts]
    there = [origin for origin in found if origin is not None]
    return there[0] if len(there) == 1 else None


def _origin(path: str, frame: Frame, repo: Snapshot) -> Origin | None:
    text = line_of(repo, path, frame.line)
    if text is None or frame.source not in (None, text.strip()):
        return None
    column = len(text) - len(text.lstrip()) + 1
    return Origin(file=path, line=frame.line, column=column, end_line=frame.line)


def line_of(repo: Snapshot, path: str, number: int) -> str | None:
    """That line of a file of the repository; None when there is none."""
    if not repo.is_file(path):
        return None
    try:
        lines = repo.text(path).splitlines()
    except Unreadable:
        return None
    return lines[number - 1] if 0 < number <= len(lines) else None


_READS = re.compile(
    r"""(?:getenv|environ(?:\.get)?)\s*[(\[]\s*["'](?P<python>\w+)["']\s*[)\]]"""
    r"""|process\.env(?:\.(?P<node>\w+)|\[["'](?P<quoted>\w+)["']\])"""
)


def variables_read(line: str) -> tuple[str, ...]:
    """The variables that a line of Python or JavaScript reads without a value to fall back on."""
    return tuple(next(filter(None, found.groups())) for found in _READS.finditer(line))


def variables_named(said: str, place: Origin | None, repo: Snapshot) -> tuple[str, ...]:
    """The variables that a message names and the file it comes from reads: an app that checks them says so itself."""
    if place is None or not repo.is_file(place.file):
        return ()
    try:
        read = variables_read(repo.text(place.file))
    except Unreadable:
        return ()
    return tuple(name for name in re.findall(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b", said) if name in read)
