"""What Render has beside a deploy, its hook and what a record brings: the real `emu`, on the real engine."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.places import Place, Running, tidied
from tests.platforms.render.test_record import DOCKER, api

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

APP = """\
import http.server, os
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
BLUEPRINT = """\
services:
  - type: web
    name: shop
    runtime: docker
    initialDeployHook: python -c "print('seeded', flush=True); raise SystemExit(3)"
"""


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    with tidied(tmp_path, engine) as place:
        place.write(APP, render_yaml=BLUEPRINT)
        yield place


def test_the_hook_runs_once_in_the_life_of_a_project(place: Place) -> None:
    """After `live`; one that fails is told at its line and leaves the deploy live. The next `up` does not run it."""
    with Running(place, "--once") as up:
        code, _ = up.ends()
    kinds = [e["event"] for e in up.events if e["event"] in ("live", "initial_hook.started", "initial_hook.finished")]
    assert kinds == ["live", "initial_hook.started", "initial_hook.finished"]
    assert (code, up.events[-1]["verdict"]) == (0, "live")
    assert "seeded" in [e["line"] for e in up.events if e["event"] == "log" and e["stream"] == "stdout"]
    [found] = [e["diagnostic"] for e in up.events if e["event"] == "diagnostic"]
    assert (found["code"], found["severity"], found["origin"]["line"]) == ("initial-hook/failed", "warning", 5)
    with Running(place, "--once") as again:
        assert again.ends()[0] == 0
    assert [e for e in again.events if e["event"].startswith("initial_hook")] == []


def test_a_secret_file_of_a_record_is_where_the_app_looks(place: Place, tmp_path: Path) -> None:
    """Its contents reach the container, and no event."""
    (place.root / "app.py").write_text("print(len(open('/etc/secrets/token').read()), flush=True)\n" + APP)
    record = api("docker", DOCKER, secretFiles=[{"name": "token", "content": "hunter2-hunter2"}], name="shop")
    (tmp_path / "record.json").write_text(json.dumps(record))
    with Running(place, "--once", "--service-record", str(tmp_path / "record.json")) as up:
        code, _ = up.ends()
    assert (code, up.events[-1]["verdict"]) == (0, "live")
    assert "15" in [e["line"] for e in up.events if e["event"] == "log" and e["stream"] == "stdout"]
    assert "hunter2" not in json.dumps(up.events)
