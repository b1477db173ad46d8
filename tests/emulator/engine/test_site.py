"""What a site of files answers: tables of requests, and that no request whatever reaches anything but its files."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.engine.site import Ask, decoded
from emulator.engine.site_files import SiteFiles
from tests.emulator.engine.sites import NOON, members, route, rule, site

FILES = {
    "index.html": "home", "about.html": "about", "docs/index.html": "docs", "docs/a.txt": "abcdef", "a b.txt": "space",
    "é.txt": "accent", "t.css": "css", "404.html": "gone", "same/index.html": "folder", "same.html": "page", "x": "x",
    "%2f": "literal", "empty.txt": "",
}  # fmt: skip
SITE = site(FILES)


def asked(target: str, *, of=SITE, method: str = "GET", **headers: str):
    return of.answer(Ask(method, target, {name.replace("_", "-"): value for name, value in headers.items()}))


@pytest.mark.parametrize(
    ("target", "status", "path"),
    [
        ("/", 200, "index.html"), ("/index.html", 200, "index.html"), ("/about", 200, "about.html"),
        ("/about/", 404, "404.html"), ("/docs", 200, "docs/index.html"), ("/docs/", 200, "docs/index.html"),
        ("/docs/a.txt", 200, "docs/a.txt"), ("/docs/a.txt/", 404, "404.html"), ("/a%20b.txt", 200, "a b.txt"),
        ("/%C3%A9.txt", 200, "é.txt"), ("/é.txt", 200, "é.txt"), ("/same", 200, "same/index.html"),
        ("/same.html", 200, "same.html"), ("/x?y=/docs", 200, "x"), ("/?a", 200, "index.html"), ("/nope", 404,
        "404.html"),
        ("/404.html", 200, "404.html"), ("/ABOUT", 404, "404.html"), ("//docs", 404, "404.html"),
        ("/docs//a.txt", 404, "404.html"), ("/./x", 404, "404.html"), ("/docs/../x", 404, "404.html"),
        ("/docs/%2e%2e/x", 404, "404.html"), ("/docs%2fa.txt", 404, "404.html"), ("/docs%2Fa.txt", 404, "404.html"),
        ("/docs%5ca.txt", 404, "404.html"), ("/x%00", 404, "404.html"), ("/%FF", 404, "404.html"), ("/%", 404,
        "404.html"),
        ("x", 404, "404.html"), ("", 404, "404.html"), ("*", 404, "404.html"), ("http://h/x", 404, "404.html"),
    ],
)  # fmt: skip
def test_path_leads_to_its_file(target: str, status: int, path: str) -> None:
    """Files, folders, endings that are left away; and what leads nowhere."""
    answer = asked(target)
    assert (answer.status, answer.file and answer.file.path) == (status, path)
    assert answer.length == len(FILES[path])


@pytest.mark.parametrize(
    ("path", "type"),
    [
        ("/", "text/html; charset=utf-8"), ("/t.css", "text/css; charset=utf-8"), ("/x", "application/octet-stream"),
        ("/about", "text/html; charset=utf-8"),
    ],
)  # fmt: skip
def test_content_type_is_that_of_the_file(path: str, type: str) -> None:
    """Whatever the path that was asked for ends in."""
    assert dict(asked(path).headers)["Content-Type"] == type


RULES = (
    route("redirect", "/old/(.*)", r"/new/\g<1>"), route("rewrite", "/app/(.*)", "/index.html"),
    route("rewrite", "/(?P<lang>[^/]+)/t\\.css", "/t.css?\\g<lang>"), route("redirect", "/ext", "https://example.org/a#b"),
    route("rewrite", "/gone", "/nowhere"), route("redirect", "/x", "/never"), route("rewrite", "/api/(.*)", r"https://api.test/v1/\g<1>"),
    route("redirect", "/star/(.*)", r"/\g<1>"), route("redirect", "/q", "/r?own=1"),
)  # fmt: skip
ROUTED = site(FILES, *RULES)


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("/old/a/b", "/new/a/b"), ("/old/a%20b", "/new/a%20b"), ("/old/a?x=1&y", "/new/a?x=1&y"), ("/ext", "https://example.org/a#b"),
        ("/ext?q", "https://example.org/a?q#b"), ("/old/%0d%0aA:b", "/new/%0D%0AA:b"), ("/old/%C3%A9", "/new/%C3%A9"),
        ("/old/a%2Fb", "/new/a%2Fb"), ("/star//evil.test", "/evil.test"), ("/old/%FF", "/new/%FF"), ("/q?x",
        "/r?own=1"),
        ("/old/a%23b%3Fc", "/new/a%23b%3Fc"), ("/star/%5cevil", "/%5Cevil"),
    ],
)  # fmt: skip
def test_redirect_repeats_what_was_captured(target: str, place: str) -> None:
    """Encoded as it must be in a URL, to no other host than the rule's, and with the request's query."""
    answer = asked(target, of=ROUTED)
    assert (answer.status, dict(answer.headers)["Location"], answer.body) == (301, place, b"")


@pytest.mark.parametrize(
    ("target", "status", "path"),
    [
        ("/app/x/y", 200, "index.html"), ("/de/t.css", 200, "t.css"), ("/x", 200, "x"), ("/gone", 404, "404.html"),
        ("/app", 404, "404.html"), ("/app/../../etc/passwd", 200, "index.html"),
    ],
)  # fmt: skip
def test_rewrite_serves_another_file_at_the_path(target: str, status: int, path: str) -> None:
    """A file that is there comes first (conformance case 40); a destination that is not there is not found."""
    answer = asked(target, of=ROUTED)
    assert (answer.status, answer.file and answer.file.path) == (status, path)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_rewrite_to_another_server_is_forwarded(method: str) -> None:
    """Whatever the method, with path and query; the site's own headers go over the answer's, the platform's do not."""
    rules = {"headers": (rule("/api/*", "X-A", "1"),), "default_headers": (rule("/*", "X-B", "1"),)}
    answer = asked("/api/a/b?c=d", of=site(FILES, *RULES, **rules), method=method)
    assert (answer.forward_to, answer.headers) == ("https://api.test/v1/a/b?c=d", (("X-A", "1"),))


