"""Whom the services of a plan wait for. Pure."""

from collections.abc import Collection, Iterable, Mapping

from emulator.model.plan import Edge


def needs(names: Collection[str], edges: Iterable[Edge]) -> dict[str, frozenset[str]]:
    """What each of `names` waits for: those it needs by an edge. Where two need each other, also through others,
    neither waits for the other: a platform that allows such a circle does not wait either."""
    wanted = {name: {e.to for e in edges if e.from_ == name and e.to in names and e.to != name} for name in names}
    reached = {name: _reached(name, wanted) for name in names}
    return {name: frozenset(to for to in wanted[name] if name not in reached[to]) for name in names}


def _reached(start: str, wanted: Mapping[str, Collection[str]]) -> set[str]:
    """Everything that `start` needs, directly or through others."""
    found: set[str] = set()
    ahead = [*wanted[start]]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += wanted[name]
    return found
