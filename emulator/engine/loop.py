"""A queue of what was seen and a heap of what is due: how every loop of ours waits.

What is seen may come from any thread; it is taken, and what follows from it performed, in the thread that turns the
loop. The clock is handed in.
"""

import heapq
import itertools
import queue
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from emulator.world.clock import Clock


class Action(Protocol):
    """What a decision leads to, from `due` on."""

    @property
    def due(self) -> float: ...


Seen = TypeVar("Seen")
Act = TypeVar("Act", bound=Action)


class Loop(Generic[Seen, Act]):
    """take: what was seen → what to do. perform: does it."""

    def __init__(self, clock: Clock, take: Callable[[Seen], Iterable[Act]], perform: Callable[[Act], None]) -> None:
        self._clock = clock
        self._take = take
        self._perform = perform
        self._seen: queue.SimpleQueue[Seen | BaseException] = queue.SimpleQueue()
        self._due: list[tuple[float, int, Act]] = []
        self._order = itertools.count()

    def put(self, seen: Seen | BaseException) -> None:
        """From any thread. An exception is raised by the turn that meets it."""
        self._seen.put(seen)

    def see(self, seen: Seen) -> None:
        """From the loop's own thread, at once."""
        for action in self._take(seen):
            self.later(action)

    def turn(self, at_most_s: float | None = None) -> None:
        """Wait for the next observation or the next action that is due, whichever comes first, and see to it. Returns
        after `at_most_s` though nothing came."""
        if self._due and self._due[0][0] <= self._clock.now() and self._seen.empty():
            self._perform(heapq.heappop(self._due)[2])
            return
        wait = max(0.0, self._due[0][0] - self._clock.now()) if self._due else at_most_s
        if wait is not None and at_most_s is not None:
            wait = min(wait, at_most_s)
        try:
            seen = self._seen.get(timeout=wait)
        except queue.Empty:
            return
        if isinstance(seen, BaseException):
            raise seen
        self.see(seen)

    def later(self, action: Act) -> None:
        """From the loop's own thread: perform this when it is due, and after all that was decided before and is due.

        Two threads may put what they saw in another order than they saw it: what follows from the one that was taken
        last must not be undone by what followed from the other.
        """
        due = max(action.due, self._clock.now())
        heapq.heappush(self._due, (due, next(self._order), action))

    def forget(self) -> None:
        """What is due is not done any more."""
        self._due.clear()
