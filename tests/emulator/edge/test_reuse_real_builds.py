"""What is said to be the same, held against the builder: a build of it gives the image that is there.

Of small contexts, each changed in every way that comes to mind, and in some after each other. Said to be the same, the
builder must give the same image. Said to be another, it gives another one, but for the changes that are listed as
needless.
"""

import os
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from emulator.edge.context import prepare_context
from emulator.edge.disk import open_repository
from emulator.edge.docker import Engine, open_docker
from emulator.edge.sent import FileDigests
from emulator.engine.reuse import MadeOf, made_of
from emulator.image.saved import by_ignore_file
from emulator.model.plan import Build, BuildKind
from emulator.world.building import BuildRequest
from emulator.world.hidden import Hidden, HiddenFiles
from tests.emulator.edge.git_repositories import Repo

pytestmark = pytest.mark.docker

RUN = f"emu-test-{uuid.uuid4().hex[:8]}"
LABELS = {"emu.test-run": RUN}
BASE = f"{RUN}-base:1"
FILES = {
    "app.py": "1", "tool.sh": "echo 1\n", "deep/er/b.py": "1", "deep/er/c.py": "1", "notes.md": "1",
    "beside/x.txt": "1", ".dockerignore": "*.md\n.dockerignore\nDockerfile\n", ".gitignore": "*.log\n",
    "debug.log": "1",
}  # fmt: skip
SOME = f"""FROM {BASE}
ARG COLOUR
ARG UNUSED
WORKDIR /srv
COPY app.py tool.sh ./
COPY deep deep
RUN --mount=type=secret,id=key --mount=type=cache,target=/cache echo $COLOUR > colour
"""
ALL = f"FROM {BASE} AS first\nCOPY . /all\nFROM scratch\nCOPY --from=first /all /all\nADD app.py /added\n"


class Place:
    """A repository, and what a build is given besides."""

    def __init__(self, folder: Path, engine: Engine, dockerfile: str, *, is_git: bool) -> None:
        self.engine = engine
        self.repo = Repo(folder)
        if is_git:
            self.repo.init()
        self.path = folder
        self.repo.write({**FILES, "Dockerfile": dockerfile})
        self.args = {"COLOUR": "red", "OTHER": "1"}
        self.secret = b"one"
        self.digests = FileDigests(b"k" * 32)

    def look_and_build(self) -> tuple[MadeOf, str]:
        """What it is made of, and the image that the builder gives for it."""
        snapshot = open_repository(str(self.path), root=str(self.path))
        build = Build(kind=BuildKind.DOCKERFILE, runtime="docker", dockerfile="Dockerfile", context=".")
        with prepare_context(snapshot, context=".", dockerfile="Dockerfile") as context:
            request = BuildRequest(
                context=context.directory, dockerfile=context.dockerfile, args=Hidden(self.args),
                secret_files=HiddenFiles({"key": self.secret}), labels=LABELS,
            )  # fmt: skip
            sent = context.sent(by_ignore_file(snapshot, build), self.digests.of)
            bases = {BASE: self.engine.image(BASE)}
            found = made_of(request, sent, bases, self.engine.builder(), b"k" * 32)
            assert found is not None
            outcome = self.engine.build(request, lambda progress: None, threading.Event())
        assert outcome.image_id is not None, outcome.error
        return found, outcome.image_id


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    found = open_docker(os.environ, builder="buildx")
    yield found
    for image in found.images(LABELS):
        found.remove_image(image.id)
    found.close()


