"""Two plans of one repository, and the files between them → what the change does. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence

from emulator.commands.comparing import ORDER, facts_of
from emulator.commands.planning import Planned
from emulator.commands.reaction import filtered, is_pushed
from emulator.image.saved import saved
from emulator.model.change import Aspect, ChangedService, FileChange, PlanChange, Turn
from emulator.model.choice import Decision
from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.difference import service_differences
from emulator.model.plan import Service
from emulator.model.record import replace

_BY_VALUE = ("env", "sets")
"""Aspects that are lists of names: a value that changed shows in the differences alone."""


def changed(before: Planned, after: Planned, files: Sequence[FileChange]) -> PlanChange:
    """What the platform would do otherwise. files: every path in which the two snapshots differ."""
    one, two = before.resolution.plan, after.resolution.plan
    old = {service.name: service for service in one.services}
    new = {service.name: service for service in two.services}
    there = [_there(before, after, old.get(service.name), service, files) for service in two.services]
    because = "it is in no file any more"
    gone = [
        ChangedService(name=name, type=service.type.value, fate="removed", deploys=False, because=because)
        for name, service in old.items()
        if name not in new
    ]
    return PlanChange(
        files=tuple(files),
        services=(*there, *gone),
        decisions=_turns((one.detected, *one.decisions), (two.detected, *two.decisions)),
        added=_only(two.diagnostics, one.diagnostics),
        fixed=_only(one.diagnostics, two.diagnostics),
        before=one,
        after=two,
    )


def _there(
    before: Planned, after: Planned, old: Service | None, new: Service, files: Sequence[FileChange]
) -> ChangedService:
    """A service of the later plan."""
    told = ChangedService(name=new.name, type=new.type.value, fate="same", deploys=False, because="")
    if old is None:
        return replace(told, fate="added", deploys=True, because="it is new")
    differences = service_differences(old, new)
    hidden = before.resolution.secrets.of(new.name) != after.resolution.secrets.of(new.name)
    if differences or hidden:
        return replace(
            told, fate="changed", deploys=True,
            because="its plan changes" if differences else "a value that is not printed changes",
            aspects=tuple(_aspects(old, new)), differences=differences,
            decisions=_turns(old.decisions, new.decisions),
        )  # fmt: skip
    deploys, because = _by_files(after, new, files)
    return replace(told, deploys=deploys, because=because)


def _by_files(after: Planned, service: Service, files: Sequence[FileChange]) -> tuple[bool, str]:
    """Whether one of the files makes the platform deploy a service whose plan is the same, and why."""
    if not files:
        return False, "no file changes"
    if service.datastore is not None:
        return False, "it is built from no file"
    rule = service.auto_deploy
    if rule is not None and rule.off:
        return False, f"a push deploys nothing: {rule.off}"
    seen = saved(after.repo, service.build, frozenset(change.path for change in files))
    pushed = tuple(filtered(rule, one) for one in seen)
    reaching = [one.path for one in pushed if one.why is None]
    if reaching:
        more = f" and {len(reaching) - 1} more" if len(reaching) > 1 else ""
        return True, f"{reaching[0]}{more} {'reach' if more else 'reaches'} its build"
    idle = next((one for one in seen if rule is not None and is_pushed(rule, one)), None)
    if idle is not None:
        return True, f"{idle.path} is pushed, though it reaches no build"
    first = next((one for one in pushed if one.why is not None), None)
    return False, f"{first.path}: {first.why}" if first is not None else "no service is built from it"


def _aspects(old: Service, new: Service) -> Iterator[Aspect]:
    """The facts that changed, in the order in which a plan tells them."""
    before, after = facts_of(old), facts_of(new)
    for name in ORDER:
        one, two = before.get(name, (None, None)), after.get(name, (None, None))
        if one[0] != two[0]:
            yield Aspect(name=name, before=one[0], after=two[0], before_origin=one[1], after_origin=two[1])


def _turns(before: Sequence[Decision], after: Sequence[Decision]) -> tuple[Turn, ...]:
    """The questions with another answer, or another rule behind it; places alone do not count."""
    old, new = {d.id: d for d in before}, {d.id: d for d in after}
    return tuple(
        Turn(before=old.get(id), after=new.get(id))
        for id in dict.fromkeys((*new, *old))
        if _answered(old.get(id)) != _answered(new.get(id))
    )


def _answered(decision: Decision | None) -> tuple[str, str | None] | None:
    return (decision.answer, decision.rule) if decision is not None else None


def _only(these: Sequence[Diagnostic], those: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings that `those` do not have. A finding is the same wherever in its file it stands."""
    left = Counter(map(_identity, those))
    found = []
    for diagnostic in these:
        if left[_identity(diagnostic)]:
            left[_identity(diagnostic)] -= 1
        else:
            found.append(diagnostic)
    return tuple(found)


def _identity(found: Diagnostic) -> tuple[str, Severity, str | None, str, str | None, bool]:
    file = found.origin.file if found.origin is not None else None
    return found.code, found.severity, found.service, found.message, file, found.suppressed
