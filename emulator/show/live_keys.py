"""What a key asks for: a change of what is seen, or something to be done."""

from typing import Literal, NamedTuple

from emulator.model.record import replace

from .live_view import View

Verb = Literal["restart", "rebuild", "pause", "open", "clear", "quit"]


class Wish(NamedTuple):
    """Something to be done. service: for this one; None: for all, or where it is about none."""

    verb: Verb
    service: str | None = None


_VERBS: dict[str, Verb] = {"r": "restart", "b": "rebuild", "o": "open"}
_OF_ALL: dict[str, Verb] = {"R": "restart", "B": "rebuild"}
_PLAIN: dict[str, Verb] = {"c": "clear", "q": "quit"}


def pressed(view: View, key: str) -> tuple[View, Wish | None]:
    """key: a character, or "up" and "down". One that means nothing here changes nothing."""
    one = view.chosen_service
    if key in _PLAIN:
        return view, Wish(_PLAIN[key])
    if key == "?":
        return replace(view, shows_help=not view.shows_help), None
    if key == "p":
        return view, Wish("pause") if view.watches else None
    if view.is_once and key.lower() in ("r", "b"):
        return view, None
    if key in _OF_ALL:
        return view, Wish(_OF_ALL[key])
    if one is None:
        return view, None
    if key in _VERBS:
        return view, Wish(_VERBS[key], one.name)
    if key == "l" and len(view.services) > 1:
        return replace(view, only=None if view.only == one.name else one.name), None
    return replace(view, chosen=_chosen(view, key)), None


def _chosen(view: View, key: str) -> int:
    count = len(view.services)
    if key in ("up", "k"):
        return (view.chosen - 1) % count
    if key in ("down", "j"):
        return (view.chosen + 1) % count
    if key.isascii() and key.isdigit() and 0 < int(key) <= count:
        return int(key) - 1
    return view.chosen
