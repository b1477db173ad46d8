"""`emu what-if`: what would change if some files were otherwise, with none of them touched."""

import argparse

from emulator.commands.changing import changed
from emulator.commands.check import checked_plan
from emulator.commands.diff import FORMAT, printed
from emulator.commands.plan import line_reader
from emulator.commands.planning import configure_planning, plan_snapshot
from emulator.commands.setting import with_field
from emulator.model.change import FileChange
from emulator.model.diagnostic import UsageError
from emulator.model.spelling import nearest
from emulator.overlay import overlaid
from emulator.request import Request, World
from emulator.snapshot import Snapshot, normal

EXAMPLES = (
    ("emu what-if --without Dockerfile", "what would run if it were gone"),
    ("emu what-if --set services.api.rootDir=backend", "if a field were otherwise"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    configure_planning(parser, world, format_=FORMAT)
    supposed = parser.add_argument_group("what would be otherwise (each repeatable)")
    supposed.add_argument(
        "--set", action="append", default=[], metavar="[FILE:]FIELD=VALUE",
        help="a field of a YAML file, such as services.api.rootDir=backend (default: in the file of the services)",
    )  # fmt: skip
    supposed.add_argument(
        "--with", dest="instead", action="append", default=[], metavar="FILE=OTHER",
        help="FILE of the repository has the content of OTHER, a file of this machine",
    )  # fmt: skip
    supposed.add_argument(
        "--without", action="append", default=[], metavar="FILE", help="FILE, or a folder, is not there"
    )


def run(request: Request, world: World) -> int:
    """Print what would change; 1 when the deploy would fail then. Raises UsageError."""
    if not (request.set or request.instead or request.without):
        raise UsageError(
            "nothing is supposed to be otherwise",
            help="say what: --set services.api.rootDir=backend, --with Dockerfile=OTHER, or --without Procfile",
        )
    path = request.path or request.root or "."
    before = plan_snapshot(world.open_repository(path, request.root, request.snapshot), request, world)
    repo = before.repo
    without = frozenset(_there(repo, name) for name in request.without)
    instead = dict(_other(repo, text, world) for text in request.instead)
    for text in request.set:
        file, content = with_field(overlaid(repo, instead=instead, without=without), before, text)
        instead[file] = content
    supposed = overlaid(repo, instead=instead, without=without)
    after = plan_snapshot(supposed, request, world)
    change = changed(checked_plan(before), checked_plan(after), _files(repo, instead, without))
    world.terminal.out(printed(change, request, world, line_reader(after)))
    return 1 if change.after.with_errors() else 0


def _files(repo: Snapshot, instead: dict[str, bytes], without: frozenset[str]) -> tuple[FileChange, ...]:
    put = [FileChange(path=path, fate="changed" if repo.is_file(path) else "added") for path in instead]
    gone = [FileChange(path=path, fate="removed") for path in without if path not in instead]
    return tuple(sorted((*put, *gone), key=lambda change: change.path))


def _inside(path: str, flag: str) -> str:
    clean = normal(path)
    if clean is None or clean == ".":
        raise UsageError(f"{flag}: {path} is no file of the repository", help="give a path from the repository's root")
    return clean


def _there(repo: Snapshot, path: str) -> str:
    """A path that the snapshot has. Raises UsageError, with the nearest name, for another."""
    clean = _inside(path, "--without")
    if repo.look(clean).kind is None:
        folder, _, name = clean.rpartition("/")
        near = nearest(name, repo.entries(folder or "."))
        start = f"{folder}/" if folder else ""
        raise UsageError(
            f"--without: the platform has no {path} to miss",
            help=f"did you mean {start}{near}?" if near else "give a path from the repository's root",
        )
    return clean


def _other(repo: Snapshot, text: str, world: World) -> tuple[str, bytes]:
    path, equals, other = text.partition("=")
    if not (path and equals and other):
        raise UsageError(f"--with takes FILE=OTHER, not {text!r}", help="for example --with Dockerfile=Dockerfile.new")
    clean = _inside(path, "--with")
    if repo.look(clean).is_directory:
        raise UsageError(f"--with: {path} is a folder", help="give one file of it after the other")
    return clean, world.read_bytes(other, "--with")
