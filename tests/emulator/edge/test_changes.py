"""Which files differ between two views of a real repository."""

import os
import shutil

import pytest

from emulator.edge.changes import changes, merge_base
from emulator.edge.disk import open_repository
from emulator.model.diagnostic import UsageError
from tests.emulator.edge.git_repositories import Repo

FILES: dict[str, str | bytes] = {"app/a": "1", "app/b": "2", "top": "3", ".gitignore": "*.log\n"}


def between(repo: Repo, before: str, after: str, root: str = "") -> list[str]:
    one, two = (
        open_repository(str(repo.path / root), root=str(repo.path / root) if root else None, snapshot=view)
        for view in (before, after)
    )
    return [f"{change.fate} {change.path}" for change in changes(one, two)]


def test_the_views_of_a_repository_differ_by_what_was_done(repo: Repo) -> None:
    """Committed, staged, edited, untracked, ignored and removed files between each two of the views."""
    first = repo.write(FILES).commit()
    repo.write({"app/a": "11", "new": ""}).commit()
    repo.write({"top": "33"}).git("add", "top")
    repo.write({"untracked": "x", "x.log": "ignored", "app/b": "22"})
    (repo.path / "new").unlink()
    assert between(repo, first, "HEAD") == ["changed app/a", "added new"]
    assert between(repo, "HEAD", first) == ["changed app/a", "removed new"]
    assert between(repo, "HEAD", "index") == ["changed top"]
    assert between(repo, "index", "worktree") == ["changed app/b", "removed new", "added untracked"]
    assert between(repo, "worktree", "index") == ["changed app/b", "added new", "removed untracked"]
    assert between(repo, first, "worktree") == ["changed app/a", "changed app/b", "changed top", "added untracked"]
    assert between(repo, "HEAD", "HEAD") == []


def test_a_touch_changes_nothing_and_a_mode_or_a_link_does(repo: Repo) -> None:
    repo.write({"a": "1", "b": "2", "c": "3", "d": "4"}).commit()
    os.utime(repo.path / "a", (1, 1))
    (repo.path / "b").chmod(0o755)
    (repo.path / "c").unlink()
    (repo.path / "c").symlink_to("a")
    repo.write({"d": "4"})
    assert between(repo, "HEAD", "worktree") == ["changed b", "changed c"]


def test_staged_and_taken_back_on_disk(repo: Repo) -> None:
    """The index has it otherwise than the commit and the disk, which agree."""
    repo.write({"a": "1"}).commit()
    repo.write({"a": "2"}).git("add", "a")
    repo.write({"a": "1"})
    assert between(repo, "HEAD", "worktree") == []
    assert between(repo, "HEAD", "index") == ["changed a"]


def test_below_a_root_only_its_own_files_count(repo: Repo) -> None:
    first = repo.write(FILES).commit()
    repo.write({"app/a": "11", "top": "33", "app/n": "n"}).commit()
    repo.write({"app/m": "m", "else": "e"})
    assert between(repo, first, "HEAD", root="app") == ["changed a", "added n"]
    assert between(repo, first, "worktree", root="app") == ["changed a", "added m", "added n"]


def test_a_file_that_becomes_a_folder(repo: Repo) -> None:
    repo.write({"a": "1"}).commit()
    (repo.path / "a").unlink()
    repo.write({"a/b": "2"})
    assert between(repo, "HEAD", "worktree") == ["removed a", "added a/b"]
    second = repo.commit()
    shutil.rmtree(repo.path / "a")
    assert between(repo, second, "worktree") == ["removed a/b"]


def test_names_that_are_hard_to_say(repo: Repo) -> None:
    names = [os.fsdecode(b"\xff"), "a\nb", ' "q" ', "ä", ":magic"]
    repo.commit()
    repo.write(dict.fromkeys(names, "x"))
    assert between(repo, "HEAD", "worktree") == [f"added {name}" for name in sorted(names)]


def test_where_two_branches_parted(repo: Repo) -> None:
    base = repo.write(FILES).commit()
    repo.git("checkout", "-q", "-b", "side")
    repo.write({"s": "1"}).commit()
    repo.git("checkout", "-q", "main")
    repo.write({"m": "1"}).commit()
    assert merge_base(str(repo.path), "main", "side") == base
    for one in ("nowhere", "--all"):
        with pytest.raises(UsageError):
            merge_base(str(repo.path), one, "main")


def test_nothing_of_git_is_written(repo: Repo) -> None:
    first = repo.write(FILES).commit()
    repo.write({"app/a": "11"})
    os.utime(repo.path / "top", (1, 1))
    before = repo.fingerprint()
    between(repo, first, "worktree")
    between(repo, "index", "worktree")
    assert repo.fingerprint() == before
