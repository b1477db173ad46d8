"""`emu deploys`: how the deploys of a project ended, which one serves, and what is remembered of one of them."""

import argparse
import re
import time

from emulator import options
from emulator.commands.asking import status
from emulator.commands.running import project_root
from emulator.engine.labels import project_id
from emulator.model.diagnostic import UsageError
from emulator.model.history import MOST_DEPLOYS, DeployRecord, History
from emulator.model.record import Record, to_json
from emulator.request import Request, World
from emulator.show.deploys_text import deploy_text, deploys_table
from emulator.show.style import Style


class DeployEntry(Record, frozen=True, kw_only=True):
    """One deploy. serving: whether it is what requests get now. kept: whether its images are there for a rollback."""

    record: DeployRecord
    serving: bool
    kept: bool


class DeployList(Record, frozen=True, kw_only=True):
    """What `emu deploys --format json` prints, newest first. unreadable: how many are damaged; None: the whole file is.
    most: how many are remembered at most."""

    schema: str = "emu.deploys/1"
    deploys: tuple[DeployEntry, ...]
    unreadable: int | None = 0
    most: int = MOST_DEPLOYS


EXAMPLES = (
    ("emu deploys", "the newest first"),
    ("emu deploys 3", "all that is remembered of deploy 3"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    parser.add_argument(
        "path", nargs="?", metavar="NUMBER|PATH", help="a deploy to show in full, or a place in the repository"
    )
    parser.add_argument("--deploy", type=int, metavar="NUMBER", help="show this deploy in full")
    options.add_flags(parser, [options.REPOSITORY[0], options.FORMAT])


def run(request: Request, world: World) -> int:
    """Print them; 0 also when there are none. Raises UsageError for a number that is not remembered."""
    wanted = request.deploy
    if wanted is None and re.fullmatch(r"[0-9]{1,9}", request.path or ""):  # a folder of that name is ./3
        wanted, request.path = int(request.path), None
    project = project_id(project_root(request, world))
    history, running = world.history(project), status(world, project)
    live = {service.live for service in running.services} if running is not None else set()
    kept = history.kept()
    entries = tuple(
        DeployEntry(record=one, serving=one.deploy in live, kept=one.deploy in kept)
        for one in reversed(history.deploys)
        if wanted is None or one.deploy == wanted
    )
    if wanted is not None and not entries:
        raise UsageError(f"there is no deploy {wanted}", help=_known(history))
    if request.format == "json":
        listed = DeployList(deploys=entries, unreadable=history.unreadable)
        world.terminal.out(to_json(listed).decode() + "\n")
        return 0
    if history.unreadable != 0:
        which = f"{history.unreadable} of them" if history.unreadable else "what was remembered of the deploys here"
        world.terminal.err(f"{which} cannot be read: damaged, or written by another version of emu\n")
    style = Style(width=world.terminal.width, colour=world.terminal.colour)
    if wanted is not None:
        world.terminal.out("\n".join(deploy_text(one.record, _note(one), style, time.time()) for one in entries))
    elif not entries:
        world.terminal.out("no deploy of this project yet\n")
    else:
        world.terminal.out(deploys_table([(one.record, _note(one)) for one in entries], style, time.time()))
    return 0


def _known(history: History) -> str:
    if not history.deploys:
        return "none is remembered of this project"
    numbers = [one.deploy for one in history.deploys]
    return f"the last {MOST_DEPLOYS} are remembered: now {min(numbers)} to {max(numbers)}"


def _note(entry: DeployEntry) -> str:
    return "serving" if entry.serving else "kept" if entry.kept else ""
