"""Heads of messages on their way through a router."""

import pytest

from emulator.engine.http_body import CHUNKED, UNTIL_CLOSE
from emulator.engine.http_head import BadHead, HeadReader
from emulator.model.router import Header, HeaderMode, Page, Reserved, Router, SizeLimit

READER = HeadReader(
    Router(request_headers=(Header(name="X-Forwarded-Proto", value="https"),), refused_methods=("TRACE",))
)


def request(*lines: str, first: str = "GET / HTTP/1.1", host: str | None = "a.example"):
    given = [f"Host: {host}"] if host is not None else []
    return READER.request("\r\n".join([first, *given, *lines, "", ""]).encode("latin-1"))


def response(*lines: str, first: str = "HTTP/1.1 200 OK", for_http10: bool = False):
    return READER.response("\r\n".join([first, *lines, "", ""]).encode("latin-1"), for_http10)


def sent_on(head) -> list[str]:
    return (head.start + head.rest).decode("latin-1").split("\r\n")[:-2]


def test_headers_pass_as_they_came():
    """Order, case, blanks, repetition and bytes beyond ASCII are the client's."""
    lines = ["x-b:  two  blanks ", "X-A: é", "x-b: again", "X-Empty:"]
    assert sent_on(request(*lines)) == ["GET / HTTP/1.1", "Host: a.example", *lines]


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["Connection: keep-alive", "Keep-Alive: timeout=5"], []),
        (["Proxy-Connection: keep-alive", "A: b"], ["A: b"]),
        (["Connection: close, X-Mine", "x-mine: 1", "X-Mine-Too: 2"], ["X-Mine-Too: 2"]),
        (["Connection: content-length, host", "Content-Length: 0"], ["Content-Length: 0"]),
        (["Upgrade: websocket"], []),
        (["Connection: upgrade", "Upgrade: h2c", "HTTP2-Settings: AAA"], ["HTTP2-Settings: AAA"]),
        (["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAA"], []),
        (["TE: trailers"], ["TE: trailers"]),
        (["TE: trailers, deflate;q=0.5"], []),
        (["Expect: 100-continue"], ["Expect: 100-continue"]),
        (["X-Forwarded-Proto: http"], []),
    ],
)  # fmt: skip
def test_headers_for_the_next_hop_stay_behind(lines, kept):
    """What is about this connection does not reach the next one; framing and Host always do."""
    assert sent_on(request(*lines))[2:] == kept


def test_upgrade_is_asked_for_in_the_proxy_s_own_words():
    """Connection: Upgrade goes with an offer that is passed on."""
    head = request("Connection: keep-alive, Upgrade", "Upgrade: websocket")
    assert head.upgrade
    assert sent_on(head)[1:] == ["Connection: Upgrade", "Host: a.example", "Upgrade: websocket"]


@pytest.mark.parametrize(
    ("first", "lines", "close"),
    [
        ("GET / HTTP/1.1", [], False),
        ("GET / HTTP/1.1", ["Connection: Close"], True),
        ("GET / HTTP/1.0", [], True),
        ("GET / HTTP/1.0", ["Connection: Keep-Alive"], False),
    ],
)
def test_who_keeps_the_connection(first, lines, close):
    """HTTP/1.1 keeps it unless it says close; HTTP/1.0 closes unless it says keep-alive."""
    assert request(*lines, first=first).close is close


def test_http10_is_sent_on_as_http11():
    """The instance is always spoken to in HTTP/1.1; who has no Host header has none there either."""
    assert sent_on(request(first="GET /x HTTP/1.0", host=None)) == ["GET /x HTTP/1.1"]


def test_absolute_target_becomes_a_path():
    """Its authority stands for the Host header, whatever that said."""
    head = request("A: b", first="GET http://b.example:81?q HTTP/1.1")
    assert sent_on(head) == ["GET /?q HTTP/1.1", "Host: b.example:81", "A: b"]
    assert head.host == b"b.example:81"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: ١\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\n\r\n", 400),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n folded\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /\r\nHost: a\r\n\r\n", 400),
        ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: the-spanish-inquisition\r\n\r\n", 417),
        ("PRI * HTTP/2.0\r\n\r\n", 505),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("\x16\x03\x01\x02\r\n\r\n", 400),
    ],
)
def test_what_is_in_doubt_is_refused(head, status):
    """No request passes that a server might read in another way, and none that was not meant for it."""
    with pytest.raises(BadHead) as caught:
        READER.request(head.encode())
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("lines", "length"), [([], 0), (["Content-Length: 12"], 12), (["transfer-encoding:  Chunked "], CHUNKED)]
)
def test_length_of_a_request(lines, length):
    """A request that tells none has no body."""
    assert request(*lines).length == length


@pytest.mark.parametrize(
    ("first", "lines", "length", "keep"),
    [
        ("HTTP/1.1 200 OK", ["Content-Length: 5"], 5, True),
        ("HTTP/1.1 200 OK", ["Content-Length: 5", "Connection: close"], 5, False),
        ("HTTP/1.1 200 OK", ["Transfer-Encoding: chunked"], CHUNKED, True),
        ("HTTP/1.1 200 OK", ["Transfer-Encoding: chunked", "Content-Length: 3"], CHUNKED, True),
        ("HTTP/1.1 200 OK", ["Transfer-Encoding: gzip"], UNTIL_CLOSE, False),
        ("HTTP/1.1 200", [], UNTIL_CLOSE, False),
        ("HTTP/1.0 200 OK", ["Content-Length: 5"], 5, False),
        ("HTTP/1.0 200 OK", ["Content-Length: 5", "Connection: keep-alive"], 5, True),
        ("HTTP/1.1 204 No Content", [], 0, True),
        ("HTTP/1.1 304 Not Modified", ["Content-Length: 99"], 0, True),
        ("HTTP/1.1 100 Continue", [], 0, True),
    ],
)  # fmt: skip
def test_length_of_a_response(first, lines, length, keep):
    """As the protocol tells it, and whether the connection can be used again."""
    head = response(*lines, first=first)
    assert (head.length, head.keep) == (length, keep)
    assert head.start.startswith(b"HTTP/1.1 ")


