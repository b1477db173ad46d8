"""The address before a service, without one: who gets the requests, and who still answers some."""

import threading
from collections.abc import Callable, Iterable, Sequence

from emulator.model.router import Router
from emulator.world.front import FrontListener, InstanceGroup, Load

Address = tuple[str, int]


class FakeFront:
    """What `ServiceRun` needs of `emulator.world.front.Front`. on_change: called with each new set of instances."""

    url = "http://127.0.0.1:4711"
    busy = None

    def __init__(self, on_change: Callable[[tuple[Address, ...]], None] = lambda addresses: None) -> None:
        self.on_change = on_change
        self.addresses: tuple[Address, ...] = ()
        self.routers: list[Router] = []
        self.drained: list[tuple[Address, float]] = []
        self.idle = 0.0
        self.groups: tuple[InstanceGroup, ...] = ()
        self.load = Load(0, 0)
        self.turned_away: list[tuple[int, str]] = []
        self.on_wake: Callable[[], None] = lambda: None
        self._answering: set[Address] = set()
        self._changed = threading.Condition()

    def set_router(self, router: Router) -> None:
        self.routers.append(router)

    def set_instances(self, addresses: Iterable[Address]) -> None:
        self.addresses = tuple(addresses)
        self.on_change(self.addresses)

    def sleep(self, on_wake: Callable[[], None]) -> None:
        self.on_wake = on_wake

    def set_groups(self, groups: Sequence[InstanceGroup]) -> None:
        self.groups = tuple(groups)
        self.set_instances([address for group in groups for address in group.addresses])

    def heed(self, hears: FrontListener) -> None:
        self.hears = hears

    def loads(self) -> dict[int, Load]:
        return {group.key: self.load for group in self.groups}

    def turn_away(self, key: int, page: str) -> None:
        self.turned_away.append((key, page))

    def give_up(self) -> None:
        self.on_wake = lambda: None

    def idle_s(self) -> float:
        return self.idle

    def begin_request(self) -> Callable[[], None]:
        """A request that the first instance answers until the returned function is called."""
        address = self.addresses[0]
        self._answering.add(address)

        def answered() -> None:
            with self._changed:
                self._answering.discard(address)
                self._changed.notify_all()

        return answered

    def drain(self, address: Address, timeout_s: float) -> bool:
        self.drained.append((address, timeout_s))
        with self._changed:
            return self._changed.wait_for(lambda: address not in self._answering, timeout_s)

    def close(self) -> None:
        """Nothing was opened."""
