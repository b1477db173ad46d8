"""`emu down`: stop and remove what `up` started."""

import argparse
from typing import NamedTuple

from emulator import options
from emulator.commands.running import Removed, containers, project_root
from emulator.engine.labels import DISK, PROJECT, of_project
from emulator.engine.own import own_images, own_names
from emulator.request import Request, World

EXAMPLES = (
    ("emu down", "end and remove what runs of this project"),
    ("emu down --images --data", "its images, databases and disks as well"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    parser.add_argument("path", nargs="?", metavar="PATH", help="a place in the repository (default: here)")
    parser.add_argument("--all", action="store_true", help="of every project on this engine, not only this one")
    parser.add_argument("--images", action="store_true", help="remove the images that `up` built as well")
    parser.add_argument("--data", action="store_true", help="remove what datastores and disks hold as well")
    options.add_flags(parser, [options.REPOSITORY[0], options.FORMAT])


def run(request: Request, world: World) -> int:
    """Remove containers (and on request images and data); 0 also when there was nothing."""
    request.service = []
    docker = world.connect()
    try:
        found, every = (containers(request, world, docker, helpers=ours) for ours in (False, True))
        ended = world.end_running_up(None if request.all else project_root(request, world))
        for entry in every:
            docker.stop(entry.id, "SIGTERM", 0 if docker.heeds(entry.id, "SIGTERM") is False else 10)
            docker.remove(entry.id)
        labels = {PROJECT: ""} if request.all else of_project(project_root(request, world))
        for network in docker.networks(labels):
            docker.remove_network(network.id)
        stored = docker.volumes(labels)
        for volume in stored if request.data else ():
            docker.remove_volume(volume.name)
        there = own_images(docker.images(labels))
        for image in there if request.images else ():
            for name in own_names(image):
                docker.remove_image(name)
        left = own_images(docker.images(labels)) if request.images else there  # what a container uses stays
    finally:
        docker.close()
    images = len(there) - len(left)
    disks = sum(DISK in volume.labels for volume in stored)
    kept_data = Gone(data=len(stored) - disks, disks=disks)
    data = Gone() if not request.data else kept_data
    if request.format == "json":
        from emulator.model.record import to_json

        removed = Removed(containers=found, images=images, volumes=data.data + data.disks)
        world.terminal.out(to_json(removed).decode() + "\n")
    else:
        gone = data._replace(containers=len(found), images=images, ended=bool(ended))
        kept = (Gone() if request.data else kept_data)._replace(images=len(left), in_use=request.images)
        world.terminal.out(_told(gone, kept) + "\n")
    return 0


class Gone(NamedTuple):
    """How many of what were removed, or kept."""

    containers: int = 0
    images: int = 0
    data: int = 0
    disks: int = 0
    ended: bool = False
    in_use: bool = False
    """Whether that is why the images were kept."""

    def things(self) -> list[str]:
        return [
            *([_count(self.containers, "container")] if self.containers or self.ended else ()),
            *([_count(self.images, "image")] if self.images else ()),
            *self.stored(),
            *(["the running `emu up`"] if self.ended else ()),
        ]

    def stored(self) -> list[str]:
        """What holds data."""
        return [
            *([f"the data of {_count(self.data, 'datastore')}"] if self.data else ()),
            *([_count(self.disks, "disk")] if self.disks else ()),
        ]


def _told(gone: Gone, kept: Gone) -> str:
    """What was removed, and what was not."""
    what = ", ".join(gone.things())
    told = f"removed {what}" if what else "nothing runs" if kept.things() else "nothing to remove"
    if kept.images:
        them = _it(kept.images)
        why = f"a container uses {them}" if kept.in_use else f"`emu down --images` removes {them}"
        told += f"; {_count(kept.images, 'image')} kept ({why})"
    if stored := kept.stored():
        told += f"; {' and '.join(stored)} kept (`emu down --data` removes {_it(bool(kept.data) + kept.disks)})"
    return told


def _it(number: int) -> str:
    return "it" if number == 1 else "them"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
