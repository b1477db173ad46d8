"""Finding what speaks of some words: those that a newcomer has, or a line of a log. Pure."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from emulator.engine.failure_patterns import BOOT_PATTERNS, BUILD_PATTERNS
from emulator.explained.asked import ASKED, OF_NO_WEIGHT
from emulator.model.topic import Topic

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_ENDINGS = ("ings", "ing", "ed", "es", "s")
_LONG_LINE = 5
"""Words of a query above which it is a line of a log."""
_MOST, _SOME = 0.6, 0.5
"""The part of what was asked, by the rarity of its words, that is met by what is found; and by what is found where
nothing else is."""
_IN_NAME, _IN_TEXT, _IN_MORE = 6, 3, 1
"""How much it counts where a word stands."""


class _Indexed(NamedTuple):
    topic: Topic
    places: tuple[frozenset[str], frozenset[str], frozenset[str]]
    """The words of its name, of its sentence, and of the rest."""

    def weight(self, words: frozenset[str]) -> int:
        """Of words that are all to be there: where the least visible of them stands; 0 where one is missing."""
        return min(
            next((w for w, p in zip((_IN_NAME, _IN_TEXT, _IN_MORE), self.places, strict=True) if word in p), 0)
            for word in words
        )


def search(query: str, among: Iterable[Topic]) -> list[Topic]:
    """What speaks of the query's words, the nearest first: what is called so; then what has most of them, where rare
    words count more than common ones, and a name more than a sentence. What a pasted line of a log tells of leads."""
    indexed = [_indexed(one) for one in {(one.kind, one.name, one.text): one for one in among}.values()]
    wanted = _wanted(query)
    told = _told_by(query)
    called = "".join(re.findall(r"[a-z0-9]+", query.lower()))
    frequency = Counter(word for one in indexed for word in frozenset().union(*one.places))
    ranked: list[tuple[bool, tuple[float, ...], Topic]] = []
    for number, one in enumerate(indexed):
        weights = [max(map(one.weight, word.alternatives)) for word in wanted]
        rarity = [word.rarity(frequency, len(indexed)) for word in wanted]
        met = sum(r for r, weight in zip(rarity, weights, strict=True) if weight)
        part = met / sum(rarity) if rarity else 0.0
        is_told = one.topic.kind == "finding" and _last(one.topic.name) in told
        is_called = _is_called(called, one.topic.name)
        if is_told or is_called or part > _SOME:
            score = sum(r * weight for r, weight in zip(rarity, weights, strict=True))
            place = (-is_told, -is_called, -round(met, 6), -round(score, 6), len(one.topic.name), number)
            ranked.append((is_told or is_called or part > _MOST, place, one.topic))
    is_any_near = any(is_near for is_near, *_ in ranked)
    in_order = sorted(ranked, key=lambda found: found[1])
    return [topic for is_near, _, topic in in_order if is_near or not is_any_near]


def _indexed(one: Topic) -> _Indexed:
    return _Indexed(one, (_words(one.name), _words(one.text), _words(f"{one.more} {one.source}")))


def vocabulary(among: Iterable[Topic]) -> set[str]:
    """The words that names and sentences are made of, as they are written."""
    return {word for one in among for word in re.findall(r"[a-z]{4,}", f"{one.name} {one.text}".lower())}


class _Wanted(NamedTuple):
    """A word of the query: each of the alternatives is a set of words that say the same."""

    alternatives: tuple[frozenset[str], ...]

    def rarity(self, frequency: Counter[str], count: int) -> float:
        most = max(min(frequency[word] for word in words) for words in self.alternatives)
        return math.log((count + 1) / (most + 1)) + 0.1


def _wanted(query: str) -> list[_Wanted]:
    """The query's words with what else they are called. Words of no weight are left out where others remain, and all
    the others of a long line in which something is called by a name."""
    text = " ".join(_WORD.findall(query)).lower()
    found: list[_Wanted] = []
    for asked, names in ASKED.items():
        if (match := re.search(rf"\b{asked}\b", text)) is not None:
            text = text.replace(match.group(), " ")
            found.append(_Wanted(tuple(_stems(name) for name in (match.group(), *names))))
    rest = re.findall(r"[a-z]+|\d+", text)
    weighty = [word for word in rest if word not in OF_NO_WEIGHT]
    others = [] if found and len(rest) > _LONG_LINE else weighty or ([] if found else rest)
    return [*found, *(_Wanted((frozenset({_stem(word)}),)) for word in others)]


def _told_by(line: str) -> frozenset[str]:
    """What a program's last words tell of, where the line is some: the last parts of the findings' codes, for a build
    and a start may end by the same."""
    return frozenset(_last(one.code) for one in (*BOOT_PATTERNS, *BUILD_PATTERNS) if one.pattern.search(line))


def _last(code: str) -> str:
    return code.rpartition("/")[2]


def _is_called(query: str, name: str) -> bool:
    """Whether the name, or its last part, is the query."""
    parts = re.split(r"[./]", name.lower().replace("-", ""))
    return query in ("".join(parts), parts[-1])


def _words(text: str) -> frozenset[str]:
    """The words of a text, and neighbours as one word: healthcheck is a health check."""
    words = [_stem(word) for word in _WORD.findall(text)]
    return frozenset([*words, *(first + second for first, second in zip(words, words[1:], strict=False))])


def _stems(words: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in re.findall(r"[a-z]+|\d+", words.lower()))


def _stem(word: str) -> str:
    """A word without the endings by which it stands in sentences."""
    low = word.lower()
    ending = next((end for end in _ENDINGS if low.endswith(end) and len(low) - len(end) > 2), "")
    return low.removesuffix(ending).removesuffix("e") if len(low) > 3 else low
