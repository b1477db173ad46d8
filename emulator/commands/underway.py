"""One deploy of all services of a plan, until each is decided."""

import threading
from collections.abc import Iterable

from emulator.engine.deploys import Decided
from emulator.model.diagnostic import Fault
from emulator.model.event import ServiceVerdict, Trigger, Verdict, VerdictKind

_HEED_EVERY_S = 0.1
"""A signal that another thread gets does not wake the main one, which alone heeds it."""


class Underway:
    """Collects what becomes of the services of deploy `number`. `decided` may be called from any thread."""

    def __init__(self, number: int, trigger: Trigger, services: Iterable[str], *, image_of: int | None = None) -> None:
        self.number = number
        self.trigger = trigger
        self.image_of = image_of
        self.names = tuple(services)
        self._decided: dict[str, Decided] = {}
        self._changed = threading.Condition()
        self._abandoned = False
        self.finished = threading.Event()
        """Its verdict is told and remembered."""

    def decided(self, decided: Decided) -> bool:
        """Whether it was the last one."""
        with self._changed:
            self._decided[decided.verdict.name] = decided
            self._changed.notify_all()
            return set(self.names) <= self._decided.keys()

    def verdicts(self) -> dict[str, ServiceVerdict]:
        """Those so far, by service."""
        with self._changed:
            return {name: one.verdict for name, one in self._decided.items()}

    def abandon(self) -> None:
        """What is not decided will not be."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()
        self.finished.set()

    def wait(self, services: Iterable[str], cancel: threading.Event | None = None) -> bool:
        """Wait until these services are decided, or `cancel` is set; whether they are."""
        wanted = set(services)
        with self._changed:
            while not self._changed.wait_for(lambda: self._abandoned or wanted <= self._decided.keys(), _HEED_EVERY_S):
                if cancel is not None and cancel.is_set():
                    return False
            return wanted <= self._decided.keys()

    def any_live(self, names: Iterable[str]) -> bool:
        """Whether any of these went live."""
        wanted = set(names)
        return any(one.verdict.verdict is VerdictKind.LIVE and one.verdict.name in wanted for one in self._all)

    @property
    def _all(self) -> list[Decided]:
        return [self._decided[name] for name in self.names if name in self._decided]

    def verdict(self) -> Verdict:
        """The first bad one of all services, before those that only were not begun for it; else that all are live."""
        decided = self._all
        bads = [one for one in decided if not one.verdict.verdict.good]
        bad = next((one for one in bads if one.verdict.verdict is not VerdictKind.CANCELED), next(iter(bads), None))
        shown = bad or decided[0]
        cause = shown.verdict.cause
        later = None if cause is not None and cause.fault is Fault.HOST else shown.platform_seconds
        return Verdict(
            deploy=self.number,
            verdict=shown.verdict.verdict,
            reason=bad.verdict.reason if bad else ", ".join(one.verdict.reason for one in decided),
            platform_seconds=later,
            services=tuple(one.verdict for one in decided),
        )

    def canceled(self, reason: str) -> Verdict:
        """The verdict where what is not decided will not be."""
        known = self.verdicts()
        kind = VerdictKind.CANCELED
        services = (known.get(name) or ServiceVerdict(name=name, verdict=kind, reason=reason) for name in self.names)
        return Verdict(deploy=self.number, verdict=kind, reason=reason, services=tuple(services))


def exit_code(verdict: Verdict) -> int:
    """0 for a good verdict, 1 where the platform would fail as well, 3 where only this machine is in the way."""
    if verdict.verdict.good:
        return 0
    causes = [service.cause for service in verdict.services if not service.verdict.good]
    return 3 if causes and all(cause is not None and cause.fault is Fault.HOST for cause in causes) else 1


def refused(services: Iterable[ServiceVerdict], reason: str, number: int | None) -> Verdict:
    """The verdict of a deploy that the check refuses."""
    return Verdict(deploy=number, verdict=VerdictKind.REFUSED, reason=reason, services=tuple(services))
