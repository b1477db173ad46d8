"""`.dockerignore` as BuildKit reads it (moby/patternmatcher): which pattern, on which line, keeps a path away.

Two passes read a pattern there: one trims and cleans the line, the other turns it into a regular
expression, and each takes some characters for itself. Where that expression is none that anybody would
write on purpose, `unclear` is set, and nobody may claim anything about what the file leaves out.
"""

from emulator.formats.automaton import ALL, ANY, FOLDERS, STAR, START, Automaton, Token, literal
from emulator.formats.dockerfile.lines import SPACE
from emulator.model.origin import Origin
from emulator.model.record import Record

from .glob import BadPattern, characters_at, clean, tokens_of

MAX_LINE_BYTES = 64 * 1024
"""Docker reads lines through a buffer of this size and refuses a file with a longer one."""

_GLOB = "*[]?^\\"


class Unclear(Exception):
    """The pattern means something to Docker that nobody meant."""


class Verdicts(Record, frozen=True):
    """For a path: whether it is left out, by which pattern (its number, None: by none), and what the
    paths below it need to know."""

    left_out: bool
    decided_by: int | None
    matched: tuple[bool, ...]


class Pattern:
    """One line of an ignore file."""

    __slots__ = ("_automaton", "_kind", "_text", "exception", "origin", "text", "written")

    def __init__(self, *, text: str, exception: bool, written: str, origin: Origin) -> None:
        """text: cleaned, without the "!". Raises BadPattern, Unclear."""
        tokens_of(text)  # Docker refuses what path.Match calls malformed
        self.text = text
        self.exception = exception
        self.written = written
        self.origin = origin
        self._kind, tokens = _compiled(text)
        self._automaton = Automaton(tokens) if self._kind == "expression" else None
        self._text = {"before": text[:-2], "behind": text[2:]}.get(self._kind, text)

    def matches(self, path: str) -> bool:
        """Whether the pattern is `path` itself."""
        if self._automaton is not None:
            return self._automaton.matches(path)
        if self._kind == "before":
            return path.startswith(self._text)
        if self._kind == "behind":
            return path.endswith(self._text) or self._text == "/" + path
        return path == self._text

    def may_match_below(self, directory: str) -> bool:
        """Whether a path below `directory` may match: by the part of the pattern without wildcards."""
        text = self.text.removesuffix("/**").removesuffix("/*")
        return any(character in _GLOB for character in text) or (text + "/").startswith(directory + "/")


class IgnoreFile(Record, frozen=True, kw_only=True):
    """A read ignore file. file: its path, "" where there is none.

    problem: Docker refuses every build with it, for this reason, at `problem_origin`. unclear: we do
    not know what Docker makes of it.
    """

    file: str = ""
    patterns: tuple[Pattern, ...] = ()
    problem: str | None = None
    problem_origin: Origin | None = None
    unclear: bool = False

    @property
    def has_exceptions(self) -> bool:
        return any(pattern.exception for pattern in self.patterns)

    def judge(self, path: str, above: tuple[bool, ...] | None = None) -> Verdicts:
        """`path` (relative to the context, "/" between its parts), by what its directory's verdicts said
        (None: it lies in the context's root)."""
        left_out, decided = False, None
        matched: list[bool] = []
        for number, pattern in enumerate(self.patterns):
            match = above is not None and above[number]
            if not match and pattern.exception == left_out:
                match = pattern.matches(path)
            matched.append(match)
            if match:
                # The first that left it out is the reason; a later one only says it again.
                decided = decided if left_out and not pattern.exception else number
                left_out = not pattern.exception
        return Verdicts(left_out, decided, tuple(matched))

    def leaves_out_when_read(self, path: str) -> bool:
        """Whether the sender, which judges a file once more when it opens it, then leaves it out. Where it did not
        before, the builder gets an empty file (tonistiigi/fsutil, filter.go: Walk and Open)."""
        parts = path.split("/")
        ways = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        left_out = False
        for pattern in self.patterns:
            if pattern.exception == left_out and any(pattern.matches(way) for way in ways):
                left_out = not pattern.exception
        return left_out

    def may_keep_below(self, directory: str) -> bool:
        """Whether something below a directory that is left out may come in through an exception."""
        return any(pattern.exception and pattern.may_match_below(directory) for pattern in self.patterns)