@pytest.mark.parametrize("target", ["/", "/nope", "/app/x"])
def test_other_methods_are_refused(target: str) -> None:
    """Files are only read."""
    answer = asked(target, of=ROUTED, method="POST")
    assert (answer.status, dict(answer.headers)["Allow"]) == (405, "GET, HEAD")


def test_first_route_that_matches_counts() -> None:
    """From the top of the list."""
    both = site({"index.html": ""}, route("redirect", "/a", "/1"), route("redirect", "/a", "/2"))
    assert dict(asked("/a", of=both).headers)["Location"] == "/1"


def test_without_a_page_of_its_own_a_few_words_say_not_found() -> None:
    """With the length of the platform's own."""
    answer = asked("/nope", of=site({"index.html": ""}))
    assert (answer.status, answer.file, answer.body) == (404, None, b"Not Found\n")


def test_header_rules_replace_each_other_and_the_sites_own() -> None:
    """All that match count; of one name, whatever its case, the last; the path is the one that was asked for."""
    headers = (
        rule("/*", "X-A", "1"),
        rule("/t*", "x-a", "2"),
        rule("/*", "Content-Type", "text/odd"),
        rule("/docs*", "B", "3"),
    )
    of = site(
        FILES, route("rewrite", "/t/x", "/docs/a.txt"), headers=headers, default_headers=(rule("/*", "X-A", "0"),)
    )
    assert dict(asked("/x", of=of).headers)["X-A"] == "1"
    told = dict(asked("/t/x", of=of).headers)
    assert (told["x-a"], told["Content-Type"], "X-A" in told, "B" in told) == ("2", "text/odd", False, False)
    assert dict(asked("/docs/a.txt", of=of).headers)["B"] == "3"
    assert dict(asked("/nope", of=of).headers)["X-A"] == "1"


TEXTS = site({"a.css": "c" * 60, "short.css": "c" * 20, "a.bin": "b" * 60, "404.html": "n" * 60},
             compressed=("text/css", "text/html"))  # fmt: skip


