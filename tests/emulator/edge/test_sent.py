"""What the file system says of what is sent to a builder."""

import os

import pytest

from emulator.edge import sent
from emulator.edge.context import prepare_context
from emulator.edge.disk import open_repository
from emulator.image.saved import by_ignore_file
from platforms import render
from tests.emulator.edge.git_repositories import Repo
from tests.emulator.test_reaction import DETECTED, Inputs

FILES = {
    "Dockerfile": "FROM a\nCOPY . .\n", "app.py": "1", "deep/er/b.py": "1", ".dockerignore": "*.md\n!kept.md\n",
    ".gitignore": "*.log\n.env\n", "notes.md": "1", "kept.md": "1", ".env": "A=1", "debug.log": "1",
}  # fmt: skip


@pytest.fixture(params=["git", "folder"])
def repo(request, tmp_path, monkeypatch):
    """A folder with git and one without."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "app").mkdir()
    made = Repo(tmp_path / "app")
    if request.param == "git":
        made.init()
    return made.write({name: text for name, text in FILES.items() if request.param == "git" or name != ".env"})


def looked(repo):
    snapshot = open_repository(str(repo.path))
    [service] = render.resolve(snapshot, Inputs(), DETECTED).plan.services
    with prepare_context(snapshot, context=".", dockerfile="Dockerfile") as context:
        return context.sent(by_ignore_file(snapshot, service.build))


@pytest.mark.parametrize(
    ("path", "text", "same"),
    [
        ("notes.md", "2", True), ("app.py", "2", False), ("deep/er/b.py", "1", False), ("kept.md", "2", False),
        ("deep/new.py", "", False), ("deep/new.md", "", False), (".dockerignore", "*.md\n", False),
        ("Dockerfile", "FROM b\nCOPY . .\n", False),
    ],
)  # fmt: skip
def test_whatever_is_done_to_a_file_that_is_sent_counts(repo, path, text, same):
    """One that is written again counts as well: it is not read. `*.md` is of the top folder alone."""
    before = looked(repo)
    assert looked(repo).same_as(before)
    repo.write({path: text})
    assert looked(repo).same_as(before) is same


def test_removing_and_times_set_back_count(repo):
    before = looked(repo)
    old = (repo.path / "app.py").stat().st_mtime_ns
    (repo.path / "app.py").write_text("2")
    os.utime(repo.path / "app.py", ns=(old, old))
    between = looked(repo)
    assert not between.same_as(before)
    (repo.path / "deep/er/b.py").unlink()
    assert not looked(repo).same_as(between)


def test_what_git_ignores_is_not_looked_at(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "app").mkdir()
    repo = Repo(tmp_path / "app").init().write(FILES)
    before = looked(repo)
    repo.write({".env": "A=2", "debug.log": "2"})
    assert looked(repo).same_as(before)


def test_of_too_many_files_nothing_is_said(repo, monkeypatch):
    monkeypatch.setattr(sent, "MOST", 3)
    assert looked(repo) is None
