"""The file system's own word, from a real folder."""

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from emulator.edge import contents, missed, watching
from emulator.edge.contents import Contents
from emulator.edge.watching import far_file_system, watch
from tests.emulator.edge.git_repositories import Repo

GATHERED_S = 0.06
"""What happens before is not told in one batch with what happens after."""
PATIENT_S = 10


class Watched:
    """A folder, and the batches of paths that were told of it."""

    def __init__(self, root: Path, given: tuple[str, ...] = ()) -> None:
        self.root = root
        self.given = given
        self.end = threading.Event()
        self.batches: SimpleQueue[tuple[float, frozenset[str]]] = SimpleQueue()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self._wait_until_it_hears()

    def _run(self) -> None:
        for batch in watch(str(self.root), self.end, self.given):
            self.batches.put((time.monotonic(), batch))

    def _wait_until_it_hears(self) -> None:
        deadline = time.monotonic() + PATIENT_S
        while self.batches.empty():
            assert time.monotonic() < deadline
            (self.root / "begin").write_text(str(time.monotonic()))
            time.sleep(0.02)
        self.told()

    def told(self) -> set[str]:
        """All paths told of so far: what happens in a folder is told in its order, and last comes a file of ours."""
        time.sleep(GATHERED_S)
        mark = f"mark-{time.monotonic_ns()}"
        (self.root / mark).write_text("")
        (self.root / "src" / mark).write_text("")
        found: set[str] = set()
        while not {mark, f"src/{mark}"} <= found:
            found |= self.batches.get(timeout=PATIENT_S)[1]
        return {path for path in found if "mark-" not in path and path != "begin"}


