"""Folders of images on the real engine."""

import io
import os
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.edge.docker import Engine, open_docker
from emulator.edge.site import publish
from emulator.model.static import Static
from tests.emulator.edge.test_docker_build import LABELS as BUILT
from tests.emulator.edge.test_docker_build import build
from tests.emulator.edge.test_site import asked

pytestmark = pytest.mark.docker

LABELS = {"emu.test-run": f"emu-test-folders-{uuid.uuid4().hex[:8]}"}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    found = open_docker(os.environ)
    yield found
    assert found.containers(LABELS) == ()
    for image in found.images(BUILT):
        found.remove_image(image.id)
    found.close()


@pytest.fixture(scope="module")
def image(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Without a command or a program of its own: it could not even run."""
    folder: Path = tmp_path_factory.mktemp("site")
    (folder / "site" / "docs").mkdir(parents=True)
    (folder / "site" / "index.html").write_text("home")
    (folder / "site" / "docs" / "é x.txt").write_text("accent")
    (folder / "site" / "inside").symlink_to("docs")
    (folder / "site" / "outside").symlink_to("/etc")
    (folder / "linked").symlink_to("site")
    built = build(engine, folder, "FROM scratch\nCOPY site /src/site\nCOPY linked /src/linked\n").outcome
    assert built.image_id is not None
    return built.image_id


@pytest.mark.parametrize("path", ["/src/site", "/src/linked"])
def test_folder_comes_out_of_an_image_that_cannot_run(engine: Engine, image: str, path: str) -> None:
    """By its own name or a link's; the container that it takes is gone."""
    into = io.BytesIO()
    assert engine.copy_folder(image, path, into, LABELS)
    into.seek(0)
    with tarfile.open(fileobj=into) as tar:
        names = [entry.name.rstrip("/") for entry in tar]
    assert {"./index.html", "./docs/é x.txt", "./inside"} <= set(names)


def test_what_is_no_folder_is_none(engine: Engine, image: str) -> None:
    """A file, and what is not there; asking for several tells which are."""
    for path in ("/src/site/index.html", "/src/nothing", "/nothing/at/all"):
        assert not engine.copy_folder(image, path, io.BytesIO(), LABELS)
    paths = ("/src/site", "/src/nothing", "/src/site/index.html", "/src/linked")
    assert engine.folders_there(image, paths, LABELS) == ("/src/site", "/src/linked")


def test_full_disk_is_told_as_what_it_is(engine: Engine, image: str) -> None:
    """Not as an engine that was lost."""

    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        engine.copy_folder(image, "/src/site", Full(), LABELS)


def test_published_folder_is_served(engine: Engine, image: str) -> None:
    """From the image to the client; a link inside leads on, one that leads out does not."""
    site = publish(engine, image, "/src/site", LABELS)
    assert site is not None
    server = site.serve(Static(), lambda name: None)
    paths = ("/", "/docs/%C3%A9%20x.txt", "/inside/%C3%A9%20x.txt", "/outside/passwd")
    answers = [(got.status, got.content) for got in (asked(server.address, "GET", path) for path in paths)]
    server.close()
    assert answers == [(200, b"home"), (200, b"accent"), (200, b"accent"), (404, b"Not Found\n")]
