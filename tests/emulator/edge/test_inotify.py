"""The kernel's notes of a real folder."""

import errno
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.edge.inotify import Inotify

SOON_S = 5.0


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[Inotify]:
    (tmp_path / "src/deep").mkdir(parents=True)
    (tmp_path / "src/app.py").write_text("1")
    (tmp_path / ".git/objects").mkdir(parents=True)
    found = Inotify(str(tmp_path), apart=".git")
    yield found
    found.close()


def told(notes: Inotify) -> dict[str, bool]:
    """What it takes now; nothing was dropped."""
    assert notes.wait(SOON_S)
    made: dict[str, bool] = {}
    assert notes.take(made)
    return made


def test_what_changes_is_told_and_whether_it_was_made(notes, tmp_path):
    """Deep down too; what lies in the folder apart is not."""
    (tmp_path / "src/app.py").write_text("2")
    (tmp_path / "src/deep/new.py").touch()
    (tmp_path / ".git/objects/1").touch()
    assert told(notes) == {"src/app.py": False, "src/deep/new.py": True}
    (tmp_path / "src/deep/new.py").unlink()
    assert told(notes) == {"src/deep/new.py": False}


def test_while_nothing_changes_it_sleeps_and_can_be_woken(notes):
    """Without any turn of its own: a wait without end uses no processor and returns when it is woken."""
    woken = threading.Event()
    seen: list[float] = []

    def waits() -> None:
        before = time.thread_time()
        notes.wait(None)
        seen.append(time.thread_time() - before)
        woken.set()

    threading.Thread(target=waits, daemon=True).start()
    assert not woken.wait(0.3)
    notes.wake()
    assert woken.wait(SOON_S)
    assert seen[0] < 0.002
    assert told(notes) == {}
    assert not notes.wait(0)


def test_what_a_new_folder_holds_is_told_whenever_it_came(notes, tmp_path):
    """Before the folder was watched, or after."""
    (tmp_path / "src/new/inner").mkdir(parents=True)
    (tmp_path / "src/new/inner/early.py").touch()
    assert {"src/new", "src/new/inner/early.py"} <= told(notes).keys()
    (tmp_path / "src/new/inner/late.py").touch()
    assert told(notes) == {"src/new/inner/late.py": True}


def test_a_folder_that_is_moved_is_told_of_by_its_new_name(notes, tmp_path):
    """With all that is in it; one that leaves is not followed there."""
    (tmp_path / "src/deep/a.py").touch()
    told(notes)
    (tmp_path / "src").rename(tmp_path / "lib")
    (tmp_path / "lib/deep/a.py").write_text("1")
    assert {"src", "lib", "lib/deep/a.py"} <= told(notes).keys()
    (tmp_path / "lib/deep/a.py").write_text("2")
    assert told(notes) == {"lib/deep/a.py": False}
    outside = tmp_path.with_name(f"{tmp_path.name}-outside")
    (tmp_path / "lib").rename(outside)
    assert told(notes) == {"lib": False}
    (outside / "deep/a.py").write_text("3")
    assert not notes.wait(0.05)


def test_a_link_to_a_folder_is_not_gone_into(notes, tmp_path):
    """It is a file: what it leads to is told by its own name, if at all."""
    (tmp_path / "link").symlink_to("src")
    assert told(notes) == {"link": True}
    (tmp_path / "src/app.py").write_text("3")
    assert told(notes) == {"src/app.py": False}


def test_dropped_notes_are_owned_up_to_and_no_folder_stays_unwatched(notes, tmp_path):
    """The queue was full when a folder came: it is watched from then on."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    for number in range(limit // 2 + 1):  # two notes each, none like the one before it
        os.close(os.open(tmp_path / f"src/{number}", os.O_CREAT | os.O_WRONLY))
        (tmp_path / f"src/{number}").unlink()
    (tmp_path / "src/unheard").mkdir()
    assert not notes.take({})
    (tmp_path / "src/unheard/a.py").touch()
    assert told(notes) == {"src/unheard/a.py": True}


def test_without_a_watch_left_it_is_said(tmp_path, monkeypatch):
    """At the start, by an error with words of its own: the system's speak of a full device."""
    monkeypatch.setattr("emulator.edge.inotify.ctypes.get_errno", lambda: errno.ENOSPC)
    with pytest.raises(OSError, match="so many folders may not be watched"):
        Inotify(str(tmp_path / "absent"), apart=".git")
