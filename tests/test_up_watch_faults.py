"""Whatever happens to `emu up --watch`: nothing is lost, nothing is left over, and it goes on or says why it cannot.
The real `emu`, on the real engine."""

import base64
import contextlib
import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emulator.edge.host import resolve_endpoint
from tests.bench.replace import RENDER
from tests.places import Place, Running, answer, get, tidied, wait_for
from tests.socket_cut import Cut
from tests.test_up_replaces import of, saying

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

TWO = RENDER + """\
  - type: web
    name: second
    runtime: docker
"""
INDEX = """
import http.server, time

class Index(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        page = b'<a href="/parcel-1.0-py3-none-any.whl">parcel-1.0-py3-none-any.whl</a>'
        whole = self.path.startswith("/simple")
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if whole else "application/zip")
        self.send_header("Content-Length", str(len(page) if whole else 9000000))
        self.end_headers()
        while not whole:
            self.wfile.write(b"x" * 1000)
            time.sleep(0.05)
        self.wfile.write(page)

server = http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Index)
print("ready", flush=True)
server.serve_forever()
"""


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    """A project that answers "one"; after the test nothing of it may be left."""
    with tidied(tmp_path, engine) as place:
        place.write(saying("one"), render_yaml=RENDER)
        yield place


def serving(up: Running) -> str:
    """Where it serves, once it does."""
    url: str = up.until("live")["url"]
    up.until("verdict")
    return url


def save(place: Place, text: str) -> None:
    (place.root / "app.py").write_text(text)


def goes_on(place: Place, up: Running, url: str, text: str) -> None:
    """The next save serves."""
    save(place, saying(text))
    up.until("verdict", lambda e: e["verdict"] == "live")
    assert answer(url) == (200, text)


# ---- the engine -------------------------------------------------------------------------------------


def test_an_engine_that_starts_again_gets_everything_anew(
    place: Place, engine: "DockerClient", tmp_path: Path
) -> None:
    """Its containers have ended with it. Told once; what was saved meanwhile serves, at the same address."""
    socket = resolve_endpoint(os.environ).socket
    assert socket is not None, "this test needs an engine behind a socket"
    with Running(place, "--watch", env={"DOCKER_HOST": f"unix://{tmp_path / 's'}"}) as up:
        with Cut(socket, tmp_path / "s"):
            url = serving(up)
        lost = up.until("diagnostic")["diagnostic"]
        for container in engine.containers.list(filters=place.labels):
            container.kill()
        save(place, saying("saved meanwhile"))
        time.sleep(1)
        with Cut(socket, tmp_path / "s"):
            up.until("verdict", lambda e: e["verdict"] == "live")
            assert answer(url) == (200, "saved meanwhile")
            goes_on(place, up, url, "later")
            assert up.interrupt()[0] == 130
    assert (lost["code"], lost["fault"]) == ("host/engine-lost", "host")
    assert [e["trigger"] for e in of(up.events, "deploy.started")] == ["up", "recovery", "save"]
    assert up.diagnostics() == ["host/engine-lost"]


@contextlib.contextmanager
def hanging(place: Place, path: Path) -> Iterator[tuple[Running, Cut]]:
    """Watching, over a socket that can be made to stand still."""
    socket = resolve_endpoint(os.environ).socket
    assert socket is not None, "this test needs an engine behind a socket"
    with Cut(socket, path) as cut, Running(place, "--watch", env={"DOCKER_HOST": f"unix://{path}"}) as up:
        yield up, cut


def test_an_engine_that_hangs_is_told_and_waited_for(place: Place, tmp_path: Path) -> None:
    """Within seconds; what serves goes on, and what was saved is deployed when it answers again. Nothing is lost."""
    with hanging(place, tmp_path / "s") as (up, cut):
        url = serving(up)
        cut.flows.clear()
        began = time.monotonic()
        save(place, saying("two"))
        assert up.until("engine.silent")["silent"]
        assert time.monotonic() - began < 12
        assert answer(url) == (200, "one")
        cut.flows.set()
        assert not up.until("engine.silent")["silent"]
        up.until("verdict", lambda e: e["verdict"] == "live")
        assert answer(url) == (200, "two")
        goes_on(place, up, url, "three")
        assert up.interrupt()[0] == 130
    assert [e["trigger"] for e in of(up.events, "deploy.started")] == ["up", "save", "save"]
    assert up.diagnostics() == []


def test_ctrl_c_does_not_wait_for_an_engine_that_hangs(place: Place, tmp_path: Path) -> None:
    """It says what stays; a later `down` removes that."""
    with hanging(place, tmp_path / "s") as (up, cut):
        serving(up)
        cut.flows.clear()
        save(place, saying("two"))
        up.until("engine.silent")
        began = time.monotonic()
        code, _ = up.interrupt()
        assert (code, time.monotonic() - began < 15) == (130, True)
    assert place.emu("down").code == 0


