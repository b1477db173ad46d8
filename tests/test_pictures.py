"""The pictures in README.md show what a terminal shows.

`pytest tests/test_pictures.py --update-goldens` draws them anew; then look at them.
"""

import re
from pathlib import Path

import pytest

from tests.emulator.edge.screens import Screen
from tests.example_files import EXAMPLES, copy_example
from tests.running_emu import CHECKOUT, EMU
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
    env = {"PYTHONPATH": str(CHECKOUT), "HOME": str(root.parent), "XDG_STATE_HOME": str(root.parent / "state")}
    return Screen((*EMU, *words), columns=100, rows=rows, env=env, cwd=str(root))


def test_check(orders: Path, update: bool) -> None:
    """To the letter and the colour."""
    with screen(orders, "check", rows=80) as seen:
        assert seen.ends() == 1
    drawn = picture("emu check", bytes(seen.raw), columns=100, rows=80)
    kept = PICTURES / "check.svg"
    if update:
        kept.write_text(drawn)
    assert drawn == kept.read_text(), "pytest tests/test_pictures.py --update-goldens draws it anew"


def test_a_picture_is_read_as_it_was_drawn() -> None:
    """Colours, bold letters, what has to be escaped; empty rows are places, not rows."""
    drawn = picture("a <b>", b"\x1b[31;1mred & bold\x1b[0m  \x1b[2mdim\x1b[0m\n\n  end\n", columns=30, rows=9)
    assert shown(drawn) == ["$ a <b>", "red & bold  dim", "  end"]
    assert '<text x="16" y="83" class="red bold"' in drawn
    assert '<text x="116.8" y="83" class="brightblack"' in drawn
    assert re.search(r'y="121"[^>]*>end<', drawn)


def test_readme_shows_all_of_them_and_no_other() -> None:
    named = set(re.findall(r"!\[[^\]]+\]\(tests/pictures/([^)]+)\)", (CHECKOUT / "README.md").read_text()))
    assert named == {path.name for path in PICTURES.iterdir()}
