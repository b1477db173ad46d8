"""In which files a repository differs from what it was at an earlier deploy, whatever became of it in between."""

from pathlib import Path

import pytest

from emulator.edge.marks import between, mark
from emulator.edge.project import open_project
from emulator.model.mark import Mark
from tests.emulator.edge.git_repositories import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    files = {"app.py": "1\n", "lib/a.py": "1\n", "lib/b.py": "1\n", ".gitignore": "*.log\n"}
    repo = Repo(tmp_path / "shop").init().write(files)
    repo.commit()
    return repo


def marked(repo: Repo) -> Mark:
    found = mark(str(repo.path))
    assert found is not None
    return found


def differ(repo: Repo, before: Mark) -> tuple[str, ...] | None:
    return between(str(repo.path), before, marked(repo))


def test_what_is_saved_made_removed_and_made_executable(repo: Repo) -> None:
    """And nothing that git ignores, or that was only touched."""
    before = marked(repo)
    assert before.files == {}
    repo.write({"app.py": "2\n", "new.py": "", "debug.log": "x", "lib/b.py": "1\n"})
    (repo.path / "lib/a.py").unlink()
    (repo.path / ".gitignore").chmod(0o755)
    assert differ(repo, before) == (".gitignore", "app.py", "lib/a.py", "new.py")


def test_a_commit_of_what_was_there_changes_nothing(repo: Repo) -> None:
    """Nor does going there and back; a file that is in the index only counts by what lies there."""
    repo.write({"app.py": "2\n", "new.py": "3\n"})
    before = marked(repo)
    repo.git("add", "app.py")
    assert differ(repo, before) == ()
    repo.commit()
    assert differ(repo, before) == ()
    repo.git("checkout", "-q", "HEAD~1")
    assert differ(repo, before) == ("app.py", "new.py")
    repo.write({"app.py": "2\n", "new.py": "3\n"})
    assert differ(repo, before) == ()


def test_many_commits_later(repo: Repo) -> None:
    before = marked(repo)
    repo.write({f"lib/{number}.py": "x" for number in range(300)} | {"lib/a.py": "2\n"})
    repo.commit()
    (repo.path / "lib/7.py").unlink()
    found = differ(repo, before) or ()
    assert (len(found), "lib/7.py" in found, "lib/a.py" in found, "lib/b.py" in found) == (300, False, True, False)


def test_a_commit_that_is_gone_is_not_known(repo: Repo) -> None:
    assert between(str(repo.path), Mark(commit="0" * 40), marked(repo)) is None


def test_without_git_all_files_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to a number of them."""
    folder = Repo(tmp_path / "plain").write({"app.py": "1", "lib/a.py": "1"})
    before = marked(folder)
    folder.write({"lib/a.py": "2"})
    assert differ(folder, before) == ("lib/a.py",)
    monkeypatch.setattr("emulator.edge.marks.MOST_MARKED", 1)
    assert mark(str(folder.path)) is None


def test_a_project_remembers_them_between_runs(tmp_path: Path, repo: Repo) -> None:
    """Of the first deploy nothing is known; of one that is not kept neither."""
    environ, root = {"XDG_STATE_HOME": str(tmp_path / "state")}, str(repo.path)
    with open_project("shop", environ) as project:
        assert project.mark_files(root, 1) is None
    repo.write({"app.py": "2\n"})
    with open_project("shop", environ) as project:
        assert project.mark_files(root, 2) == ("app.py",)
        assert project.mark_files(root, 3) == ()
        assert (project.files_between(root, 3, 3), project.files_between(root, 1, 3)) == ((), None)


def test_what_is_large_is_not_read(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor all of many files: they are known by when they were changed."""
    monkeypatch.setattr("emulator.edge.marks._MOST_BYTES", 5)
    repo.write({"a.bin": "1234", "b.bin": "1234"})
    before = marked(repo)
    assert len(before.files["a.bin"]) == 40
    assert before.files["b.bin"].startswith("4 ")
    assert differ(repo, before) == ()
    repo.write({"b.bin": "4321"})
    assert differ(repo, before) == ("b.bin",)
