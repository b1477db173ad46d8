"""Requests that keep coming over connections that stay open, and some that are held in the middle."""

import contextlib
import http.client
import select
import socket
import threading

from emulator.world.asking import Exchange, HttpProblem, LoadRequest
from emulator.world.clock import Clock

_AGAIN_S = 0.05
"""How soon one that was refused tries again."""
_END_S = 0.5
"""How long the end is waited for. What is just connecting to an address that is gone ends later; nobody hears of it."""
_LOOK_EVERY_S = 0.02
_HALF = b"x" * 512
_SMALL_BUFFER = 2048
"""Bytes that a connection takes whose answer is not read: a longer answer waits in the server."""
_PROBLEMS = (http.client.HTTPException, OSError)


class RequestLoad:
    """Begins at once, and goes on until stopped."""

    def __init__(self, address: tuple[str, int], request: LoadRequest, clock: Clock) -> None:
        self._address = address
        self._request = request
        self._clock = clock
        self._lock = threading.Lock()
        self._found: list[Exchange] = []
        self._open: set[http.client.HTTPConnection] = set()
        self._calm, self._free, self._over = threading.Event(), threading.Event(), threading.Event()
        works = [self._upload, self._download] if request.holds else []
        self._held = [threading.Thread(target=work, name="load", daemon=True) for work in works]
        self._going = [threading.Thread(target=self._plain, daemon=True) for _ in range(request.connections)]
        for thread in (*self._held, *self._going):
            thread.start()

    def exchanges(self) -> tuple[Exchange, ...]:
        with self._lock:
            return tuple(self._found)

    def calm(self, wait_s: float) -> None:
        self._calm.set()
        until = self._clock.now() + wait_s
        for thread in self._going:
            thread.join(max(0.0, until - self._clock.now()))

    def let_go(self) -> None:
        self._free.set()

    def stop(self) -> tuple[Exchange, ...]:
        for event in (self._over, self._calm, self._free):
            event.set()
        with self._lock:
            still_open = tuple(self._open)
        for connection in still_open:
            with contextlib.suppress(OSError):
                if connection.sock is not None:
                    connection.sock.shutdown(socket.SHUT_RDWR)
        until = self._clock.now() + _END_S
        for thread in (*self._held, *self._going):
            thread.join(max(0.0, until - self._clock.now()))
        return self.exchanges()

    # ---- one connection each

    def _plain(self) -> None:
        """One request after the other; a new connection where the last one is closed."""
        connection = self._connection()
        while not self._calm.is_set():
            begun = self._clock.now()
            try:
                connection.request("GET", self._request.path, headers=self._headers())
                status = _read(connection)
            except _PROBLEMS as problem:
                self._close(connection)
                self._keep("plain", begun, problem=_named(problem))
                self._calm.wait(_AGAIN_S)
                connection = self._connection()
            else:
                self._keep("plain", begun, status=status)
        self._close(connection)

    def _upload(self) -> None:
        """A request of which the second half of the body comes when it is let go; one answered before is over."""
        connection, begun = self._connection(), self._clock.now()
        try:
            connection.putrequest("POST", self._request.path, skip_accept_encoding=True)
            for name, value in self._headers().items():
                connection.putheader(name, value)
            connection.putheader("Content-Type", "application/octet-stream")
            connection.putheader("Content-Length", str(2 * len(_HALF)))
            connection.endheaders()
            connection.send(_HALF)
            while not self._free.wait(_LOOK_EVERY_S) and not _is_readable(connection):
                pass
            if not _is_readable(connection):
                connection.send(_HALF)
            self._keep("upload", begun, status=_read(connection))
        except _PROBLEMS as problem:
            self._keep("upload", begun, problem=_named(problem))
        self._close(connection)

    def _download(self) -> None:
        """A request whose answer is read when it is let go."""
        connection, begun = self._connection(), self._clock.now()
        try:
            reader = connection.sock = socket.socket(_family(self._address[0]), socket.SOCK_STREAM)
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
            reader.settimeout(self._request.timeout_s)
            reader.connect(self._address)
            connection.request("GET", self._request.path, headers=self._headers())
            self._free.wait()
            self._keep("download", begun, status=_read(connection))
        except _PROBLEMS as problem:
            self._keep("download", begun, problem=_named(problem))
        self._close(connection)

    def _connection(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(*self._address, timeout=self._request.timeout_s)
        with self._lock:
            self._open.add(connection)
        return connection

    def _close(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._open.discard(connection)
        connection.close()

    def _headers(self) -> dict[str, str]:
        return {"User-Agent": "emu-verify", **({"Host": self._request.host} if self._request.host else {})}

    def _keep(
        self, kind: str, begun: float, *, status: int | None = None, problem: HttpProblem | None = None
    ) -> None:
        if self._over.is_set():  # what ends now is cut off by us
            return
        ended = self._clock.now()
        one = Exchange(kind=kind, begun=begun, ended=ended, status=status, problem=problem)  # type: ignore[arg-type]
        with self._lock:
            self._found.append(one)


def _read(connection: http.client.HTTPConnection) -> int:
    """The status of an answer that came whole. Raises what it raises when it did not."""
    answer = connection.getresponse()
    answer.read()
    if answer.will_close:
        connection.close()
    return answer.status


def _is_readable(connection: http.client.HTTPConnection) -> bool:
    sock = connection.sock
    return sock is not None and bool(select.select([sock], [], [], 0)[0])


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _named(problem: BaseException) -> HttpProblem:
    if isinstance(problem, ConnectionRefusedError):
        return "refused"
    if isinstance(problem, TimeoutError):
        return "timeout"
    if isinstance(problem, ConnectionError | http.client.IncompleteRead):  # RemoteDisconnected is one
        return "reset"
    return "not-http" if isinstance(problem, http.client.HTTPException) else "unreachable"
