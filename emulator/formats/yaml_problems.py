"""What the YAML parser trips over, in words for the person who wrote the file.

libyaml and its pure-Python twin describe their own state ("while parsing a block mapping"); here
each of their problems becomes one diagnostic that says what is wrong with the text. The tables know
both wordings.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from emulator.model.diagnostic import Diagnostic, Related, error
from emulator.model.origin import Origin
from emulator.model.record import Record

from .yaml_nodes import DEEPEST

Place: TypeAlias = tuple[int, int]
"""Line and column, counted from 0 as the parser does."""


class Problem(Record, frozen=True, kw_only=True):
    """A parser's complaint: its words, where it noticed, and where the thing began that it was reading."""

    words: str
    context: str
    at: Place
    since: Place | None
    file: str
    lines: tuple[str, ...]

    def line(self, place: Place) -> str:
        return self.lines[place[0]] if place[0] < len(self.lines) else ""

    def origin(self, place: Place) -> Origin:
        """The place for a person; the end of the text when the parser stands behind it."""
        row, column = place
        if row >= len(self.lines) and self.lines:
            row, column = len(self.lines) - 1, len(self.lines[-1])
        return Origin(file=self.file, line=row + 1, column=column + 1)


def explain(problem: Problem) -> Diagnostic:
    """The diagnostic for `problem`. Never quotes a value from the file: it may be a secret."""
    if (tab := _indenting_tab(problem)) is not None:
        return error(
            "yaml/tab-indentation", "a tab is used for indentation; YAML allows only spaces there",
            origin=problem.origin(tab), help="replace the tab with spaces",
        )  # fmt: skip
    for needles, judge in _TABLE:
        if any(needle in problem.words for needle in needles):
            return judge(problem)
    if any(word in problem.context for word in ("tag", "anchor", "alias", "directive", "block scalar")):
        return _mark(problem)
    return error("yaml/syntax", "the text stops being YAML here", origin=problem.origin(problem.at), help=_QUOTE)


_QUOTE: Final = "if this is meant as text, put the whole value in quotes"
_ALIGN: Final = "give keys of the same mapping, and items of the same list, the same number of spaces in front"


def too_deep(origin: Origin) -> Diagnostic:
    """The collection that is one too many. libyaml has a limit of its own, which brackets reach before ours."""
    message = f"the nesting is deeper than {DEEPEST} levels"
    return error("yaml/too-deep", message, origin=origin, help="nest less deeply")


def _indenting_tab(problem: Problem) -> Place | None:
    """The tab that the parser stumbled over, when only blanks stand before the place it noticed."""
    row, column = problem.at
    line = problem.line(problem.at)
    blanks = len(line) - len(line.lstrip(" \t"))
    if "\t" not in line[:blanks]:
        return None
    # Inside brackets a tab is fine to libyaml; whatever it met there was something else.
    if "flow" in problem.context or (column > blanks and "tab" not in problem.words):
        return None
    return row, line.index("\t")


def _colon(problem: Problem) -> Diagnostic:
    line, column = problem.line(problem.at), problem.at[1]
    if ": " in line[:column].strip(" -"):
        return error(
            "yaml/unquoted-colon", "a value holds ': ' without quotes, which starts a second key on the same line",
            origin=problem.origin(problem.at), help="put the whole value in quotes",
        )  # fmt: skip
    start = (problem.at[0], len(line) - len(line.lstrip(" ")))
    return error(
        "yaml/bad-indentation", "this key does not fit the lines above it",
        facts=("the line above already has a value, or lacks its ':', or this one has too many spaces in front",),
        origin=problem.origin(start), help=_ALIGN,
    )  # fmt: skip


def _bracket_colon(problem: Problem) -> Diagnostic:
    return error(
        "yaml/unquoted-colon", "a ':' inside brackets has no blank after it", origin=problem.origin(problem.at),
        help=f"put a blank after the ':'; {_QUOTE}",
    )  # fmt: skip


def _no_colon(problem: Problem) -> Diagnostic:
    return error(
        "yaml/missing-colon", "this line is neither 'key: value' nor a list item", origin=_begin(problem),
        help="put ': ' after the key, or indent the line if it continues the value above",
    )  # fmt: skip


def _block_end(problem: Problem) -> Diagnostic:
    line, column = problem.line(problem.at), problem.at[1]
    if line[:column].strip(" -"):
        return error(
            "yaml/text-after-value", "more text follows a value that has already ended",
            origin=problem.origin(problem.at), help="put quotes around the whole value, not around a part of it",
        )  # fmt: skip
    if line[column : column + 1] in {"]", "}"}:
        return error(
            "yaml/unclosed-bracket", f"'{line[column]}' closes nothing", origin=problem.origin(problem.at),
            help="remove it, or add the bracket that opens it",
        )  # fmt: skip
    if problem.since is not None and problem.since[1] == column:
        return error(
            "yaml/mixed-collection", "a list item and a key stand side by side", origin=problem.origin(problem.at),
            related=_related(problem, "the other kind begins here"), help="indent one of them under the other",
        )  # fmt: skip
    return error(
        "yaml/bad-indentation", "the indentation of this line matches nothing above it",
        origin=problem.origin(problem.at), help=_ALIGN, related=_related(problem, "it would belong to this"),
    )  # fmt: skip


