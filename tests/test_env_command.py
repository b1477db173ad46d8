"""`emu env`: what is kept of a project's variables, and forgetting it. And --secret-file, where it is wrong."""

from pathlib import Path

import pytest

from emulator.edge.project import open_project
from emulator.engine.labels import project_id
from tests.running_emu import Ran, published, run_emu


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "Dockerfile").write_text('FROM python:3.11-slim\nCMD ["python"]\n')
    return folder


def _env(repo: Path, *arguments: str) -> Ran:
    return run_emu("env", str(repo), *arguments, env={"XDG_STATE_HOME": str(repo.parent / "state")})


@pytest.fixture
def kept(repo: Path) -> Path:
    """A project of which a random value and two answers are kept."""
    with open_project(project_id(str(repo.resolve())), {"XDG_STATE_HOME": str(repo.parent / "state")}) as project:
        project.generated("env group shared/KEY")
        project.keep_answers({"web": {"TOKEN": "hush-hush", "EXTRA": ""}})
    return repo


def test_it_lists_names_and_no_value(kept: Path) -> None:
    """Whose each is, and how it came about."""
    ran = _env(kept)
    assert ran.code == 0
    assert [line.split("  ", 1)[0] for line in ran.out.splitlines()] == ["OF", "env group shared", "web", "web"]
    assert ("left unset" in ran.out, "made at random" in ran.out, "hush" in ran.out) == (True, True, False)


def test_the_document_obeys_its_schema(kept: Path) -> None:
    """Also of what is forgotten; then it is gone."""
    document = _env(kept, "--forget", "TOKEN", "--format", "json").document()
    published("env").validate(document)
    assert [one["name"] for one in document["forgotten"]] == ["TOKEN"]
    assert [one["name"] for one in _env(kept, "--format", "json").document()["kept"]] == ["KEY", "EXTRA"]
    assert _env(kept, "--forget-all").out == "forgot KEY of env group shared\nforgot EXTRA of web\n"
    assert _env(kept).out == "no value is kept for this project\n"


def test_a_name_of_which_nothing_is_kept(kept: Path) -> None:
    """Wrong usage, with the names that are."""
    ran = _env(kept, "--forget", "TOKN")
    assert ran.code == 2
    assert "kept are those of: EXTRA, KEY, TOKEN" in ran.err


def test_while_an_up_has_the_project(kept: Path) -> None:
    """Nothing is forgotten behind its back."""
    with open_project(project_id(str(kept.resolve())), {"XDG_STATE_HOME": str(kept.parent / "state")}):
        ran = _env(kept, "--forget", "TOKEN")
        assert (ran.code, "already runs" in ran.err) == (2, True)
        assert "TOKEN" in _env(kept).out


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("x", "takes NAME=PATH"), ("a=", "takes NAME=PATH"), ("=b", "takes NAME=PATH"),
        ("a/b=Dockerfile", "no file name"),
        ("..=Dockerfile", "no file name"), ("a=/nowhere/x", "cannot be read"), ("a=/", "cannot be read"),
        ("a=/dev/zero", "more than"),
    ],
)  # fmt: skip
def test_a_secret_file_that_cannot_be(repo: Path, option: str, said: str) -> None:
    """Wrong usage; what is in it is not repeated."""
    ran = run_emu("plan", str(repo), "--secret-file", option)
    assert (ran.code, said in ran.err) == (2, True), ran.err


def test_a_platform_without_secret_files_says_so(repo: Path) -> None:
    """A file that nobody would see is not left out without a word."""
    (repo / "s").write_text("x")
    ran = run_emu("plan", str(repo), "--platform", "cloud-run", "--secret-file", f"a={repo / 's'}")
    assert (ran.code, "takes a secret file" in ran.err) == (2, True), ran.err
