"""Clients that leave, and time that runs out, where the platform does not tell the instance."""

import socket
import threading

import pytest

from emulator.model.router import Page, Router
from tests.emulator.edge.origins import Connection, ask, connected, eventually, origin, proxy

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
RESET = b"\1\0\0\0\0\0\0\0"


class Slow:
    """A server that begins its answer at once, ends it when it is let, and notes whether anybody heard it."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self.outcome = ""

    def __call__(self, connection: Connection) -> None:
        connection.head()
        connection.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n")
        self.asked.set()
        self.go_on.wait(5)
        try:
            connection.sock.sendall(b"x" * 2_000_000)
            self.outcome = "heard"
            connection.head()
        except OSError:
            self.outcome = self.outcome or "told"


def outcome(router: Router, *, at_once: bool) -> tuple[str, int]:
    """What an instance makes of a client that leaves, and how many requests it counts as having right after."""
    server = Slow()
    with origin(server) as one, proxy(one.address, router=router) as front:
        with connected(front.port) as sock:
            sock.sendall(GET)
            assert server.asked.wait(5)
            if at_once:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        if not router.hides_leaving:
            eventually(lambda: front.in_flight(one.address) == 0)
        counted = front.in_flight(one.address)
        server.go_on.set()
        eventually(lambda: server.outcome != "")
        eventually(lambda: front.in_flight(one.address) == 0)
    return server.outcome, counted


@pytest.mark.parametrize("at_once", [True, False])
def test_a_client_that_leaves_is_not_told_to_the_instance(*, at_once: bool):
    """It answers to the end, and has the request so long."""
    assert outcome(Router(hides_leaving=True), at_once=at_once) == ("heard", 1)


def test_elsewhere_it_is_told():
    """The connection ends."""
    assert outcome(Router(), at_once=True)[1] == 0


def test_an_instance_whose_time_is_over_runs_on():
    """The client gets 504 in time; the instance still has the request, and comes to its end."""
    server = threading.Event()
    ended = threading.Event()

    def slow(connection: Connection) -> None:
        while connection.head():
            server.wait(5)
            connection.answer(b"late")
            ended.set()

    router = Router(hides_leaving=True, request_timeout_s=0.2, timed_out=Page(status=504, body="late"))
    with origin(slow) as one, proxy(one.address, router=router) as front:
        assert ask(front.port, GET)[0] == 504
        assert front.in_flight(one.address) == 1
        server.set()
        assert ended.wait(5)
        eventually(lambda: front.in_flight(one.address) == 0)
        assert ask(front.port, GET)[0] == 200
        assert one.connections == 1


def test_a_body_that_ends_early_is_told():
    """Nobody could hand the rest of it over."""
    told = threading.Event()

    def reads(connection: Connection) -> None:
        connection.head()
        while connection.sock.recv(1000):
            pass
        told.set()

    with origin(reads) as one, proxy(one.address, router=Router(hides_leaving=True)) as front:
        with connected(front.port) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123")
        assert told.wait(5)


def test_closing_ends_what_nobody_hears():
    """Nothing of the proxy is left."""
    server = Slow()
    with origin(server) as one, proxy(one.address, router=Router(hides_leaving=True)) as front:
        with connected(front.port) as sock:
            sock.sendall(GET)
            assert server.asked.wait(5)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        front.close()
        server.go_on.set()
        eventually(lambda: server.outcome != "")
