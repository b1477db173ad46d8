"""A disk keeps what the app writes, and nothing else does. The real `emu`, on the real engine."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.places import Place, Running, answer, tidied

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

BLUEPRINT = """
services:
  - type: web
    name: shop
    runtime: docker
    plan: starter
    preDeployCommand: sh -c ls -A /var/data && touch /var/data/migrated
    disk: {name: data, mountPath: /var/data, sizeGB: 1}
"""
APP = """
import http.server, json, os
def count(path):
    number = int(open(path).read()) + 1 if os.path.exists(path) else 1
    open(path, "w").write(str(number))
    return number
os.makedirs("/tmp/beside", exist_ok=True)
starts = {"disk": count("/var/data/starts"), "beside": count("/tmp/beside/starts")}
stat = os.stat("/var/data")
starts |= {"holds": sorted(os.listdir("/var/data")), "mode": oct(stat.st_mode), "group": stat.st_gid}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(starts).encode())
    def log_message(self, *_): pass
http.server.HTTPServer(("0.0.0.0", 10000), Handler).serve_forever()
"""


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    """A web service with a disk, as a user of the group that may write; after the test nothing of it may be left."""
    with tidied(tmp_path, engine) as place:
        run = "mkdir -m 777 /var/data && touch /var/data/from-the-image && useradd -u 1000 -U app"
        place.write(APP, run=run, render_yaml=BLUEPRINT)
        with (place.root / "Dockerfile").open("a") as file:
            file.write("USER app\n")
        yield place


def _said(up: Running, number: int) -> Any:
    url = up.until("live", lambda event: event["deploy"] == number)["url"]
    status, text = answer(url)
    assert status == 200
    return json.loads(text)


def test_disks(place: Place, engine: "DockerClient") -> None:
    """It begins empty and is kept by deploys, restarts and `down`; it is not there at build or before a deploy, and
    never in two instances at once; `down --data` removes it."""
    with Running(place) as up:
        first = _said(up, 1)
        assert first == {"disk": 1, "beside": 1, "holds": ["starts"], "mode": "0o42775", "group": 1000}
        assert [e["line"] for e in up.events if e["event"] == "log" and e["stream"] == "stdout"] == ["from-the-image"]
        up.until("verdict")
        assert place.emu("up", "--format", "json").code == 0
        second = _said(up, 2)
        assert (second["disk"], second["beside"]) == (2, 1)
        order = [(e["event"], e["deploy"]) for e in up.events if e["event"] in ("stopped", "container.started")]
        assert order == [("container.started", 1), ("stopped", 1), ("container.started", 2)]
        assert up.interrupt()[0] == 130
    assert "1 disk kept (`emu down --data` removes it)" in place.emu("down").out
    with Running(place) as up:
        assert _said(up, 3)["disk"] == 3
        assert up.interrupt()[0] == 130
    assert "removed 1 disk" in place.emu("down", "--data").out
    assert engine.volumes.list(filters=place.labels) == []
