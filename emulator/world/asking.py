"""The doorway through which a running service is asked, as protocols, and what comes of it: one request, a health check
by gRPC, a load of requests."""

from collections.abc import Mapping
from typing import Literal, Protocol

from emulator.model.record import Record

HttpProblem = Literal["refused", "timeout", "reset", "not-http", "unreachable"]


class HttpAnswer(Record, frozen=True, kw_only=True):
    """What came of one request. Either `status` or `error` is there.

    refused: nothing listens. timeout: no complete answer in time. reset: the connection ended before one.
    not-http: something else was said. headers: names in lower case. body: its first bytes.
    """

    status: int | None
    seconds: float
    error: HttpProblem | None = None
    detail: str = ""
    headers: dict[str, str] = {}
    body: bytes = b""


class Exchange(Record, frozen=True, kw_only=True):
    """One request of a load, from its first byte to the end of its answer, on a clock's time, and what came of it:
    either `status`, of a whole answer, or `problem` is there.

    kind: "plain"; "upload", half of whose body waits until it is let go; "download", whose answer is not read until
    then.
    """

    kind: Literal["plain", "upload", "download"]
    begun: float
    ended: float
    status: int | None = None
    problem: HttpProblem | None = None


class LoadRequest(Record, frozen=True, kw_only=True):
    """What a load asks for, and how: over so many connections that stay open, one request after the other on each.
    holds: whether an upload and a download are begun beside them."""

    path: str
    connections: int
    host: str | None = None
    timeout_s: float = 30.0
    holds: bool = False


class RunningLoad(Protocol):
    """Requests that keep coming, in threads of their own, until stopped."""

    def exchanges(self) -> tuple[Exchange, ...]:
        """Those that are over."""
        ...

    def calm(self, wait_s: float) -> None:
        """No more plain requests; return when those under way are over, after so long at most."""
        ...

    def let_go(self) -> None:
        """What is held goes on."""
        ...

    def stop(self) -> tuple[Exchange, ...]:
        """End it; all of them, but for those that this cut off."""
        ...


class GrpcAnswer(Record, frozen=True, kw_only=True):
    """What came of one health check by gRPC. Exactly one of `status`, `code` and `error` is there.

    status: the answer's: SERVING, NOT_SERVING, SERVICE_UNKNOWN, UNKNOWN, or the number of one that has no name.
    code: the call itself failed, by gRPC's name for how: NOT_FOUND (no such service), UNIMPLEMENTED, …
    error: there was no call: as in `HttpAnswer`; not-http: something else than gRPC over HTTP/2 was said.
    """

    status: str | None
    seconds: float
    code: str | None = None
    error: HttpProblem | None = None
    detail: str = ""


class HttpDoor(Protocol):
    """One request on one fresh connection."""

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
        """Ask by HTTP/1.1 and report. Follows no redirect. `timeout_s` bounds the whole exchange, also with a
        server that drips. Raises nothing."""
        ...

    def connects(self, host: str, port: int, timeout_s: float = 1.0) -> HttpProblem | None:
        """Whether a TCP connection can be opened: None when it can, else why not."""
        ...

    def exchange(self, host: str, port: int, data: bytes, timeout_s: float) -> bytes | HttpProblem:
        """Send `data` on a connection and hear what first comes back, b"" when it is closed instead; or why there was
        no exchange. Raises nothing."""
        ...

    def grpc_health(self, host: str, port: int, service: str, timeout_s: float) -> GrpcAnswer:
        """Call `grpc.health.v1.Health/Check` over HTTP/2 in clear text and report. service: "" asks for the server as
        a whole. `timeout_s` bounds the whole exchange, also with a server that drips. Asks once; raises nothing."""
        ...


Unreached = Literal["name", "refused", "timeout", "unreachable", "loopback"]
"""Why a server cannot be reached. loopback: it listens for its own machine alone, where containers are not."""
