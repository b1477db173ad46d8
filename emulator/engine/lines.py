"""Bytes that arrive in pieces → lines of text."""

import codecs

from emulator.world.containers import Stream

_HEADER = 8
_STDERR = 2

MAX_LINE = 64 * 1024
"""Characters after which a line is cut into pieces: no program can fill the memory with one line."""


class Lines:
    """Cuts a stream of bytes into lines.

    A line ends at a newline, a carriage return (progress bars) or both; the end is not part of it. Bytes
    that are not UTF-8 are replaced, also where a character arrives in two pieces.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""
        self._after_return = False

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes."""
        return self._cut(self._decoder.decode(data))

    def end(self) -> list[str]:
        """What is left when the stream ends: a last line without its end, or nothing."""
        lines = self._cut(self._decoder.decode(b"", final=True))
        if self._rest:
            lines.append(self._rest)
            self._rest = ""
        return lines

    def _cut(self, text: str) -> list[str]:
        if self._after_return and text:
            text = text.removeprefix("\n")
            self._after_return = False
        if text.endswith("\r"):
            self._after_return = True
        whole = self._rest + text.replace("\r\n", "\n").replace("\r", "\n")
        *lines, rest = whole.split("\n")
        while len(rest) > MAX_LINE:
            lines.append(rest[:MAX_LINE])
            rest = rest[MAX_LINE:]
        self._rest = rest
        return [piece for line in lines for piece in _pieces(line)]


def _pieces(line: str) -> list[str]:
    if len(line) <= MAX_LINE:
        return [line]
    return [line[start : start + MAX_LINE] for start in range(0, len(line), MAX_LINE)]


class Frames:
    """Cuts what the engine sends for a container without a terminal into (stream, bytes): eight bytes say which
    stream and how much, then it follows."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[Stream, bytes]]:
        """The frames that `data` completes."""
        buffer = self._buffer
        buffer += data
        found: list[tuple[Stream, bytes]] = []
        start = 0
        while len(buffer) - start >= _HEADER:
            end = start + _HEADER + int.from_bytes(buffer[start + 4 : start + _HEADER], "big")
            if len(buffer) < end:
                break
            found.append(("stderr" if buffer[start] == _STDERR else "stdout", bytes(buffer[start + _HEADER : end])))
            start = end
        del buffer[:start]
        return found
