"""Fixes as edits of places, and texts after them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.formats.editing import Overlapping, applied, instead_of, text_at, within
from emulator.model.diagnostic import Edit
from emulator.model.origin import Origin

TEXT = "FROM a\r\nCMD run --host 127.0.0.1\n\nlast"
COMMAND = Origin(file="f", line=2, column=1, end_line=2, end_column=24)


def after(text: str, *edits: Edit) -> str:
    return applied(text, edits)


def test_a_place_is_replaced_and_line_ends_stay() -> None:
    fix = instead_of(Origin(file="f", line=1, column=6, end_line=1, end_column=6), "b")
    assert after(TEXT, *fix.edits) == TEXT.replace("FROM a", "FROM b")
    assert text_at(TEXT, COMMAND) == "CMD run --host 127.0.0.1"
    assert text_at(TEXT, Origin(file="f", line=1, column=6)) == "a"
    assert text_at(TEXT, Origin(file="f", line=9)) == ""


def test_only_the_one_whole_word_is_meant() -> None:
    """Twice, as a part of a longer word, or elsewhere: then it is not known what to change."""
    fix = within(TEXT, COMMAND, "127.0.0.1", "0.0.0.0")
    assert fix is not None
    assert "CMD run --host 0.0.0.0\n" in after(TEXT, *fix.edits)
    for word in ("host", "27.0.0.1", "127.0.0", "last", "FROM"):
        assert within(TEXT, COMMAND, word, "x") is None, word
    assert within("a b a", Origin(file="f"), "a", "x") is None
    assert within(TEXT, Origin(file="f", line=7), "a", "x") is None


def test_the_end_of_the_text_is_on_its_last_line() -> None:
    """An editor that shows the edit has no line behind it."""
    fix = within(TEXT, Origin(file="f", line=4), "last", "x")
    assert fix is not None
    assert [(edit.line, edit.column, edit.end_line, edit.end_column) for edit in fix.edits] == [(4, 1, 4, 5)]
    fix = within("a\nb\n", Origin(file="f", line=2), "b", "x")
    assert fix is not None
    assert [(edit.line, edit.column, edit.end_line, edit.end_column) for edit in fix.edits] == [(2, 1, 2, 2)]


def test_edits_that_want_the_same_place_are_refused() -> None:
    one = Edit(file="f", line=1, column=1, end_line=1, end_column=5, text="x")
    two = Edit(file="f", line=1, column=4, end_line=2, end_column=1, text="y")
    with pytest.raises(Overlapping):
        after(TEXT, one, two)
    assert after(TEXT, one, one) == "x" + TEXT[4:]
    assert after(TEXT, Edit(file="f", executable=True)) == TEXT
    with pytest.raises(Overlapping):
        after(TEXT, Edit(file="f", line=99, end_line=99))


@given(st.text("ab\r\n\f\u2028é", max_size=20), st.data())
def test_any_two_places_of_any_text(text: str, data: st.DataObject) -> None:
    """Edits at offsets are what slicing says, whatever the line ends."""
    points = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=4, max_size=4)))
    (a, b), (c, d) = points[:2], points[2:]
    if (b == c and (a == b or c == d)) or "\r" in (text[p - 1 : p] for p in points if text[p : p + 1] == "\n"):
        return
    edits = [edit(text, a, b, "1"), edit(text, c, d, "2")]
    assert after(text, *edits) == text[:a] + "1" + text[b:c] + "2" + text[d:]


def edit(text: str, start: int, end: int, new: str) -> Edit:
    (line, column), (end_line, end_column) = (position(text, offset) for offset in (start, end))
    return Edit(file="f", line=line, column=column, end_line=end_line, end_column=end_column, text=new)


def position(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
