"""The steps of one build while they go on: what is told of those that take long, against how long they took before.

`BuildSteps` is told when steps begin and end; `Watched` looks at it every second from a thread of its own.
"""

import re
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import NamedTuple

from emulator.model.event import BuildRunning

TOLD_AFTER_S = (1.0, 5.0)
"""How long a step goes on before it is told the first times; then every `TOLD_EVERY_S`."""
TOLD_EVERY_S = 10.0
WORTH_KEEPING_S = 1.0
MOST_STEPS = 100
"""Of a service's last good build; the longest are kept."""
_LOOK_EVERY_S = 0.5

_PLACE = re.compile(r"\[(?:[^\]]*\s)?(?P<step>\d+)/(?P<steps>\d+)\]\s*")


class Going(NamedTuple):
    """A step under way: when it began, and when it is to be told next."""

    since: float
    due: float


class BuildSteps:
    """last: the seconds that steps took in the last good build, by `key_of` their name. May be told and asked from any
    thread."""

    def __init__(self, last: Mapping[str, float]) -> None:
        self._last = dict(last)
        self._took: dict[str, float] = {}
        self._going: dict[str, Going] = {}
        self._lock = threading.Lock()

    def goes_on(self, name: str, going: bool, now: float) -> None:  # noqa: FBT001 - what the builder tells
        """It begins, or rests."""
        with self._lock:
            if going:
                self._going.setdefault(name, Going(now, now + TOLD_AFTER_S[0]))
            else:
                self._going.pop(name, None)

    def done(self, name: str, seconds: float | None) -> None:
        """seconds: None for a cached one, of which the time it took once is kept."""
        with self._lock:
            self._going.pop(name, None)
            took = self._last.get(key_of(name)) if seconds is None else seconds
            if took is not None and took >= WORTH_KEEPING_S:
                self._took[key_of(name)] = took

    def due(self, now: float) -> tuple[BuildRunning, ...]:
        """What is to be told now of steps that go on."""
        with self._lock:
            late = {name: one for name, one in self._going.items() if now >= one.due}
            for name, one in late.items():
                self._going[name] = one._replace(due=one.since + _next(now - one.since))
            return tuple(self._running(name, now - one.since) for name, one in late.items())

    def took(self) -> dict[str, float]:
        """What to remember of this build once it is good: the longest steps."""
        with self._lock:
            longest = sorted(self._took.items(), key=lambda item: -item[1])[:MOST_STEPS]
            return {key: round(seconds, 1) for key, seconds in longest}

    def _running(self, name: str, elapsed_s: float) -> BuildRunning:
        place = _PLACE.match(name)
        return BuildRunning(
            name=name,
            step=int(place["step"]) if place else None,
            steps=int(place["steps"]) if place else None,
            elapsed_s=round(elapsed_s, 1),
            last_time_s=self._last.get(key_of(name)),
        )


def key_of(name: str) -> str:
    """A step by what it does: another step before it changes its number alone."""
    return _PLACE.sub("", name, count=1)


def _next(elapsed_s: float) -> float:
    """The next time of telling, in seconds since the step began."""
    early = (after for after in TOLD_AFTER_S if after > elapsed_s)
    return next(early, (elapsed_s // TOLD_EVERY_S + 1) * TOLD_EVERY_S)


class Watched:
    """While it is entered, steps that take long are told."""

    def __init__(self, steps: BuildSteps, now: Callable[[], float], tell: Callable[[BuildRunning], None]) -> None:
        self._steps = steps
        self._now = now
        self._tell = tell
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="build-steps", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()  # nothing of the build is told after it

    def _look(self) -> None:
        while not self._over.wait(_LOOK_EVERY_S):
            for event in self._steps.due(self._now()):
                self._tell(event)
