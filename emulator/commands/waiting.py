"""Services of a deploy that are not begun yet, because they need others first. Its methods may be called from any
thread."""

import threading
from collections.abc import Collection, Mapping
from typing import NamedTuple

from emulator.engine.ordering import ready
from emulator.engine.release import Job


class Waiting(NamedTuple):
    """A service, and those it needs."""

    job: Job
    needs: frozenset[str]


class WaitingRoom:
    """By the deploy's number."""

    def __init__(self) -> None:
        self._waiting: dict[int, dict[str, Waiting]] = {}
        self._lock = threading.Lock()

    def enter(self, deploy: int, services: Mapping[str, Waiting]) -> None:
        with self._lock:
            self._waiting[deploy] = dict(services)

    def next(self, deploy: int, decided: Collection[str]) -> Waiting | None:
        """Take out one that need wait no more, now that these are decided."""
        with self._lock:
            waiting = self._waiting.get(deploy, {})
            names = ready({name: one.needs for name, one in waiting.items()}, decided)
            return waiting.pop(names[0]) if names else None

    def leave(self, deploy: int) -> list[str]:
        """Nobody of the deploy waits any more; who did."""
        with self._lock:
            return list(self._waiting.pop(deploy, {}))

    def close(self) -> None:
        """Nobody is begun any more."""
        with self._lock:
            self._waiting.clear()
