"""`emu` alone: what would run here, what is wrong, what to do next; in a folder of nothing, how to begin."""

import argparse

from emulator.commands.check import checked_plan
from emulator.commands.plan import printed
from emulator.commands.planning import configure_planning, plan_repository
from emulator.request import Request, World
from emulator.show.here_text import beginning_text, here_text
from emulator.show.style import style_of


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    configure_planning(parser, world, with_path=False)


def run(request: Request, world: World) -> int:
    """Print it; 1 when the deploy would fail, 0 also where there is nothing to deploy. For programs it is the document
    of `emu check`. Raises UsageError."""
    planned = checked_plan(plan_repository(request, world))
    plan = planned.resolution.plan
    if request.format == "json":
        world.terminal.out(printed(planned, request, world.terminal, checked=True))
        return 1 if plan.with_errors() else 0
    style = style_of(world.terminal)
    claims = [name for name, platform in world.platforms.items() if platform.claim(planned.repo).claims]
    if not plan.services and not claims:
        is_empty = not any(name[0] != "." and not name.lower().startswith("readme") for name in planned.repo.entries())
        world.terminal.out(beginning_text(plan, style, is_empty=is_empty))
        return 0
    world.terminal.out(here_text(plan, style, possible=claims or list(world.platforms)))
    return 1 if plan.with_errors() else 0
