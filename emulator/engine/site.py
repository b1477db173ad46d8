"""A request to a site of files → what is answered. Pure: whoever serves sends the bytes.

A file that is there comes before every route; of the routes the first that matches decides; else nothing is found.
"""

import re
from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from emulator.model.static import HeaderRule, Route, Static

from .compressing import LEAST, MOST, wants_gzip
from .content_types import content_type
from .site_files import SiteFile, SiteFiles

_Rules = list[tuple[re.Pattern[str], HeaderRule]]

READING = ("GET", "HEAD")
_IN_A_URL = "/:?#[]@!$&'()*+,;=~-._%"
"""What stands in a destination as it is written."""
_IN_A_PATH = "/:@!$&'()*+,;=~-._"
"""The same of what a pattern captured."""
_REFERENCE = re.compile(r"\\(?:g<(\w+)>|(\\))")
_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")
_MOST_DIGITS = 18


class Ask(NamedTuple):
    """A request. target: as it was sent. headers: with names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = {}


class Answer(NamedTuple):
    """What is sent: `body`, or `length` bytes of `file` from `start` on. With forward_to the answer is that of another
    server, which is asked the same, and gets `headers` on top."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    file: SiteFile | None = None
    start: int = 0
    length: int = 0
    gzip: bool = False
    """Whether the file goes compressed; `length` is that of the file still."""
    forward_to: str | None = None


class _Range(NamedTuple):
    """Bytes of a file that are asked for; start is None where it has none of them."""

    start: int | None
    length: int = 0


