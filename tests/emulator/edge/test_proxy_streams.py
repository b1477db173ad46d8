"""Bodies and upgraded connections through the proxy: as they came, as soon as they came, and never all in memory."""

import asyncio
import base64
import hashlib
import os
import re
import socket
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.edge import proxy as edge_proxy
from emulator.edge.proxy_poller import LoopPoller
from emulator.model.router import Router
from tests.emulator.edge.origins import (
    Connection,
    answer,
    before,
    connected,
    eventually,
    everything,
    origin,
    proxy,
    says,
    until,
)

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
MIB = 1024 * 1024


@pytest.fixture(params=["epoll", "loop"])
def each_poller(request, monkeypatch):
    """Both ways of learning that a connection is ready."""
    if request.param == "loop":
        loop = asyncio.new_event_loop()
        monkeypatch.setattr(edge_proxy, "new_loop", lambda: (loop, LoopPoller(loop)))


def memory_kib(field: str = "VmRSS") -> int:
    return int(re.search(rf"{field}:\s+(\d+)", Path("/proc/self/status").read_text())[1])


@pytest.fixture(scope="module")
def echoing():
    """A server that sends back what it gets, and a proxy before it."""
    with origin() as server, proxy(server.address) as front:
        yield server, front


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chunks=st.lists(st.binary(min_size=1, max_size=300), max_size=5),
    chunked=st.booleans(),
    cuts=st.lists(st.integers(0, 2000), max_size=4),
)
def test_bodies_through_the_proxy_are_as_direct(echoing, chunks, chunked, cuts):
    """Whatever the framing and wherever the pieces are cut, the instance gets the same bytes, and the client."""
    server, front = echoing
    if chunked:
        framing = b"Transfer-Encoding: chunked"
        body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    else:
        body = b"".join(chunks)
        framing = b"Content-Length: %d" % len(body)
    raw = b"POST /a HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n\r\n" + body
    edges = [0, *sorted(cut % len(raw) for cut in cuts), len(raw)]
    heard = []
    for port in (server.address[1], front.port):
        with connected(port) as sock:
            for first, last in zip(edges, edges[1:], strict=False):
                sock.sendall(raw[first:last])
            with answer(sock) as response:
                heard.append((response.status, response.getheaders(), response.read()))
    assert heard[0] == heard[1]
    assert heard[0][2] == raw


def test_chunks_and_trailers_pass_untouched():
    """Extensions, sizes and trailers of an answer are the instance's own."""
    raw = b"03;a=b\r\nabc\r\n0001\r\nd\r\n0\r\nX-Sum: 1\r\n\r\n"
    with (
        before(says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + raw)) as front,
        connected(front.port) as sock,
    ):
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert everything(sock).endswith(b"\r\n\r\n" + raw)


