"""Where the body of a message ends, found while its bytes pass by unchanged."""

import re

CHUNKED = -1
UNTIL_CLOSE = -2
"""Lengths that are not yet known: told by the body's own framing, or by the end of the connection."""

MAX_LINE = 4 * 1024
MAX_TRAILERS = 16 * 1024

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")
_TRAILER = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n")


class BadBody(Exception):
    """The framing of a chunked body is broken."""


class TooLarge(BadBody):
    """A chunked body holds more than it may."""


class Body:
    """Follows one body of `length` bytes, or CHUNKED, or UNTIL_CLOSE."""

    __slots__ = ("_chunks", "_left", "_payload", "done")

    def __init__(self, length: int, *, unwrap: bool = False, most: int | None = None) -> None:
        """`unwrap`: keep what chunks hold, for `contents`. `most`: the bytes that chunks may hold together."""
        self._left = length
        self._payload: list[bytes] | None = [] if unwrap and length == CHUNKED else None
        self._chunks = Chunks(self._payload, most) if length == CHUNKED else None
        self.done = length == 0

    @property
    def until_close(self) -> bool:
        return self._left == UNTIL_CLOSE

    def feed(self, data: bytes) -> int:
        """How many of these bytes belong to the body. Raises BadBody, TooLarge before the chunk that is too much."""
        if self._chunks is not None:
            taken = self._chunks.feed(data)
            self.done = self._chunks.done
            return taken
        size = len(data)
        if self._left == UNTIL_CLOSE:
            return size
        if size < self._left:
            self._left -= size
            return size
        size, self._left = self._left, 0
        self.done = True
        return size

    def contents(self, data: bytes) -> bytes:
        """What the bytes just fed hold: without the framing, if that was to be taken off."""
        if self._payload is None:
            return data
        data = b"".join(self._payload)
        self._payload.clear()
        return data


class Chunks:
    """Follows a body in chunks. It is strict: whoever reads the same bytes must find the same end."""

    __slots__ = ("_expect", "_line", "_most", "_skip", "_trailers", "done", "payload")

    def __init__(self, payload: list[bytes] | None = None, most: int | None = None) -> None:
        """`payload`: what the chunks hold is put there, piece by piece. `most`: the bytes they may hold together."""
        self.payload = payload
        self.done = False
        self._most = most
        self._skip = 0
        self._line = b""
        self._trailers = 0
        self._expect = self._size

    def feed(self, data: bytes) -> int:
        """How many of these bytes belong to the body. Raises BadBody, TooLarge before the chunk that is too much."""
        at = 0
        while not self.done:
            if self._skip:
                end = min(at + self._skip, len(data))
                if self.payload is not None:
                    self.payload.append(data[at:end])
                self._skip -= end - at
                at = end
            newline = data.find(b"\n", at)
            if newline < 0:
                self._line += data[at:]
                if len(self._line) > MAX_LINE:
                    raise BadBody("a line of a chunked body is too long")
                return len(data)
            line = self._line + data[at : newline + 1]
            self._line = b""
            at = newline + 1
            self._expect(line)
        return at

    def _size(self, line: bytes) -> None:
        found = _SIZE.fullmatch(line)
        if found is None:
            raise BadBody("the size of a chunk is not understood")
        self._skip = int(found[1], 16)
        if self._most is not None:
            self._most -= self._skip
            if self._most < 0:
                raise TooLarge("the body is too large")
        self._expect = self._after if self._skip else self._trailer

    def _after(self, line: bytes) -> None:
        if line != b"\r\n":
            raise BadBody("a chunk is longer than its size")
        self._expect = self._size

    def _trailer(self, line: bytes) -> None:
        self._trailers += len(line)
        if line == b"\r\n":
            self.done = True
        elif self._trailers > MAX_TRAILERS or not _TRAILER.fullmatch(line):
            raise BadBody("a trailer is not understood")
