"""The words of a shell: quotes, escapes, parameters and substitutions (Shell Command Language, XCU 2.2 and 2.6)."""

import re

from .nodes import Arithmetic, Literally, Parameter, Part, RawWord, Sequence, Substitution

MAX_DEPTH = 25
"""Brackets, quotes and constructs one in another; scripts of images have three or four."""

_PLAIN = re.compile(r"[^ \t\n;&|()<>'\"\\$`]+")
_PLAIN_IN_QUOTES = re.compile(r"[^\"\\$`]+")
_PLAIN_IN_BRACES = r"[^'\"\\$`}]+"
_PLAIN_IN_DOCUMENT = r"[^\\$`]+"
_PARAMETER = r"[A-Za-z_][A-Za-z_0-9]*|[0-9]|[@*#?$!-]"
_BRACED = r"[A-Za-z_][A-Za-z_0-9]*|[0-9]+|[@*#?$!-]"
_OPERATOR = r":?[-=+?]|##?|%%?"
_ARITHMETIC_STOP = r"[()'\"`]"
_IN_BACKQUOTES = r"\\([`\\$])"
_IN_QUOTED_BACKQUOTES = r"\\([`\\$\"])"


class NotUnderstood(Exception):
    """Why the script cannot be read from there on."""


class Reader:
    """A position in a text, and what reads words from there. `Parser` adds the commands."""

    def __init__(self, text: str, *, bash: bool, depth: int) -> None:
        self.text = text
        self.bash = bash
        self.depth = depth
        self.position = 0

    def check_depth(self) -> None:
        if self.depth > MAX_DEPTH:
            raise NotUnderstood(f"constructs are nested more than {MAX_DEPTH} deep")

    def substitution(self) -> Sequence:
        raise NotImplementedError

    def sub_parser(self, text: str) -> "Reader":
        raise NotImplementedError

    def whole(self) -> Sequence:
        raise NotImplementedError

    def word(self, *, may_be_empty: bool = False) -> RawWord:
        """The word that stands here, up to a blank or an operator."""
        start = self.position
        parts: list[Part] = []
        while self.position < len(self.text):
            if plain := _PLAIN.match(self.text, self.position):
                self.position = plain.end()
                parts.append(Literally(plain.group(), False))
            elif not self._special(parts, quoted=False):
                break
        if not parts and not may_be_empty and self.position == start:
            raise NotUnderstood(f"{self.text[start : start + 20]!r} stands where a word must follow")
        return RawWord(_joined(parts), start, self.text[start : self.position])

    def document(self, body: str, *, quoted: bool) -> tuple[Part, ...]:
        """The parts of a here-document; quoted: its name was, so that nothing in it is special."""
        if quoted:
            return (Literally(body, True),)
        reader = self.sub_parser(body)
        parts: list[Part] = []
        while reader.position < len(body):
            if plain := re.compile(_PLAIN_IN_DOCUMENT).match(body, reader.position):
                reader.position = plain.end()
                parts.append(Literally(plain.group(), True))
            else:
                reader.in_quotes(parts, quote="")
        return _joined(parts)

    def _special(self, parts: list[Part], *, quoted: bool) -> bool:
        """One quoted or expanded part outside double quotes; False where none stands here."""
        match self.text[self.position]:
            case "'":
                end = self.text.find("'", self.position + 1)
                if end < 0:
                    raise NotUnderstood("a single quote is not closed")
                parts.append(Literally(self.text[self.position + 1 : end], True))
                self.position = end + 1
            case '"':
                parts.append(Literally("", True))
                self.position += 1
                self._double_quoted(parts)
            case "\\":
                following = self.text[self.position + 1 : self.position + 2]
                if following != "\n":
                    parts.append(Literally(following or "\\", True))
                self.position += 2
            case "$":
                self._dollar(parts, quoted=quoted)
            case "`":
                self._backquotes(parts, quoted=quoted)
            case _:
                return False
        return True

    def _double_quoted(self, parts: list[Part]) -> None:
        while self.position < len(self.text):
            if plain := _PLAIN_IN_QUOTES.match(self.text, self.position):
                self.position = plain.end()
                parts.append(Literally(plain.group(), True))
            elif self.text[self.position] == '"':
                self.position += 1
                return
            else:
                self.in_quotes(parts, quote='"')
        raise NotUnderstood("a double quote is not closed")

    def in_quotes(self, parts: list[Part], *, quote: str) -> None:
        """A backslash, a dollar or backquotes, inside double quotes or a here-document."""
        match self.text[self.position]:
            case "\\":
                following = self.text[self.position + 1 : self.position + 2]
                if following != "\n":
                    escapes = following != "" and following in "$`\\" + quote
                    parts.append(Literally(following if escapes else "\\" + following, True))
                self.position += 2
            case "$":
                self._dollar(parts, quoted=True)
            case _:
                self._backquotes(parts, quoted=True)

    def _dollar(self, parts: list[Part], *, quoted: bool) -> None:
        start = self.position
        following = self.text[start + 1 : start + 2]
        if self.text.startswith("$((", start) and self._arithmetic(parts, quoted=quoted):
            return
        if following == "(":
            self.position += 2
            parts.append(Substitution(self.substitution(), quoted))
        elif following == "{":
            self.position += 2
            self._braced(parts, quoted=quoted)
        elif following in ("'", '"') and following and not quoted:
            raise NotUnderstood(f"a ${following}: it means different things to different shells")
        elif name := re.compile(_PARAMETER).match(self.text, start + 1):
            self.position = name.end()
            parts.append(Parameter(name.group(), "", (), quoted))
        else:
            self.position += 1
            parts.append(Literally("$", True))

    def _braced(self, parts: list[Part], *, quoted: bool) -> None:
        start = self.position
        length = self.text.startswith("#", start) and not self.text.startswith(("#}", "#-", "#:", "#="), start)
        name = re.compile(_BRACED).match(self.text, start + length)
        if name is None:
            raise NotUnderstood("a ${ without a name")
        self.position = name.end()
        found = re.compile(_OPERATOR).match(self.text, self.position)
        if self.text.startswith("}", self.position):
            self.position += 1
            parts.append(Parameter(name.group(), "length" if length else "", (), quoted))
            return
        operator = found.group() if found and not length else "other"
        self.position = found.end() if found else self.position
        parts.append(Parameter(name.group(), operator, self._until_brace(quoted=quoted), quoted))

    def _until_brace(self, *, quoted: bool) -> tuple[Part, ...]:
        parts: list[Part] = []
        self.depth += 1
        self.check_depth()
        while self.position < len(self.text):
            character = self.text[self.position]
            if plain := re.compile(_PLAIN_IN_BRACES).match(self.text, self.position):
                self.position = plain.end()
                parts.append(Literally(plain.group(), quoted))
            elif character == "}":
                self.position += 1
                self.depth -= 1
                return _joined(parts)
            elif quoted and character == "'":
                raise NotUnderstood("a single quote in a quoted ${…}: it means different things to different shells")
            elif not self._special(parts, quoted=quoted):
                raise NotUnderstood("a ${ that is not closed")
        raise NotUnderstood("a ${ is not closed")

    def _arithmetic(self, parts: list[Part], *, quoted: bool) -> bool:
        """`$((…))`. False where its parentheses say that bash reads a `$(` that begins with a subshell; dash does
        not read that at all."""
        start = self.position + 3
        open_ = 2
        position = start
        while open_:
            found = re.compile(_ARITHMETIC_STOP).search(self.text, position)
            if found is None or found.group() in "'\"`":
                raise NotUnderstood("a $(( that is not closed, or has quotes in it")
            open_ += 1 if found.group() == "(" else -1
            position = found.end()
            if open_ == 1 and not self.text.startswith(")", position):
                if self.bash:
                    return False
                raise NotUnderstood("a $(( that does not end with ))")
        inside = self.text[start : position - 2]
        if re.search(r"(?<![=!<>])=(?!=)|\+\+|--|\$\(", inside):
            raise NotUnderstood("an arithmetic expression that sets a variable")
        self.position = position
        parts.append(Arithmetic(inside, quoted))
        return True

    def _backquotes(self, parts: list[Part], *, quoted: bool) -> None:
        start = end = self.position + 1
        while True:
            end = self.text.find("`", end)
            if end < 0:
                raise NotUnderstood("a backquote is not closed")
            before = end
            while before > start and self.text[before - 1] == "\\":
                before -= 1
            if (end - before) % 2 == 0:
                break
            end += 1
        escapes = _IN_QUOTED_BACKQUOTES if quoted else _IN_BACKQUOTES
        inner = self.sub_parser(re.sub(escapes, r"\1", self.text[start:end]))
        inner.check_depth()
        self.position = end + 1
        parts.append(Substitution(inner.whole(), quoted))


def _joined(parts: list[Part]) -> tuple[Part, ...]:
    """Neighbours of one kind made one."""
    joined: list[Part] = []
    for part in parts:
        before = joined[-1] if joined else None
        if isinstance(part, Literally) and isinstance(before, Literally) and before.quoted == part.quoted:
            joined[-1] = Literally(before.text + part.text, part.quoted)
        else:
            joined.append(part)
    return tuple(joined)
