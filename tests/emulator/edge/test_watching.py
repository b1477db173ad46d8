"""The file system's own word, from a real folder."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

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
