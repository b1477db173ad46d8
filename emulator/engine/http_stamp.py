"""The router's headers, compiled once: per request only the placeholders are filled in."""

import re
from collections.abc import Callable, Iterable, Mapping

from emulator.model.record import Record
from emulator.model.traffic import Header, HeaderMode, Page

Was = Mapping[bytes, bytes]
"""Header name in lower case → the value a message carried."""


class Facts(Record, frozen=True, kw_only=True):
    """What placeholders stand for in one request."""

    client: bytes
    host: bytes = b""
    hex: bytes = b"0" * 48
    unix_us: int = 0

    def for_host(self, host: bytes) -> "Facts":
        """The same of a request that asked for `host`."""
        return Facts(client=self.client, host=host, hex=self.hex, unix_us=self.unix_us)


NOTHING_WAS: Was = {}

_Piece = Callable[[Facts, Was], bytes | None]
_PLACEHOLDER = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Stamp:
    """The headers that the router puts on requests, or on responses."""

    def __init__(self, headers: Iterable[Header]) -> None:
        """Raises ValueError for a name, a value or a placeholder that cannot be."""
        self._lines = tuple(_line(header) for header in headers)
        self.names = frozenset(name for name, *_ in self._lines)
        """Names, in lower case, whose lines are taken out of a message: `block` puts them back."""
        self.watched = self.names | {name for header in headers for name in _asked(header.value)}
        """Names whose values `block` wants to be told."""
        self.varies = any(_varies(header.value) for header in headers)
        """Whether two requests of one client may be given different values."""

    def block(self, facts: Facts, was: Was) -> bytes:
        """The header lines, each with a line end before it and none behind."""
        said = []
        for name, start, template, mode in self._lines:
            before = was.get(name)
            if mode is HeaderMode.DEFAULT and before is not None:
                said.append(start + before)
                continue
            value = template(facts, was)
            if value is None:
                continue
            if mode is HeaderMode.APPEND and before:
                value = before + b", " + value
            said.append(start + value)
        return b"".join(said)


class PageStamp:
    """An error page, ready to be filled in."""

    def __init__(self, page: Page, reason: str) -> None:
        self._start = f"HTTP/1.1 {page.status} {reason}".encode("latin-1")
        self._stamp = Stamp(page.headers)
        self._body = _template(page.body, check=False)
        self.varies = self._stamp.varies or _varies(page.body)

    def response(self, facts: Facts, *, close: bool, bodiless: bool) -> bytes:
        """The whole answer; without its body (`bodiless`) when it answers HEAD."""
        body = self._body(facts, NOTHING_WAS) or b""
        head = b"%s%s\r\ncontent-length: %d%s\r\n\r\n" % (
            self._start,
            self._stamp.block(facts, NOTHING_WAS),
            len(body),
            b"\r\nconnection: close" if close else b"",
        )
        return head if bodiless else head + body


def _line(header: Header) -> tuple[bytes, bytes, _Piece, HeaderMode]:
    if not _NAME.fullmatch(header.name):
        raise ValueError(f"no header can be named {header.name!r}")
    name = header.name.encode("latin-1")
    return name.lower(), b"\r\n" + name + b": ", _template(header.value), header.mode


def _asked(value: str) -> Iterable[bytes]:
    return [(rest or "").lower().encode() for kind, rest in _PLACEHOLDER.findall(value) if kind == "was"]


def _varies(value: str) -> bool:
    return any(kind != "client" for kind, _ in _PLACEHOLDER.findall(value))


def _template(text: str, *, check: bool = True) -> _Piece:
    if check and _CONTROL.search(text):
        raise ValueError(f"no header can have the value {text!r}")
    pieces: list[_Piece] = []
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        pieces += [_literal(text[end : found.start()]), _placeholder(found[1], found[2] or "")]
        end = found.end()
    pieces.append(_literal(text[end:]))

    def fill(facts: Facts, was: Was) -> bytes | None:
        said = [piece(facts, was) for piece in pieces]
        return None if None in said else b"".join(part for part in said if part)

    return fill


def _literal(text: str) -> _Piece:
    said = text.encode()
    return lambda _facts, _was: said


def _placeholder(kind: str, rest: str) -> _Piece:
    match kind:
        case "client":
            return lambda facts, _was: facts.client
        case "host":
            return lambda facts, _was: facts.host
        case "unix_us" | "unix_ms" | "unix_s":
            divisor = {"unix_us": 1, "unix_ms": 1000, "unix_s": 1_000_000}[kind]
            return lambda facts, _was: b"%d" % (facts.unix_us // divisor)
        case "hex":
            first, last = _range(rest)
            return lambda facts, _was: facts.hex[first:last]
        case "decimal":
            first, last = _range(rest)
            return lambda facts, _was: b"%d" % int(facts.hex[first:last], 16)
        case "was":
            name = rest.lower().encode()
            return lambda _facts, was: was.get(name)
    raise ValueError(f"no placeholder is called {kind!r}")


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition(":")
    if not (first.isdecimal() and last.isdecimal() and int(first) < int(last) <= 48):
        raise ValueError(f"{text!r} is no range of the 48 digits")
    return int(first), int(last)
