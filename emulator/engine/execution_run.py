"""A service that ends by itself: each deploy of it is prepared, then run once, be it a job or a cron run.

It stands where a `ServiceRun` stands for one that goes on, and is asked the same.
"""

import threading

from emulator.model.control import InstanceStatus
from emulator.model.event import ServiceVerdict, VerdictKind

from . import problems
from .boot_steps import Outcome
from .deploys import Decided, Deploys, ServiceContext
from .executing import task_run
from .job import Canceled, Job
from .release import Release
from .task_run import TaskRun


class ExecutionRun:
    """Makes one run at a time; one that is asked for during another cancels it."""

    live: int | None = None
    under_way: int | None = None
    url: str | None = None

    def __init__(self, context: ServiceContext) -> None:
        self.name, self.doors, self.settings, self.tell, self._decided, self._problem = context
        self._deploys = Deploys(context)
        self._cancels: dict[int, threading.Event] = {}
        """Of the runs under way and to come, by deploy."""
        self._taken_by: dict[int, int | None] = {}
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None
        self._task_run: TaskRun | None = None

    def deploy(self, job: Job) -> None:
        """Prepare and run; `decided` is called with what came of it."""
        for earlier in list(self._cancels):
            self.withdraw(earlier, by=job.deploy)
        self._deploys.jobs[job.deploy] = job
        cancel = self._cancels[job.deploy] = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(job, cancel, self._thread), name=f"run-{self.name}", daemon=True
        )
        self._thread.start()

    def withdraw(self, deploy: int, *, by: int | None = None) -> None:
        """Cancel that deploy's run, be it under way or to come. by: the deploy that takes its place."""
        cancel = self._cancels.get(deploy)
        if cancel is not None and not cancel.is_set():
            self._taken_by[deploy] = by
            cancel.set()

    def release(self, deploy: int) -> Release | None:
        return self._deploys.releases.get(deploy)

    def instances(self) -> tuple[InstanceStatus, ...]:
        """None that serves."""
        return ()

    def tell_oom(self, container: str) -> None:
        """Its end says so."""

    def end(self, *, at_once: bool) -> None:
        """Cancel what runs; at once: without its grace."""
        if at_once:
            self._hurry.set()
        for deploy in list(self._cancels):
            self.withdraw(deploy)

    def hurry(self) -> None:
        self._hurry.set()

    def wait(self, timeout_s: float) -> bool:
        """Whether all has ended within the time."""
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def sweep(self) -> None:
        """After the end: remove what an error kept from being removed. Raises HostError."""
        if self._task_run is not None:
            self._task_run.remove_all()

    # ---- one run

    def _run(self, job: Job, cancel: threading.Event, before: threading.Thread | None) -> None:
        """In a thread of its own."""
        if before is not None:
            before.join()
        self.under_way = job.deploy
        try:
            self._performed(job, cancel)
        except BaseException as problem:  # noqa: BLE001 - raised again by who waits for this service
            self._problem(problem)
        finally:
            self.under_way = None
            del self._cancels[job.deploy]

    def _performed(self, job: Job, cancel: threading.Event) -> None:
        try:
            is_ready = self._deploys.made(job, cancel)
        except Canceled:
            self._decided(self._canceled(job))
            return
        if not is_ready:
            self._decided(self._deploys.unready(job.deploy))
            return
        self._deploys.forget({job.deploy})
        ready = self._deploys.releases[job.deploy]
        run = self._task_run = task_run(
            ready, 1, self.doors, self.settings, tell=self.tell, cancel=cancel, hurry=self._hurry.is_set
        )
        outcome = run.until_decided()
        if outcome.verdict is VerdictKind.CANCELED:
            self._decided(self._canceled(job))
        elif outcome.verdict.good:
            verdict = ServiceVerdict(name=self.name, verdict=outcome.verdict, reason=f"{self.name}: {outcome.reason}")
            self._decided(Decided(job.deploy, verdict, outcome.platform_seconds))
        else:
            self._not_good(job, ready, run, outcome)

    def _canceled(self, job: Job) -> Decided:
        return self._deploys.canceled(job.deploy, by=self._taken_by.pop(job.deploy, None))

    def _not_good(self, job: Job, release: Release, run: TaskRun, outcome: Outcome) -> None:
        cause = problems.boot_cause(job.service, outcome, run.last_lines, release.scene)
        cause = problems.with_files(cause, run.written_mib)
        decided = self._deploys.failed(
            job.deploy, "boot", outcome.verdict, cause, code=outcome.code, platform_seconds=outcome.platform_seconds
        )
        self._decided(decided)
