"""Watches what a running container writes, where that counts as its memory: the loop around `written_files`."""

import contextlib
import threading
from collections.abc import Callable

from emulator.model.diagnostic import HostError
from emulator.world.clock import Clock
from emulator.world.containers import ContainerSpec
from emulator.world.docker import Docker

from . import written_files
from .written_files import MIB, Watched


class FilesWatch:
    """A `world.Follower` of one container that has started.

    over: called once, from its own thread, with the MiB in use when files and processes have more than the container
    may have together; who started it kills the container then.
    """

    error: HostError | None = None

    def __init__(self, docker: Docker, clock: Clock, id: str, limit_mib: int, over: Callable[[int], None]) -> None:
        self._docker = docker
        self._clock = clock
        self._id = id
        self._over = over
        self._closed = threading.Event()
        self._state = written_files.watched(limit_mib)
        self._thread = threading.Thread(target=self._run, name=f"files-{id[:12]}", daemon=True)
        self._thread.start()

    @property
    def written_mib(self) -> int:
        """What was written when it looked last."""
        return self._state.written_mib

    def at_end(self) -> int | None:
        """The container has ended by itself: the MiB that it had in use where its files alone were more than it may
        have, which nobody saw in time."""
        with contextlib.suppress(HostError):
            written = self._docker.written_bytes(self._id)
            if written is not None and written_files.looked(self._state, written, 0.0).is_over:
                return max(self._state.limit_mib, written // MIB)
        return None

    def join(self, timeout_s: float | None = None) -> bool:
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def close(self) -> None:
        self._closed.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(1.0)

    def _run(self) -> None:
        with contextlib.suppress(HostError):  # an engine that is lost is told by who waits for the container's end
            while not self._closed.wait(self._state.wait_s):
                if self._look():
                    return

    def _look(self) -> bool:
        """Whether there is nothing more to see."""
        began = self._clock.now()
        written = self._docker.written_bytes(self._id)
        if written is None or self._closed.is_set():
            return True
        before, self._state = self._state, written_files.looked(self._state, written, self._clock.now() - began)
        if self._state.given_mib == before.given_mib:
            return False
        if not self._state.is_over and self._docker.limit(self._id, memory_mib=self._state.given_mib):
            return False
        used = self._used(self._state)
        if used is not None and not self._closed.is_set():
            self._over(used)
        return True

    def _used(self, state: Watched) -> int | None:
        """Memory and files together; None when it does not run any more."""
        held = self._docker.held_bytes(self._id)
        return None if held is None else max(state.limit_mib, state.written_mib + held // MIB)


def files_watch(
    docker: Docker, clock: Clock, id: str, spec: ContainerSpec, over: Callable[[int], None]
) -> FilesWatch | None:
    """The watch of a container that has started, where its files count and it has a limit; else none."""
    if not spec.files_count_as_memory or spec.memory_mib is None:
        return None
    return FilesWatch(docker, clock, id, spec.memory_mib, over)
