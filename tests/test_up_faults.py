"""Whatever happens to `emu up`: one clear diagnostic, the right exit code, nothing left behind, nothing of the user's
changed. The real `emu`, on the real engine."""

import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emulator.edge.host import resolve_endpoint
from tests.places import SOON_S, Place, Running, get, processes_about, tidied, wait_for
from tests.running_emu import CHECKOUT, EMU, environment
from tests.socket_cut import Cut

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

SERVES = """\
import http.server, os
http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
SLEEPS = "import time; time.sleep(600)\n"
SLOW_TO_END = """\
import http.server, os, signal, time
signal.signal(signal.SIGTERM, lambda *_: time.sleep(20))
http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def nap() -> str:
    """A command that takes a minute, and that no cache has."""
    return f"sleep 6{secrets.randbelow(10)}.{secrets.randbelow(10**9):09}"


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    """A project; after the test nothing of it may be left."""
    with tidied(tmp_path, engine) as place:
        place.write(SERVES)
        yield place


SIGNALS = [pytest.param(signal.SIGINT, 130, id="Ctrl-C"), pytest.param(signal.SIGTERM, 143, id="SIGTERM")]


# ---- interrupted ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_interrupt_while_planning(place: Place, number: int, code: int) -> None:
    """Before anything is built: exit 130 or 143, and one word about it."""
    pipe = place.root.parent / "variables"
    os.mkfifo(pipe)  # reading it waits until somebody writes
    with Running(place, "--env-file", str(pipe)) as up:
        time.sleep(0.4)
        up.process.send_signal(number)
        assert up.ends() == (code, "\ninterrupted\n")


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_interrupt_while_building(place: Place, number: int, code: int) -> None:
    """The build ends with us, on this side and inside the engine."""
    sleep = nap()
    place.write(SERVES, run=f"echo begun && {sleep}")
    before = place.files()
    with Running(place, "--once") as up:
        up.until("log", lambda event: event["line"] == "begun")
        up.process.send_signal(number)
        assert up.ends() == (code, "\ninterrupted\n")
    assert up.events[-1]["verdict"] == "canceled"
    assert place.files() == before
    wait_for(lambda: processes_about(sleep) == [])


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_interrupt_while_booting(place: Place, number: int, code: int) -> None:
    """A container that is not live yet is removed without ceremony, and a verdict says that it was canceled."""
    place.write(SLEEPS)
    with Running(place, "--once") as up:
        up.until("container.started")
        began = time.monotonic()
        up.process.send_signal(number)
        assert up.ends() == (code, "\ninterrupted\n")
    assert time.monotonic() - began < 3
    assert up.events[-1]["verdict"] == "canceled"


@pytest.mark.parametrize(("number", "code"), [*SIGNALS, pytest.param(signal.SIGHUP, 129, id="SIGHUP")])
def test_interrupt_while_serving(place: Place, number: int, code: int) -> None:
    """The service is stopped as the platform would and removed; one that cannot hear its signal at once."""
    with Running(place) as up:
        up.until("verdict")
        began = time.monotonic()
        up.process.send_signal(number)
        assert up.ends()[0] == code
    stopped = next(e for e in up.events if e["event"] == "stopped")
    assert (stopped["signal"], stopped["graceful"]) == ("SIGTERM", False)
    assert time.monotonic() - began < 5


def test_a_second_interrupt_cuts_the_grace_and_not_the_tidying(place: Place) -> None:
    """Ctrl-C twice, and a third time for good measure: the service that takes its time is killed, and removed."""
    place.write(SLOW_TO_END)
    with Running(place) as up:
        up.until("verdict")
        began = time.monotonic()
        for _ in range(3):
            up.process.send_signal(signal.SIGINT)
            time.sleep(0.3)
        assert up.ends()[0] == 130
    assert time.monotonic() - began < 10


# ---- killed -----------------------------------------------------------------------------------------


def test_what_a_killed_emu_leaves_is_found_and_removed(place: Place, engine: "DockerClient") -> None:
    """After kill -9 `ps` shows the container, the next `up` replaces it, and after another `down` removes it."""
    for clean_up in (("up", "--once"), ("down",)):
        with Running(place) as up:
            up.until("verdict")
            up.process.kill()
        listed = place.emu("ps", "--format", "json").document()["containers"]
        assert [entry["state"] for entry in listed] == ["running"]
        verb, *options = clean_up
        ran = place.emu(verb, *options)
        assert ran.code == 0, ran.err
        assert engine.containers.list(all=True, filters=place.labels) == []


@pytest.mark.parametrize("clean_up", ["up", "down"])
def test_a_build_that_outlives_its_emu_is_ended(place: Place, clean_up: str) -> None:
    """After kill -9 in the middle of a build, the next `up` or `down` ends the builder and removes its folder."""
    sleep = nap()
    place.write(SERVES, run=f"echo begun && {sleep}")
    with Running(place) as up:
        up.until("log", lambda event: event["line"] == "begun")
        up.process.kill()
        up.process.wait()
    assert processes_about(sleep) != []
    place.write(SERVES)
    assert place.emu(clean_up, *(["--once"] if clean_up == "up" else [])).code == 0
    wait_for(lambda: processes_about(sleep) == [] and processes_about(str(place.temporary)) == [])


def test_down_ends_a_running_up(place: Place) -> None:
    """`emu down` beside a running `emu up` ends it, and tells so."""
    with Running(place) as up:
        up.until("verdict")
        ran = place.emu("down")
        assert (ran.code, "the running `emu up`" in ran.out) == (0, True)
        assert up.ends()[0] == 143


# ---- the container ----------------------------------------------------------------------------------


