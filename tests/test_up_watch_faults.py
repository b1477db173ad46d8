"""Whatever happens to `emu up --watch`: nothing is lost, nothing is left over, and it goes on or says why it cannot.
The real `emu`, on the real engine."""

import os
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emulator.edge.host import resolve_endpoint
from tests.bench.replace import RENDER
from tests.places import Place, Running, answer, tidied
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
