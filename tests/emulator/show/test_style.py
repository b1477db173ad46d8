"""Width, wrapping, and characters that a terminal must not obey."""

import pytest

from emulator.show.style import Style, columns, cut, folded, hanging, legible, printable, wrap


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("a\nb\tc\r", "a⏎b    c"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("caf\udce9", "caf\\xe9"),
        ("left\u202eright", "left\\u{202e}right"),
    ],
)
def test_control_characters_are_shown_and_not_obeyed(raw: str, shown: str) -> None:
    """An escape sequence, a change of direction or a byte that is not UTF-8 is spelt out."""
    assert printable(raw) == shown


def test_wrapped_lines_end_without_blanks() -> None:
    """Two blanks at the place of a break leave none at the line's end."""
    assert wrap("gunicorn app:app  [render.yaml:8]", 18) == ["gunicorn app:app", "[render.yaml:8]"]


def test_a_word_is_cut_only_where_it_fits_no_line() -> None:
    """A name that fits a line of its own stays whole; a longer one starts a line and fills it."""
    assert wrap("see LONG_NAME_HERE now", 15) == ["see", "LONG_NAME_HERE", "now"]
    assert wrap("see LONGER_THAN_THE_LINE", 15) == ["see", "LONGER_THAN_THE", "_LINE"]


@pytest.mark.parametrize("width", [2, 7, 20, 80])
def test_no_line_is_wider_than_asked(width: int) -> None:
    """Long words, wide characters and blanks all fit."""
    text = "a bb  ccc 宽宽宽宽宽宽 " + "x" * 50
    assert all(columns(line) <= width for line in wrap(text, width))


def test_colour_does_not_change_the_layout() -> None:
    """The same breaks with and without colour."""
    plain = hanging("label", "word " * 30, Style(width=40))
    painted = hanging("label", "word " * 30, Style(width=40, colour=True))
    assert [line.replace("\x1b[2m", "").replace("\x1b[0m", "") for line in painted] == plain


def test_a_label_wider_than_its_column_stands_alone() -> None:
    """The texts of a table stay below each other."""
    lines = hanging("a-long-label", "word word", Style(width=40), gap=6)
    assert lines == ["  a-long-label", "        word word"]


@pytest.mark.parametrize(
    ("text", "width"),
    [("plain", 5), ("宽字", 4), ("e\u0301", 1), ("🚀", 2), ("⚠\ufe0f", 1), ("שלום", 4), ("\u1112\u1161", 2)],
)
def test_columns_are_those_of_a_terminal(text: str, width: int) -> None:
    """What is drawn onto another character takes none, wide ones take two."""
    assert columns(text) == width


@pytest.mark.parametrize(("start", "width", "shown"), [(0, 4, "a宽b"), (1, 2, "宽"), (2, 3, " b"), (0, 2, "a ")])
def test_a_part_of_a_line_is_counted_in_columns(start: int, width: int, shown: str) -> None:
    """Half of a wide character is a blank."""
    assert cut("a宽b", start, width) == shown


def test_a_long_value_keeps_its_beginning_and_its_end() -> None:
    """And says how much is left out; --verbose leaves nothing out."""
    text = "begin " + "x" * 1000 + " end"
    assert Style().short(text, 60).startswith("begin ")
    assert Style().short(text, 60).endswith(" end")
    assert "950 more characters" in Style().short(text, 60)
    assert Style(whole=True).short(text, 60) == text
    assert Style().short("short", 60) == "short"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[32mINFO\x1b[0m ready", "INFO ready"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0\x1b\\image", "image"),
        ("\x1b7saved\x1b8", "saved"),
        ("\x1b(Bset", "set"),
        ("cut off \x1b[3", "cut off \\x1b[3"),
        ("bell\x07 back\x08 \u202eturned \x9b31m", "bell\\x07 back\\x08 \\u{202e}turned \\x9b31m"),
        ("日本 שלום", "日本 שלום"),
    ],
)
def test_what_a_terminal_would_obey_is_left_out_of_an_app_s_line(raw: str, shown: str) -> None:
    """Sequences whole; what is none is shown instead of obeyed."""
    assert legible(raw) == shown
    assert "\x1b" not in legible(raw)


SCREEN = Style(width=24, folds=True)


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ("short enough", ["short enough"]),
        ("web | one two three four five", ["web | one two three four", "    five"]),
        ("see http://127.0.0.1:40000/a/long/one", ["see", "    http://127.0.0.1:40000/a/long/one"]),
        ("web | 日本語のログ行です。長い。", ["web | 日本語のログ行です", "    。長い。"]),
        ("a/very/long/path/of/many/parts.txt", ["a/very/long/path/of/", "    many/parts.txt"]),
        ("\x1b[31mred is the first word of it\x1b[0m", ["\x1b[31mred is the first word of", "    it\x1b[0m"]),
    ],
)
def test_a_line_is_folded_between_words(line: str, rows: list[str]) -> None:
    """By what is seen of it; a word that is too long behind a slash, an address not at all."""
    assert folded(line, SCREEN, 4).split("\n") == rows


def test_a_program_gets_lines_whole() -> None:
    line = "one two three four five six seven"
    assert folded(line, Style(width=24), 4) == line


def test_a_long_word_is_wrapped_behind_a_slash() -> None:
    assert wrap("postgresql://user:x@host:5432/shop", 31) == ["postgresql://user:x@host:5432/", "shop"]
