"""The checks of the battery, in the order in which they are told, and what becomes of each for a service."""

from collections.abc import Collection

from emulator.model.diagnostic import Diagnostic
from emulator.model.plan import Service
from emulator.model.verification import CheckResult

from . import cold_start, empty_disk, health, interfaces, logs, memory, port, shutdown
from .check import Check, Conclusion, Step, Subject
from .seen import Seen

CHECKS: tuple[Check, ...] = (
    port.CHECK, interfaces.CHECK, shutdown.CHECK, empty_disk.CHECK, memory.CHECK, cold_start.CHECK, health.CHECK,
    logs.CHECK,
)  # fmt: skip


def wanted(only: Collection[str], skip: Collection[str]) -> frozenset[str]:
    """The names of the checks that are asked for."""
    return frozenset(one.name for one in CHECKS if (not only or one.name in only) and one.name not in skip)


def steps_of(service: Service, names: Collection[str]) -> frozenset[Step]:
    """What has to be done with a live service for these checks."""
    found: frozenset[Step] = frozenset()
    for one in CHECKS:
        if one.name in names and one.excuse(service) is None:
            found |= one.steps
    return found


def conclusions(subject: Subject, seen: Seen, names: Collection[str]) -> tuple[CheckResult, ...]:
    """All checks of a service that went live, or ended as it should."""
    return tuple(one.result(_concluded(one, subject, seen, names)) for one in CHECKS)


def _concluded(check: Check, subject: Subject, seen: Seen, names: Collection[str]) -> Conclusion:
    excuse = check.excuse(subject.service)
    if check.name not in names:
        return Conclusion("skipped", "not asked for")
    if excuse is not None:
        return Conclusion("not-applicable", excuse)
    conclusion = check.conclude(subject, seen)
    in_vain = conclusion.result == "not-told" and seen.again is not None and not seen.again.live
    return Conclusion("not-tried", "a new container does not go live, to try it with") if in_vain else conclusion


def without_service(
    service: Service, names: Collection[str], code: str, cause: Diagnostic | None
) -> tuple[CheckResult, ...]:
    """All checks of a service that did not go live. code: why; where that is what a check is about, it failed."""
    return tuple(one.result(_untried(one, service, names, code, cause)) for one in CHECKS)


def _untried(
    check: Check, service: Service, names: Collection[str], code: str, cause: Diagnostic | None
) -> Conclusion:
    excuse = check.excuse(service)
    if check.name not in names:
        return Conclusion("skipped", "not asked for")
    if code in check.broken_by and cause is not None:
        return Conclusion("failed", cause.message, (), cause.help)
    if excuse is not None:
        return Conclusion("not-applicable", excuse)
    return Conclusion("not-tried", "it does not go live")
