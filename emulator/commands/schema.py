"""`emu schema`: the JSON Schema of what emu prints."""

import argparse

from emulator.model.diagnostic import UsageError
from emulator.request import Request, World


def configure(parser: argparse.ArgumentParser, world: World) -> None:  # noqa: ARG001 - every command has this form
    parser.add_argument("names", nargs="*", metavar="NAME", help="the document; without one their names are listed")


def run(request: Request, world: World) -> int:
    """Print one schema a line for each name, or the names. Raises UsageError for a name nobody has."""
    import msgspec

    from emulator.model.schema import DOCUMENTS, schema_of

    for name in request.names:
        if name not in DOCUMENTS:
            raise UsageError(f"there is no schema {name!r}", help=f"known are {', '.join(DOCUMENTS)}")
    if not request.names:
        world.terminal.out("".join(f"{name}\n" for name in DOCUMENTS))
    for name in request.names:
        text = msgspec.json.encode(schema_of(name))
        world.terminal.out((text if len(request.names) > 1 else msgspec.json.format(text, indent=2)).decode() + "\n")
    return 0
