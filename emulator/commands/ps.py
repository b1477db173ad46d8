"""`emu ps`: what `up` started, and what each container is there for."""

import argparse
import time
from typing import TYPE_CHECKING

from emulator.commands.ahead import Ahead
from emulator.commands.asking import status
from emulator.commands.disk_use import DiskUse, disk_text, disk_use
from emulator.commands.running import Running, RunningList, configure_running, containers, project_root, roles
from emulator.engine.labels import PROJECT, of_project, project_id
from emulator.model.control import Status
from emulator.model.record import replace, to_json
from emulator.request import Request, World
from emulator.show.style import Style
from emulator.show.table import ago, table

if TYPE_CHECKING:
    from emulator.world.docker import DiskSizes, Docker

EXAMPLES = (
    ("emu ps", "what runs of this project"),
    ("emu ps --all", "of every project"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    configure_running(parser)


def run(request: Request, world: World) -> int:
    """Print them; 0 also when there are none."""
    docker = world.connect()
    try:
        labels = {PROJECT: ""} if request.all else of_project(project_root(request, world))
        docker.ping()  # an engine that does not answer is waited for once
        sizes = Ahead(lambda: docker.disk_sizes(labels, _MEASURED_WITHIN_S))
        found = containers(request, world, docker)
        use = _disk(request, world, docker, found, sizes)
    finally:
        docker.close()
    roots = {entry.root for entry in found} if request.all else {project_root(request, world)}
    found = tuple(entry for root in sorted(roots) for entry in _placed(found, root, status(world, project_id(root))))
    if request.format == "json":
        world.terminal.out(to_json(RunningList(containers=found, disk=use)).decode() + "\n")
        return 0
    if not found:
        world.terminal.out(
            "nothing runs" + ("" if request.all else " of this project (--all shows every project's)") + "\n"
        )
        world.terminal.out(disk_text(use))
        return 0
    style = Style(width=world.terminal.width, colour=world.terminal.colour)
    heads = ("SERVICE", "DEPLOY", "STATE", "FOR", "ROLE", "ADDRESS", "CONTAINER", "PROJECT")
    world.terminal.out(table(heads, [_row(entry, found, every=request.all) for entry in found], style))
    if any(entry.role == LEFT_OVER for entry in found):
        world.terminal.out("left over from an `emu up` that was killed: the next one, or `emu down`, removes it\n")
    world.terminal.out(disk_text(use))
    return 0


def _disk(
    request: Request, world: World, docker: "Docker", found: tuple[Running, ...], sizes: Ahead["DiskSizes"]
) -> DiskUse:
    running = {(entry.service, entry.deploy) for entry in found}
    if request.all:
        return disk_use(docker, {PROJECT: ""}, running=running, kept=None, state_bytes=None, sizes=sizes.wait())
    root = project_root(request, world)
    kept = world.history(project_id(root)).kept()
    state_bytes = world.state_size(project_id(root))
    return disk_use(
        docker, of_project(root), running=running, kept=kept, state_bytes=state_bytes, sizes=sizes.wait()
    )


LEFT_OVER = "left over"
_MEASURED_WITHIN_S = 0.9
"""How long the engine may take to add up sizes: one that has much to add up does not hold up the list."""


def _placed(found: tuple[Running, ...], root: str, told: Status | None) -> list[Running]:
    """The containers of one project with what the running `up`, if there is one, says of them."""
    of = roles(told)
    urls = {service.name: service.url for service in told.services} if told else {}
    return _sites(root, told) + [
        replace(entry, role=of.get(entry.id, LEFT_OVER if told is None else "leaving"), url=urls.get(entry.service))
        for entry in found
        if entry.root == root
    ]


def _sites(root: str, told: Status | None) -> list[Running]:
    """What is served without a container."""
    return [
        Running(
            id="", name="-", root=root, service=service.name, deploy=one.deploy, state="files", started_at=None,
            exit_code=None, instance=one.instance, role=one.role, url=service.url,
        )
        for service in (told.services if told else ())
        for one in service.instances
        if not one.container
    ]  # fmt: skip


def _row(entry: Running, among: tuple[Running, ...], *, every: bool) -> list[str]:
    """The cells of one container; where a service has several instances, with which one it is."""
    several = any(one.instance > 1 for one in among if (one.root, one.service) == (entry.root, entry.service))
    name = f"{entry.service}/{entry.container}" if entry.container is not None else entry.service
    name = f"{name} #{entry.instance}" if several else name
    state = entry.state if entry.exit_code is None else f"{entry.state} ({entry.exit_code})"
    since = ago(time.time() - entry.started_at) if entry.started_at else "-"
    cells = [name, str(entry.deploy), state, since, entry.role, entry.url or "-", entry.name]
    return [*cells, *([entry.root] if every else [])]