def test_container_removed_while_booting(place: Place, engine: "DockerClient") -> None:
    """Somebody else removes it: it is started again, as one that crashed."""
    place.write(SLEEPS)
    with Running(place, "--once") as up:
        first = up.until("container.started")
        engine.containers.get(first["id"]).remove(force=True)
        assert up.until("container.started")["attempt"] == 2
        up.process.send_signal(signal.SIGINT)
        assert up.ends()[0] == 130


@pytest.mark.parametrize("how", ["kill", "remove"])
def test_container_ended_by_others_while_serving(place: Place, engine: "DockerClient", how: str) -> None:
    """As on the platform it is started again, at the same address."""
    with Running(place) as up:
        up.until("verdict")
        first = next(e for e in up.events if e["event"] == "container.started")
        container = engine.containers.get(first["id"])
        container.kill() if how == "kill" else container.remove(force=True)
        up.until("restarted")
        live = up.until("live")
        assert live["url"] == first["url"]
        assert get(live["url"]) == 200
        up.process.send_signal(signal.SIGINT)
        assert up.ends()[0] == 130


# ---- the engine -------------------------------------------------------------------------------------


def test_no_engine(place: Place) -> None:
    """Exit 3 with one diagnostic, for people and for programs alike."""
    nowhere = "unix:///nonexistent/docker.sock"
    told = place.emu("up", "--once", DOCKER_HOST=nowhere)
    assert (told.code, told.err.count("error["), "host/no-engine" in told.err) == (3, 1, True)
    with Running(place, "--once", env={"DOCKER_HOST": nowhere}) as up:
        code, stderr = up.ends()
    assert (code, up.diagnostics(), stderr.count("error[")) == (3, ["host/no-engine"], 1)
    assert up.events[-1]["verdict"] == "canceled"


@pytest.fixture
def cut(tmp_path: Path) -> Iterator[Cut]:
    """A way to the engine that can be cut."""
    found = resolve_endpoint(os.environ).socket
    assert found is not None, "this test needs an engine behind a socket"
    with Cut(found, tmp_path / "s") as between:
        yield between


def test_engine_lost_while_building(place: Place, cut: Cut) -> None:
    """Exit 3 and one diagnostic; nothing hangs."""
    sleep = nap()
    place.write(SERVES, run=f"echo begun && {sleep}")
    with Running(place, "--once", env={"DOCKER_HOST": cut.url}) as up:
        up.until("log", lambda event: event["line"] == "begun")
        cut.now()
        code, stderr = up.ends()
    assert (code, stderr.count("error[")) == (3, 1)
    assert up.diagnostics()[0] in ("host/engine-lost", "host/no-engine")
    wait_for(lambda: processes_about(sleep) == [])


@pytest.mark.parametrize("serving", [False, True], ids=["while booting", "while serving"])
def test_engine_lost(place: Place, cut: Cut, *, serving: bool) -> None:
    """Exit 3 and one diagnostic; what it left is removed as soon as the engine is back."""
    place.write(SERVES if serving else SLEEPS)
    with Running(place, env={"DOCKER_HOST": cut.url}) as up:
        up.until("verdict" if serving else "container.started")
        cut.now()
        code, stderr = up.ends()
    assert (code, stderr.count("error[")) == (3, 1)
    assert up.diagnostics()[0] in ("host/engine-lost", "host/no-engine")
    assert "`emu down`" in " ".join(stderr.split())
    assert "1 container" in place.emu("down").out


# ---- this machine -----------------------------------------------------------------------------------


def test_state_folder_that_cannot_be_written(place: Place) -> None:
    """A file where the folder should be: said with its path, and what to do."""
    place.state.write_text("")
    ran = place.emu("up", "--once")
    assert ran.code == 3
    assert ran.err.count("error[host/state-folder]") == 1
    assert str(place.state) in ran.err


def test_cache_that_cannot_be_written(place: Place) -> None:
    """The same for the folder where builds are prepared."""
    Path(place.env["XDG_CACHE_HOME"]).write_text("")
    ran = place.emu("up", "--once")
    assert (ran.code, ran.err.count("error[host/cache]")) == (3, 1)


def test_two_at_once(place: Place) -> None:
    """The second `emu up` of a project is refused, and the first goes on."""
    with Running(place) as up:
        url = up.until("live")["url"]
        ran = place.emu("up", "--once")
        assert ran.code == 2
        assert f"as process {up.process.pid}" in ran.err
        assert get(url) == 200
        up.process.send_signal(signal.SIGINT)
        assert up.ends()[0] == 130


def test_remembered_port_is_taken(place: Place) -> None:
    """Another program has the port of last time: the service gets another one, and keeps that."""
    with Running(place, "--once") as first:
        url = first.until("live")["url"]
        first.ends()
    with socket.create_server(("127.0.0.1", int(url.rpartition(":")[2]))), Running(place, "--once") as second:
        moved = second.until("diagnostic", lambda event: event["diagnostic"]["code"] == "up/port-taken")["diagnostic"]
        other = second.until("live")["url"]
        assert second.ends()[0] == 0
    assert other != url
    assert f"taken by process {os.getpid()} " in moved["message"]
    assert other in moved["facts"][0]
    with Running(place, "--once") as third:
        assert third.until("live")["url"] == other
        third.ends()


def test_nobody_reads(place: Place) -> None:
    """`emu up | head -1`: it ends, and takes its container with it."""
    place.write(SERVES)
    command = [*EMU, "up", "--format", "json", "--root", str(place.root)]
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=environment(place.env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=SOON_S) == 141
        assert "Traceback" not in process.stderr.read()
