"""The image of a deploy: built, or used again where a build would come to the same."""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from emulator.edge.built_images import BuiltImages
from emulator.edge.clock import SystemClock
from emulator.edge.state import ProjectState
from emulator.engine.imaging import Imaging
from emulator.engine.job import DigestOf, Doors, Job, Making, Settings
from emulator.engine.reuse import Reuse
from emulator.model.event import BuildFinished, BuildSkipped, BuildStarted, Event
from emulator.model.record import replace
from emulator.snapshot import from_mapping
from emulator.world.building import BuildRequest
from emulator.world.docker import ImageFacts
from tests.emulator.engine.fake_docker import FakeDocker
from tests.emulator.engine.services import WEB

BASE = ImageFacts(
    id="base", entrypoint=None, cmd=None, env={}, user="", workdir="", exposed=(), labels={}, architecture="amd64",
    stop_signal=None, shell=None,
)  # fmt: skip
SERVICE = replace(WEB, build=replace(WEB.build, base_images=("a",)))


class Files(NamedTuple):
    """What is sent."""

    files: str
    still: bool
    dockerfile: str = "FROM a\n"

    def is_still_so(self) -> bool:
        return self.still


class Context(NamedTuple):
    """A build context of one digest."""

    found: Files
    directory: str = "/context"
    dockerfile: str = "/context/Dockerfile"
    notes: tuple[str, ...] = ()

    def sent(self, left_out: Callable[[str], bool], digest_of: DigestOf) -> Files:
        del left_out, digest_of
        return self.found


class Place:
    """A project on a fake engine, through several runs."""

    def __init__(self, folder: Path) -> None:
        self.docker = FakeDocker(lambda container: None)
        self.docker.images_there["a"] = BASE
        self.state = ProjectState("shop", {"XDG_STATE_HOME": str(folder)})
        self.built: list[BuildRequest] = []
        self.docker.building = lambda request, cancel: self.built.append(request)
        self.files = Files("1", still=True)

    @property
    def image(self) -> str:
        """The id of the first one that was built."""
        return f"image of {self.built[0].tag}"

    def deploy(self, number: int, reuse: Reuse = Reuse.SURE) -> list[Event]:
        """One deploy of a run of its own; what was told."""
        told: list[Event] = []
        doors = Doors(
            docker=self.docker,  # type: ignore[arg-type]
            clock=SystemClock(),
            prepare_context=lambda repo, what: contextlib.nullcontext(Context(self.files)),
            ready=lambda: None,
            hurry=lambda: False,
            images=BuiltImages(self.state),
        )
        job = Job(number, SERVICE, {}, from_mapping({"Dockerfile": "FROM a\n"}), reuse=reuse)
        settings = Settings("/shop", "render", {}, "none", faithful=False, scale=1.0)
        imaging = Imaging(Making(job, doors, settings, told.append, threading.Event()))
        assert isinstance(imaging.image(), ImageFacts)
        imaging.coverage()  # what is done beside it is over
        return told


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.deploy(1)
    assert len(made.built) == 1
    return made


def test_the_next_run_uses_the_image_again(place: Place) -> None:
    """It is told with the deploy it was built for, no build begins, and it is named for this deploy too, so that it
    stays."""
    [skipped] = place.deploy(2)
    assert skipped == BuildSkipped(service="shop", deploy=2, image=place.image, image_of=1)
    [again] = place.deploy(3)
    assert isinstance(again, BuildSkipped)
    assert again.image_of == 1
    assert len(place.built) == 1
    assert [one.rpartition(":")[2] for one in place.docker.asked if one.startswith("tag ")] == ["2", "3"]


def kinds(told: list[Event]) -> list[type[Event]]:
    return [type(event) for event in told]


@pytest.mark.parametrize(
    "change",
    [
        lambda place: setattr(place, "files", Files("2", still=True)),
        lambda place: place.docker.images_there.update(a=replace(BASE, id="other")),
        lambda place: place.docker.images_there.pop("a"),
        lambda place: place.docker.images_there.pop(place.image),
        lambda place: place.docker.images_there.update(
            {place.image: replace(BASE, labels={"emu.service": "shop"})}
        ),
        lambda place: Path(place.state.folder, "built-images.json").write_text("damaged"),
    ],
    ids=["files", "base moved", "base gone", "image gone", "image of others", "record"],
)
def test_whatever_is_otherwise_is_built(place: Place, change: Callable[[Place], object]) -> None:
    change(place)
    assert kinds(place.deploy(2)) == [BuildStarted, BuildFinished]


def test_who_asks_for_a_build_gets_one(place: Place) -> None:
    assert kinds(place.deploy(2, Reuse.NO)) == [BuildStarted, BuildFinished]


def test_what_changed_while_it_was_built_is_built_again(tmp_path: Path) -> None:
    """Of files and base images: what went into the image is not known then."""
    place = Place(tmp_path)
    place.files = Files("1", still=False)
    place.deploy(1)
    place.files = Files("1", still=True)
    place.docker.building = lambda request, cancel: place.docker.images_there.update(a=replace(BASE, id="other"))
    assert kinds(place.deploy(2)) == [BuildStarted, BuildFinished]
    place.docker.images_there["a"] = BASE
    place.docker.building = lambda request, cancel: None
    assert kinds(place.deploy(3)) == [BuildStarted, BuildFinished]
    assert kinds(place.deploy(4)) == [BuildSkipped]
