"""Dotenv text (`NAME=value` lines) to variables that remember their line.

Reads what docker compose and python-dotenv agree on. Two differences are on purpose: `$NAME` stays
as written, and a name without `=` is not taken from this machine: nothing of the host reaches a
container unless it was written down.

Values may be secrets. No diagnostic quotes a value, nor any text that is not surely a name, and a variable does not
print its value.
"""

import re
from bisect import bisect_right
from typing import Final

from emulator.model.diagnostic import Diagnostic, Related, error, info, warning
from emulator.model.origin import Origin
from emulator.model.record import Record

from .findings import Findings


class Variable(Record, frozen=True, kw_only=True):
    """One assignment. origin: from the name to the end of the value, quotes included."""

    name: str
    value: str
    origin: Origin

    def __repr__(self) -> str:
        return f"Variable({self.name}=…, {self.origin})"


class Dotenv(Record, frozen=True, kw_only=True):
    """The variables, each name once with its last value, in the order the names first appear."""

    variables: tuple[Variable, ...]
    diagnostics: tuple[Diagnostic, ...]


def parse_dotenv(text: str, file: str) -> Dotenv:
    """The variables in `text`; `file` is the name their origins carry.

    `export`, blanks around "=", comments (`#` at the start of a line or after a blank), single quotes
    (literal but for \\'), double quotes (\\n \\r \\t \\\\ \\" \\$ mean what they say) and values over several
    lines in quotes are understood. A bad line is left out with a diagnostic; a quote that never closes
    ends the reading. Raises nothing.
    """
    return _Reader(text.removeprefix("\ufeff").replace("\r\n", "\n"), file).read()


_BLANKS: Final = r"[ \t\r\f\v]*"
_REST: Final = rf"{_BLANKS}(?:#[^\n]*)?(?:\n|\Z)"
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_.-]*"
_SINGLE: Final = r"'((?:[^'\\]|\\'|\\)*)'"
_DOUBLE: Final = r'"((?:[^"\\]|\\.)*)"'
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$"}


class _Reader:
    """Statement after statement, from `_at` on."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._at = 0
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._findings = Findings()
        self._variables: dict[str, Variable] = {}

    def read(self) -> Dotenv:
        blank = re.compile(_REST)
        start = re.compile(rf"{_BLANKS}(?:export[ \t]+)?({_NAME}){_BLANKS}=[ \t]*")
        while self._at < len(self._text):
            if skipped := blank.match(self._text, self._at):
                self._at = skipped.end()
            elif found := start.match(self._text, self._at):
                self._assignment(found[1], found.start(1), found.end(), spaced=found[0][-1] != "=")
            else:
                self._bad_line()
        return Dotenv(variables=tuple(self._variables.values()), diagnostics=self._findings.all())

    def _assignment(self, name: str, name_at: int, value_at: int, *, spaced: bool) -> None:
        quote = self._text[value_at : value_at + 1]
        if quote in {"'", '"'} and quote:
            self._quoted(name, name_at, value_at, quote)
            return
        end = self._line_end(value_at)
        value = self._text[value_at:end]
        if spaced and value.startswith("#"):
            value = ""
        value = re.split(r"[ \t]#", value, maxsplit=1)[0].rstrip()
        self._keep(name, value, name_at, value_at + len(value))
        self._at = end + 1

    def _quoted(self, name: str, name_at: int, value_at: int, quote: str) -> None:
        closed = re.compile(_SINGLE if quote == "'" else _DOUBLE, re.DOTALL).match(self._text, value_at)
        if closed is None:
            self._findings.add(
                error(
                    "dotenv/unclosed-quote", f"the quote that opens the value of {name} is never closed",
                    origin=self._origin(value_at, value_at + 1), help="close the quote at the end of the value",
                )
            )  # fmt: skip
            self._at = len(self._text)
            return
        rest = re.compile(_REST).match(self._text, closed.end())
        if rest is None:
            end = self._line_end(closed.end())
            self._findings.add(
                error(
                    "dotenv/text-after-value", f"more text follows the quoted value of {name}",
                    origin=self._origin(closed.end(), end), help="put the quotes around the whole value",
                )
            )  # fmt: skip
            self._at = end + 1
            return
        value = closed[1].replace("\\'", "'") if quote == "'" else re.sub(r"\\(.)", _unescaped, closed[1])
        self._keep(name, value, name_at, closed.end())
        self._at = rest.end()

    def _keep(self, name: str, value: str, begin: int, end: int) -> None:
        origin = self._origin(begin, end)
        if "\0" in value:
            message = f"the value of {name} holds a NUL character, which no environment can carry"
            self._findings.add(error("dotenv/nul-character", message, origin=origin, help="remove it"))
            return
        if name in self._variables and not self._findings.full:
            first = Related(origin=self._variables[name].origin, message="overridden")
            message = f"{name} is given twice; the last value holds"
            self._findings.add(info("dotenv/duplicate-name", message, origin=origin, related=(first,)))
        self._variables[name] = Variable(name=name, value=value, origin=origin)

    def _bad_line(self) -> None:
        end = self._line_end(self._at)
        line = self._text[self._at : end]
        begin = self._at + len(line) - len(line.lstrip())
        self._at = end + 1
        if line.strip() and not self._findings.full:
            self._findings.add(_why_bad(line, self._origin(begin, end)))

    def _line_end(self, at: int) -> int:
        end = self._text.find("\n", at)
        return len(self._text) if end < 0 else end

    def _origin(self, begin: int, end: int) -> Origin:
        """The place of text[begin:end]."""
        line, column = self._place(begin)
        end_line, end_column = self._place(max(begin, end - 1))
        return Origin(file=self._file, line=line, column=column, end_line=end_line, end_column=end_column)

    def _place(self, at: int) -> tuple[int, int]:
        line = bisect_right(self._line_starts, at)
        return line, at - self._line_starts[line - 1] + 1


def _unescaped(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[1], match[0])


def _why_bad(line: str, origin: Origin) -> Diagnostic:
    name = line.strip().removeprefix("export ").strip()
    if re.fullmatch(_NAME, name):
        return warning(
            "dotenv/no-value", "a name stands here without '=' and is left out", origin=origin,
            facts=("its value would come from this machine's environment, which never reaches a container",),
            help="write NAME=value, or give the variable on the command line",
        )  # fmt: skip
    if "=" in line:
        message = "the text before '=' is not a variable's name"
        return error(
            "dotenv/bad-name", message, origin=origin,
            help="use letters, digits and '_', and do not start with a digit",
        )  # fmt: skip
    return error("dotenv/bad-line", "this line is not NAME=value", origin=origin, help="start a comment with '#'")
