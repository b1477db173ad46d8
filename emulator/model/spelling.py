"""What was probably meant by a word that nobody knows."""

from collections.abc import Iterable

_MOST = 8
_LONGEST = 80
"""The comparison is quadratic, and nobody mistypes a word of this length."""


def nearest(word: str, known: Iterable[str], *, cutoff: float | None = None) -> str | None:
    """The known word most like `word`, None where none is like it. cutoff: how like it has to be, from 0 to 1; without
    one it may also be a word that begins so. Case does not count; letters that changed places make one like any other.
    """
    if len(word) > _LONGEST:
        return None
    from difflib import get_close_matches  # takes long to load, and only mistakes need it

    low = word.lower()
    by_lower = {name.lower(): name for name in reversed(list(known))}
    swapped = (name for lower, name in by_lower.items() if len(low) > 2 and sorted(lower) == sorted(low))
    if (same := next(swapped, None)) is not None:
        return same
    if found := get_close_matches(low, by_lower, n=1, cutoff=0.6 if cutoff is None else cutoff):
        return by_lower[found[0]]
    return next((n for lower, n in by_lower.items() if cutoff is None and _begins(low, lower)), None)


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
