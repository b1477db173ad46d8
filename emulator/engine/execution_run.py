"""A service that ends by itself: each deploy of it is prepared, then run once, be it a job or a cron run.

It stands where a `ServiceRun` stands for one that goes on, and is asked the same.
"""

import threading
from collections.abc import Callable

from emulator.model.control import InstanceStatus
from emulator.model.event import DeployCanceled, DeployFailed, Event, Phase, ServiceVerdict, VerdictKind

from . import problems
from .boot_steps import Outcome
from .release import Canceled, Doors, Job, NotReady, Release, Settings, prepare
from .requests import task_spec
from .rollout_steps import Unit
from .service_run import Decided
from .task_run import TaskRun
from .task_steps import rules_of

Tell = Callable[[Event], None]


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
        self._releases: dict[int, Release] = {}
        self._cancel = threading.Event()
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None
        self._task_run: TaskRun | None = None

    def deploy(self, job: Job) -> None:
        """Prepare and run; `decided` is called with what came of it."""
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
        return self._releases.get(deploy)

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
            ready = prepare(job, self.doors, self.settings, self.tell, cancel)
        except Canceled:
            self._canceled(job)
            return
        if isinstance(ready, NotReady):
            verdict = _verdict(self.name, ready)
            if ready.verdict is VerdictKind.CANCELED:  # others failed, which is told of them
                self._decided(Decided(job.deploy, verdict))
            else:
                self._failed(job, "build", verdict)
            return
        self._releases = {job.deploy: ready}
        run = self._task_run = self._task(ready, cancel)
        outcome = run.until_decided()
        if outcome.verdict is VerdictKind.CANCELED:
            self._canceled(job)
        elif outcome.verdict.good:
            verdict = ServiceVerdict(name=self.name, verdict=outcome.verdict, reason=f"{self.name}: {outcome.reason}")
            self._decided(Decided(job.deploy, verdict, outcome.platform_seconds))
        else:
            self._not_good(job, ready, run, outcome)

    def _task(self, release: Release, cancel: threading.Event) -> TaskRun:
        service = release.job.service
        unit = Unit(id=1, deploy=release.job.deploy, slot=1)
        spec = release.make_spec(unit, 1)
        return TaskRun(
            service,
            rules_of(service, scale=self.settings.scale, faithful=self.settings.faithful),
            lambda index, attempt: task_spec(spec, service.tasks, index, attempt),
            release.job.hidden,
            docker=self.doors.docker,
            clock=self.doors.clock,
            tell=self.tell,
            deploy=release.job.deploy,
            cancel=cancel,
            hurry=lambda: self._hurry.is_set() or self.doors.hurry(),
        )

    def _not_good(self, job: Job, release: Release, run: TaskRun, outcome: Outcome) -> None:
        cause = problems.boot_cause(job.service, outcome, run.last_lines, release.scene)
        cause = problems.with_files(cause, run.written_mib)
        verdict = ServiceVerdict(name=self.name, verdict=outcome.verdict, reason=cause.message, cause=cause)
        self._failed(job, "boot", verdict, code=outcome.code, platform_seconds=outcome.platform_seconds)

    def _failed(
        self,
        job: Job,
        phase: Phase,
        verdict: ServiceVerdict,
        *,
        code: str = "",
        platform_seconds: float | None = None,
    ) -> None:
        self.tell(
            DeployFailed(
                service=self.name, deploy=job.deploy, phase=phase, reason=verdict.reason, code=code, cause=verdict.cause
            )
        )
        self._decided(Decided(job.deploy, verdict, platform_seconds))

    def _canceled(self, job: Job) -> None:
        self.tell(DeployCanceled(service=self.name, deploy=job.deploy))
        verdict = ServiceVerdict(name=self.name, verdict=VerdictKind.CANCELED, reason="canceled")
        self._decided(Decided(job.deploy, verdict))


def _verdict(name: str, not_ready: NotReady) -> ServiceVerdict:
    cause = not_ready.cause
    return ServiceVerdict(name=name, verdict=not_ready.verdict, reason=cause.message, cause=cause)
