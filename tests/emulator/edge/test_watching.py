"""The file system's own word, from a real folder."""

import contextlib
import errno
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from emulator.edge import watching
from emulator.edge.watching import watch

GATHERED_S = 0.06
"""What happens before is not told in one batch with what happens after."""
PATIENT_S = 10


class Watched:
    """A folder, and the batches of paths that were told of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.end = threading.Event()
        self.batches: SimpleQueue[tuple[float, frozenset[str]]] = SimpleQueue()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self._wait_until_it_hears()

    def _run(self) -> None:
        for batch in watch(str(self.root), self.end):
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


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text("1")
    (tmp_path / ".git").mkdir()
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


@pytest.mark.parametrize("name", ["4913", "app.py~", ".#app.py", "#app.py#", ".app.py.swx", "app.py___jb_tmp___"])
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
from emulator.edge import watching
from emulator.edge.watching import watch
found = lambda one: print(json.dumps([one.code]), flush=True)
for paths in watch(sys.argv[1], threading.Event(), found):
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
    with teller(tmp_path) as (process, lines):
        process.send_signal(signal.SIGSTOP)
        for number in range(limit):
            (tmp_path / "many" / str(number)).touch()
        (tmp_path / "src/app.py").write_text("2")
        (tmp_path / "src/gone.py").unlink()
        process.send_signal(signal.SIGCONT)
        found: set[object] = set()
        while not {"src/app.py", "src", "host/changes-missed"} <= found:
            found |= set(lines.get(timeout=PATIENT_S))


def test_a_long_stop_in_which_nothing_changes_tells_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "_SILENT_S", 0.0)  # as if every turn came after one
    (tmp_path / "src").mkdir()
    one = Watched(tmp_path)
    time.sleep(0.7)
    while not one.batches.empty():
        one.batches.get()
    time.sleep(1.2)
    assert one.batches.empty()
    one.end.set()
    one.thread.join(PATIENT_S)


def test_without_the_systems_word_files_are_looked_at(tmp_path, monkeypatch):
    """No more watches are to be had: it is said how to get more, and changes are found all the same."""
    from watchfiles import main

    def refused(*_given):
        raise OSError(errno.ENOSPC, "OS file watch limit reached")

    monkeypatch.setattr(main, "RustNotify", refused)
    monkeypatch.setattr(watching, "_LOOK_FOR_S", 0.05)
    (tmp_path / "app.py").write_text("1")
    time.sleep(0.1)
    told, end, batches = [], threading.Event(), SimpleQueue()
    work = lambda: [batches.put(paths) for paths in watch(str(tmp_path), end, told.append)]  # noqa: E731
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    time.sleep(0.3)
    (tmp_path / "app.py").write_text("2")
    assert batches.get(timeout=PATIENT_S) == {"app.py"}
    (tmp_path / "app.py").unlink()
    assert batches.get(timeout=PATIENT_S) == {"."}
    time.sleep(0.2)
    assert batches.empty()
    end.set()
    thread.join(PATIENT_S)
    assert [(one.code, "max_user_watches" in one.help) for one in told] == [("host/cannot-watch", True)]


def test_what_is_saved_while_the_watch_begins_is_told(tmp_path, monkeypatch):
    """One folder after the other is watched, which takes its time where there are many."""
    from watchfiles import main

    real = main.RustNotify

    def late(*given):
        (tmp_path / "app.py").write_text("2")
        return real(*given)

    monkeypatch.setattr(main, "RustNotify", late)
    (tmp_path / "app.py").write_text("1")
    (tmp_path / "old.py").write_text("1")
    time.sleep(0.1)
    end = threading.Event()
    assert next(watch(str(tmp_path), end)) == {"app.py"}
