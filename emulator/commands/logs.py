"""`emu logs`: the output of what `up` started."""

import argparse
import contextlib

from emulator.commands.asking import status
from emulator.commands.running import Running, configure_running, containers, project_root
from emulator.engine.labels import project_id
from emulator.model.event import Log
from emulator.model.record import to_json
from emulator.request import Request, World
from emulator.show.style import Style, printable
from emulator.world.containers import OnLine, Stream

EXAMPLES = (
    ("emu logs --follow", "what all services print, as it comes"),
    ("emu logs --service api", "what one has printed so far"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    configure_running(parser)
    parser.add_argument("--follow", "-f", action="store_true", help="go on until it ends, or Ctrl-C")


def run(request: Request, world: World) -> int:
    """Print the lines of every container found; 1 when there is none."""
    docker = world.connect()
    style = Style(width=world.terminal.width, colour=world.terminal.colour)
    try:
        found = containers(request, world, docker)
        if not found:
            world.terminal.err(_nothing(request, world))
            return 1
        followers = [docker.follow_logs(r.id, _printer(r, request, world, style)) for r in found]
        with contextlib.suppress(KeyboardInterrupt):
            for follower, entry in zip(followers, found, strict=True):
                # Without --follow the lines so far are wanted; a running container's stream never ends.
                follower.join(None if request.follow or entry.exit_code is not None else 0.5)
        return 0
    finally:
        docker.close()


def _nothing(request: Request, world: World) -> str:
    """What is said where there is no container to read."""
    told = status(world, project_id(project_root(request, world)))
    sites = [service.name for service in told.services if service.instances] if told is not None else []
    if not sites:
        return "nothing runs of this project\n"
    return f"{', '.join(sites)}: files are served, no process has any output\n"


def _printer(entry: Running, request: Request, world: World, style: Style) -> OnLine:
    def on_line(stream: Stream, line: str) -> None:
        if request.format == "json":
            event = Log(service=entry.service, container=entry.container, deploy=entry.deploy, stream=stream, line=line)
            world.terminal.out(to_json(event).decode() + "\n")
        else:
            world.terminal.out(f"{style.dim(f'{entry.container or entry.service} |')} {printable(line)}\n")

    return on_line
