"""Words → arguments: parameters, splitting, patterns and quotes (Shell Command Language, XCU 2.6), where known."""

import re

from emulator.model.record import Record, replace

from .nodes import Arithmetic, Literally, Parameter, Part, RawWord, Simple, Substitution
from .records import Word
from .state import State

MAX_LENGTH = 128 * 1024
"""Linux takes no longer argument (MAX_ARG_STRLEN), so a longer word is not followed."""

MAX_TRIMMED = 4096
"""A longer value is not trimmed by `${NAME#…}`: nobody needs it, and a hostile script could repeat it."""

_BLANK = r"[ \t\n]+"
_PATTERN = r"[*?\[]"
_SPECIAL = r"([*?\[\]\\])"
_BRACES = re.compile(r"\{[^{}]*(?:,|\.\.)")


class _Piece(Record, frozen=True):
    """text None: not known. quoted: neither split nor a pattern. split: it came from a variable."""

    text: str | None
    quoted: bool
    split: bool = False


def fields(word: RawWord, state: State, line: int) -> tuple[list[Word], State]:
    """The arguments one word becomes, and the state after it (`${NAME:=…}` assigns)."""
    pieces, state = _pieces(_tilde(word.parts), state)
    if _unclear(word, pieces, state):
        return [Word(text=None, source=word.source, line=line, many=True, prefix=_prefix(pieces))], state
    found: list[list[_Piece]] = []
    current: list[_Piece] | None = None
    for piece in pieces:
        if not piece.split or piece.quoted or piece.text is None:
            if piece.text != "" or piece.quoted:
                current = current if current is not None else []
                current.append(piece)
            continue
        parts = re.split(_BLANK, piece.text)
        for index, text in enumerate(parts):
            if index and current is not None:
                found.append(current)
                current = None
            if text:
                current = current if current is not None else []
                current.append(_Piece(text, False))
    if current is not None:
        found.append(current)
    return [_field(one, word.source, line) for one in found], state


def value(word: RawWord, state: State) -> tuple[str | None, State]:
    """The value an assignment gives: neither split nor a pattern; None when not known."""
    if word.source == "+=":
        return None, state
    return text_of(_tilde(word.parts), state)


def text_of(parts: tuple[Part, ...], state: State) -> tuple[str | None, State]:
    """Parts as one text, such as a here-document; None when not known."""
    pieces, state = _pieces(parts, state)
    texts = [piece.text for piece in pieces if piece.text is not None]
    known = len(texts) == len(pieces) and sum(map(len, texts)) <= MAX_LENGTH
    return ("".join(texts) if known else None), state


def _unclear(word: RawWord, pieces: list[_Piece], state: State) -> bool:
    """Whether it may be several words for a reason that is not seen here: an unquoted unknown, bash's braces."""
    if any((piece.text is None or (piece.split and not state.fields)) and not piece.quoted for piece in pieces):
        return True
    if sum(len(piece.text or "") for piece in pieces) > MAX_LENGTH or any(
        isinstance(part, Parameter) and part.name in "@*" for part in word.parts
    ):
        return True
    plain = "".join("" if piece.quoted or piece.split else piece.text or "" for piece in pieces)
    return "}" in plain and "{" in plain and _has_braces(plain)


def _has_braces(text: str) -> bool:
    return len(text) > 10_000 or _BRACES.search(text) is not None


def _field(pieces: list[_Piece], source: str, line: int) -> Word:
    if any(piece.text is None for piece in pieces):
        return Word(text=None, source=source, line=line, prefix=_prefix(pieces))
    if _is_pattern("".join("x" if piece.quoted else piece.text or "" for piece in pieces)):
        pattern = "".join(
            re.sub(_SPECIAL, r"\\\1", piece.text or "") if piece.quoted else piece.text or "" for piece in pieces
        )
        return Word(text=None, source=source, line=line, pattern=pattern, many=True)
    return Word(text="".join(piece.text or "" for piece in pieces), source=source, line=line)


def _prefix(pieces: list[_Piece]) -> str:
    """What stands before the first part that is not known, or that may be split, or a pattern."""
    known: list[str] = []
    for piece in pieces[:20]:
        if piece.text is None or (not piece.quoted and (piece.split or re.search(r"[*?\[{ \t\n]", piece.text))):
            break
        known.append(piece.text)
    return "".join(known)


def _is_pattern(unquoted: str) -> bool:
    """A [ is one only with its ]."""
    return "*" in unquoted or "?" in unquoted or 0 <= unquoted.find("[") < unquoted.rfind("]") - 1


def _tilde(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """`~` and `~/` at the beginning are $HOME."""
    first = parts[0] if parts else None
    if not isinstance(first, Literally) or first.quoted or not first.text.startswith("~"):
        return parts
    prefix, slash, rest = first.text.partition("/")
    if not slash and len(parts) > 1:
        return parts
    home: Part = Parameter("HOME", "", (), True) if prefix == "~" else Parameter("?", "", (), True)
    return (home, Literally(slash + rest, False), *parts[1:])


def _pieces(parts: tuple[Part, ...], state: State) -> tuple[list[_Piece], State]:
    pieces: list[_Piece] = []
    for part in parts:
        match part:
            case Literally():
                pieces.append(_Piece(part.text, part.quoted))
            case Parameter():
                more, state = _parameter(part, state)
                pieces += more
            case Substitution():
                pieces.append(_Piece(_known_output(part, state), part.quoted, True))
            case Arithmetic():
                known = part.text.strip() if part.text.strip().isdecimal() and part.text.strip()[0] != "0" else None
                pieces.append(_Piece(known, True))
    return pieces, state


def _known_output(part: Substitution, state: State) -> str | None:
    """What `$(pwd)` prints; of any other command None."""
    items = part.body.items
    if len(items) == 1 and isinstance(node := items[0].node, Simple):
        alone = not (node.assignments or node.redirections) and [word.plain for word in node.words] == ["pwd"]
        return state.cwd if alone and not state.assumed else None
    return None


def _parameter(part: Parameter, state: State) -> tuple[list[_Piece], State]:
    known, text = state.value(part.name) if part.name[0].isalpha() or part.name[0] == "_" else (False, None)
    operator = part.operator
    if operator in ("", "?", ":?") and known and not (operator and not text):
        return [_Piece(text or "", part.quoted, True)], state
    if operator in ("-", ":-", "=", ":=", "+", ":+") and known:
        missing = text is None or (operator[0] == ":" and text == "")
        if missing == (operator[-1] == "+"):
            return [_Piece("" if operator[-1] == "+" else text, part.quoted, True)], state
        pieces, state = _pieces(part.word, state)
        if operator[-1] == "=":
            given, state = text_of(part.word, state)
            state = state.assigned(part.name, given)
            pieces = [_Piece(given, part.quoted, True)]
        return [replace(piece, split=not piece.quoted, quoted=piece.quoted) for piece in pieces], state
    if operator in ("#", "##", "%", "%%") and known:
        affix, state = text_of(part.word, state)
        return [_Piece(_trimmed(text or "", operator, affix), part.quoted, True)], state
    if operator in ("=", ":="):
        state = state.assigned(part.name, None)
    return [_Piece(None, part.quoted, True)], state


def _trimmed(text: str, operator: str, affix: str | None) -> str | None:
    """The text without an affix that is no pattern."""
    if affix is None or len(text) > MAX_TRIMMED or re.search(_PATTERN, affix) or "\\" in affix:
        return None
    return text.removeprefix(affix) if operator[0] == "#" else text.removesuffix(affix)
