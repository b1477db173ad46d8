"""The pictures in README.md show what a terminal shows.

`pytest tests/test_pictures.py --update-goldens` draws them anew; then look at them.
"""

import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.emulator.edge.screens import Screen
from tests.example_files import EXAMPLES, copy_example
from tests.running_emu import CHECKOUT, EMU, environment
from tests.terminal_pictures import picture, shown

PICTURES = Path(__file__).parent / "pictures"


@pytest.fixture
def update(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("--update-goldens"))


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """A copy of the example, as README.md has one made."""
    return copy_example(EXAMPLES / "render-dockerfile-outlived-its-module", tmp_path, git=False).rename(
        tmp_path / "orders"
    )


def screen(root: Path, *words: str, rows: int) -> Screen:
    return Screen((*EMU, *words), columns=100, rows=rows, env=at_home(root), cwd=str(root))


def at_home(root: Path) -> dict[str, str]:
    """The environment of somebody who has used nothing of this before."""
    return {"PYTHONPATH": str(CHECKOUT), "HOME": str(root.parent), "XDG_STATE_HOME": str(root.parent / "state")}


def test_check(orders: Path, update: bool) -> None:
    """To the letter and the colour."""
    with screen(orders, "check", rows=80) as seen:
        assert seen.ends() == 1
    drawn = picture("emu check", bytes(seen.raw), columns=100, rows=80)
    kept = PICTURES / "check.svg"
    if update:
        kept.write_text(drawn)
    assert drawn == kept.read_text(), "pytest tests/test_pictures.py --update-goldens draws it anew"


@pytest.mark.docker
def test_up(orders: Path, update: bool) -> None:
    """Every line that emu itself prints is in the picture as it is now, but for the numbers of one run; the app's own
    lines, and what this machine lacks, are not compared."""
    (orders / "backend" / "Dockerfile").unlink()
    try:
        with screen(orders, "up", rows=34) as up:
            deadline = time.monotonic() + 150
            while not {"── live"} <= set(up.rows()) or "/512 MiB" not in up.rows()[-2]:
                assert time.monotonic() < deadline, "\n".join(up.rows())
                time.sleep(0.1)
            drawn, rows = picture("emu up", bytes(up.raw), columns=100, rows=34), up.all_rows()
            up.press("q")
            assert up.ends() == 130
    finally:
        subprocess.run([*EMU, "down", "--images"], cwd=orders, env=environment(at_home(orders)), check=True)
    kept = PICTURES / "up.svg"
    if update:
        kept.write_text(drawn)
    own = re.compile(r" *[\d.]+s  (?!orders \|)|──|orders|r restart")
    told = [plain(row) for row in shown(kept.read_text()) if own.match(row)]
    assert len(told) > 12
    assert [row for row in told if row not in {plain(one) for one in rows}] == []


def plain(row: str) -> str:
    """Without what is of one run: times, numbers, how wide they make a column."""
    row = re.sub(r"\b(now|\d+ s ago)\b", "now", re.sub(r"\bcached\b", "0 s", row))
    return re.sub(r"[\d.]+", "0", re.sub(r"\s+", " ", row)).strip()


def test_a_picture_is_read_as_it_was_drawn() -> None:
    """Colours, bold letters, what has to be escaped; empty rows are places, not rows."""
    drawn = picture("a <b>", b"\x1b[31;1mred & bold\x1b[0m  \x1b[2mdim\x1b[0m\n\n  end\n", columns=30, rows=9)
    assert shown(drawn) == ["red & bold  dim", "  end"]
    assert ">a &lt;b&gt;</text>" in drawn
    assert '<text x="16" y="64" class="red bold"' in drawn
    assert '<text x="116.8" y="64" class="brightblack"' in drawn
    assert re.search(r'y="102"[^>]*>end<', drawn)


def test_readme_shows_all_of_them_and_no_other() -> None:
    named = set(re.findall(r"!\[[^\]]+\]\(tests/pictures/([^)]+)\)", (CHECKOUT / "README.md").read_text()))
    assert named == {path.name for path in PICTURES.iterdir()}
