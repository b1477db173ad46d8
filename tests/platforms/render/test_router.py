"""What Render's edge does to requests: in the plan, and on real sockets of this machine through the proxy."""

import http.client
import re
import socket
import threading
import time

import pytest

from emulator.model.record import replace
from emulator.model.router import Router
from tests.emulator.edge.origins import Connection, ask, before, closed_port, headers_of, origin, proxy, says
from tests.platforms.render.planning import DOCKERFILE, plan, service, web

DOCKER = "runtime: docker\n"
GET = b"GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:10000\r\n\r\n"

RNDR_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}"
RAY = r"[0-9a-f]{16}-[A-Z]{3}"
SEEN = {
    "x-forwarded-for": r"127\.0\.0\.1, 172\.(6[4-9]|7[01])(\.\d+){2}, 10(\.\d+){3}",
    "x-forwarded-proto": r"https",
    "true-client-ip": r"127\.0\.0\.1",
    "cf-connecting-ip": r"127\.0\.0\.1",
    "cf-ipcountry": r"[A-Z]{2}",
    "cf-ray": RAY,
    "cf-visitor": r'\{"scheme":"https"\}',
    "cdn-loop": r"cloudflare; loops=1",
    "rndr-id": RNDR_ID,
    "render-proxy-ttl": r"4",
    "x-request-start": r"[0-9]{16}",
}
"""The headers that logs of apps show, and the form of each."""


def router(fields: str = DOCKER, **more: str) -> Router | None:
    return service({"render.yaml": web(fields, **more), "Dockerfile": DOCKERFILE}, "blueprint").router


def edge() -> Router:
    found = router()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("fields", "type"),
    [
        (DOCKER, "pserv"),
        (DOCKER, "worker"),
        (DOCKER + "schedule: 0 3 * * *\n", "cron"),
        ("ipAllowList: []\n", "keyvalue"),
    ],
)
def test_nothing_stands_before_what_is_no_web_service(fields, type):
    """Private services are reached without the edge, the others not at all."""
    assert router(fields, type=type) is None


def test_static_site_stands_behind_the_edge_without_its_cache():
    """The answers are the edge's; nobody else sees the requests, and nothing is cached that could be told of."""
    site = router("runtime: static\nstaticPublishPath: dist\nbuildCommand: make\n", type="web")
    assert site is not None
    assert site.request_headers == ()
    names = [header.name for header in site.response_headers]
    assert names == ["rndr-id", "x-render-origin-server", "server", "cf-ray"]


def test_edge_of_a_web_service():
    """It gives an answer 100 minutes and a WebSocket as long as it likes, and speaks HTTP/1.1 to the app."""
    found = edge()
    assert (found.request_timeout_s, found.upgrade_timeout_s, found.http2) == (6000, None, False)
    assert (found.reserved, found.request_limit, found.response_limit) == (None, None, None)
    assert {header.name for header in found.request_headers} == set(SEEN)


def test_edge_without_a_blueprint():
    """A service made of a Dockerfile alone stands behind the same edge."""
    assert service({"Dockerfile": DOCKERFILE}).router == edge()


@pytest.mark.parametrize(
    ("written", "routing"),
    [("", "dynamic-paid-error"), ("plan: standard\n", "dynamic-paid-error"), ("plan: Free\n", "dynamic-free-error")],
)
def test_what_the_edge_says_of_itself(written, routing):
    """Its pages are 502, each with the reason that logs show; it differs with what the plan costs."""
    found = router(DOCKER + written)
    assert found is not None
    pages = [found.no_instance, found.refused, found.reset, found.invalid]
    assert [page.status for page in pages] == [502] * 4
    assert [page.headers[0].value for page in pages] == ["no-deploy", routing, routing, routing]
    assert {page.headers[0].name for page in pages} == {"x-render-routing"}


def test_what_is_answered_while_a_free_service_sleeps():
    """Robots are sent away without waking it; who waited for a wake that failed gets 503 with the reason that answers
    quoted in public repositories have. A paid one never sleeps."""
    free, paid = router(DOCKER + "plan: free\n"), router(DOCKER)
    assert free is not None
    assert paid is not None
    assert free.asleep is not None
    assert (free.asleep.paths, free.asleep.page.status) == (("/robots.txt",), 200)
    assert free.asleep.page.body == "User-agent: *\nDisallow: /\n"
    assert free.not_woken is not None
    assert (free.not_woken.status, free.not_woken.body) == (503, "")
    assert [(h.name, h.value) for h in free.not_woken.headers] == [("x-render-routing", "hibernate-wake-error")]
    assert (paid.asleep, paid.not_woken) == (None, None)


