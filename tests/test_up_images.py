"""What `up` leaves in the engine's store, and what it exits with when only this machine is in the way."""

import io
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emulator.edge.state import ProjectState
from emulator.engine.labels import PROJECT, project_id, resource_name
from emulator.model.history import KEPT_S
from tests.running_emu import environment, run_emu

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


def state_folder(root: str) -> str:
    """Where the `emu` that a test runs remembers a project."""
    return ProjectState(project_id(root), environment()).folder


def changed(project: Path) -> None:
    """A file that is sent is another: what is deployed next is built."""
    (project / "changed").write_text(secrets.token_hex(8))


def up(project: Path) -> tuple[int, dict[str, object]]:
    changed(project)
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


def test_what_the_user_built_on_an_image_stays(project: Path, engine: "DockerClient"):
    """Its labels are those of the image it is built on; no deploy and no `down` removes it, nor counts it. As little
    do they a container that the user runs of such an image."""
    (project / "Dockerfile").write_text(SERVES)
    assert up(project)[1]["verdict"] == "live"
    [ours] = tags(engine, project)
    text = f"FROM {ours}\nENV MINE=1\n".encode()
    theirs, _ = engine.images.build(fileobj=io.BytesIO(text), tag="emu-test-images-on-it:1", rm=True)
    runs = engine.containers.run(ours, ["sleep", "120"], detach=True)
    try:
        assert theirs.labels[PROJECT] == project_id(str(project))
        assert up(project)[1]["verdict"] == "live"
        disk = json.loads(run_emu("ps", "--format", "json", "--root", str(project)).out)["disk"]
        assert (disk["images"], disk["reclaimable"]) == (2, 0)
        told = "removed 1 image; 1 image kept (a container uses it)\n"
        assert run_emu("down", "--images", "--root", str(project)).out == told
        assert tags(engine, project) == [ours, "emu-test-images-on-it:1"]
        runs.reload()
        assert runs.status == "running"
    finally:
        runs.remove(force=True)
        engine.images.remove("emu-test-images-on-it:1")


def test_an_old_image_goes_with_the_next_deploy_but_for_the_one_before(project: Path, engine: "DockerClient"):
    """Two weeks after its own deploy and no later: by their number alone the last three would stay."""
    (project / "Dockerfile").write_text(SERVES)
    for _ in range(3):
        assert up(project)[1]["verdict"] == "live"
    name = resource_name(str(project), "emu-test-images")
    assert tags(engine, project) == [f"{name}:{number}" for number in (1, 2, 3)]
    file = Path(state_folder(str(project)), "history.json")
    history = json.loads(file.read_text())
    for one in history["deploys"]:
        one["at"] -= KEPT_S + 60
    file.write_text(json.dumps(history))
    assert up(project)[1]["verdict"] == "live"  # from now on there is a newer one
    assert up(project)[1]["verdict"] == "live"
    assert tags(engine, project) == [f"{name}:{number}" for number in (3, 4, 5)]


def test_each_service_keeps_its_own(project: Path, engine: "DockerClient"):
    """However often another is deployed: what serves, and what one can go back to, stays."""
    (project / "Dockerfile").write_text(SERVES)
    two = "services:\n" + "".join(f"  - {{type: web, name: {name}, runtime: docker}}\n" for name in ("api", "site"))
    (project / "render.yaml").write_text(two)
    assert up(project)[1]["verdict"] == "live"
    for _ in range(4):
        changed(project)
        ran = run_emu("up", "--once", "--service", "api", "--format", "json", "--root", str(project))
        assert ran.code == 0
    api, site = (resource_name(str(project), name) for name in ("api", "site"))
    assert tags(engine, project) == [*(f"{api}:{number}" for number in (2, 3, 4, 5)), f"{site}:1"]
    assert up(project)[1]["verdict"] == "live"
    assert tags(engine, project) == [*(f"{api}:{number}" for number in (3, 4, 5, 6)), f"{site}:1", f"{site}:6"]


def test_the_next_run_uses_an_image_again(project: Path, engine: "DockerClient"):
    """Also of the run before the last, as when one changes a file and changes it back; and `down` removes it with all
    its names. What was built of something else meanwhile, or is gone, is built."""
    own = f"{SERVES}ENV RUN={secrets.token_hex(4)}\n"

    def told(dockerfile: str) -> list[str]:
        (project / "Dockerfile").write_text(dockerfile)
        ran = run_emu("up", "--once", "--format", "json", "--root", str(project))
        assert ran.code == 0
        events = [json.loads(line) for line in ran.out.splitlines()]
        return [e["event"] for e in events if e["event"] in ("build.started", "build.finished", "build.skipped")]

    assert told(own) == ["build.started", "build.finished"]
    assert told(own) == ["build.skipped"]
    assert told(own + "ENV MORE=1\n") == ["build.started", "build.finished"]
    assert told(own) == ["build.skipped"]
    assert run_emu("down", "--images", "--root", str(project)).out == "removed 2 images\n"
    assert tags(engine, project) == []
    assert told(own) == ["build.started", "build.finished"]
    shown = json.loads(run_emu("deploys", "2", "--format", "json", "--root", str(project)).out)
    [phases] = [one["phases"] for one in shown["deploys"][0]["record"]["services"]]
    assert phases["build_s"] is None
    assert 0 < phases["create_s"] < phases["total_s"]


def test_a_registry_that_does_not_answer_is_exit_code_3(project: Path):
    """The build failed, but not for the app's sake."""
    (project / "Dockerfile").write_text('FROM registry.invalid/nothing:1\nCMD ["x"]\n')
    code, verdict = up(project)
    assert (code, verdict["verdict"]) == (3, "build_failed")
