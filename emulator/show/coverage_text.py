"""What a run could not reproduce: all of it, or how much and what matters most."""

import re
from collections.abc import Iterable

from emulator.model.plan import Coverage
from emulator.model.rule import Fidelity

from .style import Style, hanging

_MOST = 3
_IN_GENERAL = re.compile(r"[a-z-]+/[a-z0-9-]+")
"""The key of a rule, which holds for every service; the others are of the user's files or of this run."""
_ORDER = (Fidelity.UNKNOWN, Fidelity.NOT_IMITATED, Fidelity.APPROXIMATE)


def coverage_lines(coverage: Iterable[Coverage], style: Style, *, whole: bool) -> list[str]:
    """A heading and a row each. Unless the `whole` is asked for, of more than three the first sentence of three: what
    this run alone has (another base image) before what is missing, and that before what is only like it; what the
    user's files say before what holds for every service."""
    found = list(coverage)
    told = _told_together(found)
    heading = "not as on the platform in this run"
    if whole or len(told) <= _MOST:
        heading += ":"
    else:
        heading += f": {_MOST} of {len(told)} (--verbose: all)"
        told = [(key, _first_sentence(note)) for key, note in _told_together(sorted(found, key=_weight))[:_MOST]]
    gap = min(36, max(16, style.width // 3), max(len(key) for key, _ in told) + 2)
    return [style.dim(heading), *(line for key, note in told for line in hanging(key, note, style, gap=gap))]


def _told_together(coverage: Iterable[Coverage]) -> list[tuple[str, str]]:
    """Key and note of each row; what is the same for a key of several services stands once."""
    rows: dict[tuple[str, str], list[str]] = {}
    for row in coverage:
        keys = rows.setdefault((re.sub(r"\[\d+\]", "[…]", row.key), row.note), [])
        keys += [] if row.key in keys else [row.key]
    return [(keys[0] if len(keys) == 1 else key, note) for (key, note), keys in rows.items()]


def _weight(row: Coverage) -> tuple[bool, int, bool]:
    in_general = _IN_GENERAL.fullmatch(row.key) is not None
    fidelity = _ORDER.index(row.fidelity) if row.fidelity in _ORDER else len(_ORDER)
    return in_general or row.origin is not None, fidelity, in_general


def _first_sentence(note: str) -> str:
    return re.split(r"(?<=[a-z0-9)]\.)\s+(?=[A-Z])", note, maxsplit=1)[0]
