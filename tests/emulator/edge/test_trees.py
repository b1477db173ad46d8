"""The index and a commit as the platform would receive them."""

import os

import pytest

from emulator.edge.disk import open_repository
from emulator.model.diagnostic import UsageError
from emulator.snapshot import Snapshot
from tests.emulator.edge.git_repositories import Repo


def opened(repo: Repo, view: str, **options: str) -> Snapshot:
    return open_repository(str(repo.path), snapshot=view, **options)


def test_each_view_shows_its_own_content(repo):
    """One file, committed, staged and edited, reads three ways."""
    repo.write({"a": "committed"})
    commit = repo.commit()
    repo.write({"a": "staged"}).git("add", "a")
    repo.write({"a": "edited"})
    assert [opened(repo, view).read("a") for view in ("HEAD", "index", "worktree")] == [
        b"committed",
        b"staged",
        b"edited",
    ]
    assert [(opened(repo, view).info.kind, opened(repo, view).info.commit) for view in ("HEAD", "index")] == [
        ("commit", commit),
        ("index", commit),
    ]


def test_what_is_only_on_disk_is_in_neither(repo):
    """Untracked files are not in the index, and a file deleted from the disk still is."""
    repo.write({"gone": "1"}).commit()
    repo.write({"new": "1"})
    (repo.path / "gone").unlink()
    for view in ("index", "HEAD"):
        assert opened(repo, view).entries() == ("gone",)
        assert opened(repo, view).look("new").why == "missing"


@pytest.mark.parametrize("view", ["index", "HEAD"])
def test_files_directories_and_links(repo, view):
    """Kinds, sizes, modes and links are git's; links are followed inside and refused outside."""
    repo.write({"app/main.py": "12345", "app/run.sh": "", "top": "1"})
    (repo.path / "app/run.sh").chmod(0o755)
    (repo.path / "current").symlink_to("app")
    (repo.path / "out").symlink_to("../x")
    repo.commit()
    snapshot = opened(repo, view)
    look = snapshot.look("current/main.py")
    assert (look.kind, look.size, look.executable) == ("file", 5, False)
    assert snapshot.read("current/main.py") == b"12345"
    assert snapshot.look("app/run.sh").executable
    assert snapshot.look("app").is_directory
    assert snapshot.entries("current") == ("main.py", "run.sh")
    assert snapshot.entries() == ("app", "current", "out", "top")
    assert (snapshot.look("out").why, snapshot.look("ap").why, snapshot.look("top/x").why) == (
        "outside",
        "missing",
        "missing",
    )


@pytest.mark.parametrize("view", ["index", "HEAD"])
def test_root_narrows_the_view(repo, view):
    """--root backend shows backend alone."""
    repo.write({"backend/app/main.py": "1", "top": "1"}).commit()
    snapshot = open_repository(str(repo.path / "backend"), root=str(repo.path / "backend"), snapshot=view)
    assert snapshot.entries() == ("app",)
    assert snapshot.read("app/main.py") == b"1"
    assert snapshot.look("top").why == "missing"


def test_a_root_that_a_commit_does_not_have_is_empty(repo):
    """The directory may be newer than the commit."""
    repo.write({"top": "1"}).commit()
    repo.write({"backend/x": "1"})
    snapshot = open_repository(str(repo.path / "backend"), root=str(repo.path / "backend"), snapshot="HEAD")
    assert snapshot.entries() == ()
    assert snapshot.look("x").why == "missing"


@pytest.mark.parametrize("revision", ["main", "v1", "HEAD~1", "abbreviated"])
def test_any_name_of_a_commit_will_do(repo, revision):
    """Branches, tags (also annotated), relative and short names."""
    repo.write({"a": "1"})
    first = repo.commit()
    repo.git("tag", "-a", "v1", "-m", "one")
    if revision == "HEAD~1":
        repo.write({"a": "2"}).commit()
    assert opened(repo, first[:8] if revision == "abbreviated" else revision).info.commit == first


