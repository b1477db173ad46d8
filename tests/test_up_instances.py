"""Several instances of one service. The real `emu`, on the real engine."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.places import Running, answer, tidied, wait_for

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

BLUEPRINT = "services:\n  - {type: web, name: shop, runtime: docker, plan: starter, numInstances: 2}\n"
APP = """
import http.server, json, os, socket
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            os._exit(3)
        found = socket.getaddrinfo(os.environ["RENDER_DISCOVERY_SERVICE"], 10000, proto=socket.IPPROTO_TCP)
        self.send_response(200)
        self.end_headers()
        said = [os.environ["RENDER_INSTANCE_ID"], sorted({one[4][0] for one in found})]
        self.wfile.write(json.dumps(said).encode())
    def log_message(self, *_): pass
http.server.HTTPServer(("0.0.0.0", 10000), Handler).serve_forever()
"""


def test_instances(tmp_path: Path, engine: "DockerClient") -> None:
    """Each has a name of its own, and the discovery name stands for the addresses of both; one that dies is started
    again alone while the other answers, and keeps its name."""
    with tidied(tmp_path, engine) as place:
        place.write(APP, render_yaml=BLUEPRINT)
        with Running(place) as up:
            url = up.until("live")["url"]
            up.until("verdict")
            told = [json.loads(answer(url)[1]) for _ in range(6)]
            names = {name for name, _ in told}
            assert len(names) == 2
            assert {len(addresses) for _, addresses in told} == {2}
            answer(f"{url}/die")
            died = up.until("restarted")
            assert [answer(url)[0] for _ in range(4)] == [200] * 4
            up.until("live")
            wait_for(lambda: {json.loads(answer(url)[1])[0] for _ in range(4)} == names)
            started = [e["instance"] for e in up.so_far() if e["event"] == "container.started"]
            assert sorted(started) == sorted([1, 2, died["instance"]])
            assert up.interrupt()[0] == 130
