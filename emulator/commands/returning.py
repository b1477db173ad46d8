"""A restart and a rollback: deploys of what was built before, by the images of that time."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from emulator.commands.fleet import Fleet
from emulator.commands.jobs import Jobs
from emulator.commands.targets import restart_targets, rollback_targets
from emulator.engine.job import Job
from emulator.engine.release import Release
from emulator.engine.runs import AnyRun
from emulator.model.diagnostic import UsageError
from emulator.model.difference import Difference, service_differences
from emulator.model.event import Trigger
from emulator.model.history import DeployRecord


class Return(NamedTuple):
    """To what each service goes back. one that an earlier run of `up` built is a Job with today's settings: its own are
    not kept. image_of: the deploy whose images are run again."""

    trigger: Trigger
    to: tuple[Release | Job, ...]
    image_of: int


class Returning(NamedTuple):
    """users: the services but for the datastores. network: the project's own, by its id."""

    fleet: Fleet
    users: dict[str, AnyRun]
    jobs: Jobs
    network: str | None

    def restart(self, names: tuple[str, ...]) -> Return:
        """Of what is live of these services, or of all. Raises UsageError for a name that is not live."""
        releases = restart_targets(self.fleet.runs, self.users, names)
        return self._to("restart", releases, max(release.job.deploy for release in releases))

    def rollback(self, to: int | None, names: tuple[str, ...]) -> Return:
        """To an earlier deploy: the images of that time, and their settings where this run made them. to: None for the
        one before. names: of these services alone. Raises UsageError where there is none."""
        targets = rollback_targets(self.jobs.project.history(), to, self.fleet.live(), names)
        found = [self._earlier(name, record) for name, record in targets.items() if name in self.fleet.runs]
        releases = [release for release in found if release is not None]
        if not releases:
            raise UsageError("nothing of that deploy is in the plan any more", help="deploy with `emu up`")
        return self._to("rollback", releases, max(record.deploy for record in targets.values()))

    def _to(self, trigger: Trigger, to: Sequence[Release | Job], image_of: int) -> Return:
        return Return(trigger, tuple(to), self.built(image_of))

    def _earlier(self, name: str, record: DeployRecord) -> Release | Job | None:
        """What a service ran in a deploy."""
        release = self.fleet.runs[name].release(record.deploy)
        if release is not None:
            return release
        services = self.jobs.planned.resolution.plan.services
        service = next((s for s in services if s.name == name), None)
        if service is None:
            return None
        job = self.jobs.of(0, service, self.network, is_live=self.fleet.runs[name].live is not None)
        return job._replace(image=record.images[name])

    def built(self, deploy: int) -> int:
        """The deploy that built what `deploy` runs: that one's images are to be kept."""
        record = self.jobs.project.history().find(deploy)
        return deploy if record is None or record.image_of is None else record.image_of

    def jobs_of(self, back: Return, number: int) -> list[Job]:
        """The parts of the deploy of that number."""
        return [
            one._replace(deploy=number)
            if isinstance(one, Job)
            else one.job._replace(
                deploy=number, image=one.image.id, kept=self.jobs.project.history().kept(one.job.service.name),
                gate=None, hidden=one.job.hidden | self.jobs.printed(one.job.service),
            )
            for one in back.to
        ]  # fmt: skip

    def changes(self, jobs: Sequence[Job]) -> Iterator[Difference]:
        """In what these differ from what is live."""
        for job in jobs:
            live = self.fleet.release(job.service.name)
            yield from service_differences(live.job.service, job.service) if live is not None else ()
