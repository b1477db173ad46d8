"""Redirects, rewrites and headers of a static site: from render.yaml to the plan, and what is wrong with them."""

import re
from collections.abc import Iterable, Iterator

from emulator.model.diagnostic import Diagnostic, warning
from emulator.model.origin import Origin
from emulator.model.plan import Build, Coverage
from emulator.model.rule import Fidelity, Rule
from emulator.model.static import HeaderRule, Route, Static

from . import rules
from .building_static import folder_of
from .declarations import Blueprint, ServiceSpec, Value
from .environment import external_host
from .site_paths import header_pattern, route_pattern, route_target, unknown_placeholders

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FRAMING = ("connection", "content-length", "transfer-encoding", "date", "upgrade", "trailer", "te")
_EVERY = ("/*", "/**")
_DOMAIN = ".onrender.com"
_URL = re.compile(r"https?://(?:[^/@?#]*@)?([^/:?#]+)")
_DESTINATION = re.compile(r"/(?!/)|https?://[^/]")

_DEFAULT_HEADERS = (
    HeaderRule(path="/*", name="Cache-Control", value="public, max-age=0, s-maxage=300", pattern="(?s)/.*"),
)
"""Rule render/site-cache."""
_COMPRESSED = (
    "text/html", "text/css", "text/javascript", "text/plain", "text/xml", "application/json",
    "application/manifest+json", "application/ld+json", "application/wasm", "application/xhtml+xml",
    "application/rss+xml", "application/atom+xml", "application/vnd.ms-fontobject", "image/svg+xml", "image/x-icon",
    "image/bmp", "font/ttf", "font/otf",
)  # fmt: skip
"""Rule render/site-compression."""


def static_of(spec: ServiceSpec, build: Build, blueprint: Blueprint | None) -> Static | None:
    """How the site is served; None for a service that is none."""
    if spec.kind != "S":
        return None
    publish = spec.filled("staticPublishPath")
    return Static(
        routes=tuple(_route(row) for row in spec.routes), headers=tuple(_header(row) for row in spec.headers),
        folder=folder_of(build), folder_origin=publish.origin if publish else None, index_file="index.html",
        implied_suffix=".html", not_found_file="404.html", not_found="Not Found\n", redirect_status=301,
        default_headers=_DEFAULT_HEADERS, compressed=_COMPRESSED,
        neighbours=_neighbours(spec, blueprint.services if blueprint else ()),
    )  # fmt: skip


def _neighbours(spec: ServiceSpec, others: tuple[ServiceSpec, ...]) -> dict[str, str]:
    """Hosts that rewrites lead to and that are other services' of the Blueprint; Render may have added letters."""
    hosts = (host for row in spec.routes if (host := _host(_text(row, "destination"))))
    public = {external_host(one).removesuffix(_DOMAIN): one.name for one in others if one.kind in "WS"}
    found = {}
    for host in hosts:
        slug = host.removesuffix(_DOMAIN)
        name = public.get(slug) or public.get(re.sub(r"-[a-z0-9]{4}$", "", slug))
        if host.endswith(_DOMAIN) and name is not None and name != spec.name:
            found[host] = name
    return found


def _host(destination: str) -> str | None:
    found = _URL.match(destination)
    return found[1].lower() if found else None


def far_routes(spec: ServiceSpec, static: Static | None) -> list[Coverage]:
    """Rewrites whose requests leave this machine, for the places where it is told what is not as on Render."""
    rows: list[Coverage] = []
    for number, route in enumerate(static.routes if static else ()):
        host = _host(route.destination)
        if static and host and route.type == "rewrite" and host not in static.neighbours:
            rows.append(
                Coverage(
                    key=f"services[{spec.number}].routes[{number}]", origin=route.origin, fidelity=Fidelity.APPROXIMATE,
                    note=f"requests go to {host} itself, from this machine",
                )
            )  # fmt: skip
    return rows


def _route(row: dict[str, Value]) -> Route:
    source, destination = _text(row, "source"), _text(row, "destination")
    pattern = route_pattern(source)
    return Route(
        type="redirect" if _text(row, "type") == "redirect" else "rewrite", source=source, destination=destination,
        pattern=pattern.pattern if source.startswith("/") and destination else "",
        target=route_target(destination if _DESTINATION.match(destination) else _path(destination), pattern),
        origin=_place(row),
    )  # fmt: skip


