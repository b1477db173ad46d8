"""Writing files that the user names: all of the text or what was there before, and what is no plain file stays so."""

import os
import stat
import threading
from pathlib import Path

import pytest

from emulator.edge.files import write_text
from emulator.model.diagnostic import UsageError


def test_a_new_file_and_one_that_is_there(tmp_path: Path) -> None:
    """It keeps its mode, and nothing is left beside it."""
    file = tmp_path / "known.json"
    write_text(str(file), "one\n", "--baseline")
    file.chmod(0o600)
    write_text(str(file), "two\n", "--baseline")
    assert file.read_bytes() == b"two\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    write_text(str(file), "three\n", "--baseline", append=True)
    assert file.read_text() == "two\nthree\n"
    assert [one.name for one in tmp_path.iterdir()] == ["known.json"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    """What it leads to is written."""
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_text(str(tmp_path / "link"), "new", "--summary")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_pipe_gets_the_text(tmp_path: Path) -> None:
    """As a shell's `>(…)` is one: it is no file to replace."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    write_text(str(pipe), "told", "--summary")
    reader.join(10)
    assert got == ["told"]
    assert pipe.is_fifo()


def test_folders_are_made_where_that_is_meant(tmp_path: Path) -> None:
    place = tmp_path / "pages" / "render" / "port.md"
    with pytest.raises(UsageError, match=r"--pages .*port\.md cannot be written: No such file"):
        write_text(str(place), "x", "--pages")
    write_text(str(place), "x", "--pages", folders=True)
    assert place.read_text() == "x"


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A folder in its place; what it holds stays, and nothing is left beside it."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="folder cannot be written: Is a directory"):
        write_text(str(tmp_path / "folder"), "x", "--summary")
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]
