"""What a client looks for in HTTP/2 itself, before and beside a library: whether it is spoken at all, and the frame
by which a server says that it leaves.

Source: https://www.rfc-editor.org/rfc/rfc9113 (3.4 the first frame, 4.1 the layout, 6.8 GOAWAY, 7 error codes).
"""

from collections.abc import Iterator
from typing import NamedTuple

MAX_PAYLOAD = 16_384
"""What a frame may hold when a client has not allowed more."""

_HEAD = 9
_SETTINGS, _GOAWAY = 4, 7
_STREAM = 0x7FFF_FFFF
_SHOWN = 40

_ERRORS = (
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
    "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
)  # fmt: skip

_CODE_OF_RESET = {
    "REFUSED_STREAM": "UNAVAILABLE",
    "CANCEL": "CANCELLED",
    "ENHANCE_YOUR_CALM": "RESOURCE_EXHAUSTED",
    "INADEQUATE_SECURITY": "PERMISSION_DENIED",
}


class GoAway(NamedTuple):
    """A server takes no new stream; those up to `last_stream` it still serves, when `reason` is NO_ERROR."""

    last_stream: int
    reason: str


class NotHttp2(Exception):
    """Something else is spoken; in words."""


class ServerFrames:
    """Cuts what a server says into its frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._begun = False

    @property
    def rest(self) -> int:
        """Bytes of a frame that is not whole yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[GoAway | bytes]:
        """The frames that `data` completes, as they are, a GOAWAY as what it says. Raises NotHttp2."""
        self._buffer += data
        if not self._begun:
            _begins_well(bytes(self._buffer[: max(_HEAD, _SHOWN)]))
        while len(self._buffer) >= _HEAD:
            length = int.from_bytes(self._buffer[:3], "big")
            if length > MAX_PAYLOAD:
                raise NotHttp2(f"a frame of {length} bytes, more than was allowed")
            if len(self._buffer) < _HEAD + length:
                return
            frame = bytes(self._buffer[: _HEAD + length])
            del self._buffer[: _HEAD + length]
            self._begun = True
            yield _go_away(frame) if frame[3] == _GOAWAY else frame


def error_name(number: int) -> str:
    """An error code of HTTP/2 by its name."""
    return _ERRORS[number] if number < len(_ERRORS) else f"error {number}"


def code_of_reset(reason: str) -> str:
    """gRPC's name for how a call ended whose stream was reset.

    https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors
    """
    return _CODE_OF_RESET.get(reason, "INTERNAL")


def _begins_well(first: bytes) -> None:
    """Raises NotHttp2 as soon as the first bytes cannot be those of a SETTINGS frame, with which a server begins."""
    expected = (0, None, None, _SETTINGS, 0, None, 0, 0, 0)
    if any(want not in (None, byte) for want, byte in zip(expected, first, strict=False)):
        raise NotHttp2(f"it began with {_shown(first)}")


def _shown(first: bytes) -> str:
    """The first line as far as it is text, else what it is by its first bytes."""
    if first[:2] in (b"\x15\x03", b"\x16\x03"):
        return "TLS"
    line = first[:_SHOWN].split(b"\n")[0].strip()
    return repr(line.decode("ascii")) if line.isascii() and line.decode("ascii").isprintable() else first[:8].hex(" ")


def _go_away(frame: bytes) -> GoAway:
    if len(frame) < _HEAD + 8:
        raise NotHttp2("a GOAWAY that is too short")
    last, number = (int.from_bytes(frame[at : at + 4], "big") for at in (_HEAD, _HEAD + 4))
    return GoAway(last & _STREAM, error_name(number))
