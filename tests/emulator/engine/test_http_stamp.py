"""The headers and pages of a router, filled in."""

import pytest

from emulator.engine.http_stamp import Facts, PageStamp, Stamp
from emulator.model.router import Header, HeaderMode, Page

FACTS = Facts(client=b"10.0.0.9", host=b"a.example", hex=b"0123456789abcdef" * 3, unix_us=1_700_000_000_123_456)


def block(*headers: Header, **was: bytes) -> bytes:
    return Stamp(headers).block(FACTS, tuple((name.encode(), value) for name, value in was.items()))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("https", b"https"),
        ("{client}, 1.2.3.4", b"10.0.0.9, 1.2.3.4"),
        ("host={host}", b"host=a.example"),
        ("100% {client} %s", b"100% 10.0.0.9 %s"),
        ("100%", b"100%"),
        ("{unix_us} {unix_ms} {unix_s}", b"1700000000123456 1700000000123 1700000000"),
        ("{hex:0:8}-{hex:8:12}-{hex:12:16}", b"01234567-89ab-cdef"),
        ("{hex:0:4}/{decimal:0:4};o=1", b"0123/291;o=1"),
        ('{"scheme":"https"}', b'{"scheme":"https"}'),
    ],
)
def test_placeholders(value, said):
    """Each stands for its fact; braces round something else are text."""
    assert block(Header(name="X", value=value)) == b"\r\nX: " + said


def test_modes():
    """A header replaces what was there, follows it, or gives way to it."""
    headers = [Header(name=f"X-{mode}", value="new", mode=mode) for mode in HeaderMode]
    assert block(*headers) == b"\r\nX-set: new\r\nX-append: new\r\nX-default: new"
    was = {"x-set": b"old", "x-append": b"old", "x-default": b"old"}
    assert block(*headers, **was) == b"\r\nX-set: new\r\nX-append: old, new\r\nX-default: old"


def test_header_of_another():
    """It carries the other one's value, and is left out where there is none."""
    header = Header(name="X-Origin-Server", value="{was:Server}")
    assert block(header, server=b"app/1") == b"\r\nX-Origin-Server: app/1"
    assert block(header) == b""
    assert Stamp([header]).watched == {b"server", b"x-origin-server"}


def test_header_of_another_with_a_stand_in():
    """Where there is none, the text that stands in for it is said, even an empty one."""
    header = Header(name="X-Origin-Server", value="{was:Server:a: b}, c")
    assert block(header, server=b"app/1") == b"\r\nX-Origin-Server: app/1, c"
    assert block(header) == b"\r\nX-Origin-Server: a: b, c"
    assert block(Header(name="X", value="{was:Server:}.")) == b"\r\nX: ."
    assert Stamp([header]).watched == {b"server", b"x-origin-server"}


def test_what_varies():
    """The client's address is one for all its requests; the rest is not."""
    assert not Stamp([Header(name="A", value="{client} b")]).varies
    assert Stamp([Header(name="A", value="{hex:0:4}")]).varies


@pytest.mark.parametrize(
    ("name", "value"),
    [("A", "{nothing}"), ("A", "{hex:4:2}"), ("A", "{hex:0:49}"), ("A", "b\r\nC: d"), ("A b", "c"), ("", "c")],
)
def test_headers_that_cannot_be(name, value):
    """They are refused before any traffic."""
    with pytest.raises(ValueError, match=r"header|placeholder|range"):
        Stamp([Header(name=name, value=value)])


def test_page():
    """A page has its status, headers and body; for HEAD no body, and its length all the same."""
    page = PageStamp(
        Page(status=502, body="no {host}\n", headers=(Header(name="x-id", value="{hex:0:4}"),)), "Bad Gateway"
    )
    head = b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain; charset=utf-8\r\n"
    head += b"x-id: 0123\r\ncontent-length: 13\r\n"
    assert page.response(FACTS, close=False, bodiless=False) == head + b"\r\nno a.example\n"
    assert page.response(FACTS, close=True, bodiless=True) == head + b"connection: close\r\n\r\n"


ANSWERS = (
    Header(name="Server", value="edge"),
    Header(name="X-Id", value="{hex:0:4}"),
    Header(name="X-Origin", value="{was:server:none}"),
    Header(name="Content-Type", value="text/html"),
)


@pytest.mark.parametrize(("bare", "more"), [(False, b"Server: edge\r\nX-Id: 0123\r\n"), (True, b"")])
def test_headers_of_answers_on_a_page(bare, more):
    """A page that is not bare has them as well: without those it has by itself, and those about an answer."""
    page = PageStamp(Page(status=404, body="no", content_type="text/css", bare=bare), "", ANSWERS)
    said = page.response(FACTS, close=False, bodiless=False)
    assert said == b"HTTP/1.1 404 \r\ncontent-type: text/css\r\n" + more + b"content-length: 2\r\n\r\nno"
    assert page.varies is not bare
