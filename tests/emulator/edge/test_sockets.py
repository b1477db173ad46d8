"""HTTP against small servers on real sockets of this machine."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from emulator.edge.prober import MAX_BODY
from emulator.edge.sockets import SocketHttp

HTTP = SocketHttp()


@contextlib.contextmanager
def server(*says: bytes, pause_s: float = 0.0, heard: list[bytes] | None = None, host="127.0.0.1") -> Iterator[int]:
    """Answers each connection with `says`, piece by piece; closes it. The port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        listener.listen()
        over = threading.Event()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while not over.is_set():
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        request = connection.recv(65536)
                        if heard is not None:
                            heard.append(request)
                        for piece in says:
                            connection.sendall(piece)
                            if over.wait(pause_s):
                                break

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def get(port: int, path: str = "/", *, host: str = "127.0.0.1", timeout_s: float = 2.0, **more):
    return HTTP.request("GET", host, port, path, timeout_s=timeout_s, **more)


def test_status_headers_and_body():
    """What the server says comes back; header names in lower case."""
    with server(b"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 2\r\n\r\nok") as port:
        answer = get(port)
    assert (answer.status, answer.error, answer.headers["x-a"], answer.body) == (200, None, "b", b"ok")


def test_request_as_sent():
    """HTTP/1.1, one connection, a Host header of ours unless given; a path with blanks or line ends stays one line."""
    heard: list[bytes] = []
    with server(b"HTTP/1.1 204 No Content\r\n\r\n", heard=heard) as port:
        get(port, "/ä b?x=1\r\nX: y")
        get(port, headers={"host": "app.example", "X": "a\r\nEvil: 1"})
    assert heard[0].startswith(f"GET /%C3%A4%20b?x=1%0D%0AX:%20y HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n".encode())
    assert b"Connection: close\r\n" in heard[0]
    assert heard[1].lower().count(b"host:") == 1
    assert b"X: a Evil: 1\r\n" in heard[1]


def test_redirect_is_an_answer():
    """It is reported, not followed: whether 302 is healthy is the platform's rule."""
    with server(b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n") as port:
        answer = get(port)
    assert (answer.status, answer.headers["location"]) == (302, "/login")


def test_nothing_listens():
    """A closed port refuses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert get(port).error == "refused"
    assert HTTP.connects("127.0.0.1", port) == "refused"


def test_connects():
    """An open port is one that accepts."""
    with server() as port:
        assert HTTP.connects("127.0.0.1", port) is None


def test_ipv6():
    """A server on ::1 is asked with brackets round its address."""
    heard: list[bytes] = []
    with server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", host="::1", heard=heard) as port:
        assert get(port, host="::1").status == 200
    assert f"Host: [::1]:{port}".encode() in heard[0]


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 100),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *[b"x"] * 100),
        (b"", *[b"H"] * 100),
    ],
    ids=["headers", "body", "status"],
)
def test_server_that_drips_is_given_up_in_time(pieces):
    """The time bounds the whole exchange, not each byte."""
    with server(*pieces, pause_s=0.1) as port:
        began = time.monotonic()
        answer = get(port, timeout_s=0.5)
        took = time.monotonic() - began
    assert (answer.status, answer.error) == (None, "timeout")
    assert 0.4 < took < 1.0
    assert 0.4 < answer.seconds < 1.0


def test_silent_server():
    """One that accepts and says nothing is a time-out."""
    with server(b"", pause_s=5) as port:
        assert get(port, timeout_s=0.3).error == "timeout"


@pytest.mark.parametrize(
    ("says", "error"),
    [
        (b"", "reset"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "reset"),
        (b"SSH-2.0-OpenSSH_9\r\n", "not-http"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "not-http"),
        (b"HTTP/1.1 999999 OK\r\n\r\n", "not-http"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n", "not-http"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "reset"),
    ],
    ids=["closed", "cut", "ssh", "tls", "status", "header", "chunk"],
)
def test_answers_that_are_none(says, error):
    """What is said instead of HTTP is told apart from a connection that ends."""
    with server(says) as port:
        answer = get(port)
    assert (answer.status, answer.error) == (None, error)
    assert answer.detail


def test_endless_body_is_cut():
    """Only the beginning of a body is read."""
    with server(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3_000_000) as port:
        answer = get(port)
    assert (answer.status, len(answer.body)) == (200, MAX_BODY)


def test_address_that_leads_nowhere():
    """A name that does not resolve is unreachable."""
    assert get(80, host="nowhere.invalid").error == "unreachable"
