"""Which words of the user's file a finding is about, so that they are underlined and not all of a long instruction."""

import re
from collections.abc import Iterator

from emulator.model.diagnostic import Diagnostic
from emulator.model.origin import Origin
from emulator.model.record import replace

from .excerpt import ReadLine

_MOST_LINES = 200
_MOST_WORDS = 60
"""Of a message."""
_AROUND = "`'\"‹›(),:;!?"
_WORD, _VARIABLE = r"(?<![\w.-])", r"\$\{?"
_COMMAND = r"(?:^|[;&|({]|&&|\|\||\b(?:RUN|CMD|ENTRYPOINT|exec|then|do|else)|\[\s*\")\s*"
"""What stands before a word, a variable's name, and the first word of a command."""
_BETWEEN = r'(?: |",\s*")'
"""What stands between words, also those of an exec form."""


def pointed(diagnostic: Diagnostic, read_line: ReadLine | None) -> Origin | None:
    """The place to underline. Of a whole line or instruction: the words that the fix replaces, else those that the
    message names; all of it where neither is sure."""
    origin = diagnostic.origin
    if origin is None:
        return None
    by_message = _of_message(diagnostic.message, origin, read_line) if origin.column == 1 else None
    return _of_fix(diagnostic, origin) or by_message or origin


def _of_fix(diagnostic: Diagnostic, origin: Origin) -> Origin | None:
    fix = diagnostic.fix
    edit = fix.edits[0] if fix is not None and len(fix.edits) == 1 else None
    if edit is None or (edit.file, edit.line) != (origin.file, origin.line) or edit.end_line != edit.line:
        return None
    if edit.column >= edit.end_column or origin.end_line not in (None, origin.line):
        return None
    return replace(origin, column=edit.column, end_line=edit.line, end_column=edit.end_column - 1)


def _of_message(message: str, origin: Origin, read_line: ReadLine | None) -> Origin | None:
    lines = _lines(origin, read_line)
    text = "\n".join(line for _, line in lines)
    for words, before in _named(message):
        if not all(word in text for word in words.split()):
            continue  # a pattern takes long to make
        # A module goes on with the name in it, "app.main:app"; else a colon makes another word, "python:3.13".
        on = "[./]" if "." in words or f"'{words}'" in message else "[./:]"
        named = _BETWEEN.join(map(re.escape, words.split()))
        pattern = re.compile(rf"{before}({named})(?![\w-]|{on}\w)")
        found = [(number, match) for number, line in lines for match in pattern.finditer(line)]
        if len(found) == 1:
            number, match = found[0]
            return replace(origin, line=number, column=match.start(1) + 1, end_line=number, end_column=match.end(1))
    return None


def _lines(origin: Origin, read_line: ReadLine | None) -> list[tuple[int, str]]:
    """The lines of a place by their numbers, without those that only comment."""
    if read_line is None or not origin.file:
        return []
    last = min(origin.end_line or origin.line, origin.line + _MOST_LINES)
    read = ((number, read_line(replace(origin, line=number)) or "") for number in range(origin.line, last + 1))
    return [(number, line) for number, line in read if not line.lstrip().startswith("#")]


def _named(message: str) -> Iterator[tuple[str, str]]:
    """What a message may name, and the pattern of what must stand before it; the surest first: what it quotes; runs of
    words with a path, a flag or the like among them; these alone, and the ends of paths; then plain words, which count
    where a command begins, or in capitals as a variable."""
    tokens = [token for word in message.split()[:_MOST_WORDS] if (token := word.strip(_AROUND))]
    special = {token for token in tokens if not token.isalpha() and re.search(r"\w", token)}
    special |= set(re.findall(r"'([^' ]+)'", message))
    runs = [tokens[at : at + count] for count in (4, 3, 2) for at in range(len(tokens) - count + 1)]
    ends = {token.split("/", n)[-1] for token in special for n in range(1, token.count("/") + 1)}
    for words, before in (
        (set(re.findall("`([^`]+)`", message)), _WORD),
        ({" ".join(run) for run in runs if not special.isdisjoint(run)}, _WORD),
        ({token for token in special | ends if len(token) > 1}, _WORD),
        ({" ".join(run) for run in runs}, _COMMAND),
    ):
        yield from ((one, before) for one in sorted(words, key=lambda one: (-len(one), one)))
    plain = dict.fromkeys(token for token in tokens if token.isalpha())
    yield from ((token, _VARIABLE if token.isupper() else _COMMAND) for token in plain)
