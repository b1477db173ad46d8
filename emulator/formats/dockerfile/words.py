"""Variable substitution and word splitting, as BuildKit's frontend/dockerfile/shell/lex.go does them."""

import re
from collections.abc import Callable, Mapping

from emulator.model.record import Record

from .lines import SPACE
from .patterns import BadPattern, replace_matches, trim_prefix, trim_suffix

MAX_EXPANDED = 1024 * 1024
"""Values that double from line to line end here instead of in all of the memory."""

_MAX_DEPTH = 50
_SPECIAL = re.compile("[" + re.escape("$'\"<\\`}/") + SPACE + "]")
_PARAMETERS = "@*#?-$!0"

Lookup = Callable[[str], str | None]


class Expansion(Record, frozen=True, kw_only=True):
    """A text after substitution.

    words: the text split at unquoted blanks. referenced: every variable that was asked for, in
    order; unset: those that had no value. problem: why Docker refuses the text (`text` is then the
    original), else None. work: how much was done, for callers that keep a budget.
    """

    text: str
    words: tuple[str, ...] = ()
    referenced: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    problem: str | None = None
    work: int = 0


def expand(
    text: str,
    env: Mapping[str, str] | Lookup,
    escape: str = "\\",
    *,
    keep_quotes: bool = False,
    keep_escapes: bool = False,
    keep_unset: bool = False,
    ignore_quotes: bool = False,
    limit: int = MAX_EXPANDED,
) -> Expansion:
    """`text` with $NAME, ${NAME} and ${NAME<modifier>} replaced and quotes and escapes taken off.

    env: a mapping or a function that gives None for an unset variable. keep_unset leaves `$NAME` of
    an unset one; ignore_quotes takes quotes as ordinary characters, as here-document bodies do.
    """
    lookup: Lookup = env if callable(env) else env.get
    lexer = _Lexer(text, lookup, escape, limit)
    lexer.keep_quotes, lexer.keep_escapes = keep_quotes, keep_escapes
    lexer.keep_unset, lexer.ignore_quotes = keep_unset, ignore_quotes
    problem: str | None = None
    try:
        result, words = lexer.until(None)
    except _Refused as refused:
        result, words, problem = text, [], str(refused)
    return Expansion(
        text=result, words=tuple(words), referenced=tuple(lexer.referenced), unset=tuple(lexer.unset), problem=problem,
        work=len(text) + lexer.work,
    )  # fmt: skip


class _Refused(Exception):
    """Docker does not accept the text."""