@pytest.mark.parametrize(
    ("accept", "is_compressed"),
    [("gzip", True), ("br, gzip;q=0.5", True), ("GZIP", True), ("*", True), ("gzip;q=0", False), ("br", False),
     ("", False), ("*;q=0.3, gzip;q=0", False), ("gzip;q=x", False), ("identity", False)],
)  # fmt: skip
def test_a_client_that_takes_gzip_gets_texts_compressed(accept: str, is_compressed: bool) -> None:
    """A tag of its own strength, no ranges; and caches are told that it depends on the client, either way."""
    answer = asked("/a.css", of=TEXTS, accept_encoding=accept)
    headers = dict(answer.headers)
    assert (answer.gzip, headers.get("Content-Encoding")) == ((True, "gzip") if is_compressed else (False, None))
    assert headers["Vary"] == "Accept-Encoding"
    assert headers["ETag"].startswith('W/"') == is_compressed
    assert ("Accept-Ranges" in headers) != is_compressed
    assert asked("/a.css", of=TEXTS, if_none_match=headers["ETag"], accept_encoding=accept).status == 304


def test_what_is_small_or_compressed_by_itself_goes_as_it_is() -> None:
    """Nor is a piece of a file compressed; a page for what is not found is, where it is long enough."""
    for path in ("/short.css", "/a.bin"):
        answer = asked(path, of=TEXTS, accept_encoding="gzip")
        assert not answer.gzip
        assert "Vary" not in dict(answer.headers)
    assert asked("/a.css", of=TEXTS, accept_encoding="gzip", range="bytes=0-3").status == 206
    assert asked("/nope", of=TEXTS, accept_encoding="gzip").gzip
    own = site({"a.css": "c" * 60}, compressed=("text/css",), headers=(rule("/*", "Content-Encoding", "br"),))
    assert not asked("/a.css", of=own, accept_encoding="gzip").gzip  # the site says it is compressed already


def test_client_that_has_the_file_gets_304() -> None:
    """By tag, also a weak one or one of several; by time only where no tag is told."""
    tag = dict(asked("/t.css").headers)["ETag"]
    later, before = formatdate(NOON + 5, usegmt=True), formatdate(NOON - 5, usegmt=True)
    known = [
        {"if_none_match": tag}, {"if_none_match": f'"a", W/{tag}'}, {"if_none_match": "*"},
            {"if_modified_since": later},
        {"if_none_match": tag, "if_modified_since": before},
    ]  # fmt: skip
    unknown = [
        {"if_none_match": '"a"'}, {"if_modified_since": before}, {"if_modified_since": "yesterday"}, {},
        {"if_none_match": '"a"', "if_modified_since": later}, {"if_modified_since": "Mon, 99 Foo 9999999 99:99:99 GMT"},
    ]  # fmt: skip
    assert {asked("/t.css", **headers).status for headers in known} == {304}
    assert {asked("/t.css", **headers).status for headers in unknown} == {200}
    assert dict(asked("/t.css", if_none_match=tag).headers)["ETag"] == tag


@pytest.mark.parametrize(
    ("range", "status", "start", "length"),
    [
        ("bytes=0-2", 206, 0, 3), ("bytes=2-", 206, 2, 4), ("bytes=-2", 206, 4, 2), ("bytes=-99", 206, 0, 6),
        ("bytes=0-99", 206, 0, 6), ("bytes=6-", 416, 0, 0), ("bytes=-0", 416, 0, 0), ("bytes=3-2", 200, 0, 6),
        ("bytes=-", 200, 0, 6), ("bytes=0-1,3-4", 200, 0, 6), ("lines=0-1", 200, 0, 6), ("bytes=x-1", 200, 0, 6),
        (f"bytes={'9' * 5000}-", 200, 0, 6),
    ],
)  # fmt: skip
def test_single_range_is_served(range: str, status: int, start: int, length: int) -> None:
    """What is not understood is answered with the whole."""
    answer = asked("/docs/a.txt", range=range)
    assert (answer.status, answer.start, answer.length) == (status, start, length)
    expected = {206: f"bytes {start}-{start + length - 1}/6", 416: "bytes */6", 200: None}[status]
    assert dict(answer.headers).get("Content-Range") == expected


