"""What `emu verify` found of the services that it ran: one result for each check, as it is printed."""

from typing import Literal

from .diagnostic import Diagnostic
from .event import ServiceVerdict
from .plan import ServiceType
from .record import Record

Result = Literal["held", "warned", "failed", "not-told", "not-applicable", "not-tried", "skipped"]
"""not-told: it was tried, and nothing could be seen. not-applicable: the service has no such thing. not-tried:
something else stood in the way. skipped: it was not asked for."""


class Measure(Record, frozen=True, kw_only=True):
    """The number that a check comes down to, and the platform's, both in `unit`."""

    value: float
    limit: float
    unit: Literal["s", "MiB"]


class CheckResult(Record, frozen=True, kw_only=True):
    """One check of one service.

    code: what `emu explain` knows it by. help: one thing to do.
    """

    name: str
    title: str
    code: str
    result: Result
    message: str
    facts: tuple[str, ...] = ()
    help: str | None = None
    measure: Measure | None = None


class ServiceVerification(Record, frozen=True, kw_only=True):
    """One service: how its deploy ended, and what became of each check. seconds: from its first start until it was
    live; None where it never was, or is not waited for."""

    name: str
    type: ServiceType
    verdict: ServiceVerdict
    seconds: float | None = None
    checks: tuple[CheckResult, ...]

    def with_result(self, result: Result) -> tuple[CheckResult, ...]:
        return tuple(check for check in self.checks if check.result == result)


class Verification(Record, frozen=True, kw_only=True):
    """The whole document. held: every service went live, or succeeded, and nothing failed. seconds: how long it took.
    diagnostics: the errors for which nothing was begun.
    """

    schema: str = "emu.verify/1"
    platform: str
    root: str = "."
    held: bool
    seconds: float
    services: tuple[ServiceVerification, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
