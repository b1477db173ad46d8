"""`emu exec`: a command, or a shell, in what `up` has running."""

import argparse
from collections.abc import Mapping, Sequence

from emulator import options
from emulator.commands.asking import nothing_runs, status
from emulator.commands.running import Running, containers, project_root, roles
from emulator.engine.labels import project_id
from emulator.model.control import Role
from emulator.model.diagnostic import UsageError
from emulator.model.record import Record, to_json
from emulator.request import Request, World

EXAMPLES = (
    ("emu exec", "a shell in the one service that runs"),
    ("emu exec --service api -- python manage.py migrate", "a command in one of several"),
    ("emu exec --service db -- psql -c 'select 1'", "a datastore has its own programs"),
)

SHELL = ("/bin/sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash; exec sh")

_NEAREST: tuple[Role, ...] = ("serving", "running", "out of rotation", "coming", "down", "leaving")
"""Whom somebody means who does not say which deploy: first the one that answers."""


class ExecReport(Record, frozen=True, kw_only=True):
    """What `emu exec --format json` prints: where the command ran, what it wrote, and how it ended."""

    schema: str = "emu.exec/1"
    service: str
    deploy: int
    instance: int
    container: str | None
    argv: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    parser.add_argument("argv", nargs=argparse.REMAINDER, metavar="COMMAND", help="what to run (default: a shell)")
    options.add_flags(parser, [options.REPOSITORY[0], options.PLANNING[1], options.FORMAT])
    parser.add_argument("--deploy", type=int, metavar="N", help="of this deploy (default: the one that serves)")
    parser.add_argument("--instance", type=int, metavar="N", help="this one of several instances (default: the first)")
    parser.add_argument("--container", metavar="NAME", help="this one of the several containers of an instance")


def run(request: Request, world: World) -> int:
    """Run it; the exit code is the command's own. With --format json it reads nothing, and its output is kept."""
    argv = tuple(request.argv[1:] if request.argv[:1] == ["--"] else request.argv)
    if not argv and (request.format == "json" or not world.terminal.out_is_tty):
        help = "say what to run: `emu exec -- env`, or `emu exec -- sh` for commands that are piped in"
        raise UsageError("a shell needs a terminal", help=help)
    docker = world.connect()
    try:
        request.all, request.path = False, None
        running = [entry for entry in containers(request, world, docker) if entry.state == "running"]
        told = status(world, project_id(project_root(request, world)))
        target = chosen(running, roles(told), request.deploy, request.instance, request.container)
        done = docker.execute(target.id, argv or SHELL, capture=request.format == "json")
    finally:
        docker.close()
    if request.format == "json":
        report = ExecReport(
            service=target.service, deploy=target.deploy, instance=target.instance, container=target.container,
            argv=argv, exit_code=done.exit_code, stdout=done.stdout, stderr=done.stderr,
        )  # fmt: skip
        world.terminal.out(to_json(report).decode() + "\n")
    return done.exit_code


def chosen(
    running: Sequence[Running],
    roles: Mapping[str, Role],
    deploy: int | None = None,
    instance: int | None = None,
    container: str | None = None,
) -> Running:
    """The one container that is meant: of the one service, that which answers before that which comes, the newest
    deploy before older ones, the first of its instances. Raises HostError when nothing runs, UsageError when there is
    none of that deploy, instance and name, or when it is not said which service, or which container of an instance."""
    if not running:
        raise nothing_runs()
    asked = (deploy, instance, container)
    wanted = [one for one in running if _is_wanted((one.deploy, one.instance, one.container), asked)]
    if not wanted:
        raise UsageError("nothing runs of what you name", help=f"these run: {', '.join(map(_name, running))}")
    if len(services := sorted({one.service for one in wanted})) > 1:
        raise UsageError(f"several services run: {', '.join(services)}", help=f"say which: --service {services[0]}")
    ordered = sorted(
        wanted, key=lambda one: (_NEAREST.index(roles.get(one.id, "leaving")), -one.deploy, one.instance)
    )
    first = ordered[0]
    beside = [one for one in ordered if (one.deploy, one.instance) == (first.deploy, first.instance)]
    if len(beside) > 1:
        names = sorted(one.container or "" for one in beside)
        raise UsageError(
            f"an instance of {first.service} has several containers: {', '.join(names)}",
            help=f"say which: --container {names[0]}",
        )
    return first


def _is_wanted(there: tuple[object, ...], asked: tuple[object, ...]) -> bool:
    return all(wanted in (None, found) for found, wanted in zip(there, asked, strict=True))


def _name(one: Running) -> str:
    what = f"{one.service} (deploy {one.deploy}, instance {one.instance})"
    return what if one.container is None else f"{what} container {one.container}"
