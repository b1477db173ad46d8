"""What is said of services that are not begun, or not where they were."""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from emulator.commands.planning import Planned
from emulator.commands.underway import refused
from emulator.model.diagnostic import Diagnostic, Fault, Severity, error, warning
from emulator.model.event import NO_PLAN, DeployFailed, Event, ServiceVerdict, Verdict, VerdictKind
from emulator.model.plan import Plan

if TYPE_CHECKING:
    from emulator.world.front import PortHolder


def errors_of(planned: Planned, anyway: Collection[str] = ()) -> frozenset[str] | None:
    """The services that the check found an error of, but for those that are built anyway; None where one concerns the
    plan as a whole."""
    plan = planned.resolution.plan
    wrong = _errors(plan)
    names = {d.service for d in wrong if d.service is not None}
    every = {service.name for service in plan.services}
    if any(d.service is None for d in wrong) or not names <= every:
        return frozenset(every.difference(anyway)) if anyway else None
    return frozenset(names.difference(anyway))


def tell_refusal(
    planned: Planned, tell: Callable[[Event], None], number: int | None, live: dict[str, int | None],
    only: Collection[str] | None = None,
) -> Verdict:  # fmt: skip
    """Tell of each service, or of these, that its check found an error; the verdict."""
    plan = planned.resolution.plan
    errors = _errors(plan)
    if only is not None:
        errors = [d for d in errors if d.service is None or d.service in only] or errors
    verdicts = []
    for service in plan.services:
        if only is not None and service.name not in only:
            continue
        mine = next((d for d in errors if d.service in (None, service.name)), None)
        if mine is not None:
            verdicts.append(
                ServiceVerdict(name=service.name, verdict=VerdictKind.REFUSED, reason=mine.message, cause=mine)
            )
            tell(
                DeployFailed(
                    service=service.name,
                    deploy=number,
                    phase="check",
                    reason=mine.message,
                    code="refused",
                    still_live=live.get(service.name),
                )
            )
    return refused(verdicts, errors[0].message, number)


def tell_no_plan(
    cause: Diagnostic, tell: Callable[[Event], None], number: int, live: Mapping[str, int | None]
) -> Verdict:
    """Tell of each of these services, of which that deploy is live, that there is no plan for it; the verdict."""
    verdicts = []
    for name, still_live in live.items():
        verdicts.append(ServiceVerdict(name=name, verdict=VerdictKind.REFUSED, reason=cause.message, cause=cause))
        tell(
            DeployFailed(
                service=name, deploy=number, phase="check", reason=cause.message, code=NO_PLAN, still_live=still_live
            )
        )
    return refused(verdicts, cause.message, number)


def first_error(plan: Plan) -> Diagnostic:
    """Of a plan that has one."""
    return _errors(plan)[0]


def nothing_runs(plan: Plan) -> Diagnostic:
    """Why nothing of a plan is run: its first error, or that none of its services is imitated."""
    if wrong := _errors(plan):
        return wrong[0]
    names = ", ".join(f"{s.name} ({s.type.value}, {s.build.runtime})" for s in plan.services)
    message = f"emu cannot run {names} yet" if names else "there is no service to run"
    return error(
        "emu/not-imitated", message, fault=Fault.GAP, help="`emu plan` shows what the platform would do",
    )  # fmt: skip


def _errors(plan: Plan) -> list[Diagnostic]:
    return [d for d in plan.diagnostics if d.severity is Severity.ERROR and not d.suppressed]


def not_begun(name: str, missing: ServiceVerdict) -> Diagnostic:
    """Why a service whose datastore did not come up has no verdict: nothing can be said of it here."""
    return error(
        "up/datastore-missing",
        f"{name} was not started: it needs {missing.name}, which is not up",
        fault=missing.cause.fault if missing.cause is not None else Fault.HOST,
        service=name,
        help=f"see why {missing.name} is not up",
    )


def begun_without(name: str, missing: ServiceVerdict) -> Diagnostic:
    """The platform starts it all the same: what fails in it for lack of the other is not its own fault."""
    return warning(
        "up/needed-service-missing",
        f"{name} starts without {missing.name}, which it refers to",
        fault=missing.cause.fault if missing.cause is not None else Fault.APP,
        service=name,
        facts=(f"{missing.name}: {missing.verdict.value}",),
        help=f"see why {missing.name} is not live: {name} cannot reach it",
    )


def moved(name: str, holder: "PortHolder", url: str) -> Diagnostic:
    return warning(
        "up/port-taken",
        f"port {holder.port}, where {name} was last time, is taken by {holder}",
        fault=Fault.HOST,
        service=name,
        facts=(f"{name} is now at {url}, and stays there",),
        help="nothing need be done; to have the old address back, end that one and forget the new one",
    )
