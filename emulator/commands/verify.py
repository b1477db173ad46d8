"""`emu verify`: bring the services up as `up --once` does, and try with each what the platform will do to it one day.

What is tried, and what is concluded, is in engine/verify; here is who asks for it, and what is printed.
"""

import argparse
import contextlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from emulator.commands.answers import answered
from emulator.commands.check import checked_plan
from emulator.commands.planning import Planned, configure_planning, plan_repository
from emulator.commands.recording import timed
from emulator.commands.runnable import left_out
from emulator.commands.session import Session
from emulator.commands.teller import Teller
from emulator.commands.up import doors, in_project, settings_of, tell_plan, tell_refused
from emulator.engine.labels import of_project, project_id
from emulator.engine.service_run import ServiceRun
from emulator.engine.verify import kinds
from emulator.engine.verify.battery_run import Battery, Means, Wish
from emulator.engine.verify.check import Subject
from emulator.engine.verify.checks import CHECKS, conclusions, steps_of, wanted, without_service
from emulator.engine.verify.memory_watch import MemoryWatch
from emulator.engine.verify.seen import Boot, Peak, Seen
from emulator.model.diagnostic import HostError, Severity, UsageError
from emulator.model.event import (
    BuildStarted,
    ContainerStarted,
    DeployFailed,
    Event,
    Live,
    OutOfMemory,
    ServiceVerdict,
    Stopped,
    Verdict,
    VerdictKind,
)
from emulator.model.plan import Service
from emulator.model.record import replace, to_json
from emulator.model.verification import ServiceVerification, Verification
from emulator.request import Project, Request, World
from emulator.show.style import Style
from emulator.show.verify_text import verify_text

if TYPE_CHECKING:
    from emulator.world.docker import Docker

EXAMPLES = (
    ("emu verify", "try all of it with every service"),
    ("emu verify . api --only shutdown --request /slow", "does api finish a slow request when it is told to end"),
    ("emu verify --skip health --format json", "for a program, without the load"),
)

_NAMES = tuple(check.name for check in CHECKS)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    configure_planning(parser, world, runs=True)
    parser.add_argument("services", nargs="*", metavar="SERVICE", help="try these services alone (default: all)")
    group = parser.add_argument_group("what is tried")
    for flag, text in (("--only", f"try this alone (repeatable): {', '.join(_NAMES)}"), ("--skip", "leave this out")):
        group.add_argument(flag, action="append", default=[], choices=_NAMES, metavar="NAME", help=text)
    group.add_argument("--load", metavar="N", default="20", help="so many requests at once (default: 20)")
    group.add_argument("--duration", metavar="S", default="3", help="for so many seconds (default: 3)")
    group.add_argument(
        "--request", metavar="PATH", dest="request_path", default="/",
        help="what the requests ask for (default: /); one that takes its time shows most",
    )  # fmt: skip
    parser.add_argument("--build-anyway", action="store_true", help="build even when the check found an error")


def run(request: Request, world: World) -> int:
    """Try it and print what came of it; 1 where something failed or does not go live. Raises HostError."""
    _sort_words(request, world)
    wish, names = _wish(request), wanted(request.only, request.skip)
    planned = timed(world, partial(plan_repository, request, world))
    settings = settings_of(request, world, planned)
    planned, _ = answered(request, world, planned)
    planned = timed(world, partial(checked_plan, planned))
    teller = Teller(request, world, prints=False)
    teller.knows(planned)
    verifying = _Verifying(request, world, planned, teller, names)
    teller.also(verifying.hear)
    if tell_plan(planned, teller, build_anyway=request.build_anyway):
        return verifying.print(tell_refused(planned, teller), refused=True)
    docker = world.connect()
    try:
        with _taken(world, settings.root) as project:
            session = Session(
                planned, doors(world, docker, planned.repo), settings, teller, project, by_schedule=False
            )
            number = project.next_deploy()
            with _no_new_volumes(docker, settings.root), _watched(docker, settings.root, teller) as watch:
                tried = partial(verifying.tried, session, number, wish, watch)
                code = in_project(session, lambda: session.run(number, once=True, meanwhile=tried))
    finally:
        docker.close()
    return verifying.print(code)


