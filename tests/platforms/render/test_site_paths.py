"""Path patterns of static sites, against tables of the documentation and against a matcher too simple to be wrong."""

import re
import time
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.render.site_paths import header_pattern, route_pattern, route_target, unknown_placeholders


def matched(source: str, path: str) -> dict[str, str] | None:
    """What a source captures of a path: `*1`, `*2` and names; None where it does not match."""
    of = route_pattern(source)
    found = re.fullmatch(of.pattern, path)
    if found is None:
        return None
    return {f"*{n}": found[group] for n, group in enumerate(of.wildcards, 1)} | {name: found[name] for name in of.names}


@pytest.mark.parametrize(
    ("source", "path", "captured"),
    [
        ("/*", "/", {"*1": ""}), ("/*", "/x/y", {"*1": "x/y"}), ("/old/*", "/old/a/b", {"*1": "a/b"}),
        ("/old/*", "/old/", {"*1": ""}), ("/old/*", "/old", None), ("/old/*", "/older/a", None),
        ("/t*", "/team/1", {"*1": "eam/1"}), ("/a", "/a", {}), ("/a", "/a/", None), ("/a", "/A", None),
        ("/", "/", {}), ("/blog/:year/:month", "/blog/2026/11", {"year": "2026", "month": "11"}),
        ("/blog/:year", "/blog/2026/11", None), ("/blog/:year", "/blog/", None), ("/:a/:a", "/x/x", {"a": "x"}),
        ("/:a/:a", "/x/y", None), ("/u/:id/*", "/u/7/a/b", {"id": "7", "*1": "a/b"}),
        ("/*/end", "/a/b/end", {"*1": "a/b"}), ("/*/x/*", "/a/x/b/x/c", {"*1": "a", "*2": "b/x/c"}),
        ("/a.b", "/aXb", None), ("/(a|b)+", "/(a|b)+", {}), ("/*", "/a\nb", {"*1": "a\nb"}),
        ("/:id.html", "/7.html", {"id": "7"}),
    ],
)  # fmt: skip
def test_route_source_matches_whole_paths(source: str, path: str, captured: dict[str, str] | None) -> None:
    """`*` is any text from there on, a placeholder one component, all else is itself."""
    assert matched(source, path) == captured


@pytest.mark.parametrize(
    ("path", "matching", "others"),
    [
        ("/*", ["/", "/a", "/a/b.css"], []), ("/blog/*", ["/blog/", "/blog/a", "/blog/a/b"], ["/blog", "/blogs/a"]),
        ("/**/*", ["/a/", "/a/b", "/a/b/c"], ["/", "/a"]), ("/*.css", ["/t.css"], ["/assets/t.css", "/t.cssx"]),
        ("/**/*.css", ["/assets/t.css", "/a/b/t.css"], ["/t.css"]), ("/a/*/c", ["/a/b/c"], ["/a/b/b/c", "/a/c"]),
        ("/index.html", ["/index.html"], ["/", "/indexXhtml"]), ("/**", ["/", "/a", "/a/b"], []),
    ],
)  # fmt: skip
def test_header_path_matches_as_documented(path: str, matching: list[str], others: list[str]) -> None:
    """Conformance case 40: /*.css hits /t.css and not /assets/t.css; /**/*.css the reverse."""
    pattern = re.compile(header_pattern(path))
    assert [one for one in matching + others if pattern.fullmatch(one)] == matching


@pytest.mark.parametrize(
    ("source", "destination", "target", "unknown"),
    [
        ("/*", "/index.html", "/index.html", []), ("/old/*", "/new/*", r"/new/\g<1>", []),
        ("/:a/*", "/*?of=:a", r"/\g<2>?of=\g<a>", []), ("/*/x/*", "/*-*-*", r"/\g<1>-\g<2>-\g<2>", []),
        ("/a", "/:b/*", "/:b/*", [":b", "*"]), ("/:port", "https://x.org:8080/:port",
        r"https://x.org:8080/\g<port>", []),
        ("/a", r"/a\g<1>", r"/a\\g<1>", []),
    ],
)  # fmt: skip
def test_route_target_repeats_what_was_captured(source: str, destination: str, target: str, unknown: list[str]) -> None:
    """A port is no placeholder, and what the source does not have stays as it is."""
    of = route_pattern(source)
    assert (route_target(destination, of), unknown_placeholders(destination, of)) == (target, unknown)


pieces = st.lists(st.sampled_from(["/", "a", "b", "*", ":p", "/:q", "ab"]), max_size=7).map(
    lambda all_: "/" + "".join(all_)
)
paths = st.text(alphabet="/ab", max_size=10).map(lambda text: "/" + text)


def naively(source: str, path: str) -> bool:
    """Every way to share the path among the source's parts, tried."""
    parts = re.findall(r":[a-z]+|\*|[^:*]+", source)

    @cache
    def rest(at: int, left: str, known: tuple[tuple[str, str], ...]) -> bool:
        if at == len(parts):
            return left == ""
        part = parts[at]
        if part == "*":
            return any(rest(at + 1, left[n:], known) for n in range(len(left) + 1))
        if part.startswith(":"):
            names = dict(known)
            component = left.partition("/")[0]
            lengths = range(1, len(component) + 1)
            if part in names:
                return left.startswith(names[part]) and rest(at + 1, left[len(names[part]) :], known)
            return any(rest(at + 1, left[n:], (*known, (part, left[:n]))) for n in lengths)
        return left.startswith(part) and rest(at + 1, left[len(part) :], known)

    return rest(0, path, ())


@given(pieces, paths)
def test_route_source_matches_nothing_that_it_should_not(source: str, path: str) -> None:
    """Whatever the pattern matches, some sharing of the path among the source's parts allows; and it matches all that
    one allows, unless a wildcard and placeholders share a component, or a placeholder comes twice."""
    found = re.fullmatch(route_pattern(source).pattern, path) is not None
    assert not found or naively(source, path)
    mixed = any("*" in one and ":" in one for one in source.split("/"))
    if not mixed and all(source.count(name) < 2 for name in (":p", ":q")):
        assert found == naively(source, path)


@given(st.text(alphabet="/*ab:.(+\\", max_size=12), st.text(alphabet="/ab.(+\\", max_size=12))
def test_any_text_is_a_pattern(source: str, path: str) -> None:
    """Nothing that is written can be an invalid expression, nor can a destination ask for a group that is not there."""
    of = route_pattern("/" + source)
    found = re.fullmatch(of.pattern, "/" + path)
    re.compile(header_pattern("/" + source))
    if found is not None:
        found.expand(route_target("/" + source, of))


def test_hostile_path_is_decided_at_once() -> None:
    """A pattern of many wildcards over a path as long as a request may be."""
    began = time.perf_counter()
    for path in ("/" + "a" * 30_000, "/" + "a/" * 15_000):
        for source in ("/*a*a*a*a*a*a*b", "/*/*/*/*/*/x", "/*:p*:q*:r/x", "/:p:q:r:s/x"):
            assert re.fullmatch(route_pattern(source).pattern, path) is None
        for pattern in ("/*a*a*a/*b", "/**/**/**/*b", "/**/a/**/a/**/b", "/*a*b/**/*"):
            assert re.fullmatch(header_pattern(pattern), path) is None
    assert time.perf_counter() - began < 2
