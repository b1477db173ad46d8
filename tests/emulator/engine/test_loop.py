"""The queue of what was seen and the heap of what is due."""

import pytest

from emulator.engine.loop import Loop
from emulator.model.record import Record


class Do(Record, frozen=True, kw_only=True):
    """An action."""

    due: float
    what: str


class Hands:
    """A clock that is moved by hand, and a loop in which seeing an action leads to it."""

    def __init__(self) -> None:
        self.time = 10.0
        self.done: list[str] = []
        self.loop: Loop[Do, Do] = Loop(self, lambda seen: (seen,), lambda action: self.done.append(action.what))

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def turns(self, count: int) -> "Hands":
        for _ in range(count):
            self.loop.turn(0)
        return self


def test_what_is_due_first_is_done_first() -> None:
    """Whatever was decided when."""
    hands = Hands()
    for due, what in ((30, "c"), (20, "b"), (10, "a")):
        hands.loop.later(Do(due=due, what=what))
    hands.turns(1)
    assert hands.done == ["a"]
    hands.time = 40
    assert hands.turns(2).done == ["a", "b", "c"]


def test_what_was_decided_first_is_done_first_though_it_was_seen_later() -> None:
    """Two threads saw something at nearly the same time and put it the other way round: what was taken last counts."""
    hands = Hands()
    hands.loop.put(Do(due=9.9, what="requests to one"))
    hands.loop.put(Do(due=9.8, what="requests to nobody"))
    assert hands.turns(4).done == ["requests to one", "requests to nobody"]


def test_what_was_seen_is_taken_before_anything_is_done() -> None:
    """So that nothing is done that was decided without it."""
    hands = Hands()
    hands.loop.later(Do(due=10, what="a"))
    hands.loop.put(Do(due=10, what="b"))
    assert hands.turns(1).done == []
    assert hands.turns(2).done == ["a", "b"]


def test_what_is_forgotten_is_not_done() -> None:
    """And what comes after it is."""
    hands = Hands()
    hands.loop.later(Do(due=10, what="a"))
    hands.loop.forget()
    hands.loop.see(Do(due=10, what="b"))
    assert hands.turns(2).done == ["b"]


def test_an_exception_that_was_put_is_raised() -> None:
    """In the turn that meets it, after what was seen before it."""
    hands = Hands()
    hands.loop.put(Do(due=10, what="a"))
    hands.loop.put(ZeroDivisionError())
    hands.turns(1)
    with pytest.raises(ZeroDivisionError):
        hands.turns(1)
