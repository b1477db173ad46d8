"""The five minutes of README.md: each command is run as it stands there, and prints the lines that stand below it."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.running_emu import CHECKOUT, environment, run_emu
from tests.terminal_pictures import shown

_ON_AN_ENGINE = ("emu up", "curl ")


class Step(NamedTuple):
    """A command, and lines that it prints in this order; "…" stands for some that are left out."""

    command: str
    lines: tuple[str, ...]

    @property
    def needs_engine(self) -> bool:
        return self.command.startswith(_ON_AN_ENGINE)


def steps() -> Iterator[Step]:
    """Those of the tour, as README.md has them."""
    tour = (CHECKOUT / "README.md").read_text().partition("## Five minutes\n")[2].partition("\n## ")[0]
    for block in re.findall(r"```console\n(.*?)```", tour, re.DOTALL):
        for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, *printed = command.rstrip("\n").split("\n")
            yield Step(first, tuple(line for line in printed if line != "…"))


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A folder with a clone and nothing beside it; in its environment, `emu` is the checkout's own."""
    clone = tmp_path / "emu"
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / "examples").symlink_to(CHECKOUT / "examples")
    command = clone / ".venv" / "bin" / "emu"
    command.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(CHECKOUT))} exec {sys.executable} -m emulator "$@"\n')
    command.chmod(0o755)
    return clone


def told(step: Step, printed: str) -> None:
    """Every line of README.md is one that was printed, in that order."""
    left = iter(printed.splitlines())
    for line in step.lines:
        found = any(line.rstrip() == one.rstrip() for one in left)
        assert found, f"{step.command} does not print this any more: {line}\n{printed}"


def test_what_needs_no_engine(bench: Path) -> None:
    """One shell, from the clone to the end, as somebody types it."""
    run = [step for step in steps() if not step.needs_engine]
    assert len([step for step in run if step.command.startswith("emu ")]) >= 5
    mark = "\x1c"
    script = "\n".join(f"{step.command}\nprintf '{mark}%s{mark}' $?" for step in run)
    home = bench.parent / "home"
    done = subprocess.run(
        ["bash", "-c", script], cwd=bench, capture_output=True, text=True, check=False,
        env=environment({"HOME": str(home), "XDG_STATE_HOME": str(home / "state")}),
    )  # fmt: skip
    assert done.stderr == ""
    parts = done.stdout.split(mark)
    for step, printed, code in zip(run, parts[0::2], parts[1::2], strict=False):
        assert code in ("0", "1"), step.command
        told(step, printed)
    assert len(parts) == 2 * len(run) + 1
    assert not (bench.parent / "orders" / "backend" / "Dockerfile").exists()


def test_the_first_answer_is_the_pictures() -> None:
    """The command that a stranger types first finds what the picture shows."""
    (line,) = re.findall(r"/emu (check --root \S+)$", (CHECKOUT / "README.md").read_text(), re.MULTILINE)
    ran = run_emu(*line.split())
    assert ran.code == 1
    assert ran.out.splitlines()[-1] == shown((CHECKOUT / "tests" / "pictures" / "check.svg").read_text())[-1]
