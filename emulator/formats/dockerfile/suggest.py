"""The word somebody probably meant."""

from collections.abc import Iterable


def closest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that looks most like `word`, None when none is near."""
    if len(word) > 40:  # the comparison is quadratic, and nobody mistypes at this length
        return None
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, choices, n=1, cutoff=0.6)), None)
