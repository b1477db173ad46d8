"""`emu check`: the plan's document with every other finding added, as a gate."""

from emulator.commands.checking import checked
from emulator.commands.plan import configure, printed
from emulator.commands.planning import plan_repository
from emulator.request import Request, World

__all__ = ["configure", "run"]


def run(request: Request, world: World) -> int:
    """Print the plan and what was found; 1 when a diagnostic says that the deploy would fail."""
    planned = checked(plan_repository(request, world))
    world.terminal.out(printed(planned, request, world.terminal))
    return 1 if planned.resolution.plan.with_errors() else 0
