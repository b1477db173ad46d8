"""`emu check`: what would go wrong. The plan's document with every other finding added."""

import argparse

from emulator.commands.plan import printed
from emulator.commands.planning import configure_planning, plan_repository
from emulator.request import Request, World


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    configure_planning(parser, world)


def run(request: Request, world: World) -> int:
    """Print the document; 1 when a diagnostic says that the deploy would fail."""
    planned = plan_repository(request, world)
    world.terminal.out(printed(planned, request, world.terminal))
    return 1 if planned.resolution.plan.with_errors() else 0
