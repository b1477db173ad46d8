"""Revisions beside each other, and instances that follow their requests. The real `emu`, on the real engine."""

import json
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.places import Place, Running, answer, tidied, wait_for

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(150)]

APP = """
import http.server, os, sys, threading, time
running, most, lock = 0, 0, threading.Lock()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(float(self.path[1:] or 0))
        with lock:
            running -= 1
        body = f"{os.environ['K_REVISION']} {most} {VERSION}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
if os.path.exists("/never") or os.environ.get("FAILS"):
    sys.exit("no")
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
KNATIVE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: shop
spec:
  template:
    metadata:
      annotations:
        autoscaling.knative.dev/maxScale: "{most}"
    spec:
      containerConcurrency: {at_once}
      containers:
        - image: shop
{traffic}"""
STARTS_FOR_S = 10
"""From its build on: long enough to boot once and to fall asleep."""
FIRST, SECOND = "shop-00001-vah", "shop-00002-vah"


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    with tidied(tmp_path, engine) as place:
        yield place


def write(place: Place, version: int = 1, *, most: int = 3, at_once: int = 80, traffic: str = "") -> None:
    entries = f"  traffic:\n{traffic}" if traffic else ""
    knative = KNATIVE.format(most=most, at_once=at_once, traffic=entries)
    place.write(f"VERSION = {version}\n{APP}", service_yaml=knative)


def revision(url: str, host: str = "shop") -> str:
    with urllib.request.urlopen(urllib.request.Request(f"{url}/", headers={"Host": host}), timeout=20) as answered:
        return answered.read().decode().split()[0]


def patiently(url: str) -> tuple[int, str]:
    """Status and body, by a client that waits for longer than the platform."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answered:
            return answered.status, answered.read().decode()
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, problem.read().decode()


def names(url: str, host: str = "shop", times: int = 20) -> Counter[str]:
    return Counter(revision(url, host) for _ in range(times))


def end(up: Running, *kinds: str) -> list[Any]:
    """What it told of these kinds, up to its end."""
    assert up.interrupt()[0] == 130
    return [event for event in up.events if event["event"] in kinds]


def test_two_revisions_share_the_requests(place: Place) -> None:
    """By the second one's file: each serves under its own name, a tag leads to one alone, and the shares change while
    all runs; the one that nobody gets to any more ends."""
    write(place)
    with Running(place) as up:
        url = up.until("live")["url"]
        up.until("verdict")
        first = revision(url)
        assert first.startswith("shop-00001-")
        second = first.replace("00001", "00002")
        traffic = (
            f"    - revisionName: {first}\n      percent: 75\n      tag: before\n"
            "    - latestRevision: true\n      percent: 25\n"
        )
        write(place, 2, traffic=traffic)
        deployed = place.emu("up", "--format", "json")
        assert deployed.code == 0, deployed.err
        [live] = [event for event in deployed.lines() if event["event"] == "live"]
        assert live["revision"] == second
        assert names(url) == {first: 15, second: 5}
        assert names(url, "before---shop.localhost", 5) == {first: 5}
        told = json.loads(place.emu("traffic", "--format", "json").out)["services"][0]["split"]
        assert [(one["revision"], one["percent"], one["instances"], one["tags"]) for one in told] == [
            (first, 75, 1, ["before"]), (second, 25, 1, [])
        ]  # fmt: skip
        assert place.emu("traffic", "LATEST=50").code == 2
        assert place.emu("traffic", "LATEST=100", "--clear-tags").code == 0
        assert names(url, times=6) == {second: 6}
        stopped = up.until("stopped")
        assert (stopped["deploy"], stopped["signal"]) == (1, "SIGTERM")
        assert place.emu("traffic", f"{first}=100").code == 0
        wait_for(lambda: names(url, times=2) == {first: 2})
        end(up)


def test_traffic_for_a_revision_that_is_not_there(place: Place) -> None:
    """The deploy is refused before anything is built."""
    write(place, traffic="    - revisionName: shop-00007-abc\n      percent: 100\n")
    with Running(place, "--once") as up:
        verdict = up.until("verdict")
        assert verdict["verdict"] == "refused"
        assert verdict["services"][0]["cause"]["code"] == "up/no-such-revision"
        assert up.ends()[0] == 1
    assert not [event for event in up.events if event["event"].startswith("build.")]


def test_cr_38_no_traffic(place: Place) -> None:
    """Refused for a new service, in gcloud's words; beside a revision that serves it is started, checked and reached by
    its tag alone, and the next deploy's requests stay where they are, too."""
    place.write(f"VERSION = 1\n{APP}")
    new = place.emu("up", "--once", "--format", "json", "--gcloud", "run deploy shop --source . --no-traffic")
    assert new.code == 1
    [failed] = [event for event in new.lines() if event["event"] == "deploy.failed"]
    assert failed["reason"] == "--no-traffic not supported when creating a new service."
    with Running(place, "--gcloud", "run deploy shop --source .") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        first = revision(url)
        place.write(f"VERSION = 2\n{APP}")
        held = place.emu(
            "up", "--format", "json", "--gcloud", "run deploy shop --source . --no-traffic --tag canary"
        )  # fmt: skip
        assert held.code == 0
        lines = [e["line"] for e in held.lines() if e["event"] == "log" and e["stream"] == "platform"]
        second = first.replace("00001", "00002")
        assert f"Service [shop] revision [{second}] has been deployed and is serving 0 percent of traffic." in lines
        assert any(line.startswith("Default STARTUP TCP probe succeeded") for line in lines)
        assert names(url, times=5) == {first: 5}
        assert names(url, "canary---shop", 3) == {second: 3}
        assert place.emu("up", "--gcloud", "run deploy shop --source .").code == 0
        assert names(url, times=5) == {first: 5}
        end(up)


