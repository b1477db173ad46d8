"""Groups of instances behind the proxy: how many requests each instance gets at a time, who waits and for how long, and
who gets which share of the requests."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator.model.router import Page, Router
from emulator.world.front import FrontListener, InstanceGroup
from tests.emulator.edge.origins import Connection, ask, eventually, origin, proxy

ROUTER = Router(
    no_instance=Page(status=500, body="none"), saturated=Page(status=429, body="all busy"),
    unstarted=Page(status=500, body="it did not start"),
)  # fmt: skip


def get(host: str = "a") -> bytes:
    return f"GET /x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()


class Gate:
    """A server that says how many requests it has at a time, and answers each when it is opened."""

    def __init__(self, name: bytes = b"done") -> None:
        self.open = threading.Event()
        self.now = 0
        self.most = 0
        self._name = name
        self._lock = threading.Lock()

    def __call__(self, connection: Connection) -> None:
        while connection.head():
            with self._lock:
                self.now += 1
                self.most = max(self.most, self.now)
            self.open.wait(5)
            with self._lock:
                self.now -= 1
            connection.answer(self._name)


def group(*addresses: tuple[str, int], **more: object) -> InstanceGroup:
    return InstanceGroup(addresses=addresses, holds=True, **more)  # type: ignore[arg-type]


def test_an_instance_gets_so_many_requests_at_a_time():
    """The others wait, and come to their turn in their order."""
    gate = Gate()
    with origin(gate) as one, proxy(router=ROUTER) as front, ThreadPoolExecutor(9) as threads:
        front.set_groups([group(one.address, at_once=3)])
        asked = [threads.submit(ask, front.port, get()) for _ in range(9)]
        eventually(lambda: front.loads()[0] == (3, 6))
        eventually(lambda: gate.now == 3)
        gate.open.set()
        assert {answer.result()[0] for answer in asked} == {200}
    assert gate.most == 3


def test_another_instance_takes_what_waits():
    """As soon as it is there."""
    first, second = Gate(), Gate()
    with origin(first) as one, origin(second) as two, proxy(router=ROUTER) as front, ThreadPoolExecutor(4) as threads:
        front.set_groups([group(one.address, at_once=2)])
        asked = [threads.submit(ask, front.port, get()) for _ in range(4)]
        eventually(lambda: front.loads()[0] == (2, 2))
        front.set_groups([group(one.address, two.address, at_once=2)])
        eventually(lambda: (first.now, second.now) == (2, 2))
        first.open.set()
        second.open.set()
        assert {answer.result()[0] for answer in asked} == {200}


def test_nobody_waits_for_longer_than_the_platform_lets_them():
    """Then comes the page for that, and it is told; the request that runs goes on."""
    gate, told = Gate(), list[tuple[str, int, bytes, bytes]]()
    with origin(gate) as one, proxy(router=ROUTER) as front, ThreadPoolExecutor(2) as threads:
        front.heed(FrontListener(on_demand=lambda key: None, on_page=lambda *page: told.append(page)))
        front.set_groups([group(one.address, at_once=1, patience_s=0.3, late_page="saturated")])
        running = threads.submit(ask, front.port, get())
        eventually(lambda: gate.now == 1)
        began = time.monotonic()
        status, _, body = ask(front.port, get())
        assert (status, body) == (429, b"all busy")
        assert 0.25 < time.monotonic() - began < 1
        gate.open.set()
        assert running.result()[0] == 200
    assert [(kind, status, line.split()[:2]) for kind, status, _, line in told] == [
        ("saturated", 429, [b"GET", b"/x"])
    ]


def test_a_first_request_asks_for_an_instance_and_waits_for_it():
    """One that could not start is told to all that wait; the next one asks again."""
    asked_for: list[int] = []
    gate = Gate()
    gate.open.set()
    with origin(gate) as one, proxy(router=ROUTER) as front, ThreadPoolExecutor(3) as threads:
        front.heed(FrontListener(on_demand=asked_for.append))
        front.set_groups([group(key=7)])
        waiting = [threads.submit(ask, front.port, get()) for _ in range(3)]
        eventually(lambda: front.loads()[7] == (0, 3))
        assert asked_for == [7]
        front.turn_away(7, "unstarted")
        assert [answer.result()[2] for answer in waiting] == [b"it did not start"] * 3
        again = threads.submit(ask, front.port, get())
        eventually(lambda: asked_for == [7, 7])
        front.set_groups([group(one.address, key=7)])
        assert again.result()[0] == 200


def test_a_client_that_leaves_waits_no_more():
    """Its request is none of those that wait."""
    import socket

    with proxy(router=ROUTER) as front:
        front.set_groups([group()])
        with socket.create_connection(("127.0.0.1", front.port)) as sock:
            sock.sendall(get())
            eventually(lambda: front.loads()[0].waiting == 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        eventually(lambda: front.loads()[0].waiting == 0)


@pytest.mark.parametrize("shares", [(90, 10), (50, 50), (1, 99)])
def test_each_group_gets_its_share(shares: tuple[int, int]):
    """Of 100 requests exactly its percentage."""
    a, b = Gate(b"a"), Gate(b"b")
    a.open.set()
    b.open.set()
    with origin(a) as one, origin(b) as two, proxy(router=ROUTER) as front:
        front.set_groups(
            [group(one.address, key=1, percent=shares[0]), group(two.address, key=2, percent=shares[1])]
        )
        counts = Counter(ask(front.port, get())[2] for _ in range(100))
    assert counts == {b"a": shares[0], b"b": shares[1]}


def test_a_tag_in_the_host_asks_for_one_group():
    """Also for one that gets no share; an unknown tag is no tag."""
    a, b = Gate(b"a"), Gate(b"b")
    a.open.set()
    b.open.set()
    with origin(a) as one, origin(b) as two, proxy(router=ROUTER) as front:
        front.set_groups(
            [group(one.address, key=1), group(two.address, key=2, percent=0, tags=("canary",))]
        )
        hosts = ("shop.localhost", "canary---shop.localhost:1", "CANARY---shop", "other---shop", "canary")
        assert [ask(front.port, get(host))[2] for host in hosts] == [b"a", b"b", b"b", b"a", b"a"]


def test_what_waits_for_a_group_that_goes_waits_for_another():
    """Nothing is lost when a deploy takes the place of one that has no instance."""
    gate = Gate()
    gate.open.set()
    with origin(gate) as one, proxy(router=ROUTER) as front, ThreadPoolExecutor(1) as threads:
        front.set_groups([group(key=1)])
        waiting = threads.submit(ask, front.port, get())
        eventually(lambda: front.loads()[1].waiting == 1)
        front.set_groups([group(one.address, key=2)])
        assert waiting.result()[0] == 200


def test_an_instance_is_busy_from_its_first_request_to_its_last():
    """That is told once each, whatever comes in between."""
    gate, told = Gate(), list[bool]()
    with origin(gate) as one, proxy(router=ROUTER) as front, ThreadPoolExecutor(2) as threads:
        front.heed(FrontListener(on_demand=lambda key: None, on_busy=lambda address, busy: told.append(busy)))
        front.set_groups([group(one.address)])
        asked = [threads.submit(ask, front.port, get()) for _ in range(2)]
        eventually(lambda: gate.now == 2)
        assert told == [True]
        gate.open.set()
        assert [answer.result()[0] for answer in asked] == [200, 200]
        eventually(lambda: told == [True, False])


def test_a_client_stays_with_its_instance_by_its_cookie():
    """Before any share, as long as it is there and has room; one without a cookie, or an old one, gets a new one."""
    a, b = Gate(b"a"), Gate(b"b")
    a.open.set()
    b.open.set()

    def call(cookie: str = "") -> tuple[bytes, str]:
        line = f"Cookie: x=1; {cookie.partition(';')[0]}\r\n" if cookie else ""
        _, headers, body = ask(front.port, f"GET / HTTP/1.1\r\nHost: a\r\n{line}Connection: close\r\n\r\n".encode())
        return body, headers.get("set-cookie", "")

    with origin(a) as one, origin(b) as two, proxy(router=ROUTER) as front:
        groups = [
            group(one.address, key=1, percent=50, affinity="STAY"),
            group(two.address, key=2, percent=50, affinity="STAY"),
        ]  # fmt: skip
        front.set_groups(groups)
        name, cookie = call()
        assert cookie.startswith("STAY=")
        assert "Max-Age=2592000" in cookie
        assert [call(cookie) for _ in range(6)] == [(name, "")] * 6
        gone, stays = (0, 1) if name == b"a" else (1, 0)
        front.set_groups([groups[stays]])
        other, anew = call(cookie)
        assert other == (b"b" if gone == 0 else b"a")
        assert anew.startswith("STAY=")
        assert anew != cookie
