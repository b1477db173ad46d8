"""The instances behind the proxy, the idle connections to each, and who takes the next request."""

import socket
from collections.abc import Collection, Iterable
from threading import Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .proxy_upstream import Upstream

Address = tuple[str, int]

IDLE_S = 1.5
"""A connection that was idle for longer is not used again: servers close theirs after 2 s and more, and a request
sent at that moment would be lost."""


class Backend:
    """One instance."""

    __slots__ = ("address", "family", "idle", "in_flight", "live", "speaks_http2", "waiters")

    def __init__(self, address: Address) -> None:
        self.address = address
        self.family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.idle: list[Upstream] = []
        self.in_flight = 0
        self.live = True
        self.speaks_http2 = False
        self.waiters: list[Event] = []

    def take_idle(self, now: float) -> "Upstream | None":
        """The connection that became idle last, if it is not idle for too long."""
        if self.idle and self.idle[-1].idle_from >= now - IDLE_S:
            return self.idle.pop()
        return None

    def close_idle(self, before: float = float("inf")) -> None:
        """Close the connections that are idle since before a moment."""
        stay = [one for one in self.idle if one.idle_from >= before]
        for one in self.idle:
            if one.idle_from < before:
                one.close()
        self.idle = stay


class Pool:
    """All instances: those that get new requests, and those that still have old ones."""

    def __init__(self) -> None:
        self._live: list[Backend] = []
        self._known: dict[Address, Backend] = {}
        self._next = 0
        self.only: Backend | None = None
        """The live instance, when there is one and no other."""

    def set_live(self, addresses: Iterable[Address]) -> None:
        """New requests go to these alone, from now on."""
        self._live = []
        for address in dict.fromkeys(addresses):
            backend = self._known.setdefault(address, Backend(address))
            self._live.append(backend)
        self.only = self._live[0] if len(self._live) == 1 else None
        for backend in list(self._known.values()):
            backend.live = backend in self._live
            if not backend.live:
                backend.close_idle()
                self._forget_unused(backend)

    def live(self) -> tuple[Address, ...]:
        return tuple(backend.address for backend in self._live)

    def pick(self, tried: Collection[Backend] = ()) -> Backend | None:
        """The live instance with the fewest requests, in turn among equals; None when all were tried."""
        live = self._live
        self._next += 1
        start = self._next % len(live) if live else 0
        untried = [backend for backend in live[start:] + live[:start] if backend not in tried]
        return min(untried, key=lambda backend: backend.in_flight, default=None)

    def in_flight(self, address: Address) -> int:
        backend = self._known.get(address)
        return backend.in_flight if backend else 0

    def tell_when_drained(self, address: Address, event: Event) -> None:
        """Set `event` as soon as the instance has no running request."""
        backend = self._known.get(address)
        if backend is None or backend.in_flight == 0:
            event.set()
        else:
            backend.waiters.append(event)

    def done(self, backend: Backend) -> None:
        """A request of this instance is over."""
        backend.in_flight -= 1
        if backend.in_flight == 0 and (backend.waiters or not backend.live):
            for event in backend.waiters:
                event.set()
            backend.waiters.clear()
            self._forget_unused(backend)

    def close_idle(self, before: float = float("inf")) -> bool:
        """Close the connections idle since before a moment; whether any are left."""
        for backend in self._known.values():
            backend.close_idle(before)
        return any(backend.idle for backend in self._known.values())

    def _forget_unused(self, backend: Backend) -> None:
        if not backend.live and backend.in_flight == 0:
            self._known.pop(backend.address, None)