def _header(row: dict[str, Value]) -> HeaderRule:
    path, name, value = _text(row, "path"), _text(row, "name"), _text(row, "value")
    usable = path.startswith("/") and not _bad_header(name, value)
    return HeaderRule(
        path=path, name=name, value=value, pattern=header_pattern(path) if usable else "", origin=_place(row)
    )


def _path(destination: str) -> str:
    """What is most likely meant by a destination that is none."""
    return "/" + destination.lstrip("./")


def _text(row: dict[str, Value], field: str) -> str:
    return row[field].text.strip() if field in row else ""


def _place(row: dict[str, Value]) -> Origin | None:
    return next((value.origin for value in row.values()), None)


def site_problems(spec: ServiceSpec) -> list[Diagnostic]:
    """What is wrong with the rules beyond a missing field."""
    found: list[Diagnostic] = []
    for number, row in enumerate(spec.routes):
        found += _route_problems(spec, number, row)
    for number, row in enumerate(spec.headers):
        found += _header_problems(spec, number, row)
    return found + list(_unreachable(spec))


def _say(spec: ServiceSpec, words: str, rule: Rule, value: Value, help_: str) -> Diagnostic:
    """A warning: how Render itself takes it is not published."""
    code = "render/site-header" if words.startswith("headers") else "render/site-route"
    return warning(code, words, origin=value.origin, service=spec.name, rule=rule.id, url=rule.url, help=help_)


def _route_problems(spec: ServiceSpec, number: int, row: dict[str, Value]) -> Iterator[Diagnostic]:
    where, rule = f"routes[{number}]", rules.SITE_ROUTE_SYNTAX
    source, destination = row.get("source"), row.get("destination")
    if source is not None and not source.text.strip().startswith("/"):
        words = f"{where}: the source {source.text!r} is no path, so it matches nothing"
        yield _say(spec, words, rule, source, "begin it with a slash; a source has no host")
        return
    if destination is None or source is None:
        return
    text = destination.text.strip()
    if not _DESTINATION.match(text):
        words = f"{where}: the destination {text!r} is neither a path nor a full URL"
        yield _say(spec, words, rule, destination, f"write {_path(text)}, or https://…")
        return
    missing = unknown_placeholders(text, route_pattern(source.text.strip()))
    if missing:
        words = f"{where}: the destination repeats {missing[0]}, which the source does not have"
        yield _say(spec, words, rule, destination, f"add {missing[0]} to the source {source.text}")
    if _text(row, "type") == "redirect" and text == source.text.strip():
        words = f"{where}: {text} redirects to itself, without end where no file is there"
        yield _say(spec, words, rules.SITE_ROUTES, destination, "name another path")


def _unreachable(spec: ServiceSpec) -> Iterable[Diagnostic]:
    """Routes behind one that takes every path, or the same ones."""
    taken: dict[str, int] = {}
    for number, row in enumerate(spec.routes):
        source = row.get("source")
        text = source.text.strip() if source is not None else ""
        if source is None or not text.startswith("/"):
            continue
        before = next((taken[one] for one in (*_EVERY, text) if one in taken), None)
        if before is not None:
            words = f"routes[{number}]: {text} is never reached: routes[{before}] takes every path it matches"
            yield _say(spec, words, rules.SITE_ROUTES, source, "put it before that one")
        taken.setdefault(text, number)


def _header_problems(spec: ServiceSpec, number: int, row: dict[str, Value]) -> Iterator[Diagnostic]:
    path, name, value = row.get("path"), row.get("name"), row.get("value")
    where = f"headers[{number}]"
    if path is not None and not path.text.strip().startswith("/"):
        words = f"{where}: the path {path.text!r} does not begin with a slash, so it matches nothing"
        yield _say(spec, words, rules.SITE_HEADER_PATHS, path, f"write /{path.text.strip()}")
    if name is None or value is None:
        return
    bad = _bad_header(name.text.strip(), value.text.strip())
    if bad:
        yield _say(spec, f"{where}: {bad}", rules.SITE_HEADER_PATHS, name, "write it as HTTP has it")


def _bad_header(name: str, value: str) -> str | None:
    if not _TOKEN.fullmatch(name):
        return f"{name!r} is no name of a header"
    if name.lower() in _FRAMING:
        return f"{name} is set by the server alone"
    if any((ord(letter) < 32 and letter != "\t") or ord(letter) == 127 for letter in value):
        return f"the value of {name} holds a line break or another control character"
    return None
