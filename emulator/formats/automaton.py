"""Path patterns as automata: every alternative at once, as bits of one integer, so that no pattern can
make it backtrack. Matching costs (length of the path) x (length of the pattern / 64).
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from emulator.model.record import Record


class Characters(NamedTuple):
    """A set of characters: ranges of them, or all the others."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def has(self, character: str) -> bool:
        return any(low <= character <= high for low, high in self.ranges) != self.negated


class Token(Record, frozen=True, kw_only=True):
    """One part of a pattern.

    literal: that character. any: one character but "/". set: one of `characters`. star: any number of characters
    but "/". all: any number of characters but a line end. folders: nothing, or anything that ends with "/".
    start: nothing, at the beginning only.
    """

    kind: str
    character: str = ""
    characters: Characters | None = None


ANY = Token(kind="any")
STAR = Token(kind="star")
ALL = Token(kind="all")
FOLDERS = Token(kind="folders")
START = Token(kind="start")

_FEW_LOOPS = 2
_SHORT = 256


def literal(character: str) -> Token:
    return Token(kind="literal", character=character)


class Automaton:
    """A compiled pattern."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = list(_without_repeats(tokens))
        loops = sum(token.kind in ("star", "all", "folders") for token in self._tokens)
        # With one or two loops a regular expression costs at most the square or cube of a short length.
        simple = loops <= _FEW_LOOPS and len(self._tokens) < _SHORT
        self._quick = re.compile(_expression(self._tokens), re.DOTALL) if simple else None
        self._steps: list[Token] | None = None
        self._moves: dict[str, tuple[int, int, int]] = {}

    def matches(self, text: str) -> bool:
        """Whether the pattern is all of `text`."""
        if self._quick is not None and len(text) < _SHORT:
            return self._quick.fullmatch(text) is not None
        return self.matches_by_steps(text)

    def matches_by_steps(self, text: str) -> bool:
        """The same without a regular expression, in time that no text or pattern can blow up."""
        if self._steps is None:
            self._prepare()
        states = self._closed(1, self._skippable | self._at_start)
        for character in text:
            advance, loop, jump = self._move(character)
            states = ((states & advance) << 1) | (states & loop) | ((states & jump) << 1)
            if not states:
                return False
            states = self._closed(states, self._skippable)
        return bool(states & self._final)

    def _prepare(self) -> None:
        # "folders" takes two places: the first may be left for what follows the second, or entered.
        steps: list[Token] = []
        for token in self._tokens:
            steps += [token, token] if token.kind == "folders" else [token]
        self._steps = steps
        self._final = 1 << len(steps)
        self._skippable = self._entries = self._at_start = self._inside = 0
        entered = False
        for index, token in enumerate(steps):
            if token.kind == "folders":
                entered = not entered
                self._entries |= (1 << index) if entered else 0
                self._inside |= 0 if entered else 1 << index
            elif token.kind in ("star", "all"):
                self._skippable |= 1 << index
            elif token.kind == "start":
                self._at_start |= 1 << index

    def _closed(self, states: int, skippable: int) -> int:
        """With every state that is reached without a character."""
        while True:
            more = states | (states & skippable) << 1 | (states & self._entries) << 1 | (states & self._entries) << 2
            if more == states:
                return states
            states = more

    def _move(self, character: str) -> tuple[int, int, int]:
        """Where `character` advances, where it stays, and where it ends the folders."""
        if character not in self._moves:
            advance = loop = 0
            for index, token in enumerate(self._steps or ()):
                bit = 1 << index
                if token.kind == "literal":
                    advance |= bit if token.character == character else 0
                elif token.kind == "any":
                    advance |= bit if character != "/" else 0
                elif token.kind == "set" and token.characters is not None:
                    advance |= bit if token.characters.has(character) else 0
                elif token.kind == "star":
                    loop |= bit if character != "/" else 0
                elif token.kind == "all":
                    loop |= bit if character != "\n" else 0
            loop |= self._inside if character != "\n" else 0
            self._moves[character] = (advance, loop, self._inside if character == "/" else 0)
        return self._moves[character]


def _without_repeats(tokens: Sequence[Token]) -> list[Token]:
    """The same pattern without loops that repeat the one before."""
    kept: list[Token] = []
    for token in tokens:
        if not (kept and token == kept[-1] and token.kind in ("folders", "star", "all", "start")):
            kept.append(token)
    return kept


def _expression(tokens: list[Token]) -> str:
    fixed = {"any": "[^/]", "star": "[^/]*", "all": "[^\n]*", "folders": "(?:[^\n]*/)?", "start": r"\A"}
    return "".join(
        re.escape(token.character) if token.kind == "literal" else fixed.get(token.kind) or _set(token)
        for token in tokens
    )


def _set(token: Token) -> str:
    assert token.characters is not None
    inside = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in token.characters.ranges if low <= high)
    if not inside:
        return "." if token.characters.negated else "(?!)"
    return f"[{'^' if token.characters.negated else ''}{inside}]"