@contextlib.contextmanager
def _taken(world: World, root: str) -> Iterator[Project]:
    """The project, for this run alone. Raises HostError, with what can be done while `up` serves it."""
    with contextlib.ExitStack() as stack:
        try:
            project = stack.enter_context(world.project(project_id(root)))
        except HostError as problem:
            if problem.diagnostic.code != "up/already-running":
                raise
            why = "verify brings the services up itself: at the same addresses, on the same disks and databases"
            beside = "git worktree add --detach ../verify && emu verify ../verify"
            told = replace(
                problem.diagnostic, facts=(why,), help=f"end it there; or try the last commit beside it: {beside}"
            )
            raise HostError(told, exit_code=problem.exit_code) from None
        yield project


@contextlib.contextmanager
def _watched(docker: "Docker", root: str, teller: Teller) -> Iterator[MemoryWatch]:
    watch = MemoryWatch(docker, root)
    teller.also(watch.hear)
    try:
        yield watch
    finally:
        watch.close()


@contextlib.contextmanager
def _no_new_volumes(docker: "Docker", root: str) -> Iterator[None]:
    """Disks and databases that were there before stay, as with `up`; others end with what was tried."""
    before = {volume.name for volume in docker.volumes(of_project(root))}
    try:
        yield
    finally:
        with contextlib.suppress(HostError):  # an engine that is lost is told already
            for volume in docker.volumes(of_project(root)):
                if volume.name not in before:
                    docker.remove_volume(volume.name)


class _Verifying:
    """What is known of the services, as it comes in, until it is printed."""

    def __init__(
        self, request: Request, world: World, planned: Planned, teller: Teller, names: frozenset[str]
    ) -> None:
        self._request = request
        self._world = world
        self._planned = planned
        self._teller = teller
        self._names = names
        self._live: dict[str, Live] = {}
        self._failed: dict[str, DeployFailed] = {}
        self._short: set[str] = set()
        self._verdicts: dict[str, ServiceVerdict] = {}
        self._found: dict[str, ServiceVerification] = {}

    def hear(self, event: Event) -> None:
        """From any thread."""
        name = event.service or ""
        match event:
            case BuildStarted():
                self._say(name, "build")
            case ContainerStarted():
                self._say(name, "start")
            case Live():
                self._live[name] = event
                self._say(name, f"live after {event.seconds:.1f} s")
            case DeployFailed():
                self._failed[name] = event
            case OutOfMemory():
                self._short.add(name)
            case Stopped() if event.oom:
                self._short.add(name)
            case Verdict():
                self._verdicts |= {one.name: one for one in event.services}
            case _:
                pass

    def tried(
        self, session: Session, number: int, wish: Wish, watch: MemoryWatch, verdict: Verdict
    ) -> None:
        """Try it all, one service after the other, while they run. Raises HostError."""
        self._verdicts |= {one.name: one for one in verdict.services}
        for service in self._services:
            run, judged = session.runs.get(service.name), self._verdicts.get(service.name)
            if run is None or judged is None or not judged.verdict.good:
                continue
            seen, short = self._first(service), service.name in self._short
            release = run.release(number) if isinstance(run, ServiceRun) else None
            written = 0
            if release is not None and kinds.goes_on(service) is None:
                self._say_what_stays(service, session.settings.folders)
                means = Means(session.doors, session.settings, self._world.load, partial(self._say, service.name))
                battery = Battery(release, seen.first, wish, means)
                seen = battery.run(steps_of(service, self._names))
                short, written = short or battery.ran_out, battery.written_mib
            seen = replace(seen, peaks=_peaks(service, watch.peaks(service.name), written, killed=short))
            subject = Subject(service=service, platform=self._planned.platform.TITLE, scale=session.settings.scale)
            self._found[service.name] = ServiceVerification(
                name=service.name, type=service.type, verdict=judged, seconds=seen.first.seconds or None,
                checks=conclusions(subject, seen, self._names),
            )  # fmt: skip

    def print(self, code: int, *, refused: bool = False) -> int:
        """The document, or what people read; the exit code. refused: for errors of the check nothing was begun."""
        errors = [d for d in self._planned.resolution.plan.diagnostics if d.severity is Severity.ERROR]
        services = tuple(self._found.get(service.name) or self._untried(service) for service in self._services)
        failed = any(one.with_result("failed") for one in services)
        code = code or int(failed)
        document = Verification(
            platform=self._planned.platform.NAME, held=code == 0, seconds=round(self._teller.now(), 1),
            services=services, diagnostics=tuple(d for d in errors if refused and not d.suppressed),
        )  # fmt: skip
        terminal = self._world.terminal
        if self._request.format == "json":
            terminal.out(to_json(document).decode() + "\n")
            return code
        style = Style(width=terminal.width, colour=terminal.colour, whole=self._request.verbose)
        title = self._planned.platform.TITLE
        terminal.out(verify_text(document, title, style, self._teller.read_line, quiet=self._request.quiet))
        return code

    @property
    def _services(self) -> tuple[Service, ...]:
        return tuple(one for one in self._planned.resolution.plan.services if one.datastore is None)

    def _first(self, service: Service) -> Seen:
        """Its deploy, as far as its events tell."""
        live = self._live.get(service.name)
        return Seen(
            first=Boot(live=True, seconds=live.seconds if live else 0.0, port=live.port if live else None)
        )

    def _untried(self, service: Service) -> ServiceVerification:
        """One that did not go live."""
        failed, judged = self._failed.get(service.name), self._verdicts.get(service.name)
        if judged is None:
            judged = ServiceVerdict(name=service.name, verdict=VerdictKind.CANCELED, reason=left_out(service).note)
        code = failed.code if failed is not None else ""
        return ServiceVerification(
            name=service.name, type=service.type, verdict=judged,
            checks=without_service(service, self._names, code, judged.cause),
        )  # fmt: skip

    def _say_what_stays(self, service: Service, folders: Mapping[str, str]) -> None:
        """A bucket is one for all instances, those that are tried too; one of the user's own folders is theirs."""
        for volume in service.volumes:
            if volume.kind == "folder" and (folder := folders.get(volume.name)) is not None:
                self._say(service.name, f"what its requests write to {volume.name} stays in {folder}")

    def _say(self, service: str, what: str) -> None:
        """What is being tried, and how long after the begin."""
        if self._request.format == "text" and not self._request.quiet:
            self._world.terminal.err(f"{self._teller.now():6.1f} s  {service}: {what}\n")


