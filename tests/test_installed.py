"""What is published: a wheel and an sdist that hold all an installed emu needs, its lessons included."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.example_files import example_folders
from tests.running_emu import CHECKOUT

pytestmark = pytest.mark.thorough


def build(kind: str, source: Path, to: Path) -> Path:
    """The distribution that the project's own build backend makes."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(to)],
        cwd=source, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = to.iterdir()
    return made


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built from the sdist, unpacked as an installer unpacks it."""
    work = tmp_path_factory.mktemp("published")
    sdist = build("sdist", CHECKOUT, work / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(work / "source", filter="data")
    (source,) = (work / "source").iterdir()
    wheel = build("wheel", source, work / "wheel")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(work / "site")
    return work / "site"


def emu(installed: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The installed emu, which finds its libraries in this environment and nothing of this checkout."""
    environ = {**os.environ, "PYTHONPATH": str(installed), "HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    command = "import emulator, runpy, sys; assert emulator.__file__.startswith(sys.argv.pop(1)), emulator.__file__; "
    command += "runpy.run_module('emulator', run_name='__main__', alter_sys=True)"
    return subprocess.run(
        [sys.executable, "-c", command, str(installed), *words],
        cwd=home, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_installed_emu_teaches_and_plans_what_it_ships(installed: Path, tmp_path: Path) -> None:
    """Away from any checkout it lists every example, lays one out, and plans it."""
    listed = emu(installed, tmp_path, "learn")
    assert listed.returncode == 0, listed.stderr
    assert all(folder.name in listed.stdout for folder in example_folders())
    held = emu(installed, tmp_path, "learn", "render-gitignored-artefact", "--answers", "3,2")
    assert "2 of 2 right" in held.stdout, held.stderr
    lesson = tmp_path / "state" / "emu-lessons" / "render-gitignored-artefact"
    assert emu(installed, tmp_path, "check", "--root", str(lesson)).returncode == 1


def test_nothing_is_forgotten_and_nothing_is_there_by_mistake(installed: Path) -> None:
    """Every source file and every example's file is in the wheel; no test, no cache, and the licence is."""
    there = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    for name in tracked.stdout.split("\0"):
        if name.startswith(("emulator/", "platforms/")):
            assert name in there
        elif name.startswith("examples/"):
            assert f"emulator/{name}" in there
    assert not [name for name in there if name.startswith("tests/") or "__pycache__" in name]
    assert [name for name in there if name.endswith("licenses/LICENSE")]


@pytest.mark.docker
def test_an_installed_emu_runs_an_example_it_ships(installed: Path, tmp_path: Path) -> None:
    done = emu(installed, tmp_path, "learn", "render-procfile-alone", "--answers", "1,3", "--boot")
    assert done.returncode == 0
    assert "live" in done.stdout, done.stdout + done.stderr