def test_response_without_the_instance_s_connection():
    """Hop by hop headers go; of two lengths the one that does not count goes."""
    head = response(
        "Connection: keep-alive", "Keep-Alive: 5", "Transfer-Encoding: chunked", "Content-Length: 3", "A: b"
    )
    assert sent_on(head) == ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "A: b"]
    head = response("Transfer-Encoding: chunked", for_http10=True)
    assert sent_on(head) == ["HTTP/1.1 200 OK"]


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: y\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nBad Name: y\r\n\r\n",
        "SSH-2.0-OpenSSH\r\n\r\n",
    ],
)
def test_what_is_no_response(head):
    """It is not passed on."""
    with pytest.raises(BadHead) as caught:
        READER.response(head.encode(), False)
    assert caught.value.status == 502


def test_what_the_headers_were():
    """What the router's own headers refer to is remembered, and taken out of the message."""
    reader = HeadReader(
        Router(
            request_headers=(Header(name="X-Forwarded-For", value="{client}", mode=HeaderMode.APPEND),),
            response_headers=(Header(name="X-Origin", value="{was:server}"),),
        )
    )
    head = reader.request(b"GET / HTTP/1.1\r\nHost: a\r\nx-forwarded-FOR: 1\r\nX-Forwarded-For: 2\r\n\r\n")
    assert head.was == ((b"x-forwarded-for", b"1, 2"),)
    assert sent_on(head) == ["GET / HTTP/1.1", "Host: a"]
    answer = reader.response(b"HTTP/1.1 204 No Content\r\nServer: app\r\n\r\n", False)
    assert answer.was == ((b"server", b"app"),)
    assert sent_on(answer) == ["HTTP/1.1 204 No Content", "Server: app"]


PAGE = Page(status=404)


@pytest.mark.parametrize(
    ("first", "lines", "page"),
    [
        ("GET /kept HTTP/1.1", [], "reserved"),
        ("POST /kept?a=/b HTTP/1.1", ["Content-Length: 1"], "reserved"),
        ("GET http://a.example/kept HTTP/1.1", [], "reserved"),
        ("GET /own/ HTTP/1.1", [], "reserved"),
        ("GET /own/a/b HTTP/1.1", [], "reserved"),
        ("PUT /kept HTTP/1.1", ["Content-Length: 11"], "reserved"),
        ("GET /kept/ HTTP/1.1", [], ""),
        ("GET /Kept HTTP/1.1", [], ""),
        ("GET /own HTTP/1.1", [], ""),
        ("GET /?/kept HTTP/1.1", [], ""),
        ("OPTIONS * HTTP/1.1", [], ""),
        ("PUT / HTTP/1.1", ["Content-Length: 10"], ""),
        ("PUT / HTTP/1.1", ["Content-Length: 11"], "too_large"),
        ("PUT / HTTP/1.1", ["Transfer-Encoding: chunked"], ""),
    ],
)
def test_what_the_router_answers_by_itself(first, lines, page):
    """A reserved path, whole or by its beginning, comes before a body that is announced as too large."""
    reader = HeadReader(
        Router(
            reserved=Reserved(paths=("/kept", "/own/*"), page=PAGE),
            request_limit=SizeLimit(max_bytes=10, page=PAGE),
        )
    )
    assert reader.request("\r\n".join([first, "Host: a", *lines, "", ""]).encode()).page == page
    assert request(*lines, first=first).page == ""


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        (["Content-Length: 100"], 0),
        (["Content-Length: 100"], -1),
        (["Transfer-Encoding: chunked"], None),
        ([], None),
    ],
)
def test_answer_that_is_too_large(lines, left):
    """Its head counts; a length that is not announced does not."""
    head = "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode()
    most = len(head) + 100 + (left or 0)
    reader = HeadReader(Router(response_limit=SizeLimit(max_bytes=most, page=PAGE)))
    assert reader.response(head, False).too_large is (left == -1)
    assert READER.response(head, False).too_large is False


@pytest.mark.parametrize(
    ("lines", "sent"),
    [
        (["Set-Cookie: a=b"], ["Cache-Control: private", "Set-Cookie: a=b"]),
        (
            ["Cache-Control: public", "Set-Cookie: a=b", "cache-control: max-age=9"],
            ["Cache-Control: private", "Set-Cookie: a=b"],
        ),
        (["Set-Cookie: a=b", "Cache-Control: No-Store, max-age=0"], None),
        (["Set-Cookie: a=b", "Cache-Control: private, max-age=9"], None),
        (["Set-Cookie: a=b", "Cache-Control: no-cache"], None),
        (["Cache-Control: public"], None),
    ],
)
def test_private_cookies(lines, sent):
    """An answer with a cookie is kept from shared caches, in its own words where it has some."""
    reader = HeadReader(Router(private_cookies=True))
    head = "\r\n".join(["HTTP/1.1 204 No Content", *lines, "", ""]).encode()
    assert sent_on(reader.response(head, False))[1:] == (sent or lines)
    assert sent_on(READER.response(head, False))[1:] == lines