def _peaks(
    service: Service, used: dict[str | None, float], written_mib: int, *, killed: bool
) -> tuple[Peak, ...]:
    """What its containers used, each against its own limit; what was killed is the one that used most of it."""
    limits = {one.name: one.resources.memory_mib for one in service.containers}
    found = [
        Peak(container=name, mib=mib + written_mib, limit_mib=limits.get(name or "", service.resources.memory_mib))
        for name, mib in sorted(used.items(), key=lambda one: one[0] or "")
    ]
    if killed and found:
        worst = max(found, key=lambda one: one.mib / (one.limit_mib or one.mib or 1))
        found[found.index(worst)] = replace(worst, killed=True)
    return tuple(found)


def _wish(request: Request) -> Wish:
    """Raises UsageError."""
    at_once, seconds = _number(request.load), _number(request.duration.removesuffix("s"))
    if at_once % 1 or not 1 <= at_once <= 500:
        raise UsageError(f"--load takes a number from 1 to 500, not {request.load!r}", help="for example --load 20")
    if not 0 < seconds <= 600:
        raise UsageError(
            f"--duration takes seconds above 0 and up to 600, not {request.duration!r}", help="for example --duration 3"
        )
    path = request.request_path
    if not path.startswith("/") or not path.isprintable() or " " in path:
        raise UsageError(f"--request takes a path, not {path!r}", help="for example --request /slow")
    return Wish(path, round(at_once), seconds)


def _number(text: str) -> float:
    """0 where it is none."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def _sort_words(request: Request, world: World) -> None:
    """The first word is a PATH where there is such a place; else it is a service like the others."""
    words = [*([request.path] if request.path is not None else []), *request.services]
    first = request.path
    is_place = first is not None and ("/" in first or first in (".", "..") or world.is_folder(first))
    request.path = first if is_place else None
    request.service = [*request.service, *(words[1:] if is_place else words)]
