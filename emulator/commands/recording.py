"""What a session writes down of its deploys: each as it is decided, and what comes to light after that."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from emulator.commands.ahead import Ahead, Latest
from emulator.commands.planning import Planned
from emulator.commands.teller import Teller
from emulator.commands.underway import Underway
from emulator.engine.ledger import Ledger
from emulator.engine.release import Release
from emulator.model.diagnostic import HostError, Severity
from emulator.model.difference import Difference, differences, told_once
from emulator.model.event import DeployTimed, DiagnosticFound, Event, Stopped, Trigger, Verdict
from emulator.model.history import MOST_DIFFERENCES, MOST_FILES, DeployRecord, ServiceRecord
from emulator.model.record import replace
from emulator.request import Project, World


class _Begun(NamedTuple):
    """What is known of a deploy when it begins."""

    commit: str | None = None
    check_s: float | None = None
    differences: tuple[str, ...] = ()
    changed: "Ahead[tuple[str, ...] | None] | None" = None
    """The files in which it differs from the deploy before."""


class Recorder:
    """A disk that is full costs the record of a deploy, never the deploy."""

    def __init__(self, teller: Teller, project: Project, platform: str, root: str) -> None:
        self._teller = teller
        self._project = project
        self._platform = platform
        self._root = root
        self._ledger = Ledger()
        self._planned: Planned | None = None
        self._marking = Latest(self._mark)
        self._begun: dict[int, _Begun] = {}
        teller.also(self._ledger.heard)

    def begun(self, number: int, planned: Planned, trigger: Trigger) -> None:
        """A deploy begins, of what the plan says, which may differ from what the one before did."""
        plan = planned.resolution.plan
        lines, changed = self._differences(planned), None
        # Of a save it is told, which is faster than looking; and what is pinned to a commit is not what lies there.
        if trigger != "save" and plan.snapshot.kind in ("worktree", "folder"):
            changed = Ahead(lambda: self._mark(number))
        self._begun[number] = _Begun(plan.snapshot.commit, round(planned.seconds, 3), lines, changed)

    def begun_again(
        self, number: int, commit: str | None, built: tuple[int | None, int], changes: Iterable[Difference]
    ) -> None:
        """A deploy begins of what an earlier one was built for. built: the deploys that built what serves, and what
        will. changes: of what is run now."""
        lines = tuple(str(one) for one in told_once(changes))
        one, other = built
        between = (lambda: self._project.files_between(self._root, one, other)) if one is not None else lambda: None
        self._begun[number] = _Begun(commit, differences=lines, changed=Ahead(between))

    def _mark(self, number: int) -> tuple[str, ...] | None:
        """What lies there is what that deploy is made of. A disk that is full costs only that it is known."""
        with contextlib.suppress(HostError):
            return self._project.mark_files(self._root, number)
        return None

    def _differences(self, planned: Planned) -> tuple[str, ...]:
        """What changed in the plan since the deploy before, be it of an earlier run; of values that are never printed,
        since one of this run."""
        earlier, self._planned = self._planned, planned
        plan = planned.resolution.plan
        before = self._project.last_plan() if earlier is None else earlier.resolution.plan
        with contextlib.suppress(HostError):
            self._project.keep_plan(plan)
        if before is None or before.platform != plan.platform:
            return ()
        lines = [str(one) for one in told_once(differences(before, plan))]
        if earlier is not None:
            old, new = earlier.resolution.secrets, planned.resolution.secrets
            there = {service.name for service in before.services}
            lines += [
                f"{one.name}: a value that is not printed changed"
                for one in plan.services if one.name in there and old.of(one.name) != new.of(one.name)
            ]  # fmt: skip
        return tuple(lines)

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
        if underway.trigger == "save":
            self._marking.ask(number)

    def _write(
        self, underway: Underway, verdict: Verdict, services: tuple[ServiceRecord, ...], images: Mapping[str, str] = {}
    ) -> None:
        number = underway.number
        begun, saved = self._begun.pop(number, _Begun()), self._ledger.saved(number)
        changed, count = (saved.paths, saved.count) if saved is not None else ((), None)
        if begun.changed is not None and (differing := begun.changed.wait()) is not None:
            changed, count = differing, len(differing)
        seconds = self._ledger.began_ago(number, self._teller.since_began())
        record = DeployRecord(
            deploy=number, at=0, platform=self._platform, trigger=underway.trigger, verdict=verdict.verdict,
            reason=verdict.reason, images=dict(images), image_of=underway.image_of, commit=begun.commit,
            seconds=round(seconds, 3) if seconds is not None else None, check_s=begun.check_s,
            changed=changed[:MOST_FILES], changed_count=count,
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
        """A deploy was not made, or not to its end: write down that it was asked for, and why."""
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
