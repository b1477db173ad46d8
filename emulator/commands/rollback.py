"""`emu rollback`: go back to a deploy whose image is kept."""

import argparse

from emulator import options
from emulator.commands.running import ask_for_deploy
from emulator.model.control import Ask
from emulator.request import Request, World

EXAMPLES = (
    ("emu rollback", "to the deploy that was live before"),
    ("emu rollback 3", "to what was live with deploy 3"),
    ("emu rollback --service api", "one service, to what it was before"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    parser.add_argument(
        "deploy", nargs="?", type=int, metavar="DEPLOY", help="its number (default: the one that was live before)"
    )
    options.add_flags(parser, [options.REPOSITORY[0], options.PLANNING[1], options.FORMAT, *options.LOUDNESS])


def run(request: Request, world: World) -> int:
    """Have the running `up` do it; the exit code follows the verdict."""
    request.path = None
    return ask_for_deploy(request, world, Ask(verb="rollback", to=request.deploy, services=tuple(request.service)))
