"""What a session writes down of its deploys: each as it is decided, and what comes to light after that."""

import contextlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from emulator.commands.planning import Planned
from emulator.commands.teller import Teller
from emulator.commands.underway import Underway
from emulator.engine.ledger import Ledger
from emulator.engine.release import Release
from emulator.model.diagnostic import HostError, Severity
from emulator.model.difference import differences
from emulator.model.event import DeployTimed, DiagnosticFound, Event, Stopped, Verdict
from emulator.model.history import MOST_DIFFERENCES, MOST_FILES, DeployRecord, ServiceRecord
from emulator.model.plan import Plan
from emulator.model.record import replace
from emulator.request import Project, World


class _Begun(NamedTuple):
    """What is known of a deploy when it begins."""

    commit: str | None
    check_s: float | None
    differences: tuple[str, ...]


class Recorder:
    """A disk that is full costs the record of a deploy, never the deploy."""

    def __init__(self, teller: Teller, project: Project, platform: str) -> None:
        self._teller = teller
        self._project = project
        self._platform = platform
        self._ledger = Ledger()
        self._plan: Plan | None = None
        self._begun: dict[int, _Begun] = {}
        teller.also(self._ledger.heard)

    def begun(self, number: int, planned: Planned, *, of_plan: bool) -> None:
        """A deploy begins. of_plan: of what the plan says, which may differ from what the one before did."""
        plan = planned.resolution.plan
        lines = self._differences(plan) if of_plan else ()
        check_s = round(planned.seconds, 3) if of_plan else None
        self._begun[number] = _Begun(plan.snapshot.commit, check_s, lines)

    def _differences(self, plan: Plan) -> tuple[str, ...]:
        """What changed in the plan since the deploy before, be it of an earlier run."""
        before, self._plan = self._plan or self._project.last_plan(), plan
        with contextlib.suppress(HostError):
            self._project.keep_plan(plan)
        if before is None or before.platform != plan.platform:
            return ()
        return tuple(str(one) for one in differences(before, plan))

    def decided(self, service: str, number: int) -> None:
        """A service of a deploy is decided: tell how long its phases took."""
        begun = self._begun.get(number)
        phases = self._ledger.phases(number, service, self._teller.since_began())
        self._teller.tell(
            DeployTimed(service=service, deploy=number, phases=phases, check_s=begun.check_s if begun else None)
        )

    def finished(self, underway: Underway, releases: Mapping[str, Release | None]) -> None:
        """All services of a deploy are decided: write it down. releases: what was prepared, without datastores."""
        number, now, verdict = underway.number, self._teller.since_began(), underway.verdict()
        images = {name: release.image for name, release in releases.items() if release is not None}
        services = (
            ServiceRecord(
                name=one.name, verdict=one.verdict, reason=one.reason,
                image=images[one.name].id if one.name in images else None,
                size=images[one.name].size if one.name in images else None,
                phases=self._ledger.phases(number, one.name, now),
            )
            for one in verdict.services
        )  # fmt: skip
        self._write(underway, verdict, tuple(services), {name: image.id for name, image in images.items()})

    def _write(
        self, underway: Underway, verdict: Verdict, services: tuple[ServiceRecord, ...], images: Mapping[str, str] = {}
    ) -> None:
        number = underway.number
        begun, saved = self._begun.pop(number, _Begun(None, None, ())), self._ledger.saved(number)
        seconds = self._ledger.began_ago(number, self._teller.since_began())
        record = DeployRecord(
            deploy=number, at=0, platform=self._platform, trigger=underway.trigger, verdict=verdict.verdict,
            reason=verdict.reason, images=dict(images), image_of=underway.image_of, commit=begun.commit,
            seconds=round(seconds, 3) if seconds is not None else None, check_s=begun.check_s,
            changed=saved.paths[:MOST_FILES] if saved is not None else (),
            changed_count=saved.count if saved is not None else None,
            differences=begun.differences[:MOST_DIFFERENCES], differences_count=len(begun.differences),
            services=services,
        )  # fmt: skip
        try:
            self._project.record(record)
        except HostError as problem:
            fact = f"deploy {number} is not among what `emu deploys` lists, nor can be gone back to"
            found = replace(problem.diagnostic, severity=Severity.WARNING, facts=(fact,))
            self._teller.tell(DiagnosticFound(diagnostic=found, deploy=number))
        self._ledger.forget(number)

    def refused(self, underway: Underway, verdict: Verdict) -> None:
        """Nothing of a deploy was begun: write down that it was asked for, and why it was not made."""
        services = (ServiceRecord(name=one.name, verdict=one.verdict, reason=one.reason) for one in verdict.services)
        self._write(underway, verdict, tuple(services))

    def heard(self, event: Event) -> None:
        """After an event was told: the end of an instance may be the end of a deploy's last phase."""
        if not isinstance(event, Stopped):
            return
        for (number, service), seconds in self._ledger.take_drains().items():
            with contextlib.suppress(HostError):
                self._project.record_drain(number, service, seconds)


def timed(world: World, plan: Callable[[], Planned]) -> Planned:
    """What is planned, with how long that took added to what it says."""
    clock = world.clock()
    began = clock.now()
    planned = plan()
    return planned._replace(seconds=planned.seconds + clock.now() - began)
