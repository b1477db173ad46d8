"""The services that one `up` runs: each by a loop of its own, and by name, with the addresses before them."""

import contextlib
import threading
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from emulator.commands.ahead import Ahead
from emulator.commands.runnable import ends_by_itself
from emulator.commands.unmet import moved
from emulator.engine.cron_run import CronRun, NextRun
from emulator.engine.deploys import ServiceContext
from emulator.engine.execution_run import ExecutionRun
from emulator.engine.job import Job
from emulator.engine.labels import SERVICE, of_project
from emulator.engine.release import Release
from emulator.engine.runs import AnyRun
from emulator.engine.service_run import ServiceRun
from emulator.model.diagnostic import HostError
from emulator.model.event import DiagnosticFound
from emulator.model.plan import Service
from emulator.request import Project

if TYPE_CHECKING:
    from emulator.world.docker import Docker
    from emulator.world.front import Front

_DIES_IN_S = 0.5
"""How long after the kernel killed a process its container may still be said to run."""


class Fleet:
    """Its methods may be called from any thread, but for `deploy`: from one at a time.

    context_of: what the loop of a service is given. next_run: when a cron job is due; None where it is run once
    instead. lost: called when nothing is left of a service that once was live. fronts: the addresses by service, of an
    earlier `up` and for a later one: whoever gives them closes them.
    """

    def __init__(
        self, project: Project, context_of: Callable[[str], ServiceContext], *, next_run: NextRun | None,
        lost: Callable[[], None], fronts: "dict[str, Ahead[Front]] | None" = None,
    ) -> None:  # fmt: skip
        self.runs: dict[str, AnyRun] = {}
        self._project = project
        self._context_of = context_of
        self._next_run = next_run
        self._lost = lost
        self._fronts: dict[str, Ahead[Front]] = {} if fronts is None else fronts
        self._fronts_stay = fronts is not None
        self._moved = set(self._fronts)

    def deploy(self, job: Job) -> None:
        """Have its service make this deploy; `decided` of its context is called with what came of it."""
        name = job.service.name
        run = self.runs.get(name) or self._new_run(job.service)
        self.runs[name] = run
        run.deploy(job)

    def withdraw(self, deploy: int, only: Collection[str] | None = None, *, by: int | None = None) -> None:
        """Cancel what of a deploy is not decided. only: of these services. by: the deploy that takes its place."""
        for name, run in list(self.runs.items()):
            if only is None or name in only:
                run.withdraw(deploy, by=by)

    # ---- how they stand

    def live(self) -> dict[str, int | None]:
        """By service, the deploy that serves."""
        return {name: run.live for name, run in list(self.runs.items())}

    def newest_live(self) -> int | None:
        return max((live for live in self.live().values() if live is not None), default=None)

    def release(self, name: str) -> Release | None:
        """What of a service serves."""
        run = self.runs.get(name)
        return run.release(run.live) if run is not None and run.live is not None else None

    def containers(self, name: str) -> tuple[str, ...]:
        run = self.runs.get(name)
        return tuple(one.container for one in run.instances()) if isinstance(run, ServiceRun) else ()

    def watch_memory(self, docker: "Docker", root: str, over: threading.Event) -> None:
        """Tell of a process that is killed for lack of memory while the first one of its container goes on."""

        def on_oom(id: str) -> None:
            over.wait(_DIES_IN_S)  # the first process is told of as well, a moment before it is seen to end
            facts = docker.inspect(id)
            run = self.runs.get(facts.labels.get(SERVICE, "")) if facts is not None and facts.running else None
            if run is not None:
                run.tell_oom(id)

        with contextlib.suppress(HostError):  # an engine that is lost is told by whoever needs it
            docker.on_oom(of_project(root), on_oom)

    # ---- what each is run by

    def _new_run(self, service: Service) -> AnyRun:
        """What makes the deploys of a service: one that goes on, one that is run on its schedule, or one that ends."""
        context = self._context_of(service.name)
        if service.schedule is not None and self._next_run is not None:
            return CronRun(context, next_run=self._next_run)
        if ends_by_itself(service):
            return ExecutionRun(context)
        name = service.name
        front = self._fronts[name] = self._fronts.get(name) or Ahead(lambda: self._project.address(name))
        return ServiceRun(context, front=lambda: self._front(context, front), lost=self._lost, url_of=self._url_of)

    def _url_of(self, name: str) -> str | None:
        """Where a service is reached, while it is live."""
        run = self.runs.get(name)
        return run.url if run is not None and run.live is not None else None

    def _front(self, context: ServiceContext, front: "Ahead[Front]") -> "Front":
        """The address before a service; told once if it is not the one of last time."""
        address, name = front.wait(), context.name
        holder = address.busy
        if holder is not None and name not in self._moved:
            self._moved.add(name)
            context.tell(DiagnosticFound(diagnostic=moved(name, holder, address.url), service=name))
        return address

    def close(self) -> None:
        """When all has ended: nobody listens at the addresses any more."""
        while self._fronts and not self._fronts_stay:
            self._fronts.popitem()[1].wait().close()
