"""What a build finds of the private network, where the platform lets it: the datastores of its service, by name."""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from emulator.model.diagnostic import Diagnostic
from emulator.model.plan import Edge, Service
from emulator.world.docker import Docker

Gate = Callable[[threading.Event], Diagnostic | None]
"""Returns when a service may go on, or why it is not begun. Raises Canceled once the event is set."""


class BuildReach(NamedTuple):
    """gate: passed before the build, None where nothing has to come up. hosts: names and addresses, asked for when the
    build begins. data: differs once where data are made anew, so that a build which fills them is not taken from a
    cache."""

    gate: Gate | None = None
    hosts: Callable[[], Mapping[str, str]] = dict
    data: str = ""


def stores_of(service: Service, edges: Iterable[Edge], datastores: Collection[str]) -> frozenset[str]:
    """The datastores that a build of the service may use: those it refers to."""
    if not service.build.private_network:
        return frozenset()
    return frozenset(edge.to for edge in edges if edge.from_ == service.name and edge.to in datastores)


def addresses(containers: Mapping[str, tuple[str, ...]], docker: Docker) -> dict[str, str]:
    """Where a build reaches what runs in them. containers: by the name that it has in the private network, whose first
    counts."""
    found = {name: docker.build_address(ids[0]) for name, ids in containers.items() if ids}
    return {name: address for name, address in found.items() if address is not None}
