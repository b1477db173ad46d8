"""`emu platforms [NAME]`: the platforms, their rules, and how well each is imitated."""

import argparse

from emulator import options
from emulator.contract import Platform
from emulator.model.diagnostic import UsageError
from emulator.model.record import Record, to_json
from emulator.model.rule import Fidelity, Rule
from emulator.model.spelling import did_you_mean
from emulator.request import Request, World
from emulator.show.style import Style, columns, hanging


class PlatformRules(Record, frozen=True, kw_only=True):
    """A platform and all we know of it."""

    name: str
    title: str
    rules: tuple[Rule, ...]


class PlatformList(Record, frozen=True, kw_only=True):
    """What `emu platforms --format json` prints."""

    schema: str = "emu.platforms/1"
    platforms: tuple[PlatformRules, ...]


EXAMPLES = (
    ("emu platforms", "which there are"),
    ("emu platforms NAME", "one with all its rules, their sources and dates"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    parser.add_argument("name", nargs="?", metavar="NAME", help="only this platform, with its rules")
    options.add_flags(parser, [options.FORMAT])


def run(request: Request, world: World) -> int:
    if request.name is not None and request.name not in world.platforms:
        raise UsageError(f"there is no platform {request.name!r}", help=did_you_mean(request.name, world.platforms))
    chosen = [p for name, p in world.platforms.items() if request.name in (None, name)]
    if request.format == "json":
        told = tuple(PlatformRules(name=p.NAME, title=p.TITLE, rules=p.RULES) for p in chosen)
        world.terminal.out(to_json(PlatformList(platforms=told)).decode() + "\n")
        return 0
    style = Style(width=world.terminal.width, colour=world.terminal.colour)
    world.terminal.out("\n\n".join(_text(p, style, rules=request.name is not None) for p in chosen) + "\n")
    return 0


def counted(platform: Platform) -> str:
    """ "3 rules: 2 exact, 1 approximate" """
    counts = ((sum(rule.fidelity is one for rule in platform.RULES), one.value) for one in Fidelity)
    rules = f"{len(platform.RULES)} rule{'' if len(platform.RULES) == 1 else 's'}"
    return f"{rules}: {', '.join(f'{n} {what}' for n, what in counts if n)}"


def _text(platform: Platform, style: Style, *, rules: bool) -> str:
    head = f"{platform.TITLE}  {platform.NAME}"
    shown = f"{style.bold(platform.TITLE)}  {style.dim(platform.NAME)}"
    fits = columns(head) + 2 + columns(counted(platform)) <= style.width
    lines = [f"{shown}  {counted(platform)}"] if fits else [shown, *hanging("", counted(platform), style, gap=0)]
    if not rules:
        return "\n".join([*lines, *hanging("", f"`emu platforms {platform.NAME}` lists them", style, gap=0)])
    for rule in platform.RULES:
        lines += ["", style.bold(rule.id) + f"  {rule.fidelity}, {rule.evidence}, {rule.checked}"]
        lines += hanging("", rule.statement, style, gap=0)
        lines += hanging("", f"source: {rule.source}", style, gap=0)
        if rule.note:
            lines += hanging("", f"note: {rule.note}", style, gap=0)
    return "\n".join(lines)
