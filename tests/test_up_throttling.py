"""A processor that an instance has only while something needs it: what goes on between requests stands still."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emulator.edge.docker import Engine, open_docker
from tests.places import Place, Running, get, tidied

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

APP = """\
import http.server, os, signal, sys, threading, time
def compute(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until: pass
def background():
    while True: compute(1)
def end(*_):
    compute(0.3)
    print("tidied up", flush=True)
    os._exit(0)
signal.signal(signal.SIGTERM, end)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        compute(0.3 if self.path == "/work" else 0)
        self.send_response(200)
        self.end_headers()
threading.Thread(target=background, daemon=True).start()
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
ALWAYS = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: s}
spec:
  template:
    metadata: {annotations: {run.googleapis.com/cpu-throttling: 'false'}}
    spec: {containers: [{image: s}]}
"""
IDLE_S = 2.0


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    with tidied(tmp_path, engine) as place:
        yield place


@pytest.fixture
def look() -> Iterator[Engine]:
    found = open_docker(os.environ)
    yield found
    found.close()


def used(look: Engine, container: str) -> float:
    """The processor time that a container without requests uses, after a moment in which it may still have one."""
    time.sleep(1.0)
    before = look.cpu_seconds(container)
    time.sleep(IDLE_S)
    after = look.cpu_seconds(container)
    assert before is not None
    assert after is not None
    return after - before


def test_background_work_stalls_between_requests(place: Place, look: Engine) -> None:
    """It has near nothing of a processor while no request runs, a whole one while one does, and while it ends."""
    place.write(APP)
    with Running(place, "--platform", "cloud-run", "--limits", "all") as up:
        container = up.until("container.started")["id"]
        url = up.until("live")["url"]
        up.until("verdict")
        for _ in range(2):
            assert used(look, container) < 0.05 * IDLE_S
            began = time.monotonic()
            assert get(f"{url}/work") == 200
            assert time.monotonic() - began < 10, "without its processor it takes 30 s"
        assert used(look, container) < 0.05 * IDLE_S
        up.process.send_signal(signal.SIGINT)
        assert up.ends()[0] == 130
        assert "tidied up" in [event["line"] for event in up.so_far() if event["event"] == "log"]


@pytest.mark.parametrize("options", [("--limits", "all"), ("--limits", "memory")])
def test_what_is_not_throttled_goes_on(place: Place, look: Engine, options: tuple[str, str]) -> None:
    """Where CPU is always allocated, and where its limits are not applied."""
    place.write(APP, **({"service_yaml": ALWAYS} if "all" in options else {}))
    with Running(place, "--platform", "cloud-run", *options) as up:
        container = up.until("container.started")["id"]
        up.until("live")
        assert used(look, container) > 0.1 * IDLE_S
        up.process.send_signal(signal.SIGINT)
        assert up.ends()[0] == 130
