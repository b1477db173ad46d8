"""What a router answers by itself, and what it asks of a service, on real sockets of this machine."""

import threading
import time

import pytest

from emulator.model.router import Header, Page, Reserved, Router, SizeLimit
from tests.emulator.edge.origins import (
    Connection,
    answer,
    ask,
    before,
    connected,
    everything,
    origin,
    proxy,
    says,
    until,
)

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
MIB = 1024 * 1024

RULES = Router(
    response_headers=(Header(name="x-edge", value="1"),),
    reserved=Reserved(paths=("/kept",), page=Page(status=404, body="kept", bare=True)),
    request_limit=SizeLimit(max_bytes=10, page=Page(status=413, body="much")),
    response_limit=SizeLimit(max_bytes=1000, page=Page(status=500, body="long")),
)


def test_reserved_path_does_not_reach_the_service():
    """It is answered with or without an instance, and the connection goes on."""
    with origin() as server, proxy(router=RULES) as front, connected(front.port) as sock:
        for _ in range(2):
            for method in ("GET", "POST", "HEAD"):
                sock.sendall(f"{method} /kept?a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi".encode())
                with answer(sock, method) as response:
                    assert (response.status, response.headers["x-edge"]) == (404, None)
                    assert response.read() == (b"" if method == "HEAD" else b"kept")
            front.set_instances([server.address])
        assert server.connections == 0
        sock.sendall(GET)
        with answer(sock) as response:
            assert (response.status, response.headers["x-edge"]) == (200, "1")


SLEEPER = Router(
    asleep=Reserved(paths=("/robots.txt",), page=Page(status=200, body="nothing here")),
    not_woken=Page(status=503, headers=(Header(name="x-why", value="wake"),)),
)


def test_a_path_that_is_answered_asleep_wakes_nobody():
    """It is the service's own as soon as that is awake."""
    woken = threading.Event()
    robots = GET.replace(b" / ", b" /robots.txt ")
    with origin() as server, proxy(router=SLEEPER) as front, connected(front.port) as sock:
        front.sleep(woken.set)
        sock.sendall(robots)
        with answer(sock) as response:
            assert (response.status, response.read(), woken.is_set()) == (200, b"nothing here", False)
        sock.sendall(GET)
        assert woken.wait(5)
        front.set_instances([server.address])
        for _ in range(2):
            with answer(sock) as response:
                assert (response.status, response.read() != b"nothing here") == (200, True)
            sock.sendall(robots)


def test_who_waited_for_a_wake_in_vain_is_told_so():
    """And who comes after that is told that nothing is live."""
    with proxy(router=SLEEPER) as front, connected(front.port) as sock:
        asked = threading.Event()
        front.sleep(asked.set)
        sock.sendall(GET)
        assert asked.wait(5)
        front.give_up()
        with answer(sock) as response:
            assert (response.status, response.headers["x-why"], response.read()) == (503, "wake", b"")
        sock.sendall(GET)
        with answer(sock) as response:
            assert response.status == 502


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 11\r\n\r\n" + b"x" * 11,
        b"Content-Length: 11\r\nExpect: 100-continue\r\n\r\n",
        b"Content-Length: 9000000\r\n\r\n" + b"x" * 9_000_000,
        b"Transfer-Encoding: chunked\r\n\r\nb\r\n" + b"x" * 11 + b"\r\n0\r\n\r\n",
    ],
    ids=["announced", "asked for", "of megabytes", "in one chunk"],
)
def test_too_large_body_does_not_reach_the_service(body):
    """The client is told, even while it still sends, and nothing behind the body is taken for a request."""
    with origin() as server, proxy(server.address, router=RULES) as front, connected(front.port) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n" + body)
        with answer(sock) as response:
            assert (response.status, response.read()) == (413, b"much")
            assert response.headers["x-edge"] == "1"
        assert server.connections == 0
        assert front.counters().in_flight == 0


def test_too_large_body_in_many_chunks():
    """What came before the chunk that is too much was passed on; the instance sees that the rest is missing."""
    heard = []

    def handler(connection: Connection) -> None:
        heard.append(connection.head())
        heard.append(connection.file.read())

    with before(handler, router=RULES) as front:
        with connected(front.port) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n" + b"x" * 9 + b"\r\n")
            time.sleep(0.1)
            sock.sendall(b"2\r\nyy\r\n0\r\n\r\n" + GET)
            assert everything(sock).startswith(b"HTTP/1.1 413 ")
        assert front.counters().in_flight == 0
    assert heard[1] == b"9\r\n" + b"x" * 9 + b"\r\n"


