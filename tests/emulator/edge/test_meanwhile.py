"""The line that a terminal shows while a command takes longer than a second."""

import json
import subprocess
from pathlib import Path

import pytest

from emulator.engine.labels import project_id
from emulator.show.meanwhile import DOING, meanwhile_line
from emulator.show.style import Style, columns
from tests.emulator.edge.screens import Screen
from tests.running_emu import CHECKOUT, EMU, environment

SLOW = """\
import sys, time
import emulator.planning as planning
real = planning.detect
def slow(*args):
    time.sleep({seconds})
    return real(*args)
planning.detect = slow
from emulator.cli import main
main(sys.argv[1:])
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text('FROM python:3.13-slim\nCMD ["python", "-V"]\n')
    return tmp_path


def _command(tmp_path: Path, *words: str, seconds: float = 2.5) -> tuple[str, ...]:
    """An emu that takes that long once it has opened the repository."""
    program = tmp_path / ".slow.py"
    program.write_text(SLOW.format(seconds=seconds))
    return (EMU[0], str(program), *words, "--root", str(tmp_path))


def _env(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state"), "PYTHONPATH": str(CHECKOUT), **more}


def test_a_command_of_some_seconds_says_so_and_takes_it_back(repository: Path) -> None:
    """After a second, rewritten in place, gone when the answer comes; how long it took is known the next time."""
    env = _env(repository)
    kept = repository / "state" / "emu" / project_id(str(repository)) / "durations.json"
    with Screen(_command(repository, "check"), env=env) as first:
        first.until(lambda rows: rows == ["checking … 1 s"])
        first.until(lambda rows: rows == ["checking … 2 s"])
        assert first.ends() == 0
        assert "checking" not in "\n".join(first.all_rows())
        assert first.all_rows()[0].startswith("render · ")
    took = json.loads(kept.read_text())["check"]
    assert 2.5 <= took < 20
    with Screen(_command(repository, "check"), env=env) as second:
        second.until(lambda rows: rows == [f"checking … 1 s (last time {took:.0f} s)"])


def test_what_is_over_in_a_second_says_nothing(repository: Path) -> None:
    """Not a byte more than a pipe gets, and nothing is remembered."""
    with Screen(_command(repository, "plan", seconds=0), env=_env(repository, NO_COLOR="1")) as screen:
        assert screen.ends() == 0
        assert b"\x1b" not in screen.raw
    assert not (repository / "state").exists()


def test_without_colour_the_line_is_plain(repository: Path) -> None:
    """Nothing but taking the line back is asked of the terminal."""
    with Screen(_command(repository, "plan"), env=_env(repository, NO_COLOR="1")) as screen:
        assert screen.ends() == 0
        said = bytes(screen.raw).replace(b"\r\x1b[K", b"")
    assert "planning … 1 s".encode() in said
    assert b"\x1b" not in said


@pytest.mark.parametrize(("words", "env"), [(("--quiet",), {}), ((), {"TERM": "dumb"})])
def test_who_wants_quiet_or_cannot_take_back_gets_no_line(
    repository: Path, words: tuple[str, ...], env: dict[str, str]
) -> None:
    """--quiet, and a terminal that obeys nothing."""
    with Screen(_command(repository, "check", *words, seconds=1.5), env=_env(repository, **env)) as screen:
        assert screen.ends() == 0
        assert b"checking" not in screen.raw


def test_a_pipe_gets_no_line(repository: Path) -> None:
    """Neither stream."""
    ran = subprocess.run(
        _command(repository, "check", seconds=1.5), env=environment(_env(repository)), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "checking" not in ran.stdout


def test_ctrl_c_takes_the_line_back(repository: Path) -> None:
    """What stays on the screen is that it was interrupted."""
    with Screen(_command(repository, "check", seconds=30), env=_env(repository)) as screen:
        screen.until(lambda rows: rows[:1] == ["checking … 1 s"])
        screen.press("\x03")
        assert screen.ends() == 130
        assert [row for row in screen.all_rows() if row] == ["interrupted"]


def test_a_line_never_breaks() -> None:
    """However narrow the screen is."""
    for width in (20, 40, 100):
        for command in DOING:
            assert columns(meanwhile_line(command, 123.4, 4567.8, Style(width=width))) < width
