"""The two messages of a gRPC health check, and what gRPC puts around them, in bytes and back.

Sources: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (framing, metadata),
https://github.com/grpc/grpc-proto/blob/master/grpc/health/v1/health.proto (the messages),
https://protobuf.dev/programming-guides/encoding/ (their encoding).
"""

from collections.abc import Iterator
from math import ceil
from urllib.parse import unquote_to_bytes

CHECK = "/grpc.health.v1.Health/Check"

MAX_MESSAGE = 64 * 1024
"""Bytes of an answer: a status needs two."""

_CODES = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
_STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")

_FRAME_HEAD = 5
_MAX_VARINT = 10
_MAX_UNITS = 99_999_999
_MAX_WORDS = 200

_BY_HTTP_STATUS = {
    400: "INTERNAL", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "UNIMPLEMENTED", 429: "UNAVAILABLE",
    502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "UNAVAILABLE",
}  # fmt: skip


class BadMessage(Exception):
    """What came is no health check's answer. `code`: what a gRPC client makes of it."""

    def __init__(self, words: str, code: str = "INTERNAL") -> None:
        super().__init__(words)
        self.code = code


def check_request(service: str) -> bytes:
    """HealthCheckRequest{service} as it goes into a DATA frame. The empty string is a field's default: not written."""
    name = service.encode("utf-8", "replace")
    message = b"\x0a" + _varint(len(name)) + name if name else b""
    return b"\0" + len(message).to_bytes(4, "big") + message


def one_message(data: bytes) -> bytes | None:
    """The only message in what came so far of an answer's body, None while it is not whole. Raises BadMessage."""
    if data and data[0]:
        # https://github.com/grpc/grpc/blob/master/doc/compression.md: we asked for none, so there can be none
        raise BadMessage("the answer is compressed unasked" if data[0] == 1 else "the answer is broken")
    if len(data) < _FRAME_HEAD:
        return None
    length = int.from_bytes(data[1:_FRAME_HEAD], "big")
    if length > MAX_MESSAGE:
        raise BadMessage(f"the answer wants to be {length} bytes long", "RESOURCE_EXHAUSTED")
    if len(data) > _FRAME_HEAD + length:
        raise BadMessage("there is more than one answer")
    return data[_FRAME_HEAD:] if len(data) == _FRAME_HEAD + length else None


def status_in(message: bytes) -> str:
    """The status a HealthCheckResponse holds: its name, or its number where it has none. Raises BadMessage."""
    number = 0
    for field, value in _fields(message):
        if field == 1 and value is not None:
            number = value & 0xFFFF_FFFF
    return _STATUSES[number] if number < len(_STATUSES) else str(number - (number >> 31 << 32))


def code_name(text: str) -> str:
    """The name of a `grpc-status`; what is none of them counts as UNKNOWN."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else len(_CODES)
    return _CODES[number] if number < len(_CODES) else "UNKNOWN"


def code_of_http(status: int) -> str:
    """What an answer without a `grpc-status` means, by its HTTP status.

    https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
    """
    return _BY_HTTP_STATUS.get(status, "UNKNOWN")


def words_of(message: str) -> str:
    """A `grpc-message`, which is percent-encoded, as one short line."""
    return " ".join(unquote_to_bytes(message).decode("utf-8", "replace").split())[:_MAX_WORDS]


def timeout_text(seconds: float) -> str:
    """A time as `grpc-timeout` says it: at most eight digits and a unit; never less, so that it is not the server
    whose clock ends a call first."""
    millis = max(1, ceil(seconds * 1000))
    return f"{millis}m" if millis <= _MAX_UNITS else f"{min(_MAX_UNITS, ceil(seconds))}S"


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def _fields(message: bytes) -> Iterator[tuple[int, int | None]]:
    """The fields of a message, in order: number and value, the value None for one that is no number of variable
    length. Raises BadMessage. Groups, which nothing writes any more, count as broken."""
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        value: int | None = None
        match key & 7:
            case 0:
                value, at = _read_varint(message, at)
            case 1:
                at += 8
            case 2:
                length, at = _read_varint(message, at)
                at += length
            case 5:
                at += 4
            case _:
                at = len(message) + 1
        if at > len(message) or not 0 < key >> 3 < 1 << 29:
            raise BadMessage("the answer is broken")
        yield key >> 3, value


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    """The number that begins at `at`, and where the next thing begins."""
    number = 0
    for count, byte in enumerate(message[at : at + _MAX_VARINT]):
        number |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            return number & (1 << 64) - 1, at + count + 1
    raise BadMessage("the answer is broken")