def test_body_of_the_greatest_size_passes():
    """The limit is what may be sent, whatever the framing adds."""
    chunked = b"5\r\nhello\r\n00005;a=b\r\nthere\r\n0\r\nT: 1\r\n\r\n"
    with before(router=RULES) as front:
        for framed in (b"Content-Length: 10\r\n\r\n0123456789", b"Transfer-Encoding: chunked\r\n\r\n" + chunked):
            status, _, body = ask(front.port, b"POST / HTTP/1.1\r\nHost: a\r\n" + framed)
            assert (status, body.partition(b"\r\n\r\n")[2]) == (200, framed.partition(b"\r\n\r\n")[2])


def test_too_large_body_after_the_answer_began():
    """It is too late for a page: the answer breaks off."""

    def handler(connection: Connection) -> None:
        connection.head()
        connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nearly")
        connection.file.read()

    with before(handler, router=RULES) as front, connected(front.port) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        until(sock, b"early")
        sock.sendall(b"b\r\n" + b"x" * 11 + b"\r\n0\r\n\r\n")
        assert everything(sock) == b""
        assert front.counters().in_flight == 0


def test_answer_that_is_too_large():
    """It is replaced; one in chunks, or to HEAD, passes; the request is not sent a second time."""
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    asked = []

    def handler(connection: Connection) -> None:
        while head := connection.head():
            asked.append(head.split()[1])
            if b"/large" in head:
                connection.say(large + b"x" * 1000 * (b"GET" in head))
            else:
                connection.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + b"x" * 2000)
                connection.say(b"\r\n0\r\n\r\n")

    with before(handler, router=RULES) as front, connected(front.port) as sock:
        for method, path, status, size in [
            ("GET", "/chunks", 200, 2000), ("GET", "/large", 500, 4), ("HEAD", "/large", 200, 0),
        ]:  # fmt: skip
            sock.sendall(f"{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            with answer(sock, method) as response:
                assert (response.status, len(response.read())) == (status, size)
    assert asked == [b"/chunks", b"/large", b"/large"]


def test_service_in_http2_must_speak_it():
    """Where the platform speaks HTTP/2 to a service, an instance that does not gets no request at all."""
    asked = []

    def http1(connection: Connection) -> None:
        head = connection.head()
        asked.append(head)
        connection.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    router = Router(http2=True, invalid=Page(status=503, body="no HTTP/2"))
    with before(http1, router) as front, connected(front.port) as sock:
        for _ in range(2):
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
            with answer(sock) as response:
                assert (response.status, response.read()) == (503, b"no HTTP/2")
    assert asked == [b"PRI * HTTP/2.0\r\n\r\n"] * 2
    for said in ((), (b"HTTP/1.1 505",), (bytes(9),)):
        with before(says(*said), router) as front:
            assert ask(front.port, GET)[0] == 503


def test_service_in_http2_is_asked_once():
    """One that does speak it, and HTTP/1.1 as well, gets its requests, bodies included."""
    heads = []

    def either(connection: Connection) -> None:
        while head := connection.head():
            heads.append(head)
            if head.startswith(b"PRI"):
                assert connection.file.read(15) == b"SM\r\n\r\n\0\0\0\4\0\0\0\0\0"
                connection.say(b"\0\0\6\4\0", b"\0\0\0\0\0\3\0\0\0\x64")
                return
            connection.answer(connection.body(head))

    body = b"x" * 300_000
    with before(either, Router(http2=True)) as front, connected(front.port) as sock:
        for _ in range(3):
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            with answer(sock) as response:
                assert (response.status, response.read()) == (200, body)
        assert front.counters().in_flight == 0
    assert [head[:4] for head in heads] == [b"PRI ", b"POST", b"POST", b"POST"]


def test_question_for_http2_is_bound_by_the_time_of_a_request():
    """An instance that accepts and says nothing is waited for as long as for an answer."""
    with before(lambda connection: connection.file.read(), Router(http2=True, request_timeout_s=0.15)) as front:
        assert ask(front.port, GET)[0] == 504
        assert front.counters().in_flight == 0
