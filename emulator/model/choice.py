"""Choosing is tracing: the answer to "why?" is what comes out of choosing.

`choose` takes candidates in order of precedence, returns the first that is present, and writes
one `Decision`, with the losers and their reasons, to the trace. The trace is append-only and no
decision ever reads it back.
"""

from typing import Any, Final, Generic, TypeVar

from .origin import Origin
from .record import Record
from .rule import Rule

T = TypeVar("T")


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = _Absent()
"""No value was given. Different from an empty string or None, which are values."""


NO_CANDIDATE: Final = "no candidate was there"
"""Why the answer is none."""


class Rejected(Record, frozen=True, kw_only=True):
    """An answer that lost, and why."""

    answer: str
    because: str
    origin: Origin | None = None


class Decision(Record, frozen=True, kw_only=True):
    """One question the platform's rules answered."""

    id: str
    question: str
    answer: str
    because: str
    rule: str | None = None
    source: str | None = None
    origin: Origin | None = None
    rejected: tuple[Rejected, ...] = ()


class Candidate(Generic[T]):
    """One possible answer: its value (or ABSENT), who offers it, and why it would hold.

    `shown` is the value in words when `str(value)` would not do. `absent` says why there is no
    value, for the list of losers: "no PORT is set". `loses` says why it loses although it is there,
    where "somebody else comes first" would not do.
    """

    __slots__ = ("absent", "because", "loses", "origin", "rule", "shown", "source", "value")

    def __init__(
        self,
        value: "T | _Absent",
        *,
        source: str,
        because: str,
        origin: Origin | None = None,
        rule: Rule | None = None,
        shown: str | None = None,
        absent: str | None = None,
        loses: str | None = None,
    ) -> None:
        self.loses = loses
        self.value = value
        self.source = source
        self.because = because
        self.origin = origin
        self.rule = rule
        self.shown = shown
        self.absent = absent

    @property
    def present(self) -> bool:
        return self.value is not ABSENT

    def lost_to(self, winner: "Candidate[Any]") -> str:
        """Why it is not the answer."""
        return self.loses or f"{winner.source} comes first: {winner.because}"

    def words(self) -> str:
        return self.shown if self.shown is not None else str(self.value)


class Setting(Generic[T]):
    """A chosen value with who said so, where, and what it beat."""

    __slots__ = ("shadowed", "winner")

    def __init__(self, winner: Candidate[T], shadowed: tuple[Candidate[T], ...]) -> None:
        self.winner = winner
        self.shadowed = shadowed

    @property
    def value(self) -> T:
        assert not isinstance(self.winner.value, _Absent)
        return self.winner.value

    @property
    def source(self) -> str:
        return self.winner.source

    @property
    def origin(self) -> Origin | None:
        return self.winner.origin


class Trace:
    """The reasoning so far: decisions in the order they were made."""

    def __init__(self) -> None:
        self._decisions: list[Decision] = []

    def add(self, decision: Decision) -> None:
        self._decisions.append(decision)

    def note(
        self,
        id: str,
        question: str,
        answer: str,
        because: str,
        *,
        rule: Rule | None = None,
        origin: Origin | None = None,
        rejected: tuple[Rejected, ...] = (),
    ) -> None:
        """Record a decision that was not a choice between candidates."""
        self.add(
            Decision(
                id=id,
                question=question,
                answer=answer,
                because=because,
                rule=rule.id if rule else None,
                source=rule.url if rule else None,
                origin=origin,
                rejected=rejected,
            )
        )

    @property
    def decisions(self) -> tuple[Decision, ...]:
        return tuple(self._decisions)


def choose(
    trace: Trace, id: str, question: str, *candidates: Candidate[Any], none: str = "nothing"
) -> Setting[Any] | None:
    """The first candidate that is present, recorded as one Decision; None when none is.

    The present ones that lost become the setting's `shadowed`; the decision's `rejected` holds
    them and those that were absent with a stated reason.
    """
    winner = next((c for c in candidates if c.present), None)
    losers = [c for c in candidates if c is not winner and (c.present or c.absent)]
    rejected = tuple(_rejection(loser, winner) for loser in losers)
    if winner is None:
        trace.add(Decision(id=id, question=question, answer=none, because=NO_CANDIDATE, rejected=rejected))
        return None
    trace.note(id, question, winner.words(), winner.because, rule=winner.rule, origin=winner.origin, rejected=rejected)
    shadowed = tuple(c for c in losers if c.present)
    return Setting(winner, shadowed)


def _rejection(loser: Candidate[Any], winner: Candidate[Any] | None) -> Rejected:
    if not loser.present:
        return Rejected(answer=loser.source, because=loser.absent or "", origin=loser.origin)
    assert winner is not None
    return Rejected(answer=loser.words(), because=loser.lost_to(winner), origin=loser.origin)
