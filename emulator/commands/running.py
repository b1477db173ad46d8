"""What the commands about a running `up` share: finding what it started by its labels, and asking it for a deploy."""

import argparse
from typing import TYPE_CHECKING

from emulator import options
from emulator.commands.asking import asked, followed, nothing_runs
from emulator.commands.disk_use import DiskUse
from emulator.commands.planning import plan_repository
from emulator.commands.teller import Teller, told
from emulator.engine.labels import CONTAINER, DEPLOY, INSTANCE, PROJECT, ROOT, SERVICE, of_project, project_id
from emulator.engine.own import is_own
from emulator.model.control import Ask, Role, Status
from emulator.model.diagnostic import UsageError
from emulator.model.record import Record
from emulator.model.spelling import did_you_mean
from emulator.request import Request, World
from emulator.world.containers import ContainerFacts
from emulator.world.docker import HELPER_LABEL

if TYPE_CHECKING:
    from emulator.world.docker import Docker


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
    instance: int = 1
    container: str | None = None
    """Which one it is, of an instance that has several."""
    role: str = ""
    """What the running `up` has it for; "left over" when none runs."""
    url: str | None = None
    """Where the service's requests arrive."""


class RunningList(Record, frozen=True, kw_only=True):
    """What `emu ps --format json` prints."""

    schema: str = "emu.ps/1"
    containers: tuple[Running, ...]
    disk: DiskUse


class Removed(Record, frozen=True, kw_only=True):
    """What `emu down --format json` prints: the containers that were removed, and how many images and volumes."""

    schema: str = "emu.down/1"
    containers: tuple[Running, ...]
    images: int
    volumes: int = 0


def configure_running(parser: argparse.ArgumentParser) -> None:
    """The options of a command about what runs."""
    parser.add_argument("path", nargs="?", metavar="PATH", help="a place in the repository (default: here)")
    parser.add_argument("--all", action="store_true", help="of every project on this engine, not only this one")
    options.add_flags(parser, [options.REPOSITORY[0], options.PLANNING[1], options.FORMAT])


def containers(request: Request, world: World, docker: "Docker", *, helpers: bool = False) -> tuple[Running, ...]:
    """What runs of this project (or, with --all, of any), by project, service and deploy. helpers: also our own."""
    labels = {PROJECT: ""} if request.all else of_project(project_root(request, world))
    of_services = [facts for facts in docker.containers(labels) if SERVICE in facts.labels and is_own(facts)]
    found = [running(facts) for facts in of_services if helpers or HELPER_LABEL not in facts.labels]
    names = sorted({r.service for r in found})
    unknown = next((name for name in request.service if name not in names), None)
    if unknown is not None and names:
        raise UsageError(f"nothing runs of a service {unknown!r}", help=did_you_mean(unknown, names))
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
        instance=int(facts.labels.get(INSTANCE) or 1),
        container=facts.labels.get(CONTAINER),
    )


def roles(told: Status | None) -> dict[str, Role]:
    """What each container is there for, by its id; nothing where no `up` runs to say so."""
    return {i.container: i.role for service in told.services for i in service.instances} if told is not None else {}


def ask_for_deploy(request: Request, world: World, ask: Ask) -> int:
    """Have the running `up` make a deploy and tell of it; the exit code follows the verdict. Raises HostError when
    none runs, or it refuses."""
    planned = plan_repository(_as_planning(request), world)
    answers = asked(world, project_id(planned.repo.root), ask)
    if answers is None:
        raise nothing_runs()

    def follow(teller: Teller) -> int:
        teller.knows(planned)
        return followed(answers, teller)

    return told(request, world, follow)


def _as_planning(request: Request) -> Request:
    """The request with the options that planning wants and this command does not have."""
    flags = (*options.REPOSITORY, *options.PLANNING)
    missing: dict[str, object] = {flag.dest: [] if flag.repeat else flag.default for flag in flags}
    return Request(**{**missing, **vars(request), "service": []})
