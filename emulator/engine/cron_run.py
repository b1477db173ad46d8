"""A cron job while `up` runs: its deploys are prepared, and it is run on its schedule and when somebody asks.

It stands where a `ServiceRun` stands for a service that goes on, and is asked the same. The loop around `cron.step`;
preparing and each run have threads of their own.
"""

import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from emulator.model.control import InstanceStatus
from emulator.model.diagnostic import Diagnostic, HostError
from emulator.model.event import (
    CronEvent,
    CronState,
    DiagnosticFound,
    ServiceVerdict,
    TaskEvent,
    VerdictKind,
)
from emulator.model.plan import Service
from emulator.model.record import replace

from . import cron, deploy_steps, problems
from . import cron_steps as steps
from .boot_steps import Outcome
from .deploys import Decided, Deploys, ServiceContext
from .executing import task_run
from .job import Job
from .loop import Loop
from .release import Release
from .task_run import TaskRun

NextRun = Callable[[Service, float], float | None]
"""service, moment → when its schedule has the first run after it, both in seconds since 1970."""

_LOOK_EVERY_S = 20.0
"""How often the clock on the wall is looked at, at least: it may be set, and this machine may sleep."""


class Trigger:
    """A run that somebody asked for. number: its own, from `known` on; None where there is none. verdict: from `over`
    on, what came of it."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.known = threading.Event()
        self.verdict: ServiceVerdict | None = None
        self.over = threading.Event()


class _Active(NamedTuple):
    """A run under way."""

    run: steps.Run
    cancel: threading.Event
    thread: threading.Thread


class CronRun:
    """next_run: when its schedule has a run."""

    url: str | None = None

    def __init__(self, context: ServiceContext, *, next_run: NextRun) -> None:
        self.name, self.doors, self.settings, self.tell, self._decided, self._problem = context
        self._next_run = next_run
        self._state = steps.State()
        self._deploys = Deploys(
            context, report=self._reported, now=self.doors.clock.wall, serves=lambda: self._state.good is not None
        )
        self._active: _Active | None = None
        self._task_run: TaskRun | None = None
        self._asked: deque[Trigger] = deque()
        self._triggers: dict[int, Trigger] = {}
        self._lock = threading.Lock()
        self._hurry = threading.Event()
        self._over = threading.Event()
        self._loop: Loop[steps.Observation, steps.Action] = Loop(self.doors.clock, self._take, self._perform)
        self._thread = threading.Thread(target=self._run, name=f"cron-{self.name}", daemon=True)
        self._thread.start()

    # ---- what others ask of it

    def deploy(self, job: Job) -> None:
        """Make this deploy; `decided` is called with what came of it."""
        self._deploys.jobs[job.deploy] = job
        overrides = job.service.lifecycle.replacement.overlap == "override"
        self._loop.put(steps.Asked(at=self._now(), deploy=job.deploy, overrides=overrides))

    def withdraw(self, deploy: int, *, by: int | None = None) -> None:
        """Cancel a deploy that is not decided yet. by: the one that takes its place."""
        self._loop.put(deploy_steps.Withdrawn(at=self._now(), deploy=deploy, by=by))

    def trigger(self) -> Trigger:
        """Run it now; a run that is under way is canceled."""
        trigger = Trigger()
        with self._lock:  # in the order in which they are seen
            self._asked.append(trigger)
            self._loop.put(steps.Triggered(at=self._now()))
        return trigger

    def drop(self, trigger: Trigger) -> None:
        """Nobody wants that run any more."""
        if trigger.number is not None:
            self._loop.put(steps.Dropped(at=self._now(), run=trigger.number))

    @property
    def live(self) -> int | None:
        """The deploy that the next run runs."""
        return self._state.good

    @property
    def under_way(self) -> int | None:
        """The deploy being made."""
        return self._state.current

    def release(self, deploy: int) -> Release | None:
        return self._deploys.releases.get(deploy)

    def instances(self) -> tuple[InstanceStatus, ...]:
        """The run under way."""
        active, run = self._active, self._task_run
        ids = run.containers() if run is not None else ()
        if active is None or run is None:
            return ()
        return tuple(
            InstanceStatus(container=id, deploy=run.deploy, instance=active.run.number, role="running") for id in ids
        )

    def tell_oom(self, container: str) -> None:
        """The run's end says so."""

    def end(self, *, at_once: bool) -> None:
        """Begin nothing more, and end what runs; at once: without its grace."""
        if at_once:
            self._hurry.set()
        self._loop.put(steps.EndAsked(at=self._now()))

    def hurry(self) -> None:
        self._hurry.set()

    def wait(self, timeout_s: float) -> bool:
        """Whether all has ended within the time."""
        return self._over.wait(timeout_s)

    def sweep(self) -> None:
        """After the end: wait for what is still being prepared, and remove what an error kept from being removed.
        Raises HostError."""
        self._deploys.call_off_all()
        if self._active is not None:
            self._active.cancel.set()
            self._active.thread.join()
        self._deploys.join()
        if self._task_run is not None:
            self._task_run.remove_all()

    # ---- the loop

    def _now(self) -> float:
        return self.doors.clock.wall()

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                self._turn()
        except BaseException as problem:  # noqa: BLE001 - raised again by who waits for this service
            self._deploys.call_off_all()
            self._over.set()
            for trigger in (*self._asked, *self._triggers.values()):
                trigger.known.set()
                trigger.over.set()
            self._problem(problem)

    def _turn(self) -> None:
        """Until something is seen or done, or a run may be due."""
        due = self._state.next
        wait = _LOOK_EVERY_S if due is None else min(_LOOK_EVERY_S, max(0.0, due - self._now()))
        self._loop.turn(wait)
        self._loop.see(steps.Passed(at=self._now()))

    def _take(self, seen: steps.Observation) -> tuple[steps.Action, ...]:
        before = self._state
        self._state, actions = cron.step(self._next, before, seen)
        if isinstance(seen, steps.Triggered):
            self._acknowledge(before)
        return actions

    def _reported(self, seen: steps.Observation | BaseException) -> None:
        """From any thread."""
        self._loop.put(seen)

    def _acknowledge(self, before: steps.State) -> None:
        """Tell who asked for a run its number; there is none where nothing is to be run any more."""
        trigger = self._asked.popleft()
        given = next((r for r in (self._state.wanted, self._state.active) if r and r.trigger == "manual"), None)
        if given is not None and given.number > before.runs:
            trigger.number = given.number
            self._triggers[given.number] = trigger
        else:
            trigger.over.set()
        trigger.known.set()

    def _next(self, deploy: int, after: float) -> float | None:
        return self._next_run(self._deploys.jobs[deploy].service, after)

    def _perform(self, action: steps.Action) -> None:
        match action:
            case deploy_steps.Prepare():
                self._deploys.prepare(action.deploy)
            case deploy_steps.CallOff():
                self._deploys.call_off(action.deploy)
            case deploy_steps.Settle():
                self._settle(action)
            case steps.StartRun():
                self._begin(action)
            case steps.EndRun():
                if self._active is not None and self._active.run.number == action.run:
                    self._active.cancel.set()
            case steps.Tell():
                self._tell_of(action)
            case deploy_steps.Over():
                self._over.set()

    # ---- deploys

    def _settle(self, settle: deploy_steps.Settle) -> None:
        deploy = settle.deploy
        if settle.result == "live":
            reason = f"{self.name} is built, and runs on its schedule"
            decided = Decided(deploy, ServiceVerdict(name=self.name, verdict=VerdictKind.LIVE, reason=reason))
        elif settle.result == "canceled":
            decided = self._deploys.canceled(deploy, by=settle.by, still_live=settle.still_live)
        else:
            decided = self._deploys.unready(deploy, still_live=settle.still_live)
        self._decided(decided)
        state = self._state
        self._deploys.forget({state.current, state.waiting, state.good, self._task_run_deploy})

    # ---- runs

    def _begin(self, start: steps.StartRun) -> None:
        release, run = self._deploys.releases[start.deploy], start.run
        cancel = threading.Event()
        self._task_run = task_run(
            release, run.number, self.doors, self.settings,
            tell=lambda event: None if isinstance(event, TaskEvent) else self.tell(event),
            cancel=cancel, hurry=self._hurry.is_set, instance=run.number,
        )  # fmt: skip
        self._told(run, "started")
        args = (release, run, self._task_run)
        thread = threading.Thread(target=self._performed, args=args, name=f"run-{self.name}-{run.number}", daemon=True)
        self._active = _Active(run, cancel, thread)
        thread.start()

    def _performed(self, release: Release, run: steps.Run, task_run: TaskRun) -> None:
        """In a thread of its own: one run to its end."""
        try:
            self._judge(release, run, task_run, task_run.until_decided())
        except HostError as problem:
            if problem.exit_code != 1:
                self._loop.put(problem)
                return
            self._conclude(run, VerdictKind.FAILED, problem.diagnostic.message, problem.diagnostic)  # the app's doing
        except BaseException as problem:  # noqa: BLE001 - raised again by the loop
            self._loop.put(problem)
            return
        self._loop.put(steps.Ended(at=self._now(), run=run.number))

    def _judge(self, release: Release, run: steps.Run, task_run: TaskRun, outcome: Outcome) -> None:
        """Tell how it ended, and who asked for it what that means."""
        cause: Diagnostic | None = None
        reason = f"{self.name}: {outcome.reason}"
        if outcome.verdict is VerdictKind.FAILED:
            cause = problems.boot_cause(release.job.service, outcome, task_run.last_lines, release.scene)
            reason = cause.message
        seconds = round(outcome.seconds, 4)
        self._conclude(run, outcome.verdict, reason, cause, seconds=seconds, exit_code=task_run.exit_code)

    def _conclude(
        self, run: steps.Run, kind: VerdictKind, reason: str, cause: Diagnostic | None, *,
        seconds: float | None = None, exit_code: int | None = None,
    ) -> None:  # fmt: skip
        if cause is not None:
            found = DiagnosticFound(diagnostic=cause, service=self.name, deploy=self._task_run_deploy)
            self.tell(replace(found, instance=run.number))
        states: dict[VerdictKind, CronState] = {VerdictKind.SUCCEEDED: "succeeded", VerdictKind.CANCELED: "canceled"}
        self._told(run, states.get(kind, "failed"), seconds=seconds, exit_code=exit_code)
        self._answer(run.number, ServiceVerdict(name=self.name, verdict=kind, reason=reason, cause=cause))

    @property
    def _task_run_deploy(self) -> int | None:
        return self._task_run.deploy if self._task_run is not None else None

    def _answer(self, number: int, verdict: ServiceVerdict) -> None:
        trigger = self._triggers.pop(number, None)
        if trigger is not None:
            trigger.verdict = verdict
            trigger.over.set()

    def _tell_of(self, told: steps.Tell) -> None:
        run = told.run
        if told.state == "canceled" and run is not None:
            self._told(run, "canceled")
            verdict = ServiceVerdict(name=self.name, verdict=VerdictKind.CANCELED, reason="canceled")
            self._answer(run.number, verdict)
            return
        in_s = round(max(0.0, told.next - self._now()), 1) if told.next is not None else None
        self.tell(
            CronEvent(
                service=self.name, state=told.state, due=_moment(told.next), in_s=in_s, deploy=self._state.good,
                instance=run.number if run is not None else None,
            )
        )  # fmt: skip

    def _told(
        self, run: steps.Run, state: CronState, *, seconds: float | None = None, exit_code: int | None = None
    ) -> None:
        self.tell(
            CronEvent(
                service=self.name, deploy=self._task_run_deploy,
                instance=run.number, state=state, trigger=run.trigger, due=_moment(run.due), seconds=seconds,
                exit_code=exit_code,
            )
        )  # fmt: skip


def _moment(at: float | None) -> str | None:
    """In UTC, as RFC 3339 has it."""
    return None if at is None else datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
