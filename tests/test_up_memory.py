"""A process that is killed for lack of memory while the first one of its container goes on."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.places import Place, Running, get, tidied, wait_for

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(90)]

FORKS = """\
import http.server, os, subprocess, sys
HUNGRY = "kept = [bytearray(8 * 1024 * 1024) for _ in range(200)]"
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/eat":
            print("the worker ended with", subprocess.run([sys.executable, "-c", HUNGRY]).returncode, flush=True)
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
LINES = {
    "render": "==> Out of memory (used over 512Mi)",
    "cloud-run": (
        "Memory limit of 512 MiB exceeded with 512 MiB used. Consider increasing the memory limit, see "
        "https://cloud.google.com/run/docs/configuring/memory-limits"
    ),
}


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    with tidied(tmp_path, engine) as place:
        yield place


@pytest.mark.parametrize("platform", LINES)
def test_a_worker_killed_for_its_memory_is_told(place: Place, platform: str) -> None:
    """The service goes on, as its first process does; the platform's own line says what happened."""
    place.write(FORKS)
    with Running(place, "--platform", platform) as up:
        url = up.until("live")["url"]
        up.until("verdict")
        assert get(f"{url}/eat") == 200
        assert up.until("oom")["limit_mib"] == 512
        up.until("log", lambda event: event["line"] == LINES[platform])
        assert get(url) == 200
        assert not any(event["event"] == "restarted" for event in up.so_far())
        up.process.send_signal(signal.SIGINT)
        assert up.ends()[0] == 130


GROWS = FORKS.replace('subprocess.run([sys.executable, "-c", HUNGRY]).returncode', "exec(HUNGRY)")


def test_a_first_process_killed_for_its_memory_is_told_once(place: Place) -> None:
    """As its own end, not as that of a worker of a process that goes on."""
    place.write(GROWS)
    with Running(place, "--platform", "render") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        assert get(f"{url}/eat") == 502
        assert up.until("stopped")["oom"]
        wait_for(lambda: [e["event"] for e in up.so_far()].count("live") == 2)
        assert not any(e["event"] == "oom" for e in up.so_far())
        assert [e["line"] for e in up.so_far() if e["event"] == "log"].count(LINES["render"]) == 1
        up.process.send_signal(signal.SIGINT)
        assert up.ends()[0] == 130


WRITES = """\
import http.server, os, time
BLOCK = b"x" * (1 << 20)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/write":
            with open("/tmp/report", "wb") as file:
                for _ in range(4096):
                    file.write(BLOCK)
                    time.sleep(0.005)  # as from a network: a disk alone may take it all between two looks
        self.send_response(200)
        self.end_headers()
print("starts with", os.listdir("/tmp"), flush=True)
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""


def test_files_written_in_a_request_count_as_memory(place: Place) -> None:
    """The instance dies while it answers, in the platform's words with what was in use; another takes its place, and
    finds nothing of what was written."""
    place.write(WRITES)
    with Running(place, "--platform", "cloud-run") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        assert get(url) == 200
        assert get(f"{url}/write") == 503
        stopped = up.until("stopped")
        assert stopped["oom"]
        assert stopped["used_mib"] >= 512
        line = f"Memory limit of 512 MiB exceeded with {stopped['used_mib']} MiB used. Consider increasing"
        up.until("log", lambda event: event["line"].startswith(line))
        said = "GET 503 /write While handling this request, the container instance was found to be using too much"
        wait_for(lambda: any(e["event"] == "log" and e["line"].startswith(said) for e in up.so_far()))
        wait_for(lambda: [e["event"] for e in up.so_far()].count("live") == 2)
        assert [e["line"] for e in up.events if e["event"] == "log"].count("starts with []") == 2
        assert get(url) == 200
        up.process.send_signal(signal.SIGINT)
        assert up.ends()[0] == 130


JOB = """\
apiVersion: run.googleapis.com/v1
kind: Job
metadata: {name: nightly}
spec:
  template:
    spec:
      template:
        spec:
          maxRetries: 0
          containers:
            - image: nightly
"""


def test_files_of_a_job_count_as_memory(place: Place) -> None:
    """A task that fills its memory with files has failed for it."""
    export = "with open('/tmp/export', 'wb') as file:\n    for _ in range(8192): file.write(b'x' * (1 << 20))\n"
    place.write(export, job_yaml=JOB)
    events = place.emu("up", "--once", "--format", "json", "--config", "job.yaml").lines()
    [stopped] = [event for event in events if event["event"] == "stopped"]
    assert stopped["oom"]
    assert stopped["used_mib"] >= 512
    assert events[-1]["verdict"] == "failed"
    assert events[-1]["services"][0]["cause"]["code"] == "start/out-of-memory"
    assert "are files it wrote" in events[-1]["services"][0]["cause"]["facts"][1]


def test_files_of_a_job_that_ends_at_once_count_too(place: Place) -> None:
    """It wrote more than its memory and had ended before anybody looked: on the platform it would not have."""
    export = "import os\nwith open('/tmp/export', 'wb') as file: os.posix_fallocate(file.fileno(), 0, 600 << 20)\n"
    place.write(export, job_yaml=JOB)
    events = place.emu("up", "--once", "--format", "json", "--config", "job.yaml").lines()
    [stopped] = [event for event in events if event["event"] == "stopped"]
    assert stopped["oom"]
    assert events[-1]["verdict"] == "failed"