class _Words:
    """Collects the text and, beside it, its words."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.words: list[str] = []
        self._word: list[str] = []

    def add(self, text: str) -> None:
        """`text` belongs to the current word whatever it holds."""
        self.text.append(text)
        self._word.append(text)

    def add_blank(self, character: str) -> None:
        self.text.append(character)
        self._finish()

    def add_split(self, text: str) -> None:
        """`text` came from a variable outside quotes: its blanks split words."""
        self.text.append(text)
        position = 0
        for index, character in enumerate(text):
            if character in SPACE:
                self._word.append(text[position:index])
                self._finish()
                position = index + 1
        self._word.append(text[position:])

    def _finish(self) -> None:
        if word := "".join(self._word):
            self.words.append(word)
        self._word.clear()

    def result(self) -> tuple[str, list[str]]:
        self._finish()
        return "".join(self.text), self.words


class _Lexer:
    def __init__(self, text: str, lookup: Lookup, escape: str, limit: int) -> None:
        self._text = text
        self._lookup = lookup
        self._escape = escape
        self._limit = limit
        self._position = 0
        self._depth = 0
        self.work = 0
        self.keep_quotes = self.keep_escapes = self.keep_unset = self.ignore_quotes = False
        self.referenced: dict[str, None] = {}
        self.unset: dict[str, None] = {}

    def until(self, stop: str | None) -> tuple[str, list[str]]:
        """Everything up to `stop` (None: the end), which is consumed: as text, and as words."""
        text, out = self._text, _Words()
        while self._position < len(text):
            special = _SPECIAL.search(text, self._position)
            start, self._position = self._position, special.start() if special else len(text)
            out.add(text[start : self._position])
            if special is None:
                break
            character = special.group()
            if character == stop:
                self._position += 1
                return out.result()
            self._one(character, out)
        if stop is not None:
            raise _Refused(f"a closing {stop} is missing")
        return out.result()

    def _one(self, character: str, out: _Words) -> None:
        if character == "$":
            out.add_split(self._dollar())
        elif character == "'" and not self.ignore_quotes:
            out.add(self._single_quoted())
        elif character == '"' and not self.ignore_quotes:
            out.add(self._double_quoted())
        elif character == "<":
            out.add(self._redirection())
        elif character == self._escape:
            self._position += 1
            kept = self._escape if self.keep_escapes else ""
            out.add(kept + self._next())
        elif character in SPACE:
            self._position += 1
            out.add_blank(character)
        else:
            self._position += 1
            out.add(character)

    def _peek(self) -> str:
        """The next character, "" at the end."""
        return self._text[self._position : self._position + 1]

    def _next(self) -> str:
        character = self._peek()
        self._position += 1
        return character

    def _single_quoted(self) -> str:
        end = self._text.find("'", self._position + 1)
        if end < 0:
            raise _Refused("a single quote is not closed")
        start, self._position = self._position, end + 1
        return self._text[start : end + 1] if self.keep_quotes else self._text[start + 1 : end]

    def _double_quoted(self) -> str:
        quote = '"' if self.keep_quotes else ""
        self._position += 1
        out = [quote]
        while (character := self._peek()) != '"':
            if not character:
                raise _Refused("a double quote is not closed")
            if character == "$":
                out.append(self._dollar())
                continue
            self._position += 1
            if character == self._escape:
                if self.keep_escapes:
                    out.append(character)
                if not self._peek():
                    continue
                if self._peek() in ('"', "$", self._escape):
                    character = self._next()
            out.append(character)
        self._position += 1
        return "".join(out) + quote

    def _redirection(self) -> str:
        # "<< EOF" stays one word: blanks between "<<" and the name do not split.
        self._position += 1
        if self._peek() != "<":
            return "<"
        start = self._position - 1
        self._position += 1
        while self._peek() in ("\t", "\r", " "):
            self._position += 1
        return self._text[start : self._position]

    def _dollar(self) -> str:
        self._position += 1
        if self._peek() != "{":
            name = self._name()
            if not name:
                return "$"
            value = self._value(name)
            return "$" + name if value is None and self.keep_unset else value or ""
        self._position += 1
        if self._peek() in ("", "{", "}", ":"):
            raise _Refused("the substitution ${ has no name")
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _Refused(f"substitutions are nested more than {_MAX_DEPTH} deep")
        value = self._braced(self._name())
        self._depth -= 1
        return value

    def _name(self) -> str:
        text, start = self._text, self._position
        first = self._peek()
        end = start
        if first.isdecimal():
            while end < len(text) and text[end].isdecimal():
                end += 1
        elif first and first in _PARAMETERS:
            end += 1
        else:
            while end < len(text) and (text[end] == "_" or text[end].isalpha() or text[end].isdecimal()):
                end += 1
        self._position = end
        return text[start:end]

    def _value(self, name: str) -> str | None:
        value = self._lookup(name)
        self.referenced[name] = None
        if value is None:
            self.unset[name] = None
        else:
            self._spend(len(value))
        return value

    def _spend(self, amount: int) -> None:
        self.work += amount
        if self.work > self._limit:
            raise _Refused(f"the text expands to more than {self._limit:,} characters")

    def _braced(self, name: str) -> str:
        """What stands for ${name…}, the rest of which is read up to its closing brace."""
        modifier = self._next()
        if modifier == "}":
            value = self._value(name)
            return f"${{{name}}}" if value is None and self.keep_unset else value or ""
        if modifier == "/":
            return self._replaced(name)
        colon = modifier == ":"
        if colon:
            modifier = self._next()
        if not modifier:
            raise _Refused("a closing } is missing")
        if modifier not in "+-?#%" or (colon and modifier in "#%"):
            raise _Refused(f"the modifier {':' * colon}{modifier} in ${{{name}…}} is not supported")
        word = self._part("}", raw=modifier in "#%")
        value = self._value(name)
        if value is None and self.keep_unset:
            return f"${{{name}{':' * colon}{modifier}{word}}}"
        return self._modified(name, modifier, value, word, empty_is_unset=colon)

    def _modified(self, name: str, modifier: str, value: str | None, word: str, *, empty_is_unset: bool) -> str:
        missing = value is None or (empty_is_unset and value == "")
        if modifier == "-":
            return word if missing else value or ""
        if modifier == "+":
            return "" if missing else word
        if modifier == "?":
            if missing:
                state = "unset" if value is None else "empty"
                raise _Refused(f"{name}: {word or f'is not allowed to be {state}'}")
            return value or ""
        longest = word.startswith(modifier)
        trim = trim_suffix if modifier == "%" else trim_prefix
        try:
            return trim(word[1:] if longest else word, value or "", longest=longest)
        except BadPattern as bad:
            raise _Refused(f"in ${{{name}{modifier}…}} {bad}") from None

    def _replaced(self, name: str) -> str:
        every = self._peek() == "/"
        if every:
            self._position += 1
        pattern = self._part("/", raw=True)
        replacement = self._part("}", raw=True)
        value = self._value(name)
        if value is None and self.keep_unset:
            return f"${{{name}/{pattern}/{replacement}}}"
        value = value or ""
        self._spend((len(value) + 1) * len(replacement) if every else len(replacement))
        try:
            return replace_matches(pattern, value, replacement, every=every)
        except BadPattern as bad:
            raise _Refused(f"in ${{{name}/…}} {bad}") from None

    def _part(self, stop: str, *, raw: bool) -> str:
        before, self.keep_escapes = self.keep_escapes, raw
        text, _ = self.until(stop)
        self.keep_escapes = before
        return text
