"""What is remembered of built images, in a file that only its owner reads."""

import json
import stat
from pathlib import Path

import pytest

from emulator.edge.built_images import MOST_OF_A_SERVICE, MOST_SERVICES, BuiltImages
from emulator.edge.project import open_project
from emulator.edge.state import ProjectState
from emulator.engine.reuse import Earlier, MadeOf, Reuse

SURE = MadeOf("d1", sure=True)
UNSURE = MadeOf("d2", sure=False)
ONE = Earlier("sha256:1", 3)


@pytest.fixture
def state(tmp_path: Path) -> ProjectState:
    return ProjectState("shop", {"XDG_STATE_HOME": str(tmp_path)})


def file_of(state: ProjectState) -> Path:
    return Path(state.folder, "built-images.json")


def test_what_is_sure_is_found_in_the_next_run(state: ProjectState) -> None:
    """By service and by what it is made of, unless nothing is to be used again."""
    BuiltImages(state).keep("web", SURE, ONE)
    later = BuiltImages(state)
    assert (later.has_any("web"), later.has_any("api")) == (True, False)
    assert later.find("web", SURE, Reuse.SURE) == later.find("web", SURE, Reuse.SAVED) == ONE
    assert later.find("web", SURE, Reuse.NO) is None
    assert later.find("api", SURE, Reuse.SURE) is None
    assert later.find("web", MadeOf("other", sure=True), Reuse.SURE) is None
    assert stat.S_IMODE(file_of(state).stat().st_mode) == 0o600


def test_what_a_registry_decides_too_is_found_for_a_save_of_this_run(state: ProjectState) -> None:
    images = BuiltImages(state)
    images.keep("web", UNSURE, ONE)
    assert images.find("web", UNSURE, Reuse.SAVED) == ONE
    assert images.find("web", UNSURE, Reuse.SURE) is None
    assert BuiltImages(state).find("web", UNSURE, Reuse.SAVED) is None


def test_the_record_is_bounded(state: ProjectState) -> None:
    """The newest of a service; a service that was not built for long goes first."""
    images = BuiltImages(state)
    for number in range(10):
        images.keep("web", MadeOf(str(number), sure=True), Earlier("sha256:1", number))
    for number in range(MOST_SERVICES + 5):
        images.keep(f"s{number}", SURE, ONE)
    images.keep("s7", SURE, ONE)
    kept = json.loads(file_of(state).read_text())["images"]
    assert len(kept) == MOST_SERVICES
    assert "web" not in kept
    images = BuiltImages(state)
    for number in range(10):
        images.keep("web", MadeOf(str(number), sure=True), Earlier("sha256:1", number))
    assert [n for n in range(10) if images.find("web", MadeOf(str(n), sure=True), Reuse.SURE)] == [6, 7, 8, 9]
    assert len(json.loads(file_of(state).read_text())["images"]["web"]) == MOST_OF_A_SERVICE


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"key": "00", "images": {}}', '{"key": "zz", "images": {}}', '{"key": 1, "images": {}}',
     '{"key": "KEY", "images": {"web": [["d1", "sha256:1"]]}}', '{"key": "KEY", "images": {"web": [["d1", 1, 3]]}}',
     '{"key": "KEY", "images": {"web": [["d1", "sha256:1", 3]]}, "more": 1}'],
)  # fmt: skip
def test_a_damaged_record_holds_nothing(state: ProjectState, text: str) -> None:
    images = BuiltImages(state)
    images.keep("web", SURE, ONE)
    file_of(state).write_text(text.replace("KEY", images.key().hex()))
    Path(state.folder, "file-digests.json").write_text('{"files": {"/a": [1, "x"]}}')
    again = BuiltImages(state)
    assert again.find("web", SURE, Reuse.SURE) is None
    again.keep("web", SURE, ONE)
    assert BuiltImages(state).find("web", SURE, Reuse.SURE) == ONE


def test_the_key_is_the_projects_own_and_stays_with_what_it_made(state: ProjectState) -> None:
    first = BuiltImages(state)
    assert BuiltImages(state).key() != first.key()
    first.keep("web", SURE, ONE)
    assert BuiltImages(state).key() == first.key()
    assert len(first.key()) == 32


def test_digests_of_files_are_remembered(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    file = tmp_path / "a"
    file.write_text("1")
    old = (file.stat().st_mode, 1, 1, 1, file.stat().st_ino)
    with open_project("shop", environ) as project:
        images = project.images()
        images.keep("web", SURE, ONE)
        images._files._learn(str(file), old, "digest", 10**19)
    with open_project("shop", environ) as project:
        file.unlink()
        assert project.images().digest_of(str(file), old) == f"file {old[0]:o} digest"


def test_tables_have_names_of_their_own(tmp_path: Path) -> None:
    """What is remembered of built images writes over nothing else of the project."""
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    file = tmp_path / "a"
    file.write_text("1")
    with open_project("shop", environ) as project:
        for name in ("deploys", "files", "history", "plan", "ports", "passwords", "values", "build-steps"):
            project._state.write(name, {"kept": True})
        images = project.images()
        images.keep("web", SURE, ONE)
        images._files._learn(str(file), (1, 1, 1, 1, 1), "digest", 10**19)
    folder = tmp_path / "state" / "emu" / "shop"
    tables = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
    assert {name for name, table in tables.items() if table != {"kept": True}} == {"built-images", "file-digests"}


def test_a_record_that_cannot_be_written_costs_nothing_else(state: ProjectState, tmp_path: Path) -> None:
    (tmp_path / "emu").write_text("no folder")
    images = BuiltImages(state)
    images.keep("web", SURE, ONE)
    assert images.find("web", SURE, Reuse.SURE) == ONE
