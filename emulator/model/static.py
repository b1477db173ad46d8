"""A site of files as a plan has it: where its files are, its routes, its headers."""

from typing import Literal

from msgspec import field

from .origin import Origin
from .record import Record


class Route(Record, frozen=True, kw_only=True):
    """A rule for paths at which a site has no file. `source` and `destination` are as they were written."""

    type: Literal["redirect", "rewrite"]
    source: str
    destination: str
    pattern: str = ""
    """The source as a regular expression that a whole path must match; "" matches none."""
    target: str = ""
    """The destination with what the pattern captured: \\g<1> and \\g<name> stand for its groups."""
    origin: Origin | None = None


class HeaderRule(Record, frozen=True, kw_only=True):
    """A header of the answers to some paths. `path` is as it was written, `pattern` as in a `Route`."""

    path: str
    name: str
    value: str
    pattern: str = ""
    origin: Origin | None = None


class Static(Record, frozen=True, kw_only=True):
    """How a site of files is served. Routes are tried in order, the first that matches counts; of headers all that
    match count, the last of each name."""

    routes: tuple[Route, ...] = ()
    headers: tuple[HeaderRule, ...] = ()
    folder: str | None = None
    """Where the built image has the files."""
    folder_origin: Origin | None = None
    index_file: str = "index.html"
    """What answers for a folder."""
    implied_suffix: str | None = None
    """What a path may leave away: with ".html" /about is about.html, where there is no other about."""
    not_found_file: str | None = None
    """What is answered, with status 404, where nothing is found."""
    not_found: str = "Not Found\n"
    """The same where there is no such file."""
    redirect_status: int = 301
    default_headers: tuple[HeaderRule, ...] = ()
    """Headers of the platform's own, which the others replace."""
    compressed: tuple[str, ...] = ()
    """Content types that a client which takes gzip gets compressed."""
    neighbours: dict[str, str] = field(default_factory=dict)
    """Hosts in destinations that are those of other services of the plan, and their names."""
