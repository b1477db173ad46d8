"""What a deploy command leaves out of what it uploads: patterns in git's syntax, and the last that matches decides.

Nothing below a directory that is left out comes back. Unlike git's own answer, a symbolic link to a directory is a
directory, "?" is one character of however many bytes, and whether git has the file is not asked.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from emulator.model.plan import UploadRule

from .automaton import ALL, ANY, FOLDERS, STAR, Automaton, Characters, Token, literal

_CLASSES = {
    "alnum": ("az", "AZ", "09"), "alpha": ("az", "AZ"), "blank": ("  ", "\t\t"), "cntrl": ("\0\x1f", "\x7f\x7f"),
    "digit": ("09",), "graph": ("!~",), "lower": ("az",), "print": (" ~",), "punct": ("!/", ":@", "[`", "{~"),
    "space": ("  ", "\t\r"), "upper": ("AZ",), "xdigit": ("09", "af", "AF"),
}  # fmt: skip

_CLASS = re.compile(r"\[:([^\]]*):\]")


class Upload:
    """Asked path by path; what a directory was told is remembered for all below it."""

    def __init__(self, rules: Sequence[UploadRule]) -> None:
        self._rules = [(rule, pattern) for rule in rules if (pattern := read_pattern(rule.pattern)) is not None]
        self._directories: dict[str, UploadRule | None] = {"": None}

    def left_out_by(self, path: str, *, is_directory: bool) -> UploadRule | None:
        """The rule that leaves `path` out, itself or a directory above it; None where it is uploaded."""
        if path == ".":
            return None
        if is_directory and path in self._directories:
            return self._directories[path]
        parent = path.rpartition("/")[0]
        rule = self.left_out_by(parent, is_directory=True) if parent else None
        if rule is None:
            rule = self._decided(path, is_directory=is_directory)
        if is_directory:
            self._directories[path] = rule
        return rule

    def _decided(self, path: str, *, is_directory: bool) -> UploadRule | None:
        for rule, pattern in reversed(self._rules):
            if pattern.matches(path, is_directory=is_directory):
                return None if pattern.exception else rule
        return None


def is_uploaded(file: str, upload: Upload | None) -> bool:
    """Whether a file of the repository is uploaded; all are where nobody chooses."""
    return upload is None or upload.left_out_by(file, is_directory=False) is None


class GitPattern:
    """One pattern, compiled."""

    def __init__(self, automaton: Automaton, *, exception: bool, directories_only: bool) -> None:
        self._automaton = automaton
        self.exception = exception
        self._directories_only = directories_only

    def matches(self, path: str, *, is_directory: bool) -> bool:
        """Whether it is `path` itself, relative to where the pattern stands."""
        return (is_directory or not self._directories_only) and self._automaton.matches(path)


@lru_cache(maxsize=1024)
def read_pattern(line: str) -> GitPattern | None:
    """A line of an ignore file as git reads it; None for a comment, a blank line, and one that matches nothing."""
    text = _without_trailing_spaces(line)
    if text.startswith("#"):
        return None
    exception = text.startswith("!")
    text = text[exception:]
    directories_only = text.endswith("/")
    text = text[:-1] if directories_only else text
    if not text:
        return None
    start = [] if "/" in text else [FOLDERS]
    tokens = _tokens(text.removeprefix("/"))
    if tokens is None:
        return None
    return GitPattern(Automaton([*start, *tokens]), exception=exception, directories_only=directories_only)


def _without_trailing_spaces(line: str) -> str:
    bare = line.rstrip(" ")
    backslashes = len(bare) - len(bare.rstrip("\\"))
    return bare + " " if backslashes % 2 and bare != line else bare


def _tokens(text: str) -> list[Token] | None:
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        character = text[position]
        position += 1
        if character == "*":
            start = position - 1
            while text.startswith("*", position):
                position += 1
            token, position = _stars(text, start, position)
            tokens.append(token)
        elif character == "?":
            tokens.append(ANY)
        elif character == "[":
            found = _set_at(text, position)
            if found is None:
                return None
            tokens.append(found[0])
            position = found[1]
        elif character == "\\":
            if position == len(text):
                return None
            tokens.append(literal(text[position]))
            position += 1
        else:
            tokens.append(literal(character))
    return tokens


def _stars(text: str, start: int, end: int) -> tuple[Token, int]:
    """Two stars between slashes stand for folders, at the end for all that is inside; others stay within a name."""
    alone = end - start > 1 and (start == 0 or text[start - 1] == "/")
    if alone and text.startswith("/", end):
        return FOLDERS, end + 1
    return (ALL, end) if alone and end == len(text) else (STAR, end)


def _set_at(text: str, position: int) -> tuple[Token, int] | None:
    """The set that begins behind a "[", and where the pattern goes on; None when it is not closed. It never matches
    a slash."""
    negated = text[position : position + 1] in ("!", "^") and position < len(text)
    position += negated
    ranges: list[tuple[str, str]] = []
    first, low = True, ""
    while first or not text.startswith("]", position):
        first = False
        if (of_class := _CLASS.match(text, position)) is not None:
            if of_class[1] not in _CLASSES:
                return None
            ranges += [(pair[0], pair[1]) for pair in _CLASSES[of_class[1]]]
            low, position = "", of_class.end()
            continue
        is_range = bool(low) and text.startswith("-", position) and text[position + 1 : position + 2] not in ("", "]")
        read = _member(text, position + is_range)
        if read is None:
            return None
        character, position = read
        ranges.append((low if is_range else character, character))
        low = "" if is_range else character
    characters = Characters(ranges=(*ranges, ("/", "/")) if negated else _without_slash(ranges), negated=negated)
    return Token(kind="set", characters=characters), position + 1


def _member(text: str, position: int) -> tuple[str, int] | None:
    position += text.startswith("\\", position)
    return (text[position], position + 1) if position < len(text) else None


def _without_slash(ranges: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    parts: list[tuple[str, str]] = []
    for low, high in ranges:
        parts += [(low, "."), ("0", high)] if low <= "/" <= high else [(low, high)]
    return tuple((low, high) for low, high in parts if low <= high)
