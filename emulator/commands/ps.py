"""`emu ps`: what `up` started."""

import argparse
import time

from emulator.commands.running import Running, RunningList, configure_running, containers
from emulator.model.record import to_json
from emulator.request import Request, World
from emulator.show.style import Style, columns


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    configure_running(parser)


def run(request: Request, world: World) -> int:
    docker = world.connect()
    try:
        found = containers(request, world, docker)
    finally:
        docker.close()
    if request.format == "json":
        world.terminal.out(to_json(RunningList(containers=found)).decode() + "\n")
        return 0
    if not found:
        world.terminal.out(
            "nothing runs" + ("" if request.all else " of this project (--all shows every project's)") + "\n"
        )
        return 0
    style = Style(width=world.terminal.width, colour=world.terminal.colour)
    world.terminal.out(_table([_row(r, every=request.all) for r in found], style))
    return 0


def _row(entry: Running, *, every: bool) -> list[str]:
    state = entry.state if entry.exit_code is None else f"{entry.state} ({entry.exit_code})"
    since = _ago(time.time() - entry.started_at) if entry.started_at else "-"
    return [entry.service, f"deploy {entry.deploy}", state, since, entry.name, *([entry.root] if every else [])]


def _ago(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


def _table(rows: list[list[str]], style: Style) -> str:
    """Rows as columns under their names."""
    head = ["SERVICE", "DEPLOY", "STATE", "FOR", "CONTAINER", "PROJECT"][: len(rows[0])]
    widths = [max(columns(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [
        "  ".join(cell + " " * (w - columns(cell)) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    ]
    return "\n".join([style.dim(lines[0]), *lines[1:]]) + "\n"
