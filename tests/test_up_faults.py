"""Whatever happens to `emu up`: one clear diagnostic, the right exit code, nothing left behind, nothing of the user's
changed. The real `emu`, on the real engine."""

import hashlib
import json
import os
import queue
import secrets
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from emulator.edge.host import resolve_endpoint
from emulator.engine.labels import PROJECT, project_id
from tests.processes import command_lines
from tests.running_emu import CHECKOUT, EMU, Ran, environment, published, run_emu
from tests.socket_cut import Cut

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

SOON_S = 40

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


class Place:
    """A project in a folder of its own, with its state and temporary files beside it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "shop"
        self.temporary = folder / "tmp"
        self.state = folder / "state"
        self.temporary.mkdir()
        self.root.mkdir()
        self.env: dict[str, str] = {
            "TMPDIR": str(self.temporary),
            "XDG_STATE_HOME": str(self.state),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }

    def write(self, app: str, *, run: str = "true") -> None:
        (self.root / "app.py").write_text(app)
        dockerfile = f'FROM python:3.11-slim\nRUN {run}\nCOPY app.py .\nCMD ["python", "-u", "app.py"]\n'
        (self.root / "Dockerfile").write_text(dockerfile)

    def files(self) -> dict[str, str]:
        """What the user has, by content."""
        found = [path for path in self.root.rglob("*") if path.is_file()]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}

    def emu(self, verb: str, *arguments: str, **env: str) -> Ran:
        return run_emu(verb, "--root", str(self.root), *arguments, env={**self.env, **env})

    @property
    def labels(self) -> dict[str, str]:
        return {"label": f"{PROJECT}={project_id(str(self.root))}"}


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    """A project; after the test nothing of it may be left, and its files are as they were."""
    place = Place(tmp_path)
    place.write(SERVES)
    yield place
    try:
        assert left_behind(place, engine) == []
    finally:
        for container in engine.containers.list(all=True, filters=place.labels):
            container.remove(force=True, v=True)
        for image in engine.images.list(filters=place.labels):
            engine.images.remove(image.id, force=True)


def left_behind(place: Place, engine: "DockerClient") -> list[str]:
    """Containers, networks, temporary files and processes."""
    left = [c.name for c in engine.containers.list(all=True, filters=place.labels)]
    left += [n.name for n in engine.networks.list(filters=place.labels)]
    left += [path.name for path in place.temporary.iterdir()]
    return left + processes_about(str(place.root.parent))


def processes_about(text: str) -> list[str]:
    """The command lines of this machine's processes that hold `text`, other than the tests' own."""
    return [line for line in command_lines() if text in line and "pytest" not in line]


class Running:
    """`emu up` in a process of its own, its events as they come."""

    def __init__(self, place: Place, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [*EMU, "up", "--format", "json", "--root", str(place.root), *arguments], cwd=CHECKOUT,
            env=environment({**place.env, **(env or {})}), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, preexec_fn=_as_from_a_terminal,  # noqa: PLW1509 - no threads in it yet
        )  # fmt: skip
        self.events: list[Any] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line)
        self._lines.put(None)

    def until(self, kind: str, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        """The next event of a kind. Fails when the output ends, or takes too long, before."""
        deadline = time.monotonic() + SOON_S
        while True:
            line = self._lines.get(timeout=max(0.1, deadline - time.monotonic()))
            assert line is not None, f"emu ended before {kind}: {self.events[-3:]} {self._stderr()}"
            self.events.append(json.loads(line))
            if self.events[-1]["event"] == kind and wanted(self.events[-1]):
                return self.events[-1]

    def ends(self) -> tuple[int, str]:
        """The exit code and stderr, after it ended by itself; every event obeys the schema."""
        code = self.process.wait(timeout=SOON_S)
        self._reader.join(5)
        self.events += [json.loads(line) for line in iter(self._lines.get_nowait, None)]
        for event in self.events:
            published("event").validate(event)
        stderr = self._stderr()
        assert "Traceback" not in stderr
        return code, stderr

    def _stderr(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read() if self.process.poll() is not None else ""

    def diagnostics(self) -> list[str]:
        """Codes, of what was found and of what ended the deploy."""
        found = [e["diagnostic"]["code"] for e in self.events if e["event"] == "diagnostic"]
        return found + [e["cause"]["code"] for e in self.events if e["event"] == "deploy.failed" and e["cause"]]


def _as_from_a_terminal() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def get(url: str) -> int:
    """The status of an answer, 0 when there is none."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return refusal.code
    except OSError:
        return 0


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON_S
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


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
