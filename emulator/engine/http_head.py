"""Heads of HTTP/1.1 messages on their way through a router: checked strictly, changed as little as possible.

A head is all bytes up to and with the blank line. What is in doubt is refused: a message that a server behind the
router may read in another way than the router does can carry a second one past it.
"""

import re
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from functools import lru_cache

from emulator.model.record import Record
from emulator.model.router import Reserved, Router

from .http_body import CHUNKED, UNTIL_CLOSE
from .http_stamp import Stamp, Was

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_FIELDS = rb"(?:" + _TOKEN + rb":[^\x00-\x08\x0a-\x1f\x7f]*+\r\n)*+\r\n"
_REQUEST = re.compile(rb"(" + _TOKEN + rb") ([^\x00-\x20\x7f]++) HTTP/1\.([01])\r\n" + _FIELDS)
_OTHER_VERSION = re.compile(_TOKEN + rb" [^\x00-\x20\x7f]++ HTTP/(?!1\.[01]\r)[0-9](?:\.[0-9])?\r\n")
_RESPONSE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])((?: [^\x00-\x08\x0a-\x1f\x7f]*+)?)\r\n" + _FIELDS)
_ABSOLUTE = re.compile(rb"https?://([^/?#@]+)(/[^#]*|\?[^#]*)?", re.IGNORECASE)
_LENGTH = re.compile(rb"[0-9]{1,18}")
_SLASH = ord("/")

_HOP_BY_HOP = frozenset((b"connection", b"keep-alive", b"proxy-connection"))
_FRAMING = frozenset((b"content-length", b"transfer-encoding"))
_OPTIONS = frozenset((b"host", b"expect", b"te", b"upgrade"))
_DECIDED = _HOP_BY_HOP | _FRAMING | _OPTIONS | {b"close"}
"""What no Connection header can have taken out by naming it: each is decided by itself."""

_CACHING = frozenset((b"cache-control", b"set-cookie"))
_NOT_SHARED = frozenset((b"private", b"no-store", b"no-cache"))
"""Directives by which a shared cache does not hand out what it has."""

_SWITCHING = 101
_NO_LIMIT = 1 << 62
_REMEMBERED = 128

_Values = dict[bytes, list[bytes]]
_Line = tuple[bytes, bytes, int, int]
"""A header line: its name in lower case, its value, and where it stands, with the line end before it."""


class BadHead(Exception):
    """A head that is not passed on."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class RequestHead(Record, frozen=True, kw_only=True):
    """What a router needs to know of a request. It sends on `start`, then header lines of its own, then `rest`."""

    method: bytes
    length: int
    """Of the body; CHUNKED when the body tells."""
    host: bytes
    start: bytes
    rest: bytes
    was: Was = ()
    """What it carried of the headers that the router's own ones refer to."""
    http10: bool = False
    close: bool = False
    """The client's connection ends with the answer."""
    upgrade: bool = False
    """The client asks to speak another protocol from there on."""
    page: str = ""
    """What the router answers by itself, without an instance: "reserved" or "too_large"."""
    wakes: bool = True
    """Whether an instance that sleeps is woken for it."""


class ResponseHead(Record, frozen=True, kw_only=True):
    """The same of a response to any method but HEAD."""

    status: int
    length: int
    """Of the body; CHUNKED when the body tells, UNTIL_CLOSE when the connection's end does."""
    start: bytes
    rest: bytes
    was: Was = ()
    keep: bool = True
    """The server's connection outlives the answer."""
    too_large: bool = False
    """It announces more than the router passes on."""


