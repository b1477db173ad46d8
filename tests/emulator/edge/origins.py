"""Servers for the proxy's tests: real sockets, each connection in a thread of its own, nothing decided for the test."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPResponse

from emulator.edge.proxy import Proxy
from emulator.model.router import Router

Handler = Callable[["Connection"], None]


class Connection:
    """One connection that a server accepted."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        self.file = sock.makefile("rb")

    def head(self) -> bytes:
        """The next request's head; empty at the end of the connection."""
        lines = []
        while line := self.file.readline():
            lines.append(line)
            if line == b"\r\n":
                return b"".join(lines)
        return b""

    def body(self, head: bytes) -> bytes:
        """The body that goes with a head, as it came."""
        lower = head.lower()
        if b"\r\ntransfer-encoding: chunked\r\n" in lower:
            return self._chunked()
        if b"\r\ncontent-length:" in lower:
            return self.file.read(int(lower.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]))
        return b""

    def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.sock.sendall(piece)

    def answer(self, body: bytes = b"ok", more: bytes = b"") -> None:
        self.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), more, body))

    def _chunked(self) -> bytes:
        raw = b""
        while True:
            size = self.file.readline()
            raw += size
            count = int(size.partition(b";")[0], 16)
            if count == 0:
                break
            raw += self.file.read(count + 2)
        while (line := self.file.readline()) != b"\r\n":
            raw += line
        return raw + line


class Origin:
    """A server that runs `handler` for each connection and closes it after that."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=600)
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self.connections = 0
        self.address: tuple[str, int] = self._listener.getsockname()
        self._begin(self._accept)

    def close(self) -> None:
        """As a server that is killed: every connection is gone."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(sock)
            self._begin(self._serve, Connection(sock, self.connections))

    def _serve(self, connection: Connection) -> None:
        with connection.sock, connection.file, contextlib.suppress(OSError, ValueError):
            self._handler(connection)
        self._open.discard(connection.sock)

    def _begin(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()


def echo(connection: Connection) -> None:
    """Answers every request with its head and body as they came."""
    while head := connection.head():
        connection.answer(head + connection.body(head))


def says(*pieces: bytes) -> Handler:
    """Reads a request and answers with these bytes, then closes."""

    def handler(connection: Connection) -> None:
        connection.body(connection.head())
        connection.say(*pieces)

    return handler


@contextlib.contextmanager
def origin(handler: Handler = echo) -> Iterator[Origin]:
    server = Origin(handler)
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def proxy(*instances: tuple[str, int], router: Router | None = None) -> Iterator[Proxy]:
    """A proxy before these instances; when it is closed, nothing of it is left."""
    front = Proxy(None, router)
    try:
        front.set_instances(instances)
        yield front
    finally:
        front.close()
    assert front.faults == []


@contextlib.contextmanager
def before(handler: Handler = echo, router: Router | None = None) -> Iterator[Proxy]:
    """A proxy before one server with this handler."""
    with origin(handler) as server, proxy(server.address, router=router) as front:
        yield front


@contextlib.contextmanager
def connected(port: int, timeout_s: float = 5.0) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as sock:
        yield sock


def answer(sock: socket.socket, method: str = "GET") -> HTTPResponse:
    """The next answer on a connection, its head read."""
    response = HTTPResponse(sock, method=method)
    response.begin()
    return response


def ask(port: int, request: bytes, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """Send these bytes on a connection of their own: status, headers in lower case, body of the answer."""
    with connected(port) as sock:
        sock.sendall(request)
        with answer(sock, method) as response:
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()


def headers_of(head: bytes) -> list[tuple[str, str]]:
    """Name and value of each header in a request or an answer, as they came."""
    lines = head.decode("latin-1").partition("\r\n\r\n")[0].split("\r\n")[1:]
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


def closed_port() -> tuple[str, int]:
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()


def everything(sock: socket.socket) -> bytes:
    """What comes until the end of the connection."""
    return b"".join(iter(lambda: sock.recv(65536), b""))


def until(sock: socket.socket, end: bytes) -> bytes:
    """What comes up to `end`, byte by byte."""
    said = b""
    while not said.endswith(end):
        data = sock.recv(1)
        assert data, said
        said += data
    return said


def eventually(true: Callable[[], object], within_s: float = 5.0) -> bool:
    """Whether it comes to be true in time."""
    end = time.monotonic() + within_s
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True
