"""What was probably meant by a word that nobody knows."""

from collections.abc import Iterable

_MOST = 8


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like `word`, None where none is like it."""
    from difflib import get_close_matches  # takes long to load, and only mistakes need it

    by_lower = {name.lower(): name for name in reversed(list(known))}
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else next((n for low, n in by_lower.items() if _begins(word.lower(), low)), None)


def _begins(word: str, name: str) -> bool:
    """Whether three letters or more are the beginning of a name, which a ratio of likeness misses."""
    return len(word) > 2 and name.startswith(word)


def did_you_mean(word: str, known: Iterable[str], *, none: str = "there are none") -> str:
    """The one thing to do about a name nobody has: the one that was probably meant, and those there are."""
    names = list(dict.fromkeys(known))
    if not names:
        return none
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    listed = f"known are {', '.join(names[:_MOST])}{more}"
    near = nearest(word, names)
    return f"did you mean {near}? {listed}" if near and len(names) > 1 else f"did you mean {near}?" if near else listed