def test_range_of_another_content_is_the_whole() -> None:
    """If-Range with a tag that the file has no more."""
    tag = dict(asked("/docs/a.txt").headers)["ETag"]
    assert asked("/docs/a.txt", range="bytes=0-1", if_range=tag).status == 206
    assert asked("/docs/a.txt", range="bytes=0-1", if_range='"old"').status == 200


def test_range_of_nothing_cannot_be() -> None:
    """An empty file has no bytes to ask for."""
    assert asked("/empty.txt", range="bytes=0-").status == 416


@given(st.text(max_size=40).map(lambda text: "/" + text), st.sampled_from(["GET", "HEAD", "POST", "BREW"]))
def test_no_request_breaks_it(target: str, method: str) -> None:
    """Whatever is asked, an answer comes, of one of its files or without one, in headers without a line break."""
    answer = asked(target, of=ROUTED, method=method, range=target, if_none_match=target, if_modified_since=target)
    assert answer.file is None or answer.file.path in FILES
    assert not any(letter in text for header in answer.headers for text in header for letter in "\r\n")


@given(
    st.lists(st.sampled_from(["..", ".", "docs", "%2e%2e", "%2f", "%5c", "a.txt", "", "%00", "x"]), max_size=6).map(
        "/".join
    )
)
def test_no_path_climbs(path: str) -> None:
    """A path of dots and slashes, encoded or not, serves the very file it names or none."""
    answer = asked("/" + path)
    plain = path.strip("/")
    if answer.status == 200:
        assert answer.file is not None
        assert answer.file.path in {plain, f"{plain}/index.html".lstrip("/"), f"{plain}.html", "index.html"}


def test_an_encoded_slash_stays_one_letter() -> None:
    """It separates nothing."""
    assert [decoded(raw) for raw in ("/a%2Fb", "/a%2fb%20", "/%252f")] == ["/a%2Fb", "/a%2fb ", "/%2f"]


LINKED = {
    "real/a.txt": "abc", "file": "-> real/a.txt", "folder": "-> real", "up": "-> real/../real/a.txt",
    "out": "-> ../secret",
    "absolute": "-> /etc/passwd", "loop": "-> loop", "ping": "-> pong", "pong": "-> ping", "real/back": "-> ../file",
    "deep": "-> folder/back", "above": "-> ../real/a.txt", "from-root": "-> /real/a.txt",
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("file", "real/a.txt"), ("folder/a.txt", "real/a.txt"), ("up", "real/a.txt"), ("deep", "real/a.txt"),
        ("out", None), ("absolute", None), ("loop", None), ("ping", None), ("folder", None), ("nothing", None),
        ("loop/a", None), ("file/a", None), ("above", None), ("from-root", None),
    ],
)  # fmt: skip
def test_links_are_followed_inside_alone(path: str, leads_to: str | None) -> None:
    """Out of the folder, in circles, to folders: none is a file."""
    found = SiteFiles(members(LINKED)).find(path)
    assert (found.path if found else None) == leads_to


@pytest.mark.parametrize("target", ["/folder/../real/a.txt", "/./file", "/real/%2e%2e/file", "/real/.."])
def test_dots_lead_nowhere_though_links_are_followed(target: str) -> None:
    """What a client writes is no link's text."""
    assert asked(target, of=site(LINKED)).status == 404


def test_members_outside_are_not_files() -> None:
    """An archive may name anything; hard links are the file they name."""
    from emulator.engine.site_files import Member

    [file] = members({"a": "x"})
    odd = [Member("../b", file=file.file), Member("/c", file=file.file), Member("./d/../e", file=file.file)]
    files = SiteFiles(
        [file, *odd, Member("hard", link_to="./a", is_hard=True), Member("lost", link_to="z", is_hard=True)]
    )
    assert sorted(files.by_path) == ["a", "c", "e", "hard"]