@pytest.fixture(params=["kernel", "library"])
def way(request, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the system's word is had: straight, or through the library, as on systems other than Linux."""
    monkeypatch.setattr(watching, "_HAS_INOTIFY", request.param == "kernel")
    return request.param


@pytest.fixture
def watched(tmp_path: Path, way: str) -> Iterator[Watched]:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text("1")
    (tmp_path / ".git").mkdir()
    time.sleep(0.05)  # what changes at the very start may have been told to nobody
    one = Watched(tmp_path)
    yield one
    one.end.set()
    one.thread.join(PATIENT_S)
    assert not one.thread.is_alive()


def test_a_save_is_told_at_once(watched):
    """There is no quiet time to wait out."""
    began = time.monotonic()
    (watched.root / "src/app.py").write_text("2")
    at, paths = watched.batches.get(timeout=PATIENT_S)
    assert paths == {"src/app.py"}
    assert at - began < 0.25


def test_the_first_touch_of_a_file_is_not_told(watched):
    """What it held at the start is known; a save whose time lies in the past or the future is one by its content."""
    path = watched.root / "src/app.py"
    time.sleep(0.2)  # it is read beside the watching
    path.touch()
    path.write_text("1")
    os.utime(path, (0, 0))
    assert watched.told() == set()
    path.write_text("2")
    os.utime(path, (0, 0))
    assert watched.told() == {"src/app.py"}
    path.write_text("3")
    os.utime(path, (2**32, 2**32))
    assert watched.told() == {"src/app.py"}


def test_what_changed_since_the_start_is_told_once_and_not_learned(tmp_path):
    """Nobody may have been told of it; and a file is not taken for unchanged that was saved before it was read."""
    for name in ("old", "new"):
        (tmp_path / name).write_text("1")
        since = time.time()
        time.sleep(0.05)
    (tmp_path / "new").write_text("2")
    known = Contents(str(tmp_path))
    assert list(known.learn(since - 0.01, threading.Event())) == ["new"]
    assert known.is_news("new", is_made=False)
    assert not known.is_news("old", is_made=False)


def test_no_more_is_read_than_is_affordable(tmp_path, monkeypatch):
    """Beyond it the first save of a file counts, whatever it holds."""
    monkeypatch.setattr(contents, "MOST_FILES", 1)
    for name in ("a", "b"):
        (tmp_path / name).write_text("1")
    known = Contents(str(tmp_path))
    time.sleep(0.05)
    assert list(known.learn(time.time(), threading.Event())) == []
    assert sorted(known.is_news(name, is_made=False) for name in ("a", "b")) == [False, True]


def test_what_git_changes_is_told_when_it_is_done(tmp_path, way):
    """There and back at once is no change, whatever lay there in between."""
    Repo(tmp_path).init().write({f"src/{number}.py": "1\n" for number in range(300)})
    time.sleep(0.05)
    one = Watched(tmp_path)
    time.sleep(0.3)
    (tmp_path / ".git/index.lock").write_text("")
    for text in ("2\n", "1\n"):
        for number in range(300):
            (tmp_path / f"src/{number}.py").write_text(text)
        time.sleep(2 * GATHERED_S)
    (tmp_path / ".git/index.lock").unlink()
    assert one.told() == set()
    (tmp_path / ".git/index.lock").write_text("")
    (tmp_path / "src/0.py").write_text("2\n")
    time.sleep(2 * GATHERED_S)
    assert one.batches.empty()
    (tmp_path / ".git/index.lock").unlink()
    assert one.told() == {"src/0.py"}
    one.end.set()
    one.thread.join(PATIENT_S)


def test_a_file_that_lies_elsewhere_is_followed_where_an_option_names_it(tmp_path, way):
    """There, or behind a link."""
    root = tmp_path / "app"
    (root / "src").mkdir(parents=True)
    for name in ("shared.env", "linked.env"):
        (tmp_path / name).write_text("A=1")
    (root / ".env").symlink_to("../linked.env")
    one = Watched(root, (str(tmp_path / "shared.env"), str(root / ".env")))
    (tmp_path / "shared.env").write_text("A=2")
    assert one.batches.get(timeout=PATIENT_S)[1] == {"../shared.env"}
    (tmp_path / "linked.env").write_text("A=2")
    assert one.batches.get(timeout=PATIENT_S)[1] == {".env"}
    (tmp_path / "shared.env").touch()
    (tmp_path / "new.env").write_text("A=3")
    (tmp_path / "new.env").rename(tmp_path / "shared.env")
    assert one.batches.get(timeout=PATIENT_S)[1] == {"../shared.env"}
    one.end.set()
    one.thread.join(PATIENT_S)


@pytest.mark.parametrize(
    ("kind", "told"), [("nfs4", "nfs4"), ("fuse.sshfs", "fuse.sshfs"), ("9p", "9p"), ("ext4", None), ("overlay", None)]
)
def test_a_file_system_of_others_is_known(tmp_path, kind, told):
    """By the mount that the folder lies on, the innermost."""
    place = tmp_path / "my app" / "deep"
    place.mkdir(parents=True)
    mounts = tmp_path / "mounts"
    inner = str(tmp_path / "my app").replace(" ", "\\040")
    mounts.write_text(
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        f"23 22 0:21 / {inner} rw,relatime shared:2 master:1 - {kind} host:/export rw\n"
    )
    assert far_file_system(str(place), str(mounts)) == told
    assert far_file_system(str(tmp_path), str(mounts)) is None


def test_a_folder_that_is_polled_tells_the_same(tmp_path, monkeypatch):
    """Where the file system does not tell, which is said; what is saved as it was is no change from the second time."""
    monkeypatch.setattr("emulator.edge.watching.far_file_system", lambda _root: "nfs4")
    monkeypatch.setattr("emulator.edge.watching._POLL_MS", 50)
    (tmp_path / "app.py").write_text("1")
    notes: list[str] = []
    end = threading.Event()
    batches = watch(str(tmp_path), end, (), notes.append)
    thread = threading.Thread(target=lambda: found.append(next(batches)), daemon=True)
    found: list[frozenset[str]] = []
    thread.start()
    number = 0
    while thread.is_alive():
        (tmp_path / "app.py").write_text(str(number := number + 1))
        thread.join(0.2)
    end.set()
    assert found == [{"app.py"}]
    assert notes == [
        "the files lie on nfs4, which does not tell of changes made elsewhere: they are looked at every 0.05 s"
    ]


def test_a_file_that_stays_as_it_was_is_not_told(watched):
    """Saved again, or only touched."""
    path = watched.root / "src/app.py"
    path.write_text("2")
    assert watched.told() == {"src/app.py"}
    path.write_text("2")
    path.touch()
    assert watched.told() == set()
    path.chmod(0o755)
    assert watched.told() == {"src/app.py"}


def test_a_save_by_renaming_is_that_of_the_file(watched):
    """As many editors do it."""
    beside = watched.root / "src/.app.py.swp"
    beside.write_text("3")
    beside.rename(watched.root / "src/app.py")
    assert watched.told() == {"src/app.py"}


@pytest.mark.parametrize(
    "name",
    ["4913", "app.py~", ".#app.py", "#app.py#", ".app.py.swx", "app.py___jb_tmp___", ".app.py.kate-swp", ".nfs0f3a"],
)
def test_what_editors_leave_for_a_moment_is_not_told(watched, name):
    path = watched.root / "src" / name
    path.write_text("x")
    path.unlink()
    assert watched.told() == set()


def test_a_file_made_and_gone_again_is_not_told(watched):
    path = watched.root / "src/scratch"
    path.write_text("x")
    path.unlink()
    assert watched.told() == set()


def test_removing_and_renaming_are_told(watched):
    (watched.root / "src/app.py").rename(watched.root / "src/main.py")
    assert watched.told() == {"src/app.py", "src/main.py"}
    (watched.root / "src/main.py").unlink()
    assert watched.told() == {"src/main.py"}


def test_folders_are_told_when_they_come(watched):
    """What a folder holds that is moved here whole is told by the folder alone, if need be."""
    other = watched.root.parent / f"{watched.root.name}-other"
    other.mkdir()
    (other / "deep.txt").write_text("x")
    other.rename(watched.root / "moved")
    assert "moved" in {path.partition("/")[0] for path in watched.told()}


def test_a_folder_that_is_renamed_or_removed_is_told(watched):
    """By itself, or by what was in it."""
    (watched.root / "src/deep").mkdir()
    (watched.root / "src/deep/a.txt").write_text("x")
    watched.told()
    (watched.root / "src/deep").rename(watched.root / "src/other")
    assert {"src/deep", "src/other"} <= watched.told()
    (watched.root / "src/other/a.txt").unlink()
    (watched.root / "src/other").rmdir()
    assert "src/other/a.txt" in watched.told()


def test_a_link_is_what_it_leads_to(watched):
    """That it leads elsewhere is a change; that what it leads to changes is that file's."""
    link = watched.root / "src/link"
    link.symlink_to("app.py")
    assert watched.told() == {"src/link"}
    link.unlink()
    link.symlink_to("app.py")
    assert watched.told() == set()
    (watched.root / "src/app.py").write_text("5")
    assert watched.told() == {"src/app.py"}


def test_gits_own_folder_is_not_told(watched):
    (watched.root / ".git/index").write_text("x")
    assert watched.told() == set()


def test_a_thousand_files_come_in_few_batches(watched):
    """As when a branch is checked out."""
    for number in range(1000):
        (watched.root / f"src/{number}.py").write_text("x")
    found: set[str] = set()
    batches = 0
    deadline = time.monotonic() + PATIENT_S
    while len(found) < 1000:
        assert time.monotonic() < deadline
        found |= watched.batches.get(timeout=PATIENT_S)[1]
        batches += 1
    assert found == {f"src/{number}.py" for number in range(1000)}
    assert batches < 200


# ---- what the system does not tell ------------------------------------------------------------------

TELLS = """\
import json, sys, threading
from emulator.edge.watching import watch
found = lambda text: print(json.dumps([text]), flush=True)
for paths in watch(sys.argv[1], threading.Event(), (), found):
    print(json.dumps([len(paths), *sorted(p for p in paths if not p.startswith("many"))]), flush=True)
"""


@contextlib.contextmanager
def teller(root: Path) -> "Iterator[tuple[subprocess.Popen[str], SimpleQueue[list[object]]]]":
    """A process that watches, and what it prints."""
    with subprocess.Popen(
        [sys.executable, "-c", TELLS, str(root)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    ) as process:
        lines: SimpleQueue[list[object]] = SimpleQueue()

        def read() -> None:
            for line in process.stdout or ():
                lines.put(json.loads(line))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            while lines.empty():
                (root / "begin").write_text(str(time.monotonic_ns()))
                time.sleep(0.05)
            yield process, lines
        finally:
            process.kill()
            reader.join(PATIENT_S)


def test_what_happens_while_nobody_listens_is_found_afterwards(tmp_path):
    """A stopped process is told of the first 16384 changes; those after them are found by looking, and that is said."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    (tmp_path / "many").mkdir()
    (tmp_path / "src").mkdir()
    for name in ("app.py", "gone.py"):
        (tmp_path / "src" / name).write_text("1")
    time.sleep(0.2)  # what is as new as the watch itself is not taken for what was there
    with teller(tmp_path) as (process, lines):
        time.sleep(0.5)  # what the files hold is read beside everything else
        process.send_signal(signal.SIGSTOP)
        for number in range(limit):
            (tmp_path / "many" / str(number)).touch()
        (tmp_path / "src/app.py").write_text("2")
        (tmp_path / "src/gone.py").unlink()
        process.send_signal(signal.SIGCONT)
        found: set[object] = set()
        while not {"src/app.py", "src/gone.py"} <= found or not any("looked through" in str(one) for one in found):
            found |= set(lines.get(timeout=PATIENT_S))


def test_a_long_stop_in_which_nothing_changes_tells_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "_HAS_INOTIFY", False)  # the kernel itself says that it dropped something
    monkeypatch.setattr(missed, "_SILENT_S", 0.0)  # as if every turn came after one
    (tmp_path / "src").mkdir()
    one = Watched(tmp_path)
    time.sleep(0.7)
    while not one.batches.empty():
        one.batches.get()
    time.sleep(1.2)
    assert one.batches.empty()
    one.end.set()
    one.thread.join(PATIENT_S)


def test_without_the_systems_word_files_are_looked_at(tmp_path, monkeypatch, way):
    """No more watches are to be had: it is said how to get more, and changes are found all the same."""
    from watchfiles import main

    real = main.RustNotify

    def refused(paths, debug, force_polling, *rest):
        if not force_polling:
            raise OSError(errno.ENOSPC, "OS file watch limit reached")
        return real(paths, debug, force_polling, *rest)

    def full(root, *, apart):
        raise OSError(errno.ENOSPC, "so many folders may not be watched")

    monkeypatch.setattr(main, "RustNotify", refused)
    monkeypatch.setattr(watching, "Inotify", full)
    monkeypatch.setattr(watching, "_POLL_MS", 50)
    (tmp_path / "app.py").write_text("1")
    time.sleep(0.1)
    told: list[str] = []
    end, batches = threading.Event(), SimpleQueue()

    def work() -> None:
        for paths in watch(str(tmp_path), end, (), told.append):
            batches.put(paths)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    time.sleep(0.3)
    (tmp_path / "app.py").write_text("22")
    assert batches.get(timeout=PATIENT_S) == {"app.py"}
    (tmp_path / "app.py").unlink()
    assert batches.get(timeout=PATIENT_S) == {"app.py"}
    end.set()
    thread.join(PATIENT_S)
    assert len(told) == 1
    assert "max_user_watches" in told[0]
