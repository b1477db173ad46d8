"""Whether a distribution brings a platform is looked up once for each folder, until the folder changes."""

import os
import time
from pathlib import Path

import pytest

from emulator.edge.adapters import brings_some

GROUP = "[emu.platforms]\nx = x\n"
OTHER = "[console_scripts]\nx = x\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with one distribution that brings nothing of ours, installed an hour ago."""
    folder = tmp_path / "site"
    add(folder, "one-1.dist-info", OTHER)
    age(folder, seconds=3600)
    return folder


def add(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "entry_points.txt").write_text(text)


def age(folder: Path, seconds: float) -> None:
    at = time.time() - seconds
    os.utime(folder, (at, at))


def brings(folder: Path) -> bool:
    return brings_some([str(folder)], str(folder.parent / "cache" / "memory"))


def test_a_folder_without_any_is_not_looked_through_again(site: Path) -> None:
    assert not brings(site)
    (site / "one-1.dist-info" / "entry_points.txt").write_text(GROUP)  # as no installer does it: seen by no time
    assert not brings(site)


def test_what_is_installed_later_is_found(site: Path) -> None:
    """Every installation makes an entry of the folder, and so changes its time."""
    assert not brings(site)
    add(site, "two-1.dist-info", GROUP)
    assert brings(site)
    assert brings(site)


def test_what_is_rewritten_in_place_is_always_looked_at(site: Path) -> None:
    """An egg-info of a checkout."""
    add(site, "three.egg-info", OTHER)
    age(site, seconds=3600)
    assert not brings(site)
    (site / "three.egg-info" / "entry_points.txt").write_text(GROUP)
    assert brings(site)


def test_a_folder_that_has_just_changed_is_not_remembered(site: Path) -> None:
    """What is installed in the same moment may leave the folder its time."""
    age(site, seconds=0)
    assert not brings(site)
    (site / "one-1.dist-info" / "entry_points.txt").write_text(GROUP)
    assert brings(site)


@pytest.mark.parametrize("damage", ["\0\n", "² /\n", "x y\n12\n", "9" * 99 + " /\n"])
def test_a_damaged_memory_is_none(site: Path, damage: str) -> None:
    memory = site.parent / "cache" / "memory"
    memory.parent.mkdir()
    memory.write_text(damage)
    assert not brings(site)
    assert str(site) in memory.read_text()


def test_a_memory_that_cannot_be_written_is_done_without(site: Path) -> None:
    (site.parent / "cache").write_text("no folder")
    assert not brings(site)
    add(site, "two-1.dist-info", GROUP)
    assert brings(site)
