"""A logical line → keyword, flags and arguments, by BuildKit's rules (parser/split_command.go, line_parsers.go).

Everything is a span of the line's text, so that each part can tell where it was written.
"""

import re
from typing import NamedTuple

import msgspec

from .lines import SPACE
from .words import expand

BLANKS = re.compile(r"[\t\v\f\r ]+")
ASCII_SPACE = "\t\n\v\f\r "
"""BuildKit looks for flags byte by byte, so other blanks do not end one."""

_HEREDOC = re.compile(r"(\d*)<<(-?)[\t\n\f\r ]*([^<]*)", re.ASCII)


class Span(NamedTuple):
    """A part of a line: the value it has, and the text[start:end] it came from."""

    value: str
    start: int
    end: int


class Split(NamedTuple):
    """A line taken apart; `args` is stripped of blanks at both ends."""

    keyword: Span
    flags: list[Span]
    args: Span


class NotStrings(Exception):
    """A JSON array that holds something else than strings: Docker refuses it."""


def split_line(text: str, escape: str) -> Split:
    """The keyword, the words that begin with `--` after it, and the rest of a logical line."""
    end = len(text.rstrip(SPACE))
    start = min(len(text) - len(text.lstrip(SPACE)), end)
    blank = BLANKS.search(text, start, end)
    if blank is None:
        return Split(Span(text[start:end], start, end), [], Span("", end, end))
    flags, position = _flags(text, blank.end(), end, escape)
    return Split(Span(text[start : blank.start()], start, blank.start()), flags, stripped(text, position, end))


def stripped(text: str, start: int, end: int) -> Span:
    """text[start:end] without blanks at its ends."""
    value = text[start:end].lstrip(SPACE)
    start = end - len(value)
    value = value.rstrip(SPACE)
    return Span(value, start, start + len(value))


def _flags(text: str, position: int, end: int, escape: str) -> tuple[list[Span], int]:
    flags: list[Span] = []
    while True:
        while position < end and text[position] in ASCII_SPACE:
            position += 1
        if not text.startswith("--", position, end):
            return flags, position
        flag = _flag(text, position, end, escape)
        position = flag.end
        if flag.value == "--":
            return flags, position
        flags.append(flag)


def _flag(text: str, start: int, end: int, escape: str) -> Span:
    """One flag with its quotes and escapes taken off."""
    out: list[str] = []
    quote = ""
    position = start
    while position < end:
        character = text[position]
        if not quote and character in ASCII_SPACE:
            break
        if not quote and character in ("'", '"'):
            quote = character
        elif quote and character == quote:
            quote = ""
        else:
            if character == escape:
                position += 1
            if position < end:
                out.append(text[position])
        position += 1
    return Span("".join(out), start, min(position, end))


def plain_words(args: Span) -> list[Span]:
    """The arguments split at blanks, quotes meaning nothing."""
    words: list[Span] = []
    position = 0
    while position < len(args.value):
        blank = BLANKS.search(args.value, position)
        end = blank.start() if blank else len(args.value)
        words.append(Span(args.value[position:end], args.start + position, args.start + end))
        position = blank.end() if blank else end
    return words


def quoted_words(args: Span, escape: str) -> list[Span]:
    """The arguments split at blanks outside quotes; quotes and escapes stay in the words."""
    text, words = args.value, []
    position, end = 0, len(args.value)
    while position < end:
        if text[position] in SPACE:
            position += 1
            continue
        start = position
        quote = ""
        lone_escape = False
        while position < end and (quote or text[position] not in SPACE):
            character = text[position]
            if character == escape and quote != "'":
                lone_escape = position + 1 == end
                position += 1
            elif quote:
                quote = "" if character == quote else quote
            elif character in ("'", '"'):
                quote = character
            position += 1
        position = min(position, end)
        value = text[start : position - 1] if lone_escape else text[start:position]
        if value:
            words.append(Span(value, args.start + start, args.start + position))
    return words


def json_strings(text: str) -> tuple[str, ...] | None:
    """The elements when `text` is a JSON array of strings, None when it is no JSON array.

    Raises NotStrings for an array that holds anything else.
    """
    text = text.lstrip(SPACE)
    if not text.startswith("["):
        return None
    try:
        elements = msgspec.json.decode(text, type=list)
    except RecursionError:
        raise NotStrings from None
    except (msgspec.DecodeError, UnicodeError):
        return None
    if not all(isinstance(element, str) for element in elements):
        raise NotStrings
    return tuple(elements)


class HeredocHead(NamedTuple):
    """`3<<-"EOF"`: descriptor 3, chomp, not expanded, named EOF."""

    name: str
    expand: bool
    chomp: bool
    descriptor: int


def heredoc_head(word: str) -> HeredocHead | None:
    """The here-document a word announces, None when it announces none."""
    match = _HEREDOC.fullmatch(word)
    if match is None or not match[3]:
        return None
    bare = expand(match[3], {}, keep_unset=True)
    raw = expand(match[3], {}, keep_unset=True, keep_quotes=True)
    if len(bare.words) != 1 or len(raw.words) != 1:
        return None
    unquoted = _quotes(bare.words[0]) == _quotes(raw.words[0])
    return HeredocHead(bare.words[0], unquoted, match[2] == "-", int(match[1][:9] or 0))


def heredoc_heads(line: str) -> list[HeredocHead]:
    """The here-documents a line announces, in order. The escape is always a backslash here."""
    if "<<" not in line:
        return []
    words = expand(line, {}, keep_unset=True, keep_quotes=True, keep_escapes=True).words
    return [head for word in words if (head := heredoc_head(word)) is not None]


def _quotes(word: str) -> int:
    return word.count("'") + word.count('"')
