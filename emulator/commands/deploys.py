"""`emu deploys`: how the deploys of a project ended, and which one serves."""

import argparse
import time

from emulator import options
from emulator.commands.asking import status
from emulator.commands.running import project_root
from emulator.engine.labels import project_id
from emulator.model.history import DeployRecord
from emulator.model.record import Record, to_json
from emulator.request import Request, World
from emulator.show.style import Style
from emulator.show.table import ago, table


class DeployEntry(Record, frozen=True, kw_only=True):
    """One line of the list. serving: whether it is what requests get now. kept: whether its images are there for a
    rollback."""

    record: DeployRecord
    serving: bool
    kept: bool


class DeployList(Record, frozen=True, kw_only=True):
    """What `emu deploys --format json` prints, newest first."""

    schema: str = "emu.deploys/1"
    deploys: tuple[DeployEntry, ...]


EXAMPLES = (
    ("emu deploys", "the newest first"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    parser.add_argument("path", nargs="?", metavar="PATH", help="a place in the repository (default: here)")
    options.add_flags(parser, [options.REPOSITORY[0], options.FORMAT])


def run(request: Request, world: World) -> int:
    """Print them; 0 also when there are none."""
    project = project_id(project_root(request, world))
    history, running = world.history(project), status(world, project)
    live = {service.live for service in running.services} if running is not None else set()
    kept = history.kept()
    entries = tuple(
        DeployEntry(record=one, serving=one.deploy in live, kept=one.deploy in kept)
        for one in reversed(history.deploys)
    )
    if request.format == "json":
        world.terminal.out(to_json(DeployList(deploys=entries)).decode() + "\n")
    elif not entries:
        world.terminal.out("no deploy of this project yet\n")
    else:
        style = Style(width=world.terminal.width, colour=world.terminal.colour)
        heads = ("DEPLOY", "VERDICT", "AGO", "BY", "COMMIT", "")
        world.terminal.out(table(heads, [_row(entry) for entry in entries], style))
    return 0


def _row(entry: DeployEntry) -> list[str]:
    one = entry.record
    by = one.trigger if one.image_of is None else f"{one.trigger} of {one.image_of}"
    notes = ["serving"] if entry.serving else ["kept"] if entry.kept else []
    if not one.verdict.good:
        notes.append(one.reason)
    commit = one.commit[:8] if one.commit else "-"
    return [str(one.deploy), one.verdict.value, ago(time.time() - one.at), by, commit, "; ".join(notes)]