def test_instances_follow_the_requests_and_lose_none(place: Place) -> None:
    """No instance has more than its concurrency, more are started for what waits, up to the most, and go again when
    they are not needed; every request is answered."""
    write(place, at_once=4)
    with Running(place, "--time-scale", "0.01") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        with ThreadPoolExecutor(24) as threads:
            asked = list(threads.map(lambda _: answer(f"{url}/0.2"), range(240)))
        assert {status for status, _ in asked} == {200}
        assert max(int(body.split()[1]) for _, body in asked) == 4
        wait_for(lambda: sum(e["event"] == "stopped" for e in up.so_far()) == 2)
        started = [e["reason"] for e in up.events if e["event"] == "container.started"]
        assert started == ["deploy", "requests", "requests"]
        lines = [e["line"] for e in up.events if e["event"] == "log" and e["stream"] == "platform"]
        assert sum("Reason: AUTOSCALING - Instance started due to" in line for line in lines) == 2
        assert answer(url)[0] == 200
        end(up)


def test_too_many_requests_for_the_most_instances(place: Place) -> None:
    """What has waited for too long is answered 429, and stands in the request log."""
    write(place, most=1, at_once=1)
    with Running(place, "--time-scale", "0.05") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        began = threading.Thread(target=patiently, args=(f"{url}/12",))
        began.start()
        time.sleep(0.3)
        status, body = patiently(f"{url}/0")
        assert (status, body.strip()) == (429, "The request was aborted because there was no available instance.")
        refused = up.until("request")
        assert (refused["reason"], refused["status"], refused["path"]) == ("saturated", 429, "/0")
        line = up.until("log", lambda event: event["stream"] == "platform")["line"]
        assert line == "GET 429 /0 The request was aborted because there was no available instance."
        began.join()
        end(up)


def test_scale_to_zero_and_cold_start(place: Place) -> None:
    """The first request waits for an instance, which is started for it; what a deploy decided stays."""
    write(place)
    with Running(place, "--scale-to-zero-after", "2s") as up:
        url = up.until("live")["url"]
        assert up.until("sleep")["asleep"] is True
        assert up.until("stopped")["signal"] == "SIGTERM"
        with ThreadPoolExecutor(3) as threads:
            asked = list(threads.map(lambda _: answer(url), range(3)))
        assert {status for status, _ in asked} == {200}
        assert up.until("container.started")["reason"] == "requests"
        told = end(up, "container.started", "deploy.failed")
        assert [event["event"] for event in told] == ["container.started"] * 2


def test_a_cold_start_that_fails(place: Place) -> None:
    """500 in the platform's words; the service is still there, and the next request tries again."""
    write(place)
    app = f"VERSION = 1\nimport sys, time\nif time.time() > float(open('/until').read()): sys.exit('no more')\n{APP}"
    (place.root / "app.py").write_text(app)
    until = f"import time; print(time.time() + {STARTS_FOR_S})"
    (place.root / "Dockerfile").write_text(
        f"FROM python:3.11-slim\nRUN : {secrets.token_hex()} && python -c '{until}' > /until\nCOPY app.py /\n"
        'CMD ["python", "-u", "/app.py"]\n'
    )
    with Running(place, "--scale-to-zero-after", "1s", "--time-scale", "0.02") as up:
        up.until("build.finished")
        no_more = time.monotonic() + STARTS_FOR_S
        url = up.until("live")["url"]
        assert up.until("sleep")["asleep"] is True
        time.sleep(max(0.0, no_more - time.monotonic()))
        for _ in range(2):
            status, body = patiently(url)
            assert status == 500
            assert body.strip() == "The request failed because the instance could not start successfully."
        assert up.until("request")["reason"] == "unstarted"
        assert up.until("diagnostic")["diagnostic"]["fault"] == "app"
        told = end(up, "deploy.failed")
        assert told == []
