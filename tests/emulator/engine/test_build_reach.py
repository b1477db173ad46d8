"""What a build finds of the private network."""

from typing import Any

from emulator.engine.build_reach import addresses, stores_of
from emulator.model.plan import Build, BuildKind, Edge
from tests.emulator.engine.services import service


def test_a_build_uses_the_datastores_its_service_refers_to() -> None:
    """None where the platform keeps builds away from the private network, and no service but datastores."""
    edges = [Edge(from_="web", to=to, because="", origin=None) for to in ("db", "api")]
    edges += [Edge(from_="api", to="cache", because="", origin=None)]
    near = service(name="web", build=Build(kind=BuildKind.NATIVE, runtime="python", private_network=True))
    far = service(name="web", build=Build(kind=BuildKind.STATIC, runtime="static"))
    assert stores_of(near, edges, ("db", "cache")) == {"db"}
    assert stores_of(far, edges, ("db", "cache")) == frozenset()


def test_names_without_a_container_or_an_address_are_left_out() -> None:
    """A build that asks for them fails as it would anyway, in its own words."""

    class Docker:
        def build_address(self, id: str) -> str | None:
            return {"c1": "172.17.0.2"}.get(id)

    engine: Any = Docker()
    assert addresses({"db": ("c1",), "gone": (), "elsewhere": ("c2",)}, engine) == {"db": "172.17.0.2"}
