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
    """A piece without `*`; its placeholders are added to `names`. Of those in one component each but the last takes as
    little as it can; one that comes again must match the same."""
    return "/".join(_named(component, names) for component in text.split("/"))


def _named(text: str, names: list[str]) -> str:
    first, *rest = _PLACEHOLDER.split(text)  # text, name, text, name, …
    found = re.escape(first)
    pairs = list(zip(rest[::2], map(re.escape, rest[1::2]), strict=True))
    for number, (name, after) in enumerate(pairs, 1):
        if name in names:
            found += f"(?P={name}){after}"
        elif number == len(pairs):
            found += f"(?P<{name}>[^/]+){after}"
        else:
            found += f"(?>(?P<{name}>[^/]+?){after})"
        names += [name] * (name not in names)
    return found


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
    if path.endswith("*"):
        return f"(?s){_folders(path.rstrip('*'))}.*"
    return f"(?s){_folders(path)}"


def _folders(path: str) -> str:
    """A path whose `**/` are one folder or more each; each but the last takes as few as it can."""
    first, *rest = re.split(r"\*\*+/", path)
    text = _components(first)
    for number, piece in enumerate(rest, 1):
        after = _components(piece)
        text += f"(?:[^/]+/)+{after}" if number == len(rest) else f"(?>(?:[^/]+/)+?{after})"
    return text


def _components(path: str) -> str:
    """A path whose `*` stay within their components; of one component's each but the last takes as little as it can."""
    return "/".join(_component(one) for one in path.split("/"))


def _component(text: str) -> str:
    first, *rest = re.split(r"\*+", text)
    found = re.escape(first)
    for number, piece in enumerate(rest, 1):
        after = re.escape(piece)
        found += f"[^/]*{after}" if number == len(rest) else f"(?>[^/]*?{after})"
    return found
