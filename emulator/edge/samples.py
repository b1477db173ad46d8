"""The samples that lie beside what they show: emu's own, and each platform's in its folder."""

import os
from collections.abc import Iterable

from emulator.contract import Platform

_FILE = "samples.md"
_OWN = os.path.join(os.path.dirname(os.path.dirname(__file__)), "explained")


def sample_texts(platforms: Iterable[Platform]) -> tuple[str, ...]:
    """The text of each; a platform that has none, or is no folder, is left out."""
    folders = [_OWN, *(folder for one in platforms for folder in getattr(one, "__path__", ()))]
    places = [os.path.join(folder, _FILE) for folder in folders]
    return tuple(_text(place) for place in places if os.path.isfile(place))


def _text(place: str) -> str:
    with open(place, encoding="utf-8", newline="") as file:
        return file.read()
