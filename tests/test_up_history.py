"""What is remembered of deploys, and what one can go back to. The real `emu`, on the real engine."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emulator.edge.host import resolve_endpoint
from tests.bench.load import APP
from tests.bench.replace import RENDER
from tests.places import Place, Running, answer, tidied
from tests.socket_cut import Cut
from tests.test_up_replaces import of, saying

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

TWO = """\
services:
  - {{type: web, name: api, runtime: docker, envVars: [{{key: TEXT, value: {api}}}]}}
  - {{type: web, name: site, runtime: docker, envVars: [{{key: TEXT, value: {site}}}]}}
"""


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    """A project that answers "one"; after the test nothing of it may be left."""
    with tidied(tmp_path, engine) as place:
        place.write(saying("one"), render_yaml=RENDER)
        yield place


def deploys(place: Place) -> dict[int, Any]:
    """What is remembered, by number."""
    listed = place.emu("deploys", "--format", "json").document()["deploys"]
    return {one["record"]["deploy"]: one["record"] for one in listed}


def test_a_save_that_is_refused_is_one_of_them(place: Place) -> None:
    """By the check, or as there is no plan of it; with its reason and files, and nothing to go back to."""
    with Running(place, "--watch") as up:
        url = up.until("live")["url"]
        up.until("verdict")
        (place.root / "emu.toml").write_text("[nothing]\n")
        assert up.until("verdict")["verdict"] == "refused"
        (place.root / "emu.toml").unlink()
        assert up.until("saved")["has_plan"]
        assert up.until("verdict")["verdict"] == "live"
        (place.root / "Dockerfile").write_text("FROM python:3.11-slim\nCOPY nowhere.py app.py\nCMD python app.py\n")
        assert up.until("verdict", lambda e: e["verdict"] == "refused")["deploy"] == 4
        back = place.emu("rollback", "2")
        assert answer(url) == (200, "one")
        up.interrupt()
    assert (back.code, "deploy 2 never went live: refused" in back.err) == (2, True)
    found = deploys(place)
    assert [(n, one["trigger"], one["verdict"], one["changed"]) for n, one in sorted(found.items())] == [
        (1, "up", "live", []), (2, "save", "refused", ["emu.toml"]), (3, "save", "live", ["emu.toml"]),
        (4, "save", "refused", ["Dockerfile"]),
    ]  # fmt: skip
    assert "no setting 'nothing'" in found[2]["reason"]
    assert "nowhere.py" in found[4]["reason"]
    assert "nowhere.py" in place.emu("deploys").out


def test_a_command_that_is_refused_has_no_number(place: Place) -> None:
    """There is nothing to remember of it: the next deploy has the next number. An `up` that the check refuses has."""
    with Running(place) as up:
        up.until("verdict")
        words = (("rollback", "99"), ("rollback", "--service", "nobody"), ("restart", "--service", "nobody"))
        assert [place.emu(*one).code for one in words] == [2, 2, 2]
        place.write(saying("two"))
        (place.root / "Dockerfile").write_text("FROM python:3.11-slim\nCOPY nowhere.py app.py\nCMD python app.py\n")
        assert place.emu("up", "--format", "json").code == 1
        assert place.emu("restart").code == 0
        up.interrupt()
    found = [(one["trigger"], one["verdict"]) for _, one in sorted(deploys(place).items())]
    assert found == [("up", "live"), ("up", "refused"), ("restart", "live")]
    assert sorted(deploys(place)) == [1, 2, 3]


def test_what_was_under_way_when_the_engine_went_is_among_them(place: Place, engine: "DockerClient") -> None:
    """With what it was that ended it."""
    socket = resolve_endpoint(os.environ).socket
    assert socket is not None
    with Cut(socket, place.root.parent / "s") as cut:
        place.write(saying("one"), run=f"echo begun {secrets.token_hex(8)} && sleep 60")
        with Running(place, env={"DOCKER_HOST": f"unix://{place.root.parent / 's'}"}) as up:
            up.until("log", lambda e: e["line"].startswith("begun"))
            cut.now()
            assert up.ends()[0] == 3
    found = deploys(place)
    assert {number: one["verdict"] for number, one in found.items()} == {1: "canceled"}
    assert "engine" in found[1]["reason"]


def test_of_every_deploy_it_is_known_what_differs(place: Place) -> None:
    """Of the first of a run, of one by another terminal, of a restart, which changes nothing, and of a rollback."""
    with Running(place) as up:
        up.until("verdict")
        place.write(saying("two"))
        with Running(place) as second:
            assert second.ends()[0] == 0
        assert place.emu("restart").code == 0
        assert place.emu("rollback", "1").code == 0
        up.interrupt()
    (place.root / "render.yaml").write_text(RENDER + "    envVars: [{key: COLOUR, value: red}]\n")
    with Running(place, "--once") as up:
        assert up.ends()[0] == 0
    found = deploys(place)
    assert [(found[n]["trigger"], found[n]["changed"], found[n]["changed_count"]) for n in range(1, 6)] == [
        ("up", [], None), ("up", ["app.py"], 1), ("restart", [], 0), ("rollback", ["app.py"], 1),
        ("up", ["render.yaml"], 1),
    ]  # fmt: skip
    assert found[5]["differences"] == ["shop env.COLOUR: nothing → red"]


def test_one_service_goes_back_by_itself(place: Place) -> None:
    """The other one is left as it is."""
    place.write(APP, render_yaml=TWO.format(api="first", site="first"), _dockerignore="render.yaml\n")
    with Running(place, "--watch") as up:
        urls = {e["service"]: e["url"] for e in (up.until("live"), up.until("live"))}
        up.until("verdict")
        (place.root / "render.yaml").write_text(TWO.format(api="first", site="second"))
        up.until("verdict", lambda e: e["deploy"] == 2)
        assert {name: answer(url)[1] for name, url in urls.items()} == {"api": "first", "site": "second"}
        assert place.emu("rollback", "--service", "sites").code == 2
        assert place.emu("rollback", "--service", "site").code == 0
        assert {name: answer(url)[1] for name, url in urls.items()} == {"api": "first", "site": "first"}
        up.interrupt()
    assert [e["deploy"] for e in of(up.events, "container.started") if e["service"] == "api"] == [1]
    last = max(deploys(place).items())[1]
    assert (last["image_of"], last["differences"]) == (1, ["site env.TEXT: second → first"])


def test_a_saved_emu_toml_takes_effect(place: Place, engine: "DockerClient") -> None:
    """Whoever builds on the image that it replaces is built on the other one, at once."""
    engine.images.get("python:3.11-slim").tag("emu-test-mirror", "1")
    try:
        with Running(place, "--watch") as up:
            up.until("verdict")
            (place.root / "emu.toml").write_text('[base-images]\n"python:3.11-slim" = "emu-test-mirror:1"\n')
            saved = up.until("saved")
            up.until("verdict", lambda e: e["deploy"] == 2)
            up.interrupt()
    finally:
        engine.images.remove("emu-test-mirror:1")
    assert (saved["because"], saved["differences"]) == (
        "it is built on another image", ["instead of python:3.11-slim: nothing → emu-test-mirror:1"],
    )  # fmt: skip
    assert [e["deploy"] for e in of(up.events, "build.started")] == [1, 2]


def test_a_plan_of_which_nothing_is_run_is_one_of_them(tmp_path: Path, engine: "DockerClient") -> None:
    with tidied(tmp_path, engine) as place:
        (place.root / "bin").mkdir()
        for name in ("pubspec.yaml", "bin/server.dart"):
            (place.root / name).touch()
        assert place.emu("up", "--once", "--platform", "cloud-run").code == 1
        found = deploys(place)
    assert [(number, one["verdict"]) for number, one in found.items()] == [(1, "refused")]
    assert "cannot run" in found[1]["reason"]
