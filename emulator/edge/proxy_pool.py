"""The instances behind the proxy, the idle connections to each, and who takes the next request.

The instances of one deploy are a group: with its share of the requests, and a queue of those that wait for one of its
instances to be free, or to be there at all.
"""

import socket
import zlib
from collections.abc import Callable, Collection, Iterable
from threading import Event
from typing import TYPE_CHECKING

from emulator.world.front import InstanceGroup

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from .proxy_client import Client
    from .proxy_core import Core
    from .proxy_upstream import Upstream

Address = tuple[str, int]

IDLE_S = 1.5
"""A connection that was idle for longer is not used again: servers close theirs after 2 s and more, and a request
sent at that moment would be lost."""

_ANY_NUMBER = 1 << 30


class Backend:
    """One instance."""

    __slots__ = ("address", "family", "group", "idle", "in_flight", "live", "speaks_http2", "token", "waiters")

    def __init__(self, address: Address, group: "Group") -> None:
        self.address = address
        self.family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.group = group
        self.idle: list[Upstream] = []
        self.in_flight = 0
        self.live = True
        self.token = b"%08x" % zlib.crc32(repr(address).encode())
        """What a cookie calls it."""
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


class Group:
    """The instances of one deploy that get new requests, and the requests that wait for them, first come, first
    served."""

    def __init__(self, core: "Core", what: InstanceGroup) -> None:
        self._core = core
        self.live: list[Backend] = []
        self.waiting: dict[Client, float] = {}
        """Those that wait, in turn, and since when."""
        self.credit = 0
        """How far behind its share of the requests it is."""
        self._next = 0
        self._timer: TimerHandle | None = None
        self._only: Backend | None = None
        self.become(what)

    def become(self, what: InstanceGroup) -> None:
        """Treat requests so from now on; `live` is set by the pool."""
        self.what = what
        self._at_once = _ANY_NUMBER if what.at_once is None else what.at_once

    def set_live(self, backends: list[Backend]) -> None:
        self.live = backends
        self._only = backends[0] if len(backends) == 1 else None

    def pick(self, tried: Collection[Backend] = ()) -> Backend | None:
        """The instance with the fewest requests that has room for one more, in turn among equals; None when there is
        none, or all were tried."""
        at_once = self._at_once
        if self._only is not None and not tried:
            return self._only if self._only.in_flight < at_once else None
        live = self.live
        self._next += 1
        start = self._next % len(live) if live else 0
        free = [b for b in live[start:] + live[:start] if b.in_flight < at_once and b not in tried]
        return min(free, key=lambda backend: backend.in_flight, default=None)

    def has_room(self, backend: Backend) -> bool:
        """Whether this instance, which may have been one of another group, takes one more request here."""
        return backend in self.live and backend.in_flight < self._at_once

    def wait(self, client: "Client") -> None:
        """A request waits for an instance here; the first one is told of."""
        self.waiting[client] = self._core.loop.time()
        patience = self.what.patience_s
        if patience is not None and self._timer is None:
            self._timer = self._core.later(patience, self._expire)
        if len(self.waiting) == 1:
            self._core.on_demand(self.what.key)

    def soon(self) -> None:
        """There is room, or will be in a moment."""
        self._core.soon(self.dispatch)

    def dispatch(self) -> None:
        """What waits goes on as far as there is room; all of it, where none waits here any more."""
        while self.waiting and (not self.what.holds or self.pick() is not None):
            client = next(iter(self.waiting))
            del self.waiting[client]
            client.go_on()

    def turn_away(self, kind: str) -> None:
        """No instance will come: what waits gets this page."""
        waiting, self.waiting = self.waiting, {}
        for client in waiting:
            client.answer_page(kind)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        """Nobody waits for longer than the platform lets them."""
        self._timer = None
        patience = self.what.patience_s
        if patience is None:
            return
        now = self._core.loop.time()
        for client in [client for client, since in self.waiting.items() if since + patience <= now]:
            self.waiting.pop(client, None)
            client.answer_page(self.what.late_page)
        if self.waiting:
            oldest = next(iter(self.waiting.values()))
            self._timer = self._core.later(max(0.001, oldest + patience - now), self._expire)


class Pool:
    """All instances: those that get new requests, and those that still have old ones."""

    def __init__(self) -> None:
        self._known: dict[Address, Backend] = {}
        self.on_busy: Callable[[Address, bool], None] | None = None
        """Told when an instance gets its first request, and when it has answered its last."""

    def set_live(self, groups: Iterable[tuple[Group, Iterable[Address]]]) -> None:
        """New requests go to these alone, from now on."""
        live: set[Backend] = set()
        for group, addresses in groups:
            backends = [self._known.setdefault(a, Backend(a, group)) for a in dict.fromkeys(addresses)]
            for backend in backends:
                backend.group = group
            group.set_live(backends)
            live.update(backends)
        for backend in list(self._known.values()):
            backend.live = backend in live
            if not backend.live:
                backend.close_idle()
                self._forget_unused(backend)

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

    def begin(self, backend: Backend) -> None:
        """This instance gets a request."""
        backend.in_flight += 1
        if self.on_busy is not None and backend.in_flight == 1:
            self.on_busy(backend.address, True)

    def done(self, backend: Backend) -> None:
        """A request of this instance is over."""
        backend.in_flight -= 1
        if backend.group.waiting:
            backend.group.soon()
        if backend.in_flight == 0:
            if self.on_busy is not None:
                self.on_busy(backend.address, False)
            if backend.waiters or not backend.live:
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
