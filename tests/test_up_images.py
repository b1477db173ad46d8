"""What `up` leaves in the engine's store, and what it exits with when only this machine is in the way."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emulator.engine.labels import PROJECT, project_id, resource_name
from tests.running_emu import run_emu

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.docker

SERVES = 'FROM python:3.11-slim\nCMD ["python", "-m", "http.server", "--bind", "0.0.0.0", "10000"]\n'


@pytest.fixture
def project(tmp_path: Path, engine: "DockerClient") -> Iterator[Path]:
    """A repository in a folder of its own; its images are gone after the test."""
    root = tmp_path / "emu-test-images"
    root.mkdir()
    yield root
    for image in engine.images.list(filters={"label": f"{PROJECT}={project_id(str(root))}"}):
        engine.images.remove(image.id, force=True)


def tags(engine: "DockerClient", root: Path) -> list[str]:
    found = engine.images.list(filters={"label": f"{PROJECT}={project_id(str(root))}"})
    return sorted(tag for image in found for tag in image.tags)


def up(project: Path) -> tuple[int, dict[str, object]]:
    ran = run_emu("up", "--once", "--format", "json", "--root", str(project))
    return ran.code, json.loads(ran.out.splitlines()[-1])


def test_the_last_images_of_a_service_stay_and_down_says_so(project: Path, engine: "DockerClient"):
    """Those of the last three deploys that went live, for a rollback; one the user named stays for good. `down` tells
    what is kept and how to remove it."""
    (project / "Dockerfile").write_text(SERVES)
    assert up(project)[1]["verdict"] == "live"
    [first] = tags(engine, project)
    engine.images.get(first).tag("emu-test-images-of-the-user", "1")
    for _ in range(4):
        assert up(project)[1]["verdict"] == "live"
    name = resource_name(str(project), "emu-test-images")
    assert tags(engine, project) == [f"{name}:{number}" for number in (2, 3, 4, 5)] + ["emu-test-images-of-the-user:1"]
    engine.images.remove("emu-test-images-of-the-user:1")
    kept = run_emu("down", "--root", str(project))
    assert kept.out == "nothing runs; 4 images kept (`emu down --images` removes them)\n"
    assert run_emu("down", "--images", "--root", str(project)).out == "removed 4 images\n"
    assert run_emu("down", "--root", str(project)).out == "nothing to remove\n"


def test_a_registry_that_does_not_answer_is_exit_code_3(project: Path):
    """The build failed, but not for the app's sake."""
    (project / "Dockerfile").write_text('FROM registry.invalid/nothing:1\nCMD ["x"]\n')
    code, verdict = up(project)
    assert (code, verdict["verdict"]) == (3, "build_failed")