NO_IGNORE_FILE = IgnoreFile()


def read_ignore_file(data: bytes, file: str) -> IgnoreFile:
    """Read the bytes of an ignore file; `file` is its path, for origins. Never raises."""
    patterns: list[Pattern] = []
    unclear = False
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for number, raw in enumerate(lines, 1):
        origin = Origin(file=file, line=number, end_line=number)
        if len(raw) >= MAX_LINE_BYTES:
            problem = f"the line has {len(raw):,} bytes; Docker reads lines of less than {MAX_LINE_BYTES:,}"
            return IgnoreFile(file=file, problem=problem, problem_origin=origin)
        line = raw.removesuffix(b"\r").decode(errors="surrogateescape")
        text, exception = _text(line)
        if not text and not exception:
            continue
        if not text:
            return IgnoreFile(file=file, problem="there is no pattern behind the !", problem_origin=origin)
        try:
            patterns.append(Pattern(text=text, exception=exception, written=line.strip(SPACE), origin=origin))
        except BadPattern as bad:
            if bad.late:
                unclear = True
                continue
            return IgnoreFile(file=file, problem=f"the pattern {text} is malformed: {bad}", problem_origin=origin)
        except Unclear:
            unclear = True
    return IgnoreFile(file=file, patterns=tuple(patterns), unclear=unclear)


def _text(line: str) -> tuple[str, bool]:
    """The pattern of a line, cleaned, and whether it is an exception; "" for a comment or a blank line."""
    if line.startswith("#"):
        return "", False
    text = line.strip(SPACE)
    exception = text.startswith("!")
    text = text[exception:].strip(SPACE)
    if text:
        text = clean(text)
        text = text[1:] if len(text) > 1 and text.startswith("/") else text
        text = "" if exception and text == "/" else text  # "!/" is cleaned to "!"
    return text, exception


def _compiled(text: str) -> tuple[str, list[Token]]:
    """What kind of match a pattern asks for, and its parts. Raises Unclear.

    exact: the path is the text. before: the path begins with what stands before the "**". behind: the
    path ends with what stands behind it. expression: the parts.
    """
    kind = "exact"
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        first, character = position == 0, text[position]
        position += 1
        if text.startswith("**", position - 1):
            position += 1
            position += text.startswith("/", position)
            if position == len(text):
                kind, more = ("before", []) if kind == "exact" else ("expression", [ALL])
            else:
                kind, more = "expression", [FOLDERS]
            kind = "behind" if first else kind
            tokens += more
        elif character in "*?":
            kind = "expression"
            tokens.append(STAR if character == "*" else ANY)
        elif character == "\\" and position < len(text):
            kind = "expression"
            tokens.append(_escaped(text[position]))
            position += 1
        elif character == "[":
            kind = "expression"
            token, position = _set_at(text, position)
            tokens.append(token)
        else:
            kind = "expression" if character == "]" else kind
            # A byte order mark at the beginning is skipped, and "^" is no character there.
            if not (first and character == "\ufeff"):
                tokens.append(START if character == "^" else literal(character))
    return kind, tokens


def _escaped(character: str) -> Token:
    if not character.isascii() or character.isalnum():
        raise Unclear  # \d is a digit there, \b the border of a word, and \y an error
    return literal(character)


def _set_at(text: str, position: int) -> tuple[Token, int]:
    characters, end = characters_at(text, position)
    inside = text[position : end - 1]
    escaped = any(inside[at - 1] == "\\" and inside[at].isalnum() for at in range(1, len(inside)))
    reversed_range = any(low > high for low, high in characters.ranges)
    if escaped or reversed_range or any(character in "*?[" for character in inside):
        raise Unclear
    return Token(kind="set", characters=characters), end
