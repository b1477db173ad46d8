"""The loop around the boot state machine: start, look, ask, feed back, until there is a verdict.

Engine, network and clock are doors handed in; whatever happens is told as an event.
"""

import heapq
import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal, TypedDict

from emulator.model.diagnostic import HostError
from emulator.model.event import (
    ContainerStarted,
    Event,
    Live,
    Log,
    PortDetected,
    ProbeAttempt,
    Restarted,
    StillScanning,
    Stopped,
)
from emulator.model.plan import Service
from emulator.world import Clock, ContainerFacts, ContainerSpec, Docker, Follower, HttpAnswer, HttpDoor

from . import boot
from .requests import conceal

Tell = Callable[[Event], None]
Route = Callable[[tuple[str, int] | None], None]
"""Sends the traffic of the service's address to a place; None: nowhere."""
MakeSpec = Callable[[int], ContainerSpec]
"""attempt → the container to start."""

TAIL_LINES = 60
_LOGS_END_S = 2.0


class Who(TypedDict):
    """Whom an event is about."""

    service: str
    container: str
    instance: int
    deploy: int


class Instance:
    """One running container of a service, from its start to its removal."""

    def __init__(self, id: str, attempt: int, started: float) -> None:
        self.id = id
        self.attempt = attempt
        self.started = started
        self.facts: ContainerFacts | None = None
        self.followers: list[Follower] = []
        self.logs: Follower | None = None
        self.last_line = ""