def test_events_arrive_one_by_one(each_poller):
    """An event is there before the instance sends the next one; the upload's pieces are, too."""
    go = threading.Semaphore(0)

    def handler(connection: Connection) -> None:
        head = connection.head()
        connection.say(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        for number in range(5):
            assert go.acquire(timeout=5)
            connection.say(b"data: %d %s\n\n" % (number, connection.file.read(3) if b"POST" in head else b""))

    with before(handler) as front:
        with connected(front.port) as sock:
            sock.sendall(GET)
            until(sock, b"\r\n\r\n")
            for number in range(5):
                go.release()
                assert until(sock, b"\n\n") == b"data: %d \n\n" % number
            assert sock.recv(1) == b""
        with connected(front.port) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 15\r\n\r\n")
            until(sock, b"\r\n\r\n")
            for number in range(5):
                go.release()
                sock.sendall(b"<%d>" % number)
                assert until(sock, b"\n\n") == b"data: %d <%d>\n\n" % (number, number)


def test_instance_learns_that_the_client_left():
    """When nobody reads the answer any more, the instance is told by the end of its connection."""
    left = threading.Event()

    def handler(connection: Connection) -> None:
        connection.head()
        connection.say(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        try:
            for _ in range(500):
                connection.say(b"data: x\n\n")
                time.sleep(0.01)
        except OSError:
            left.set()

    with before(handler) as front:
        with connected(front.port) as sock:
            sock.sendall(GET)
            until(sock, b"x\n\n")
        assert left.wait(5)
        assert eventually(lambda: front.counters().in_flight == 0)


def test_instance_learns_that_an_upload_broke_off():
    """A client that leaves in the middle of its request ends the instance's connection."""
    heard = []

    def handler(connection: Connection) -> None:
        connection.head()
        heard.append(connection.file.read())

    with before(handler) as front:
        with connected(front.port) as sock:
            sock.sendall(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            time.sleep(0.05)
        assert eventually(lambda: heard)
    assert heard == [b"abc"]


def test_slow_client_and_a_large_body(each_poller):
    """200 MB to a client that begins late: the instance waits for it, and memory stays where it was."""
    size = 200 * MIB
    block = b"x" * MIB
    sent = 0

    def handler(connection: Connection) -> None:
        nonlocal sent
        connection.head()
        connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            connection.say(block)
            sent += len(block)

    with before(handler) as front, connected(front.port, 20) as sock:
        start = memory_kib()
        sock.sendall(GET)
        until(sock, b"\r\n\r\n")
        time.sleep(0.3)
        held_back = sent
        assert held_back < 32 * MIB  # the kernel's buffers, not ours
        buffer = bytearray(MIB)
        left = size
        while left:
            got = sock.recv_into(buffer)
            assert got
            left -= got
        assert sent == size
        assert memory_kib() - start < 24 * 1024


def test_large_upload_to_a_slow_instance(each_poller):
    """100 MB in chunks to an instance that reads late: the client waits, and memory stays where it was."""
    go = threading.Event()
    chunk = b"%x\r\n%s\r\n" % (MIB, b"y" * MIB)

    def handler(connection: Connection) -> None:
        connection.head()
        assert go.wait(10)
        count = 0
        buffer = bytearray(MIB)
        while count < 100 * len(chunk) + 5:
            count += connection.file.readinto1(buffer)
        connection.answer(b"%d" % count)

    with before(handler) as front, connected(front.port, 20) as sock:
        start = memory_kib()
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = []

        def upload() -> None:
            for _ in range(100):
                sock.sendall(chunk)
                sent.append(len(chunk))
            sock.sendall(b"0\r\n\r\n")

        thread = threading.Thread(target=upload)
        thread.start()
        time.sleep(0.3)
        assert sum(sent) < 32 * MIB
        go.set()
        thread.join(20)
        with answer(sock) as response:
            assert int(response.read()) == 100 * len(chunk) + 5
        assert memory_kib() - start < 24 * 1024


def test_early_answer_to_a_large_upload():
    """An instance that refuses an upload without reading it: its answer reaches the client, who still sends."""

    def handler(connection: Connection) -> None:
        connection.head()
        connection.say(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmuch")

    body = b"z" * (8 * MIB)
    with before(handler) as front:
        for _ in range(20):
            with connected(front.port) as sock:
                sock.sendall(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body))
                sock.sendall(body)
                with answer(sock) as response:
                    assert (response.status, response.read()) == (413, b"much")


def test_answer_and_request_flow_at_once():
    """An instance may answer while it still reads; the connection is used again when both are whole."""

    def handler(connection: Connection) -> None:
        while connection.head():
            connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n")
            for _ in range(3):
                connection.say(connection.file.read(2))

    with origin(handler) as server, proxy(server.address) as front, connected(front.port) as sock:
        for _ in range(3):
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n")
            until(sock, b"\r\n\r\n")
            for pair in (b"ab", b"cd", b"ef"):
                sock.sendall(pair)
                assert until(sock, pair) == pair
        assert server.connections == 1


def frame(text: bytes, *, masked: bool, opcode: int = 1) -> bytes:
    mask = os.urandom(4) if masked else b""
    size = bytes([len(text) | 128 * masked]) if len(text) < 126 else bytes([126 | 128 * masked]) + len(text).to_bytes(2)
    data = bytes(byte ^ mask[at % 4] for at, byte in enumerate(text)) if masked else text
    return bytes([128 | opcode]) + size + mask + data


def unframe(file) -> tuple[int, bytes]:
    first, second = file.read(2)
    size = second & 127
    if size == 126:
        size = int.from_bytes(file.read(2))
    mask = file.read(4) if second & 128 else bytes(4)
    return first & 15, bytes(byte ^ mask[at % 4] for at, byte in enumerate(file.read(size)))


def websocket(connection: Connection) -> None:
    """Agrees to the upgrade, greets, echoes messages in capitals until the client closes."""
    head = connection.head()
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", head)[1]
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    assert b"\r\nConnection: Upgrade\r\n" in head
    assert b"\r\nUpgrade: websocket\r\n" in head
    connection.say(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "
        + accept + b"\r\n\r\n" + frame(b"welcome", masked=False)
    )  # fmt: skip
    while True:
        opcode, text = unframe(connection.file)
        connection.say(frame(text.upper(), masked=False, opcode=opcode))
        if opcode == 8:
            return


HANDSHAKE = (
    b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def test_websocket(each_poller):
    """The handshake agrees, what either side says passes at once, and the end of one is the end of both."""
    with (
        before(websocket, Router(request_timeout_s=0.2)) as front,
        connected(front.port) as sock,
        sock.makefile("rb") as file,
    ):
        sock.sendall(HANDSHAKE + frame(b"early", masked=True))
        head = b"".join(iter(file.readline, b"\r\n"))
        assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head
        assert unframe(file) == (1, b"welcome")
        assert unframe(file) == (1, b"EARLY")
        time.sleep(0.3)  # the time of a request does not bound it
        assert front.counters().in_flight == 1
        for size in (1, 125, 5000):
            sock.sendall(frame(b"m" * size, masked=True))
            assert unframe(file) == (1, b"M" * size)
        sock.sendall(frame(b"", masked=True, opcode=8))
        assert unframe(file) == (8, b"")
        assert file.read() == b""
        assert eventually(lambda: front.counters().in_flight == 0)


def test_upgrade_that_is_refused():
    """An instance that stays with HTTP answers as usual, and the connection goes on."""
    with before() as front, connected(front.port) as sock:
        for _ in range(2):
            sock.sendall(HANDSHAKE)
            with answer(sock) as response:
                assert response.status == 200
                assert b"Upgrade: websocket" in response.read()


def test_client_s_end_of_a_tunnel_is_passed_on():
    """A client that has said all may still be spoken to."""

    def handler(connection: Connection) -> None:
        connection.head()
        connection.say(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
        time.sleep(0.1)  # long enough to be behind
        said = connection.file.read()
        connection.say(said[::-1])

    upgrade = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"
    with before(handler) as front, connected(front.port) as sock:
        sock.sendall(upgrade)
        until(sock, b"\r\n\r\n")
        sock.sendall(b"abc" * 4_000_000)
        sock.shutdown(socket.SHUT_WR)
        assert everything(sock) == b"cba" * 4_000_000


def test_time_of_a_tunnel():
    """Where a platform ends upgraded connections after a time, so does the proxy."""
    with before(websocket, Router(upgrade_timeout_s=0.2)) as front, connected(front.port) as sock:
        began = time.monotonic()
        sock.sendall(HANDSHAKE)
        everything(sock)
        assert 0.15 < time.monotonic() - began < 1


def test_http2_where_the_service_speaks_it():
    """Its bytes pass unread, both ways and without a time limit, to the instance of the moment; elsewhere it is
    refused."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)

    def handler(connection: Connection) -> None:
        assert connection.file.read(len(preface)) == preface
        while data := connection.file.read1():
            connection.say(data[::-1])

    with before(handler, Router(http2=True, request_timeout_s=0.1, upgrade_timeout_s=0.1)) as front:
        with connected(front.port) as sock:
            sock.sendall(preface + b"abc")
            assert until(sock, b"a") == b"cba"
            time.sleep(0.2)
            sock.sendall(b"def")
            assert until(sock, b"d") == b"fed"
            assert front.counters().in_flight == 1
            front.set_router(Router())
        with connected(front.port) as sock:
            sock.sendall(preface)
            assert everything(sock).startswith(b"HTTP/1.1 505 ")
        front.set_router(Router(http2=True))
        front.set_instances([])
        with connected(front.port) as sock:
            sock.sendall(preface)
            assert everything(sock) == b""
