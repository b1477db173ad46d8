"""A platform's router on this machine: one stable address in front of a service's instances.

The proxy runs in a thread of its own. Its methods may be called from any other; they return when their change
is in effect.
"""

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from emulator.model.diagnostic import Fault, HostError, error
from emulator.model.record import Record, replace
from emulator.model.router import Router
from emulator.world.front import FrontListener, InstanceGroup, Load

from .proxy_client import Client
from .proxy_core import Core, Rules
from .proxy_poller import new_loop
from .proxy_pool import Address
from .proxy_ports import PortOwner, port_owner

_BACKLOG = 1024
_ACCEPT_AT_ONCE = 64
_ACCEPT_AGAIN_S = 0.1


class Counters(Record, frozen=True, kw_only=True):
    """What went through the proxy."""

    requests: int
    in_flight: int


class Proxy:
    """Carries the requests to 127.0.0.1:`port` to the instances of a service, which may change at any time."""

    def __init__(self, wanted: int | None, router: Router | None = None) -> None:
        """Listens on the `wanted` port, or on any free one when it is taken: `busy` then says by whom.

        Raises HostError when no port can be had, ValueError for `router` with a header that cannot be.
        """
        self._router = router or Router()
        rules = Rules(self._router)
        self.busy: PortOwner | None = None
        self._listener = self._listen(wanted or 0)
        self.port: int = self._listener.getsockname()[1]
        self._loop, poller = new_loop()
        self.faults = poller.faults
        """What went wrong in here by our own fault: for a report, since it may not come between the app's lines."""
        self._loop.set_exception_handler(self._note)
        self._core = Core(self._loop, poller, rules)
        self._loop.add_reader(self._listener.fileno(), self._accept)
        self._thread = threading.Thread(target=self._serve, name=f"proxy-{self.port}", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def target(self) -> Address | None:
        """The only instance, if there is one: what `set_instances` sets for a service that has no more."""
        return next((backend.address for backend in self._core.groups.sole.live), None)

    @target.setter
    def target(self, address: Address | None) -> None:
        self.set_instances([address] if address else [])

    def set_instances(self, addresses: Iterable[Address]) -> None:
        """From now on requests go to these. Those that run on others end there."""
        live = tuple(_numeric(address) for address in addresses)

        def begin() -> None:
            groups = self._core.groups
            groups.become([InstanceGroup(addresses=live, holds=groups.sole.what.holds and not live)])

        self._in_loop(begin)

    def set_groups(self, groups: Sequence[InstanceGroup]) -> None:
        """From now on requests go to these groups of instances, by their shares."""
        numeric = [replace(group, addresses=tuple(map(_numeric, group.addresses))) for group in groups]
        self._in_loop(lambda: self._core.groups.become(numeric))

    def heed(self, hears: FrontListener) -> None:
        """Tell of what happens here from now on, from the proxy's own thread: it must not take long."""
        core = self._core

        def begin() -> None:
            core.on_demand, core.on_page, core.pool.on_busy = hears.on_demand, hears.on_page, hears.on_busy

        self._in_loop(begin)

    def sleep(self, on_wake: Callable[[], None]) -> None:
        """From now on a request waits until there is an instance again; the first one calls `on_wake`, which must not
        take long. Ended by `set_instances` with any, or by `give_up`."""

        def begin() -> None:
            self._core.on_demand = lambda _key: on_wake()
            self._core.groups.become([InstanceGroup(holds=True)])

        self._in_loop(begin)

    def give_up(self) -> None:
        """No instance will come: what waits for one is told so."""

        def end() -> None:
            self._core.groups.turn_away(0, "not_woken")
            self._core.groups.become([InstanceGroup()])

        self._in_loop(end)

    def turn_away(self, key: int, page: str) -> None:
        """No instance of this group could be had: what waits for one gets this page of the router's."""
        self._in_loop(lambda: self._core.groups.turn_away(key, page))

    def loads(self) -> dict[int, Load]:
        """The requests of each group, by its key."""
        found: dict[int, Load] = {}
        self._in_loop(lambda: found.update(self._core.groups.loads()))
        return found

    def idle_s(self) -> float:
        """For how long there has been no request; 0 while there is one."""
        core = self._core
        return 0.0 if core.in_flight else max(0.0, self._loop.time() - core.idle_from)

    def set_router(self, router: Router) -> None:
        """Treat requests by other rules from now on. Raises ValueError for a header that cannot be."""
        if router != self._router:
            self._router = router
            rules = Rules(router)
            self._in_loop(lambda: setattr(self._core, "rules", rules))

    def drain(self, address: Address, timeout_s: float) -> bool:
        """Wait until an instance has no running request; whether that came to be within the time."""
        over = threading.Event()
        self._in_loop(lambda: self._core.pool.tell_when_drained(_numeric(address), over))
        return not self._thread.is_alive() or over.wait(timeout_s)

    def in_flight(self, address: Address) -> int:
        """The running requests of one instance."""
        return self._core.pool.in_flight(_numeric(address))

    def counters(self) -> Counters:
        return Counters(requests=self._core.requests, in_flight=self._core.in_flight)

    def close(self) -> None:
        """Cut every connection and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _in_loop(self, change: Callable[[], object]) -> None:
        """Make a change in the loop's thread and wait for it; without effect once the proxy is closed."""
        made = threading.Event()

        def make() -> None:
            try:
                change()
            finally:
                made.set()

        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(make)
            while not made.wait(0.2) and self._thread.is_alive():
                pass

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.remove_reader(self._listener.fileno())
            self._listener.close()
            self._core.close()
            self._loop.close()

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.faults.append(context.get("exception") or RuntimeError(context["message"]))

    def _listen(self, wanted: int) -> socket.socket:
        """On the port it had before when that is free, else on any."""
        try:
            return _bound(wanted)
        except OSError as problem:
            if wanted and problem.errno == errno.EADDRINUSE:
                self.busy = port_owner(wanted)
        try:
            return _bound(0)
        except OSError as problem:
            raise HostError(
                error(
                    "host/no-port",
                    f"no address on 127.0.0.1 can be had: {problem.strerror}",
                    fault=Fault.HOST,
                    help="free some ports",
                )
            ) from problem

    def _accept(self) -> None:
        for _ in range(_ACCEPT_AT_ONCE):
            try:
                sock, address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # no file is left to open: what comes next may find one
                self._loop.remove_reader(self._listener.fileno())
                self._loop.call_later(_ACCEPT_AGAIN_S, self._loop.add_reader, self._listener.fileno(), self._accept)
                return
            try:
                client = Client(self._core, sock, address[0])
            except OSError:  # it is gone already
                sock.close()
                continue
            self._core.clients.add(client)
            client.resume()


def _bound(port: int) -> socket.socket:
    listener = socket.create_server(("127.0.0.1", port), backlog=_BACKLOG)
    listener.setblocking(False)
    return listener


def _numeric(address: Address) -> Address:
    """With an IP address for a name: looking it up would hold up every request."""
    found = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0][4]
    return str(found[0]), int(found[1])
