"""Colour and width: the few things every printed text needs."""

import re
from typing import NamedTuple, Protocol


class Screen(Protocol):
    """What is known of where a text goes."""

    width: int
    colour: bool
    out_is_tty: bool


class Style(NamedTuple):
    """How wide the reader's screen is, whether it shows colour, and whether very long values are shown whole. folds:
    whether lines that belong together as one are broken at its edge, for a person; a program gets them in one piece."""

    width: int = 100
    colour: bool = False
    whole: bool = False
    folds: bool = False

    def bold(self, text: str) -> str:
        return self._paint("1", text)

    def dim(self, text: str) -> str:
        return self._paint("2", text)

    def red(self, text: str) -> str:
        return self._paint("31;1", text)

    def yellow(self, text: str) -> str:
        return self._paint("33;1", text)

    def green(self, text: str) -> str:
        return self._paint("32;1", text)

    def cyan(self, text: str) -> str:
        return self._paint("36", text)

    def hue(self, number: int, text: str) -> str:
        """In one of the colours by which things beside each other are told apart; never a red, which is trouble."""
        return self._paint(_HUES[number % len(_HUES)], text)

    def short(self, text: str, most: int = 400) -> str:
        """`text` on one line; where it takes more than `most` columns, its beginning, how much is left out, and its
        end. --verbose shows it whole, and so does --format json."""
        shown = printable(text)
        if self.whole or columns(shown) <= most:
            return shown
        begin, end = fit(shown, most * 2 // 3), fit(shown[::-1], most // 3)
        left_out = len(shown) - begin - end
        return f"{shown[:begin]}… {left_out:,} more characters …{shown[len(shown) - end :]}"

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


def style_of(screen: Screen, *, whole: bool = False) -> Style:
    """How to write for it."""
    return Style(width=screen.width, colour=screen.colour, whole=whole, folds=screen.out_is_tty)


_HUES = ("36", "35", "34", "32", "33", "96", "95", "94", "92", "93")


def printable(text: str) -> str:
    """`text` on one line, with control characters shown instead of obeyed."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _VISIBLE.get(c) or _escaped(c) for c in text)


_VISIBLE = {"\n": "⏎", "\t": "    "}


def _escaped(character: str) -> str:
    number = ord(character)
    if character == "\r":
        return ""
    if 0xDC80 <= number <= 0xDCFF:  # a byte of a name that is not UTF-8, as Python carries it
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{{{number:x}}}"


_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*(?![][P^_X])[0-~])")


def legible(text: str) -> str:
    """The same without the sequences that a terminal obeys: an app's own colours, titles, movements of the cursor."""
    return text if text.isprintable() else printable(_SEQUENCE.sub("", text))


def columns(text: str) -> int:
    """How many columns `text` takes on a screen: none for what is drawn onto the character before it, two for the wide
    ones of East Asia and for emoji."""
    if text.isascii():
        return len(text)
    return sum(map(_columns_of, text))


def _columns_of(character: str) -> int:
    if character.isascii():
        return 1
    from unicodedata import category, east_asian_width

    if category(character) in ("Mn", "Me", "Cf") or "\u1160" <= character <= "\u11ff":  # the inner letters of Hangul
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def cut(text: str, start: int, width: int) -> str:
    """What of a line stands in `width` columns from column `start` on; blanks for the halves of wide characters."""
    shown, at = "", 0
    for character in text:
        wide = _columns_of(character)
        if start <= at and at + wide <= start + width:
            shown += character
        elif at < start + width and at + wide > start:
            shown += " "
        at += wide
        if at >= start + width and wide:
            break
    return shown


def wrap(text: str, width: int) -> list[str]:
    """`text` broken at blanks so that no line is wider than `width` columns; a longer word is broken as well, where
    that can be behind a slash or the like."""
    lines = [""]
    for word in printable(text).split(" "):
        if lines[-1] and columns(lines[-1]) + 1 + columns(word) > width:
            lines.append("")
        rest = word
        while columns(rest) > width:
            cut = _break(rest, width)
            lines[-1] = rest[:cut]
            lines.append("")
            rest = rest[cut:]
        lines[-1] = f"{lines[-1]} {rest}" if lines[-1] else rest
    return [line.rstrip() for line in lines]


def _break(word: str, width: int) -> int:
    """How many characters of a word that is too long stand in a line of `width` columns."""
    most = max(1, fit(word, width))
    return next((at for at in range(most, most // 2, -1) if word[at - 1] in "/@,;&?=-"), most)


def folded(line: str, style: Style, indent: int) -> str:
    """A line, which may have colours, as it is, or on a screen that is narrower broken at blanks, the further lines
    begun with `indent` blanks. An address stays whole, to be opened and copied."""
    if not style.folds or columns(_SEQUENCE.sub("", line)) <= style.width:
        return line
    indent = min(indent, style.width // 3)
    rows, at, blanks = [""], 0, ""
    for piece in _PIECES.findall(line):
        if piece.startswith("\x1b"):
            rows[-1] += piece
            continue
        if piece.isspace():
            blanks = piece
            continue
        rest, is_whole, wide = piece, "://" in piece, columns(piece)
        room = style.width - at - len(blanks)
        if wide > room and rows[-1].strip() and (is_whole or wide <= style.width - indent or room < _LEAST):
            rows, at, blanks = [*rows, " " * indent], indent, ""
        while not is_whole and at + len(blanks) + columns(rest) > style.width:
            cut = _break(rest, style.width - at - len(blanks))
            rows[-1] += blanks + rest[:cut]
            rows, at, blanks, rest = [*rows, " " * indent], indent, "", rest[cut:]
        rows[-1] += blanks + rest
        at, blanks = at + len(blanks) + columns(rest), ""
    return "\n".join(rows)


_LEAST = 8
"""Columns of a line's end in which a word is begun that is broken in any case."""
_PIECES = re.compile(r"\x1b\[[0-9;]*m| +|[^ \x1b]+")


def fit(text: str, width: int) -> int:
    """How many characters of `text` fit in `width` columns."""
    used = 0
    for count, character in enumerate(text):
        used += _columns_of(character)
        if used > width:
            return count
    return len(text)


def hanging(label: str, text: str, style: Style, *, indent: int = 2, gap: int = 10) -> list[str]:
    """`label` and `text` side by side, the text's further lines below its first; below a label that is
    longer than its column, all of them."""
    room = max(16, style.width - indent - gap)
    first, *rest = wrap(text, room)
    if label and columns(label) >= gap:
        return [" " * indent + style.dim(label), *(" " * (indent + gap) + line for line in (first, *rest))]
    head = " " * indent + style.dim(label) + " " * (gap - columns(label)) + first
    return [head, *(" " * (indent + gap) + line for line in rest)]
