"""Several instances behind the proxy, and changing them while requests run."""

import http.client
import itertools
import socket
import threading
import time

import pytest

from emulator.model.router import Router
from tests.emulator.edge.origins import (
    Connection,
    Origin,
    answer,
    ask,
    before,
    connected,
    eventually,
    origin,
    proxy,
)

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def named(name: bytes):
    """A server that answers with its name."""

    def handler(connection: Connection) -> None:
        while head := connection.head():
            connection.body(head)
            connection.answer(name)

    return handler


def idle_connections(front) -> list[object]:
    return [one for backend in front._core.pool._known.values() for one in backend.idle]


def test_requests_go_to_each_in_turn():
    """Equal instances get equal shares."""
    answers = []
    with (
        origin(named(b"a")) as a,
        origin(named(b"b")) as b,
        origin(named(b"c")) as c,
        proxy(a.address, b.address, c.address) as front,
        connected(front.port) as sock,
    ):
        for _ in range(30):
            sock.sendall(GET)
            with answer(sock) as response:
                answers.append(response.read())
    assert {name: answers.count(name) for name in (b"a", b"b", b"c")} == {b"a": 10, b"b": 10, b"c": 10}


def test_busy_instance_is_spared():
    """While one instance is busy with a request, the next ones go to the other."""
    go = threading.Event()

    def slow(connection: Connection) -> None:
        while connection.head():
            go.wait(5)
            connection.answer(b"slow")

    with origin(slow) as a, proxy(a.address) as front, origin(named(b"b")) as b, connected(front.port) as waiting:
        waiting.sendall(GET)
        assert eventually(lambda: front.in_flight(a.address) == 1)
        front.set_instances([a.address, b.address])
        assert [ask(front.port, GET)[2] for _ in range(6)] == [b"b"] * 6
        go.set()
        with answer(waiting) as response:
            assert response.read() == b"slow"


