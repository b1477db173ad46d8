"""`emu diff`: what a commit, a branch or what is not committed yet changes in the plan, and whom it deploys."""

import argparse
import re

from emulator import options
from emulator.commands.changing import changed
from emulator.commands.check import checked_plan
from emulator.commands.plan import line_reader
from emulator.commands.planning import configure_planning, plan_snapshot
from emulator.model.change import PlanChange
from emulator.model.record import replace, to_json
from emulator.request import Request, World
from emulator.show.change_text import change_markdown, change_text
from emulator.show.style import Style
from emulator.show.text import ReadLine

FORMAT = replace(options.FORMAT, choices=("text", "json", "markdown"))
"""Also that of `what-if`, which prints the same document."""


EXAMPLES = (
    ("emu diff main..HEAD", "what this branch changes in the plan"),
    ("emu diff", "what is not committed yet changes"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    parser.add_argument(
        "range", nargs="?", default="HEAD", metavar="FROM[..TO]",
        help="two revisions; `worktree` and `index` are some too (default: HEAD..worktree). "
        "FROM...TO starts where the two parted",
    )  # fmt: skip
    parser.add_argument("path", nargs="?", metavar="PATH", help="a place in the repository (default: here)")
    configure_planning(parser, world, with_path=False, snapshot=False, format_=FORMAT)


def run(request: Request, world: World) -> int:
    """Print what changes; 1 when the deploy would fail afterwards. Raises UsageError."""
    path = request.path or request.root or "."
    first, dots, last = split_range(request.range)
    later = world.open_repository(path, request.root, last)
    if dots == "...":
        first = world.merge_base(later.root, first, last if last not in _VIEWS else "HEAD")
    before = plan_snapshot(world.open_repository(path, request.root, first), request, world)
    after = plan_snapshot(later, request, world)
    files = world.changes(before.repo, after.repo)
    change = changed(checked_plan(before), checked_plan(after), files)
    world.terminal.out(printed(change, request, world, line_reader(after)))
    return 1 if change.after.with_errors() else 0


_VIEWS = ("worktree", "index")


def split_range(text: str) -> tuple[str, str, str]:
    """ "main..HEAD" → ("main", "..", "HEAD"); one revision alone is compared with the worktree."""
    first, dots, last = re.fullmatch(r"(.*?)(?:(\.\.\.?)(.*))?", text, re.DOTALL).groups("")  # type: ignore[union-attr]
    return first or "HEAD", dots or "..", last or ("HEAD" if dots else "worktree")


def printed(change: PlanChange, request: Request, world: World, read_line: ReadLine) -> str:
    """The document in the format asked for."""
    if request.format == "json":
        return to_json(change).decode() + "\n"
    if request.format == "markdown":
        return change_markdown(change)
    style = Style(width=world.terminal.width, colour=world.terminal.colour)
    return change_text(change, style, read_line, verbose=request.verbose, quiet=request.quiet)
