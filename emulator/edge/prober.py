"""Asks by HTTP, lists listening sockets and passes bytes on, with the standard library alone.

It runs here, and, where a container cannot be reached from here, its text runs inside a helper container beside
it (`docker_look`): the same code gives the same answers. So it imports nothing of ours.
"""

import base64
import io
import itertools
import json
import socket
import string
import sys
import threading
import time
from collections.abc import Callable
from http.client import BadStatusLine, HTTPException, HTTPResponse, IncompleteRead, RemoteDisconnected
from pathlib import Path
from typing import Any
from urllib.parse import quote

MAX_BODY = 64 * 1024
"""Bytes of an answer's body that are read: enough for a message, too few to fill the memory."""


class _Reader(io.RawIOBase):
    """A socket that is read until a moment. The standard library's client bounds each read, so that a server
    that sends a byte now and then would hold it for ever."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(_left(self._deadline))
        return self._connection.recv_into(buffer)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What the standard library asks a socket for."""
        return io.BufferedReader(self)


def ask(
    method: str, address: tuple[str, int], path: str, headers: dict[str, str], *, timeout_s: float
) -> dict[str, Any]:
    """One HTTP/1.1 request on a fresh connection, all within `timeout_s`. A dictionary: status or error (refused,
    timeout, reset, not-http, unreachable), detail, headers (names in lower case), body, seconds. Raises nothing."""
    began = time.monotonic()
    answer: dict[str, Any] = {"status": None, "error": None, "detail": "", "headers": {}, "body": b""}
    try:
        request = _request(method, address, path, headers)
        answer.update(_exchange(method, address, request, began + timeout_s))
    except RemoteDisconnected:
        answer.update(error="reset", detail="the connection was closed before an answer came")
    except IncompleteRead:
        answer.update(error="reset", detail="the connection was closed in the middle of the answer")
    except BadStatusLine as problem:
        answer.update(error="not-http", detail=f"the answer began with {str(problem)[:80]}")
    except OSError as problem:
        answer.update(error=problem_kind(problem), detail=problem.strerror or str(problem))
    except (HTTPException, ValueError) as problem:
        answer.update(error="not-http", detail=f"the answer is not HTTP: {str(problem)[:80]}")
    answer["seconds"] = round(time.monotonic() - began, 4)
    return answer


def connects(address: tuple[str, int], *, timeout_s: float) -> str | None:
    """None when a TCP connection can be opened, else why not."""
    try:
        socket.create_connection(address, timeout=timeout_s).close()
    except OSError as problem:
        return problem_kind(problem)
    return None


def problem_kind(problem: OSError) -> str:
    """One word for what broke a connection."""
    if isinstance(problem, ConnectionRefusedError):
        return "refused"
    if isinstance(problem, TimeoutError):
        return "timeout"
    return "reset" if isinstance(problem, ConnectionError) else "unreachable"


def _exchange(method: str, address: tuple[str, int], request: bytes, deadline: float) -> dict[str, Any]:
    with socket.create_connection(address, timeout=_left(deadline)) as connection:
        connection.settimeout(_left(deadline))
        connection.sendall(request)
        with HTTPResponse(_Reader(connection, deadline), method=method) as response:  # type: ignore[arg-type]
            response.begin()
            headers = {name.lower(): value for name, value in response.getheaders()}
            body = response.read(MAX_BODY)
            if response.length and len(body) < MAX_BODY:
                raise IncompleteRead(body)
            return {"status": response.status, "headers": headers, "body": body}


def _request(method: str, address: tuple[str, int], path: str, headers: dict[str, str]) -> bytes:
    """The request as sent. What cannot stand in a request line is percent-encoded; line ends in headers go."""
    target = quote(path if path.startswith("/") else f"/{path}", safe=string.punctuation)
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    wanted = {"Host": f"{host}:{address[1]}", "User-Agent": "emu", "Accept": "*/*", "Connection": "close"}
    given = {name.lower() for name in headers}
    lines = [f"{name}: {value}" for name, value in wanted.items() if name.lower() not in given]
    lines += [f"{name}: {' '.join(value.split())}" for name, value in headers.items()]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode("utf-8")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


def _table(name: str) -> str:
    try:
        return Path("/proc/net", name).read_text()
    except OSError:
        return ""


class Relay:
    """Connections over which somebody elsewhere speaks: the bytes pass as they are, as base64 on their way.

    Each method tells {"value", "error", "detail"}: what it did, or one word for what broke and the system's words.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._open: dict[int, socket.socket] = {}

    def open(self, host: str, port: int, timeout_s: float) -> dict[str, Any]:
        """Its value is the number by which the others know the connection."""
        return _told(lambda: self._dialled((host, port), timeout_s))

    def send(self, number: int, text: str, timeout_s: float) -> dict[str, Any]:
        return _told(lambda: self._timed(number, timeout_s).sendall(base64.b64decode(text)))

    def receive(self, number: int, timeout_s: float) -> dict[str, Any]:
        """Its value is what comes next, empty when nothing comes any more."""
        return _told(lambda: base64.b64encode(self._timed(number, timeout_s).recv(MAX_BODY)).decode())

    def close(self, number: int) -> dict[str, Any]:
        return _told(lambda: self._open.pop(number).close() if number in self._open else None)

    def _dialled(self, address: tuple[str, int], timeout_s: float) -> int:
        connection = socket.create_connection(address, timeout=timeout_s)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number = next(self._numbers)
        self._open[number] = connection
        return number

    def _timed(self, number: int, timeout_s: float) -> socket.socket:
        if number not in self._open:
            raise ConnectionResetError("the connection is closed")
        self._open[number].settimeout(timeout_s)
        return self._open[number]


def _told(do: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"value": do(), "error": None, "detail": ""}
    except OSError as problem:
        return {"value": None, "error": problem_kind(problem), "detail": problem.strerror or str(problem)}
    except (ValueError, OverflowError) as problem:  # an address that can be none
        return {"value": None, "error": "unreachable", "detail": str(problem)}


def serve() -> None:
    """Answer each line of input, a JSON list of a number, a verb and its arguments, with a line of JSON: that number
    and what is told. What takes time holds up nothing else. Ends with its input: when whoever asked is gone, so is
    this."""
    relay = Relay()
    verbs: dict[str, Callable[..., Any]] = {
        "ask": lambda method, host, port, path, headers, timeout_s: _as_text(
            ask(method, (host, port), path, headers, timeout_s=timeout_s)
        ),
        "connects": lambda host, port, timeout_s: connects((host, port), timeout_s=timeout_s),
        "tables": lambda: [_table("tcp"), _table("tcp6")],
        "open": relay.open,
        "send": relay.send,
        "receive": relay.receive,
        "close": relay.close,
    }
    lock = threading.Lock()

    def answer(number: int, verb: str, words: list[Any]) -> None:
        told = json.dumps([number, verbs[verb](*words)])
        with lock:
            sys.stdout.write(told + "\n")
            sys.stdout.flush()

    for line in sys.stdin:
        number, verb, *words = json.loads(line)
        threading.Thread(target=answer, args=(number, verb, words), daemon=True).start()


def _as_text(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "body": base64.b64encode(told["body"]).decode()}
