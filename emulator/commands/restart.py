"""`emu restart`: replace what is live by the same image and the same values, as a platform's restart does."""

import argparse

from emulator import options
from emulator.commands.running import ask_for_deploy
from emulator.model.control import Ask
from emulator.request import Request, World

EXAMPLES = (
    ("emu restart", "all that is live"),
    ("emu restart --service api", "one service"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    parser.add_argument("path", nargs="?", metavar="PATH", help="a place in the repository (default: here)")
    options.add_flags(parser, [options.REPOSITORY[0], options.PLANNING[1], options.FORMAT, *options.LOUDNESS])


def run(request: Request, world: World) -> int:
    """Have the running `up` do it; the exit code follows the verdict."""
    return ask_for_deploy(request, world, Ask(verb="restart", services=tuple(request.service)))
