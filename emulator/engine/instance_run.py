"""One instance of a service, from its first start to its removal: the loop around the machine of its containers.

Engine, network and clock are doors handed in; whatever happens is told as an event, and what concerns the service as
a whole is reported to it.
"""

import threading
from collections.abc import Callable
from typing import Literal, NamedTuple

from emulator.model.diagnostic import Diagnostic, Fault, HostError
from emulator.model.event import DiagnosticFound, OutOfMemory, Restarted, Rotation, VerdictKind
from emulator.model.plan import Service
from emulator.model.record import Record, replace
from emulator.world.clock import Clock
from emulator.world.docker import Docker, is_lost

from . import boot_steps, instance, rollout_steps
from . import instance_steps as steps
from .attention import Attention
from .container_run import Address, ContainerRun, Judged, Part, Process, Who
from .job import Tell
from .loop import Loop
from .retiring import UNHEARD_S
from .rollout_steps import Unit
from .sandbox_run import SandboxRun
from .shared_volumes import SharedVolume

Report = Callable[[rollout_steps.Observation | BaseException], None]


class What(NamedTuple):
    """What an instance runs: its containers, one of which is the ingress container, and what they share in memory.
    sandbox: what holds their network, where that began to start ahead."""

    unit: Unit
    service: Service
    parts: tuple[Part, ...]
    volumes: tuple[SharedVolume, ...] = ()
    sandbox: SandboxRun | None = None


class Order(Record, frozen=True, kw_only=True):
    """What the service wants of its instance."""

    what: Literal["terminate", "kill", "remove"]


