"""Values that are made or asked for once: kept in a private file, the same in every run, until they are forgotten."""

import base64
import stat
from pathlib import Path

import pytest

from emulator.edge.project import open_project, read_remembered
from emulator.edge.state import ProjectState
from emulator.model.remembered import Remembered


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path)}


def _kept(environ: dict[str, str]) -> Remembered:
    return read_remembered(ProjectState("shop", environ))


def test_a_generated_value_is_made_once(environ: dict[str, str], tmp_path: Path) -> None:
    """256 bits as base64, another for each name, in a file that only its owner reads."""
    with open_project("shop", environ) as project:
        first = project.generated("api/KEY")
        assert project.generated("api/KEY") == first != project.generated("web/KEY")
    with open_project("shop", environ) as project:
        assert project.generated("api/KEY") == first
    assert (len(first), len(base64.b64decode(first, validate=True))) == (44, 32)
    file = tmp_path / "emu" / "shop" / "values.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with open_project("other", environ) as other:
        assert other.generated("api/KEY") != first


def test_answers_are_kept_and_replaced(environ: dict[str, str]) -> None:
    """By service; a later answer replaces an earlier one, and leaves the others."""
    with open_project("shop", environ) as project:
        project.keep_answers({"web": {"A": "1", "B": ""}})
        project.keep_answers({"web": {"A": "2"}, "api": {"A": "3"}})
    kept = _kept(environ)
    assert kept.answers == {"web": {"A": "2", "B": ""}, "api": {"A": "3"}}
    assert (kept.answer("web", "B"), kept.answer("web", "C"), kept.answer("no", "A")) == ("", None, None)


def test_forgetting(environ: dict[str, str]) -> None:
    """Whatever is kept of that name; nothing else."""
    with open_project("shop", environ) as project:
        first, other = project.generated("api/KEY"), project.generated("env group g/OTHER")
        project.keep_answers({"web": {"KEY": "1", "B": "2"}, "api": {"KEY": "3"}})
        project.forget({"KEY"})
        assert _kept(environ).answers == {"web": {"B": "2"}}
        assert project.generated("api/KEY") != first
        assert project.generated("env group g/OTHER") == other


@pytest.mark.parametrize("text", ["", "{", "[]", '{"generated": 1}', '{"answers": {"a": {"b": 1}}}'])
def test_a_damaged_file_holds_nothing(environ: dict[str, str], tmp_path: Path, text: str) -> None:
    """What cannot be read is made or asked for anew."""
    folder = tmp_path / "emu" / "shop"
    folder.mkdir(parents=True)
    (folder / "values.json").write_text(text)
    assert _kept(environ) == Remembered()
    with open_project("shop", environ) as project:
        assert project.generated("a/B")


def test_it_does_not_print_what_it_holds() -> None:
    """Not in a log, not in a report of a fault."""
    assert "hush" not in repr(Remembered(generated={"a/B": "hush"}, answers={"a": {"C": "hush"}}))
