"""What `ps`, `logs` and `down` share: finding what `up` started, by its labels."""

import argparse
from typing import TYPE_CHECKING

from emulator import options
from emulator.engine.labels import DEPLOY, PROJECT, ROOT, SERVICE, of_project
from emulator.model.record import Record
from emulator.request import Request, World
from emulator.world import ContainerFacts

if TYPE_CHECKING:
    from emulator.world import Docker


class Running(Record, frozen=True, kw_only=True):
    """One container that `up` started."""

    id: str
    name: str
    root: str
    service: str
    deploy: int
    state: str
    started_at: float | None
    exit_code: int | None


class RunningList(Record, frozen=True, kw_only=True):
    """What `emu ps --format json` prints."""

    schema: str = "emu.ps/1"
    containers: tuple[Running, ...]


class Removed(Record, frozen=True, kw_only=True):
    """What `emu down --format json` prints: the containers that were removed, and how many images."""

    schema: str = "emu.down/1"
    containers: tuple[Running, ...]
    images: int


def configure_running(parser: argparse.ArgumentParser) -> None:
    """The options of a command about what runs."""
    parser.add_argument("path", nargs="?", metavar="PATH", help="a place in the repository (default: here)")
    parser.add_argument("--all", action="store_true", help="of every project on this engine, not only this one")
    options.add_flags(parser, [options.REPOSITORY[0], options.PLANNING[1], options.FORMAT])


def containers(request: Request, world: World, docker: "Docker") -> tuple[Running, ...]:
    """What runs of this project (or, with --all, of any), by project, service and deploy."""
    labels = {PROJECT: ""} if request.all else of_project(project_root(request, world))
    found = [running(facts) for facts in docker.containers(labels) if SERVICE in facts.labels]
    wanted = [r for r in found if not request.service or r.service in request.service]
    return tuple(sorted(wanted, key=lambda r: (r.root, r.service, r.deploy, r.name)))


def project_root(request: Request, world: World) -> str:
    return world.open_repository(request.path or request.root or ".", request.root, "worktree").root


def running(facts: ContainerFacts) -> Running:
    number = facts.labels.get(DEPLOY, "")
    return Running(
        id=facts.id,
        name=facts.name,
        root=facts.labels.get(ROOT, ""),
        service=facts.labels.get(SERVICE, ""),
        deploy=int(number) if number.isdigit() else 0,
        state=facts.state,
        started_at=facts.started_at,
        exit_code=None if facts.running else facts.exit_code,
    )
