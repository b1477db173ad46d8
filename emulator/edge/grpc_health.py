"""A health check by gRPC over a connection to anywhere: one call, one answer.

Imported only where a check is made: the HTTP/2 library costs every other start of ours a tenth of a second.
"""

import contextlib
import time
from typing import cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, ResponseReceived, StreamEnded, StreamReset, TrailersReceived
from h2.exceptions import H2Error
from h2.settings import SettingCodes, Settings

from emulator.engine import grpc_messages as messages
from emulator.engine.http2_frames import GoAway, NotHttp2, ServerFrames, code_of_reset, error_name
from emulator.model.record import replace
from emulator.world.asking import GrpcAnswer, HttpProblem

from .prober import problem_kind
from .sockets import Dial, Line

_STREAM = 1

_OUT_OF_TIME = ("DEADLINE_EXCEEDED", "CANCELLED")
_NEARLY = 0.9
"""A server is told how long we wait. These codes in the last tenth of it, or later, say that it has noticed the end."""

_BYE_S = 0.2


def check(dial: Dial, authority: str, service: str, timeout_s: float) -> GrpcAnswer:
    """Ask a server for its health, or that of one of its services, all within `timeout_s`. Raises nothing."""
    began = time.monotonic()
    try:
        answer = _asked(dial, _Call(authority, service, timeout_s), began + timeout_s)
    except OSError as problem:
        answer = _no_call(cast("HttpProblem", problem_kind(problem)), problem.strerror or str(problem))
    except (ValueError, OverflowError, H2Error) as problem:  # an address that can be none
        answer = _no_call("unreachable", str(problem))
    seconds = time.monotonic() - began
    if answer.code in _OUT_OF_TIME and seconds >= timeout_s * _NEARLY:
        answer = _no_call("timeout", "timed out")
    return replace(answer, seconds=round(seconds, 4))


def _asked(dial: Dial, call: "_Call", deadline: float) -> GrpcAnswer:
    line = dial(_left(deadline))
    try:
        answer = None
        _say(line, call, deadline)
        while answer is None:
            try:
                data = line.receive(_left(deadline))
            except ConnectionError as problem:
                return call.ended(problem.strerror or str(problem))
            answer = call.heard(data) if data else call.ended()
            _say(line, call, deadline)
        with contextlib.suppress(OSError):
            line.send(call.bye(), _BYE_S)
        return answer
    finally:
        line.close()


def _say(line: Line, call: "_Call", deadline: float) -> None:
    """Send what there is to send. Where the server is gone already, what it said before is still to be read."""
    data = call.to_send()
    if data:
        with contextlib.suppress(ConnectionError):
            line.send(data, _left(deadline))


class _Call:
    """One call: bytes of the server's in, bytes of ours out, and in the end what came of it."""

    def __init__(self, authority: str, service: str, timeout_s: float) -> None:
        self._frames = ServerFrames()
        self._going: GoAway | None = None
        self._body = b""
        self._status = 0
        self._type = ""
        self._metadata: dict[str, str] = {}
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._h2.local_settings = Settings(client=True, initial_values={SettingCodes.ENABLE_PUSH: 0})
        self._h2.initiate_connection()
        self._h2.send_headers(_STREAM, _headers(authority, timeout_s))
        self._h2.send_data(_STREAM, messages.check_request(service), end_stream=True)

    def to_send(self) -> bytes:
        return self._h2.data_to_send()

    def bye(self) -> bytes:
        """The last that is said: no server need wonder why the connection ends."""
        with contextlib.suppress(H2Error):
            self._h2.close_connection()
        return self._h2.data_to_send()

    def heard(self, data: bytes) -> GrpcAnswer | None:
        """What these bytes decide, None when there must be more."""
        try:
            for frame in self._frames.feed(data):
                answer = self._leaving(frame) if isinstance(frame, GoAway) else self._taken(frame)
                if answer is not None:
                    return answer
        except NotHttp2 as problem:
            return _no_call("not-http", f"the answer is not HTTP/2: {problem}")
        except H2Error as problem:
            return _no_call("not-http", f"the answer is not HTTP/2: {str(problem)[:80]}")
        except messages.BadMessage as problem:
            return _failed(problem.code, str(problem))
        return None

    def ended(self, problem: str = "") -> GrpcAnswer:
        """What it means that the server says no more: in peace, or by a `problem` of the connection."""
        if self._going is not None:
            return _failed("UNAVAILABLE", f"the server left: {self._going.reason}")
        if problem:
            return _no_call("reset", problem)
        where = "in the middle of the answer" if self._status or self._frames.rest else "before an answer came"
        return _no_call("reset", f"the connection was closed {where}")

    def _leaving(self, going: GoAway) -> GrpcAnswer | None:
        self._going = going
        return self.ended() if going.last_stream < _STREAM else None

    def _taken(self, frame: bytes) -> GrpcAnswer | None:
        for event in self._h2.receive_data(frame):
            answer = self._happened(event)
            if answer is not None:
                return answer
        return None

    def _happened(self, event: Event) -> GrpcAnswer | None:
        if isinstance(event, ResponseReceived | TrailersReceived):
            self._metadata.update((_text(name), _text(value)) for name, value in event.headers)
            return self._answered() if isinstance(event, ResponseReceived) else None
        if isinstance(event, DataReceived):
            self._h2.acknowledge_received_data(event.flow_controlled_length, _STREAM)
            self._body += event.data
            messages.one_message(self._body)
        elif isinstance(event, StreamReset):
            reason = error_name(int(event.error_code))
            return _failed(code_of_reset(reason), f"the server broke off the call: {reason}")
        elif isinstance(event, StreamEnded):
            return self._told()
        return None

    def _answered(self) -> GrpcAnswer | None:
        """An answer by HTTP/2 that is none by gRPC is told at once."""
        status = self._metadata.get(":status", "")
        self._status = int(status) if status.isdecimal() else 0
        type = self._metadata.get("content-type", "")
        if type.partition(";")[0].strip().startswith("application/grpc"):
            return None
        of = f" of type {type[:40]}" if type else ""
        return _no_call("not-http", f"the answer is HTTP/2 but not gRPC: status {status}{of}")

    def _told(self) -> GrpcAnswer:
        """The call came to its end."""
        code = self._metadata.get("grpc-status")
        if code is None:
            return _failed(messages.code_of_http(self._status), f"HTTP status {self._status} without a gRPC status")
        name = messages.code_name(code)
        if name != "OK":
            return _failed(name, messages.words_of(self._metadata.get("grpc-message", "")))
        message = messages.one_message(self._body)
        if message is None:
            raise messages.BadMessage("the answer has no message" if not self._body else "the answer's message is cut")
        return GrpcAnswer(status=messages.status_in(message), seconds=0)


def _headers(authority: str, timeout_s: float) -> list[tuple[str, str]]:
    return [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", messages.CHECK),
        (":authority", authority),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("user-agent", "emu"),
        ("grpc-timeout", messages.timeout_text(timeout_s)),
    ]


def authority_of(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _no_call(kind: HttpProblem, detail: str) -> GrpcAnswer:
    return GrpcAnswer(status=None, error=kind, detail=detail, seconds=0)


def _failed(code: str, detail: str) -> GrpcAnswer:
    return GrpcAnswer(status=None, code=code, detail=detail, seconds=0)


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left
