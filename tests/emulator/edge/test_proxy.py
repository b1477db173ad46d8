"""Requests and answers through the proxy, on real sockets of this machine."""

import contextlib
import gc
import http.client
import socket
import threading
import time
import warnings

import pytest

from emulator.edge.proxy import Proxy
from emulator.edge.proxy_client import Client
from emulator.edge.proxy_upstream import Upstream
from emulator.model.router import Header, HeaderMode, Page, Router
from tests.emulator.edge.origins import (
    answer,
    ask,
    before,
    closed_port,
    connected,
    everything,
    origin,
    proxy,
    says,
    until,
)

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def test_request_and_answer():
    """Both pass as they came, with the platform's headers."""
    router = Router(
        request_headers=(
            Header(name="X-Forwarded-For", value="{client}", mode=HeaderMode.APPEND),
            Header(name="X-Forwarded-Proto", value="https"),
        ),
        response_headers=(Header(name="Server", value="edge"), Header(name="X-App", value="{was:server}")),
    )
    with before(router=router) as front:
        status, headers, body = ask(
            front.port, b"GET /a?b HTTP/1.1\r\nHost: x\r\nX-forwarded-for: 1.1.1.1\r\nA:  b\r\n\r\n"
        )
    assert status == 200
    assert headers == {"content-length": str(len(body)), "server": "edge"}
    assert body == (
        b"GET /a?b HTTP/1.1\r\nX-Forwarded-For: 1.1.1.1, 127.0.0.1\r\n"
        b"X-Forwarded-Proto: https\r\nHost: x\r\nA:  b\r\n\r\n"
    )


def test_request_id_and_time():
    """One request's digits are the same in both directions, and another's are others."""
    hex_id = Header(name="X-Id", value="{hex:0:12}")
    router = Router(request_headers=(hex_id, Header(name="X-Start", value="{unix_us}")), response_headers=(hex_id,))
    with before(router=router) as front, connected(front.port) as sock:
        ids = []
        for _ in range(2):
            sock.sendall(GET)
            with answer(sock) as response:
                ids.append(response.headers["x-id"])
                body = response.read()
            assert f"X-Id: {ids[-1]}\r\n".encode() in body
            start = int(body.partition(b"X-Start: ")[2].partition(b"\r\n")[0])
            assert abs(time.time() - start / 1e6) < 5
    assert len(set(ids)) == 2
    assert all(len(one) == 12 for one in ids)


def test_connections_are_kept_on_both_sides():
    """Requests one after the other need one connection to the proxy and one to the instance."""
    with origin() as server, proxy(server.address) as front:
        client = http.client.HTTPConnection("127.0.0.1", front.port)
        for number in range(20):
            client.request("POST", f"/{number}", body=b"x" * number)
            assert client.getresponse().read().startswith(b"POST /%d HTTP/1.1" % number)
        client.close()
        assert server.connections == 1
        assert front.counters().requests == 20
        assert front.counters().in_flight == 0


def test_pipelined_requests():
    """Requests sent at once are answered in their order, bodies told from heads."""
    requests = [b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (n, n, b"x" * n) for n in range(300)]
    with before() as front, connected(front.port) as sock:
        sock.sendall(b"".join(requests) + b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        said = everything(sock)
    assert [said.index(b"POST /%d " % n) for n in range(300)] == sorted(
        said.index(b"POST /%d " % n) for n in range(300)
    )
    assert said.count(b"HTTP/1.1 200 OK") == 301
    assert said.endswith(b"GET /last HTTP/1.1\r\nHost: a\r\n\r\n")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        b"\r\nPOST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;e\r\nabc\r\n0\r\nT: 1\r\n\r\n",
    ],
)
def test_request_cut_at_every_byte(request_bytes):
    """It makes no difference in how many pieces a request comes."""
    with before() as front:
        whole = ask(front.port, request_bytes)
        for cut in range(1, len(request_bytes)):
            with connected(front.port) as sock:
                sock.sendall(request_bytes[:cut])
                time.sleep(0.0005)
                sock.sendall(request_bytes[cut:])
                with answer(sock) as response:
                    assert response.read() == whole[2], cut


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
    ],
)
def test_answer_cut_at_every_byte(said):
    """It makes no difference in how many pieces an answer comes."""
    for cut in range(1, len(said)):

        def pieces(connection, cut=cut):
            connection.head()
            connection.say(said[:cut])
            time.sleep(0.0005)
            connection.say(said[cut:])

        with before(pieces) as front, connected(front.port) as sock:
            sock.sendall(GET)
            with answer(sock) as response:
                assert (response.status, response.read()) == (200, b"hello")


