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
from emulator.model.record import replace
from emulator.world import Clock, ContainerFacts, ContainerSpec, Docker, Follower, HttpAnswer, HttpDoor

from . import boot
from . import boot_steps as steps
from .requests import conceal

Tell = Callable[[Event], None]
Route = Callable[[tuple[str, int] | None], None]
"""Sends the traffic of the service's address to a place; None: nowhere."""
MakeSpec = Callable[[int], ContainerSpec]
"""attempt → the container to start."""

TAIL_LINES = 60
_LOGS_END_S = 2.0
KNOCK_EVERY_S = 0.01
"""Between two tries of a TCP attempt."""
_HURRY_EVERY_S = 0.1
"""How often a service that is ending is left alone to see whether the user has lost patience."""


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
        self.lines: deque[str] = deque(maxlen=TAIL_LINES)
        self.ended = threading.Event()
        self.told_to_end: str | None = None


class ServiceRun:
    """Boots one service and, once it is live, keeps it as the platform would.

    `until_decided()` returns the outcome; a live container goes on running until `stop()`.
    """

    def __init__(
        self,
        service: Service,
        rules: steps.Rules,
        make_spec: MakeSpec,
        hidden: Mapping[str, str],
        *,
        docker: Docker,
        clock: Clock,
        tell: Tell,
        deploy: int,
        url: str | None = None,
        route: Route | None = None,
    ) -> None:
        self.service = service
        self.rules = rules
        self.docker = docker
        self.clock = clock
        self.tell = tell
        self.deploy = deploy
        self.url = url
        self._route = route or (lambda _: None)
        self.instance: Instance | None = None
        self.state = steps.State()
        self.outcome: steps.Outcome | None = None
        self._make_spec = make_spec
        self._hidden = hidden
        self._seen: queue.Queue[steps.Observation | Exception | None] = queue.Queue()
        self._due: list[tuple[float, int, steps.Action]] = []
        self._order = itertools.count()
        self._local = docker.facts().local
        self._last_lines: tuple[str, ...] = ()

    # ---- the loop

    def until_decided(self) -> steps.Outcome:
        """Start and follow until the outcome is decided. Raises HostError when the engine is lost."""
        self._start()
        while self.outcome is None:
            self._turn()
        return self.outcome

    def keep(self, ended: Callable[[], bool]) -> None:
        """Go on after it is live, until `ended` (looked at after each `wake`) or for good: a crash is followed
        by a restart. Raises HostError when the engine is lost."""
        while not ended() and self.outcome is not None and self.outcome.verdict.good:
            self._turn()

    def wake(self) -> None:
        """Have `keep` look whether it is over."""
        self._seen.put(None)

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last output of the last process."""
        return tuple(self.instance.lines) if self.instance is not None else self._last_lines

    def _turn(self) -> None:
        """Wait for the next observation or action, whichever comes first, and take it."""
        wait = max(0.0, self._due[0][0] - self.clock.now()) if self._due else None
        try:
            seen = self._seen.get(timeout=wait) if wait is None or wait > 0 else self._seen.get_nowait()
        except queue.Empty:
            if self._due and self._due[0][0] <= self.clock.now():
                self._perform(heapq.heappop(self._due)[2])
            return
        if isinstance(seen, Exception):
            raise seen
        if seen is not None:
            self._observe(seen)

    def _observe(self, seen: steps.Observation) -> None:
        self.state, actions = boot.step(self.rules, self.state, seen)
        for action in actions:
            heapq.heappush(self._due, (action.due, next(self._order), action))

    def _perform(self, action: steps.Action) -> None:
        match action:
            case steps.Look():
                self._look(action)
            case steps.Ask() | steps.Check():
                threading.Thread(target=self._request, args=(action,), daemon=True).start()
            case steps.Try():
                threading.Thread(target=self._attempt, args=(action,), daemon=True).start()
            case steps.TellProbe():
                self._told_attempt(action)
            case steps.Settle():
                self._observe(steps.Settled(at=self.clock.now(), attempt=action.attempt))
            case steps.StartAgain():
                back_off = action.platform_s
                self.tell(Restarted(**self._who(), because=action.because, back_off_s=back_off))
                self._remove()
                self._start()
            case steps.Remind():
                self.tell(StillScanning(**self._who(), seconds=action.seconds))
            case steps.FoundPort():
                self.tell(PortDetected(**self._who(), port=action.port, address=action.address))
            case steps.Outcome():
                self.outcome = action
                if action.verdict == "live":
                    self._route(self._target(action.port))  # first: who hears of `live` asks at once
                    seconds = self.clock.now() - self.state.begun
                    self.tell(Live(**self._who(), url=self.url, seconds=seconds))

    # ---- starting and ending

    def _start(self) -> None:
        attempt = self.state.attempt + 1
        id = self.docker.create(self._make_spec(attempt))
        instance = self.instance = Instance(id, attempt, self.clock.now())
        logs = self.docker.follow_logs(id, lambda stream, line: self._line(instance, stream, line))
        instance.followers.append(logs)
        failure = self.docker.start(id)
        now = instance.started = self.clock.now()
        if failure is not None:
            self._told_started(instance)
            shown = replace(failure, message=conceal(failure.message, self._hidden))
            self._observe(steps.NotStarted(at=now, failure=shown))
            return
        instance.facts = self.docker.inspect(id)
        self._told_started(instance)
        self._observe(steps.Started(at=now))
        instance.followers.append(self.docker.on_exit(id, lambda facts: self._exited(instance, logs, facts)))

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
        instance.lines.append(shown)
        self.tell(Log(**self._who(), stream=stream, line=shown))

    def _exited(self, instance: Instance, logs: Follower, told: ContainerFacts | HostError) -> None:
        """From the follower's thread: the container has ended, or was removed by somebody, or the engine was lost."""
        facts = told if isinstance(told, ContainerFacts) else None
        if isinstance(told, HostError) and told.diagnostic.code != "host/container-gone":
            instance.ended.set()
            self._seen.put(told)
            return
        instance.facts = facts
        self._route(None)
        logs.join(_LOGS_END_S)
        now = self.clock.now()
        if instance.told_to_end is None:
            self._told_stopped(facts, signal=None, graceful=False, seconds=now - instance.started)
        instance.ended.set()
        self._seen.put(
            steps.Exited(
                at=now,
                attempt=instance.attempt,
                exit_code=facts.exit_code if facts else None,
                oom=facts.oom_killed if facts else False,
                last_line=next((line for line in reversed(instance.lines) if line.strip()), ""),
            )
        )

    def stop(self, *, hurry: Callable[[], bool]) -> None:
        """End the service: a live one as the platform would, by its signal, a grace, then a kill. `hurry` cuts the
        grace short. Then, and for one that is not live at once, remove it."""
        instance = self.instance
        if instance is not None and self.outcome is not None and self.outcome.verdict == "live" and not hurry():
            self._end(instance, hurry)
        self._remove()

    def _end(self, instance: Instance, hurry: Callable[[], bool]) -> None:
        """Have a running process end itself, as long as its grace lasts and there is a chance that it does."""
        shutdown = self.service.shutdown
        began = self.clock.now()
        instance.told_to_end = shutdown.signal
        heard = self.docker.heeds(instance.id, shutdown.signal)
        self.docker.kill(instance.id, shutdown.signal)
        if heard is False and not self.rules.faithful:
            graceful = instance.ended.wait(_HURRY_EVERY_S)
        else:
            graceful = False
            while not graceful and not hurry() and self.clock.now() - began < shutdown.grace_seconds:
                graceful = instance.ended.wait(_HURRY_EVERY_S)
        if not graceful:
            self.docker.kill(instance.id)
            instance.ended.wait(_LOGS_END_S)
        seconds = self.clock.now() - began
        self._told_stopped(instance.facts, signal=shutdown.signal, graceful=graceful, seconds=seconds)

    def _told_stopped(
        self, facts: ContainerFacts | None, *, signal: str | None, graceful: bool, seconds: float
    ) -> None:
        code = facts.exit_code if facts else None
        oom = facts.oom_killed if facts and signal is None else False
        self.tell(Stopped(**self._who(), exit_code=code, signal=signal, oom=oom, graceful=graceful, seconds=seconds))

    def _remove(self) -> None:
        """Remove the container; forget it only when it is gone, so that an interrupted removal is repeated."""
        instance = self.instance
        if instance is None:
            return
        self._last_lines = tuple(instance.lines)
        for follower in instance.followers:
            follower.close()
        self.docker.remove(instance.id)
        self.instance = None

    # ---- looking and asking

    def _look(self, action: steps.Look) -> None:
        instance = self.instance
        if instance is None or instance.attempt != action.attempt:
            return
        pid = instance.facts.pid if instance.facts else None
        listeners = self.docker.listeners(instance.id, pid)
        asked = self.rules.startup.port if self.rules.startup else None
        reached = any(not x.loopback and asked in (None, x.port) for x in listeners)
        cpu = self.docker.cpu_seconds(instance.id, pid) if listeners and not reached else None
        self._observe(steps.Looked(at=self.clock.now(), attempt=action.attempt, listeners=listeners, cpu_s=cpu))

    def _target(self, port: int | None) -> tuple[str, int] | None:
        """Where `port` of the container is reached from here; None when it is not."""
        facts = self.instance.facts if self.instance is not None else None
        if facts is None or port is None:
            return None
        if self._local and facts.address:
            return facts.address, port
        return ("127.0.0.1", facts.ports[port]) if port in facts.ports else None

    def _request(self, action: steps.Ask | steps.Check) -> None:
        """In a thread of its own: one request, and what came of it."""
        began = self.clock.now()
        try:
            answer = self._answer(action)
            if isinstance(action, steps.Check):
                self._told_probe(action, answer, began)
        except Exception as problem:  # noqa: BLE001 - raised again by the loop, which would wait for ever
            self._seen.put(problem)
            return
        now = self.clock.now()
        if isinstance(action, steps.Ask):
            self._seen.put(steps.Asked(at=now, attempt=action.attempt, port=action.port, answer=answer))
        else:
            self._seen.put(steps.Checked(at=now, attempt=action.attempt, answer=answer))

    def _told_probe(self, action: steps.Check, answer: HttpAnswer, began: float) -> None:
        probe = self.rules.health
        low, high = (probe.success_statuses if probe else None) or (200, 399)
        self.tell(
            ProbeAttempt(
                **self._who(),
                kind="health",
                attempt=action.number,
                ok=answer.status is not None and low <= answer.status <= high,
                detail=steps.answer_words(answer),
                due=action.due - self.state.begun,
                seconds=self.clock.now() - began,
            )
        )

    def _answer(self, action: steps.Ask | steps.Check) -> HttpAnswer:
        """Ask the container itself, never a published port: that one accepts whether anybody listens or not."""
        instance = self.instance
        address = instance.facts.address if instance is not None and instance.facts is not None else None
        if instance is None or address is None:
            return HttpAnswer(status=None, seconds=0.0, error="unreachable", detail="the container has no address")
        probe = self.rules.health
        headers = {"Host": probe.host} if probe and probe.host else {}
        path = "/"
        if isinstance(action, steps.Check) and probe is not None:
            headers = {**probe.headers, **headers}
            path = probe.path or "/"
        http = self.docker.http(instance.id)
        return http.request("GET", address, action.port, path, headers=headers, timeout_s=action.timeout_s)

    def _attempt(self, action: steps.Try) -> None:
        """In a thread of its own: one attempt of the startup probe, and what came of it."""
        began = self.clock.now()
        try:
            ok, words, final = self._attempted(action, until=began + action.timeout_s)
        except Exception as problem:  # noqa: BLE001 - raised again by the loop, which would wait for ever
            self._seen.put(problem)
            return
        now = self.clock.now()
        self._seen.put(
            steps.Tried(
                at=now,
                attempt=action.attempt,
                number=action.number,
                ok=ok,
                words=words,
                final=final,
                seconds=now - began,
                early=action.early,
            )
        )

    def _attempted(self, action: steps.Try, until: float) -> tuple[bool, str, bool]:
        """Whether it succeeded, in words, and whether waiting would change nothing."""
        probe, instance = self.rules.startup, self.instance
        address = instance.facts.address if instance is not None and instance.facts is not None else None
        if probe is None or instance is None or address is None or probe.port is None:
            return False, "cannot be reached", False
        http = self.docker.http(instance.id)
        if probe.kind == "tcp":
            again = probe.waits_for_port
            return self._knocked(http, instance, address, probe.port, until, again=again), steps.NO_ANSWER, False
        headers = {**probe.headers, **({"Host": probe.host} if probe.host else {})}
        answer = http.request(
            "GET", address, probe.port, probe.path or "/", headers=headers, timeout_s=action.timeout_s
        )
        low, high = probe.success_statuses or (200, 399)
        ok = answer.status is not None and low <= answer.status <= high
        return ok, steps.answer_words(answer), steps.is_final(answer)

    def _knocked(
        self, http: HttpDoor, instance: Instance, address: str, port: int, until: float, *, again: bool
    ) -> bool:
        """A TCP attempt: connect, `again` and again until it succeeds, its time is over, or the process has ended."""
        while self.clock.now() < until and not instance.ended.is_set():
            if http.connects(address, port, max(0.05, min(1.0, until - self.clock.now()))) is None:
                return True
            if not again:
                return False
            self.clock.sleep(KNOCK_EVERY_S)
        return False

    def _told_attempt(self, action: steps.TellProbe) -> None:
        self.tell(
            ProbeAttempt(
                **self._who(),
                kind="startup",
                attempt=action.number,
                ok=action.ok,
                detail="accepts a connection" if action.ok and action.words == steps.NO_ANSWER else action.words,
                due=action.due_s,
                seconds=action.seconds,
            )
        )

    def _who(self) -> "Who":
        return {"service": self.service.name, "container": self.service.name, "instance": 1, "deploy": self.deploy}
