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

Asked = Callable[[Diagnostic], bool]
"""Whether a finding is to be mended."""

_MOST_ROUNDS = 5


class Mended(NamedTuple):
    """Every fix that there is, whether it holds, and the files and the plan after those that do."""

    offered: tuple[Offered, ...]
    files: dict[str, bytes]
    executable: frozenset[str]
    plan: Plan


def mended(repo: Snapshot, before: Plan, is_asked: Asked, judge: Judge) -> Mended:
    """Try the fixes of the findings that are asked for, and again over what comes of them, until nothing changes: one
    may uncover the next, or have stood in its place."""
    done = Mended((), {}, frozenset(), before)
    others: tuple[Offered, ...] = ()
    for _ in range(_MOST_ROUNDS):
        once = _round(_over(repo, done), done.plan, is_asked, judge)
        others = tuple(one for one in once.offered if not one.holds)
        done = _and_then(done, once)
        if not once.files:
            break
    there = list(before.diagnostics)
    offered = sorted((*done.offered, *others), key=lambda one: _place_in(there, one.finding))
    return done._replace(offered=tuple(offered))


def _place_in(there: list[Diagnostic], found: Diagnostic) -> int:
    """As the check told them; what was found on the way comes last."""
    return there.index(found) if found in there else len(there)


def _over(repo: Snapshot, done: "Mended | _Tried") -> Snapshot:
    return overlaid(repo, instead=done.files, executable=done.executable) if done.files else repo


def _and_then(done: Mended, once: Mended) -> Mended:
    held = tuple(one for one in once.offered if one.holds)
    files, executable = {**done.files, **once.files}, done.executable | once.executable
    return Mended((*done.offered, *held), files, executable, once.plan)


def _wanted(plan: Plan, is_asked: Asked) -> dict[Fix, list[Diagnostic]]:
    """The fixes that a plan's findings have, each with those that it is for."""
    wanted: dict[Fix, list[Diagnostic]] = {}
    for found in plan.diagnostics:
        if found.fix is not None and not found.suppressed and is_asked(found):
            wanted.setdefault(found.fix, []).append(found)
    return wanted


def _round(repo: Snapshot, before: Plan, is_asked: Asked, judge: Judge) -> Mended:
    """All fixes together; where that does not hold, one after the other; where none does, one with those of what it
    uncovers."""
    wanted = _wanted(before, is_asked)
    if not wanted:
        return Mended((), {}, frozenset(), before)
    together = _tried(repo, before, judge, wanted, tuple(wanted))
    if together is not None and not together.because:
        offered = tuple(Offered(finding=these[0], fix=fix, holds=True) for fix, these in wanted.items())
        return Mended(offered, together.files, together.executable, together.plan)
    alone = _one_by_one(repo, before, judge, wanted)
    if alone.files:
        return alone
    pairs = (_with_the_next(repo, before, judge, is_asked, (fix, wanted[fix])) for fix in wanted)
    return next((pair for pair in pairs if pair is not None), alone)


def _with_the_next(
    repo: Snapshot, before: Plan, judge: Judge, is_asked: Asked, first: tuple[Fix, list[Diagnostic]]
) -> Mended | None:
    """A fix and those of the findings that only it lets be seen; None where they do not mend it together."""
    fix, gone = first
    one = _tried(repo, before, judge, {fix: gone}, (fix,))
    if one is None:
        return None
    old = _counted(before)
    following = _wanted(one.plan, lambda found: _kind(found) not in old and is_asked(found))
    two = _tried(_over(repo, one), one.plan, judge, following, tuple(following)) if following else None
    if two is None or _not_better(before, two.plan, gone):
        return None
    offered = [Offered(finding=these[0], fix=it, holds=True) for it, these in ((fix, gone), *following.items())]
    return Mended(tuple(offered), {**one.files, **two.files}, one.executable | two.executable, two.plan)


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