def test_why_the_app_sees_https():
    """The plan says which scheme and host the app sees, and cites the rule; coverage says what is otherwise here."""
    made = plan({"render.yaml": web(DOCKER + "plan: free\n"), "Dockerfile": DOCKERFILE}, "blueprint")
    [decision] = [d for d in made.services[0].decisions if d.id == "web.edge"]
    assert decision.rule == "render/edge-request-headers"
    assert decision.answer == "https, and the host that the client asked for"
    keys = {row.key for row in made.coverage}
    assert {"render/public-edge", "render/edge-request-headers", "render/free-spin-down"} <= keys
    paid = plan({"Dockerfile": DOCKERFILE})
    assert "render/free-spin-down" not in {row.key for row in paid.coverage}


def test_headers_that_the_app_sees():
    """All that logs show and no other, each in its form; what the client sent is there as it was."""
    sent = [("host", "127.0.0.1:10000"), ("accept-encoding", "gzip"), ("traceparent", "00-1-2-01")]
    request = "\r\n".join(["GET /a?b HTTP/1.1", *(f"{name}: {value}" for name, value in sent), "", ""])
    with before(router=edge()) as front:
        status, _, body = ask(front.port, request.encode())
    assert status == 200
    assert body.startswith(b"GET /a?b HTTP/1.1\r\n")
    seen = headers_of(body)
    assert seen[len(SEEN) :] == sent
    assert sorted(dict(seen[: len(SEEN)])) == sorted(SEEN)
    for name, value in seen[: len(SEEN)]:
        assert re.fullmatch(SEEN[name], value), (name, value)
    assert abs(int(dict(seen)["x-request-start"]) / 1e6 - time.time()) < 5


