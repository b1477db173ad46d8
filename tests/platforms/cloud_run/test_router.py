"""What Google's front end does to requests: in the plan, and on real sockets of this machine through the proxy."""

import http.client
import re

import pytest

from emulator.model.record import replace
from emulator.model.router import Router
from tests.emulator.edge.origins import (
    Connection,
    answer,
    ask,
    before,
    closed_port,
    connected,
    headers_of,
    origin,
    proxy,
    says,
)
from tests.platforms.cloud_run.planning import DOCKERFILE, codes, of, plan, service, several

GET = b"GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"
MIB = 1024 * 1024
H2C = "ports:\n  - name: h2c\n    containerPort: 50051\n"

SEEN = {
    "X-Forwarded-For": r"127\.0\.0\.1",
    "X-Forwarded-Proto": r"https",
    "Forwarded": r'for="127\.0\.0\.1";proto=https',
    "X-Cloud-Trace-Context": r"[0-9a-f]{32}/[0-9]+;o=1",
    "Traceparent": r"00-[0-9a-f]{32}-[0-9a-f]{16}-01",
}
"""The headers that a dump shows beside the client's, and the form of each."""
CONNECTION_ERROR = b"either the HTTP response was malformed or connection to the instance had an error"


def router(container: str = "", **more: str) -> Router:
    found = service(of(container, **more)).router
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("written", "seconds"), [("", 300), ("timeoutSeconds: 60", 60), ('timeoutSeconds: "900"', 900)]
)
def test_time_of_requests_and_websockets(written, seconds):
    """A WebSocket is one request: both have the revision's time, and the plan says who set it."""
    made = service(of(spec=written))
    assert made.router is not None
    times = {made.router.request_timeout_s, made.router.upgrade_timeout_s, made.request_timeout_s}
    assert times == {seconds}
    assert made.lifecycle.replacement.drain_s == seconds
    [decision] = [d for d in made.decisions if d.id == "shop.request-timeout"]
    assert (decision.answer, decision.rule) == (f"{seconds} s", "cloud-run/request-timeout")
    assert (decision.origin is not None) is bool(written)


def test_front_end_of_a_service():
    """HTTP/1 has its limits, some methods and paths never arrive."""
    found = router()
    assert found.refused_methods == ("TRACE",)
    assert found.reserved is not None
    assert found.reserved.paths == ("/_ah/*", "/eventlog", "/healthz")
    assert found.request_limit is not None
    assert found.response_limit is not None
    assert found.request_limit.max_bytes == found.response_limit.max_bytes == 32 * MIB
    assert {header.name for header in found.request_headers} == set(SEEN)
    assert found == service({"Dockerfile": DOCKERFILE}).router


@pytest.mark.parametrize(
    ("container", "http2"),
    [("", False), ("ports:\n  - containerPort: 9000\n", False), ("ports:\n  - name: http1\n", False), (H2C, True)],
)
def test_protocol_of_the_container(container, http2):
    """The port's name decides; in HTTP/2 bodies and answers may be of any size, and the other rules hold."""
    found = router(container)
    assert found.http2 is http2
    assert (found.request_limit is None, found.response_limit is None) == (http2, http2)
    assert found.reserved is not None
    made = plan(of(container))
    assert codes(made, "error") == []
    [decision] = [d for d in made.services[0].decisions if d.id == "shop.protocol"]
    assert decision.answer == ("HTTP/2 without TLS" if http2 else "HTTP/1.1")
    assert (decision.origin is not None) is http2
    assert ("cloud-run/http2" in {row.key for row in made.coverage}) is http2


def test_protocol_is_the_ingress_container_s():
    """A sidecar takes no requests, whatever it speaks."""
    made = service({"service.yaml": several("name: side\n", "name: app\n" + H2C)})
    assert made.router is not None
    assert made.router.http2