class HeadReader:
    """Reads heads in the light of the headers that a router sets."""

    def __init__(self, router: Router) -> None:
        """Raises ValueError for a header that cannot be."""
        self.requests = Stamp(router.request_headers)
        self.responses = Stamp(router.response_headers)
        self._refused = {b"CONNECT", *(method.encode() for method in router.refused_methods)}
        self._reserved = _Paths(router.reserved)
        self._asleep = _Paths(router.asleep)
        self._most_in_request = router.request_limit.max_bytes if router.request_limit else _NO_LIMIT
        self._most_in_response = router.response_limit.max_bytes if router.response_limit else _NO_LIMIT
        self._private_cookies = router.private_cookies
        self._in_request = _finder(_DECIDED | self.requests.watched)
        caching = _CACHING if router.private_cookies else frozenset[bytes]()
        self._in_response = _finder(_HOP_BY_HOP | _FRAMING | {b"upgrade"} | caching | self.responses.watched)
        # Clients and servers send the same heads again and again, and a second look finds nothing else.
        self.request: Callable[[bytes], RequestHead] = lru_cache(_REMEMBERED)(self._read_request)
        """The request of a head. Raises BadHead, with the status that the client is to be told."""
        self.response: Callable[[bytes, bool], ResponseHead] = lru_cache(_REMEMBERED)(self._read_response)
        """The response of a head, for a client that speaks HTTP/1.0 (True) or a later one. Raises BadHead."""

    def _read_request(self, head: bytes) -> RequestHead:
        match = _REQUEST.fullmatch(head)
        if match is None:
            other = _OTHER_VERSION.match(head)
            raise BadHead(505, "HTTP/1.1 is spoken here") if other else BadHead(400, "the request is malformed")
        method, target, minor = match.groups()
        if method in self._refused:
            raise BadHead(405, f"{method.decode()} is not passed on")
        http10 = minor == b"0"
        lines = _lines(self._in_request, head, match.end(3))
        values = _values(lines)
        tokens = _tokens(values.get(b"connection", ()))
        upgrade = b"upgrade" in tokens and _offers(values.get(b"upgrade", []), http10=http10)
        drop = self._dropped_of_request(values, http10=http10, upgrade=upgrade)
        host = _host(values.get(b"host", []), http10=http10)
        extra = b"\r\nConnection: Upgrade" if upgrade else b""
        if target[0] != _SLASH:
            authority, target = _path_of(method, target)
            if authority:
                host = authority
                drop.add(b"host")
                extra += b"\r\nHost: " + host
        length = _request_length(values, http10=http10)
        return RequestHead(
            method=method,
            length=length,
            start=b"%s %s HTTP/1.1%s" % (method, target, extra),
            rest=_kept(head, match.end(3), lines, drop, tokens),
            was=_was(values, self.requests.watched),
            host=host,
            http10=http10,
            close=b"close" in tokens or (http10 and b"keep-alive" not in tokens),
            upgrade=upgrade,
            page=self._page(target, length),
            wakes=not self._asleep.has(target),
        )

    def _page(self, target: bytes, length: int) -> str:
        if self._reserved.has(target):
            return "reserved"
        return "too_large" if length > self._most_in_request else ""

    def _dropped_of_request(self, values: _Values, *, http10: bool, upgrade: bool) -> set[bytes]:
        drop = {*_HOP_BY_HOP, *self.requests.names}
        if not upgrade:
            drop.add(b"upgrade")
        if [value.lower() for value in values.get(b"te", ())] != [b"trailers"]:
            drop.add(b"te")
        if not _expects(values.get(b"expect", []), http10=http10):
            drop.add(b"expect")
        return drop

    def _read_response(self, head: bytes, for_http10: bool) -> ResponseHead:  # noqa: FBT001 - positional: a key of the cache
        match = _RESPONSE.fullmatch(head)
        if match is None:
            raise BadHead(502, "the response is malformed")
        http10, status = match[1] == b"0", int(match[2])
        lines = _lines(self._in_response, head, match.end(3))
        values = _values(lines)
        tokens = _tokens(values.get(b"connection", ()))
        length = _response_length(values, status, http10=http10)
        drop = {*_HOP_BY_HOP, *self.responses.names}
        if status != _SWITCHING:
            drop.add(b"upgrade")
        if b"transfer-encoding" in values:
            drop.add(b"content-length")
            if for_http10:  # it gets what the chunks hold
                drop.add(b"transfer-encoding")
        extra = b"\r\nConnection: Upgrade" if status == _SWITCHING else b""
        if self._private_cookies and _lends_cookies(values):
            drop.add(b"cache-control")
            extra += b"\r\nCache-Control: private"
        return ResponseHead(
            status=status,
            length=length,
            start=b"HTTP/1.1 %s%s%s" % (match[2], match[3] or b" ", extra),
            rest=_kept(head, match.end(3), lines, drop, tokens),
            was=_was(values, self.responses.watched),
            keep=length != UNTIL_CLOSE and b"close" not in tokens and (not http10 or b"keep-alive" in tokens),
            too_large=length >= 0 and length + len(head) > self._most_in_response,
        )


class _Paths:
    """Paths that a router answers by itself, as they are sent."""

    def __init__(self, reserved: Reserved | None) -> None:
        paths = [path.encode() for path in reserved.paths] if reserved else []
        self._whole = frozenset(paths)
        self._starts = tuple(path[:-1] for path in paths if path.endswith(b"*"))

    def has(self, target: bytes) -> bool:
        path = target.partition(b"?")[0]
        return path in self._whole or path.startswith(self._starts)


