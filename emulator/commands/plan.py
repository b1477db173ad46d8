"""`emu plan`: which command would run, and why."""

import argparse
from collections.abc import Collection

from emulator.commands.planning import Planned, configure_planning, plan_repository
from emulator.model.origin import Origin
from emulator.model.record import to_json
from emulator.request import Request, Terminal, World
from emulator.show.excerpt import ReadLine
from emulator.show.plan_text import plan_text
from emulator.show.style import style_of
from emulator.snapshot import Snapshot, Unreadable

EXAMPLES = (
    ("emu plan", "what would run here, and why"),
    ("emu plan --verbose --service api", "every reason of one service, with its source"),
    ("emu plan --snapshot HEAD~1 --format json", "as of the commit before, for a program"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    configure_planning(parser, world)


def run(request: Request, world: World) -> int:
    """Print the plan; 1 when a diagnostic says that the deploy would fail."""
    planned = plan_repository(request, world)
    world.terminal.out(printed(planned, request, world.terminal))
    return 1 if planned.resolution.plan.with_errors() else 0


def printed(
    planned: Planned, request: Request, terminal: Terminal, *, checked: bool = False, known: int = 0,
    loud: Collection[str] = ("error",),
) -> str:  # fmt: skip
    """The document in the format asked for. checked: whether the findings of the check are in it; known, loud: as for
    `plan_text`."""
    plan = planned.resolution.plan
    if request.format == "json":
        return to_json(plan).decode() + "\n"
    style = style_of(terminal)
    rules = {rule.id: rule for rule in planned.platform.RULES}
    return plan_text(
        plan, style, line_reader(planned), rules=rules, checked=checked, verbose=request.verbose, quiet=request.quiet,
        known=known, loud=loud,
    )  # fmt: skip


def line_reader(planned: Planned) -> ReadLine:
    """Gives the source line of an origin, for the excerpts of diagnostics; none of a file that the user gave beside
    the repository, which may hold secrets."""
    repo = planned.repo
    given = {text.file for texts in planned.inputs.files.values() for text in texts}

    lines: dict[str, list[str]] = {}

    def read_line(origin: Origin) -> str | None:
        if origin.file in given:
            return None
        if origin.file not in lines:
            lines[origin.file] = _lines(repo, origin.file)
        found = lines[origin.file]
        return found[origin.line - 1] if 0 < origin.line <= len(found) else None

    return read_line


def _lines(repo: Snapshot, file: str) -> list[str]:
    """The file's lines as the snapshot has them, bytes that are no UTF-8 as Python carries them; none of a file that
    cannot be read."""
    if not repo.look(file).is_file:
        return []
    try:
        return repo.read(file).removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
    except Unreadable:
        return []
