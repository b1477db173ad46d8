"""The words of a command taken apart into options and operands, and the paths they name."""

import posixpath
import re

from .effects import Place
from .shell import Command, Word

_CWD_UNKNOWN = "it is not known in which directory it runs"


class NotSure(Exception):
    """What the command does cannot be told; the message says why."""


class Arguments:
    """The words of a command: `flags` that were given, values of options, operands."""

    def __init__(self, command: Command, name: str) -> None:
        self.command = command
        self.name = name
        self.flags: set[str] = set()
        self.values: dict[str, Word] = {}
        self.operands: list[Word] = []

    def read(self, flags: str, *, values: str = "", long: dict[str, str] | None = None) -> None:
        """flags, values: letters; long: the letter each long option stands for. Raises NotSure at any other."""
        words = list(self.command.words[1:])
        while words:
            word = words.pop(0)
            text = word.text
            if text is None or not text.startswith("-") or text == "-":
                self.operands.append(word)
            elif text == "--":
                self.operands += words
                return
            elif text.startswith("--"):
                self._long(text, word, words, long or {}, values)
            else:
                self._short(text[1:], word, words, flags, values)

    def _long(self, text: str, word: Word, words: list[Word], long: dict[str, str], values: str) -> None:
        name, equals, value = text[2:].partition("=")
        letter = long.get(name)
        if letter is None:
            raise NotSure(f"the option --{name} of {self.name} is not known here")
        if letter not in values:
            self.flags.add(letter)
        elif equals:
            self.values[letter] = Word(text=value, source=word.source, line=word.line)
        else:
            self.values[letter] = self._following(words)

    def _short(self, letters: str, word: Word, words: list[Word], flags: str, values: str) -> None:
        for index, letter in enumerate(letters):
            if letter in values:
                rest = letters[index + 1 :]
                attached = Word(text=rest, source=word.source, line=word.line)
                self.values[letter] = attached if rest else self._following(words)
                return
            if letter not in flags:
                raise NotSure(f"the option -{letter} of {self.name} is not known here")
            self.flags.add(letter)

    def _following(self, words: list[Word]) -> Word:
        if not words:
            raise NotSure(f"an option of {self.name} has no value")
        return words.pop(0)

    def path(self, word: Word) -> str:
        """One absolute path, a "/" at its end dropped. Raises NotSure."""
        place = self.place(word)
        if place.pattern:
            raise NotSure(f"what {word.source} matches decides what {self.name} does")
        return place.path

    def place(self, word: Word) -> Place:
        return place_of(word, self.command)

    def places(self, words: list[Word]) -> tuple[Place, ...]:
        return tuple(self.place(word) for word in words)


def place_of(word: Word, command: Command) -> Place:
    """The absolute path or pattern of a word. Raises NotSure."""
    text = word.pattern if word.pattern is not None else word.text
    if text is None:
        raise NotSure(f"what {word.source} stands for is not known")
    if text == "":
        raise NotSure("an empty path")
    if not text.startswith("/") and (command.cwd is None or command.assumed):
        raise NotSure(_CWD_UNKNOWN)
    if word.pattern is not None and ".." in text.split("/"):
        raise NotSure("a pattern with .. in it")
    path = text if text.startswith("/") else posixpath.join(_escaped(command.cwd or "", word), text)
    # Not normpath: "a/.." is not "." where a is a symbolic link, and the tree follows those.
    path = "/" + "/".join(part for part in path.split("/") if part not in ("", "."))
    return Place(path=path, pattern=word.pattern is not None)


def _escaped(cwd: str, word: Word) -> str:
    return cwd if word.pattern is None else re.sub(r"([*?\[\]\\])", r"\\\1", cwd)
