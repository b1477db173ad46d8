"""One instance of a service, from its first start to its removal: the loop around the boot state machine.

Engine, network and clock are doors handed in; whatever happens is told as an event, and what concerns the service as
a whole is reported to it.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, TypedDict

from emulator.model.diagnostic import HostError
from emulator.model.event import (
    ContainerStarted,
    Event,
    Log,
    PortDetected,
    ProbeAttempt,
    Restarted,
    Rotation,
    StartReason,
    StillScanning,
    Stopped,
)
from emulator.model.plan import Service
from emulator.model.record import Record, replace
from emulator.world import Clock, ContainerFacts, ContainerSpec, Docker, Follower, HttpAnswer

from . import boot, probing, rollout_steps
from . import boot_steps as steps
from .files_watch import FilesWatch, files_watch
from .loop import Loop
from .probe_outcome import Attempted
from .requests import conceal
from .retiring import UNHEARD_S
from .rollout_steps import Unit
from .sandbox_run import SandboxRun

Tell = Callable[[Event], None]
Report = Callable[[rollout_steps.Observation | BaseException], None]
MakeSpec = Callable[[int], ContainerSpec]
"""attempt → the container to start."""
Address = tuple[str, int]

TAIL_LINES = 60
_LOGS_END_S = 2.0


class Who(TypedDict):
    """Whom an event is about."""

    service: str
    container: str
    instance: int
    deploy: int


class What(NamedTuple):
    """What an instance runs, and how it is judged."""

    unit: Unit
    service: Service
    rules: steps.Rules
    make_spec: MakeSpec
    hidden: Mapping[str, str]
    reason: StartReason = "deploy"


class Order(Record, frozen=True, kw_only=True):
    """What the service wants of its instance."""

    what: Literal["terminate", "kill", "remove"]


class Process:
    """One container of the instance, from its creation to its removal."""

    def __init__(self, id: str, attempt: int, started: float) -> None:
        self.id = id
        self.attempt = attempt
        self.started = started
        self.facts: ContainerFacts | None = None
        self.followers: list[Follower] = []
        self.lines: deque[str] = deque(maxlen=TAIL_LINES)
        self.ended = threading.Event()
        self.signal: str | None = None
        """What it was told to end by, once it was, from `told` on."""
        self.told = 0.0
        self.heard: bool | None = None
        self.killed = False
        self.files: FilesWatch | None = None
        self.used_mib: int | None = None
        """How much memory it had in use when it was killed for that by us, not by the kernel."""

    @property
    def was_short(self) -> bool:
        """Whether it was killed for lack of memory."""
        return self.used_mib is not None or (self.facts is not None and self.facts.oom_killed)


class InstanceRun:
    """Starts an instance, keeps it as the platform would, and ends it when it is told to.

    `outcome` is how its boot ended; `target` is where it answers, as long as it is live.
    """

    def __init__(
        self, what: What, *, docker: Docker, clock: Clock, tell: Tell, report: Report, url: str | None = None
    ) -> None:
        self.unit = what.unit
        self.service = what.service
        self.rules = what.rules
        self.docker = docker
        self.clock = clock
        self.tell = tell
        self.url = url
        self.state = steps.State()
        self.outcome: steps.Outcome | None = None
        self.target: Address | None = None
        self._make_spec = what.make_spec
        self._hidden = what.hidden
        self._reason: StartReason = what.reason
        self._report = report
        self._loop: Loop[steps.Observation | Order, steps.Action] = Loop(clock, self._take, self._perform)
        self._process: Process | None = None
        self._sandbox = SandboxRun(what.service, docker)
        self._last_lines: tuple[str, ...] = ()
        self._written_mib = 0
        self._leaving = False
        self._gone = False
        self._thread = threading.Thread(target=self._run, name=f"{what.service.name}-{what.unit.id}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def order(self, what: Literal["terminate", "kill", "remove"]) -> None:
        """From any thread: tell it to end by the platform's signal, kill it, or remove it without ceremony. `Gone` is
        reported when its container is removed."""
        self._loop.put(Order(what=what))

    def join(self) -> None:
        """Wait for the end of its thread, and remove what an error kept it from removing."""
        if self._thread.ident is not None:
            self._thread.join()
        self._remove()
        self._sandbox.remove()

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last output of the last process."""
        process = self._process
        return tuple(process.lines) if process is not None else self._last_lines

    @property
    def written_mib(self) -> int:
        """How much the last process wrote, where that counts as its memory."""
        return self._written_mib if self._process is None else _written_mib(self._process)

    @property
    def container(self) -> str | None:
        """The id of the container it has at the moment."""
        process = self._process
        return process.id if process is not None else None

    def was_short_of_memory(self) -> bool:
        """Whether one of its processes was killed for lack of memory, though the first one runs."""
        process = self._process
        facts = self.docker.inspect(process.id) if process is not None else None
        return facts is not None and facts.running and facts.oom_killed

    # ---- the loop

    def _run(self) -> None:
        try:
            self._begin()
            while not self._gone:
                self._loop.turn()
        except BaseException as problem:  # noqa: BLE001 - raised again by who waits for this instance
            self._report(problem)

    def _take(self, seen: steps.Observation | Order) -> tuple[steps.Action, ...]:
        if isinstance(seen, Order):
            self._obey(seen)
            return ()
        if isinstance(seen, steps.Exited):
            self.target = None
            if self._process is not None and self._process.attempt == seen.attempt:
                self._process.ended.set()
            self._report(rollout_steps.Down(at=seen.at, unit=self.unit))
            if self._leaving:
                self._end()
        if self._leaving:
            return ()
        self.state, actions = boot.step(self.rules, self.state, seen)
        return actions

    def _perform(self, action: steps.Action) -> None:
        if self._leaving:
            return
        match action:
            case steps.Look():
                self._look(action)
            case steps.Ask() | steps.Try():
                threading.Thread(target=self._asked, args=(action,), daemon=True).start()
            case steps.StartAgain():
                self.tell(Restarted(**self.who(), because=action.because, back_off_s=action.platform_s))
                self._remove()
                self._begin()
            case steps.Settle():
                self._see_settled(action)
            case steps.End():
                self._end_dead(action)
            case steps.Outcome():
                self._decided(action)
            case steps.Rotate():
                self.tell(Rotation(**self.who(), ready=action.ready, because=action.because))
                self._report(rollout_steps.Rotated(at=self.clock.now(), unit=self.unit, ready=action.ready))
            case _:
                self._tell_of(action)

    def _tell_of(self, action: steps.TellProbe | steps.Remind | steps.FoundPort) -> None:
        match action:
            case steps.TellProbe():
                self.tell(
                    ProbeAttempt(
                        **self.who(),
                        kind=action.role,
                        attempt=action.number,
                        ok=action.ok,
                        detail=action.words,
                        due=action.due_s,
                        seconds=action.seconds,
                    )
                )
            case steps.Remind():
                self.tell(StillScanning(**self.who(), seconds=action.seconds))
            case steps.FoundPort():
                self.tell(PortDetected(**self.who(), port=action.port, address=action.address))

    def _decided(self, outcome: steps.Outcome) -> None:
        self.outcome = outcome
        at = self.clock.now()
        if outcome.verdict != "live":
            self._report(rollout_steps.Failed(at=at, unit=self.unit))
            return
        self.target = self._reached_at(outcome.port)
        self._report(rollout_steps.Up(at=at, unit=self.unit))
        if self._process is not None and self._process.ended.is_set():  # since its last answer: reported too early
            self.target = None
            self._report(rollout_steps.Down(at=at, unit=self.unit))

    def who(self) -> Who:
        name = self.service.name
        return {"service": name, "container": name, "instance": self.unit.slot, "deploy": self.unit.deploy}

    # ---- starting

    def _begin(self) -> None:
        attempt = self.state.attempt + 1
        spec = self._sandbox.around(self._make_spec(attempt))
        id = self.docker.create(spec)
        process = self._process = Process(id, attempt, self.clock.now())
        logs = self.docker.follow_logs(id, lambda stream, line: self._line(process, stream, line))
        process.followers.append(logs)
        asked = self.clock.now()
        failure = self.docker.start(id)
        process.started = self.clock.now()
        if failure is not None:
            self._told_started(process)
            shown = replace(failure, message=conceal(failure.message, self._hidden))
            self._loop.see(steps.NotStarted(at=process.started, failure=shown))
            return
        process.facts = self.docker.inspect(id)
        process.started = self._since(process.facts, asked, process.started)
        self._told_started(process)
        self._loop.see(steps.Started(at=process.started))
        process.followers.append(self.docker.on_exit(id, lambda told: self._exited(process, logs, told)))
        process.files = files_watch(self.docker, self.clock, id, spec, lambda used: self._exceeded(process, used))
        process.followers += [process.files] if process.files is not None else []

    def _exceeded(self, process: Process, used_mib: int) -> None:
        """From the watch's thread: what it wrote and what its processes hold is more than it may have."""
        process.used_mib = used_mib
        self.docker.kill(process.id)

    def _since(self, facts: ContainerFacts | None, asked: float, answered: float) -> float:
        """When the process started: by the engine's note, which comes before its answer. Its clock may be another one,
        so that only a moment between question and answer is believed."""
        if facts is None or facts.started_at is None:
            return answered
        noted = self.clock.now() - (self.clock.wall() - facts.started_at)
        return min(max(asked, noted), answered)

    def _told_started(self, process: Process) -> None:
        facts = process.facts or self.docker.inspect(process.id)
        argv = facts.argv if facts else ()
        port = self.service.port.number if self.service.port else None
        self.tell(
            ContainerStarted(
                **self.who(),
                argv=tuple(conceal(word, self._hidden) for word in argv),
                port=port,
                url=self.url,
                attempt=process.attempt,
                id=process.id,
                reason=self._reason,
            )
        )

    def _line(self, process: Process, stream: Literal["stdout", "stderr"], line: str) -> None:
        shown = conceal(line, self._hidden)
        process.lines.append(shown)
        self.tell(Log(**self.who(), stream=stream, line=shown))

    # ---- ending

    def _exited(self, process: Process, logs: Follower, told: ContainerFacts | HostError) -> None:
        """From the follower's thread: the container has ended, or was removed by somebody, or the engine was lost."""
        facts = told if isinstance(told, ContainerFacts) else None
        if isinstance(told, HostError) and told.diagnostic.code != "host/container-gone":
            self._loop.put(told)
            process.ended.set()
            return
        process.facts = facts
        self._report(rollout_steps.Down(at=self.clock.now(), unit=self.unit))
        logs.join(_LOGS_END_S)
        now = self.clock.now()
        self._told_stopped(process, now)
        self._loop.put(
            steps.Exited(
                at=now,
                attempt=process.attempt,
                exit_code=facts.exit_code if facts else None,
                oom=process.was_short,
                last_line=next((line for line in reversed(process.lines) if line.strip()), ""),
            )
        )
        process.ended.set()  # after that: an attempt which ends with the process must not be seen before its end

    def _obey(self, order: Order) -> None:
        """What the service wants. Whatever is still due for the process is not done any more."""
        self._leaving = True
        self._loop.forget()
        process = self._process
        if order.what == "remove" or process is None or process.ended.is_set():
            self._end()
        elif order.what == "kill":
            self._kill(process)
        else:
            heard = self._terminate(process)
            self._report(rollout_steps.Signalled(at=self.clock.now(), unit=self.unit, heard=heard))

    def _terminate(self, process: Process) -> bool | None:
        """Send the platform's signal to end; whether the process does anything at it."""
        signal = self.service.shutdown.signal
        process.signal, process.told = signal, self.clock.now()
        process.heard = self.docker.heeds(process.id, signal)
        self.docker.kill(process.id, signal)
        return process.heard

    def _kill(self, process: Process) -> None:
        process.killed = True
        if process.signal is None:
            process.signal, process.told = "SIGKILL", self.clock.now()
        self.docker.kill(process.id)

    def _end(self) -> None:
        """The last process is over, or not waited for: its container goes."""
        self._remove()
        self._sandbox.remove()
        self._gone = True
        self._report(rollout_steps.Gone(at=self.clock.now(), unit=self.unit))

    def _end_dead(self, action: steps.End) -> None:
        """A probe says that it is dead: its exit is seen by whoever waits for it, and a restart follows."""
        process = self._process
        if process is None or process.attempt != action.attempt or process.ended.is_set():
            return
        if action.kill:
            self._kill(process)
            return
        unheard = self._terminate(process) is False and not self.rules.faithful
        grace = UNHEARD_S if unheard else self.service.shutdown.grace_seconds
        self._loop.later(replace(action, due=self.clock.now() + grace, kill=True))

    def _told_stopped(self, process: Process, at: float) -> None:
        facts, signal = process.facts, process.signal
        seconds = at - (process.started if signal is None else process.told)
        self.tell(
            Stopped(
                **self.who(),
                exit_code=facts.exit_code if facts else None,
                signal=signal,
                oom=process.was_short and signal is None,
                used_mib=process.used_mib if signal is None else None,
                graceful=signal is not None and not process.killed,
                seconds=seconds,
                heard=process.heard,
                grace_s=self.service.shutdown.grace_seconds if signal not in (None, "SIGKILL") else None,
            )
        )

    def _remove(self) -> None:
        """Remove the container; forget it only when it is gone, so that an interrupted removal is repeated."""
        process = self._process
        if process is None:
            return
        self._last_lines, self._written_mib = tuple(process.lines), _written_mib(process)
        for follower in process.followers:
            follower.close()
        self.docker.remove(process.id)
        self._process = None

    # ---- looking and asking

    def _look(self, action: steps.Look) -> None:
        process = self._process
        if process is None or process.attempt != action.attempt:
            return
        pid = process.facts.pid if process.facts else None
        listeners = self.docker.listeners(*self._network(process))
        asked = self.rules.startup.port if self.rules.startup else None
        reached = any(not x.loopback and asked in (None, x.port) for x in listeners)
        cpu = self.docker.cpu_seconds(process.id, pid) if listeners and not reached else None
        self._loop.see(steps.Looked(at=self.clock.now(), attempt=action.attempt, listeners=listeners, cpu_s=cpu))

    def _see_settled(self, action: steps.Settle) -> None:
        process = self._process
        cpu = None
        if self.rules.lifecycle.settle_idle_s is not None and process is not None:
            cpu = self.docker.cpu_seconds(process.id, process.facts.pid if process.facts else None)
        self._loop.see(steps.Settled(at=self.clock.now(), attempt=action.attempt, cpu_s=cpu))

    def _reached_at(self, port: int | None) -> Address | None:
        """Where `port` of the container is reached from here; None when it is not."""
        facts = self._network_facts()
        if facts is None or port is None:
            return None
        if self.docker.facts().local and facts.address:
            return facts.address, port
        return ("127.0.0.1", facts.ports[port]) if port in facts.ports else None

    def _asked(self, action: steps.Ask | steps.Try) -> None:
        """In a thread of its own: one request or one attempt of a probe, and what came of it."""
        began = self.clock.now()
        try:
            seen = self._ask(action) if isinstance(action, steps.Ask) else self._try(action, began)
        except Exception as problem:  # noqa: BLE001 - raised again by the loop, which would wait for ever
            self._loop.put(problem)
            return
        if not self._has_gone(action.attempt):
            self._loop.put(seen)

    def _has_gone(self, attempt: int) -> bool:
        """Whether the process had ended before anybody could look at it: its exit, which is seen soon, tells more than
        that it cannot be reached."""
        process = self._process
        facts = process.facts if process is not None and process.attempt == attempt else None
        return facts is not None and not facts.running

    def _ask(self, action: steps.Ask) -> steps.Asked:
        """A plain request. To the container itself, never to a published port: that one accepts whether anybody
        listens or not."""
        process, address = self._process, self._address()
        if process is None or address is None:
            answer = HttpAnswer(status=None, seconds=0.0, error="unreachable", detail="the container has no address")
        else:
            host = next((p.host for p in (self.rules.health, self.rules.startup) if p and p.host), None)
            headers = {"Host": host} if host else {}
            door = self.docker.http(self._network(process)[0])
            answer = door.request("GET", address, action.port, "/", headers=headers, timeout_s=action.timeout_s)
        return steps.Asked(at=self.clock.now(), attempt=action.attempt, port=action.port, answer=answer)

    def _try(self, action: steps.Try, began: float) -> steps.Tried:
        process, probe = self._process, self.rules.probe(action.role)
        if process is None or probe is None:
            came = Attempted(ok=False, words="cannot be reached")
        else:
            target = probing.Target(self._address(), action.port, process.ended.is_set)
            late = began - action.due if probe.waits_for_port else 0.0  # it waits up to a moment, whenever it began
            timeout_s = max(0.0, action.timeout_s - max(0.0, late))
            door = self.docker.http(self._network(process)[0])
            came = probing.attempt(door, self.clock, probe, target, timeout_s)
        now = self.clock.now()
        return steps.Tried(
            at=now,
            attempt=action.attempt,
            role=action.role,
            number=action.number,
            ok=came.ok,
            words=came.words,
            final=came.final,
            refused=came.refused,
            seconds=now - began,
            early=action.early,
        )

    def _address(self) -> str | None:
        facts = self._network_facts()
        return facts.address if facts is not None else None

    def _network(self, process: Process) -> tuple[str, int | None]:
        """The container that owns the network the process is in, and that one's first process."""
        id, facts = (process.id, process.facts) if self._sandbox.id is None else (self._sandbox.id, self._sandbox.facts)
        return id, facts.pid if facts is not None else None

    def _network_facts(self) -> ContainerFacts | None:
        """The facts of that container: they have the address and the published ports."""
        process = self._process
        return (self._sandbox.facts or process.facts) if process is not None else None


def _written_mib(process: Process) -> int:
    return process.files.written_mib if process.files is not None else 0
