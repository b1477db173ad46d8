"""One container of an instance on the engine: its processes, one after the other, what they say and how they end; and
how it is looked at and asked. What to do is decided elsewhere: what happens is told as an event or handed to `see`.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, TypedDict

from emulator.model.diagnostic import HostError
from emulator.model.event import (
    ContainerStarted,
    DiagnosticFound,
    Log,
    PortDetected,
    ProbeAttempt,
    StartReason,
    StillScanning,
    Stopped,
)
from emulator.model.plan import Service
from emulator.model.record import replace
from emulator.world.asking import HttpAnswer
from emulator.world.clock import Clock
from emulator.world.containers import ContainerFacts, ContainerSpec, Listener
from emulator.world.docker import Docker, Follower

from . import boot_steps as steps
from . import probing
from .attention import Attention
from .files_watch import FilesWatch, files_watch
from .instance_steps import Member
from .job import Tell
from .probe_outcome import Attempted
from .requests import conceal
from .sandbox_run import SandboxRun
from .throttle import Share
from .unknown_user import as_root, runs_as_root

MakeSpec = Callable[[int], ContainerSpec]
"""attempt → the container to start."""
Address = tuple[str, int]
See = Callable[[steps.Observation | BaseException], None]
"""From any thread: what was seen of the container, or what went wrong."""

TAIL_LINES = 60
STOOD_STILL_S = 1.5
"""The clock on the wall went on for this long while ours did not: this process was stopped, or that clock was set."""
_LOGS_END_S = 2.0


class Who(TypedDict):
    """Whom an event is about."""

    service: str
    container: str
    instance: int
    deploy: int


class Part(NamedTuple):
    """A container of an instance: how it is judged, and what it runs. service: as this container alone has it.
    hidden: secrets, which what it says is rid of."""

    member: Member
    service: Service
    make_spec: MakeSpec
    hidden: Mapping[str, str]
    reason: StartReason = "deploy"


class Judged(NamedTuple):
    """The container on whose account an instance is live, or not: the service as that one has it, and its name."""

    service: Service
    container: str


class Process:
    """One start of the container, from its creation to its removal."""

    def __init__(self, id: str, attempt: int, started: float) -> None:
        self.id = id
        self.attempt = attempt
        self.started = started
        self.facts: ContainerFacts | None = None
        self.followers: list[Follower] = []
        self.lines: deque[str] = deque(maxlen=TAIL_LINES)
        self.early: list[Log] | None = []
        """What it said before its start was told; None from then on."""
        self.saying = threading.RLock()
        self.ended = threading.Event()
        self.signal: str | None = None
        """What it was told to end by, once it was, from `told` on."""
        self.told = 0.0
        self.heard: bool | None = None
        self.killed = False
        self.share: Share | None = None
        """Its processors, where it loses them while nothing needs it."""
        self.files: FilesWatch | None = None
        self.used_mib: int | None = None
        """How much memory it had in use when it was killed for that by us, not by the kernel."""

    @property
    def was_short(self) -> bool:
        """Whether it was killed for lack of memory."""
        return self.used_mib is not None or (self.facts is not None and self.facts.oom_killed)


class ContainerRun:
    """Starts a container, looks at it and asks it, and ends it, as it is told to.

    alone: whether it is the only one in its network. exited: called from any thread as soon as its process is over.
    """

    def __init__(
        self,
        part: Part,
        who: Who,
        *,
        docker: Docker,
        clock: Clock,
        tell: Tell,
        see: See,
        exited: Callable[[], None],
        sandbox: SandboxRun,
        attention: Attention,
        alone: bool,
        url: str | None,
    ) -> None:
        self.part = part
        self.rules = part.member.rules
        self.service = part.service
        self.docker = docker
        self.clock = clock
        self.tell = tell
        self.who = who
        self.process: Process | None = None
        self.ran_out_at: float | None = None
        """When a process of it was killed for lack of memory last."""
        self._see = see
        self._has_exited = exited
        self._sandbox = sandbox
        self._attention = attention
        self._alone = alone
        self._url = url
        self._last_lines: tuple[str, ...] = ()
        self._written_mib = 0
        self._starting: threading.Thread | None = None

    @property
    def running(self) -> Process | None:
        """Its process, as long as that is not over. Waits for one that is being started."""
        if self._starting is not None:
            self._starting.join()
        process = self.process
        return process if process is not None and not process.ended.is_set() else None

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last output of the last process."""
        process = self.process
        return tuple(process.lines) if process is not None else self._last_lines

    @property
    def written_mib(self) -> int:
        """How much the last process wrote, where that counts as its memory."""
        return self._written_mib if self.process is None else _written_mib(self.process)

    def was_short_of_memory(self) -> bool:
        """Whether one of its processes was killed for lack of memory, though the first one runs."""
        process = self.process
        facts = self.docker.inspect(process.id) if process is not None else None
        return facts is not None and facts.running and facts.oom_killed

    # ---- starting

    def begin(self, attempt: int) -> None:
        """Create it and start it; what came of that is seen."""
        self._begin(self._sandbox.around(self.part.make_spec(attempt)), attempt)

    def _begin(self, spec: ContainerSpec, attempt: int) -> None:
        id = self.docker.create(spec)
        process = self.process = Process(id, attempt, self.clock.now())
        idle_cpu = self.service.resources.idle_cpu
        process.share = Share(spec.cpus, idle_cpu) if spec.cpus is not None and idle_cpu is not None else None
        logs = self.docker.follow_logs(id, lambda stream, line: self._line(process, stream, line))
        process.followers.append(logs)
        asked = self.clock.now()
        failure = self.docker.start(id)
        process.started = self.clock.now()
        if failure is not None and (root := as_root(spec, failure)) is not None:
            if attempt == 1:
                self.tell(DiagnosticFound(**self.who, diagnostic=runs_as_root(self.who["service"], failure)))
            logs.close()
            self.docker.remove(id)
            self._begin(root, attempt)
            return
        if failure is not None:
            process.ended.set()
            self._told_started(process)
            shown = replace(failure, message=conceal(failure.message, self.part.hidden))
            self._see(steps.NotStarted(at=process.started, failure=shown))
            return
        process.facts = self.docker.inspect(id)
        process.started = self._since(process.facts, asked, process.started)
        self._told_started(process)
        self._see(steps.Started(at=process.started))
        process.followers.append(self.docker.on_exit(id, lambda told: self._exited(process, logs, told)))
        process.files = files_watch(self.docker, self.clock, id, spec, lambda used: self._exceeded(process, used))
        process.followers += [process.files] if process.files is not None else []

    def _exceeded(self, process: Process, used_mib: int) -> None:
        """From the watch's thread: what it wrote and what its processes hold is more than it may have."""
        process.used_mib = used_mib
        self.ran_out_at = self.clock.now()
        self.docker.kill(process.id)

    def begin_aside(self, attempt: int) -> None:
        """The same in a thread of its own, so that several start at once."""

        def begin() -> None:
            try:
                self.begin(attempt)
            except BaseException as problem:  # noqa: BLE001 - raised again by the loop
                self._see(problem)

        self._starting = threading.Thread(target=begin, name=f"start-{self.who['container']}", daemon=True)
        self._starting.start()

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
                **self.who,
                argv=tuple(conceal(word, self.part.hidden) for word in argv),
                port=port,
                url=self._url,
                attempt=process.attempt,
                id=process.id,
                reason=self.part.reason,
            )
        )
        with process.saying:
            early, process.early = process.early, None
            for log in early or ():
                self.tell(log)

    def _line(self, process: Process, stream: Literal["stdout", "stderr"], line: str) -> None:
        shown = conceal(line, self.part.hidden)
        process.lines.append(shown)
        log = Log(**self.who, stream=stream, line=shown)
        with process.saying:
            if process.early is None:
                self.tell(log)
            else:
                process.early.append(log)

    # ---- ending

    def _exited(self, process: Process, logs: Follower, told: ContainerFacts | HostError) -> None:
        """From the follower's thread: the container has ended, or was removed by somebody, or the engine was lost."""
        facts = told if isinstance(told, ContainerFacts) else None
        if isinstance(told, HostError) and told.diagnostic.code != "host/container-gone":
            self._see(told)
            process.ended.set()
            return
        process.facts = facts
        if process.was_short:
            self.ran_out_at = self.clock.now()
        self._has_exited()
        logs.join(_LOGS_END_S)
        now = self.clock.now()
        self._told_stopped(process, now)
        self._see(
            steps.Exited(
                at=now,
                attempt=process.attempt,
                exit_code=facts.exit_code if facts else None,
                oom=process.was_short,
                last_line=next((line for line in reversed(process.lines) if line.strip()), ""),
            )
        )
        process.ended.set()  # after that: an attempt which ends with the process must not be seen before its end

    def terminate(self, process: Process) -> bool | None:
        """Send the platform's signal to end; whether the process does anything at it."""
        signal = self.service.shutdown.signal
        process.signal, process.told = signal, self.clock.now()
        process.heard = self.docker.heeds(process.id, signal)
        self.docker.kill(process.id, signal)
        return process.heard

    def kill(self, process: Process) -> None:
        process.killed = True
        if process.signal is None:
            process.signal, process.told = "SIGKILL", self.clock.now()
        self.docker.kill(process.id)

    def _told_stopped(self, process: Process, at: float) -> None:
        facts, signal = process.facts, process.signal
        seconds = at - (process.started if signal is None else process.told)
        self.tell(
            Stopped(
                **self.who,
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

    def remove(self) -> None:
        """Remove the container; forget it only when it is gone, so that an interrupted removal is repeated."""
        if self._starting is not None:
            self._starting.join()
        process = self.process
        if process is None:
            return
        self._last_lines, self._written_mib = tuple(process.lines), _written_mib(process)
        for follower in process.followers:
            follower.close()
        self.docker.remove(process.id)
        self.process = None

    # ---- looking and asking

    def look(self, action: steps.Look) -> steps.Looked | None:
        """Where it listens, and what it computes where that matters; None when that process is gone.

        Where several share a network, whose socket it is cannot be told: only the port this one is asked on counts."""
        process = self.process
        if process is None or process.attempt != action.attempt:
            return None
        pid = process.facts.pid if process.facts else None
        asked = self.rules.startup.port if self.rules.startup else None
        listeners: tuple[Listener, ...] = self.docker.listeners(*self._network(process))
        if not self._alone:
            listeners = tuple(x for x in listeners if x.port == asked)
        reached = any(not x.loopback and asked in (None, x.port) for x in listeners)
        cpu = self.docker.cpu_seconds(process.id, pid) if listeners and not reached else None
        return steps.Looked(at=self.clock.now(), attempt=action.attempt, listeners=listeners, cpu_s=cpu)

    def settle(self, action: steps.Settle) -> steps.Settled:
        """The time to stay up has passed; what it computed by then, where that counts."""
        process, cpu = self.process, None
        if self.rules.lifecycle.settle_idle_s is not None and process is not None:
            cpu = self.docker.cpu_seconds(process.id, process.facts.pid if process.facts else None)
        return steps.Settled(at=self.clock.now(), attempt=action.attempt, cpu_s=cpu)

    def ask_aside(self, action: steps.Ask | steps.Try) -> None:
        """In a thread of its own: one request or one attempt of a probe; what came of it is seen."""
        threading.Thread(target=self._asked, args=(action,), daemon=True).start()

    def _asked(self, action: steps.Ask | steps.Try) -> None:
        began, wall = self.clock.now(), self.clock.wall()
        try:
            with self._attention.while_asked():
                seen = self._ask(action) if isinstance(action, steps.Ask) else self._tried(action, began, wall)
        except Exception as problem:  # noqa: BLE001 - raised again by the loop, which would wait for ever
            self._see(problem)
            return
        if not self._has_gone(action.attempt):
            self._see(seen)

    def _tried(self, action: steps.Try, began: float, wall: float) -> steps.Tried:
        """One attempt; another one in its place where the clock stood still during a failure: an answer that came then
        was found too late."""
        tried = self._try(action, began)
        now = self.clock.now()
        stood_still_s = (self.clock.wall() - wall) - (now - began)
        return tried if tried.ok or stood_still_s < STOOD_STILL_S else self._try(replace(action, due=now), now)

    def _has_gone(self, attempt: int) -> bool:
        """Whether the process had ended before anybody could look at it: its exit, which is seen soon, tells more than
        that it cannot be reached."""
        process = self.process
        facts = process.facts if process is not None and process.attempt == attempt else None
        return facts is not None and not facts.running

    def _ask(self, action: steps.Ask) -> steps.Asked:
        """A plain request. To the container itself, never to a published port: that one accepts whether anybody
        listens or not."""
        process, address = self.process, self._address()
        if process is None or address is None:
            answer = HttpAnswer(status=None, seconds=0.0, error="unreachable", detail="the container has no address")
        else:
            host = next((p.host for p in (self.rules.health, self.rules.startup) if p and p.host), None)
            headers = {"Host": host} if host else {}
            door = self.docker.http(self._network(process)[0])
            answer = door.request("GET", address, action.port, "/", headers=headers, timeout_s=action.timeout_s)
        return steps.Asked(at=self.clock.now(), attempt=action.attempt, port=action.port, answer=answer)

    def _try(self, action: steps.Try, began: float) -> steps.Tried:
        process, probe = self.process, self.rules.probe(action.role)
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

    def reached_at(self, port: int | None) -> Address | None:
        """Where `port` of the container is reached from here; None when it is not."""
        facts = self._network_facts()
        if facts is None or port is None:
            return None
        if self.docker.facts().local and facts.address:
            return facts.address, port
        return ("127.0.0.1", facts.ports[port]) if port in facts.ports else None

    def _address(self) -> str | None:
        facts = self._network_facts()
        return facts.address if facts is not None else None

    def _network(self, process: Process) -> tuple[str, int | None]:
        """The container that owns the network the process is in, and that one's first process."""
        id, facts = (process.id, process.facts) if self._sandbox.id is None else (self._sandbox.id, self._sandbox.facts)
        return id, facts.pid if facts is not None else None

    def _network_facts(self) -> ContainerFacts | None:
        """The facts of that container: they have the address and the published ports."""
        process = self.process
        return (self._sandbox.facts or process.facts) if process is not None else None

    # ---- telling

    def tell_of(self, action: steps.TellProbe | steps.Remind | steps.FoundPort) -> None:
        """What its boot says."""
        match action:
            case steps.TellProbe():
                self.tell(
                    ProbeAttempt(
                        **self.who,
                        kind=action.role,
                        attempt=action.number,
                        ok=action.ok,
                        detail=action.words,
                        due=action.due_s,
                        seconds=action.seconds,
                    )
                )
            case steps.Remind():
                self.tell(StillScanning(**self.who, seconds=action.seconds))
            case steps.FoundPort():
                self.tell(PortDetected(**self.who, port=action.port, address=action.address))


def _written_mib(process: Process) -> int:
    return process.files.written_mib if process.files is not None else 0
