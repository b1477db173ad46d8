"""The deploys of one service: what was asked for, what is prepared of each in a thread of its own, how it was decided.

Shared by the loops of all kinds of services (`service_run`, `cron_run`, `execution_run`): they say when, this does it.
"""

import threading
from collections.abc import Callable, Container, Iterable
from typing import Any, NamedTuple

from emulator.model.diagnostic import Diagnostic, HostError
from emulator.model.event import DeployCanceled, DeployFailed, Phase, ServiceVerdict, VerdictKind
from emulator.world.docker import is_lost

from .deploy_steps import NotPrepared, Prepared
from .job import Canceled, Doors, Job, Making, NotReady, Settings, Tell
from .release import Release, prepare

_PHASES: dict[VerdictKind, Phase] = {VerdictKind.PRE_DEPLOY_FAILED: "pre_deploy", VerdictKind.REFUSED: "check"}


class Decided(NamedTuple):
    """How a deploy of a service ended. platform_seconds: when the platform itself would have known."""

    deploy: int
    verdict: ServiceVerdict
    platform_seconds: float | None = None


class ServiceContext(NamedTuple):
    """What the loop of a service is given, whatever its kind. decided: called once for every deploy that was asked for.
    problem: called with what no deploy can go on after; nothing is called after that."""

    name: str
    doors: Doors
    settings: Settings
    tell: Tell
    decided: Callable[[Decided], None]
    problem: Callable[[BaseException], None]


class Deploys:
    """report: told from any thread that a deploy is prepared or not, or what no deploy can go on after; not needed
    where they are only `made`. now: the clock of what is reported, where it is not the loop's. serves: whether one
    is live: then this machine's failure to prepare another one fails that one alone."""

    def __init__(
        self, context: ServiceContext, *,
        report: Callable[[Prepared | NotPrepared | BaseException], None] = lambda _seen: None,
        now: Callable[[], float] | None = None, serves: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.jobs: dict[int, Job] = {}
        self.releases: dict[int, Release] = {}
        self.not_ready: dict[int, NotReady] = {}
        self._name, self._doors, self._settings, self._tell, *_ = context
        self._report = report
        self._now = now or context.doors.clock.now
        self._serves = serves
        self._cancels: dict[int, threading.Event] = {}
        self._threads: list[threading.Thread] = []

    # ---- preparing

    def prepare(self, deploy: int) -> None:
        """Begin to prepare it; what comes of it is reported."""
        job, cancel = self.jobs[deploy], threading.Event()
        self._cancels[deploy] = cancel
        self.beside(f"prepare-{deploy}", lambda: self._prepared(job, cancel))

    def refuse(self, deploy: int, cause: Diagnostic) -> None:
        """The platform does not begin with it."""
        self._cancels[deploy] = threading.Event()
        self.not_ready[deploy] = NotReady(VerdictKind.REFUSED, cause)
        self._report(NotPrepared(at=self._now(), deploy=deploy))

    def _prepared(self, job: Job, cancel: threading.Event) -> None:
        try:
            ready = self.made(job, cancel)
        except Canceled:
            return
        except HostError as problem:
            if is_lost(problem) or not self._serves():
                raise
            self.not_ready[job.deploy], ready = NotReady(VerdictKind.BUILD_FAILED, problem.diagnostic), False
        seen = Prepared if ready else NotPrepared
        self._report(seen(at=self._now(), deploy=job.deploy))

    def made(self, job: Job, cancel: threading.Event) -> bool:
        """Prepare it in this thread; whether it is ready. Raises Canceled once `cancel` is set, and HostError."""
        ready = prepare(Making(job, self._doors, self._settings, self._tell, cancel))
        if isinstance(ready, Release):
            self.releases[job.deploy] = ready
        else:
            self.not_ready[job.deploy] = ready
        return isinstance(ready, Release)

    def beside(self, name: str, do: Callable[[], None]) -> None:
        """Do something in a thread of its own that `join` waits for; what it raises is reported."""

        def run() -> None:
            try:
                do()
            except BaseException as problem:  # noqa: BLE001 - raised again by the loop
                self._report(problem)

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def call_off(self, deploy: int) -> None:
        """Stop preparing it."""
        self._cancels[deploy].set()

    def call_off_all(self) -> None:
        for cancel in list(self._cancels.values()):
            cancel.set()

    def join(self) -> None:
        """Wait for what is still being prepared."""
        for thread in self._threads:
            thread.join()

    def forget(self, needed: Iterable[int | None]) -> None:
        """Drop what no deploy to come can go back to: all but the newest, those it keeps, and these."""
        newest = max(self.jobs)
        kept = {newest, *needed} | self.jobs[newest].kept
        self.drop_sandboxes(kept)
        tables: tuple[dict[int, Any], ...] = (self.jobs, self.releases, self.not_ready, self._cancels)
        for table in tables:
            for deploy in [number for number in list(table) if number not in kept]:
                del table[deploy]

    def drop_sandboxes(self, but: Container[int | None]) -> None:
        """Remove what began to start for the first instance of a deploy and was never needed, but for these deploys.
        Raises HostError."""
        for deploy, release in list(self.releases.items()):
            if deploy not in but and release.sandbox is not None:
                release.sandbox.drop()

    # ---- how a deploy was decided, which is told

    def canceled(self, deploy: int, *, by: int | None = None, still_live: int | None = None) -> Decided:
        """by: the deploy that took its place."""
        self._tell(DeployCanceled(service=self._name, deploy=deploy, by=by, still_live=still_live))
        reason = f"deploy {by} took its place" if by is not None else "it was called off"
        return Decided(deploy, ServiceVerdict(name=self._name, verdict=VerdictKind.CANCELED, reason=reason))

    def unready(self, deploy: int, *, still_live: int | None = None) -> Decided:
        """It could not be prepared."""
        kind, cause = self.not_ready.pop(deploy)
        phase = _PHASES.get(kind, "build")
        if kind is VerdictKind.CANCELED:  # others failed, which is told of them
            return Decided(deploy, ServiceVerdict(name=self._name, verdict=kind, reason=cause.message, cause=cause))
        return self.failed(deploy, phase, kind, cause, still_live=still_live)

    def failed(
        self,
        deploy: int,
        phase: Phase,
        kind: VerdictKind,
        cause: Diagnostic,
        *,
        code: str = "",
        still_live: int | None = None,
        platform_seconds: float | None = None,
        container: str | None = None,
    ) -> Decided:
        """code: of how its instance ended. container: the one at fault, where there are several."""
        self._tell(
            DeployFailed(
                service=self._name, deploy=deploy, phase=phase, reason=cause.message, code=code, cause=cause,
                still_live=still_live, container=container,
            )
        )  # fmt: skip
        verdict = ServiceVerdict(name=self._name, verdict=kind, reason=cause.message, cause=cause)
        return Decided(deploy, verdict, platform_seconds)
