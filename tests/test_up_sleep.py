"""A free service that sleeps without requests, and is woken by one. The real `emu`, on the real engine."""

from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.places import Running, answer, tidied

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

BLUEPRINT = "services:\n  - {type: web, name: shop, runtime: docker, plan: free}\n"
APP = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"awake"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_GET = do_POST = answer
    def log_message(self, *_): pass
http.server.HTTPServer(("0.0.0.0", 10000), Handler).serve_forever()
"""


def test_sleep(tmp_path: Path, engine: "DockerClient") -> None:
    """Its container goes after the time without a request; requests that come then wait, start it once, and are all
    answered by it. What robots ask is answered without it."""
    with tidied(tmp_path, engine) as place:
        place.write(APP, render_yaml=BLUEPRINT)
        with Running(place, "--sleep-after", "2s") as up:
            url = up.until("live")["url"]
            assert answer(url) == (200, "awake")
            assert up.until("sleep")["asleep"] is True
            assert up.until("stopped")["signal"] == "SIGTERM"
            assert answer(url + "/robots.txt") == (200, "User-agent: *\nDisallow: /\n")
            answers: list[tuple[int, str]] = []
            asking = [Thread(target=lambda: answers.append(answer(url))) for _ in range(3)]
            for one in asking:
                one.start()
            assert up.until("sleep")["asleep"] is False
            up.until("container.started")
            for one in asking:
                one.join()
            assert answers == [(200, "awake")] * 3
            assert up.until("sleep")["asleep"] is True
            assert up.interrupt()[0] == 130
        assert [e["event"] for e in up.events].count("container.started") == 2
