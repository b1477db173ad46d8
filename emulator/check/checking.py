"""A plan and its repository → the plan with every other finding added, in the order of the files."""

from emulator.config import Ignored
from emulator.image.findings import Builds
from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.plan import Plan, Service
from emulator.model.record import replace
from emulator.snapshot import Snapshot

from .building import what_fails
from .packages import install_findings
from .registry import FINDERS, OF_THE_IMAGE, rule_of
from .silencing import silenced
from .subject import subjects


def check(builds: Builds, service: Service, plan: Plan) -> tuple[Diagnostic, ...]:
    """What the rules find at one service, besides what the plan says already. Pure."""
    found: list[Diagnostic] = []
    for subject in subjects(builds, service, plan):
        lacking = False
        for rule, find in FINDERS:
            # What the image lacks first decides how the start ends; what else it lacks nobody gets to see.
            if lacking and rule.code in OF_THE_IMAGE:
                continue
            told = list(find(subject))
            lacking = lacking or (rule.code in OF_THE_IMAGE and any(one.severity is Severity.ERROR for one in told))
            found += told
    return tuple(dict.fromkeys(found))


def checked(repo: Snapshot, plan: Plan, ignored: tuple[Ignored, ...] = ()) -> Plan:
    """The plan with the findings of its services, silenced where the user says so; in file and line order."""
    builds = Builds(repo)
    found = [*what_fails(builds, plan.services), *install_findings(builds, plan.services)]
    unbuilt = {one.service for one in found if one.severity is Severity.ERROR}
    for service in plan.services:
        # Of an image that is never made, it is not said what it lacks.
        lacking = service.name in unbuilt
        found += [one for one in check(builds, service, plan) if not (lacking and one.code in OF_THE_IMAGE)]
    told = [d for d in plan.diagnostics if not any(_replaces(new, d) for new in found)]
    return replace(plan, diagnostics=tuple(sorted(silenced(repo, plan, [*told, *found], ignored), key=_place)))


def _replaces(new: Diagnostic, old: Diagnostic) -> bool:
    """Whether a finding says what the plan says of the same service, and more fully."""
    rule = rule_of(new.code)
    return rule is not None and new.service == old.service and old.code.partition("/")[2] in rule.replaces


def _place(diagnostic: Diagnostic) -> tuple[bool, str, int, int]:
    """Sorts by file, line and column; what has no place comes first."""
    origin = diagnostic.origin
    return (True, origin.file, origin.line, origin.column) if origin else (False, "", 0, 0)
