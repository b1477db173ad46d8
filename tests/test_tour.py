"""The five minutes of README.md: each command is run as it stands there, and prints the lines that stand below it."""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.emulator.edge.screens import Screen
from tests.example_files import EXAMPLES, copy_example
from tests.running_emu import CHECKOUT, environment, run_emu
from tests.terminal_pictures import shown


class Step(NamedTuple):
    """A command, and lines that it prints in this order; "…" stands for some that are left out."""

    command: str
    lines: tuple[str, ...]


def blocks() -> Iterator[list[Step]]:
    """Those of the tour, as README.md has them."""
    tour = (CHECKOUT / "README.md").read_text().partition("## Five minutes\n")[2].partition("\n## ")[0]
    for block in re.findall(r"```console\n(.*?)```", tour, re.DOTALL):
        commands = [command.rstrip("\n").split("\n") for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
        yield [Step(first, tuple(line for line in lines if line != "…")) for first, *lines in commands]


def serves(block: list[Step]) -> bool:
    """Whether its first command stays, and the others are for a second terminal."""
    return block[0].command.startswith("emu up")


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


def at_home(bench: Path) -> dict[str, str]:
    """The environment of somebody who has used nothing of this before."""
    home = bench.parent / "home"
    return {"HOME": str(home), "XDG_STATE_HOME": str(home / "state")}


def told(step: Step, printed: str) -> None:
    """Every line of README.md is one that was printed, in that order."""
    left = iter(printed.splitlines())
    for line in step.lines:
        found = any(line.rstrip() == one.rstrip() for one in left)
        assert found, f"{step.command} does not print this any more: {line}\n{printed}"


def test_what_needs_no_engine(bench: Path) -> None:
    """One shell, from the clone to the end, as somebody types it."""
    run = [step for block in blocks() if not serves(block) for step in block]
    assert len([step for step in run if step.command.startswith("emu ")]) >= 5
    mark = "\x1c"
    script = "\n".join(f"{step.command}\nprintf '{mark}%s{mark}' $?" for step in run)
    done = subprocess.run(
        ["bash", "-c", script], cwd=bench, capture_output=True, text=True, check=False, env=environment(at_home(bench))
    )
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


@pytest.mark.docker
def test_what_serves(bench: Path) -> None:
    """Each `emu up` in a terminal, and beside it what is typed in a second one: numbers and widths are of this run."""
    orders = copy_example(EXAMPLES / "render-dockerfile-outlived-its-module", bench.parent, git=False)
    orders = orders.rename(bench.parent / "orders")
    (orders / "backend" / "Dockerfile").unlink()
    emu = str(bench / ".venv" / "bin" / "emu")
    env = {**at_home(bench), "PATH": f"{Path(emu).parent}:{os.environ['PATH']}"}
    try:
        for first, *others in filter(serves, blocks()):
            with Screen((emu, *first.command.split()[1:]), columns=100, rows=40, env=env, cwd=str(orders)) as screen:
                seen(first, screen.all_rows)
                for step in others:
                    done = subprocess.run(
                        ["bash", "-c", step.command], cwd=orders, env=environment(env), capture_output=True, text=True,
                        check=True,
                    )  # fmt: skip
                    seen(step, lambda: [*done.stdout.splitlines(), *screen.all_rows()])  # noqa: B023 - called here
                screen.press("q")
                assert screen.ends() == 130
    finally:
        subprocess.run([emu, "down", "--images"], cwd=orders, env=environment(env), check=True, capture_output=True)


def seen(step: Step, rows: Callable[[], list[str]]) -> None:
    """Wait until each line of a step is among the rows."""
    lacking = lambda: {plain(line) for line in step.lines} - {plain(row) for row in rows()}  # noqa: E731
    deadline = time.monotonic() + 150
    while lacking():
        assert time.monotonic() < deadline, f"{step.command} does not print this: {lacking()}\n" + "\n".join(rows())
        time.sleep(0.1)


def plain(row: str) -> str:
    """Without what is of one run: numbers, and how wide they make a column."""
    return re.sub(r"[\d.]+", "0", re.sub(r"\s+", " ", row)).strip()
