"""Which connections of the proxy can be read or written."""

import asyncio
import os
import select
import selectors
from collections.abc import Callable
from time import monotonic
from typing import Protocol

_AT_ONCE = 256
_NEVER = float("inf")


class Watched(Protocol):
    """What a poller calls."""

    fd: int

    def readable(self) -> None: ...

    def writable(self) -> None: ...

    def fail(self) -> None:
        """End after a fault of ours, as if the connection had broken."""
        ...


class Poller(Protocol):
    """Calls `readable` and `writable` of what it was told to watch, as long as they apply."""

    faults: list[BaseException]
    """What went wrong by our own fault. It ends the connection concerned and no other."""

    busy: bool
    """To be set by whoever is called and gives the loop something to do."""

    @property
    def now(self) -> float:
        """The loop's time, when the calls began that are being made."""
        ...

    def watch(self, wire: Watched, *, reading: bool, writing: bool) -> None:
        """Replace what is watched of a connection; neither: forget it, which comes before its descriptor is closed."""
        ...


class LoopPoller:
    """The loop's own way, for systems without epoll."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.busy = False
        self.faults: list[BaseException] = []

    @property
    def now(self) -> float:
        return monotonic()

    def watch(self, wire: Watched, *, reading: bool, writing: bool) -> None:
        if reading:
            self._loop.add_reader(wire.fd, self._call, wire, wire.readable)
        else:
            self._loop.remove_reader(wire.fd)
        if writing:
            self._loop.add_writer(wire.fd, self._call, wire, wire.writable)
        else:
            self._loop.remove_writer(wire.fd)

    def _call(self, wire: Watched, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as fault:  # noqa: BLE001 - whatever it is, the others go on
            self.faults.append(fault)
            wire.fail()


if hasattr(select, "epoll"):

    class EpollPoller(selectors.EpollSelector):
        """The loop's own selector, which calls what it watches instead of telling the loop of it. Making, queueing and
        running a handle for each event is a fifth of the time that the proxy adds to a request."""

        def __init__(self) -> None:
            super().__init__()
            self._epoll = select.epoll.fromfd(os.dup(self.fileno()))
            self._wires: dict[int, Watched] = {}
            self._masks: dict[int, int] = {}
            self.now = monotonic()
            self.busy = False
            self.faults: list[BaseException] = []

        def watch(self, wire: Watched, *, reading: bool, writing: bool) -> None:
            fd = wire.fd
            mask = select.EPOLLIN * reading | select.EPOLLOUT * writing
            if not mask:
                if self._wires.pop(fd, None):
                    del self._masks[fd]
                    self._epoll.unregister(fd)
            elif fd in self._wires:
                self._epoll.modify(fd, mask)
                self._masks[fd] = mask
            else:
                self._epoll.register(fd, mask)
                self._wires[fd] = wire
                self._masks[fd] = mask

        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            """Call what is watched until the loop has something to do: the time is up, something is ready that it sees
            to itself, or `busy` was set."""
            end = _NEVER if timeout is None else monotonic() + timeout
            rest: list[tuple[selectors.SelectorKey, int]] = []
            self.busy = False
            while True:
                self._call(self._epoll.poll(timeout, _AT_ONCE), rest)
                if rest or self.busy or self.now >= end:
                    return rest
                if timeout is not None:
                    timeout = max(end - self.now, 0.0)

        def _call(self, events: list[tuple[int, int]], rest: list[tuple[selectors.SelectorKey, int]]) -> None:
            wires, masks = self._wires, self._masks
            self.now = monotonic()
            for fd, event in events:
                # Whoever is called first may end what comes after, and an error is reported whatever was asked for.
                mask = masks.get(fd)
                if mask is None:
                    rest += self._for_loop(fd, event)
                    continue
                wire = wires[fd]
                try:
                    if event != select.EPOLLOUT and mask & select.EPOLLIN:
                        wire.readable()
                    if event != select.EPOLLIN and wires.get(fd) is wire and masks[fd] & select.EPOLLOUT:
                        wire.writable()
                except Exception as fault:  # noqa: BLE001 - whatever it is, the others go on
                    self.faults.append(fault)
                    wire.fail()

        def close(self) -> None:
            self._epoll.close()
            super().close()

        def _for_loop(self, fd: int, event: int) -> list[tuple[selectors.SelectorKey, int]]:
            try:
                key = self.get_key(fd)
            except KeyError:  # closed by whoever was called just before
                return []
            reading = selectors.EVENT_READ if event & ~select.EPOLLOUT else 0
            writing = selectors.EVENT_WRITE if event & ~select.EPOLLIN else 0
            mask = (reading | writing) & key.events
            return [(key, mask)] if mask else []


def new_loop() -> tuple[asyncio.AbstractEventLoop, Poller]:
    """An event loop, and what watches connections for it; closing the loop closes both."""
    if hasattr(select, "epoll"):
        poller = EpollPoller()
        return asyncio.SelectorEventLoop(poller), poller
    loop = asyncio.new_event_loop()
    return loop, LoopPoller(loop)
