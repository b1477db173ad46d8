"""`emu traffic`: who gets the requests of what runs, and sharing them among revisions that live beside each other."""

import argparse
import re

from emulator import options
from emulator.commands.asking import asked, nothing_runs
from emulator.commands.running import project_root
from emulator.engine.labels import project_id
from emulator.model.control import Ask, Refusal, ServiceTraffic, TrafficStatus
from emulator.model.diagnostic import HostError, UsageError
from emulator.model.record import to_json
from emulator.request import Request, World
from emulator.show.style import Style
from emulator.show.table import table

_SHARE = re.compile(r"([^=]+)=([0-9]{1,3})%?")
_TAG = re.compile(r"([a-z][a-z0-9-]*)=(.+)")


EXAMPLES = (
    ("emu traffic", "who gets the requests now"),
    ("emu traffic hello-00001-abc=90 LATEST=10", "a tenth to the newest revision"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    parser.add_argument(
        "shares", nargs="*", metavar="REVISION=PERCENT",
        help="from now on this much to each, 100 in all; LATEST is the newest revision (default: tell how it is)",
    )  # fmt: skip
    parser.add_argument(
        "--tag", action="append", metavar="TAG=REVISION",
        help="the revision that hosts beginning with TAG--- ask for (repeatable; replaces all tags)",
    )  # fmt: skip
    parser.add_argument("--clear-tags", action="store_true", help="no tags any more")
    options.add_flags(parser, [options.REPOSITORY[0], options.PLANNING[1], options.FORMAT])


def run(request: Request, world: World) -> int:
    """Have the running `up` do it, and print how the requests are shared then."""
    request.path = None
    shares = {name: int(share) for name, share in _pairs(request.shares, _SHARE, "hello-00001-abc=50")} or None
    tags = dict(_pairs(request.tag or (), _TAG, "canary=LATEST"))
    ask = Ask(
        verb="traffic", services=tuple(request.service), shares=shares,
        tags=tags if tags or request.clear_tags else None,
    )  # fmt: skip
    answers = asked(world, project_id(project_root(request, world)), ask)
    answer = next(iter(answers or ()), None)
    if isinstance(answer, Refusal):
        raise HostError(answer.diagnostic, exit_code=answer.exit_code)
    if not isinstance(answer, TrafficStatus):
        raise nothing_runs()
    if request.format == "json":
        world.terminal.out(to_json(answer).decode() + "\n")
        return 0
    style = Style(width=world.terminal.width, colour=world.terminal.colour)
    heads = ("SERVICE", "REVISION", "DEPLOY", "PERCENT", "INSTANCES", "TAGS")
    rows = [row for service in answer.services for row in _rows(service)]
    world.terminal.out(table(heads, rows, style))
    return 0


def _pairs(texts: "list[str] | tuple[str, ...]", form: re.Pattern[str], example: str) -> list[tuple[str, str]]:
    found = []
    for text in texts:
        match = form.fullmatch(text)
        if match is None:
            raise UsageError(f"{text!r} is not understood", help=f"write it like {example}")
        found.append((match[1], match[2]))
    return found


def _rows(service: ServiceTraffic) -> list[list[str]]:
    return [
        [
            service.name, share.revision or "-", str(share.deploy), f"{share.percent} %", str(share.instances),
            ", ".join(share.tags) or "-",
        ]
        for share in service.split
    ]  # fmt: skip