class Site:
    """The files and the rules by which they are served."""

    def __init__(self, files: SiteFiles, static: Static) -> None:
        self.files = files
        self.static = static
        self._routes = [(re.compile(route.pattern), route) for route in static.routes if route.pattern]
        self._headers = _compiled(static.headers)
        self._defaults = _compiled(static.default_headers)

    def answer(self, ask: Ask) -> Answer:
        """What a client gets."""
        raw, question, query = ask.target.partition("?")
        path = decoded(raw)
        headers = self._headers_at(path)
        file = self._resource(path)
        if file is not None:
            return self._file(ask, file, headers)
        for pattern, route in self._routes:
            found = pattern.fullmatch(path)
            if found is not None:
                return self._routed(ask, route, found, question + query, headers)
        return self._not_found(ask, headers)

    def _headers_at(self, path: str) -> dict[str, tuple[str, str]]:
        """Name in lower case → name and value of every rule for the path; of one name the last."""
        return _matching(self._defaults, path) | _matching(self._headers, path)

    def _resource(self, path: str) -> SiteFile | None:
        """The file that answers at a path: that one, the index of a folder, or the one whose ending it leaves away."""
        words = path[1:].split("/")
        folder = words[-1] == ""
        words = words[:-1] if folder else words
        if not path.startswith("/") or any(word in ("", ".", "..") for word in words):
            return None
        name = "/".join(words)
        index = f"{name}/{self.static.index_file}" if name else self.static.index_file
        if folder:
            return self.files.find(index)
        suffix = self.static.implied_suffix
        found = self.files.find(name) or self.files.find(index)
        return found or (self.files.find(name + suffix) if suffix else None)

    def _routed(
        self, ask: Ask, route: Route, found: re.Match[str], query: str, headers: dict[str, tuple[str, str]]
    ) -> Answer:
        if route.type == "redirect":
            place = _with_query(_one_slash(_expanded(route.target, found, quoted=True)), query)
            return _plain(self.static.redirect_status, headers, ("Location", place))
        if re.match(r"https?://", route.target):
            url = _with_query(_expanded(route.target, found, quoted=True), query)
            own = _matching(self._headers, found[0])  # what the platform sets for files is not for others' answers
            return Answer(status=0, headers=tuple(own.values()), forward_to=url)
        destination = _expanded(route.target, found, quoted=False).partition("#")[0].partition("?")[0]
        file = self._resource(destination)
        return self._file(ask, file, headers) if file is not None else self._not_found(ask, headers)

    def _not_found(self, ask: Ask, headers: dict[str, tuple[str, str]]) -> Answer:
        if ask.method not in READING:
            return _no_method(headers)
        page = self.static.not_found_file
        file = self.files.find(page) if page else None
        if file is None:
            return _plain(404, headers, body=self.static.not_found.encode())
        described = self._varied(file, _described(file, headers, validators=False))
        return self._whole(404, ask, file, described)

    def _file(self, ask: Ask, file: SiteFile, headers: dict[str, tuple[str, str]]) -> Answer:
        if ask.method not in READING:
            return _no_method(headers)
        described = self._varied(file, _described(file, headers))
        if _is_known(ask.headers, file):
            kept = {name: pair for name, pair in described.items() if name != "content-type"}
            return Answer(status=304, headers=tuple(kept.values()))
        part = _asked_range(ask, file)
        if part is None:
            return self._whole(200, ask, file, described)
        if part.start is None:
            return _plain(416, headers, ("Content-Range", f"bytes */{file.size}"))
        described["content-range"] = (
            "Content-Range", f"bytes {part.start}-{part.start + part.length - 1}/{file.size}",
        )  # fmt: skip
        return Answer(status=206, headers=tuple(described.values()), file=file, start=part.start, length=part.length)

    def _varied(self, file: SiteFile, described: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
        """With the word to caches that one client gets it compressed and another does not, where that is so."""
        if not self._is_compressed(file, described) or "vary" in described:
            return described
        return described | {"vary": ("Vary", "Accept-Encoding")}

    def _is_compressed(self, file: SiteFile, described: dict[str, tuple[str, str]]) -> bool:
        kind = described["content-type"][1].partition(";")[0].strip().lower()
        return kind in self.static.compressed and LEAST <= file.size <= MOST and "content-encoding" not in described

    def _whole(self, status: int, ask: Ask, file: SiteFile, described: dict[str, tuple[str, str]]) -> Answer:
        """All of a file, compressed for a client that takes it."""
        if not self._is_compressed(file, described) or not wants_gzip(ask.headers):
            return Answer(status=status, headers=tuple(described.values()), file=file, length=file.size)
        described = {name: pair for name, pair in described.items() if name != "accept-ranges"}
        described["content-encoding"] = ("Content-Encoding", "gzip")
        if "etag" in described:  # other bytes, the same content
            described["etag"] = ("ETag", "W/" + described["etag"][1].removeprefix("W/"))
        return Answer(status=status, headers=tuple(described.values()), file=file, length=file.size, gzip=True)


def _compiled(rules: tuple[HeaderRule, ...]) -> _Rules:
    return [(re.compile(rule.pattern), rule) for rule in rules if rule.pattern]


def _matching(rules: _Rules, path: str) -> dict[str, tuple[str, str]]:
    """Name in lower case → name and value of the rules for a path; of one name the last."""
    found = (rule for pattern, rule in rules if pattern.fullmatch(path))
    return {rule.name.lower(): (rule.name, rule.value) for rule in found}


def decoded(raw: str) -> str:
    """A path with its %XX read once. An encoded slash stays encoded: it is a letter of a name, and no file has it."""
    pieces = re.split("(?i)(%2f)", raw)
    read = (piece if n % 2 else _utf8(unquote_to_bytes(piece)) for n, piece in enumerate(pieces))
    return "".join(read)


def _utf8(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def etag(file: SiteFile) -> str:
    return f'"{file.digest}"'


def _described(
    file: SiteFile, headers: dict[str, tuple[str, str]], *, validators: bool = True
) -> dict[str, tuple[str, str]]:
    """The headers of an answer with a file; the site's own rules come last and win."""
    own = {"content-type": ("Content-Type", content_type(file.path))}
    if validators:
        own |= {
            "etag": ("ETag", etag(file)),
            "last-modified": ("Last-Modified", formatdate(max(0, file.modified), usegmt=True)),
            "accept-ranges": ("Accept-Ranges", "bytes"),
        }
    return own | headers


def _plain(status: int, headers: dict[str, tuple[str, str]], *more: tuple[str, str], body: bytes = b"") -> Answer:
    own = {"content-type": ("Content-Type", "text/plain; charset=utf-8")} if body else {}
    last = {name.lower(): (name, value) for name, value in more}
    return Answer(status=status, headers=tuple((own | headers | last).values()), body=body)


def _no_method(headers: dict[str, tuple[str, str]]) -> Answer:
    return _plain(405, headers, ("Allow", ", ".join(READING)), body=b"Method Not Allowed\n")


def _is_known(headers: Mapping[str, str], file: SiteFile) -> bool:
    """Whether the client has this content already."""
    tags = headers.get("if-none-match")
    if tags is not None:
        known = (tag.strip().removeprefix("W/") for tag in tags.split(","))
        return any(tag in ("*", etag(file)) for tag in known)
    since = _time(headers.get("if-modified-since"))
    return since is not None and file.modified <= since


def _time(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _asked_range(ask: Ask, file: SiteFile) -> _Range | None:
    """The single range that is asked for; None for all of it, which is the answer to what is not understood."""
    found = _RANGE.fullmatch(ask.headers.get("range", "").replace(" ", ""))
    if ask.method != "GET" or found is None or max(map(len, found.groups())) > _MOST_DIGITS:
        return None
    if "if-range" in ask.headers and ask.headers["if-range"].strip() != etag(file):
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        length = min(int(last), file.size)
        return _Range(file.size - length, length) if length else _Range(None)
    start, end = int(first), min(int(last), file.size - 1) if last else file.size - 1
    if last and int(last) < start:
        return None
    return _Range(start, end - start + 1) if start < file.size else _Range(None)


def _expanded(target: str, found: re.Match[str], *, quoted: bool) -> str:
    """A route's target with what its pattern captured. quoted: as it stands in a URL."""

    def captured(reference: re.Match[str]) -> str:
        name = reference[1]
        text = "\\" if name is None else found[int(name) if name.isdigit() else name]
        return _quoted(text, _IN_A_PATH) if quoted else text

    if not quoted:
        return _REFERENCE.sub(captured, target)
    pieces: list[str] = []
    at = 0
    for reference in _REFERENCE.finditer(target):
        pieces += [_quoted(target[at : reference.start()], _IN_A_URL), captured(reference)]
        at = reference.end()
    return "".join([*pieces, _quoted(target[at:], _IN_A_URL)])


def _quoted(text: str, safe: str) -> str:
    """An encoded slash in a captured path is still one."""
    encoded = quote(text.encode("utf-8", "surrogateescape"), safe=safe)
    return re.sub("(?i)%252f", "%2F", encoded)


def _one_slash(place: str) -> str:
    """Two slashes in front would make another host of what a client may write into a path."""
    return "/" + place.lstrip("/") if place.startswith("//") else place


def _with_query(place: str, query: str) -> str:
    """The query of the request goes along, unless the destination has one of its own."""
    before, hash_, fragment = place.partition("#")
    return before + ("" if "?" in before else _quoted(query, _IN_A_URL)) + hash_ + fragment
