"""`emu down`: stop and remove what `up` started."""

import argparse

from emulator import options
from emulator.commands.running import Removed, containers, project_root
from emulator.engine.labels import PROJECT, of_project
from emulator.request import Request, World


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    parser.add_argument("path", nargs="?", metavar="PATH", help="a place in the repository (default: here)")
    parser.add_argument("--all", action="store_true", help="of every project on this engine, not only this one")
    parser.add_argument("--images", action="store_true", help="remove the images that `up` built as well")
    options.add_flags(parser, [options.REPOSITORY[0], options.FORMAT])


def run(request: Request, world: World) -> int:
    """Remove containers (and on request images); 0 also when there was nothing."""
    request.service = []
    docker = world.connect()
    try:
        found = containers(request, world, docker)
        ended = world.end_running_up(None if request.all else project_root(request, world))
        for entry in found:
            docker.stop(entry.id, "SIGTERM", 0 if docker.heeds(entry.id, "SIGTERM") is False else 10)
            docker.remove(entry.id)
        labels = {PROJECT: ""} if request.all else of_project(project_root(request, world))
        there = docker.images(labels)
        images = there if request.images else ()
        for image in images:
            docker.remove_image(image.id)
    finally:
        docker.close()
    if request.format == "json":
        from emulator.model.record import to_json

        world.terminal.out(to_json(Removed(containers=found, images=len(images))).decode() + "\n")
    else:
        world.terminal.out(_told(len(found), len(images), len(there) - len(images), ended=bool(ended)) + "\n")
    return 0


def _told(containers: int, images: int, kept: int, *, ended: bool) -> str:
    """What was removed, and what was not."""
    gone = [
        *([_count(containers, "container")] if containers or ended else ()),
        *([_count(images, "image")] if images else ()),
        *(["the running `emu up`"] if ended else ()),
    ]
    if not kept:
        return f"removed {', '.join(gone)}" if gone else "nothing to remove"
    told = f"removed {', '.join(gone)}" if gone else "nothing runs"
    return f"{told}; {_count(kept, 'image')} kept (`emu down --images` removes {'it' if kept == 1 else 'them'})"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
