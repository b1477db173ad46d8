"""The last output of what failed → the line that tells why, and what to show around it. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from .failure_patterns import CAUSED_BY, NOISE, SAYS_WHY, Pattern

LINES_BEFORE = 2
LINES_AFTER = 1
LAST_WORDS = 12
"""So many lines from the end may tell why a program failed; what it said before that, it survived. Indented lines
are not counted: a trace of calls follows the telling line in some languages."""


class Telling(NamedTuple):
    """The line that says why, by its number, and what it means."""

    line: int
    pattern: Pattern
    groups: tuple[str, ...]


def telling_line(patterns: Sequence[Pattern], lines: Sequence[str]) -> Telling | None:
    """The latest of the last words that any pattern fits: what comes last is what ended it."""
    counted = 0
    for number in range(len(lines) - 1, -1, -1):
        line = lines[number][:2000].rstrip()
        if not line or (line[0].isspace() and not CAUSED_BY.match(line)):
            continue
        for pattern in patterns:
            found = pattern.pattern.search(line)
            if found and (pattern.near is None or any(map(pattern.near.search, lines[max(0, number - 5) : number]))):
                return Telling(number, pattern, tuple((group or "").strip() for group in found.groups()))
        counted += not NOISE.match(line)
        if counted == LAST_WORDS:
            break
    return None


def around(lines: Sequence[str], telling: int | None) -> tuple[str, ...]:
    """The telling line with its neighbours; without one, the last that begins as an error does, else the last lines.
    What says nothing is left out."""
    if telling is None:
        spoken = [n for n, line in enumerate(lines) if not NOISE.match(line)]
        telling = next((n for n in reversed(spoken) if SAYS_WHY.match(lines[n])), spoken[-1] if spoken else -1)
    before = [line for line in lines[: max(telling, 0)] if not NOISE.match(line)][-LINES_BEFORE:]
    after = [line for line in lines[telling + 1 :] if not NOISE.match(line)][:LINES_AFTER]
    return (*before, *lines[max(telling, 0) : telling + 1], *after)