def _finder(names: Iterable[bytes]) -> re.Pattern[bytes]:
    """Finds lines with these names in a head in lower case; from the end of its first line on."""
    return re.compile(rb"\r\n(" + b"|".join(re.escape(name) for name in sorted(names)) + rb"):[ \t]*+([^\r]*+)")


def _lines(finder: re.Pattern[bytes], head: bytes, start: int) -> list[_Line]:
    return [
        (found[1], head[found.start(2) : found.end()].rstrip(b" \t"), found.start(), found.end())
        for found in finder.finditer(head.lower(), start)
    ]


def _values(lines: list[_Line]) -> _Values:
    values: _Values = {}
    for name, value, _, _ in lines:
        values.setdefault(name, []).append(value)
    return values


def _tokens(values: Iterable[bytes]) -> frozenset[bytes]:
    return frozenset(token.strip(b" \t").lower() for value in values for token in value.split(b",")) - {b""}


def _lends_cookies(values: _Values) -> bool:
    """Whether an answer sets a cookie that a shared cache might give to others."""
    return b"set-cookie" in values and not _tokens(values.get(b"cache-control", ())) & _NOT_SHARED


def _was(values: _Values, watched: AbstractSet[bytes]) -> Was:
    return tuple((name, b", ".join(values[name])) for name in sorted(watched & values.keys()))


def _path_of(method: bytes, target: bytes) -> tuple[bytes, bytes]:
    """The authority and the path of a target that is no path of itself. Raises BadHead."""
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute:
        rest = absolute[2] or b"/"
        return absolute[1], rest if rest[0] == _SLASH else b"/" + rest
    if (method, target) == (b"OPTIONS", b"*"):
        return b"", target
    raise BadHead(400, "the request's target is no path")


def _kept(head: bytes, start: int, lines: list[_Line], drop: set[bytes], tokens: frozenset[bytes]) -> bytes:
    """The header lines of a head, with its blank line, without those to drop and those that Connection names."""
    nominated = tokens - _DECIDED
    if nominated:
        lines = sorted({*lines, *_lines(_finder(nominated), head, start)}, key=lambda line: line[2])
        drop |= nominated
    pieces = []
    for name, _, first, last in lines:
        if name in drop:
            pieces.append(head[start:first])
            start = last
    pieces.append(head[start:])
    return b"".join(pieces)


def _length(value: bytes, *, status: int) -> int:
    if not _LENGTH.fullmatch(value):
        raise BadHead(status, "Content-Length is no number")
    return int(value)


def _request_length(values: _Values, *, http10: bool) -> int:
    lengths, codings = values.get(b"content-length", []), values.get(b"transfer-encoding", [])
    if len(lengths) + len(codings) > 1:
        raise BadHead(400, "the length of the request's body is told twice")
    if lengths:
        return _length(lengths[0], status=400)
    if not codings:
        return 0
    if http10:
        raise BadHead(400, "HTTP/1.0 knows no Transfer-Encoding")
    if codings[0].lower() != b"chunked":
        raise BadHead(501, "no Transfer-Encoding but chunked is known")
    return CHUNKED


def _response_length(values: _Values, status: int, *, http10: bool) -> int:
    lengths, codings = set(values.get(b"content-length", ())), values.get(b"transfer-encoding", [])
    if len(lengths) > 1 or (codings and http10):
        raise BadHead(502, "the length of the response's body is in doubt")
    length = _length(lengths.pop(), status=502) if lengths else UNTIL_CLOSE
    if status < 200 or status in (204, 304):
        return 0
    if codings:
        return CHUNKED if codings[-1].lower().rpartition(b",")[2].strip() == b"chunked" else UNTIL_CLOSE
    return length


def _host(values: list[bytes], *, http10: bool) -> bytes:
    if len(values) > 1 or (not values and not http10):
        raise BadHead(400, "a request has one Host header")
    return values[0] if values else b""


def _offers(values: list[bytes], *, http10: bool) -> bool:
    """Whether the protocols offered are to be passed on: HTTP/2 in clear text would hide requests from the router."""
    return bool(values) and not http10 and not any(b"h2c" in value.lower() for value in values)


def _expects(values: list[bytes], *, http10: bool) -> bool:
    if any(value.lower() != b"100-continue" for value in values):
        raise BadHead(417, "nothing but 100-continue can be expected")
    return bool(values) and not http10