def test_why_the_container_sees_https():
    """The plan says which scheme and host it sees, and cites the rule; coverage says what is otherwise here."""
    made = plan(of())
    [decision] = [d for d in made.services[0].decisions if d.id == "shop.edge"]
    assert decision.rule == "cloud-run/request-headers"
    keys = {row.key for row in made.coverage}
    assert {"cloud-run/request-path", "cloud-run/request-headers", "cloud-run/invoker"} <= keys


def test_headers_that_the_container_sees():
    """All that a dump shows and no other, each in its form; one trace and span; what the client sent as it was."""
    sent = [("Host", "127.0.0.1:8080"), ("Accept-Encoding", "gzip, br"), ("Authorization", "Bearer a.b.c")]
    request = "\r\n".join(["GET /%41?b HTTP/1.1", *(f"{name}: {value}" for name, value in sent), "", ""])
    with before(router=router()) as front:
        status, headers, body = ask(front.port, request.encode())
    assert status == 200
    assert body.startswith(b"GET /%41?b HTTP/1.1\r\n")
    seen = headers_of(body)
    assert seen[len(SEEN) :] == sent
    assert [name for name, _ in seen[: len(SEEN)]] == list(SEEN)
    for name, value in seen[: len(SEEN)]:
        assert re.fullmatch(SEEN[name], value), (name, value)
    trace, span = re.fullmatch(r"(\w+)/(\d+);o=1", dict(seen)["X-Cloud-Trace-Context"]).groups()
    assert dict(seen)["Traceparent"] == f"00-{trace}-{int(span):016x}-01"
    assert headers == {
        "x-cloud-trace-context": f"{trace};o=1", "server": "Google Frontend", "content-length": str(len(body)),
    }  # fmt: skip


def test_headers_that_a_client_sends_by_itself():
    """Where it came from is added to what it says; its trace gives way to the front end's."""
    said = b"X-Forwarded-For: 1.2.3.4\r\nforwarded: for=1.2.3.4\r\nX-Forwarded-Proto: http\r\ntraceparent: 00-1-2-01"
    with before(router=router()) as front:
        seen = dict(headers_of(ask(front.port, GET.replace(b"\r\n\r\n", b"\r\n" + said + b"\r\n\r\n"))[2]))
    assert seen["X-Forwarded-For"] == "1.2.3.4, 127.0.0.1"
    assert seen["Forwarded"] == 'for=1.2.3.4, for="127.0.0.1";proto=https'
    assert seen["X-Forwarded-Proto"] == "https"
    assert "traceparent" not in seen
    assert re.fullmatch(SEEN["Traceparent"], seen["Traceparent"])


@pytest.mark.parametrize(
    ("own", "cache_control"),
    [
        (b"Set-Cookie: a=b\r\n", "private"),
        (b"Set-Cookie: a=b\r\nCache-Control: public, max-age=60\r\n", "private"),
        (b"Set-Cookie: a=b\r\nCache-Control: no-store\r\n", "no-store"),
        (b"Cache-Control: public, max-age=60\r\n", "public, max-age=60"),
        (b"", None),
    ],
)
def test_answer_with_a_cookie_is_private(own, cache_control):
    """No shared cache keeps one; an answer without a cookie keeps its own word."""
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: app\r\n" + own + b"\r\nok"
    with before(says(said), router()) as front:
        status, headers, body = ask(front.port, GET)
    assert (status, body, headers.get("cache-control")) == (200, b"ok", cache_control)
    assert headers["server"] == "Google Frontend"
    assert headers.get("set-cookie") == ("a=b" if b"Set-Cookie" in own else None)


def check_page(front, status: int, words: bytes, request: bytes = GET) -> None:
    answered, headers, body = ask(front.port, request)
    assert answered == status
    assert words in body
    assert headers["server"] == "Google Frontend"
    assert re.fullmatch(r"[0-9a-f]{32};o=1", headers["x-cloud-trace-context"])


def test_page_where_nothing_is_live():
    """Without an instance a request is given up."""
    with proxy(router=router()) as front:
        check_page(front, 500, b"there was no available instance")


