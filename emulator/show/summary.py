"""The one line that sums up a plan: how many findings, of how many services, and what that means for the deploy."""

from collections.abc import Iterable

from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.plan import Plan, ServiceType

_SERVING = (ServiceType.WEB, ServiceType.PRIVATE, ServiceType.WORKER, ServiceType.STATIC)


def summary(plan: Plan, *, checked: bool, known: int = 0) -> str:
    """ "2 errors, 1 warning in 3 services; would not go live on NAME". checked: whether the check has looked as well;
    without it nothing is said of an image. known: as for `tally`."""
    told = [d for d in plan.diagnostics if not d.suppressed]
    tallied = tally(plan.diagnostics, known)
    count = len(plan.services)
    scope = f"{count} service{'' if count == 1 else 's'}"
    if any(d.severity is Severity.ERROR for d in told):
        end = "would not go live" if any(s.type in _SERVING for s in plan.services) or not count else "would fail"
        return f"{tallied} in {_scope(told, plan) or scope}; {end} on {plan.platform}"
    if any(d.severity is Severity.WARNING for d in told):
        return f"{tallied} in {scope}; nothing found that is sure to stop it on {plan.platform}"
    further = "" if checked else " (`emu check` also looks into image and code)"
    return f"{scope} on {plan.platform} · {tallied}{further}"


def _scope(told: Iterable[Diagnostic], plan: Plan) -> str:
    """ "2 of 8 services", where the findings say of which ones they are."""
    found = {d.service for d in told if d.severity is not Severity.INFO}
    names = {service.name for service in plan.services}
    return f"{len(found)} of {len(names)} services" if found < names else ""


def tally(found: Iterable[Diagnostic], known: int = 0) -> str:
    """ "1 error, 2 warnings", or "nothing wrong found"; then how many the user has silenced. known: how many of these
    are so because a baseline knows them."""
    counts = {"error": 0, "warning": 0}
    found = list(found)
    silenced = sum(diagnostic.suppressed for diagnostic in found) - known
    for diagnostic in found:
        if diagnostic.severity != "info" and not diagnostic.suppressed:
            counts[diagnostic.severity] += 1
    words = [f"{n} {word}{'s' if n > 1 else ''}" for word, n in counts.items() if n]
    told = ", ".join(words) or ("nothing new found" if known else "nothing wrong found")
    aside = [*([f"{silenced} silenced"] if silenced else []), *([f"{known} known"] if known else [])]
    return f"{told} ({', '.join(aside)})" if aside else told
