"""A plan and its repository → the plan with every other finding added, in the order of the files."""

from emulator.config import Ignored
from emulator.image.findings import Builds
from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.plan import Plan, Service
from emulator.model.record import replace
from emulator.snapshot import Snapshot

from .artifacts import artifact_findings
from .building import what_fails
from .own_code import OwnCode
from .packages import install_findings
from .registry import FINDERS, LACKING, rule_of
from .silencing import silenced
from .subject import Known, subjects


def check(known: Known, service: Service, plan: Plan, *, is_built: bool = True) -> tuple[Diagnostic, ...]:
    """What the rules find at one service, besides what the plan says already. is_built: False: its image is never
    made, so that it is not said what that lacks. Pure."""
    found: list[Diagnostic] = []
    for subject in subjects(known, service, plan):
        for _, find in LACKING if is_built else ():
            told = list(find(subject))
            found += told
            if any(one.severity is Severity.ERROR for one in told):
                break
        found += [diagnostic for _, find in FINDERS for diagnostic in find(subject)]
    return tuple(dict.fromkeys(found))


def checked(repo: Snapshot, plan: Plan, ignored: tuple[Ignored, ...] = ()) -> Plan:
    """The plan with the findings of its services, silenced where the user says so; in file and line order.
    What is built from another repository is not looked at: its files are not here."""
    builds = Builds(repo)
    known = Known(builds, OwnCode(repo))
    services = tuple(service for service in plan.services if service.build.repository is None)
    found = [*what_fails(builds, services), *install_findings(builds, services)]
    found += artifact_findings(builds, services)
    unbuilt = {one.service for one in found if one.severity is Severity.ERROR}
    for service in services:
        found += check(known, service, plan, is_built=service.name not in unbuilt)
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
