"""Which Node.js a version, an alias or a semver range means, as far as it can be said without asking anybody.

docs.npmjs.com/cli/v6/using-npm/semver (ranges); github.com/nvm-sh/nvm, "lts/*"; nodejs.org's release schedule. The
answer is as exact as it is certain: "20" is the newest 20 there is, "20.11" the newest 20.11, "20.11.1" this very one.
"""

import re
from typing import NamedTuple

MAJORS = tuple(range(4, 27))
"""Release lines there are (2026-11)."""

LTS = {
    "argon": 4, "boron": 6, "carbon": 8, "dubnium": 10, "erbium": 12, "fermium": 14, "gallium": 16, "hydrogen": 18,
    "iron": 20, "jod": 22, "krypton": 24,
}  # fmt: skip
CURRENT = MAJORS[-1]
NEWEST_LTS = max(major for major in MAJORS if major % 2 == 0)
"""Even lines become long-term ones in their October."""

_LATEST = 10**6
"""The newest there is of a line."""
_NUMBERS = re.compile(r"[v=]*(\d{1,4}|[xX*])(?:\.(\d{1,4}|[xX*]))?(?:\.(\d{1,4}|[xX*]))?(?:[-+][\w.+-]*)?")
_COMPARATOR = re.compile(r"\s*(\^|~>?|>=?|<=?|=)?\s*(\S+)")


class _Part(NamedTuple):
    """At least `low`, below `high`."""

    low: tuple[int, int, int]
    high: tuple[int, int, int]


_EVER = _Part((0, 0, 0), (_LATEST + 1, 0, 0))


def newest(text: str) -> str | None:
    """The version that a text asks for; None where it asks for none that there is, or is nothing of the kind."""
    word = text.strip().lower()
    if word in ("latest", "current", "node", "stable", "*", "x", ""):
        return str(CURRENT)
    if word in ("lts", "lts/*", "lts/latest", "lts/-0"):
        return str(NEWEST_LTS)
    name = word.removeprefix("lts/").removeprefix("lts-")
    if name in LTS:
        return str(LTS[name])
    alternatives = [_alternative(one) for one in word.split("||")]
    if None in alternatives:
        return None
    parts = [part for part in alternatives if part is not None and part.low < part.high]
    found = [version for part in parts if (version := _within(part)) is not None]
    return _words(max(found)) if found else None


def major_of(version: str) -> int:
    """20 of "20.11.1"."""
    return int(version.partition(".")[0])


def _alternative(text: str) -> _Part | None:
    """All comparators of a range together; None where one cannot be read."""
    hyphen = re.fullmatch(r"\s*(\S+)\s+-\s+(\S+)\s*", text)
    words = f">={hyphen[1]} <={hyphen[2]}" if hyphen else text
    part = _EVER
    for operator, version in _COMPARATOR.findall(words):
        one = _comparator(operator, version)
        if one is None:
            return None
        part = _Part(max(part.low, one.low), min(part.high, one.high))
    return part


def _comparator(operator: str, version: str) -> _Part | None:
    found = _NUMBERS.fullmatch(version)
    if found is None:
        return None
    written = [int(one) for one in found.groups() if one is not None and one.isdigit()]
    numbers = written[: next((i for i, one in enumerate(found.groups()) if one in ("x", "X", "*")), 3)]
    low = _padded(numbers)
    after = _after(numbers)
    match operator:
        case ">=":
            return _Part(low, _EVER.high)
        case ">":
            return _Part(after, _EVER.high)
        case "<":
            return _Part(_EVER.low, low)
        case "<=":
            return _Part(_EVER.low, after)
        case "^":
            return _Part(low, _after(numbers[:1]))
        case "~" | "~>":
            return _Part(low, _after(numbers[:2]))
        case _:
            return _Part(low, after)


def _padded(numbers: list[int]) -> tuple[int, int, int]:
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return major, minor, patch


def _after(numbers: list[int]) -> tuple[int, int, int]:
    """The first version behind all that begin with these numbers."""
    return _padded([*numbers[:-1], numbers[-1] + 1]) if numbers else _EVER.high


def _within(part: _Part) -> tuple[int, int, int] | None:
    """The newest version of a part that there surely is: the newest of a line, else a version that bounds it."""
    lines = [(major, _LATEST, _LATEST) for major in MAJORS]
    high, low = part.high, part.low
    bounds = [(high[0], high[1], high[2] - 1)] if high[2] else [(high[0], high[1] - 1, _LATEST)] if high[1] else []
    fitting = [one for one in (*lines, *bounds, low) if part.low <= one < part.high and one[0] in MAJORS]
    return max(fitting, default=None)


def _words(version: tuple[int, int, int]) -> str:
    return ".".join(str(number) for number in version if number != _LATEST)
