"""A load of requests, against servers of this process."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from emulator.edge.clock import SystemClock
from emulator.edge.load import RequestLoad
from emulator.world.asking import LoadRequest


class _App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: set[object]

    def do_GET(self) -> None:
        self.connections.add(self.client_address)
        time.sleep(3.0 if self.path == "/slow" else 0.001)
        body = b"x" * 100
        self.send_response(200)
        self.send_header("Content-Length", str(200 if self.path == "/short" else len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.path == "/short"

    def do_POST(self) -> None:
        if self.path != "/refused":
            self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(405 if self.path == "/refused" else 201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def app() -> Iterator[ThreadingHTTPServer]:
    _App.connections = set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _App)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _load(app: ThreadingHTTPServer, path: str = "/", **more: object) -> RequestLoad:
    address = ("127.0.0.1", app.server_address[1])
    request = LoadRequest(**{"path": path, "connections": 2, "timeout_s": 5.0} | more)
    return RequestLoad(address, request, SystemClock())


def _until(load: RequestLoad, count: int) -> None:
    """Wait until so many are over."""
    end = time.monotonic() + 10
    while len(load.exchanges()) < count:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_requests_come_over_connections_that_stay_open(app: ThreadingHTTPServer) -> None:
    """Each is timed, and what the end cut off is none of them."""
    load = _load(app)
    _until(load, 20)
    found = load.stop()
    assert {(one.kind, one.status, one.problem) for one in found} == {("plain", 200, None)}
    assert all(0 < one.ended - one.begun < 5 for one in found)
    assert len(_App.connections) == 2


def test_a_calm_load_sends_no_more(app: ThreadingHTTPServer) -> None:
    """What was under way came to its end."""
    load = _load(app)
    _until(load, 2)
    load.calm(5)
    count = len(load.exchanges())
    time.sleep(0.1)
    assert len(load.stop()) == count


def test_what_is_held_ends_when_it_is_let_go(app: ThreadingHTTPServer) -> None:
    """The other half of a body is sent then, and an answer read."""
    load = _load(app, connections=0, holds=True)
    time.sleep(0.2)
    assert load.exchanges() == ()
    load.let_go()
    _until(load, 2)
    assert sorted((one.kind, one.status) for one in load.stop()) == [("download", 200), ("upload", 201)]


def test_an_upload_that_is_answered_before_is_over(app: ThreadingHTTPServer) -> None:
    """Without its other half."""
    load = _load(app, "/refused", connections=0, holds=True)
    _until(load, 1)
    assert [(one.kind, one.status) for one in load.exchanges()] == [("upload", 405)]
    load.stop()


def test_an_answer_that_breaks_off_is_none(app: ThreadingHTTPServer) -> None:
    load = _load(app, "/short", connections=1)
    _until(load, 1)
    first = load.stop()[0]
    assert (first.status, first.problem) == (None, "reset")


def test_where_nobody_listens_it_is_refused() -> None:
    """And tried again, not too often."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        load = RequestLoad(("127.0.0.1", taken.getsockname()[1]), LoadRequest(path="/", connections=1), SystemClock())
        time.sleep(0.3)
        found = load.stop()
    assert {one.problem for one in found} == {"refused"}
    assert 1 <= len(found) < 20


def test_the_end_does_not_wait_for_an_answer(app: ThreadingHTTPServer) -> None:
    load = _load(app, "/slow", connections=1, timeout_s=30.0)
    time.sleep(0.05)
    began = time.monotonic()
    assert load.stop() == ()
    assert time.monotonic() - began < 2
