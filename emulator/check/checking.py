"""A plan and its repository → the plan with every other finding added, in the order of the files."""

from collections.abc import Iterable, Iterator

from emulator.config import Ignored
from emulator.formats.dockerfile.base_images import short_name
from emulator.image.findings import Builds, build_findings
from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.plan import Plan, Service
from emulator.model.record import replace
from emulator.snapshot import Snapshot

from .own_code import OwnCode
from .registry import FINDERS, LACKING, replaced_by
from .silencing import Silencing
from .subject import Known, subjects


def check(known: Known, service: Service, plan: Plan, *, is_built: bool = True) -> tuple[Diagnostic, ...]:
    """What the rules find at one service, besides what the plan says already. is_built: False: its image is never
    made, so that it is not said what that lacks. Pure."""
    found: list[Diagnostic] = []
    for subject in subjects(known, service, plan):
        for finder in LACKING if is_built else ():
            told = list(finder.find(subject))
            found += told
            if any(one.severity is Severity.ERROR for one in told):
                break
        found += [diagnostic for finder in FINDERS for diagnostic in finder.find(subject)]
    return tuple(dict.fromkeys(found))


def checked(repo: Snapshot, plan: Plan, ignored: tuple[Ignored, ...] = (), *, whole: bool = True) -> Plan:
    """The plan with the findings of its services, as `checked_each` says."""
    return checked_each(repo, (plan,), ignored, whole=whole)[0]


def checked_each(
    repo: Snapshot, plans: Iterable[Plan], ignored: tuple[Ignored, ...] = (), *, whole: bool = True
) -> tuple[Plan, ...]:
    """Plans of one repository for several platforms, each with the findings of its services, silenced where the user
    says so; in file and line order. What is built from another repository is not looked at: its files are not here.
    whole: whether the plans hold all services, so that a silencing which none of them needs is one too many."""
    builds = Builds(repo)
    known = Known(builds, OwnCode(repo))
    silencing = Silencing(repo, ignored)
    marked = [(plan, silencing.marked(plan, _found(known, plan))) for plan in plans]
    wrong = list(silencing.wrong(whole=whole))
    return tuple(replace(plan, diagnostics=tuple(sorted([*found, *wrong], key=_place))) for plan, found in marked)


def _found(known: Known, plan: Plan) -> list[Diagnostic]:
    """What the plan says already, where no rule says it more fully, and what the rules find."""
    services = tuple(service for service in plan.services if service.build.repository is None)
    found = list(_of_builds(known.builds, services))
    unbuilt = {one.service for one in found if one.severity is Severity.ERROR}
    for service in services:
        found += check(known, service, plan, is_built=service.name not in unbuilt)
    return [d for d in plan.diagnostics if not any(_replaces(new, d) for new in found)] + found


def _of_builds(builds: Builds, services: tuple[Service, ...]) -> Iterator[Diagnostic]:
    """Why builds end, and what they leave out. Rules are loaded where an instruction is one they look at."""
    yield from build_findings(builds, services)
    all_builds = (build for one in services for build in (one.build, *(each.build for each in one.containers)))
    worked = [builds.of(build) for build in all_builds]
    steps = [step for one in worked if one is not None for stage in one.stages.values() for step in stage.steps]
    if any(step.installs for step in steps):
        from .packages import install_findings

        yield from install_findings(builds, services)
    if any(step.installs and step.user for step in steps):
        from .ownership import ownership_findings

        yield from ownership_findings(builds, services)
    if any(step.instruction.keyword == "RUN" for step in steps):
        from .tools_used import tool_findings

        yield from tool_findings(builds, services)
    if any(pair.key == "PATH" for step in steps for pair in step.instruction.pairs):
        from .search_path import path_findings

        yield from path_findings(builds, services)
    if any(short_name(stage.stage.base) == "golang" for one in worked if one for stage in one.stages.values()):
        from .language_versions import go_findings

        yield from go_findings(builds, services)
    if any(step.instruction.flag("from") and "target/" in step.instruction.source for step in steps):
        from .artifacts import artifact_findings

        yield from artifact_findings(builds, services)


def _replaces(new: Diagnostic, old: Diagnostic) -> bool:
    """Whether a finding says what the plan says of the same service, and more fully."""
    return new.service == old.service and old.code.partition("/")[2] in replaced_by(new.code)


def _place(diagnostic: Diagnostic) -> tuple[bool, str, int, int]:
    """Sorts by file, line and column; what has no place comes first."""
    origin = diagnostic.origin
    return (True, origin.file, origin.line, origin.column) if origin else (False, "", 0, 0)
