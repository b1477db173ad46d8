"""`emu env`: which values of variables are kept for a project, and forgetting them. No value is ever printed."""

import argparse
from typing import Literal

from emulator import options
from emulator.commands.running import project_root
from emulator.engine.labels import project_id
from emulator.model.diagnostic import UsageError
from emulator.model.record import Record, to_json
from emulator.model.remembered import Remembered, split
from emulator.request import Request, World
from emulator.show.style import Style
from emulator.show.table import table


class KeptValue(Record, frozen=True, kw_only=True):
    """One variable whose value is kept. owner: the service, or the group it belongs to. kind: made at random, answered
    by a person, or left unset by one."""

    owner: str
    name: str
    kind: Literal["generated", "answered", "unset"]


class KeptValues(Record, frozen=True, kw_only=True):
    """What `emu env --format json` prints: what is kept, and what was just forgotten."""

    schema: str = "emu.env/1"
    kept: tuple[KeptValue, ...]
    forgotten: tuple[KeptValue, ...] = ()


EXAMPLES = (
    ("emu env", "the names of the values that are kept"),
    ("emu env --forget SESSION_KEY", "have it made or asked for anew"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    parser.add_argument("path", nargs="?", metavar="PATH", help="a place in the repository (default: here)")
    parser.add_argument(
        "--forget", action="append", default=[], metavar="NAME",
        help="forget the value of NAME: the next `emu up` asks for it, or makes it, anew (repeatable)",
    )  # fmt: skip
    parser.add_argument("--forget-all", action="store_true", help="forget every value")
    options.add_flags(parser, [options.REPOSITORY[0], options.FORMAT])


def run(request: Request, world: World) -> int:
    """List them, or forget some; 0 also when there are none. Raises UsageError for a name of which nothing is kept."""
    project = project_id(project_root(request, world))
    before = world.remembered(project)
    names = {one.name for one in _rows(before)}
    unknown = next((name for name in request.forget if name not in names), None)
    if unknown is not None:
        known = ", ".join(sorted(names)) or "none"
        raise UsageError(f"no value of {unknown} is kept", help=f"kept are those of: {known}")
    forgotten = names if request.forget_all else set(request.forget)
    after = before.without(forgotten)
    if forgotten:
        with world.project(project) as taken:
            taken.forget(forgotten)
    gone = tuple(one for one in _rows(before) if one.name in forgotten)
    world.terminal.out(_printed(KeptValues(kept=_rows(after), forgotten=gone), request, world))
    return 0


def _rows(remembered: Remembered) -> tuple[KeptValue, ...]:
    made = [(*split(name), "generated") for name in remembered.generated]
    answered = [
        (service, name, "answered" if value else "unset")
        for service, answers in remembered.answers.items()
        for name, value in answers.items()
    ]
    return tuple(KeptValue(owner=o, name=n, kind=k) for o, n, k in sorted([*made, *answered]))  # type: ignore[arg-type]


_WORDS = {"generated": "made at random", "answered": "answered", "unset": "left unset"}


def _printed(values: KeptValues, request: Request, world: World) -> str:
    if request.format == "json":
        return to_json(values).decode() + "\n"
    if values.forgotten:
        return "".join(f"forgot {one.name} of {one.owner}\n" for one in values.forgotten)
    if not values.kept:
        return "no value is kept for this project\n"
    rows = [(one.owner, one.name, _WORDS[one.kind]) for one in values.kept]
    return table(("OF", "VARIABLE", "VALUE"), rows, Style(width=world.terminal.width, colour=world.terminal.colour))