def _unclosed_bracket(problem: Problem) -> Diagnostic:
    opens, closes = ("[", "]") if "sequence" in problem.context else ("{", "}")
    same_line = problem.since is not None and problem.since[0] == problem.at[0]
    where = "" if same_line else f": '{opens}' opens here"
    return error(
        "yaml/unclosed-bracket",
        f"after '{opens}' a ',' or the closing '{closes}' is missing" + where,
        origin=problem.origin(problem.at) if same_line else _begin(problem),
        related=() if same_line else (Related(origin=problem.origin(problem.at), message="reading stopped here"),),
        help=f"close it with '{closes}'; {_QUOTE}",
    )  # fmt: skip


def _unclosed_quote(problem: Problem) -> Diagnostic:
    return error(
        "yaml/unclosed-quote", "the quote that opens here is never closed", origin=_begin(problem),
        help="close the quote at the end of the value",
    )  # fmt: skip


def _reserved(problem: Problem) -> Diagnostic:
    character = problem.line(problem.at)[problem.at[1] :][:1]
    named = "a tab" if character == "\t" else f"'{character}'"
    return error(
        "yaml/reserved-character", f"{named} cannot start a value", origin=problem.origin(problem.at), help=_QUOTE
    )


def _misplaced_item(problem: Problem) -> Diagnostic:
    return error(
        "yaml/misplaced-item", "a list item ('- ') cannot start on the line of its key",
        origin=problem.origin(problem.at), help=f"put the item on a line of its own; {_QUOTE}",
    )  # fmt: skip


def _misplaced_key(problem: Problem) -> Diagnostic:
    return error(
        "yaml/reserved-character", "'? ' starts a key, and no key can stand here", origin=problem.origin(problem.at),
        help=_QUOTE,
    )  # fmt: skip


def _escape(problem: Problem) -> Diagnostic:
    return error(
        "yaml/bad-escape", "a backslash in double quotes starts an escape that does not exist",
        origin=problem.origin(problem.at), help="write two backslashes, or use single quotes",
    )  # fmt: skip


def _no_value(problem: Problem) -> Diagnostic:
    return error(
        "yaml/missing-value", "a value is expected here", origin=problem.origin(problem.at), help=_QUOTE,
    )  # fmt: skip


def _after_end(problem: Problem) -> Diagnostic:
    return error(
        "yaml/text-after-document", "this text stands outside the document", origin=problem.origin(problem.at),
        help="remove it, or the line above it that starts with '...' or '%'",
    )  # fmt: skip


_MARKS: Final = (
    ("tag", "yaml/bad-tag", "'!' starts a tag, and this is not a tag that YAML knows"),
    ("anchor", "yaml/bad-anchor", "'&' starts an anchor and needs a name of letters and digits"),
    ("alias", "yaml/bad-anchor", "'*' refers to an anchor and needs a name of letters and digits"),
    ("block scalar", "yaml/bad-block-text", "only '+', '-' or an indentation from 1 to 9 may follow '|' or '>'"),
    ("directive", "yaml/directive", "a line that starts with '%' is a directive, and this one is not known"),
)


def _mark(problem: Problem) -> Diagnostic:
    """A sign that means something at the start of a value, followed by what it cannot take."""
    for word, code, message in _MARKS:
        if word in problem.context or word in problem.words:
            return error(code, message, origin=_begin(problem), help=_QUOTE)
    return error("yaml/directive", _MARKS[-1][2], origin=_begin(problem), help="remove the line")


def _begin(problem: Problem) -> Origin:
    return problem.origin(problem.since or problem.at)


def _related(problem: Problem, message: str) -> tuple[Related, ...]:
    return (Related(origin=problem.origin(problem.since), message=message),) if problem.since else ()


_TABLE: Final[tuple[tuple[tuple[str, ...], Callable[[Problem], Diagnostic]], ...]] = (
    (("mapping values are not allowed",), _colon),
    (("could not find expected ':'",), _no_colon),
    (("unexpected ':'",), _bracket_colon),
    (("expected ',' or ']'", "expected ',' or '}'"), _unclosed_bracket),
    (("did not find expected key", "expected <block end>", "expected '-' indicator"), _block_end),
    (("unexpected end of stream", "unexpected document indicator", "unexpected document separator"), _unclosed_quote),
    (("cannot start any token",), _reserved),
    (("sequence entries are not allowed",), _misplaced_item),
    (("mapping keys are not allowed",), _misplaced_key),
    (("tag handle", "YAML document", "YAML directive", "%TAG directive"), _mark),
    (("escape character", "expected hexdecimal", "expected escape sequence", "Unicode character escape"), _escape),
    (("node content",), _no_value),
    (("<document start>",), _after_end),
    (("maximum nesting depth",), lambda problem: too_deep(problem.origin(problem.at))),
)
"""The parser's words (libyaml's and PyYAML's own), and who puts them into ours. The first that fits."""
