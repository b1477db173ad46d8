"""`emu compare`: what several platforms would do with one repository, side by side."""

import argparse

from emulator import options
from emulator.commands.check import checked_plans
from emulator.commands.comparing import compared
from emulator.commands.plan import line_reader
from emulator.commands.planning import configure_planning, plan_each
from emulator.model.comparison import Comparison
from emulator.model.record import replace, to_json
from emulator.request import Request, World
from emulator.show.compare_html import compare_html
from emulator.show.compare_text import compare_markdown, compare_text
from emulator.show.style import Style

_FORMAT = replace(options.FORMAT, choices=("text", "json", "markdown", "html"))


EXAMPLES = (
    ("emu compare", "all platforms side by side"),
    ("emu compare --format markdown", "as tables for a pull request"),
    ("emu compare --format html > compared.html", "as a page to send to somebody"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    configure_planning(parser, world, several=options.FOR_SEVERAL, format_=_FORMAT)


def run(request: Request, world: World) -> int:
    """Print the comparison; 1 when on one of the platforms the deploy would fail. Raises UsageError."""
    names = tuple(dict.fromkeys(request.platform)) or tuple(world.platforms)
    repo = world.open_repository(request.path or request.root or ".", request.root, request.snapshot)
    planned = checked_plans(plan_each(repo, names, request, world))
    plans, readers = [one.resolution.plan for one in planned], [line_reader(one) for one in planned]
    comparison = Comparison(snapshot=repo.info, platforms=names, services=compared(plans), plans=tuple(plans))
    if request.format == "json":
        world.terminal.out(to_json(comparison).decode() + "\n")
    elif request.format == "markdown":
        world.terminal.out(compare_markdown(comparison))
    elif request.format == "html":
        world.terminal.out(compare_html(comparison, readers))
    else:
        style = Style(width=world.terminal.width, colour=world.terminal.colour)
        world.terminal.out(compare_text(comparison, style, verbose=request.verbose, quiet=request.quiet))
    return 1 if any(plan.with_errors() for plan in plans) else 0
