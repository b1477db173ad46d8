"""A service that ends by itself: each deploy of it is prepared, then run once, be it a job or a cron run.

It stands where a `ServiceRun` stands for one that goes on, and is asked the same.
"""

import threading
from collections.abc import Callable

from emulator.model.control import InstanceStatus
from emulator.model.event import ServiceVerdict, VerdictKind

from . import problems
from .boot_steps import Outcome
from .deploys import Decided, Deploys
from .executing import task_run
from .job import Canceled, Doors, Job, Settings, Tell
from .release import Release
from .task_run import TaskRun


class ExecutionRun:
    """Makes one run at a time; one that is asked for during another cancels it.

    decided: called once for every deploy that was asked for. problem: called with what no run can go on after.
    """

    live: int | None = None
    under_way: int | None = None
    url: str | None = None

    def __init__(
        self,
        name: str,
        *,
        doors: Doors,
        settings: Settings,
        tell: Tell,
        decided: Callable[[Decided], None],
        problem: Callable[[BaseException], None],
    ) -> None:
        self.name = name
        self.doors = doors
        self.settings = settings
        self.tell = tell
        self._decided = decided
        self._problem = problem
        self._deploys = Deploys(name, doors, settings, tell)
        self._cancel = threading.Event()
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None
        self._task_run: TaskRun | None = None

    def deploy(self, job: Job) -> None:
        """Prepare and run; `decided` is called with what came of it."""
        self._deploys.jobs[job.deploy] = job
        before, self._cancel = self._cancel, threading.Event()
        before.set()
        self._thread = threading.Thread(
            target=self._run, args=(job, self._cancel, self._thread), name=f"run-{self.name}", daemon=True
        )
        self._thread.start()

    def withdraw(self, deploy: int) -> None:
        """Cancel the run if it is that deploy's."""
        if self.under_way == deploy:
            self._cancel.set()

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
        self._cancel.set()

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

    def _performed(self, job: Job, cancel: threading.Event) -> None:
        try:
            is_ready = self._deploys.made(job, cancel)
        except Canceled:
            self._decided(self._deploys.canceled(job.deploy))
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
            self._decided(self._deploys.canceled(job.deploy))
        elif outcome.verdict.good:
            verdict = ServiceVerdict(name=self.name, verdict=outcome.verdict, reason=f"{self.name}: {outcome.reason}")
            self._decided(Decided(job.deploy, verdict, outcome.platform_seconds))
        else:
            self._not_good(job, ready, run, outcome)

    def _not_good(self, job: Job, release: Release, run: TaskRun, outcome: Outcome) -> None:
        cause = problems.boot_cause(job.service, outcome, run.last_lines, release.scene)
        cause = problems.with_files(cause, run.written_mib)
        decided = self._deploys.failed(
            job.deploy, "boot", outcome.verdict, cause, code=outcome.code, platform_seconds=outcome.platform_seconds
        )
        self._decided(decided)
