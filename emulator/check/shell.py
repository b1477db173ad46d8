"""The text of a shell command as simple commands, their words and their references.

Reads what start commands are made of: words, quotes, `$NAME`, `NAME=value`, redirections, and lists joined by
`;`, `&&`, `||`, `|`, `&` or a line's end. What goes beyond (loops, conditions, functions, here-documents, nested
shells) makes the whole text `None`: not understood, and so nothing is concluded from it.
"""

import re
from collections.abc import Iterator

from emulator.model.record import Record


def words(text: str) -> frozenset[str]:
    """A set of words, written as one line of them."""
    return frozenset(text.split())


_RESERVED = words("if then else elif fi for while until do done case esac select function { } [[ ! time")
_OPERATOR = r"&&|\|\||;;|\|&|[;|&\n]"
_REDIRECTION = r"(\d*)(>>|>\||>&|<&|<>|<<|&>>|&>|>|<)"
_REFERENCE = r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(:?[-=+?][^{}$`\"'\\]*)?\}|[0-9@*#?!$-])"
_ASSIGNMENT = r"([A-Za-z_]\w*)\+?="
MAX_CHARACTERS = 65_536
"""A longer command is not read: no person wrote it."""


class Reference(Record, frozen=True):
    """A variable in a word. default: what stands in where it is not set, or with `:` where it is empty; None without
    one. has_default: also where that cannot be told (`${NAME:+…}`, `${NAME:?…}`)."""

    name: str
    has_default: bool
    default: str | None
    also_where_empty: bool = False


class Part(Record, frozen=True):
    """A piece of a word: plain text, or a reference. opaque: neither can be told ($(…), $1, `…`)."""

    text: str
    reference: Reference | None = None
    quoted: bool = False
    opaque: bool = False


class Word(Record, frozen=True):
    """One word as written, quotes taken off."""

    parts: tuple[Part, ...]

    @property
    def literal(self) -> str | None:
        """Its text where nothing in it is replaced, else None."""
        if any(part.reference or part.opaque for part in self.parts):
            return None
        return "".join(part.text for part in self.parts)

    @property
    def disappears(self) -> bool:
        """Whether it is a single unquoted reference: empty, it is no word at all; with blanks, several."""
        return len(self.parts) == 1 and not self.parts[0].quoted and not self.is_plain

    @property
    def is_plain(self) -> bool:
        return self.literal is not None

    def starts(self) -> str:
        """The text up to the first reference."""
        return self.parts[0].text if self.parts and not (self.parts[0].reference or self.parts[0].opaque) else ""


class Simple(Record, frozen=True):
    """A simple command. before: the operator in front of it, "" for the first; after: the one behind, "" for the
    last."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirected: bool
    before: str
    after: str

    @property
    def name(self) -> str | None:
        """The literal first word; None when there is none."""
        return self.words[0].literal if self.words else None


class _Beyond(Exception):
    """The text holds what is not read here."""


def parse_script(text: str) -> tuple[Simple, ...] | None:
    """The simple commands of a script in order; None when it is not understood."""
    if len(text) > MAX_CHARACTERS:
        return None
    try:
        found = tuple(_commands(list(_tokens(text))))
    except _Beyond:
        return None
    return found or None


def references(word: Word) -> tuple[Reference, ...]:
    """Every reference in a word."""
    return tuple(part.reference for part in word.parts if part.reference is not None)


# ---- words to commands ---------------------------------------------------------------------------------


class _Redirection(Record, frozen=True):
    takes_word: bool


def _commands(tokens: list[Word | str | _Redirection]) -> Iterator[Simple]:
    before, words, redirected = "", [], False
    skip = False
    for token in tokens:
        if isinstance(token, _Redirection):
            redirected, skip = True, token.takes_word
        elif isinstance(token, Word):
            if not skip:
                words.append(token)
            skip = False
        elif words or redirected:
            yield _simple(words, before, token, redirected=redirected)
            before, words, redirected = token, [], False
        elif token not in (";", "\n"):
            raise _Beyond
    if words or redirected:
        yield _simple(words, before, "", redirected=redirected)


def _simple(words: list[Word], before: str, after: str, *, redirected: bool) -> Simple:
    assignments: list[tuple[str, Word]] = []
    while len(assignments) < len(words) and (found := _assignment(words[len(assignments)])):
        assignments.append(found)
    rest = tuple(words[len(assignments) :])
    if rest and rest[0].literal in _RESERVED:
        raise _Beyond
    if any(word.literal == "()" for word in rest[:2]):
        raise _Beyond
    return Simple(tuple(assignments), rest, redirected, before, after)


def _assignment(word: Word) -> tuple[str, Word] | None:
    if not word.parts or word.parts[0].quoted or word.parts[0].reference or word.parts[0].opaque:
        return None
    match = re.match(_ASSIGNMENT, word.parts[0].text)
    if match is None:
        return None
    rest = word.parts[0].text[match.end() :]
    return match[1], Word(((Part(rest),) if rest else ()) + word.parts[1:])


# ---- text to words -------------------------------------------------------------------------------------


def _tokens(text: str) -> Iterator[Word | str | _Redirection]:
    at = 0
    while at < len(text):
        char = text[at]
        if char in " \t":
            at += 1
        elif text.startswith("\\\n", at):
            at += 2
        elif char == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif char in "()":
            raise _Beyond
        elif redirection := re.compile(_REDIRECTION).match(text, at):
            if redirection[2] == "<<":
                raise _Beyond
            at = redirection.end()
            yield _Redirection(takes_word=True)
        elif operator := re.compile(_OPERATOR).match(text, at):
            if operator[0] in (";;", "|&"):
                raise _Beyond
            at = operator.end()
            yield operator[0]
        else:
            word, at = _word(text, at)
            yield word


def _word(text: str, at: int) -> tuple[Word, int]:
    parts: list[Part] = []
    while at < len(text) and text[at] not in " \t\n;|&<>()":
        char = text[at]
        if char == "'":
            end = text.find("'", at + 1)
            if end < 0:
                raise _Beyond
            parts.append(Part(text[at + 1 : end], quoted=True))
            at = end + 1
        elif char == '"':
            inner, at = _double_quoted(text, at + 1)
            parts += inner
        elif char == "\\":
            if text[at + 1 : at + 2] != "\n":
                parts.append(Part(text[at + 1 : at + 2] or "\\", quoted=True))
            at += 2
        elif char in "$`":
            part, at = _replaced(text, at, quoted=False)
            parts.append(part)
        else:
            end = at
            while end < len(text) and text[end] not in " \t\n;|&<>()'\"\\$`":
                end += 1
            parts.append(Part(text[at:end]))
            at = end
    return Word(tuple(parts)), at


def _double_quoted(text: str, at: int) -> tuple[list[Part], int]:
    """The parts up to the closing quote, and where it goes on."""
    parts: list[Part] = []
    plain: list[str] = []
    while at < len(text):
        char = text[at]
        if char in '"$`' and plain:
            parts.append(Part("".join(plain), quoted=True))
            plain = []
        if char == '"':
            return parts or [Part("", quoted=True)], at + 1
        if char in "$`":
            part, at = _replaced(text, at, quoted=True)
            parts.append(part)
        elif char == "\\" and text[at + 1 : at + 2] in ("$", "`", '"', "\\"):
            plain.append(text[at + 1])
            at += 2
        elif text.startswith("\\\n", at):
            at += 2
        else:
            plain.append(char)
            at += 1
    raise _Beyond


def _replaced(text: str, at: int, *, quoted: bool) -> tuple[Part, int]:
    """What a `$` or a backquote begins, and where it ends."""
    match = re.compile(_REFERENCE).match(text, at)
    if match is None:
        if not quoted and text[at + 1 : at + 2] in ("'", '"'):
            raise _Beyond  # bash has quotes of this kind, dash has not
        if text[at] == "$" and (at + 1 == len(text) or text[at + 1] in " \t\r\n\"'/.,:;%^="):
            return Part("$", quoted=quoted), at + 1
        return _substituted(text, at, quoted=quoted)
    name = match[1] or match[2]
    if match[1] and text.startswith("\\\n", match.end()):
        raise _Beyond  # the name goes on in the next line
    if name is None:
        return Part(match[0], quoted=quoted, opaque=True), match.end()
    operator = match[3] or ""
    default = operator.lstrip(":")[1:] if operator.lstrip(":")[:1] in ("-", "=") else None
    reference = Reference(name, bool(operator), default, also_where_empty=operator.startswith(":"))
    return Part(match[0], reference, quoted), match.end()


def _substituted(text: str, at: int, *, quoted: bool) -> tuple[Part, int]:
    """A command substitution, arithmetic, or an expansion that is not read: up to its closing sign."""
    if text[at] == "`":
        end = text.find("`", at + 1)
        if end < 0:
            raise _Beyond
        return Part(text[at : end + 1], quoted=quoted, opaque=True), end + 1
    opening = text[at + 1]
    closing = {"(": ")", "{": "}"}.get(opening)
    if closing is None:
        raise _Beyond
    depth, end = 0, at + 1
    while end < len(text):
        depth += (text[end] == opening) - (text[end] == closing)
        end += 1
        if depth == 0:
            return Part(text[at:end], quoted=quoted, opaque=True), end
    raise _Beyond
