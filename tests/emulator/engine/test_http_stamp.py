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
    head = b"HTTP/1.1 502 Bad Gateway\r\nx-id: 0123\r\ncontent-length: 13\r\n"
    assert page.response(FACTS, close=False, bodiless=False) == head + b"\r\nno a.example\n"
    assert page.response(FACTS, close=True, bodiless=True) == head + b"connection: close\r\n\r\n"
