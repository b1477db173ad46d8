"""How many instances there are at least, and a fixed number of them. The real `emu`, on the real engine."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.places import Place, Running, answer, tidied, wait_for

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(150)]

APP = """
import http.server, os, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            os._exit(3)
        time.sleep(float(self.path[1:] or 0))
        body = os.environ["HOSTNAME"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
KNATIVE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: shop
  annotations: {{{service}}}
spec:
  template:
    metadata:
      annotations: {{{revision}}}
    spec:
      containerConcurrency: 2
      containers:
        - image: shop
"""


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    with tidied(tmp_path, engine) as place:
        yield place


def instances(up: Running, engine: "DockerClient") -> set[str]:
    """The containers it started that run now."""
    started = {e["id"] for e in up.so_far() if e["event"] == "container.started"}
    return started & {one.id for one in engine.containers.list(ignore_removed=True)}


def load(url: str, requests: int = 60) -> None:
    """Twelve at once for a while; each is answered."""
    with ThreadPoolExecutor(12) as threads:
        asked = list(threads.map(lambda _: answer(f"{url}/0.2"), range(requests)))
    assert {status for status, _ in asked} == {200}


def patiently(url: str) -> int:
    """The status, by a client that waits for longer than the platform."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answered:
            return int(answered.status)
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code


def reasons(up: Running) -> list[str]:
    return [e["reason"] for e in up.so_far() if e["event"] == "container.started"]


def test_min_instances(place: Place, engine: "DockerClient") -> None:
    """The least are there before any request and stay without one; more come for what waits and go again, down to the
    least; one of the least that ends is replaced."""
    place.write(APP, service_yaml=KNATIVE.format(
        service="", revision="autoscaling.knative.dev/minScale: '2', autoscaling.knative.dev/maxScale: '4'"
    ))  # fmt: skip
    with Running(place, "--time-scale", "0.01", "--scale-to-zero-after", "1s") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        wait_for(lambda: len(instances(up, engine)) == 2)
        least = instances(up, engine)
        load(url)
        wait_for(lambda: sum(e["event"] == "stopped" for e in up.so_far()) == 2)
        assert reasons(up) == ["deploy", "deploy", "requests", "requests"]
        wait_for(lambda: len(instances(up, engine)) == 2)
        assert instances(up, engine) == least
        answer(f"{url}/die")
        wait_for(lambda: len(reasons(up)) == 5)
        assert reasons(up)[-1] == "minimum"
        wait_for(lambda: len(instances(up, engine)) == 2)
        assert answer(url)[0] == 200
        assert [e for e in up.so_far() if e["event"] == "sleep"] == []
        assert up.interrupt()[0] == 130


def test_one_that_was_live_and_ends_is_started_for_requests(place: Place) -> None:
    """In the words of an instance that requests need: the deploy is over."""
    place.write(APP, service_yaml=KNATIVE.format(service="", revision=""))
    with Running(place, "--time-scale", "0.01") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        answer(f"{url}/die")
        wait_for(lambda: len(reasons(up)) == 2)
        assert reasons(up) == ["deploy", "requests"]
        wait_for(lambda: answer(url)[0] == 200)
        lines = [e["line"] for e in up.so_far() if e["event"] == "log" and e["stream"] == "platform"]
        assert sum("Reason: AUTOSCALING" in line for line in lines) == 1
        assert up.interrupt()[0] == 130


def test_manual_scaling(place: Place, engine: "DockerClient") -> None:
    """As many as the service says: requests add none, none goes without them."""
    manual = "run.googleapis.com/scalingMode: manual, run.googleapis.com/manualInstanceCount: '3'"
    place.write(APP, service_yaml=KNATIVE.format(service=manual, revision=""))
    with Running(place, "--time-scale", "0.01", "--scale-to-zero-after", "1s") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        wait_for(lambda: len(instances(up, engine)) == 3)
        before = instances(up, engine)
        load(url)
        assert len({answer(url)[1] for _ in range(12)}) == 3
        assert instances(up, engine) == before
        assert reasons(up) == ["deploy"] * 3
        assert up.interrupt()[0] == 130


def test_more_than_run_here(place: Place) -> None:
    """What is turned away because five are the most of this machine, not the platform's, is told with that number."""
    place.write(APP, service_yaml=KNATIVE.format(service="", revision="").replace("Concurrency: 2", "Concurrency: 1"))
    with Running(place) as up, ThreadPoolExecutor(6) as threads:
        url = up.until("live")["url"]
        up.until("verdict")
        asked = [threads.submit(patiently, f"{url}/25") for _ in range(6)]
        told = up.until("diagnostic", lambda e: e["diagnostic"]["code"] == "up/instances-capped")["diagnostic"]
        assert told["fault"] == "gap"
        assert told["message"] == "a request was turned away at 5 instances, the most of a revision that run here"
        assert told["facts"] == ["the platform would have started more, up to 100"]
        assert sorted(one.result() for one in asked) == [200] * 5 + [500]
        assert up.interrupt()[0] == 130