def test_instance_that_refuses_is_passed_over():
    """While another one answers, a request whose connection is refused goes there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = free.getsockname()
    with origin(named(b"b")) as b, proxy(nobody, b.address) as front:
        assert [ask(front.port, GET)[2] for _ in range(6)] == [b"b"] * 6


@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_idle_connection_that_was_closed(method):
    """A server that closes its idle connections loses no request, one with a body included."""

    def one_each(connection: Connection) -> None:
        connection.body(connection.head())
        connection.answer(b"%d" % connection.number)  # closes without saying so

    with before(one_each) as front, connected(front.port) as sock:
        for number in range(1, 30):
            sock.sendall(method + b" / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            with answer(sock) as response:
                assert (response.status, response.read()) == (200, b"%d" % number)
            assert eventually(lambda: not idle_connections(front))


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ],
    ids=["post", "chunks"],
)
def test_idle_connection_whose_end_nobody_heard_of_yet(request_bytes):
    """A request that could not be sent again does not go over a connection whose end is here, though not yet read."""
    close = threading.Event()

    def closes(connection: Connection) -> None:
        connection.body(connection.head())
        connection.answer(b"%d" % connection.number)
        if connection.number == 1:
            close.wait(5)

    with origin(closes) as server, proxy(server.address) as front, connected(front.port) as sock:
        sock.sendall(GET)
        with answer(sock) as response:
            assert response.read() == b"1"
        for _ in range(3):
            front.set_router(Router())  # until the loop looks at nothing but what is new
        busy, go = threading.Event(), threading.Event()
        front._loop.call_soon_threadsafe(lambda: (busy.set(), go.wait(5)))
        assert busy.wait(5)
        sock.sendall(request_bytes)  # is read first
        close.set()
        assert eventually(lambda: len(server._open) == 0)
        go.set()
        with answer(sock) as response:
            assert (response.status, response.read()) == (200, b"2")


@pytest.mark.parametrize(("method", "status"), [(b"GET", 200), (b"PUT", 200), (b"POST", 502)])
def test_request_that_a_closing_connection_swallowed(method, status):
    """Sent over a used connection and lost without a byte of an answer: again, if doing it twice is doing it once."""

    def second_is_lost(connection: Connection) -> None:
        connection.body(connection.head())
        connection.answer(b"%d" % connection.number)
        connection.body(connection.head())

    with before(second_is_lost) as front, connected(front.port) as sock:
        request = method + b" / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        heard = []
        for _ in range(2):
            sock.sendall(request)
            with answer(sock) as response:
                heard.append((response.status, response.read()))
        assert heard[0] == (200, b"1")
        assert heard[1][0] == status
        assert heard[1][1] == (b"2" if status == 200 else heard[1][1])


def test_request_on_a_fresh_connection_is_not_sent_twice():
    """An instance that takes a request and dies of it is not asked again."""
    heard = []

    def dies(connection: Connection) -> None:
        heard.append(connection.head())

    with before(dies) as front:
        assert ask(front.port, GET)[0] == 502
    assert len(heard) == 1


def test_running_requests_end_on_the_old_instance():
    """After a switch new requests go to the new instance at once, and the old one's is answered by the old one, whose
    connection ends with it."""
    go, ended = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        connection.head()
        connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nold-")
        assert go.wait(5)
        connection.say(b"done")
        assert connection.head() == b""
        ended.set()

    with origin(slow) as old, origin(named(b"new")) as new, proxy(old.address) as front, connected(front.port) as sock:
        sock.sendall(GET)
        with answer(sock) as response:
            front.target = new.address
            assert front.target == new.address
            assert ask(front.port, GET)[2] == b"new"
            assert front.drain(old.address, 0.05) is False
            assert front.in_flight(old.address) == 1
            threading.Timer(0.1, go.set).start()
            assert front.drain(old.address, 5) is True
            assert front.in_flight(old.address) == 0
            assert response.read() == b"old-done"
        assert ended.wait(2)
        sock.sendall(GET)
        with answer(sock) as response:
            assert response.read() == b"new"


def test_idle_connections_to_the_old_instance_end():
    """A replaced instance that waits for its connections to end need not wait for the proxy."""
    ended = threading.Event()

    def handler(connection: Connection) -> None:
        while connection.head():
            connection.answer(b"x")
        ended.set()

    with origin(handler) as old, proxy(old.address) as front:
        ask(front.port, GET)
        assert not ended.wait(0.05)
        front.set_instances([])
        assert ended.wait(2)
        assert ask(front.port, GET)[0] == 502


def test_idle_connections_are_not_kept_for_long():
    """A server with one worker is not blocked by a connection that nobody uses."""

    def handler(connection: Connection) -> None:
        while connection.head():
            connection.answer(b"%d" % connection.number)

    with origin(handler) as server, proxy(server.address) as front:
        assert [ask(front.port, GET)[2] for _ in range(2)] == [b"1", b"1"]
        assert eventually(lambda: not idle_connections(front))
        assert ask(front.port, GET)[2] == b"2"


@pytest.mark.thorough
def test_two_hundred_switches_under_load():
    """Requests come all the time, on kept and on new connections, while the instance is replaced 200 times, each old
    one closed as soon as it is drained: none is lost, and each is answered by an instance of that time."""
    over = threading.Event()
    problems: list[object] = []
    counts = [0] * 4
    with proxy() as front:
        old = Origin(named(b"0"))
        front.target = old.address
        threads = [threading.Thread(target=load, args=(front.port, n, over, counts, problems)) for n in range(4)]
        for thread in threads:
            thread.start()
        for number in range(1, 201):
            new = Origin(named(b"%d" % number))
            front.target = new.address
            assert front.drain(old.address, 5)
            old.close()
            old = new
            time.sleep(0.005)
        over.set()
        for thread in threads:
            thread.join(10)
        old.close()
    assert problems == []
    assert min(counts) > 200
    assert front.counters().requests == sum(counts)


def load(port: int, worker: int, over: threading.Event, counts: list[int], problems: list[object]) -> None:
    """Ask until it is over; every worker in another way."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    newest = 0
    for number in itertools.count():
        if over.is_set():
            break
        try:
            method, body = [("GET", None), ("POST", b"x" * 100), ("PUT", b"y" * 100_000), ("GET", None)][worker]
            client.request(method, f"/{number}", body=body)
            response = client.getresponse()
            text = response.read()
            if response.status != 200 or int(text) < newest:
                problems.append((worker, number, response.status, text))
            newest = int(text) if response.status == 200 else newest
        except (OSError, http.client.HTTPException, ValueError) as problem:
            problems.append((worker, number, problem))
            client.close()
        if worker == 3:
            client.close()
        counts[worker] += 1
    client.close()


def test_connect_that_takes_too_long():
    """An instance that does not even accept is given up after the platform's time, as one that refuses."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with (
            socket.create_connection(full.getsockname()),
            socket.socket() as more,
            proxy(full.getsockname(), router=Router(connect_timeout_s=0.2)) as front,
        ):
            more.setblocking(False)
            more.connect_ex(full.getsockname())
            began = time.monotonic()
            assert ask(front.port, GET)[0] == 502
            assert 0.1 < time.monotonic() - began < 1
