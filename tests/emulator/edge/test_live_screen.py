"""A panel at the bottom of a real pseudo-terminal: what is seen, what stays in its history, and how it is left."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from emulator.edge.live_screen import keys_of
from tests.emulator.edge.screens import Screen
from tests.running_emu import CHECKOUT

PROGRAM = """
import os, sys, threading, time
from emulator.edge.terminal import StandardTerminal

terminal = StandardTerminal(os.environ)
over = threading.Event()

class Scene:
    keys = ""
    seen = 0
    def panel(self, columns, rows):
        return ["-- top", f"\\x1b[32mkeys {self.keys}.\\x1b[0m" + "x" * 300, f"{columns} by {rows}"]
    def left_out(self, count):
        return f"{count} left out\\n"
    def pressed(self, key):
        self.keys += key
        if key == "c":
            screen.clear()
        if key == "q":
            over.set()
        if key == "f":
            raise ValueError("a fault of ours")
    def failed(self, problem):
        self.problem = problem
        over.set()

scene = Scene()
screen = terminal.show(scene)
if screen is None:
    terminal.out("plain\\n")
    sys.exit(3)
try:
    terminal.out("first\\n")
    {work}
    while not over.wait(0.05):
        pass
finally:
    screen.close()
terminal.out("after\\n")
"""


def start(tmp_path: Path, work: str = "pass", *, env: Mapping[str, str] | None = None) -> Screen:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.replace("{work}", work))
    env = {"PYTHONPATH": str(CHECKOUT), **(env or {})}
    return Screen((sys.executable, str(program)), columns=40, rows=10, env=env)


def panel(rows: list[str]) -> list[str]:
    return rows[rows.index("-- top") :] if "-- top" in rows else []


def test_lines_scroll_above_the_panel_and_stay_in_the_history(tmp_path: Path) -> None:
    """Each line once, in its order; the panel below the last one, cut at the edge; nothing of it in the history."""
    with start(tmp_path, "[screen.put_line(f'line {n}\\n') for n in range(300)]") as screen:
        rows = screen.until(lambda rows: "line 299" in rows and len(panel(rows)) == 3)
        assert rows[-3:] == ["-- top", f"keys .{'x' * 32}…", "40 by 10"]
        screen.press("q")
        assert screen.ends() == 0
        rows = screen.all_rows()
    assert rows == ["first", *[f"line {n}" for n in range(300)], "after"]


def test_keys_are_heard_and_not_shown(tmp_path: Path) -> None:
    """Arrows as well, also two at once; what is pasted is for somebody else."""
    with start(tmp_path) as screen:
        screen.until(lambda rows: len(panel(rows)) == 3)
        screen.press("r\x1b[B")
        screen.until(lambda rows: any(row.startswith("keys rdown") for row in rows))
        screen.press("qqqqqqqq")
        time.sleep(0.3)
        screen.press("q")
        assert screen.ends() == 0
        assert screen.modes() == screen.was[:4]
        assert screen.all_rows() == ["first", "after"]


def test_a_narrower_or_lower_terminal(tmp_path: Path) -> None:
    with start(tmp_path) as screen:
        screen.until(lambda rows: "40 by 10" in rows)
        screen.resize(60, 12)
        rows = screen.until(lambda rows: "60 by 12" in rows)
        assert panel(rows) == ["-- top", f"keys .{'x' * 52}…", "60 by 12"]
        screen.resize(30, 6)
        rows = screen.until(lambda rows: "30 by 6" in rows)
        assert panel(rows)[-3:] == ["-- top", f"keys .{'x' * 22}…", "30 by 6"]
        screen.press("q")
        assert screen.ends() == 0


def test_a_cleared_screen(tmp_path: Path) -> None:
    with start(tmp_path, "[screen.put_line(f'line {n}\\n') for n in range(5)]") as screen:
        screen.until(lambda rows: "line 4" in rows and len(panel(rows)) == 3)
        screen.press("c")
        screen.until(lambda rows: rows[:1] == ["-- top"])
        screen.press("q")
        assert screen.ends() == 0


def test_suspended_and_resumed(tmp_path: Path) -> None:
    """Ctrl-Z in a shell without a line editor, which takes its terminal as it gets it: what is typed there is seen, and
    no panel. Afterwards all goes on, as often as one likes."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.replace("{work}", "pass"))
    with Screen(("/bin/sh", "-i"), columns=60, rows=20, env={"PYTHONPATH": str(CHECKOUT), "PS1": "$ "}) as screen:
        screen.until(lambda rows: rows == ["$"])
        screen.press(f"exec 2>&1; {sys.executable} {program}; echo status $?\n")
        for number in range(2):
            screen.until(lambda rows: len(panel(rows)) == 3)
            screen.press("\x1a")
            rows = screen.until(lambda rows: bool(rows) and rows[-1] == "$")
            assert "-- top" not in rows
            screen.press(f"echo typed {number}\n")
            screen.until(lambda rows, n=number: {f"$ echo typed {n}", f"typed {n}"} <= set(rows))  # type: ignore[misc]
            screen.press("fg\n")
            screen.until(lambda rows: len(panel(rows)) == 3)
            screen.press("r")
            screen.until(lambda rows, n=number: any(row.startswith("keys " + "r" * (n + 1)) for row in rows))  # type: ignore[misc]
        screen.press("q")
        screen.until(lambda rows: rows[-2:] == ["after", "$"])


