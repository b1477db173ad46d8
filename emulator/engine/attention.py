"""Whether a live instance is needed by anything, and so has its processor: by requests, by its probes, by its end."""

import contextlib
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager

from emulator.world.clock import Clock
from emulator.world.docker import Docker

from .throttle import Share, Throttle


class Attention:
    """Of one instance, from its first start to its end: what its throttle has to know, which is there while it is live
    and has a processor to lose."""

    def __init__(self, docker: Docker, clock: Clock) -> None:
        self._docker = docker
        self._clock = clock
        self._is_busy = False
        self._throttle: Throttle | None = None
        self._lock = threading.Lock()

    def is_live(self, shares: Mapping[str, Share]) -> None:
        """It is live, with these containers that may lose their processors; none: it has no throttle."""
        self._end()
        if not shares:
            return
        with self._lock:
            self._throttle = Throttle(self._docker, self._clock, shares)
            if self._is_busy:
                self._throttle.need()

    def is_over(self) -> None:
        """It is not live any more, or is told to end: it has its processors, and its requests are nobody's."""
        self._end()
        with self._lock:
            self._is_busy = False

    def _end(self) -> None:
        with self._lock:
            throttle, self._throttle = self._throttle, None
        if throttle is not None:
            throttle.end()

    def set_busy(self, is_busy: bool) -> None:  # noqa: FBT001 - what it is told is all it is told
        """From any thread: it has got its first request, or answered its last."""
        with self._lock:
            if is_busy is self._is_busy:
                return
            self._is_busy = is_busy
            if self._throttle is not None:
                (self._throttle.need if is_busy else self._throttle.done)()

    def while_asked(self) -> AbstractContextManager[None]:
        """From any thread: a probe asks it."""
        with self._lock:
            return self._throttle.needed() if self._throttle is not None else contextlib.nullcontext()