class ServiceRun:
    """Boots one service and, once it is live, keeps it as the platform would.

    `until_decided()` returns the outcome; a live container goes on running until `stop()`.
    """

    def __init__(
        self,
        service: Service,
        rules: boot.Rules,
        make_spec: MakeSpec,
        hidden: Mapping[str, str],
        *,
        docker: Docker,
        http: HttpDoor,
        clock: Clock,
        tell: Tell,
        deploy: int,
        url: str | None = None,
        route: Route | None = None,
    ) -> None:
        self.service = service
        self.rules = rules
        self.docker = docker
        self.http = http
        self.clock = clock
        self.tell = tell
        self.deploy = deploy
        self.url = url
        self.route = route
        self.instance: Instance | None = None
        self.state = boot.State()
        self.outcome: boot.Outcome | None = None
        self.last_lines: deque[str] = deque(maxlen=TAIL_LINES)
        self._make_spec = make_spec
        self._hidden = hidden
        self._seen: queue.Queue[boot.Observation | HostError] = queue.Queue()
        self._due: list[tuple[float, int, boot.Action]] = []
        self._order = itertools.count()
        self._local = docker.facts().local

    # ---- the loop

    def until_decided(self) -> boot.Outcome:
        """Start and follow until the outcome is decided. Raises HostError when the engine is lost."""
        self._start()
        while self.outcome is None:
            self._turn(None)
        return self.outcome

    def keep(self, seconds: float) -> None:
        """Go on for a while after it is live: a crash is followed by a restart."""
        end = self.clock.now() + seconds
        while self.clock.now() < end and not (self.outcome and not self.outcome.verdict.good):
            self._turn(end)

    def _turn(self, until: float | None) -> None:
        """Wait for the next observation or action, whichever comes first, and take it."""
        next_due = self._due[0][0] if self._due else None
        limits = [t for t in (next_due, until) if t is not None]
        wait = max(0.0, min(limits) - self.clock.now()) if limits else None
        try:
            seen = self._seen.get(timeout=wait) if wait is None or wait > 0 else self._seen.get_nowait()
        except queue.Empty:
            if self._due and self._due[0][0] <= self.clock.now():
                self._perform(heapq.heappop(self._due)[2])
            return
        if isinstance(seen, HostError):
            raise seen
        self._observe(seen)

    def _observe(self, seen: boot.Observation) -> None:
        self.state, actions = boot.step(self.rules, self.state, seen)
        for action in actions:
            heapq.heappush(self._due, (action.due, next(self._order), action))

    def _perform(self, action: boot.Action) -> None:
        match action:
            case boot.Look():
                self._look(action)
            case boot.Ask() | boot.Check():
                threading.Thread(target=self._request, args=(action,), daemon=True).start()
            case boot.Settle():
                self._observe(boot.Settled(at=self.clock.now(), attempt=action.attempt))
            case boot.StartAgain():
                back_off = action.platform_s
                self.tell(Restarted(**self._who(), because=action.because, back_off_s=back_off))
                self._remove()
                self._start()
            case boot.Remind():
                self.tell(StillScanning(**self._who(), seconds=action.seconds))
            case boot.FoundPort():
                self.tell(PortDetected(**self._who(), port=action.port, address=action.address))
            case boot.Outcome():
                self.outcome = action
                if action.verdict == "live":
                    if self.route is not None and action.port is not None:
                        self.route(self.target(action.port))  # first: who hears of `live` asks at once
                    seconds = self.clock.now() - self.state.begun
                    self.tell(Live(**self._who(), url=self.url, seconds=seconds))

    # ---- starting and ending

    def _start(self) -> None:
        attempt = self.state.attempt + 1
        id = self.docker.create(self._make_spec(attempt))
        instance = self.instance = Instance(id, attempt, self.clock.now())
        instance.logs = self.docker.follow_logs(id, lambda stream, line: self._line(instance, stream, line))
        instance.followers.append(instance.logs)
        failure = self.docker.start(id)
        now = instance.started = self.clock.now()
        if failure is not None:
            self._told_started(instance)
            self._observe(boot.NotStarted(at=now, failure=failure))
            return
        instance.facts = self.docker.inspect(id)
        self._told_started(instance)
        self._observe(boot.Started(at=now))
        instance.followers.append(self.docker.on_exit(id, lambda facts: self._exited(instance, facts)))

    def _told_started(self, instance: Instance) -> None:
        facts = instance.facts or self.docker.inspect(instance.id)
        argv = facts.argv if facts else ()
        port = self.service.port.number if self.service.port else None
        self.tell(
            ContainerStarted(
                **self._who(),
                argv=tuple(conceal(word, self._hidden) for word in argv),
                port=port,
                url=self.url,
                attempt=instance.attempt,
                id=instance.id,
            )
        )

    def _line(self, instance: Instance, stream: Literal["stdout", "stderr"], line: str) -> None:
        shown = conceal(line, self._hidden)
        self.last_lines.append(shown)
        instance.last_line = shown if shown.strip() else instance.last_line
        self.tell(Log(**self._who(), stream=stream, line=shown))

    def _exited(self, instance: Instance, facts: ContainerFacts | HostError) -> None:
        """From the follower's thread: the container has ended, or the engine was lost."""
        if isinstance(facts, HostError):
            self._seen.put(facts)
            return
        instance.facts = facts
        if instance.logs is not None:
            instance.logs.join(_LOGS_END_S)
        now = self.clock.now()
        self.tell(
            Stopped(
                **self._who(),
                exit_code=facts.exit_code,
                signal=None,
                oom=facts.oom_killed,
                graceful=False,
                seconds=now - instance.started,
            )
        )
        self._seen.put(
            boot.Exited(
                at=now,
                attempt=instance.attempt,
                exit_code=facts.exit_code,
                oom=facts.oom_killed,
                last_line=instance.last_line,
            )
        )

    def stop(self) -> None:
        """End the service as the platform would: signal, grace, kill; then remove it."""
        instance = self.instance
        if instance is None:
            return
        running = self.outcome is not None and self.outcome.verdict == "live"
        if running:
            for follower in instance.followers[1:]:
                follower.close()
            began = self.clock.now()
            self.docker.stop(instance.id, self.service.shutdown.signal, self.service.shutdown.grace_seconds)
            facts = self.docker.inspect(instance.id)
            code = facts.exit_code if facts else None
            took = self.clock.now() - began
            graceful = took < self.service.shutdown.grace_seconds
            self.tell(
                Stopped(
                    **self._who(),
                    exit_code=code,
                    signal=self.service.shutdown.signal,
                    oom=False,
                    graceful=graceful,
                    seconds=took,
                )
            )
        self._remove()

    def _remove(self) -> None:
        instance, self.instance = self.instance, None
        if instance is None:
            return
        for follower in instance.followers:
            follower.close()
        self.docker.remove(instance.id)

    # ---- looking and asking

    def _look(self, action: boot.Look) -> None:
        instance = self.instance
        if instance is None or instance.attempt != action.attempt:
            return
        pid = instance.facts.pid if instance.facts else None
        listeners = self.docker.listeners(instance.id, pid)
        only_loopback = bool(listeners) and all(x.loopback for x in listeners)
        cpu = self.docker.cpu_seconds(instance.id, pid) if only_loopback else None
        self._observe(boot.Looked(at=self.clock.now(), attempt=action.attempt, listeners=listeners, cpu_s=cpu))

    def target(self, port: int) -> tuple[str, int] | None:
        """Where `port` of the container is reached from here; None when it is not."""
        facts = self.instance.facts if self.instance else None
        if facts is None:
            return None
        if self._local and facts.address:
            return facts.address, port
        return ("127.0.0.1", facts.ports[port]) if port in facts.ports else None

    def _request(self, action: boot.Ask | boot.Check) -> None:
        """In a thread of its own: one request, and what came of it."""
        try:
            answer, began = self._answer(action)
        except HostError as problem:
            self._seen.put(problem)
            return
        now = self.clock.now()
        if isinstance(action, boot.Ask):
            self._seen.put(boot.Asked(at=now, attempt=action.attempt, port=action.port, answer=answer))
            return
        probe = self.rules.health
        low, high = (probe.success_statuses if probe else None) or (200, 399)
        ok = answer.status is not None and low <= answer.status <= high
        self.tell(
            ProbeAttempt(
                **self._who(),
                kind="health",
                attempt=action.number,
                ok=ok,
                detail=boot.answer_words(answer),
                due=action.due - self.state.begun,
                seconds=now - began,
            )
        )
        self._seen.put(boot.Checked(at=now, attempt=action.attempt, answer=answer))

    def _answer(self, action: boot.Ask | boot.Check) -> tuple[HttpAnswer, float]:
        began = self.clock.now()
        where = self.target(action.port)
        if where is None:
            detail = f"port {action.port} is not published by this engine"
            return HttpAnswer(status=None, seconds=0.0, error="unreachable", detail=detail), began
        if isinstance(action, boot.Ask):
            return self.http.request("GET", *where, "/", headers=self._host_header(), timeout_s=action.timeout_s), began
        probe = self.rules.health
        assert probe is not None
        headers = {**probe.headers, **({"Host": probe.host} if probe.host else {})}
        answer = self.http.request("GET", *where, probe.path or "/", headers=headers, timeout_s=probe.timeout_s)
        return answer, began

    def _host_header(self) -> dict[str, str]:
        host = self.rules.health.host if self.rules.health else None
        return {"Host": host} if host else {}

    def _who(self) -> "Who":
        return {"service": self.service.name, "container": self.service.name, "instance": 1, "deploy": self.deploy}