def test_headers_that_a_client_sends_by_itself():
    """Where it came from is added to what it says; what only the edge can know it cannot say."""
    said = b"X-Forwarded-For: 1.2.3.4\r\nCDN-Loop: other\r\nTrue-Client-IP: 6.6.6.6\r\nrndr-id: x\r\n"
    said += b"X-Forwarded-Proto: http"
    with before(router=edge()) as front:
        seen = dict(headers_of(ask(front.port, GET.replace(b"\r\n\r\n", b"\r\n" + said + b"\r\n\r\n"))[2]))
    assert seen["x-forwarded-for"].startswith("1.2.3.4, 127.0.0.1, 172.")
    assert seen["cdn-loop"] == "other, cloudflare; loops=1"
    assert (seen["true-client-ip"], seen["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert re.fullmatch(RNDR_ID, seen["rndr-id"])


@pytest.mark.parametrize(("own", "origin_server"), [(b"Server: gunicorn\r\n", "gunicorn"), (b"", "Render")])
def test_headers_that_the_client_sees(own, origin_server):
    """The request's ids come back, another request's are others; the app's Server goes by another name."""

    def handler(connection: Connection) -> None:
        while head := connection.head():
            connection.answer(head, own + b"Vary: Cookie\r\nX-App: 1\r\n")

    ids = set()
    with before(handler, edge()) as front:
        for _ in range(2):
            status, headers, body = ask(front.port, GET)
            seen = dict(headers_of(body))
            assert (headers["rndr-id"], headers["cf-ray"]) == (seen["rndr-id"], seen["cf-ray"])
            ids.add((headers.pop("rndr-id"), headers.pop("cf-ray")))
            assert headers == {
                "x-render-origin-server": origin_server, "server": "cloudflare", "cf-cache-status": "DYNAMIC",
                "content-length": str(len(body)), "vary": "Cookie", "x-app": "1",
            }  # fmt: skip
    assert status == 200
    assert len(ids) == 2


def check_page(front, routing: str | None, status: int = 502) -> None:
    answered, headers, body = ask(front.port, GET)
    assert (answered, headers.get("x-render-routing")) == (status, routing)
    assert re.fullmatch(RNDR_ID, headers["rndr-id"])
    assert re.fullmatch(RAY, headers["cf-ray"])
    assert headers["server"] == "cloudflare"
    assert "x-render-origin-server" not in headers
    assert (b"<h1>Bad Gateway</h1>" in body) is (status == 502)
    assert headers["content-type"].startswith("text/html" if status == 502 else "text/plain")


def test_page_where_nothing_is_live():
    """There is no deploy, and the edge says so."""
    with proxy(router=edge()) as front:
        check_page(front, "no-deploy")


def test_page_where_nobody_listens():
    """The process is there for the edge, but takes no connection."""
    with proxy(closed_port(), router=edge()) as front:
        check_page(front, "dynamic-paid-error")


@pytest.mark.parametrize("said", [(), (b"HTTP/1.1 200 OK\r\nConte",), (b"SSH-2.0\r\n\r\n",)])
def test_page_for_no_answer_and_for_what_is_none(said):
    """A connection that is closed without an answer, in the middle of its head, or answered with something else."""
    with before(says(*said), edge()) as front:
        check_page(front, "dynamic-paid-error")


@pytest.mark.parametrize(("written", "kept_out"), [("true", True), ("false", False), ("null", False)])
def test_maintenance_mode(written, kept_out):
    """The service runs, and every request is answered with 503, on any path; the plan says why."""
    made = plan({"render.yaml": web(DOCKER + f"maintenanceMode: {{enabled: {written}}}\n"), "Dockerfile": DOCKERFILE},
                "blueprint")  # fmt: skip
    found = made.services[0].router
    assert found is not None
    assert ("render/maintenance" in [d.code for d in made.diagnostics]) is kept_out
    with before(router=found) as front:
        for path in (b"/", b"/healthz", b"/a/b?c=d"):
            status, headers, body = ask(front.port, GET.replace(b"/a?b", path))
            assert status == (503 if kept_out else 200)
            assert "rndr-id" in headers
            assert (b"<h1>Maintenance</h1>" in body) is kept_out


def test_websockets_and_streams_pass():
    """A socket is opened with the edge's headers and carries what both say; events of a stream come one by one."""

    def handler(connection: Connection) -> None:
        head = connection.head()
        assert b"\r\nx-forwarded-proto: https\r\n" in head.lower()
        if b"upgrade: websocket" in head.lower():
            connection.say(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            connection.say(connection.file.read(4)[::-1])
            return
        connection.say(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.say(b"8\r\ndata: 1\n\r\n")
        assert go_on.wait(5)
        connection.say(b"8\r\ndata: 2\n\r\n0\r\n\r\n")

    go_on = threading.Event()
    with before(handler, edge()) as front:
        with socket.create_connection(("127.0.0.1", front.port), timeout=5) as client:
            client.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n") + b"ping")
            answer = b""
            while not answer.endswith(b"gnip"):
                answer += client.recv(4096) or pytest.fail("the socket was closed")
            assert answer.startswith(b"HTTP/1.1 101 ")
        client = http.client.HTTPConnection("127.0.0.1", front.port, timeout=5)
        client.request("GET", "/events")
        response = client.getresponse()
        assert response.readline() == b"data: 1\n"
        go_on.set()
        assert response.read() == b"data: 2\n"
        client.close()


def test_page_when_the_time_is_over():
    """An answer that does not begin in time is answered as the CDN does, whose limit it is."""
    with before(lambda connection: connection.file.read(), replace(edge(), request_timeout_s=0.15)) as front:
        check_page(front, None, 524)


def test_what_render_lets_through():
    """Health paths, large bodies, large answers and cookies pass as they are."""

    def handler(connection: Connection) -> None:
        while head := connection.head():
            size = len(connection.body(head))
            connection.answer(b"%d" % size + b"x" * (33 << 20), b"Set-Cookie: a=b\r\nCache-Control: public\r\n")

    with origin(handler) as server, proxy(server.address, router=edge()) as front:
        client = http.client.HTTPConnection("127.0.0.1", front.port, timeout=20)
        client.request("POST", "/healthz", body=b"y" * (33 << 20))
        response = client.getresponse()
        assert (response.status, response.headers["cache-control"]) == (200, "public")
        assert response.read(8) == b"34603008"
        client.close()


@pytest.mark.parametrize(("type", "name"), [("web", "my-shop.onrender.localhost"), ("worker", None), ("pserv", None)])
def test_a_name_like_the_public_one(type, name):
    """A web service's, under localhost."""
    made = service({"render.yaml": web(DOCKER, type=type, name="My Shop"), "Dockerfile": DOCKERFILE}, "blueprint")
    assert made.local_name == name
