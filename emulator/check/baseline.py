"""A file of findings that are known and not counted, so that a gate can be put before a repository that has some.

One finding a line, sorted, without numbers of lines: a change of the file shows what came and what went.
"""

import json
from collections.abc import Iterable

import msgspec

from emulator.model.diagnostic import Diagnostic, Fault, UsageError, info
from emulator.model.origin import Origin
from emulator.model.record import Record, to_json

from .silencing import STALE_BASELINE

SCHEMA = "emu.baseline/1"


class KnownFinding(Record, frozen=True, kw_only=True):
    """A finding that is known. It is found again by its fingerprint; the rest is for people."""

    platform: str
    service: str | None
    file: str | None
    code: str
    message: str
    fingerprint: str


class Baseline(Record, frozen=True, kw_only=True):
    """The file's document. findings: sorted by everything a person sees."""

    schema: str = SCHEMA
    findings: tuple[KnownFinding, ...] = ()


def read_baseline(text: str, path: str) -> Baseline:
    """What a baseline file says. Raises UsageError, with the line where it is no JSON."""
    help = "correct it; or remove it and write it anew: emu check --baseline FILE --write-baseline"
    try:
        found = json.loads(text)
    except json.JSONDecodeError as problem:
        raise UsageError(f"{path}:{problem.lineno}: {problem.msg}", help=help) from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise UsageError(f"{path} is no baseline of emu: its schema is not {SCHEMA}", help=help)
    try:
        return msgspec.convert(found, Baseline)
    except msgspec.ValidationError as problem:
        raise UsageError(f"{path}: {problem}", help=help) from None


def baseline_text(known: Iterable[KnownFinding]) -> str:
    """The file that holds these findings."""
    rows = sorted(known, key=lambda one: (one.platform, one.service or "", one.file or "", one.code, one.fingerprint))
    lines = ",\n".join(f"    {to_json(row).decode()}" for row in rows)
    return f'{{\n  "schema": "{SCHEMA}",\n  "findings": [' + (f"\n{lines}\n  ]" if rows else "]") + "\n}\n"


def _row_words(row: KnownFinding) -> str:
    where = f" in {row.file}" if row.file else ""
    whose = f" of {row.service}" if row.service else ""
    return f"{row.code}{where}{whose}, on {row.platform}"


def stale(gone: Iterable[KnownFinding], path: str, text: str) -> Diagnostic | None:
    """That the file knows findings that are not there any more; None for none."""
    rows = tuple(gone)
    if not rows:
        return None
    lines = text.splitlines()
    first = next((n for n, line in enumerate(lines, 1) if rows[0].fingerprint in line), 1)
    count = f"{len(rows)} finding{'s' if len(rows) > 1 else ''} that {'are' if len(rows) > 1 else 'is'}"
    shown = [_row_words(row) for row in rows]
    more = (f"and {len(rows) - 8} more",) if len(rows) > 8 else ()
    return info(
        STALE_BASELINE.code, f"the baseline knows {count} not there any more",
        fault=Fault.APP, origin=Origin(file=path, line=first), facts=(*shown[:8], *more),
        help="write it anew: emu check --baseline FILE --write-baseline",
    )  # fmt: skip

