"""Which connections of the proxy can be read or written."""

import asyncio
import select
from time import monotonic
from typing import Protocol


class Watched(Protocol):
    """What a poller calls."""

    fd: int

    def readable(self) -> None: ...

    def writable(self) -> None: ...


class Poller(Protocol):
    """Calls `readable` and `writable` of what it was told to watch, as long as they apply."""

    @property
    def now(self) -> float:
        """The loop's time, when the calls began that are being made."""
        ...

    def watch(self, wire: Watched, *, reading: bool, writing: bool) -> None:
        """Replace what is watched of a connection; neither: forget it, which comes before its descriptor is closed."""
        ...

    def close(self) -> None: ...


class LoopPoller:
    """The loop's own way, for systems without epoll."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    @property
    def now(self) -> float:
        return monotonic()

    def watch(self, wire: Watched, *, reading: bool, writing: bool) -> None:
        if reading:
            self._loop.add_reader(wire.fd, wire.readable)
        else:
            self._loop.remove_reader(wire.fd)
        if writing:
            self._loop.add_writer(wire.fd, wire.writable)
        else:
            self._loop.remove_writer(wire.fd)

    def close(self) -> None:
        """There is nothing to close."""


class EpollPoller:
    """An epoll within the loop's. The loop's own way makes, queues and runs a handle for each event: with
    this one it does so once for all that are ready, which is a seventh of the time that the proxy adds to a request.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._wires: dict[int, Watched] = {}
        self._masks: dict[int, int] = {}
        self.now = monotonic()
        loop.add_reader(self._epoll.fileno(), self._poll)

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

    def close(self) -> None:
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()

    def _poll(self) -> None:
        wires, masks = self._wires, self._masks
        self.now = monotonic()
        for fd, event in self._epoll.poll(0, 64):
            # Whoever is called first may end what comes after, and an error is reported whatever was asked for.
            if event != select.EPOLLOUT and masks.get(fd, 0) & select.EPOLLIN:
                wires[fd].readable()
            if event != select.EPOLLIN and masks.get(fd, 0) & select.EPOLLOUT:
                wires[fd].writable()


def poller(loop: asyncio.AbstractEventLoop) -> Poller:
    return EpollPoller(loop) if hasattr(select, "epoll") else LoopPoller(loop)
