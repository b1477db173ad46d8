"""The loop around the machine for work that ends: a job's tasks, a cron run, a pre-deploy command.

Engine and clock are doors handed in; whatever happens is told as an event. Every attempt has a container of its own,
which is gone before the next one starts; none outlives the loop, however it ends.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal, TypedDict

from emulator.model.diagnostic import Diagnostic, HostError
from emulator.model.event import (
    ContainerStarted,
    DiagnosticFound,
    InitialHookFinished,
    InitialHookStarted,
    Log,
    PreDeployFinished,
    PreDeployStarted,
    RunFinished,
    Stopped,
    TaskEvent,
    VerdictKind,
)
from emulator.model.plan import Service
from emulator.model.record import replace
from emulator.world.clock import Clock
from emulator.world.containers import ContainerFacts, ContainerSpec
from emulator.world.docker import Docker, Follower

from . import task_steps as steps
from . import tasks
from .boot import KILLED
from .boot_steps import Outcome
from .files_watch import FilesWatch, files_watch
from .job import Tell
from .loop import Loop
from .requests import conceal
from .sandbox_run import SandboxAhead, SandboxRun
from .unknown_user import as_root, runs_as_root

MakeSpec = Callable[[int, int], ContainerSpec]
"""index, attempt → the container to start."""
Role = Literal["task", "pre_deploy", "initial_hook"]
_BEGUN = {"pre_deploy": PreDeployStarted, "initial_hook": InitialHookStarted}
_DONE = {"pre_deploy": PreDeployFinished, "initial_hook": InitialHookFinished}
"""Events of their own, for a single command of a deploy."""

TAIL_LINES = 60
_LOGS_END_S = 2.0
_LOOK_EVERY_S = 0.1
"""How often a run is left alone to see whether it is to be canceled."""


class Who(TypedDict):
    """Whom an event is about; `instance` is the task's index."""

    service: str
    container: str
    instance: int
    deploy: int


class Attempt:
    """The container of one attempt, from its creation to its removal."""

    def __init__(self, id: str, index: int, number: int, sandbox: SandboxRun) -> None:
        self.id = id
        self.index = index
        self.number = number
        self.started = 0.0
        self.sandbox = sandbox
        self.followers: list[Follower] = []
        self.lines: deque[str] = deque(maxlen=TAIL_LINES)
        self.signal: str | None = None
        self.told = 0.0
        self.killed = False
        self.files: FilesWatch | None = None
        self.used_mib: int | None = None
        """How much memory it had in use when it was killed for that by us, not by the kernel."""


