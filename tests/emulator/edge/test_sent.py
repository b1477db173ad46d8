"""What is sent to a builder, as one digest."""

import os
import threading
import time

import pytest

from emulator.edge import sent
from emulator.edge.context import prepare_context
from emulator.edge.disk import open_repository
from emulator.edge.sent import FileDigests
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


KEY = b"k" * 32


def looked(repo, digests=None):
    snapshot = open_repository(str(repo.path))
    [service] = render.resolve(snapshot, Inputs(), DETECTED).plan.services
    digests = digests or FileDigests(KEY)
    with prepare_context(snapshot, context=".", dockerfile="Dockerfile") as context:
        return context.sent(by_ignore_file(snapshot, service.build), digests.of)


def is_same(one, other):
    return (one.dockerfile, one.files) == (other.dockerfile, other.files)


def later(path):
    """Its time is another, as if it had been saved again."""
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda p: (p / "notes.md").write_text("2"), True),
        (lambda p: (p / "deep/new.md").write_text("2"), False),  # `*.md` is of the top folder alone
        (lambda p: (p / "kept.md").write_text("2"), False),
        (lambda p: (p / "app.py").write_text("2"), False),
        (lambda p: (p / "app.py").write_text("1"), True),
        (lambda p: later(p / "app.py"), True),
        (lambda p: (p / "app.py").chmod(0o755), False),
        (lambda p: ((p / "app.py").unlink(), (p / "app.py").symlink_to("deep/er/b.py")), False),
        (lambda p: (p / "deep/er/b.py").unlink(), False),
        (lambda p: (p / "deep/new.py").write_text(""), False),
        (lambda p: (p / "deep").chmod(0o700), False),
        (lambda p: (p / ".dockerignore").write_text("*.md\n"), False),
        (lambda p: (p / "Dockerfile").write_text("FROM b\nCOPY . .\n"), False),
    ],
)
def test_what_the_builder_gets_counts_and_nothing_else(repo, change, same):
    digests = FileDigests(KEY)
    before = looked(repo, digests)
    assert is_same(looked(repo, digests), before)
    change(repo.path)
    assert is_same(looked(repo, digests), before) is same


def test_times_set_back_hide_nothing(repo):
    """Of the same size and with the same time: it was changed after all, and that has a time of its own."""
    digests = FileDigests(KEY)
    before = looked(repo, digests)
    old = (repo.path / "app.py").stat().st_mtime_ns
    (repo.path / "app.py").write_text("2")
    os.utime(repo.path / "app.py", ns=(old, old))
    assert not is_same(looked(repo, digests), before)


def test_what_is_known_is_not_read_again(tmp_path, monkeypatch):
    """But for a file that was changed just before it was read: it could change again without its time telling."""
    file = tmp_path / "a"
    file.write_text("1")
    stamp = sent._stamp(os.lstat(file))
    digests = FileDigests(KEY)
    found = digests.of(str(file), stamp)
    assert digests.kept() == {}
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + 3_000_000_000)
    assert digests.of(str(file), stamp) == found
    [kept] = digests.kept().items()
    again = FileDigests(KEY, dict([kept]))
    file.unlink()
    assert again.of(str(file), stamp) == found
    assert again.of(str(file), (*stamp[:4], stamp[4] + 1)) is None


def test_digests_tell_nothing_without_the_key(tmp_path):
    file = tmp_path / "a"
    file.write_text("1")
    stamp = sent._stamp(os.lstat(file))
    assert FileDigests(KEY).of(str(file), stamp) != FileDigests(b"o" * 32).of(str(file), stamp)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: (p / "app.py").write_text("2"),
        lambda p: ((p / "app.py").write_text("2"), (p / "app.py").write_text("1")),
        lambda p: ((p / "deep/new.py").write_text("1"), (p / "deep/new.py").unlink()),
        lambda p: (p / "deep/new.py").write_text("1"),
        lambda p: (p / "deep/er/b.py").unlink(),
    ],
)
def test_a_change_while_it_is_sent_is_seen(repo, change):
    """Be it there and back: what was sent is not known then."""
    found = looked(repo)
    assert found.is_still_so()
    time.sleep(0.02)  # a file system tells times apart by a tick of the system's clock
    change(repo.path)
    assert not found.is_still_so()


def test_a_change_while_it_is_read_is_seen(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"1" * 64 * 1024 * 1024)
    stamp = sent._stamp(os.lstat(file))
    over = threading.Event()

    def write() -> None:
        with file.open("r+b") as out:
            while not over.is_set():
                out.seek(0)
                out.write(b"2")
                out.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert FileDigests(KEY).of(str(file), stamp) is None
    finally:
        over.set()
        writer.join()


def test_what_git_ignores_is_not_looked_at(tmp_path, monkeypatch):
    """One that is new neither, though the ignore file that is sent names it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "app").mkdir()
    repo = Repo(tmp_path / "app").init().write(FILES)
    before = looked(repo)
    repo.write({".env": "A=2", "debug.log": "2", "other.log": "1"})
    assert is_same(looked(repo), before)


def test_of_what_is_no_file_nothing_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "app").mkdir()
    repo = Repo(tmp_path / "app").write(FILES)
    assert looked(repo) is not None
    os.mkfifo(repo.path / "pipe")
    assert looked(repo) is None


def test_of_too_many_files_nothing_is_said(repo, monkeypatch):
    monkeypatch.setattr(sent, "MOST", 3)
    assert looked(repo) is None
