"""The containers of an instance, each with its image: how each is judged, and exactly what is started. Pure."""

from collections.abc import Callable
from typing import NamedTuple

from emulator.model.plan import Container, Service
from emulator.model.record import replace
from emulator.snapshot import Snapshot
from emulator.world.containers import ContainerSpec
from emulator.world.docker import ImageFacts

from .boot_steps import Rules
from .container_run import Part
from .containers import hidden_of, of_container
from .instance_steps import Member
from .labels import CONTAINER, letters_of
from .requests import environment
from .rollout_steps import Unit
from .shared_volumes import SharedVolume, with_shared
from .traced import Scene


class Imaged(NamedTuple):
    """A container of a service and the image it runs. service: as this container alone has it. hidden: the secrets
    that are its own."""

    container: Container
    service: Service
    image: ImageFacts
    hidden: dict[str, str]


Specify = Callable[[Imaged, Unit, int], ContainerSpec]
"""A container, an instance and which start of it → what the engine is asked to start."""


def imaged(service: Service, container: Container, image: ImageFacts, hidden: dict[str, str]) -> Imaged:
    """A container with its image; `hidden` are the secrets of all of them."""
    own = of_container(service, container)
    return Imaged(container, own, image, hidden_of(own, hidden))


def parts_of(
    found: tuple[Imaged, ...],
    hidden: dict[str, str],
    unit: Unit,
    specify: Specify,
    *,
    rules_of: Callable[[Service], Rules],
    shared: tuple[SharedVolume, ...],
) -> tuple[Part, ...]:
    """The containers of one instance of a service that has several. shared: the volumes they share in memory."""
    return tuple(
        Part(
            member=Member(
                name=one.container.name,
                rules=rules_of(one.service),
                needs=one.container.depends_on,
                ingress=one.container.ingress,
            ),
            service=one.service,
            make_spec=lambda attempt, one=one: with_shared(  # type: ignore[misc]
                _named(specify(one, unit, attempt), one.container), one.container, shared
            ),
            hidden=hidden,
        )
        for one in found
    )


def _named(spec: ContainerSpec, container: Container) -> ContainerSpec:
    """Beside others it has a name of its own."""
    labels = {**spec.labels, CONTAINER: container.name}
    return replace(spec, name=f"{spec.name}-{letters_of(container.name)}", labels=labels)


def scene_of(one: Imaged, repo: Snapshot) -> Scene:
    """Where a container that is not built here fails: nothing was found about it before."""
    return Scene(repo, frozenset(environment(one.service, one.hidden, build=False)) | one.image.env.keys())
