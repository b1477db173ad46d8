"""Whom services wait for."""

from emulator.engine.ordering import needs
from emulator.model.plan import Edge


def _edges(*pairs: str) -> list[Edge]:
    return [Edge(from_=pair.split(">")[0], to=pair.split(">")[1], because="") for pair in pairs]


def test_a_service_waits_for_those_it_needs_alone() -> None:
    """Not for what is not run, and not for itself."""
    found = needs(["web", "db", "cache"], _edges("web>db", "web>elsewhere", "web>web", "elsewhere>cache"))
    assert found == {"web": frozenset({"db"}), "db": frozenset(), "cache": frozenset()}


def test_services_that_need_each_other_do_not_wait_for_each_other() -> None:
    """Also through a third; what they all need, they wait for; who needs one of them waits."""
    found = needs(["a", "b", "c", "db", "d"], _edges("a>b", "b>c", "c>a", "b>db", "d>a"))
    assert found["a"] == found["c"] == frozenset()
    assert found["b"] == frozenset({"db"})
    assert found["d"] == frozenset({"a"})


def test_all_begin_in_the_end_whatever_the_edges() -> None:
    """Every service begins once, each after what it waits for."""
    names = ["a", "b", "c", "d"]
    waiting = needs(names, _edges("a>b", "b>a", "c>a", "c>d", "d>b"))
    decided: list[str] = []
    while waiting:
        begun = [name for name, wanted in waiting.items() if wanted <= set(decided)]
        assert begun, f"nothing begins of {waiting}"
        for name in begun:
            assert waiting.pop(name) <= set(decided)
        decided += begun
    assert sorted(decided) == names
