"""Takes the processor of a live instance away while nothing needs it, as platforms do that bill by the request.

It is needed by requests, by probes, and by a process that was told to end; an instance that is not live yet has no
throttle. The engine needs some hundredths of a second for a change, so an instance keeps its processor for a moment
after its last request: one request after the other does not switch it to and fro.
"""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from emulator.model.diagnostic import HostError
from emulator.world.clock import Clock
from emulator.world.docker import Docker

QUIET_S = 0.25
"""For how long an instance that nothing needs keeps its processor."""


class Share(NamedTuple):
    """How many processors a container has while they are needed, and while not."""

    cpus: float
    idle_cpus: float


class Throttle:
    """Of one instance that is live. It has its processors when this is made and again when `end` was called.

    shares: by the containers' ids.
    """

    def __init__(self, docker: Docker, clock: Clock, shares: Mapping[str, Share]) -> None:
        self._docker = docker
        self._clock = clock
        self._shares = dict(shares)
        self._needs = 0
        self._quiet_from = clock.now()
        self._taken = False
        self._over = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="throttle", daemon=True)
        self._thread.start()

    def need(self) -> None:
        """From any thread: something needs it from now on, until `done`; several may at once."""
        with self._changed:
            self._needs += 1
            self._changed.notify()

    def done(self) -> None:
        with self._changed:
            self._needs -= 1
            self._quiet_from = self._clock.now()
            self._changed.notify()

    @contextlib.contextmanager
    def needed(self) -> Iterator[None]:
        """While this lasts."""
        self.need()
        try:
            yield
        finally:
            self.done()

    def end(self) -> None:
        """Give the processors back for good; returns when they are. Once more is no harm."""
        with self._changed:
            self._over = True
            self._changed.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join(2.0)

    def _run(self) -> None:
        with contextlib.suppress(HostError):  # an engine that is lost is told by who waits for the container's end
            while self._await_change():
                self._set(taken=not self._taken)
            if self._taken:
                self._set(taken=False)

    def _await_change(self) -> bool:
        """Wait until the processors are to be taken or given back; False when it is over."""
        with self._changed:
            while not self._over and (wait := self._until_change()) != 0.0:
                self._changed.wait(wait)
            return not self._over

    def _set(self, *, taken: bool) -> None:
        self._taken = taken
        for id, share in self._shares.items():
            self._docker.limit(id, cpus=share.idle_cpus if taken else share.cpus)

    def _until_change(self) -> float | None:
        """Seconds until the processors are to be taken or given back; None: not before something else happens."""
        if self._taken:
            return 0.0 if self._needs else None
        if self._needs:
            return None
        return max(0.0, self._quiet_from + QUIET_S - self._clock.now())
