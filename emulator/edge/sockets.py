"""HTTP and TCP as a platform's prober speaks them, on this machine's own network."""

import socket
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from emulator.world.asking import GrpcAnswer, HttpAnswer, HttpProblem

_READ = 64 * 1024


class SocketHttp:
    """An `HttpDoor` for what can be reached from here."""

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
        from . import prober

        return as_answer(prober.ask(method, (host, port), path, dict(headers or {}), timeout_s=timeout_s))

    def connects(self, host: str, port: int, timeout_s: float = 1.0) -> HttpProblem | None:
        """Whether a TCP connection can be opened: None when it can, else why not."""
        from . import prober

        return cast("HttpProblem | None", prober.connects((host, port), timeout_s=timeout_s))

    def exchange(self, host: str, port: int, data: bytes, timeout_s: float) -> bytes | HttpProblem:
        """Send `data` and hear what first comes back, or why not, within `timeout_s`."""
        return exchanged(lambda left: SocketLine((host, port), left), data, timeout_s)

    def grpc_health(self, host: str, port: int, service: str, timeout_s: float) -> GrpcAnswer:
        """Call `grpc.health.v1.Health/Check` and report what came of it within `timeout_s`."""
        from . import grpc_health

        authority = grpc_health.authority_of(host, port)
        return grpc_health.check(lambda left: SocketLine((host, port), left), authority, service, timeout_s)


class Line(Protocol):
    """A connection to a server. Its methods raise OSError: TimeoutError when the time is over."""

    def send(self, data: bytes, timeout_s: float) -> None: ...

    def receive(self, timeout_s: float) -> bytes:
        """What comes next, b"" when nothing comes any more."""
        ...

    def close(self) -> None: ...


Dial = Callable[[float], Line]
"""Opens a line within so many seconds; raises OSError."""


def exchanged(dial: Dial, data: bytes, timeout_s: float) -> bytes | HttpProblem:
    """Send and hear what first comes back, all within `timeout_s`; or why there was no exchange."""
    from .prober import problem_kind

    deadline = time.monotonic() + timeout_s
    try:
        line = dial(timeout_s)
        try:
            line.send(data, max(0.001, deadline - time.monotonic()))
            return line.receive(max(0.001, deadline - time.monotonic()))
        finally:
            line.close()
    except OSError as problem:
        return cast("HttpProblem", problem_kind(problem))
    except (ValueError, OverflowError):  # an address that can be none
        return "unreachable"


class SocketLine:
    """A `Line` of this machine's own."""

    def __init__(self, address: tuple[str, int], timeout_s: float) -> None:
        self._socket = socket.create_connection(address, timeout=timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes, timeout_s: float) -> None:
        self._socket.settimeout(timeout_s)
        self._socket.sendall(data)

    def receive(self, timeout_s: float) -> bytes:
        self._socket.settimeout(timeout_s)
        return self._socket.recv(_READ)

    def close(self) -> None:
        self._socket.close()


def as_answer(told: Mapping[str, Any]) -> HttpAnswer:
    """What the prober tells, as our value."""
    return HttpAnswer(
        status=told["status"],
        seconds=told["seconds"],
        error=told["error"],
        detail=told["detail"],
        headers=told["headers"],
        body=told["body"],
    )
