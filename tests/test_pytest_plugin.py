"""The pytest plugin as a project's own tests use it, with real services and their faults."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.testing import DeployFailed, Up
from tests.places import Place, get, left_behind, wait_for
from tests.running_emu import CHECKOUT

pytestmark = pytest.mark.docker
StartUp = Callable[..., Up]

APP = """\
import http.server, os, time
print("begins", os.getpid(), flush=True)
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/eat":
            global kept
            kept = bytearray(os.urandom(1)) * (200 * 2**20)
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ.get("WORD", "none").encode())
http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Page).serve_forever()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path)
    place.write(APP)
    for name, value in place.env.items():
        monkeypatch.setenv(name, value)
    return place


def text(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def test_it_is_live_with_its_address_logs_and_events(emu_up: StartUp, place: Place) -> None:
    up = emu_up(place.root, env={"WORD": "blue"})
    assert up.services == ("shop",)
    assert text(up.url) == text(up.url_of("shop")) == "blue"
    wait_for(lambda: any(line.startswith("begins") for line in up.logs("shop")))
    assert up.plan["platform"] == "render"
    assert up.logs(stream="platform")
    assert up.wait_for("live")["seconds"] > 0
    with pytest.raises(LookupError, match="the services are shop"):
        up.url_of("other")
    with pytest.raises(TimeoutError):
        up.wait_for("cron", timeout_s=0.1)


def test_what_is_not_live_fails_the_test_with_its_cause(emu_up: StartUp, place: Place) -> None:
    """The message has the cause, its place, what to do, and what the app said last."""
    place.write("import flask\n")
    with pytest.raises(DeployFailed) as found:
        emu_up(place.root, "--build-anyway")
    assert found.value.verdicts == {"shop": "boot_failed"}
    assert "  | ModuleNotFoundError: No module named 'flask'" in str(found.value)
    (place.root / "Dockerfile").write_text('FROM python:3.11-slim\nCMD ["python", "nowhere.py"]\n')
    with pytest.raises(DeployFailed, match=r"start/file-not-found.*\n.*"):
        emu_up(place.root)


def test_a_failure_is_shown_at_the_line_of_the_test(emu_up: StartUp, place: Place) -> None:
    """What pytest hides is decided frame by frame: all of ours are."""
    with pytest.raises(DeployFailed) as found:
        emu_up(place.root / "nowhere")
    shown = [entry for entry in found.traceback if not entry.ishidden(found)]
    assert [entry.path for entry in shown] == [Path(__file__)]


def test_faults_are_the_platforms_own(emu_up: StartUp, place: Place) -> None:
    """A restart, a crash, a freeze, and less memory than the app needs: each seen, each survived."""
    up = emu_up(place.root)
    first = len(up.logs())
    up.restart()
    assert get(up.url) == 200
    wait_for(lambda: len(up.logs()) > first)
    up.restart("shop")
    assert [event["deploy"] for event in up.events if event["event"] == "live"] == [1, 2, 3]
    with pytest.raises(DeployFailed, match="did you mean shop"):
        up.restart("shap")
    seen = len(up.events)
    up.kill()
    up.wait_for("container.started", after=seen, timeout_s=60)
    wait_for(lambda: get(up.url) == 200)
    begun = time.monotonic()
    up.freeze(seconds=1.5)
    assert get(up.url) == 200
    assert time.monotonic() - begun >= 1.5
    seen = len(up.events)
    up.limit_memory(64)
    with pytest.raises((urllib.error.HTTPError, OSError)):
        text(up.url + "/eat")
    assert up.wait_for("stopped", after=seen, timeout_s=60)["oom"]


def test_a_slow_start_takes_its_time(emu_up: StartUp, place: Place) -> None:
    up = emu_up(place.root, slow_start_s=3)
    assert up.wait_for("live")["seconds"] >= 3


def test_nothing_is_left_when_it_is_closed(place: Place, engine: object) -> None:
    with Up(place.root) as up:
        assert get(up.url) == 200
    up.close()
    assert left_behind(place, engine) == []  # type: ignore[arg-type]


def test_workers_take_turns(place: Place) -> None:
    """A second `up` would be a deploy of the first, and gone with it: one begins when the other has ended."""
    program = f"from emulator.testing import Up\nwith Up({str(place.root)!r}) as up: print(up.url, flush=True)"
    command = [sys.executable, "-c", program]
    up = Up(place.root)
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as other:
        with up:
            time.sleep(3)
            assert other.poll() is None
            with Up(place.root) as again:  # of this process: the next deploy
                assert again.services == ("shop",)
            assert text(up.url) == "none"
        assert other.communicate(timeout=60)[0].strip() == up.url
    assert other.returncode == 0


def test_one_for_the_whole_run_is_shared(emu_up_session: StartUp, place: Place) -> None:
    assert emu_up_session(place.root) is emu_up_session(place.root)
