"""Physical lines → logical lines: directives, comments, continuations and here-document bodies.

Follows BuildKit's frontend/dockerfile/parser/parser.go. Every character of a logical line can tell
the physical line and column it came from.
"""

from bisect import bisect_right

from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.origin import Origin

from .records import MAX_LINE_BYTES, Directive

SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What Go's unicode.IsSpace calls space: Python's str.isspace knows four more."""

_DIRECTIVES = ("escape", "syntax", "check")
_DIRECTIVE_SPACE = "\t\n\f\r "


class LogicalLine:
    """One instruction's text with its continuations joined, and where each part of it was written."""

    __slots__ = ("_columns", "_lines", "_offsets", "end_line", "file", "line", "text")

    def __init__(self, file: str, pieces: list[tuple[str, int, int]], *, line: int, end_line: int) -> None:
        """pieces: (text, physical line, column of its first character), in order."""
        self.file = file
        self.line = line
        self.end_line = end_line
        self.text = "".join(text for text, _, _ in pieces)
        self._offsets: list[int] = []
        self._lines: list[int] = []
        self._columns: list[int] = []
        offset = 0
        for text, number, column in pieces:
            if text:
                self._offsets.append(offset)
                self._lines.append(number)
                self._columns.append(column)
                offset += len(text)

    def origin(self, start: int = 0, end: int | None = None) -> Origin:
        """Where text[start:end] was written; an empty range is its first character."""
        last = (len(self.text) if end is None else end) - 1
        line, column = self._place(start)
        end_line, end_column = self._place(max(last, start))
        return Origin(file=self.file, line=line, column=column, end_line=end_line, end_column=end_column)

    def _place(self, offset: int) -> tuple[int, int]:
        if not self._offsets:
            return self.line, 1
        piece = max(bisect_right(self._offsets, offset) - 1, 0)
        return self._lines[piece], self._columns[piece] + max(offset - self._offsets[piece], 0)


class FixedLine(LogicalLine):
    """A line that was written elsewhere: all its parts have the one origin it was given."""

    __slots__ = ("_origin",)

    def __init__(self, text: str, origin: Origin) -> None:
        super().__init__(origin.file, [(text, origin.line, origin.column)], line=origin.line, end_line=origin.line)
        self._origin = origin

    def origin(self, start: int = 0, end: int | None = None) -> Origin:  # noqa: ARG002
        return self._origin


class LineReader:
    """Hands out logical lines and here-document bodies, top to bottom.

    Afterwards `directives`, `escape` and `diagnostics` hold what was met on the way.
    """

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.escape = "\\"
        self.directives: list[Directive] = []
        self.diagnostics: list[Diagnostic] = []
        self._lines = text.removeprefix("\ufeff").split("\n")
        if self._lines[-1] == "":
            self._lines.pop()
        self._next = 0
        self._in_head = True

    def logical(self) -> LogicalLine | None:
        """The next line that is not blank and not a comment; None at the end of the file."""
        while self._next < len(self._lines):
            raw = self._take()
            number = self._next
            content = raw.lstrip(SPACE)
            self._read_directive(content, number)
            column = len(raw) - len(content) + 1
            content = "" if content.startswith("#") else content
            piece, continues = self._without_continuation(content)
            if piece or continues:
                return self._joined((piece, number, column), continues=continues)
        return None

    def _joined(self, first: tuple[str, int, int], *, continues: bool) -> LogicalLine:
        pieces = [first]
        blank_at = 0
        while continues and self._next < len(self._lines):
            raw = self._take()
            content = raw.lstrip(SPACE)
            if content.startswith("#"):
                continue
            if not content:
                blank_at = blank_at or self._next
                continue
            piece, continues = self._without_continuation(raw)
            pieces.append((piece, self._next, 1))
        if blank_at:
            self._warn_of_blank(blank_at)
        return LogicalLine(self.file, pieces, line=first[1], end_line=self._next)

    def heredoc(self, name: str, *, chomp: bool) -> tuple[str, Origin] | None:
        """The body up to the line that is `name`, and its place; None when no such line follows."""
        start = self._next
        body: list[str] = []
        while self._next < len(self._lines):
            raw = self._lines[self._next]
            line = self._take()
            if (line.lstrip("\t") if chomp else line) == name:
                end = max(self._next - 1, start + 1)
                origin = Origin(
                    file=self.file, line=start + 1, end_line=end, end_column=max(len(self._lines[end - 1]), 1)
                )
                return "".join(body), origin
            body.append((raw.lstrip("\t") if chomp else raw) + "\n")
        return None

    def last_place(self) -> tuple[int, int]:
        """Line and column where reading stands: the end of the last line taken."""
        return self._next, max(len(self._lines[self._next - 1].rstrip("\r")), 1)

    def _take(self) -> str:
        raw = self._lines[self._next]
        self._next += 1
        # The cheap test first: a character has at most four bytes.
        if len(raw) * 4 > MAX_LINE_BYTES and len(raw.encode(errors="replace")) > MAX_LINE_BYTES:
            self.diagnostics.append(
                error(
                    "dockerfile/line-too-long",
                    f"this line has {len(raw):,} characters; Docker reads lines of at most {MAX_LINE_BYTES:,} bytes",
                    origin=Origin(file=self.file, line=self._next),
                    help="split the line with continuations, or move its content to a file that is copied in",
                )
            )
        return raw.rstrip("\r")

    def _without_continuation(self, line: str) -> tuple[str, bool]:
        body = line.rstrip(" \t")
        if body.endswith(self.escape) and not body.endswith(self.escape * 2):
            return body[:-1], True
        return line, False

    def _read_directive(self, content: str, number: int) -> None:
        if not self._in_head:
            return
        name, equals, value = content[1:].lstrip(SPACE).partition("=")
        name = name.rstrip(_DIRECTIVE_SPACE).lower()
        if not (content.startswith("#") and equals and value and name in _DIRECTIVES):
            self._in_head = False
            return
        value = value.strip(_DIRECTIVE_SPACE) or value[-1]
        origin = Origin(file=self.file, line=number, end_line=number)
        if any(directive.name == name for directive in self.directives):
            message = f"the parser directive {name} is given twice"
            self.diagnostics.append(
                error("dockerfile/repeated-directive", message, origin=origin, help="remove one of the two lines")
            )
            return
        self.directives.append(Directive(name=name, value=value, origin=origin))
        if name == "escape":
            self._set_escape(value, origin)

    def _set_escape(self, value: str, origin: Origin) -> None:
        if value in ("\\", "`"):
            self.escape = value
            return
        self.diagnostics.append(
            error(
                "dockerfile/bad-directive",
                f"the escape character cannot be {value!r}",
                origin=origin,
                help="write # escape=\\ or # escape=` (a backslash is the default)",
            )
        )

    def _warn_of_blank(self, number: int) -> None:
        self.diagnostics.append(
            warning(
                "dockerfile/empty-continuation",
                "an empty line stands inside a continued instruction; Docker joins across it, for now",
                origin=Origin(file=self.file, line=number),
                help="remove the empty line, or start it with #",
            )
        )