@pytest.mark.parametrize(
    ("request_bytes", "said", "expected"),
    [
        (b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 200),
        (GET, b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        (GET, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304),
        (GET, b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", 205),
    ],
)
def test_answers_without_a_body(request_bytes, said, expected):
    """They end with their head: the connection carries the next request."""

    def handler(connection):
        while connection.head():
            connection.say(said)

    with origin(handler) as server, proxy(server.address) as front, connected(front.port) as sock:
        for _ in range(3):
            sock.sendall(request_bytes)
            with answer(sock, request_bytes.split()[0].decode()) as response:
                assert response.status == expected
        assert server.connections == 1


def test_http10_client():
    """It gets what chunks hold and the end of the connection, or keeps the connection where it asks to."""
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x\r\n!\r\n0\r\nT: 1\r\n\r\n"
    with before(says(chunks)) as front, connected(front.port) as sock:
        sock.sendall(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert everything(sock) == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello!"
    with before() as front, connected(front.port) as sock:
        for _ in range(2):
            sock.sendall(b"GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            head = until(sock, b"\r\n\r\n")
            assert b"Connection: keep-alive\r\n" in head
            assert until(sock, b"\r\n\r\n") == b"GET /x HTTP/1.1\r\n\r\n"
        sock.sendall(b"GET /y HTTP/1.0\r\n\r\n")
        assert everything(sock).endswith(b"GET /y HTTP/1.1\r\n\r\n")


def test_client_that_closes_its_side_is_answered():
    """A client that has said all may say so and still get its answer."""
    with before() as front, connected(front.port) as sock:
        sock.sendall(GET)
        sock.shutdown(socket.SHUT_WR)
        assert b"200 OK" in everything(sock)


def test_continue():
    """100 Continue comes from the instance, before the body is sent; a refusal comes instead of it."""

    def handler(connection):
        while head := connection.head():
            if b"/no" in head:
                connection.say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            connection.say(b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.answer(connection.body(head))

    ask_first = b"PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    with before(handler) as front:
        with connected(front.port) as sock:
            for _ in range(2):
                sock.sendall(ask_first % b"/yes")
                assert until(sock, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
                sock.sendall(b"data")
                assert until(sock, b"data").endswith(b"\r\n\r\ndata")
        with connected(front.port) as sock:
            sock.sendall(ask_first % b"/no")
            assert until(sock, b"\r\n\r\n").startswith(b"HTTP/1.1 413 ")
            assert sock.recv(1) == b""


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 40_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"y" * 40_000, 431),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ],
)
def test_refused_requests(said, status):
    """They are answered and the connection ends: nothing behind them is taken for a request."""
    with origin() as server, proxy(server.address) as front, connected(front.port) as sock:
        sock.sendall(said + GET)
        heard = everything(sock)
        assert heard.startswith(b"HTTP/1.1 %d " % status)
        assert heard.count(b"\r\n\r\n") == 1
        assert server.connections == 0


def test_body_that_breaks_off_is_refused():
    """A body whose chunks cannot be followed is not passed on any further."""
    heard = []

    def handler(connection):
        heard.append(connection.head())
        heard.append(connection.file.read())

    with before(handler) as front, connected(front.port) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        time.sleep(0.1)
        sock.sendall(b"1\r\nbb\r\n0\r\n\r\n")
        assert everything(sock).startswith(b"HTTP/1.1 400 ")
    assert heard[1] == b"1\r\na\r\n"


PAGES = Router(
    no_instance=Page(status=503, body="none for {host}"),
    refused=Page(status=521, body="refused"),
    reset=Page(status=520, body="reset"),
    invalid=Page(status=502, body="invalid"),
    timed_out=Page(status=504, body="late", headers=(Header(name="x-edge", value="{client}"),)),
    request_timeout_s=1.0,
)


def test_pages_of_the_platform():
    """Each way of getting no answer has its page; a connection survives it."""
    with proxy(router=PAGES) as front, connected(front.port) as sock:
        for expected in [(503, b"none for a"), (521, b"refused")]:
            sock.sendall(GET)
            with answer(sock) as response:
                assert (response.status, response.read()) == expected
            front.set_instances([closed_port()])
        sock.sendall(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        with answer(sock, "HEAD") as response:
            assert (response.status, response.headers["content-length"]) == (521, "7")


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (says(), (520, b"reset")),
        (says(b"HTTP/1.1 200 OK\r\nConte"), (520, b"reset")),
        (says(b"SSH-2.0\r\n\r\n"), (502, b"invalid")),
        (says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), (502, b"invalid")),
        (says(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000), (502, b"invalid")),
        (lambda connection: connection.file.read(), (504, b"late")),
    ],
    ids=["closed", "cut", "ssh", "switch", "endless", "silent"],
)
def test_pages_for_what_an_instance_does(handler, expected):
    """An instance that closes, says no HTTP, or says nothing in time."""
    with before(handler, router=PAGES) as front:
        status, headers, body = ask(front.port, GET)
    assert (status, body) == expected
    assert headers.get("x-edge") == ("127.0.0.1" if status == 504 else None)


@pytest.mark.parametrize("length", [b"Content-Length: 10\r\n", b"Transfer-Encoding: chunked\r\n", b""])
def test_answer_that_breaks_off_is_not_taken_for_whole(length):
    """The client sees that the end is missing, by the length or by a reset."""

    def handler(connection):
        connection.head()
        connection.say(
            b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + (b"3\r\nabc\r\n" if b"chunked" in length else b"abc")
        )
        time.sleep(0.3)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with before(handler) as front, connected(front.port) as sock:
        sock.sendall(GET)
        with answer(sock) as response, pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            response.read()


def test_time_of_a_request():
    """It bounds the whole answer; one that ends in time lets the next begin anew."""

    def handler(connection):
        while head := connection.head():
            connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
            for _ in range(4):
                time.sleep(0.02 if b"/fast" in head else 0.4)
                connection.say(b"x")

    with before(handler, router=Router(request_timeout_s=1.0)) as front:
        client = http.client.HTTPConnection("127.0.0.1", front.port)
        for _ in range(4):
            client.request("GET", "/fast")
            assert client.getresponse().read() == b"xxxx"
        began = time.monotonic()
        client.request("GET", "/slow")
        response = client.getresponse()
        with pytest.raises(http.client.IncompleteRead):
            response.read()
        assert 0.9 < time.monotonic() - began < 1.5
        client.close()


def test_rules_change_while_connections_live():
    """A connection's next request is treated by the new rules."""
    with before() as front, connected(front.port) as sock:
        for value in ("1", "2"):
            front.set_router(Router(request_headers=(Header(name="X-V", value=value),)))
            sock.sendall(GET)
            with answer(sock) as response:
                assert f"X-V: {value}\r\n".encode() in response.read()


def test_header_that_cannot_be_is_refused_before_anything_is_opened():
    """A platform's mistake is told at once."""
    with pytest.raises(ValueError, match="placeholder"):
        Proxy(None, Router(request_headers=(Header(name="A", value="{b}"),)))


@pytest.mark.thorough
def test_five_hundred_connections_at_once():
    """All are served, each with its own answers."""
    problems: list[object] = []
    with before() as front:
        socks = [socket.create_connection(("127.0.0.1", front.port), timeout=20) for _ in range(500)]
        try:
            for turn in range(2):
                for number, sock in enumerate(socks):
                    sock.sendall(b"GET /%d/%d HTTP/1.1\r\nHost: a\r\n\r\n" % (turn, number))
                for number, sock in enumerate(socks):
                    with answer(sock) as response:
                        if not response.read().startswith(b"GET /%d/%d " % (turn, number)):
                            problems.append(number)
        finally:
            for sock in socks:
                sock.close()
        assert problems == []
        assert front.counters().requests == 1000


def test_instance_that_resets_is_no_noise(capfd):
    """A broken connection is told to the client, and nothing of it is printed."""

    def resets(connection):
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.sock.recv(1)

    with before(resets) as front:
        assert ask(front.port, GET)[0] == 502
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("side", [Client, Upstream])
def test_fault_of_ours_ends_one_connection(side, monkeypatch, capfd):
    """Whatever goes wrong in here, the request concerned ends, the others go on, and it is noted."""
    received = side.received

    def breaks(self, data):
        if b"/fault" in data:
            raise ZeroDivisionError
        received(self, data)

    monkeypatch.setattr(side, "received", breaks)
    with origin() as server:
        front = Proxy(None)
        front.target = server.address
        with connected(front.port) as other, connected(front.port) as sock:
            sock.sendall(b"GET /fault HTTP/1.1\r\nHost: a\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):
                assert b"200 OK" not in sock.recv(1000)
            other.sendall(GET)
            with answer(other) as response:
                assert response.status == 200
        assert front.counters().in_flight == 0
        front.close()
    assert [type(fault) for fault in front.faults] == [ZeroDivisionError]
    assert capfd.readouterr() == ("", "")


def test_close_leaves_nothing():
    """No thread, no socket, no warning, whatever was going on; a second close and later calls do nothing."""
    before_it = threading.active_count()
    hang = threading.Event()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with origin(lambda connection: hang.wait(5)) as server:
            front = Proxy(None)
            front.target = server.address
            with connected(front.port) as waiting, connected(front.port) as idle, connected(front.port) as half:
                waiting.sendall(GET)
                half.sendall(b"GET / HT")
                while not server.connections:
                    time.sleep(0.01)
                assert front.counters().in_flight == 1
                front.close()
                assert front.counters().in_flight == 0
                for sock in (waiting, idle, half):
                    with contextlib.suppress(ConnectionResetError):
                        assert sock.recv(10) == b""
            hang.set()
        front.close()
        front.target = None
        assert front.drain(server.address, 1)
        with pytest.raises(ConnectionRefusedError), connected(front.port):
            pass
        gc.collect()
    assert [str(one.message) for one in caught] == []
    assert threading.active_count() == before_it
