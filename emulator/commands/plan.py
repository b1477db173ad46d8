"""`emu plan`: which command would run, and why."""

import argparse

from emulator.commands.planning import Planned, configure_planning, plan_repository
from emulator.model.origin import Origin
from emulator.model.record import to_json
from emulator.request import Request, Terminal, World
from emulator.show.plan_text import plan_text
from emulator.show.style import Style
from emulator.show.text import ReadLine
from emulator.snapshot import Unreadable


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    configure_planning(parser, world)


def run(request: Request, world: World) -> int:
    """Print the plan; 1 when a diagnostic says that the deploy would fail."""
    planned = plan_repository(request, world)
    world.terminal.out(printed(planned, request, world.terminal))
    return 1 if planned.resolution.plan.with_errors() else 0


def printed(planned: Planned, request: Request, terminal: Terminal) -> str:
    """The document in the format asked for."""
    plan = planned.resolution.plan
    if request.format == "json":
        return to_json(plan).decode() + "\n"
    style = Style(width=terminal.width, colour=terminal.colour)
    return plan_text(plan, style, line_reader(planned), verbose=request.verbose, quiet=request.quiet)


def line_reader(planned: Planned) -> ReadLine:
    """Gives the source line of an origin, for the excerpts of diagnostics; none of a file that the user gave beside
    the repository, which may hold secrets."""
    repo = planned.repo
    given = {text.file for texts in planned.inputs.files.values() for text in texts}

    def read_line(origin: Origin) -> str | None:
        if origin.file in given or not repo.look(origin.file).is_file:
            return None
        try:
            lines = repo.text(origin.file).splitlines()
        except Unreadable:
            return None
        return lines[origin.line - 1] if 0 < origin.line <= len(lines) else None

    return read_line