@pytest.mark.parametrize("work", ["raise RuntimeError", "os.kill(os.getpid(), 2)", "pass"])
def test_whatever_ends_it_leaves_the_terminal_as_it_was(work: str, tmp_path: Path) -> None:
    with start(tmp_path, f"time.sleep(0.3); {work}") as screen:
        if work == "pass":  # and a key that is a fault of ours
            screen.until(lambda rows: "first" in rows)
            screen.press("f")
            screen.ends()
        else:
            assert screen.ends() != 0
        assert screen.modes() == screen.was[:4]
        assert "-- top" not in screen.rows()


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"PYTHONIOENCODING": "latin-1"}, {"TERM": ""}])
def test_a_terminal_that_is_none_for_it(env: dict[str, str], tmp_path: Path) -> None:
    with start(tmp_path, env=env) as screen:
        assert screen.ends() == 3
        assert screen.rows() == ["plain"]
        assert b"\x1b" not in screen.raw


def test_a_terminal_that_takes_no_more(tmp_path: Path) -> None:
    """The program goes on; what was too much is counted where it would have been."""
    work = "os.set_blocking(0, True); [screen.put_line(f'line {n}\\n') for n in range(50_000)]; terminal.out('done\\n')"
    with start(tmp_path, work) as screen:
        screen.until(lambda rows: "done" in rows)
        screen.press("q")
        assert screen.ends() == 0
        rows = screen.all_rows()
    told = [int(row.split()[0]) for row in rows if row.endswith("left out")]
    lines = [row for row in rows if row.startswith("line ")]
    assert len(lines) + sum(told) == 50_000
    assert lines[-1] == "line 49999"
    assert sorted(lines, key=lambda line: int(line.split()[1])) == lines


def test_a_quiet_panel_is_not_drawn_again(tmp_path: Path) -> None:
    """Nothing is written while nothing changes."""
    with start(tmp_path) as screen:
        screen.until(lambda rows: len(panel(rows)) == 3)
        time.sleep(0.3)
        before = len(screen.raw)
        time.sleep(2.2)
        assert len(screen.raw) == before


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("r", ["r"]), ("\x1b[A", ["up"]), ("\x1b[B\x1b[Bl", ["down", "down", "l"]), ("\x1bOA", ["up"]), ("\x1b", []),
        ("\x1b[1;5C", []), ("\x1b[3~q", ["q"]), ("quit now", []), ("é", ["é"]),
    ],
)  # fmt: skip
def test_what_was_typed(text: str, keys: list[str]) -> None:
    assert keys_of(text) == keys
