"""Sites of a few files, without an archive."""

from collections.abc import Mapping
from typing import Literal

from emulator.engine.site import Site
from emulator.engine.site_files import Member, SiteFile, SiteFiles
from emulator.model.static import HeaderRule, Route, Static

NOON = 1_700_000_000


def members(files: Mapping[str, str]) -> list[Member]:
    """Path → text; a text that begins with "-> " makes a link."""
    found, at = [], 0
    for path, text in files.items():
        if text.startswith("-> "):
            found.append(Member(path, link_to=text[3:]))
            continue
        found.append(Member(path, file=SiteFile(path, at, len(text), NOON, f"d{at}")))
        at += len(text)
    return found


def rule(path: str, name: str, value: str) -> HeaderRule:
    return HeaderRule(path=path, name=name, value=value, pattern=path.replace("*", ".*"))


def route(type: Literal["redirect", "rewrite"], pattern: str, target: str) -> Route:
    return Route(type=type, source="", destination="", pattern=f"(?s){pattern}", target=target)


def site(files: Mapping[str, str], *routes: Route, headers: tuple[HeaderRule, ...] = (), **more: object) -> Site:
    settings = {"implied_suffix": ".html", "not_found_file": "404.html", **more}
    static = Static(routes=routes, headers=headers, **settings)  # type: ignore[arg-type]
    return Site(SiteFiles(members(files)), static)