@pytest.mark.parametrize("revision", ["nothing", "HEAD:a", "--all", "", "-h", "--since=1"])
def test_an_unknown_revision_is_refused(repo, revision):
    """A file's name, an option and nonsense are no commits."""
    repo.write({"a": "1"}).commit()
    with pytest.raises(UsageError) as problem:
        opened(repo, revision)
    assert problem.value.diagnostic.code == "usage/unknown-revision"


def test_the_index_before_the_first_commit(repo):
    """There is an index without any commit."""
    repo.write({"a": "1"}).git("add", "a")
    assert opened(repo, "index").read("a") == b"1"
    assert opened(repo, "index").info.commit is None


def test_a_file_that_was_only_announced_is_not_in_the_index(repo):
    """`git add -N` commits nothing; an empty file that was added is one."""
    repo.write({"announced": "1", "empty": ""})
    repo.git("add", "-N", "announced")
    repo.git("add", "empty")
    snapshot = opened(repo, "index")
    assert (snapshot.look("announced").kind, snapshot.look("empty").kind) == (None, "file")


def test_an_unfinished_merge_is_refused(repo):
    """Nothing could be committed."""
    repo.write({"a": "1"}).commit()
    repo.git("checkout", "-q", "-b", "side")
    repo.write({"a": "2"}).commit()
    repo.git("checkout", "-q", "main")
    repo.write({"a": "3"}).commit()
    with pytest.raises(AssertionError):
        repo.git("merge", "-q", "side")
    with pytest.raises(UsageError, match="a has conflicts"):
        opened(repo, "index").look("a")


def test_a_commit_hooks_index_is_the_one_shown(repo, monkeypatch):
    """`git commit -a` hands its hook another index: that one is about to be committed."""
    repo.write({"a": "1"}).commit()
    repo.write({"a": "2"})
    repo.git("add", "a", env={"GIT_INDEX_FILE": str(repo.path / ".git/next-index")})
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index")
    monkeypatch.setenv("GIT_DIR", ".git")
    assert opened(repo, "index").read("a") == b"2"


def test_another_repositorys_index_is_not_shown(repo, tmp_path, monkeypatch):
    """A hook of one repository may ask about another."""
    other = Repo(tmp_path / "other").init().write({"b": "1"})
    other.git("add", "b")
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git/index"))
    repo.write({"a": "1"}).git("add", "a")
    assert opened(repo, "index").entries() == ("a",)


@pytest.mark.parametrize("view", ["index", "HEAD"])
def test_odd_names_are_found(repo, view):
    """No character of a name is taken for the list's own."""
    names = ["a\tb", " 0\ta", "a\nb", "ü", " ", "a.b", "[a]", os.fsdecode(b"\xff"), "d\t0/x"]
    repo.write(dict.fromkeys(names, "1")).commit()
    snapshot = opened(repo, view)
    assert all(snapshot.is_file(name) for name in names)
    assert not any(snapshot.is_file(name) for name in ("a", "b", "axb", "x"))
    assert set(snapshot.entries()) == {name.split("/")[0] for name in names}


@pytest.mark.parametrize("view", ["index", "HEAD"])
def test_a_submodules_files_are_not_gits(repo, tmp_path, view):
    """A commit holds only which commit of the submodule it wants."""
    library = Repo(tmp_path / "library").init().write({"lib.py": "1"})
    library.commit()
    repo.git("submodule", "--quiet", "add", str(library.path), "lib")
    repo.commit()
    snapshot = opened(repo, view)
    assert (snapshot.look("lib").kind, snapshot.look("lib/lib.py").why) == ("submodule", "missing")


def test_an_object_that_is_missing_is_told(repo):
    """A damaged or partial clone ends in one sentence."""
    repo.write({"a": "1"}).commit()
    oid = repo.git("rev-parse", "HEAD:a").strip()
    (repo.path / ".git/objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(UsageError, match=f"object {oid} is missing"):
        opened(repo, "HEAD").look("a")


def test_a_sha256_repository_is_read(tmp_path):
    """Longer object names."""
    repo = Repo(tmp_path / "long").init("--object-format=sha256").write({"d/a": "1"})
    repo.commit()
    assert [opened(repo, view).read("d/a") for view in ("index", "HEAD")] == [b"1", b"1"]
