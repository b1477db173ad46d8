"""Fixes tried over a snapshot before anybody is offered them: the finding must go, and nothing else go wrong. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from emulator.formats.editing import Overlapping, applied
from emulator.model.diagnostic import Diagnostic, Edit, Fix, Severity
from emulator.model.mending import Offered
from emulator.model.plan import Plan
from emulator.overlay import overlaid
from emulator.snapshot import Snapshot, Unreadable

Judge = Callable[[Snapshot], Plan]
"""A snapshot's plan with the findings of the check."""


class Mended(NamedTuple):
    """Every fix that there is, whether it holds, and the files and the plan after those that do."""

    offered: tuple[Offered, ...]
    files: dict[str, bytes]
    executable: frozenset[str]
    plan: Plan


def mended(repo: Snapshot, before: Plan, asked: Iterable[Diagnostic], judge: Judge) -> Mended:
    """Try the fixes of some of a plan's findings: all together, and where that does not hold one after the other."""
    wanted: dict[Fix, list[Diagnostic]] = {}
    for found in asked:
        if found.fix is not None and not found.suppressed:
            wanted.setdefault(found.fix, []).append(found)
    if not wanted:
        return Mended((), {}, frozenset(), before)
    together = _tried(repo, before, judge, wanted, tuple(wanted))
    if together is not None and not together.because:
        offered = tuple(Offered(finding=these[0], fix=fix, holds=True) for fix, these in wanted.items())
        return Mended(offered, together.files, together.executable, together.plan)
    return _one_by_one(repo, before, judge, wanted)


def _one_by_one(repo: Snapshot, before: Plan, judge: Judge, wanted: dict[Fix, list[Diagnostic]]) -> Mended:
    kept: tuple[Fix, ...] = ()
    best = _Tried({}, frozenset(), before, "")
    offered = []
    for fix, these in wanted.items():
        tried = _tried(repo, before, judge, wanted, (*kept, fix))
        because = "another fix changes the same place" if tried is None else tried.because
        if tried is not None and not because:
            kept, best = (*kept, fix), tried
        offered.append(Offered(finding=these[0], fix=fix, holds=not because, because=because))
    return Mended(tuple(offered), best.files, best.executable, best.plan)


class _Tried(NamedTuple):
    files: dict[str, bytes]
    executable: frozenset[str]
    plan: Plan
    because: str
    """Why it is no mending; "" where it is one."""


def _tried(
    repo: Snapshot, before: Plan, judge: Judge, wanted: dict[Fix, list[Diagnostic]], fixes: Sequence[Fix]
) -> _Tried | None:
    """The repository after some fixes, judged anew; None where two of them want the same place."""
    edits = [edit for fix in fixes for edit in fix.edits]
    try:
        files = {path: _edited(repo, path, edits) for path in dict.fromkeys(edit.file for edit in edits)}
    except (Overlapping, Unreadable):
        return None
    executable = frozenset(edit.file for edit in edits if edit.executable)
    after = judge(overlaid(repo, instead=files, executable=executable))
    gone = [found for fix in fixes for found in wanted[fix]]
    return _Tried(files, executable, after, _not_better(before, after, gone))


def _edited(repo: Snapshot, path: str, edits: Iterable[Edit]) -> bytes:
    mark = b"\xef\xbb\xbf" if repo.read(path).startswith(b"\xef\xbb\xbf") else b""
    return mark + applied(repo.text(path), (edit for edit in edits if edit.file == path)).encode()


def _not_better(before: Plan, after: Plan, gone: Iterable[Diagnostic]) -> str:
    """Why a change is no mending: a finding that comes, or one that stays. "" where it is one.

    Findings are counted by code and service: a message may have the command in it, which has changed. A warning may
    come where an error goes: who reads a field for the first time may find something in it.
    """
    gone = tuple(gone)
    error = any(found.severity is Severity.ERROR for found in gone)
    old, new = _counted(before), _counted(after)
    worse = next(
        (d for d in after.diagnostics
         if _matters(d) and new[_kind(d)] > old[_kind(d)] and not (error and d.severity is Severity.WARNING)), None,
    )  # fmt: skip
    if worse is not None:
        return f"then {worse.code}: {worse.message}"
    there, here = (Counter(map(_kind, plan.diagnostics)) for plan in (before, after))
    stays = any(here[kind] + count > there[kind] for kind, count in Counter(map(_kind, gone)).items())
    return "the finding stays" if stays else ""


def _counted(plan: Plan) -> Counter[tuple[str, str | None]]:
    return Counter(_kind(found) for found in plan.diagnostics if _matters(found))


def _matters(found: Diagnostic) -> bool:
    return found.severity is not Severity.INFO and not found.suppressed


def _kind(found: Diagnostic) -> tuple[str, str | None]:
    return found.code, found.service