@pytest.fixture(scope="module")
def bases(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Two images, of which the first has the name that is built on."""
    folder = tmp_path_factory.mktemp("bases")
    ids: list[str] = []
    for number in (2, 1):
        (folder / "Dockerfile").write_text(f"FROM python:3.13-slim\nENV NUMBER={number}\n")
        request = BuildRequest(context=str(folder), dockerfile=str(folder / "Dockerfile"), labels=LABELS, tag=BASE)
        outcome = engine.build(request, lambda progress: None, threading.Event())
        assert outcome.image_id is not None
        engine.tag_image(outcome.image_id, f"{RUN}-kept:{number}")
        ids.insert(0, outcome.image_id)
    yield ids[0], ids[1]
    for tag in (BASE, f"{RUN}-kept:1", f"{RUN}-kept:2"):
        engine.remove_image(tag)


def times_kept(path: Path, text: str) -> None:
    before = path.stat()
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced_by_link(path: Path, to: str) -> None:
    path.unlink()
    path.symlink_to(to)


def replaced_by_hard_link(path: Path, to: str) -> None:
    path.unlink()
    os.link(path.with_name(to), path)


def written_anew(path: Path) -> None:
    """As editors do it."""
    half = path.with_name("half")
    half.write_text(path.read_text())
    half.replace(path)


def with_line(place: Place, line: str) -> None:
    place.repo.write({"Dockerfile": (place.path / "Dockerfile").read_text() + line})


def ignoring(place: Place, line: str) -> None:
    place.repo.write({".dockerignore": FILES[".dockerignore"] + line})


def other_base(place: Place) -> None:
    place.engine.tag_image(f"{RUN}-kept:2", BASE)


class Change(NamedTuple):
    """needless: of which builds it is said that another image is made where the builder makes the same."""

    what: str
    make: Callable[[Place], object]
    needless: tuple[str, ...] = ()


CHANGES = (
    Change("nothing", lambda p: None),
    Change("a file touched", lambda p: os.utime(p.path / "app.py", ns=(10**18, 10**18))),
    Change("a folder touched", lambda p: os.utime(p.path / "deep", ns=(10**18, 10**18))),
    Change("the same written again", lambda p: (p.path / "app.py").write_text("1")),
    Change("written anew and renamed", lambda p: written_anew(p.path / "app.py")),
    # For these two the builder itself takes what it was sent before for the same.
    Change("as long, its time set back", lambda p: times_kept(p.path / "app.py", "2"), needless=("SOME", "ALL")),
    Change("the mode of a folder", lambda p: (p.path / "deep/er").chmod(0o700), needless=("SOME", "ALL")),
    Change("another text", lambda p: (p.path / "deep/er/b.py").write_text("another")),
    Change("a mode", lambda p: (p.path / "tool.sh").chmod(0o755)),
    Change("a link for a file", lambda p: replaced_by_link(p.path / "deep/er/b.py", "c.py")),
    Change("a new link", lambda p: (p.path / "deep/link").symlink_to("er")),
    Change("a hard link for an equal file", lambda p: replaced_by_hard_link(p.path / "deep/er/c.py", "b.py")),
    Change("a new file", lambda p: (p.path / "deep/new.py").write_text("")),
    Change("a file gone", lambda p: (p.path / "deep/er/c.py").unlink()),
    Change("a file renamed", lambda p: (p.path / "deep/er/c.py").rename(p.path / "deep/er/d.py")),
    Change("what the ignore file leaves out", lambda p: (p.path / "notes.md").write_text("2")),
    Change("more of it", lambda p: (p.path / "more.md").write_text("2")),
    Change("what git ignores", lambda p: (p.path / "deep/other.log").write_text("2")),
    Change("what is sent, not copied", lambda p: (p.path / "beside/x.txt").write_text("2"), needless=("SOME",)),
    Change("an argument", lambda p: p.args.update(COLOUR="blue"), needless=("ALL",)),
    Change("an argument that is declared and not used", lambda p: p.args.update(UNUSED="1"), needless=("ALL",)),
    Change("an argument that nobody declares", lambda p: p.args.update(OTHER="2")),
    Change("a secret", lambda p: setattr(p, "secret", b"two"), needless=("SOME", "ALL")),
    Change("a comment", lambda p: with_line(p, "# more\n"), needless=("SOME", "ALL")),
    Change("an instruction", lambda p: with_line(p, "ENV A=1\n")),
    Change("the base image's name on another", other_base, needless=("ALL",)),
    Change("a comment of the ignore file", lambda p: ignoring(p, "# more\n")),
    Change("a pattern of the ignore file", lambda p: ignoring(p, "deep/er/c.py\n")),
)  # fmt: skip
BUILDS = {"SOME": SOME, "ALL": ALL}


@pytest.mark.parametrize(("which", "is_git"), [("SOME", True), ("ALL", False)], ids=["some, git", "all, folder"])
def test_what_is_said_to_be_the_same_is_the_same_image(which, is_git, engine, bases, tmp_path):
    """Each change by itself."""
    engine.tag_image(bases[0], BASE)
    first = Place(tmp_path / "first", engine, BUILDS[which], is_git=is_git).look_and_build()
    wrong: list[str] = []
    for number, change in enumerate(CHANGES):
        engine.tag_image(bases[0], BASE)
        place = Place(tmp_path / str(number), engine, BUILDS[which], is_git=is_git)
        change.make(place)
        made, image = place.look_and_build()
        assert made.sure
        said, true = made.digest == first[0].digest, image == first[1]
        if said and not true:
            wrong.append(f"{change.what}: stale")
        elif true and not said and which not in change.needless:
            wrong.append(f"{change.what}: built for nothing")
    assert wrong == []


STEPS: tuple[Callable[[Place, random.Random], object], ...] = (
    lambda p, by: (p.path / "app.py").write_text(by.choice("123")),
    lambda p, by: (p.path / "deep/er/b.py").write_text(by.choice("12")),
    lambda p, by: os.utime(p.path / "app.py", ns=(10**18, by.randrange(10**18))),
    lambda p, by: (p.path / "tool.sh").chmod(by.choice((0o644, 0o755))),
    lambda p, by: (p.path / "deep/new.py").write_text(by.choice("12")),
    lambda p, by: (p.path / "deep/new.py").unlink(missing_ok=True),
    lambda p, by: (p.path / "notes.md").write_text(by.choice("12")),
    lambda p, by: p.args.update(COLOUR=by.choice(("red", "blue"))),
    lambda p, by: setattr(p, "secret", by.choice((b"one", b"two"))),
    lambda p, by: p.engine.tag_image(f"{RUN}-kept:{by.choice((1, 2))}", BASE),
    lambda p, by: p.repo.write({"Dockerfile": by.choice((SOME, ALL))}),
)


@pytest.mark.usefixtures("bases")
def test_there_and_back(engine, tmp_path):
    """After however many changes, what is made of the same as once before is the image of then."""
    place = Place(tmp_path / "walk", engine, SOME, is_git=True)
    seed = uuid.uuid4().int
    by = random.Random(seed)
    images: dict[str, str] = {}
    again = 0
    for _ in range(30):
        by.choice(STEPS)(place, by)
        made, image = place.look_and_build()
        again += made.digest in images
        assert images.setdefault(made.digest, image) == image, seed
    assert again
