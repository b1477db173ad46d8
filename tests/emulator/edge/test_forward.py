"""The stable address: carries bytes both ways, follows its target, and leaves nothing open."""

import gc
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from emulator.edge.forward import Forwarder

ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def forwarder() -> Iterator[Forwarder]:
    made = Forwarder(None)
    yield made
    made.close()
    gc.collect()  # what was left open warns now, and a warning is a failure


@contextmanager
def upstream(answer: bytes, *, resets: bool = False) -> Iterator[tuple[str, int]]:
    """A server that reads to the end of what it is told, then answers with `answer` and what it read."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    if resets:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                        connection.recv(1)
                        continue
                    told = b""
                    while data := connection.recv(65536):
                        told += data
                    connection.sendall(answer + told)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def exchange(port: int, said: bytes, *, end: bool = True) -> bytes:
    """All that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(said)
        if end:
            connection.shutdown(socket.SHUT_WR)
        told = b""
        while data := connection.recv(65536):
            told += data
        return told


def test_carries_both_ways(forwarder: Forwarder) -> None:
    """A megabyte there and back; the end of one direction is carried and leaves the other open."""
    with upstream(b"you said ") as forwarder.target:
        said = bytes(range(256)) * 4096
        assert exchange(forwarder.port, said) == b"you said " + said


def test_without_a_target_there_is_a_502(forwarder: Forwarder) -> None:
    """A client that said a whole request reads the answer, not a reset."""
    for _ in range(20):
        told = exchange(forwarder.port, ASK, end=False)
        assert told.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
        assert told.endswith(b"emu: nothing is live here at the moment\n")


def test_a_target_that_refuses_is_a_502(forwarder: Forwarder) -> None:
    """The container is there, its port is not."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        forwarder.target = closed.getsockname()
    assert exchange(forwarder.port, ASK, end=False).startswith(b"HTTP/1.1 502 ")


def test_a_client_that_says_nothing_is_answered_too(forwarder: Forwarder) -> None:
    """It waits a moment for the request, not for ever."""
    began = time.monotonic()
    assert exchange(forwarder.port, b"", end=False).startswith(b"HTTP/1.1 502 ")
    assert time.monotonic() - began < 5


def test_follows_its_target(forwarder: Forwarder) -> None:
    """The next connection goes where the target is then."""
    for name in (b"one", b"two"):
        with upstream(name) as forwarder.target:
            assert exchange(forwarder.port, b"") == name


def test_a_reset_at_the_target_ends_the_client(forwarder: Forwarder, capfd: pytest.CaptureFixture[str]) -> None:
    """The app breaks the connection: the client's ends, and nothing is printed about it."""
    with upstream(b"", resets=True) as forwarder.target:
        assert exchange(forwarder.port, ASK, end=False) == b""
    assert capfd.readouterr() == ("", "")


def test_a_client_that_goes_away(forwarder: Forwarder) -> None:
    """The app's side is closed when the client breaks off."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        forwarder.target = server.getsockname()
        client = socket.create_connection(("127.0.0.1", forwarder.port))
        client.sendall(b"hello")
        connection, _ = server.accept()
        with connection:
            connection.settimeout(10)
            assert connection.recv(5) == b"hello"
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
            assert connection.recv(1) == b""


def test_the_port_of_last_time(forwarder: Forwarder) -> None:
    """A free port that is wanted is had; a taken one is replaced."""
    other = Forwarder(forwarder.port)
    assert other.port not in (0, forwarder.port)
    wanted = other.port
    other.close()
    again = Forwarder(wanted)
    assert (again.port, again.url) == (wanted, f"http://127.0.0.1:{wanted}")
    again.close()


def test_closing_ends_connections_and_the_thread() -> None:
    """With a connection open: its other end sees the end, and no thread stays. Twice is no harm."""
    before = threading.active_count()
    forwarder = Forwarder(None)
    with socket.create_server(("127.0.0.1", 0)) as server:
        forwarder.target = server.getsockname()
        with socket.create_connection(("127.0.0.1", forwarder.port), timeout=10) as client:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(10)
                forwarder.close()
                assert connection.recv(1) == b""
                assert client.recv(1) == b""
    forwarder.close()
    assert threading.active_count() == before
    gc.collect()
