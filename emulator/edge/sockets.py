"""HTTP and TCP as a platform's prober speaks them: one request on one fresh connection, never longer than told.

The standard library's client bounds each read, not the whole exchange, so a server that sends a byte now and then
would hold it for ever; here every read gets what is left of the time.
"""

import io
import socket
import string
import time
from collections.abc import Mapping
from urllib.parse import quote

from emulator.world import HttpAnswer, HttpProblem

MAX_BODY = 64 * 1024
"""Bytes of an answer's body that are read: enough for a message, too few to fill the memory."""


class SocketHttp:
    """An `HttpDoor` on this machine's own network."""

    def request(
        self,
        method: str,
        host: str,
        port: int,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 5.0,
    ) -> HttpAnswer:
        """Ask by HTTP/1.1 and report what came of it within `timeout_s`."""
        began = time.monotonic()
        try:
            answer = _exchange(method, host, port, _request(method, host, port, path, headers or {}), timeout_s)
        except OSError as problem:
            answer = HttpAnswer(status=None, seconds=0, error=_problem(problem), detail=_words(problem))
        seconds = round(time.monotonic() - began, 4)
        return HttpAnswer(
            status=answer.status,
            seconds=seconds,
            error=answer.error,
            detail=answer.detail,
            headers=answer.headers,
            body=answer.body,
        )

    def connects(self, host: str, port: int, timeout_s: float = 1.0) -> HttpProblem | None:
        """Whether a TCP connection can be opened: None when it can, else why not."""
        try:
            socket.create_connection((host, port), timeout=timeout_s).close()
        except OSError as problem:
            return _problem(problem)
        return None


class _Reader(io.RawIOBase):
    """A socket that is read until a moment, not for a while each time."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        self._connection.settimeout(_left(self._deadline))
        return self._connection.recv_into(buffer)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What `http.client` asks a socket for."""
        return io.BufferedReader(self)


def _exchange(method: str, host: str, port: int, request: bytes, timeout_s: float) -> HttpAnswer:
    """Raises OSError (TimeoutError among them)."""
    from http.client import BadStatusLine, HTTPException, HTTPResponse, IncompleteRead, RemoteDisconnected

    deadline = time.monotonic() + timeout_s
    with socket.create_connection((host, port), timeout=timeout_s) as connection:
        connection.settimeout(_left(deadline))
        connection.sendall(request)
        reader = _Reader(connection, deadline)
        response = HTTPResponse(reader, method=method)  # type: ignore[arg-type]
        try:
            response.begin()
            body = response.read(MAX_BODY)
        except RemoteDisconnected:
            return _failed("reset", "the connection was closed before an answer came")
        except IncompleteRead:
            return _failed("reset", "the connection was closed in the middle of the answer")
        except BadStatusLine as problem:
            return _failed("not-http", f"the answer began with {str(problem)[:80]}")
        except (HTTPException, ValueError) as problem:
            return _failed("not-http", f"the answer is not HTTP: {str(problem)[:80]}")
        headers = {name.lower(): value for name, value in response.getheaders()}
        return HttpAnswer(status=response.status, seconds=0, headers=headers, body=body)


def _request(method: str, host: str, port: int, path: str, headers: Mapping[str, str]) -> bytes:
    """The request as sent. What cannot stand in a request line is percent-encoded; line ends in headers go."""
    target = quote(path if path.startswith("/") else f"/{path}", safe=string.punctuation)
    address = f"[{host}]" if ":" in host else host
    wanted = {"Host": f"{address}:{port}", "User-Agent": "emu", "Accept": "*/*", "Connection": "close"}
    given = {name.lower() for name in headers}
    lines = [f"{name}: {value}" for name, value in wanted.items() if name.lower() not in given]
    lines += [f"{name}: {' '.join(value.split())}" for name, value in headers.items()]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode("utf-8")


def _failed(error: HttpProblem, detail: str) -> HttpAnswer:
    return HttpAnswer(status=None, seconds=0, error=error, detail=detail)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


def _problem(problem: OSError) -> HttpProblem:
    if isinstance(problem, ConnectionRefusedError):
        return "refused"
    if isinstance(problem, TimeoutError):
        return "timeout"
    if isinstance(problem, ConnectionError):
        return "reset"
    return "unreachable"


def _words(problem: OSError) -> str:
    return problem.strerror or str(problem)