def test_page_where_nobody_listens():
    """An instance that takes no connection had an error."""
    with proxy(closed_port(), router=router()) as front:
        check_page(front, 503, CONNECTION_ERROR)


@pytest.mark.parametrize("said", [(), (b"HTTP/1.1 200 OK\r\nConte",), (b"SSH-2.0\r\n\r\n",)])
def test_page_for_no_answer_and_for_what_is_none(said):
    """A connection that is closed without an answer, in the middle of its head, or answered with something else."""
    with before(says(*said), router()) as front:
        check_page(front, 503, CONNECTION_ERROR)


def test_page_when_the_time_is_over():
    """The request is ended with the words of the request log."""
    with before(lambda connection: connection.file.read(), replace(router(), request_timeout_s=0.15)) as front:
        check_page(front, 504, b"it has reached the maximum request timeout")


@pytest.mark.parametrize("path", ["/healthz", "/healthz?full=1", "/eventlog", "/_ah/warmup", "/_ah/"])
def test_reserved_path(path):
    """Google's own page, without its headers for answers, is all there is: nothing reaches the container."""
    with origin() as server, proxy(server.address, router=router()) as front:
        status, headers, body = ask(front.port, f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert status == 404
        assert b"<title>Error 404 (Not Found)!!1</title>" in body
        assert headers == {"content-type": "text/html; charset=UTF-8", "content-length": str(len(body))}
        assert server.connections == 0


@pytest.mark.parametrize(
    "path", ["/healthz/", "/health", "/readyz", "/livez", "/quiz", "/_ah", "/eventlogs", "/a/healthz"]
)
def test_path_that_is_not_reserved(path):
    """It reaches the container, as logs show of most."""
    with before(router=router()) as front:
        assert ask(front.port, f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())[0] == 200


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_method_that_never_arrives(method):
    """It is refused before any connection to the container."""
    target = "a:443" if method == "CONNECT" else "/"
    with origin() as server, proxy(server.address, router=router()) as front:
        assert ask(front.port, f"{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())[0] == 405
        assert server.connections == 0


def test_body_that_is_too_large():
    """32 MiB pass, one byte more is refused before the container."""
    with before(lambda c: c.answer(b"%d" % len(c.body(c.head()))), router()) as front:
        for size, status in ((32 * MIB, 200), (32 * MIB + 1, 413)):
            client = http.client.HTTPConnection("127.0.0.1", front.port, timeout=20)
            client.request("POST", "/", body=b"x" * size)
            response = client.getresponse()
            assert response.status == status
            assert response.read() == (
                b"%d" % size if status == 200 else b"emu: a request's body in HTTP/1 may have 32 MiB at most\n"
            )
            client.close()


@pytest.mark.parametrize(
    ("framing", "status"), [(b"Content-Length: %d" % (32 * MIB), 500), (b"Connection: close", 200)]
)
def test_answer_that_is_too_large(framing, status):
    """One that announces its length is replaced; one that is streamed passes."""

    def handler(connection: Connection) -> None:
        connection.head()
        connection.say(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n", b"x" * (32 * MIB))

    with before(handler, router()) as front, connected(front.port, 20) as sock:
        sock.sendall(GET)
        with answer(sock) as response:
            assert response.status == status
            assert len(response.read()) == (32 * MIB if status == 200 else 69)


def test_container_that_is_spoken_to_in_http2():
    """One that speaks HTTP/1 alone answers nothing, though it would here; HTTP/2 passes to one that speaks it."""
    with before(router=router(H2C)) as front:
        check_page(front, 503, CONNECTION_ERROR)
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"

    def handler(connection: Connection) -> None:
        assert connection.file.read(len(preface)) == preface
        connection.say(b"\0\0\0\4\0\0\0\0\0")

    with before(handler, router(H2C)) as front, connected(front.port) as sock:
        sock.sendall(preface)
        assert sock.recv(100) == b"\0\0\0\4\0\0\0\0\0"