class TaskRun:
    """Runs all tasks of one execution to their end.

    role: a command of a deploy is told by events of its own; a pre-deploy command has a verdict of its own when it
    fails. cancel: set it
    and everything is told to end, as the platform would; `hurry` then cuts the grace short. last_lines: the last output
    of the attempt that decided the outcome. instance: what its events carry as theirs, in place of the task's index.
    exit_code: that of the last attempt that ended; written_mib: how much that one wrote, where it counts as memory.
    """

    def __init__(
        self,
        service: Service,
        rules: steps.TaskRules,
        make_spec: MakeSpec,
        hidden: Mapping[str, str],
        *,
        docker: Docker,
        clock: Clock,
        tell: Tell,
        deploy: int,
        cancel: threading.Event,
        hurry: Callable[[], bool] = lambda: False,
        role: Role = "task",
        instance: int | None = None,
        ahead: SandboxAhead | None = None,
    ) -> None:
        self.service = service
        self.rules = rules
        self.docker = docker
        self.clock = clock
        self.tell = tell
        self.deploy = deploy
        self.role = role
        self.state = steps.TaskState()
        self.outcome: Outcome | None = None
        self.last_lines: tuple[str, ...] = ()
        self.exit_code: int | None = None
        self.written_mib = 0
        self._instance = instance
        self._ahead = ahead
        self._make_spec = make_spec
        self._hidden = hidden
        self._cancel = cancel
        self._hurry = hurry
        self._attempts: dict[int, Attempt] = {}
        self._loop: Loop[steps.TaskSeen, steps.TaskAction] = Loop(clock, self._take, self._perform)
        self._tails: dict[int, tuple[str, ...]] = {}
        self._failed = False

    # ---- the loop

    def until_decided(self) -> Outcome:
        """Run until all is over; the outcome. Raises HostError when the engine is lost. Leaves no container."""
        try:
            self._loop.see(steps.Begin(at=self.clock.now()))
            while self.outcome is None:
                self._look_for_cancel()
                self._loop.turn(_LOOK_EVERY_S)
        finally:
            with contextlib.suppress(HostError):  # what went wrong first is what to tell
                self.remove_all()
        return self.outcome

    def containers(self) -> tuple[str, ...]:
        """The ids of those that it has at the moment."""
        return tuple(attempt.id for attempt in list(self._attempts.values()))

    def remove_all(self) -> None:
        """Remove every container, killing those that run; once more is no harm."""
        for attempt in list(self._attempts.values()):
            self._remove(attempt)
        if self._ahead is not None:
            self._ahead.drop()

    def _look_for_cancel(self) -> None:
        if not self._cancel.is_set():
            return
        if not self.state.canceled:
            self._loop.see(steps.Cancel(at=self.clock.now()))
        elif self._hurry():
            for attempt in self._attempts.values():
                self._kill(attempt)

    def _take(self, seen: steps.TaskSeen) -> list[steps.TaskAction]:
        if isinstance(seen, steps.TaskExited):
            self._tidy(seen)
        self.state, actions = tasks.step(self.rules, self.state, seen)
        for action in actions:
            if isinstance(action, steps.TellTask):  # before anything that is already waiting to be seen
                self._tell_task(action)
        return [action for action in actions if not isinstance(action, steps.TellTask)]

    def _perform(self, action: steps.TaskAction) -> None:
        match action:
            case steps.StartTask():
                if self.state.find(action.index, action.attempt) is not None:
                    self._start(action)
            case steps.Watch():
                self._loop.see(steps.TimeUp(at=self.clock.now(), index=action.index, attempt=action.attempt))
            case steps.Signal():
                self._signal(action)
            case steps.Kill():
                if (attempt := self._attempt(action)) is not None:
                    self._kill(attempt)
            case Outcome():
                self.outcome = self._judged(action)

    def _judged(self, outcome: Outcome) -> Outcome:
        """The outcome as it is told: by the last event, and in the words of what was run."""
        if self.role == "task" and outcome.verdict is not VerdictKind.CANCELED:
            self.tell(
                RunFinished(
                    service=self.service.name,
                    deploy=self.deploy,
                    ok=outcome.verdict.good,
                    tasks=self.rules.count,
                    succeeded=sum(1 for task in self.state.ended if task.ok),
                    seconds=round(outcome.seconds, 4),
                )
            )
        if self.role == "pre_deploy" and outcome.verdict is VerdictKind.FAILED:
            return replace(outcome, verdict=VerdictKind.PRE_DEPLOY_FAILED)
        return outcome

    def _attempt(self, action: steps.Signal | steps.Kill) -> Attempt | None:
        """The container of that attempt, while there is one."""
        attempt = self._attempts.get(action.index)
        return attempt if attempt is not None and attempt.number == action.attempt else None

    # ---- starting

    def _start(self, action: steps.StartTask) -> None:
        spec = self._make_spec(action.index, action.attempt)
        sandbox = (self._ahead.take() if self._ahead is not None else None) or SandboxRun(
            self.service, self.docker, self._hidden, self._found
        )
        try:
            sandbox.ready(spec)
            self._create(sandbox.around(spec), action, sandbox)
        except BaseException:
            if action.index not in self._attempts:
                sandbox.remove()
            raise

    def _create(
        self, spec: ContainerSpec, action: steps.StartTask, sandbox: SandboxRun, *, again: bool = False
    ) -> None:
        id = self.docker.create(spec)
        attempt = self._attempts[action.index] = Attempt(id, action.index, action.attempt, sandbox)
        if not again:
            self._told_started(attempt)  # first: from its start on it may speak
        logs = self.docker.follow_logs(id, lambda stream, line: self._line(attempt, stream, line))
        attempt.followers.append(logs)
        failure = self.docker.start(id)
        now = attempt.started = self.clock.now()
        if failure is not None and (root := as_root(spec, failure)) is not None:
            if action.index == action.attempt == 0:
                self._found(runs_as_root(self.service.name, failure))
            logs.close()
            self.docker.remove(id)
            self._create(root, action, sandbox, again=True)
            return
        if failure is not None:
            shown = replace(failure, message=conceal(failure.message, self._hidden))
            self.exit_code = shown.exit_code
            self._told_command_end(attempt, shown.exit_code, now)
            self._remove(attempt)
            seen = steps.TaskNotStarted(at=now, index=attempt.index, attempt=attempt.number, failure=shown)
            self._loop.see(seen)
            return
        self._loop.see(steps.TaskStarted(at=now, index=attempt.index, attempt=attempt.number))
        attempt.followers.append(self.docker.on_exit(id, lambda facts: self._exited(attempt, logs, facts)))
        attempt.files = files_watch(self.docker, self.clock, id, spec, lambda used: self._exceeded(attempt, used))
        attempt.followers += [attempt.files] if attempt.files is not None else []

    def _exceeded(self, attempt: Attempt, used_mib: int) -> None:
        """From the watch's thread: what it wrote and what its processes hold is more than it may have."""
        attempt.used_mib = used_mib
        self.docker.kill(attempt.id)

    def _told_started(self, attempt: Attempt) -> None:
        facts = self.docker.inspect(attempt.id)
        argv = tuple(conceal(word, self._hidden) for word in (facts.argv if facts else ()))
        begun = _BEGUN.get(self.role)
        if begun is not None:
            service = self.service
            command = service.pre_deploy_command if self.role == "pre_deploy" else service.initial_deploy_hook
            self.tell(begun(**self._who(attempt.index), argv=argv, command=command or ""))
            return
        number = attempt.number + 1
        who = self._who(attempt.index)
        self.tell(ContainerStarted(**who, argv=argv, port=None, url=None, attempt=number, id=attempt.id))

    def _line(self, attempt: Attempt, stream: Literal["stdout", "stderr"], line: str) -> None:
        shown = conceal(line, self._hidden)
        attempt.lines.append(shown)
        self.tell(Log(**self._who(attempt.index), stream=stream, line=shown))

    def _found(self, diagnostic: Diagnostic) -> None:
        self.tell(DiagnosticFound(service=self.service.name, deploy=self.deploy, diagnostic=diagnostic))

    # ---- ending

    def _signal(self, action: steps.Signal) -> None:
        """Tell it to end; that it will not hear of it is seen at once."""
        attempt = self._attempt(action)
        if attempt is None:
            return
        attempt.signal, attempt.told = self.rules.signal, self.clock.now()
        heard = self.docker.heeds(attempt.id, attempt.signal)
        self.docker.kill(attempt.id, attempt.signal)
        if heard is False:
            self._loop.see(steps.Unheard(at=self.clock.now(), index=attempt.index, attempt=attempt.number))

    def _kill(self, attempt: Attempt) -> None:
        if not attempt.killed:
            attempt.killed = True
            self.docker.kill(attempt.id)

    def _exited(self, attempt: Attempt, logs: Follower, told: ContainerFacts | HostError) -> None:
        """From the follower's thread: the container has ended, or was removed by somebody, or the engine was lost."""
        if isinstance(told, HostError) and told.diagnostic.code != "host/container-gone":
            self._loop.put(told)
            return
        facts = told if isinstance(told, ContainerFacts) else None
        logs.join(_LOGS_END_S)
        exit_code = facts.exit_code if facts else None
        if attempt.files is not None and attempt.used_mib is None and attempt.signal is None:
            attempt.used_mib = attempt.files.at_end()
            exit_code = exit_code if attempt.used_mib is None else KILLED
        self._loop.put(
            steps.TaskExited(
                at=self.clock.now(),
                index=attempt.index,
                attempt=attempt.number,
                exit_code=exit_code,
                oom=attempt.used_mib is not None or (facts is not None and facts.oom_killed),
            )
        )

    def _tidy(self, seen: steps.TaskExited) -> None:
        """Tell the end of a container and remove it, before anything follows from it."""
        attempt = self._attempts.get(seen.index)
        if attempt is None or attempt.number != seen.attempt:
            return
        self._tails[attempt.index] = tuple(attempt.lines)
        self.written_mib = attempt.files.written_mib if attempt.files is not None else 0
        self.exit_code = seen.exit_code
        self._told_command_end(attempt, seen.exit_code, seen.at)
        if self.role == "task":
            self.tell(
                Stopped(
                    **self._who(attempt.index),
                    exit_code=seen.exit_code,
                    signal=attempt.signal,
                    oom=seen.oom and attempt.signal is None,
                    used_mib=attempt.used_mib if attempt.signal is None else None,
                    graceful=attempt.signal is not None and not attempt.killed,
                    seconds=seen.at - (attempt.told if attempt.signal is not None else attempt.started),
                )
            )
        self._remove(attempt)

    def _told_command_end(self, attempt: Attempt, exit_code: int | None, at: float) -> None:
        done = _DONE.get(self.role)
        if done is not None:
            ok = exit_code == 0 and attempt.signal is None
            seconds = at - attempt.started
            self.tell(done(**self._who(attempt.index), exit_code=exit_code, ok=ok, seconds=seconds))

    def _remove(self, attempt: Attempt) -> None:
        """Remove the container; forget it only when it is gone, so that an interrupted removal is repeated."""
        for follower in attempt.followers:
            follower.close()
        self.docker.remove(attempt.id)
        attempt.sandbox.remove()
        if self._attempts.get(attempt.index) is attempt:
            del self._attempts[attempt.index]

    def _tell_task(self, action: steps.TellTask) -> None:
        """Tell it; the last output of the first task that failed is kept."""
        if action.state in ("succeeded", "failed") and not self._failed:
            self.last_lines = self._tails.pop(action.index, ())
            self._failed = action.state == "failed"
        if self.role == "task":
            self.tell(
                TaskEvent(
                    **self._who(action.index),
                    index=action.index,
                    attempt=action.attempt,
                    state=action.state,
                    exit_code=action.exit_code,
                    seconds=round(action.seconds, 4),
                )
            )

    def _who(self, index: int) -> Who:
        instance = index if self._instance is None else self._instance
        name = self.service.name
        return {"service": name, "container": name, "instance": instance, "deploy": self.deploy}
