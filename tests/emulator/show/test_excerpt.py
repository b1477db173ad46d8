"""Places in the user's files, as compilers show them."""

import re

import pytest

from emulator.model.origin import Origin
from emulator.show.excerpt import Label, frames
from emulator.show.style import Style, columns

FILES = {
    "app.yaml": "a: 1\nname: web\nother: 2\nkeys: x\nname: web\n",
    "Dockerfile": "FROM x\nRUN one && \\\n    two && \\\n    three\n" + "".join(f"#{n}\n" for n in range(20)),
    "wide": "宽宽宽 = 'value' # " + "宽" * 100,
    "odd": "caf\udce9\tx = \x1b[2J\u202e end",
    "long": "x" * 500 + " here " + "y" * 500,
}


def _line(origin: Origin) -> str | None:
    lines = FILES.get(origin.file, "").split("\n")
    return lines[origin.line - 1] if origin.line <= len(lines) and origin.file in FILES else None


def _at(file: str, line: int, column: int = 1, end: int | None = None, end_line: int | None = None) -> Origin:
    return Origin(file=file, line=line, column=column, end_line=end_line, end_column=end)


def _drawn(*labels: Label, width: int = 60, colour: bool = False) -> list[str]:
    return frames(labels, Style(width=width, colour=colour), _line)


def test_places_of_one_file_share_a_frame_in_the_order_of_its_lines() -> None:
    """The finding's own is underlined with ^, the other one with - and what is said of it; a gap shows as one."""
    own, other = Label(_at("app.yaml", 5, 7, 9), primary=True), Label(_at("app.yaml", 2, 7, 9), "the first one")
    assert _drawn(own, other) == [
        "  --> app.yaml:5:7",
        "  2 | name: web",
        "    |       --- the first one",
        "  …",
        "  5 | name: web",
        "    |       ^^^",
    ]


def test_two_places_in_one_line_show_it_once() -> None:
    """The line, then a mark for each."""
    own, other = Label(_at("app.yaml", 2, 1, 4), primary=True), Label(_at("app.yaml", 2, 7, 9), "set here")
    lines = _drawn(own, other)
    assert lines.count("  2 | name: web") == 1
    assert lines[-2:] == ["    | ^^^^", "    |       --- set here"]


def test_another_file_has_a_frame_of_its_own() -> None:
    """Its arrow says that it is not where the finding is."""
    lines = _drawn(Label(_at("app.yaml", 2), primary=True), Label(_at("Dockerfile", 1), "")), _drawn(
        Label(_at("app.yaml", 2), primary=True), Label(_at("Dockerfile", 1, 1, 4), "overridden there")
    )
    assert "  ::: Dockerfile" in lines[0]
    assert lines[1][-3:] == ["  ::: Dockerfile:1:1", "  1 | FROM x", "    | ---- overridden there"]


def test_a_place_of_several_lines_has_a_bar() -> None:
    """From its first line to its end; where it begins in the middle of a line, a mark says where."""
    assert _drawn(Label(_at("Dockerfile", 2, 1, 9, end_line=4), primary=True))[1:] == [
        "  2 | / RUN one && \\",
        "  3 | |     two && \\",
        "  4 | |     three",
        "    | |_________^",
    ]
    assert "    |  _____^" in _drawn(Label(_at("Dockerfile", 2, 5, 9, end_line=4), primary=True))


def test_of_a_place_of_very_many_lines_the_first_one_is_shown() -> None:
    """A service of a hundred lines is found by the first."""
    lines = _drawn(Label(_at("Dockerfile", 2, 5, 2, end_line=20), primary=True))
    assert lines[1:] == ["  2 | RUN one && \\", "    |     ^^^^^^^^"]


def test_a_whole_line_is_underlined_without_its_indentation() -> None:
    """A finding that knows no more than its line."""
    assert _drawn(Label(_at("Dockerfile", 4), primary=True))[-1] == "    |     ^^^^^"


@pytest.mark.parametrize("width", [24, 40, 60, 120])
@pytest.mark.parametrize(
    "origin", [_at("wide", 1, 8, 12), _at("wide", 1, 60, 70), _at("long", 1, 502, 505), _at("long", 1, 1, 900)]
)
def test_a_long_line_is_cut_around_its_place(origin: Origin, width: int) -> None:
    """Nothing is wider than the screen, with and without colour, and the mark stands below the place."""
    label = Label(origin, "said of it", primary=True)
    plain = _drawn(label, width=width)
    assert all(columns(line) <= max(width, 28) for line in plain)
    painted = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in _drawn(label, width=width, colour=True)]
    assert painted == plain


def test_the_mark_stands_below_a_place_in_the_middle_of_a_long_line() -> None:
    """In columns, not characters."""
    _, line, mark, *_ = _drawn(Label(_at("long", 1, 502, 505), primary=True))
    assert line[mark.index("^") :].startswith("here")
    assert line.count("…") == 2


def test_odd_bytes_and_controls_are_spelt_out() -> None:
    """Nothing of a file reaches the terminal as a command."""
    printed = "".join(_drawn(Label(_at("odd", 1, 6, 6), primary=True)))
    assert "\\xe9" in printed
    assert "\\x1b[2J\\u{202e}" in printed
    assert printed.isprintable()


def test_a_file_that_cannot_be_read_is_named() -> None:
    """With what is said of it beside it, or below where there is no room."""
    assert _drawn(Label(_at("gone", 3, 2), "it is here")) == ["  ::: gone:3:2  it is here"]
    assert len(_drawn(Label(_at("gone", 3, 2), "word " * 20))) > 1
