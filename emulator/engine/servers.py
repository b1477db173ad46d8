"""What a datastore stands on, through the engine's doors: the image of its server, and the volume with its data."""

from collections.abc import Mapping

from emulator.model.diagnostic import Diagnostic, HostError
from emulator.model.plan import Datastore, Service
from emulator.world.docker import Docker, ImageFacts

from . import stand_ins
from .labels import STAND_IN
from .stand_ins import ToMake


def server_of(service: Service, store: Datastore, ref: str, docker: Docker) -> ImageFacts | ToMake | Diagnostic:
    """The server's image `ref`; a stand-in that was made before; what a registry gives; else what is to be made."""
    choices = stand_ins.stand_ins(store)
    there = (image for tag in (ref, *(one.tag for one in choices)) if (image := docker.image(tag)) is not None)
    found = next(there, None)
    if found is not None:
        return found
    try:
        return docker.pull(ref, service.build.platform)
    except HostError as problem:
        at_hand = docker.images({STAND_IN: ""})
        bases = ((one, base) for one in choices if (base := stand_ins.base_for(one, at_hand)) is not None)
        chosen = next(bases, None)
        if chosen is None:
            return stand_ins.none_at_hand(service, ref, problem)
        return stand_ins.to_make(*chosen, ref)


def ours(volume: str, labels: Mapping[str, str], docker: Docker) -> bool:
    """Make the volume where it is not there; whether it is one that was made with all of these labels."""
    docker.ensure_volume(volume, labels)
    return any(one.name == volume for one in docker.volumes(labels))
