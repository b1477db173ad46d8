"""An image whose user it does not know, on each platform. The real `emu`, on the real engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.places import Place, Running, answer, tidied

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

APP = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{os.getuid()} {os.getgid()} {os.environ['HOME']}".encode())
    def log_message(self, *_): pass
http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
JOB = """\
apiVersion: run.googleapis.com/v1
kind: Job
metadata: {name: shop}
spec:
  template:
    spec:
      taskCount: 2
      template:
        spec: {containers: [{image: shop}]}
"""

SERVICE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
        - image: shop
          command: [python, /app.py]
          workingDir: /srv/elsewhere
"""


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    with tidied(tmp_path, engine) as place:
        yield place


def write(place: Place, app: str, user: str, **files: str) -> None:
    place.write(app, **files)
    dockerfile = place.root / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("CMD", f"USER {user}\nCMD"))


def told(events: list[dict], code: str) -> list[dict]:  # type: ignore[type-arg]
    return [e["diagnostic"] for e in events if e["event"] == "diagnostic" and e["diagnostic"]["code"] == code]


def test_cloud_run_runs_it_as_root(place: Place) -> None:
    """The name is told once; started as an image whose user is root."""
    write(place, APP, "ghost")
    with Running(place, "--platform", "cloud-run") as up:
        url = up.until("live")["url"]
        assert up.until("verdict")["verdict"] == "live"
        assert answer(url)[1] == "0 0 /root"
        assert up.interrupt()[0] == 130
    [warned] = told(up.events, "start/user-unknown")
    assert warned["message"] == "it runs as root: the image's user ghost is not in its /etc/passwd"
    assert [e["attempt"] for e in up.events if e["event"] == "container.started"] == [1]


def test_so_do_the_tasks_of_a_job(place: Place) -> None:
    """Each task once, and each to its end."""
    write(place, "import os\nprint('uid', os.getuid(), flush=True)\n", "ghost", job_yaml=JOB)
    ran = place.emu("up", "--once", "--format", "json")
    assert ran.code == 0, ran.err
    lines = [e["line"] for e in ran.lines() if e["event"] == "log" and e["stream"] == "stdout"]
    assert lines == ["uid 0", "uid 0"]
    assert len(told(ran.lines(), "start/user-unknown")) == 1
    assert len([e for e in ran.lines() if e["event"] == "container.started"]) == 2


@pytest.mark.parametrize(("platform", "user"), [("render", "ghost"), ("cloud-run", "root:ghosts"), ("cloud-run", "7")])
def test_what_stays_as_it_is(place: Place, platform: str, user: str) -> None:
    """Another platform, a group that is not known, and a number."""
    write(place, APP, user)
    ran = place.emu("up", "--once", "--format", "json", "--platform", platform)
    assert told(ran.lines(), "start/user-unknown") == []
    verdict = ran.lines()[-1]
    if user == "7":
        assert verdict["verdict"] == "live"
    else:
        assert verdict["services"][0]["cause"]["code"] == "start/user-not-found"


def test_it_starts_in_the_directory_that_the_service_names(place: Place) -> None:
    """Whatever the image's WORKDIR is."""
    place.write(APP.replace("os.getuid()", "os.getcwd()"), service_yaml=SERVICE)
    with Running(place, "--platform", "cloud-run") as up:
        url = up.until("live")["url"]
        assert up.until("verdict")["verdict"] == "live"
        assert answer(url)[1].startswith("/srv/elsewhere ")
        assert up.interrupt()[0] == 130