def test_a_builder_that_is_killed_fails_its_deploy_alone(place: Place) -> None:
    """The version before serves on; whose fault it was is told."""
    with Running(place, "--watch") as up:
        url = serving(up)
        place.write(saying("two"), run=f"echo begun {secrets.token_hex(8)} && sleep 60")
        up.until("log", lambda e: e["line"].startswith("begun"))
        for pid in builders(place):
            os.kill(pid, signal.SIGKILL)
        assert up.until("verdict")["verdict"] == "build_failed"
        assert answer(url) == (200, "one")
        place.write(saying("three"))
        up.until("verdict", lambda e: e["verdict"] == "live")
        assert answer(url) == (200, "three")
        up.interrupt()
    failed = of(up.events, "deploy.failed")[0]
    assert (failed["cause"]["fault"], failed["cause"]["code"]) == ("host", "host/builder-ended")


def builders(place: Place) -> list[int]:
    """Processes that build this project."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            words = (entry / "cmdline").read_bytes().split(b"\0") if (entry / "cmdline").exists() else []
            if b"buildx" in words and place.labels["label"].encode() in words:
                found.append(int(entry.name))
    return found


# ---- the disk and the network -----------------------------------------------------------------------


def test_a_disk_that_fills_during_a_build_fails_that_deploy_alone(place: Place) -> None:
    """The version before serves on; told are the disk and what frees it; the next save that fits serves."""
    with Running(place, "--watch") as up:
        url = serving(up)
        fill = "--mount=type=tmpfs,target=/full,size=1048576 head -c 9000000 /dev/zero > /full/x"
        place.write(saying("two"), run=fill)
        assert up.until("verdict")["verdict"] == "build_failed"
        assert answer(url) == (200, "one")
        place.write(saying("three"))
        up.until("verdict", lambda e: e["verdict"] == "live")
        assert answer(url) == (200, "three")
        up.interrupt()
    cause = of(up.events, "deploy.failed")[0]["cause"]
    assert (cause["code"], cause["fault"], "docker builder prune" in cause["help"]) == ("host/disk-full", "host", True)


@contextlib.contextmanager
def index(engine: "DockerClient") -> Iterator[tuple[Any, str]]:
    """A container that has one Python package, and sends it slowly; its address."""
    script = f"import base64; exec(base64.b64decode({base64.b64encode(INDEX.encode()).decode()!r}))"
    container = engine.containers.run("python:3.11-slim", ["python", "-c", script], detach=True)
    try:
        wait_for(lambda: b"ready" in container.logs())
        container.reload()
        yield container, container.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    finally:
        container.remove(force=True)


def test_a_network_that_is_cut_during_a_build_is_not_the_users_fault(place: Place, engine: "DockerClient") -> None:
    """A package is half downloaded: told as what it is; the version before serves on, the next save is deployed."""
    with index(engine) as (container, address), Running(place, "--watch") as up:
        url = serving(up)
        pip = f"pip install --no-cache-dir --retries 0 --trusted-host {address} --index-url http://{address}:8000/simple"
        place.write(saying("two"), run=f"{pip} parcel")
        wait_for(lambda: b"/parcel-1.0" in container.logs())
        container.kill()
        assert up.until("verdict")["verdict"] == "build_failed"
        assert answer(url) == (200, "one")
        place.write(saying("three"))
        up.until("verdict", lambda e: e["verdict"] == "live")
        assert answer(url) == (200, "three")
        up.interrupt()
    cause = of(up.events, "deploy.failed")[0]["cause"]
    assert (cause["code"], cause["fault"], cause["origin"]["line"]) == ("host/network", "host", 2)


def test_a_disk_without_room_for_our_own_files_keeps_nobody_from_deploying(place: Place) -> None:
    """Nothing can be written where emu remembers deploys: that is told, and saves are deployed all the same."""
    with Running(place, "--watch") as up:
        url = serving(up)
        folder = next((place.state / "emu").iterdir())
        wait_for((folder / "history.json").exists)
        with unwritable(folder):
            save(place, saying("two"))
            told = up.until("diagnostic")["diagnostic"]
            up.until("verdict", lambda e: e["verdict"] == "live")
            assert answer(url) == (200, "two")
            assert place.emu("ps").code == 0
        goes_on(place, up, url, "three")
        assert up.interrupt()[0] == 130
    assert (told["code"], told["severity"], told["facts"]) == (
        "host/state-folder", "warning", ["deploy 2 is not among what `emu deploys` lists, nor can be gone back to"],
    )  # fmt: skip


@contextlib.contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """Nothing can be made there: a directory lies where each half-written file would."""
    halves = [folder / f"{name}.json.new" for name in ("deploys", "history", "ports", "values", "control")]
    for half in halves:
        (half / "x").mkdir(parents=True)
    try:
        yield
    finally:
        for half in halves:
            shutil.rmtree(half)


# ---- what others remove -----------------------------------------------------------------------------


def test_a_network_that_others_removed_is_made_anew(place: Place, engine: "DockerClient") -> None:
    (place.root / "render.yaml").write_text(TWO)
    with Running(place, "--watch") as up:
        url = serving(up)
        for network in engine.networks.list(filters=place.labels):
            for container in engine.containers.list(filters=place.labels):
                network.disconnect(container, force=True)
            network.remove()
        goes_on(place, up, url, "two")
        up.interrupt()


def test_an_image_that_others_removed_is_built_anew(place: Place, engine: "DockerClient") -> None:
    """When its container ends there is nothing to start again."""
    with Running(place, "--watch") as up:
        url = serving(up)
        up.process.send_signal(signal.SIGSTOP)
        for container in engine.containers.list(filters=place.labels):
            container.remove(force=True)
        for image in engine.images.list(filters=place.labels):
            engine.images.remove(image.id, force=True)
        up.process.send_signal(signal.SIGCONT)
        up.until("verdict", lambda e: e["verdict"] == "live")
        assert answer(url) == (200, "one")
        up.interrupt()


# ---- stopped, killed, and not alone -----------------------------------------------------------------

PROBED = RENDER + "    healthCheckPath: /\n"


def test_a_long_stop_fails_no_probe_and_makes_none_up(place: Place) -> None:
    """As a laptop that sleeps: afterwards probes go on at their pace, and a save made meanwhile is deployed."""
    (place.root / "render.yaml").write_text(PROBED)
    with Running(place, "--watch", "--time-scale", "0.05") as up:  # a probe every quarter of a second
        url = serving(up)
        up.until("probe", lambda e: e["attempt"] > 1)
        up.process.send_signal(signal.SIGSTOP)
        time.sleep(4)
        save(place, saying("two"))
        time.sleep(2)
        up.so_far()
        stopped, began = len(up.events), time.monotonic()
        up.process.send_signal(signal.SIGCONT)
        up.until("verdict", lambda e: e["verdict"] == "live")
        assert answer(url) == (200, "two")
        seconds = time.monotonic() - began
        up.interrupt()
    probes = of(up.events, "probe")
    assert [p for p in probes if not p["ok"] and p["deploy"] == 1] == []
    assert of(up.events, "restarted") == []
    assert len([p for p in of(up.events[stopped:], "probe") if p["deploy"] == 1]) <= seconds / 0.25 + 2


def test_what_is_asked_of_one_that_ends_is_not_begun(place: Place) -> None:
    """A save that brings a further service, and a restart: nothing of it is there afterwards."""
    place.write(saying("one", first="signal.signal(signal.SIGTERM, lambda *_: (time.sleep(4), os._exit(0)))"))
    with Running(place, "--watch") as up:
        serving(up)
        up.process.send_signal(signal.SIGINT)
        time.sleep(1)
        (place.root / "render.yaml").write_text(TWO)
        restarted = place.emu("restart")
        assert up.ends()[0] == 130
    assert (restarted.code, "just ending" in restarted.err) == (2, True), restarted.err
    assert [e["deploy"] for e in of(up.events, "deploy.started")] == [1]


def test_a_second_watch_deploys_by_the_first_and_ends(place: Place) -> None:
    with Running(place, "--watch") as up:
        url = serving(up)
        with Running(place, "--watch") as second:
            second.until("verdict")
            assert second.ends()[0] == 0
        up.until("verdict")
        goes_on(place, up, url, "two")
        up.interrupt()
    assert [e["trigger"] for e in of(up.events, "deploy.started")] == ["up", "up", "save"]


@pytest.mark.parametrize("_try", range(int(os.environ.get("EMU_RACES", "2"))))
def test_of_two_that_start_at_once_one_serves_and_one_deploys(place: Place, _try: int) -> None:
    """Whichever takes the project; the other one's deploy is made by it, and nobody is turned away."""
    with Running(place) as one, Running(place) as other:
        wait_for(lambda: any(up.process.poll() is not None for up in (one, other)))
        ended, serves = (one, other) if one.process.poll() is not None else (other, one)
        assert ended.ends()[0] == 0
        assert ended.events[-1]["verdict"] == "live"
        wait_for(lambda: len(of(serves.so_far(), "verdict")) == 2)
        assert get(of(serves.events, "live")[-1]["url"]) == 200
        assert serves.interrupt()[0] == 130
