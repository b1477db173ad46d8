"""The router's headers, compiled once: per request only the placeholders are filled in."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from emulator.model.record import Record
from emulator.model.router import Header, HeaderMode, Page

Was = tuple[tuple[bytes, bytes], ...]
"""Names in lower case, and the values that a message carried under them."""


class Facts(Record, frozen=True, kw_only=True):
    """What placeholders stand for in one request."""

    client: bytes
    host: bytes = b""
    hex: bytes = b"0" * 48
    unix_us: int = 0


_Getter = Callable[[Facts], bytes]
_Part = bytes | _Getter
"""Text that is the same for all requests, or what gets it from the facts of one."""

_PLACEHOLDER = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_REMEMBERED = 128


class Stamp:
    """The headers that the router puts on requests, or on responses."""

    def __init__(self, headers: Iterable[Header]) -> None:
        """Raises ValueError for a name, a value or a placeholder that cannot be."""
        self._headers = tuple(headers)
        for header in self._headers:
            _check(header)
        self.names = frozenset(header.name.lower().encode() for header in self._headers)
        """Names, in lower case, whose lines are taken out of a message: `block` puts them back."""
        self.watched = self.names | {name for header in self._headers for name in _asked(header.value)}
        """Names whose values `block` wants to be told."""
        self.varies = any(_varies(header.value) for header in self._headers)
        """Whether two requests of one client may be given different values."""
        self._form = lru_cache(_REMEMBERED)(self._compile)

    def block(self, facts: Facts, was: Was) -> bytes:
        """The header lines, each with a line end before it and none behind."""
        return self._form(was)(facts)

    def _compile(self, was: Was) -> _Getter:
        before = dict(was)
        parts: list[_Part] = []
        for header in self._headers:
            value = _line_value(header, before)
            if value is not None:
                parts += [f"\r\n{header.name}: ".encode(), *value]
        return _form(parts)


class PageStamp:
    """A page of the router's own, ready to be filled in. `answers`: what it puts on answers of instances."""

    def __init__(self, page: Page, reason: str, answers: Iterable[Header] = ()) -> None:
        self.status = page.status
        self._start = f"HTTP/1.1 {page.status} {reason}".encode("latin-1")
        self._stamp = Stamp(_page_headers(page, answers))
        self._body = _form(_parts(page.body, {}) or [])
        self.varies = self._stamp.varies or _varies(page.body)

    def response(self, facts: Facts, *, close: bool, bodiless: bool) -> bytes:
        """The whole answer; without its body (`bodiless`) when it answers HEAD."""
        body = self._body(facts)
        head = b"%s%s\r\ncontent-length: %d%s\r\n\r\n" % (
            self._start,
            self._stamp.block(facts, ()),
            len(body),
            b"\r\nconnection: close" if close else b"",
        )
        return head if bodiless else head + body


def _page_headers(page: Page, answers: Iterable[Header]) -> list[Header]:
    headers = [Header(name="content-type", value=page.content_type), *page.headers]
    names = {header.name.lower() for header in headers}
    others = [header for header in answers if header.name.lower() not in names and not _asked(header.value)]
    return headers if page.bare else headers + others


def _check(header: Header) -> None:
    if not _NAME.fullmatch(header.name):
        raise ValueError(f"no header can be named {header.name!r}")
    if _CONTROL.search(header.value):
        raise ValueError(f"no header can have the value {header.value!r}")
    _parts(header.value, {})


def _line_value(header: Header, before: Mapping[bytes, bytes]) -> list[_Part] | None:
    had = before.get(header.name.lower().encode())
    if header.mode is HeaderMode.DEFAULT and had is not None:
        return [had]
    value = _parts(header.value, before)
    if value is not None and header.mode is HeaderMode.APPEND and had:
        return [had + b", ", *value]
    return value


def _asked(value: str) -> list[bytes]:
    return [_name(rest) for kind, rest in _PLACEHOLDER.findall(value) if kind == "was"]


def _name(rest: str) -> bytes:
    """NAME of `{was:NAME}` and `{was:NAME:TEXT}`."""
    return rest.partition(":")[0].lower().encode()


def _varies(value: str) -> bool:
    return any(kind not in ("client", "was") for kind, _ in _PLACEHOLDER.findall(value))


def _parts(text: str, before: Mapping[bytes, bytes]) -> list[_Part] | None:
    """A text's parts; None when it asks for a header that was not there. Raises ValueError for a placeholder that
    cannot be."""
    parts: list[_Part] = []
    end = 0
    missing = False
    for found in _PLACEHOLDER.finditer(text):
        parts.append(text[end : found.start()].encode())
        end = found.end()
        if found[1] == "was":
            name = _name(found[2] or "")
            _, stands_in, other = (found[2] or "").partition(":")
            missing = missing or not (stands_in or name in before)
            parts.append(before.get(name, other.encode()))
        else:
            parts.append(_getter(found[1], found[2] or ""))
    parts.append(text[end:].encode())
    return None if missing else parts


def _form(parts: Iterable[_Part]) -> _Getter:
    """What joins the parts, with as little as possible to do for each request."""
    joined = b"".join(part.replace(b"%", b"%%") if isinstance(part, bytes) else b"%s" for part in parts)
    getters = [part for part in parts if not isinstance(part, bytes)]
    if not getters:
        text = joined % ()
        return lambda _facts: text
    return lambda facts: joined % tuple([getter(facts) for getter in getters])


def _getter(kind: str, rest: str) -> _Getter:
    match kind:
        case "client":
            return lambda facts: facts.client
        case "host":
            return lambda facts: facts.host
        case "unix_us" | "unix_ms" | "unix_s":
            divisor = {"unix_us": 1, "unix_ms": 1000, "unix_s": 1_000_000}[kind]
            return lambda facts: b"%d" % (facts.unix_us // divisor)
        case "hex":
            first, last = _range(rest)
            return lambda facts: facts.hex[first:last]
        case "decimal":
            first, last = _range(rest)
            return lambda facts: b"%d" % int(facts.hex[first:last], 16)
    raise ValueError(f"no placeholder is called {kind!r}")


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition(":")
    if not (first.isdecimal() and last.isdecimal() and int(first) < int(last) <= 48):
        raise ValueError(f"{text!r} is no range of the 48 digits")
    return int(first), int(last)
