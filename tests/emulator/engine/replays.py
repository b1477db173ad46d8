"""Plays a boot in no time: an app by what it does when, and the loop around the state machine."""

import heapq
import itertools
from collections.abc import Callable

from emulator.engine import boot
from emulator.engine.boot_steps import (
    Action,
    Ask,
    Asked,
    End,
    Exited,
    FoundPort,
    Look,
    Looked,
    Observation,
    Outcome,
    Remind,
    Rotate,
    Rules,
    Settle,
    Settled,
    StartAgain,
    Started,
    State,
    TellProbe,
    Tried,
    Try,
)
from emulator.engine.probe_outcome import Attempted
from emulator.engine.probing import judged
from emulator.model.lifecycle import Lifecycle, PortScan, Probe
from emulator.model.record import replace
from emulator.world.asking import HttpAnswer, HttpProblem
from emulator.world.containers import Listener

PORT = 10000
BACK_OFF = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0)
WEB = Lifecycle(port_scan=PortScan(preferred=PORT, http=True, reserved=(18012,)), back_off_s=BACK_OFF, deadline_s=900)
PRIVATE = replace(WEB, port_scan=PortScan(preferred=PORT, http=False))
WORKER = Lifecycle(back_off_s=BACK_OFF, deadline_s=900, settle_s=5)
JOB = Lifecycle(success_is_exit_zero=True)
HEALTH = Probe(kind="http", path="/health", timeout_s=5, period_s=5, success_statuses=(200, 399), deadline_s=900)


def open_on(port: int, address: str = "0.0.0.0") -> Listener:
    return Listener(address=address, port=port, v6=":" in address, loopback=address in ("127.0.0.1", "::1"))


def status(code: int) -> HttpAnswer:
    return HttpAnswer(status=code, seconds=0.0)


def no(problem: HttpProblem) -> HttpAnswer:
    return HttpAnswer(status=None, seconds=0.0, error=problem)


Listening = Callable[[float], tuple[Listener, ...]]
Answering = Callable[[float, int], tuple[float, HttpAnswer]]
"""(seconds since its start, port) → how long it takes, and the answer."""


class Life:
    """One process, by seconds since its start: what it listens on, how it answers, what it computes, how it ends."""

    def __init__(
        self,
        listens: Listening | None = None,
        *,
        plain: Answering = lambda at, port: (0.0, status(200)),
        health: Answering = lambda at, port: (0.0, status(200)),
        cpu: Callable[[float], float | None] = lambda at: 0.0,
        ends: tuple[float, int | None, str] | None = None,
        oom: bool = False,
    ) -> None:
        self.listens = listens or (lambda at: ())
        self.plain = plain
        self.health = health
        self.cpu = cpu
        self.ends = ends
        self.oom = oom


def always(*listeners: Listener, after: float = 0.0) -> Listening:
    return lambda at: listeners if at >= after else ()


class Replay:
    """Plays the loop's part: performs actions when they are due and feeds back what a process would show."""

    def __init__(self, rules: Rules, *lives: Life) -> None:
        self.rules = rules
        self.lives = itertools.chain(lives, itertools.repeat(lives[-1]))
        self.life = lives[0]
        self.now = 0.0
        self.started = 0.0
        self.state = State()
        self.told: list[Action] = []
        self.starts: list[float] = []
        self._queue: list[tuple[float, int, Action | Observation]] = []
        self._order = itertools.count()

    def run(self, until: float = 5000.0) -> Outcome:
        """The outcome. Fails when nothing is pending any more, or nothing is decided by `until`."""
        self._start()
        while True:
            assert self._queue, f"nothing would ever wake it: {self.state}"
            self.now, _, item = heapq.heappop(self._queue)
            assert self.now <= until, f"not decided by {until}: {self.state}"
            if isinstance(item, Outcome):
                return item
            self._take(item)

    def go_on(self, until: float) -> None:
        """After it is live: perform whatever comes until then."""
        while self._queue and self._queue[0][0] <= until:
            self.now, _, item = heapq.heappop(self._queue)
            self._take(item)

    def _start(self) -> None:
        self.life = next(self.lives)
        self.started = self.now
        self.starts.append(self.now)
        self._see(Started(at=self.now))
        if self.life.ends is not None:
            after, code, line = self.life.ends
            at = self.now + after
            ended = Exited(at=at, attempt=self.state.attempt, exit_code=code, oom=self.life.oom, last_line=line)
            self._push(at, ended)

    def _take(self, item: Action | Observation) -> None:
        age = self.now - self.started
        match item:
            case Look(attempt=attempt):
                ended = self.life.ends is not None and age >= self.life.ends[0]
                listeners = () if ended else self.life.listens(age)
                self._see(Looked(at=self.now, attempt=attempt, listeners=listeners, cpu_s=self.life.cpu(age)))
            case Ask(attempt=attempt, port=port, timeout_s=patience):
                took, answer = _patiently(self.life.plain(age, port), patience)
                self._push(self.now + took, Asked(at=self.now + took, attempt=attempt, port=port, answer=answer))
            case Try(port=port, timeout_s=patience):
                self.told.append(item)
                assert port is not None
                took, answer = _patiently(self.life.health(age, port), patience)
                probe = self.rules.probe(item.role)
                assert probe is not None
                self._push(self.now + took, tried(item, judged(probe, answer), at=self.now + took))
            case Settle(attempt=attempt):
                self._see(Settled(at=self.now, attempt=attempt, cpu_s=self.life.cpu(age)))
            case StartAgain():
                self.told.append(item)
                self._start()
            case Remind() | FoundPort() | Outcome() | TellProbe() | Rotate():
                self.told.append(item)
            case End():
                self.told.append(item)
                ended = Exited(at=self.now, attempt=item.attempt, exit_code=137, last_line="")
                self._push(self.now, ended)
            case _:
                self._see(item)

    def _see(self, seen: Observation) -> None:
        self.state, actions = boot.step(self.rules, self.state, seen)
        for action in actions:
            self._push(action.due, action)

    def _push(self, at: float, item: Action | Observation) -> None:
        heapq.heappush(self._queue, (at, next(self._order), item))

    def of(self, kind: type) -> list[Action]:
        return [action for action in self.told if isinstance(action, kind)]


def tried(action: Try, came: Attempted, *, at: float) -> Tried:
    """What the loop feeds back after an attempt of a probe."""
    return Tried(
        at=at, attempt=action.attempt, role=action.role, number=action.number, ok=came.ok, words=came.words,
        final=came.final, refused=came.refused, seconds=at - action.due, early=action.early,
    )  # fmt: skip


def health_checks(replay: Replay) -> list[Try]:
    """The attempts of the health check so far."""
    return [action for action in replay.told if isinstance(action, Try) and action.role == "health"]


def _patiently(answer: tuple[float, HttpAnswer], patience: float) -> tuple[float, HttpAnswer]:
    return answer if answer[0] <= patience else (patience, no("timeout"))


def web(*lives: Life, health: Probe | None = None, faithful: bool = False, life: Lifecycle = WEB) -> Replay:
    return Replay(Rules(lifecycle=life, health=health, faithful=faithful), *lives)
