"""`emu cron run NAME`: run a cron job once, now.

While an `up` of the project runs, that one runs it, as it was last deployed: as when it is triggered by hand on the
platform. Else it is built and run here, as the platform would on its schedule.
"""

import argparse

from emulator.commands.answers import answered
from emulator.commands.asking import asked, followed
from emulator.commands.check import checked_plan
from emulator.commands.planning import configure_planning, plan_repository
from emulator.commands.runnable import can_build
from emulator.commands.session import Session
from emulator.commands.teller import Teller, told
from emulator.commands.up import doors, in_project, settings_of, tell_plan, tell_refused
from emulator.engine.labels import project_id
from emulator.model.control import Ask
from emulator.model.diagnostic import UsageError
from emulator.model.plan import Service, ServiceType
from emulator.model.spelling import did_you_mean
from emulator.request import Request, World

EXAMPLES = (
    ("emu cron run nightly", "run the cron job nightly now"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    parser.add_argument("action", choices=("run",), metavar="run", help="run: once, now")
    parser.add_argument("name", metavar="NAME", help="the cron job's name")
    configure_planning(parser, world, runs=True)


def run(request: Request, world: World) -> int:
    """Run to the end; the exit code follows the verdict."""
    return told(request, world, lambda teller: _run(request, world, teller))


def _run(request: Request, world: World, teller: Teller) -> int:
    request.service = [request.name]
    planned = plan_repository(request, world)
    settings = settings_of(request, world, planned)
    events = asked(world, project_id(settings.root), Ask(verb="cron", services=(request.name,)))
    if events is not None:
        teller.knows(planned)
        teller.note("the running `emu up` runs it, as it was last deployed; Ctrl-C cancels the run")
        return followed(events, teller)
    planned = checked_plan(answered(request, world, planned)[0])
    service = _cron_job(request.name, planned.resolution.plan.services)
    teller.knows(planned)
    if tell_plan(planned, teller):
        return tell_refused(planned, teller)
    docker = world.connect()
    try:
        with world.project(project_id(settings.root)) as project:
            session = Session(planned, doors(world, docker, planned.repo), settings, teller, project, by_schedule=False)
            number = project.next_deploy()
            services = [*session.datastores(), service]
            return in_project(session, lambda: session.deploy(number, services, once=True, rest=[]))
    finally:
        docker.close()


def _cron_job(name: str, services: tuple[Service, ...]) -> Service:
    found = next((s for s in services if s.name == name), None)
    if found is None:
        jobs = [service.name for service in services if service.type is ServiceType.CRON]
        raise UsageError(f"there is no service {name!r}", help=did_you_mean(name, jobs, none="no cron job is there"))
    if found.type is not ServiceType.CRON:
        raise UsageError(f"{name} is a {found.type.value} service, not a cron job", help="`emu up` runs it")
    if not can_build(found):
        raise UsageError(f"{name} has runtime {found.build.runtime}, which is planned, not built yet")
    return found
