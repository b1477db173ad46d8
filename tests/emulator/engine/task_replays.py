"""Plays a run of tasks in no time: each attempt by what it does when, and the loop around the machine."""

import heapq
import itertools
from collections.abc import Callable
from typing import NamedTuple

from emulator.engine import tasks
from emulator.engine.boot_steps import Outcome
from emulator.engine.task_steps import (
    Begin,
    Cancel,
    Kill,
    Signal,
    StartTask,
    TaskAction,
    TaskExited,
    TaskNotStarted,
    TaskRules,
    TaskSeen,
    TaskStarted,
    TaskState,
    TellTask,
    TimeUp,
    Unheard,
    Watch,
)
from emulator.world.containers import StartFailure

NOT_FOUND = StartFailure(kind="not-found", message='exec: "work": not found', exit_code=127)


class Life(NamedTuple):
    """One attempt. ends: seconds after its start, None for never. after_signal: seconds from the signal to its end,
    None: it does not end; deaf: it never hears of it. cannot: its first process cannot be executed."""

    ends: float | None = 1.0
    code: int | None = 0
    oom: bool = False
    after_signal: float | None = 0.5
    deaf: bool = False
    cannot: bool = False


Plan = Callable[[int, int], Life]


class Replay:
    """Plays the loop's part. most: how many ran at once at most; starts: attempts in the order they were started."""

    def __init__(self, rules: TaskRules, lives: Plan, *, cancel_at: float | None = None) -> None:
        self.rules = rules
        self.lives = lives
        self.now = 100.0
        self.began = self.now
        self.state = TaskState()
        self.told: list[tuple[float, TellTask]] = []
        self.starts: list[tuple[int, int]] = []
        self.ends: dict[int, list[int | None]] = {}
        self.most = 0
        self.kills: list[tuple[float, int, int]] = []
        self._alive: set[tuple[int, int]] = set()
        self._queue: list[tuple[float, int, TaskAction | TaskSeen]] = []
        self._order = itertools.count()
        if cancel_at is not None:
            self._push(self.now + cancel_at, Cancel(at=self.now + cancel_at))

    def run(self, until: float = 1e6) -> Outcome:
        """The outcome. Fails when nothing is pending any more, or nothing is decided by `until`."""
        self._see(Begin(at=self.now))
        while True:
            assert self._queue, f"nothing would ever wake it: {self.state}"
            self.now, _, item = heapq.heappop(self._queue)
            assert self.now <= until, f"not decided by {until}: {self.state}"
            if isinstance(item, Outcome):
                assert not self._alive, "something still runs"
                return item
            self._take(item)

    def _take(self, item: TaskAction | TaskSeen) -> None:
        match item:
            case StartTask():
                if self.state.find(item.index, item.attempt) is not None:
                    self._start(item.index, item.attempt)
            case Watch():
                self._see(TimeUp(at=self.now, index=item.index, attempt=item.attempt))
            case Signal():
                self._signal(item.index, item.attempt)
            case Kill():
                self.kills.append((self.now - self.began, item.index, item.attempt))
                self._exit(item.index, item.attempt, 137)
            case TellTask():
                self.told.append((self.now - self.began, item))
            case TaskExited():
                self._exit(item.index, item.attempt, item.exit_code, oom=item.oom)
            case _:
                self._see(item)

    def _start(self, index: int, attempt: int) -> None:
        life = self.lives(index, attempt)
        self.starts.append((index, attempt))
        if life.cannot:
            self._see(TaskNotStarted(at=self.now, index=index, attempt=attempt, failure=NOT_FOUND))
            return
        self._alive.add((index, attempt))
        self.most = max(self.most, len(self._alive))
        self._see(TaskStarted(at=self.now, index=index, attempt=attempt))
        if life.ends is not None:
            at = self.now + life.ends
            self._push(at, TaskExited(at=at, index=index, attempt=attempt, exit_code=life.code, oom=life.oom))

    def _signal(self, index: int, attempt: int) -> None:
        life = self.lives(index, attempt)
        if (index, attempt) not in self._alive:
            return
        if life.deaf:
            self._see(Unheard(at=self.now, index=index, attempt=attempt))
        elif life.after_signal is not None:
            at = self.now + life.after_signal
            self._push(at, TaskExited(at=at, index=index, attempt=attempt, exit_code=0))

    def _exit(self, index: int, attempt: int, code: int | None, *, oom: bool = False) -> None:
        """An attempt ends, once."""
        if (index, attempt) in self._alive:
            self._alive.remove((index, attempt))
            self.ends.setdefault(index, []).append(code)
            self._see(TaskExited(at=self.now, index=index, attempt=attempt, exit_code=code, oom=oom))

    def _see(self, seen: TaskSeen) -> None:
        self.state, actions = tasks.step(self.rules, self.state, seen)
        for action in actions:
            self._push(action.due, action)

    def _push(self, at: float, item: TaskAction | TaskSeen) -> None:
        heapq.heappush(self._queue, (at, next(self._order), item))

    def story(self) -> list[tuple[float, int, int, str]]:
        """What was told: when, of which task, of which attempt, and what became of it."""
        return [(round(at, 2), told.index, told.attempt, told.state) for at, told in self.told]


def always(life: Life) -> Plan:
    return lambda index, attempt: life
