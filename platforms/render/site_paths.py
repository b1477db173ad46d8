"""Path patterns of static sites → regular expressions, which the plan carries.

Routes (rule render/site-route-syntax): `*` is any text from there on, `:name` one component of the path; a destination
repeats them. Headers (rule render/site-header-paths): a `*` at the end is all that follows, elsewhere it stays in its
component; `**` is one folder or more.

Only what the last `*` leaves is tried twice: a path of any length is decided in steps that grow with its length, not
with a power of it.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_PLACEHOLDER = re.compile(r":([A-Za-z_][A-Za-z0-9_]*)")
_PIECE = re.compile(r"\*\*/?|\*|[^*]+")


class RoutePattern(NamedTuple):
    """pattern: for the whole path. wildcards: the numbers of the groups that hold what `*` matched. names: the
    placeholders."""

    pattern: str
    wildcards: tuple[int, ...]
    names: tuple[str, ...]


def route_pattern(source: str) -> RoutePattern:
    """What a route's source matches."""
    first, *rest = source.split("*")
    names: list[str] = []
    wildcards: list[int] = []
    text = _literal(first, names)
    for number, piece in enumerate(rest, 1):
        wildcards.append(len(wildcards) + len(names) + 1)
        after = _literal(piece, names)
        text += f"(.*){after}" if number == len(rest) else f"(?>(.*?){after})"
    return RoutePattern(f"(?s){text}", tuple(wildcards), tuple(names))


def _literal(text: str, names: list[str]) -> str:
    """A piece without `*`; its placeholders are added to `names`. One that comes again must match the same."""
    found = ""
    at = 0
    for match in _PLACEHOLDER.finditer(text):
        name = match[1]
        found += re.escape(text[at : match.start()])
        found += f"(?P={name})" if name in names else f"(?P<{name}>[^/]+)"
        if name not in names:
            names.append(name)
        at = match.end()
    return found + re.escape(text[at:])


def route_target(destination: str, of: RoutePattern) -> str:
    """The destination with references to the groups of its source's pattern: the first `*` to the first, and so on. A
    placeholder that the source does not have stays as it is."""
    return "".join(_target(destination, of))


def _target(destination: str, of: RoutePattern) -> Iterator[str]:
    scheme = re.match(r"https?://[^/]*", destination)
    host = scheme[0] if scheme else ""
    yield host.replace("\\", "\\\\")
    stars = 0
    for piece in re.split(r"(\*|:[A-Za-z_][A-Za-z0-9_]*)", destination[len(host) :]):
        if piece == "*" and of.wildcards:
            yield f"\\g<{of.wildcards[min(stars, len(of.wildcards) - 1)]}>"
            stars += 1
        elif piece[:1] == ":" and piece[1:] in of.names:
            yield f"\\g<{piece[1:]}>"
        else:
            yield piece.replace("\\", "\\\\")


def unknown_placeholders(destination: str, of: RoutePattern) -> list[str]:
    """What a destination repeats and its source does not have."""
    path = re.sub(r"^https?://[^/]*", "", destination)
    missing = [f":{name}" for name in _PLACEHOLDER.findall(path) if name not in of.names]
    return missing + (["*"] if "*" in path and not of.wildcards else [])


def header_pattern(path: str) -> str:
    """What a header rule's path matches."""
    pieces = _PIECE.findall(path)
    return "(?s)" + "".join(_header_piece(piece, is_last=n == len(pieces)) for n, piece in enumerate(pieces, 1))


def _header_piece(piece: str, *, is_last: bool) -> str:
    if piece == "**/":
        return "(?:[^/]+/)+"
    if piece in ("*", "**"):
        return ".*" if is_last or piece == "**" else "[^/]*"
    return re.escape(piece)
