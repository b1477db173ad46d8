"""What all connections of a proxy share: the rules, the instances, the running requests and their time."""

import asyncio
import os
import time
from collections.abc import Callable
from http import HTTPStatus

from emulator.engine.http_head import HeadReader
from emulator.engine.http_stamp import Facts, PageStamp
from emulator.model.router import Page, Router

from .proxy_absent import Absent
from .proxy_client import Client
from .proxy_groups import Groups
from .proxy_poller import Poller
from .proxy_pool import IDLE_S, Pool
from .proxy_upstream import Upstream

_NEVER = float("inf")


class Rules:
    """A platform's treatment of traffic, compiled."""

    def __init__(self, router: Router) -> None:
        """Raises ValueError for a header or a placeholder that cannot be."""
        self.router = router
        self.request_timeout_s = _NEVER if router.request_timeout_s is None else router.request_timeout_s
        self.most_in_chunks = router.request_limit.max_bytes if router.request_limit else None
        self.reader = HeadReader(router)
        self.pages = {kind: _page(page, router) for kind, page in _pages(router).items()}
        headers_vary = self.reader.requests.varies or self.reader.responses.varies
        self.varies = headers_vary or any(page.varies for page in self.pages.values())
        """Whether a request needs facts of its own."""


class Core:
    """Belongs to the thread of the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, poller: Poller, rules: Rules) -> None:
        self.loop = loop
        self.poller = poller
        self.rules = rules
        self.pool = Pool()
        self.clients: set[Client] = set()
        self.absent: set[Absent] = set()
        """In the place of clients that left, where an instance is not told."""
        self.requests = 0
        self.idle_from = poller.now
        """Since when there is no request, where there is none."""
        self.groups = Groups(self)
        self.on_demand: Callable[[int], None] = lambda _key: None
        """Called with a group's key when the first request begins to wait for an instance of it."""
        self.on_page: Callable[[str, int, bytes, bytes], None] | None = None
        """Told of every answer of the proxy's own: why, its status, the request's method and target."""
        self._running: dict[Client, float] = {}
        self._tunnels: set[Client] = set()
        self._expiry: asyncio.TimerHandle | None = None
        self._expiry_due = _NEVER
        self._sweep: asyncio.TimerHandle | None = None

    @property
    def in_flight(self) -> int:
        return len(self._running) + len(self._tunnels)

    def facts(self, address: bytes, host: bytes) -> Facts:
        """Facts of a request that begins now."""
        return Facts(client=address, host=host, hex=os.urandom(24).hex().encode(), unix_us=time.time_ns() // 1000)

    def begin(self, client: Client) -> None:
        """A request runs from here on, and against the clock."""
        self.requests += 1
        self._running[client] = due = self.poller.now + self.rules.request_timeout_s
        if due < self._expiry_due:
            self._expire_at(due)

    def begin_tunnel(self, client: Client) -> None:
        """The same, now without the clock of requests."""
        self._running.pop(client, None)
        self._tunnels.add(client)

    def end(self, client: Client | Absent) -> None:
        if isinstance(client, Absent):
            self.idle_from = self.loop.time()
            return
        self._running.pop(client, None)
        client.group.waiting.pop(client, None)
        self.idle_from = self.loop.time()
        if self._tunnels:
            self._tunnels.discard(client)

    def keep_idle(self, upstream: Upstream) -> None:
        upstream.idle_from = self.poller.now
        upstream.backend.idle.append(upstream)
        if self._sweep is None:
            self._sweep = self.later(IDLE_S, self._sweep_idle)

    def soon(self, call: Callable[[], object]) -> None:
        """Call when all that is ready now was seen to."""
        self.poller.busy = True
        self.loop.call_soon(call)

    def later(self, delay_s: float, call: Callable[[], object]) -> asyncio.TimerHandle:
        self.poller.busy = True
        return self.loop.call_later(delay_s, call)

    def close(self) -> None:
        """Close every connection."""
        for timer in (self._expiry, self._sweep):
            if timer is not None:
                timer.cancel()
        self.groups.close()
        for client in list(self.clients):
            if client.upstream is not None:
                client.upstream.abandon()
            self.end(client)
            client.close()
        for one in list(self.absent):
            one.close()
        self.pool.close_idle()

    def _expire_at(self, due: float) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = self.later(due - self.loop.time(), self._expire)
        self._expiry_due = due

    def _expire(self) -> None:
        self._expiry = None
        self._expiry_due = _NEVER
        now = self.loop.time()
        for client in [client for client, due in self._running.items() if due <= now]:
            client.expired()
        due = min(self._running.values(), default=_NEVER)
        if due != _NEVER:
            self._expire_at(due)

    def _sweep_idle(self) -> None:
        self._sweep = None
        if self.pool.close_idle(self.loop.time() - IDLE_S):
            self._sweep = self.later(IDLE_S, self._sweep_idle)


def _pages(router: Router) -> dict[str, Page]:
    """What it answers by itself, by the kind of case."""
    pages = {
        "no_instance": router.no_instance,
        "saturated": router.saturated or router.no_instance,
        "unready": router.unready or router.no_instance,
        "unstarted": router.unstarted or router.no_instance,
        "refused": router.refused,
        "reset": router.reset,
        "invalid": router.invalid,
        "timed_out": router.timed_out,
        "not_woken": router.not_woken or router.no_instance,
    }
    if router.asleep is not None:
        pages["asleep"] = router.asleep.page
    if router.reserved is not None:
        pages["reserved"] = router.reserved.page
    if router.request_limit is not None:
        pages["too_large"] = router.request_limit.page
    if router.response_limit is not None:
        pages["answer_too_large"] = router.response_limit.page
    return pages


def _page(page: Page, router: Router) -> PageStamp:
    known = {status.value: status.phrase for status in HTTPStatus}
    return PageStamp(page, known.get(page.status, ""), router.response_headers)
