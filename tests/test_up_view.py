"""`emu up` in a terminal: what a person sees and presses. The real `emu`, on the real engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bench.replace import RENDER
from tests.emulator.edge.screens import Screen
from tests.places import Place, answer, tidied, wait_for
from tests.running_emu import EMU
from tests.test_up_replaces import BROKEN, saying

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    """A project that answers "one"; after the test nothing of it may be left."""
    with tidied(tmp_path, engine) as place:
        place.write(saying("one"), render_yaml=RENDER)
        yield place


def up(place: Place, *arguments: str, **env: str) -> Screen:
    argv = (*EMU, "up", "--root", str(place.root), *arguments)
    return Screen(argv, columns=110, rows=24, env={**place.env, **env})


def top(rows: list[str]) -> str:
    return next((row for row in rows if row.startswith("── ")), "")


def test_a_day_at_the_screen(place: Place) -> None:
    """Live; a save that fails is told at the top while the version before serves, and a restart does not hide it; the
    next good save repairs it; q ends all, and leaves the terminal as it was."""
    with up(place, "--watch") as screen:
        rows = screen.until(lambda rows: top(rows).startswith("── live"))
        url = next(word for word in rows[-2].split() if word.startswith("http"))
        assert answer(url) == (200, "one")
        assert "deploy 1 (up)" in rows[-2]
        screen.until(lambda rows: "/512 MiB" in rows[-2])
        (place.root / "app.py").write_text(BROKEN)
        rows = screen.until(lambda rows: top(rows).startswith("── deploy 2 failed ("))
        assert top(rows).endswith("deploy 1 serves")
        assert answer(url) == (200, "one")
        screen.press("r")
        rows = screen.until(lambda rows: "deploy 3 (restart)" in rows[-2])
        assert top(rows).startswith("── deploy 2 failed (")
        (place.root / "app.py").write_text(saying("two"))
        rows = screen.until(lambda rows: top(rows).startswith("── live") and "deploy 4 (save)" in rows[-2])
        wait_for(lambda: answer(url) == (200, "two"))
        screen.press("q")
        assert screen.ends() == 130
        assert screen.modes() == screen.was[:4]
        rows = screen.all_rows()
    assert not any(row.startswith("── ") for row in rows)
    assert sum("deploy 2 of" in row and "failed; deploy 1 still serves" in row for row in rows) == 1
    assert rows[-1] == "ended, as asked"


def test_what_the_check_refused_is_built_anyway(place: Place) -> None:
    """b after a refusal is the answer to it."""
    with up(place, "--watch") as screen:
        screen.until(lambda rows: top(rows).startswith("── live"))
        (place.root / ".dockerignore").write_text("app.py\n")
        rows = screen.until(lambda rows: "was refused (" in top(rows))
        assert top(rows).endswith("deploy 1 serves; b builds it anyway")
        screen.press("b")
        screen.until(lambda rows: top(rows).startswith("── deploy 3 failed ("))
        screen.press("q")
        assert screen.ends() == 130


def test_a_pause_makes_one_deploy_of_several_saves(place: Place) -> None:
    """They are told and counted, and the version before serves until it goes on."""
    with up(place, "--watch") as screen:
        rows = screen.until(lambda rows: top(rows).startswith("── live"))
        url = next(word for word in rows[-2].split() if word.startswith("http"))
        screen.press("p")
        screen.until(lambda rows: top(rows) == "── paused; live")
        for number, text in enumerate(("two", "three"), start=1):
            (place.root / "app.py").write_text(saying(text))
            waits = "1 save waits" if number == 1 else "2 saves wait"
            screen.until(lambda rows, waits=waits: top(rows) == f"── paused, {waits}; live")
        assert answer(url) == (200, "one")
        screen.press("p")
        screen.until(lambda rows: top(rows).startswith("── live; saves") and "deploy 2 (save)" in rows[-2])
        wait_for(lambda: answer(url) == (200, "three"))
        screen.press("q")
        assert screen.ends() == 130
        assert sum("deploys are paused" in row for row in screen.all_rows()) == 2


def test_without_colours_there_are_lines_alone(place: Place) -> None:
    """No panel, no sequence, no key that is heard."""
    with up(place, NO_COLOR="1") as screen:
        rows = screen.until(lambda rows: any("Ctrl-C ends it" in row for row in rows))
        assert not any(row.startswith("── ") for row in rows)
        screen.press("\x03")
        assert screen.ends() == 130
        assert b"\x1b" not in screen.raw
