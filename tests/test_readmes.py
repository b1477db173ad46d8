"""What the READMEs say is so: links lead somewhere, files that are named are there, rooms import what is said."""

import re
from pathlib import Path

import pytest

from tests.running_emu import CHECKOUT
from tests.test_layers import MAY_IMPORT

PAGES = [page for pattern in ("*.md", "*/*.md", "tests/bench/*.md") for page in sorted(CHECKOUT.glob(pattern))]
ROOMS = CHECKOUT / "emulator"
PLATFORMS = CHECKOUT / "platforms"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_what_the_rooms_page_names_is_there() -> None:
    """A file as `engine/boot`, in prose and in the picture."""
    rooms = "|".join(path.name for path in ROOMS.iterdir() if path.is_dir() and path.name[0] != "_")
    named = set(re.findall(rf"\b((?:{rooms})/[a-z]\w+)", (ROOMS / "README.md").read_text()))
    assert len(named) > 40
    there = {name for name in named if (ROOMS / name).is_dir() or (ROOMS / f"{name}.py").is_file()}
    assert named - there == set()


def test_every_room_has_its_row_and_imports_what_it_says() -> None:
    """Beside itself; "all but …" is left to the reader."""
    rows = re.findall(r"^\| (`.+?) \|.*\| (.+?) \|$", (ROOMS / "README.md").read_text(), re.MULTILINE)
    named = ((name, may) for cell, may in rows for name in re.findall("`(.+?)`", cell))
    said = {name.removesuffix("/").removesuffix(".py"): may for name, may in named}
    there = {path.stem for path in ROOMS.iterdir() if path.suffix in (".py", "") and not path.name.startswith("_")}
    assert said.keys() == there
    for room, may in said.items():
        if not may.startswith(("all but", "everything")):
            assert set(may.split(", ")) - {"nothing of ours"} == MAY_IMPORT[room] - {room}, room


def test_every_file_of_the_shown_platform_has_its_line() -> None:
    """And every name there is a file."""
    text = (PLATFORMS / "README.md").read_text()
    names = re.findall(r"\b(\w+\*?\.py)", text.partition("```\n")[2].partition("```")[0])
    files = {path.name: path for path in (PLATFORMS / "render").glob("*.py")}
    assert [name for name in names if not any(path.match(name) for path in files.values())] == []
    assert [name for name, path in files.items() if not any(path.match(listed) for listed in names)] == []
    assert [path.name for path in PLATFORMS.glob("*.py") if path.name not in text] == []
