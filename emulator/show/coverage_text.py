"""What a run could not reproduce: all of it, or how much and what matters most."""

import re
from collections.abc import Iterable, Sequence

from emulator.model.plan import Coverage
from emulator.model.rule import Fidelity

from .style import Style, hanging, wrap

_HEADING, _ALL = "not as on the platform in this run", "--verbose tells each"
_MOST = 3
_IN_GENERAL = re.compile(r"[a-z-]+/[a-z0-9-]+")
"""The key of a rule, which holds for every service; the others are of the user's files or of this run."""
_ORDER = (Fidelity.UNKNOWN, Fidelity.NOT_IMITATED, Fidelity.APPROXIMATE)


def coverage_lines(coverage: Iterable[Coverage], style: Style, *, whole: bool) -> list[str]:
    """The `whole`: a heading and a row each. Otherwise, in a few lines: the first sentence of what this run alone has
    (another base image, a service that is left out), and the names of the rest, which the plan and the platform's rules
    tell of; what is missing before what is only like it, the user's files before what holds for every service."""
    found = list(coverage)
    if whole:
        return [style.dim(f"{_HEADING}:"), *_rows(_told_together(found), style)]
    own = [row for row in found if _is_of_this_run(row)]
    names = [key for key, _ in _told_together(sorted((row for row in found if row not in own), key=_weight))]
    own_rows = [(key, _first_sentence(note)) for key, note in _told_together(sorted(own, key=_weight))]
    names += [key for key, _ in own_rows[_MOST:]]
    named = _first_few(names)
    if not own_rows:
        return [style.dim(line) for line in wrap(f"{_HEADING}: {named} ({_ALL})", style.width)]
    rest = hanging("also", f"{named} ({_ALL})", style, gap=len("also") + 2) if names else []
    return [style.dim(f"{_HEADING}:"), *_rows(own_rows[:_MOST], style), *rest]


def _rows(told: Sequence[tuple[str, str]], style: Style) -> list[str]:
    gap = min(36, max(16, style.width // 3), max(len(key) for key, _ in told) + 2)
    return [line for key, note in told for line in hanging(key, note, style, gap=gap)]


def _first_few(names: Sequence[str]) -> str:
    """ "services[0].disk, one/edge and 4 more" """
    shown = ", ".join(names[:_MOST])
    return f"{shown} and {len(names) - _MOST} more" if len(names) > _MOST else shown


def _told_together(coverage: Iterable[Coverage]) -> list[tuple[str, str]]:
    """Key and note of each row; what is the same for a key of several services stands once."""
    rows: dict[tuple[str, str], list[str]] = {}
    for row in coverage:
        keys = rows.setdefault((re.sub(r"\[\d+\]", "[…]", row.key), row.note), [])
        keys += [] if row.key in keys else [row.key]
    return [(keys[0] if len(keys) == 1 else key, note) for (key, note), keys in rows.items()]


def _is_in_general(row: Coverage) -> bool:
    return _IN_GENERAL.fullmatch(row.key) is not None


def _is_of_this_run(row: Coverage) -> bool:
    return row.origin is None and not _is_in_general(row)


def _weight(row: Coverage) -> tuple[int, bool]:
    fidelity = _ORDER.index(row.fidelity) if row.fidelity in _ORDER else len(_ORDER)
    return fidelity, _is_in_general(row)


def _first_sentence(note: str) -> str:
    return re.split(r"(?<=[a-z0-9)]\.)\s+(?=[A-Z])", note, maxsplit=1)[0]