class InstanceRun:
    """Starts an instance, keeps it as the platform would, and ends it when it is told to.

    `outcome` is how its boot ended, on account of the container that is `judged`; `target` is where it answers, as long
    as it is live. hears_requests: whether `attention` is told of its requests; else it keeps its processor. replaces:
    whether another deploy is live, which serves on where this machine cannot start the new one: `failure` says why.
    """

    def __init__(
        self, what: What, *, docker: Docker, clock: Clock, tell: Tell, report: Report, url: str | None = None,
        hears_requests: bool = False, replaces: bool = False,
    ) -> None:  # fmt: skip
        self.unit = what.unit
        self.service = what.service
        self.docker = docker
        self.clock = clock
        self.tell = tell
        self.url = url
        self.state = steps.State()
        self.outcome: boot_steps.Outcome | None = None
        self.failure: Diagnostic | None = None
        self._replaces = replaces
        self.target: Address | None = None
        self._members = tuple(part.member for part in what.parts)
        self._report = report
        self._loop: Loop[steps.Observation | Order, steps.Action] = Loop(clock, self._take, self._perform)
        self._volumes = what.volumes
        self._sandbox = what.sandbox or SandboxRun(what.service, docker, what.parts[0].hidden, self._found)
        self.attention = Attention(docker, clock)
        self._hears_requests = hears_requests
        self._runs = {part.member.name: self._container(part, alone=len(what.parts) == 1) for part in what.parts}
        self._ingress = next(run for run in self._runs.values() if run.part.member.ingress)
        self._judged = self._ingress
        self._leaving = False
        self._gone = False
        self._thread = threading.Thread(target=self._run, name=f"{what.service.name}-{what.unit.id}", daemon=True)

    def _container(self, part: Part, *, alone: bool) -> ContainerRun:
        who: Who = {
            "service": self.service.name, "container": part.member.name, "instance": self.unit.slot,
            "deploy": self.unit.deploy,
        }  # fmt: skip

        def see(seen: boot_steps.Observation | BaseException) -> None:
            if isinstance(seen, BaseException):
                self._loop.put(seen)
            else:
                self._loop.put(steps.Of(container=part.member.name, round=self.state.round, seen=seen))

        return ContainerRun(
            part, who, docker=self.docker, clock=self.clock, tell=self.tell, see=see, exited=self._is_down,
            sandbox=self._sandbox, attention=self.attention, alone=alone,
            url=self.url if part.member.ingress else None,
        )  # fmt: skip

    def _found(self, diagnostic: Diagnostic) -> None:
        unit = self.unit
        self.tell(DiagnosticFound(service=self.service.name, deploy=unit.deploy, diagnostic=diagnostic))

    def start(self) -> None:
        self._thread.start()

    def order(self, what: Literal["terminate", "kill", "remove"]) -> None:
        """From any thread: tell it to end by the platform's signal, kill it, or remove it without ceremony. `Gone` is
        reported when its containers are removed."""
        self._loop.put(Order(what=what))

    def join(self) -> None:
        """Wait for the end of its thread, and remove what an error kept it from removing."""
        if self._thread.ident is not None:
            self._thread.join()
        self._remove()
        self._sandbox.remove()

    @property
    def begun(self) -> float:
        """When the deploy's first start of it was, or, once it was live, the current one."""
        return self.state.begun

    @property
    def judged(self) -> Judged:
        """The container on whose account the outcome is what it is."""
        return Judged(self._judged.service, self._judged.who["container"])

    @property
    def last_lines(self) -> tuple[str, ...]:
        """That one's last output."""
        return self._judged.last_lines

    @property
    def written_mib(self) -> int:
        """How much that one wrote, where that counts as its memory."""
        return self._judged.written_mib

    @property
    def ran_out_at(self) -> float | None:
        """When one of its containers was killed for lack of memory last."""
        return max((run.ran_out_at for run in self._runs.values() if run.ran_out_at is not None), default=None)

    @property
    def containers(self) -> tuple[str, ...]:
        """The ids of the containers it has at the moment."""
        processes = [run.process for run in self._runs.values()]
        return tuple(process.id for process in processes if process is not None)

    @property
    def ports(self) -> tuple[int | None, tuple[int, ...]]:
        """The port of its requests, and the others that were open when it was looked at."""
        state = self.state.boot(self._ingress.part.member.name)
        found = {listener.port for listener in state.listeners if not listener.loopback}
        return state.port, tuple(sorted(found - {state.port}))

    def was_short_of_memory(self) -> bool:
        """Whether a process of the container judged was killed for lack of memory, though its first one runs."""
        return self._judged.was_short_of_memory()

    def tell_oom(self, container: str) -> None:
        """A process in this container, one of its own, was killed for lack of memory."""
        for run in self._runs.values():
            if run.process is not None and run.process.id == container:
                self.tell(OutOfMemory(**run.who, limit_mib=run.service.resources.memory_mib))

    def who(self) -> Who:
        """Whom an event about the whole of it is about."""
        return self._ingress.who

    # ---- the loop

    def _run(self) -> None:
        try:
            try:
                self._begin()
                self._turn()
            except HostError as problem:
                of_the_app = problem.diagnostic.fault is Fault.APP
                if is_lost(problem) or not (self._replaces or of_the_app) or self.outcome is not None:
                    raise
                self._fail(problem.diagnostic)
                self._turn()
        except BaseException as problem:  # noqa: BLE001 - raised again by who waits for this instance
            self._report(problem)

    def _turn(self) -> None:
        while not self._gone:
            self._loop.turn()

    def _fail(self, cause: Diagnostic) -> None:
        """This machine cannot boot it: decided, as if the app could not."""
        at = self.clock.now()
        self._loop.forget()
        self.failure = cause
        self.outcome = boot_steps.Outcome(
            due=at, verdict=VerdictKind.BOOT_FAILED, code="not-started", reason=cause.message
        )
        self._report(rollout_steps.Failed(at=at, unit=self.unit))

    def _begin(self) -> None:
        """All of it anew: the sandbox first, where it has one."""
        name = self._ingress.part.member.name
        self._sandbox.ready(self._ingress.part.make_spec(self.state.boot(name).attempt + 1), self._volumes)
        self._loop.see(steps.Begun(at=self.clock.now()))

    def _take(self, seen: steps.Observation | Order) -> tuple[steps.Action, ...]:
        if isinstance(seen, Order):
            self._obey(seen)
            return ()
        if isinstance(seen, steps.Of) and isinstance(seen.seen, boot_steps.Exited):
            self._over(seen.container, seen.seen)
        if self._leaving or self.failure is not None:
            return ()
        self.state, actions = instance.step(self._members, self.state, seen)
        return actions

    def _over(self, container: str, seen: boot_steps.Exited) -> None:
        """A process has ended: the instance is down, and gone when it was leaving and nothing else of it runs."""
        self.target = None
        self.attention.is_over()
        process = self._runs[container].process
        if process is not None and process.attempt == seen.attempt:
            process.ended.set()
        self._is_down()
        if self._leaving:
            self._end_rest()

    def _is_down(self) -> None:
        """From any thread."""
        self._report(rollout_steps.Down(at=self.clock.now(), unit=self.unit))

    def _perform(self, action: steps.Action) -> None:
        if self._leaving:
            return
        match action:
            case steps.Launch():
                self._launch(action)
            case steps.Do():
                if action.round == self.state.round:
                    self._do(self._runs[action.container], action.action)
            case steps.End():
                if action.round == self.state.round:
                    self._end_one(action)
            case steps.Again():
                who = self._runs[action.container].who
                self.tell(Restarted(**who, because=action.because, back_off_s=action.platform_s))
                self._remove()
                self._has_other_reason()
                self._begin()
            case steps.Decided():
                self._decided(action)
            case steps.Turn():
                self.tell(Rotation(**self._runs[action.container].who, ready=action.ready, because=action.because))
                self._report(rollout_steps.Rotated(at=self.clock.now(), unit=self.unit, ready=action.ready))

    def _has_other_reason(self) -> None:
        """Where instances follow their requests, one that was live is started again for these, or to keep the least
        number: no deploy is the reason any more."""
        service = self._ingress.service
        if service.scaling is None or self.outcome is None or self.outcome.verdict != "live":
            return
        least = service.instances.min if service.instances else 0
        for run in self._runs.values():
            run.part = run.part._replace(reason="minimum" if self.unit.slot <= least else "requests")

    def _launch(self, action: steps.Launch) -> None:
        run = self._runs[action.container]
        attempt = self.state.boot(action.container).attempt + 1
        if len(self._runs) == 1:
            run.begin(attempt)
        else:
            run.begin_aside(attempt)

    def _do(
        self,
        run: ContainerRun,
        action: boot_steps.Look
        | boot_steps.Ask
        | boot_steps.Try
        | boot_steps.TellProbe
        | boot_steps.Settle
        | boot_steps.Remind
        | boot_steps.FoundPort,
    ) -> None:
        match action:
            case boot_steps.Look():
                self._see(run, run.look(action))
            case boot_steps.Ask() | boot_steps.Try():
                run.ask_aside(action)
            case boot_steps.Settle():
                self._see(run, run.settle(action))
            case _:
                run.tell_of(action)

    def _see(self, run: ContainerRun, seen: boot_steps.Observation | None) -> None:
        if seen is not None:
            self._loop.see(steps.Of(container=run.part.member.name, round=self.state.round, seen=seen))

    def _decided(self, action: steps.Decided) -> None:
        self.outcome = action.outcome
        self._judged = self._runs[action.container]
        at = self.clock.now()
        if action.outcome.verdict != "live":
            self._report(rollout_steps.Failed(at=at, unit=self.unit))
            return
        self.target = self._judged.reached_at(action.outcome.port)
        processes = [run.process for run in self._runs.values()] if self._hears_requests else []
        self.attention.is_live({p.id: p.share for p in processes if p is not None and p.share is not None})
        self._report(rollout_steps.Up(at=at, unit=self.unit))
        if any(run.process is not None and run.process.ended.is_set() for run in self._runs.values()):
            self.target = None  # one has ended since its last answer: reported too early
            self._report(rollout_steps.Down(at=at, unit=self.unit))

    # ---- ending

    def _obey(self, order: Order) -> None:
        """What the service wants. Whatever is still due for the instance is not done any more."""
        self._leaving = True
        self._loop.forget()
        self.attention.is_over()
        running = self._running()
        if order.what == "remove" or not running:
            self._end()
        elif order.what == "kill":
            for run, process in running:
                run.kill(process)
        else:
            heard = [run.terminate(process) for run, process in running]
            told = False if not any(heard) and None not in heard else True if any(heard) else None
            self._report(rollout_steps.Signalled(at=self.clock.now(), unit=self.unit, heard=told))

    def _running(self) -> list[tuple[ContainerRun, Process]]:
        """Its containers whose process is not over."""
        found = [(run, run.running) for run in self._runs.values()]
        return [(run, process) for run, process in found if process is not None]

    def _end_rest(self) -> None:
        """One has ended of an instance that leaves: what never hears of the signal need not be waited for alone."""
        running = self._running()
        if not running:
            self._end()
        elif not self._ingress.rules.faithful and all(process.heard is False for _, process in running):
            for run, process in running:
                run.kill(process)

    def _end(self) -> None:
        """The last process is over, or not waited for: its containers go."""
        self._remove()
        self._sandbox.remove()
        self._gone = True
        self._report(rollout_steps.Gone(at=self.clock.now(), unit=self.unit))

    def _end_one(self, action: steps.End) -> None:
        """The platform ends a process: its exit is seen by whoever waits for it, and a restart follows."""
        run = self._runs[action.container]
        process = run.running
        if process is None:
            return
        if action.kill:
            run.kill(process)
            return
        self.attention.is_over()
        unheard = run.terminate(process) is False and not run.rules.faithful
        grace = UNHEARD_S if unheard else self.service.shutdown.grace_seconds
        self._loop.later(replace(action, due=self.clock.now() + grace, kill=True))

    def _remove(self) -> None:
        self.attention.is_over()
        for run in self._runs.values():
            run.remove()
