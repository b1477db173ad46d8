"""`emu check`: the plan's document as a gate, with every other finding added."""

import argparse

from emulator.commands.plan import printed
from emulator.commands.planning import Planned, configure_planning, plan_repository
from emulator.config import read_config
from emulator.model.record import replace
from emulator.request import Request, World

EXAMPLES = (
    ("emu check", "what would go wrong here"),
    ("emu check --quiet", "commands and errors alone"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    configure_planning(parser, world)


def run(request: Request, world: World) -> int:
    """Print the plan with all that is found; 1 when something of it says that the deploy would fail."""
    planned = checked_plan(plan_repository(request, world))
    world.terminal.out(printed(planned, request, world.terminal, checked=True))
    return 1 if planned.resolution.plan.with_errors() else 0


def checked_plan(planned: Planned) -> Planned:
    """What was planned, with the findings of the check in its document. Raises UsageError for a wrong emu.toml."""
    from emulator.check import checked

    resolution = planned.resolution
    plan = checked(planned.repo, resolution.plan, read_config(planned.repo).ignored)
    return planned._replace(resolution=replace(resolution, plan=plan))
