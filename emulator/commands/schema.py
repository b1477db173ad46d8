"""`emu schema`: the JSON Schema of what emu prints, and of the files a platform reads."""

import argparse
from typing import Any

from emulator import options
from emulator.config import SCHEMA
from emulator.model.diagnostic import UsageError
from emulator.model.spelling import did_you_mean
from emulator.request import Request, World

EXAMPLES = (
    ("emu schema", "the names"),
    ("emu schema plan", "the schema of `emu plan --format json`"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    what = "a document, or a platform's file; without one, their names are listed"
    parser.add_argument("names", nargs="*", metavar="NAME", help=what)
    options.add_flags(parser, [options.FORMAT])


def run(request: Request, world: World) -> int:
    """Print the schema of each name asked for, or all names. Raises UsageError for a name nobody has."""
    import msgspec

    from emulator.model.record import to_json
    from emulator.model.schema import schema_of

    printed, files = documents(), of_files(world)
    known = [*printed, *files]
    for name in request.names:
        if name not in known:
            raise UsageError(f"there is no schema {name!r}", help=did_you_mean(name, known))
    as_json = request.format == "json"
    if not request.names:
        world.terminal.out((to_json(known).decode() if as_json else "\n".join(known)) + "\n")
    for name in request.names:
        line = to_json(files[name] if name in files else schema_of(name, printed[name]))
        world.terminal.out((line if as_json else msgspec.json.format(line, indent=2)).decode() + "\n")
    return 0


def of_files(world: World) -> dict[str, dict[str, Any]]:
    """The schemas of files that a user writes: our own, and those of each platform."""
    of_platforms = (platform.schemas() for platform in world.platforms.values())
    return {"config": SCHEMA, **{name: schema for schemas in of_platforms for name, schema in schemas.items()}}


def documents() -> dict[str, Any]:
    """Every document a command prints as JSON: its name and its type."""
    from emulator.commands.deploys import DeployList
    from emulator.commands.env import KeptValues
    from emulator.commands.exec import ExecReport
    from emulator.commands.explain import Explanation
    from emulator.commands.platforms import PlatformList
    from emulator.commands.running import Removed, RunningList
    from emulator.engine.checkup import Checkup
    from emulator.model.change import PlanChange
    from emulator.model.comparison import Comparison
    from emulator.model.context_listing import ContextDocument
    from emulator.model.hooks import HookStatus
    from emulator.model.lesson import LessonDocument, LessonList
    from emulator.model.mending import FixDocument
    from emulator.model.schema import DOCUMENTS
    from emulator.model.several import SeveralPlans
    from emulator.model.topic import TopicList
    from emulator.model.verification import Verification

    return {
        **DOCUMENTS,
        "check": SeveralPlans,
        "checkup": Checkup,
        "compare": Comparison,
        "context": ContextDocument,
        "deploys": DeployList,
        "diff": PlanChange,
        "fix": FixDocument,
        "lesson": LessonDocument,
        "lessons": LessonList,
        "topics": TopicList,
        "env": KeptValues,
        "exec": ExecReport,
        "explanation": Explanation,
        "hooks": HookStatus,
        "platforms": PlatformList,
        "ps": RunningList,
        "down": Removed,
        "verify": Verification,
    }
