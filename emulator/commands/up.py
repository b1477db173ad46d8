"""`emu up`: build, boot, probe and serve as the platform would; `--once` ends with the verdict."""

import argparse
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from emulator import options
from emulator.commands.plan import line_reader
from emulator.commands.planning import Planned, configure_planning, plan_repository, with_answers
from emulator.config import read_config
from emulator.engine.deploy import Deployed, Doors, Settings, deploy
from emulator.engine.labels import of_project, project_id
from emulator.model.diagnostic import Fault, HostError, Severity, UsageError, error
from emulator.model.event import (
    CoverageReported,
    DeployFailed,
    DiagnosticFound,
    Event,
    Log,
    PlanMade,
    ServiceVerdict,
    Verdict,
    VerdictKind,
)
from emulator.model.plan import BuildKind, Coverage, EnvKind, Service
from emulator.model.record import replace, to_json
from emulator.model.rule import Fidelity
from emulator.request import Address, Request, World
from emulator.show.style import Style
from emulator.show.up_text import UpText

if TYPE_CHECKING:
    from emulator.world import Docker

RUNNABLE = ("web", "private", "worker")


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    configure_planning(parser, world)
    parser.add_argument(
        "--once", action="store_true", help="end with the verdict as soon as it is decided, and clean up"
    )
    parser.add_argument("--build-anyway", action="store_true", help="build even when the check found an error")
    options.add_flags(parser, list(options.RUNNING))


def run(request: Request, world: World) -> int:
    """Plan, build, boot; the exit code follows the verdict."""
    teller = Teller(request, world)
    try:
        return _run(request, world, teller)
    except HostError as problem:
        if request.format == "json":
            teller.tell(DiagnosticFound(diagnostic=problem.diagnostic))
        raise


def _run(request: Request, world: World, teller: "Teller") -> int:
    planned = _asked(request, world, plan_repository(request, world))
    teller.knows(planned)
    plan = planned.resolution.plan
    teller.tell(PlanMade(plan=plan))
    for diagnostic in plan.diagnostics:
        teller.tell(DiagnosticFound(diagnostic=diagnostic, service=diagnostic.service))
    if plan.with_errors() and not request.build_anyway:
        return _refused(planned, teller)
    settings = _settings(request, planned)
    docker = world.connect()
    with world.project(project_id(settings.root)) as project:
        settings = settings._replace(deploy=project.next_deploy())
        ready = Ahead(lambda: _make_ready(docker, settings.root))
        doors = Doors(
            docker, world.http(), world.clock(), world.prepare_context(planned.repo), ready.wait, threading.Event()
        )
        session = Session(planned, doors, settings, teller, project.address)
        try:
            return session.run(once=request.once)
        finally:
            session.stop()
            docker.close()


def _make_ready(docker: "Docker", root: str) -> None:
    docker.ping()
    docker.facts()
    remove_leftovers(docker, root)


class Ahead:
    """Work begun in a thread of its own, so that the build need not wait for it: importing the
    engine's client and asking the engine take longer than a cached build."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as problem:  # noqa: BLE001 - raised again in `wait`, in the thread that asked
            self._problem = problem

    def wait(self) -> None:
        """Return when it is done. Raises what it raised."""
        self._thread.join()
        if self._problem is not None:
            raise self._problem


def _asked(request: Request, world: World, planned: Planned) -> Planned:
    """Ask for the values the platform would ask a person for; without a terminal they stay unset."""
    prompts = planned.resolution.prompts
    answers: dict[str, str] = {}
    for prompt in prompts if request.format == "text" else ():
        answer = world.terminal.ask(f"{prompt.service} needs {prompt.name} (empty leaves it unset): ", hidden=True)
        if answer is None:
            break
        if answer:
            answers[prompt.name] = answer
    return with_answers(planned, answers) if answers else planned


def _settings(request: Request, planned: Planned) -> Settings:
    try:
        scale = float(request.time_scale)
    except ValueError:
        scale = 0.0
    if not 0 < scale <= 100:
        raise UsageError(f"--time-scale takes a number above 0, not {request.time_scale!r}")
    bases = dict(read_config(planned.repo).base_images)
    for text in request.base_image:
        base, equals, to = text.partition("=")
        if not (base and equals and to):
            raise UsageError(f"--base-image takes FROM=TO, not {text!r}")
        bases[base] = to
    return Settings(
        root=planned.repo.root,
        platform=planned.platform.NAME,
        base_images=bases,
        limits=request.limits,
        faithful=request.faithful_timing,
        scale=scale,
        deploy=1,
    )


def _refused(planned: Planned, teller: "Teller") -> int:
    """The check found an error: nothing is built."""
    errors = [d for d in planned.resolution.plan.diagnostics if d.severity is Severity.ERROR]
    verdicts = []
    for service in planned.resolution.plan.services:
        mine = next((d for d in errors if d.service in (None, service.name)), None)
        if mine is not None:
            verdicts.append(
                ServiceVerdict(name=service.name, verdict=VerdictKind.REFUSED, reason=mine.message, cause=mine)
            )
            teller.tell(DeployFailed(service=service.name, phase="check", reason=mine.message, code="refused"))
    teller.tell(Verdict(verdict=VerdictKind.REFUSED, reason=errors[0].message, services=tuple(verdicts)))
    return 1


class Session:
    """One `up`: its services, from the first build to the last removal."""

    def __init__(
        self,
        planned: Planned,
        doors: Doors,
        settings: Settings,
        teller: "Teller",
        address: Callable[[str], Address],
    ) -> None:
        self.planned = planned
        self.doors = doors
        self.settings = settings
        self.teller = teller
        self._address = address
        self._addresses: list[Address] = []
        self._deployed: list[Deployed] = []

    def run(self, *, once: bool) -> int:
        plan = self.planned.resolution.plan
        coverage = [c for c in plan.coverage if c.fidelity is not Fidelity.EXACT]
        runnable = [s for s in plan.services if _can_run(s)]
        coverage += [_left_out(s) for s in plan.services if not _can_run(s)]
        if not runnable:
            return self._nothing(coverage)
        for service in runnable:
            coverage += self._deploy(service)
        self.teller.tell(CoverageReported(coverage=tuple(coverage)))
        verdict = self._verdict()
        if once or not any(d.verdict.verdict.good for d in self._deployed):
            self.stop()  # first, so that the verdict is the last line
            self.teller.tell(verdict)
            return 0 if verdict.verdict.good else 1
        self.teller.tell(verdict)
        self._serve()
        return 0 if verdict.verdict.good else 1

    def _nothing(self, coverage: list[Coverage]) -> int:
        names = ", ".join(
            f"{s.name} ({s.type.value}, {s.build.runtime})" for s in self.planned.resolution.plan.services
        )
        message = f"emu cannot run {names or 'anything'} yet"
        self.teller.tell(CoverageReported(coverage=tuple(coverage)))
        cause = error("emu/not-imitated", message, fault=Fault.GAP, help="`emu plan` shows what the platform would do")
        self.teller.tell(DiagnosticFound(diagnostic=cause))
        self.teller.tell(Verdict(verdict=VerdictKind.REFUSED, reason=message))
        return 1

    def _deploy(self, service: Service) -> tuple[Coverage, ...]:
        hidden = self.planned.resolution.secrets.of(service.name) | generated_values(service)
        address = self._address(service.name)
        self._addresses.append(address)

        def route(target: tuple[str, int] | None) -> None:
            address.target = target

        done = deploy(
            service,
            hidden,
            doors=self.doors,
            settings=self.settings,
            tell=self.teller.tell,
            url=address.url if service.type == "web" else None,
            route=route,
        )
        self._deployed.append(done)
        return done.coverage

    def _verdict(self) -> Verdict:
        """The worst of all services."""
        bad = next((d for d in self._deployed if not d.verdict.verdict.good), self._deployed[0])
        seconds = bad.outcome.platform_seconds if bad.outcome else None
        return Verdict(
            verdict=bad.verdict.verdict,
            reason=bad.verdict.reason,
            platform_seconds=seconds,
            services=tuple(d.verdict for d in self._deployed),
        )

    def _serve(self) -> None:
        """Until Ctrl-C: keep every live service as the platform would."""
        self.teller.note("serving; Ctrl-C ends it")
        threads = [
            threading.Thread(target=self._keep, args=(d, address), daemon=True)
            for d, address in zip(self._deployed, self._addresses, strict=True)
            if d.verdict.verdict.good
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(0.5)

    def _keep(self, deployed: Deployed, address: Address) -> None:
        run = deployed.run
        assert run is not None
        while not self.doors.cancel.is_set():
            run.keep(0.5)
            port = run.outcome.port if run.outcome else None
            address.target = run.target(port) if port is not None else None

    def stop(self) -> None:
        """Stop and remove everything this session started."""
        self.doors.cancel.set()
        while self._deployed:
            done = self._deployed.pop()
            if done.run is not None:
                done.run.stop()
        while self._addresses:
            self._addresses.pop().close()


def _can_run(service: Service) -> bool:
    built = (
        service.build.kind in (BuildKind.DOCKERFILE, BuildKind.IMAGE) or service.build.generated_dockerfile is not None
    )
    return service.type in RUNNABLE and built


def _left_out(service: Service) -> Coverage:
    note = f"{service.type.value} services with runtime {service.build.runtime} are planned, not run yet"
    return Coverage(key=service.name, origin=service.origin, fidelity=Fidelity.NOT_IMITATED, note=note)


def generated_values(service: Service) -> dict[str, str]:
    """A fresh random value for every variable the platform would generate."""
    import base64
    import secrets

    wanted = [v.name for v in service.env if v.kind is EnvKind.GENERATED and v.value is None]
    return {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in wanted}


def remove_leftovers(docker: "Docker", root: str) -> int:
    """Remove the containers of earlier runs of this project that did not end well; how many there were."""
    found = docker.containers(of_project(root))
    for container in found:
        docker.remove(container.id)
    return len(found)


class Teller:
    """Every event, as it happens, in the format asked for; with the platform's own lines after it."""

    def __init__(self, request: Request, world: World) -> None:
        self._json = request.format == "json"
        self._terminal = world.terminal
        self._clock = world.clock()
        self._began = self._clock.now()
        self._lock = threading.Lock()
        self._planned: Planned | None = None
        self._services: dict[str, Service] = {}
        self._text: UpText | None = None
        self._request = request

    def knows(self, planned: Planned) -> None:
        """From now on the plan is known: its services, and its files for excerpts."""
        self._planned = planned
        self._services = {s.name: s for s in planned.resolution.plan.services}
        style = Style(width=self._terminal.width, colour=self._terminal.colour)
        self._text = UpText(style, line_reader(planned.repo), verbose=self._request.verbose, quiet=self._request.quiet)

    def tell(self, event: Event) -> None:
        """Print `event` now, from whichever thread."""
        stamped = replace(event, at=round(self._clock.now() - self._began, 4))
        with self._lock:
            self._print(stamped)
            for line in self._platform_lines(stamped):
                self._print(
                    Log(
                        at=stamped.at,
                        service=stamped.service,
                        container=stamped.container,
                        instance=stamped.instance,
                        deploy=stamped.deploy,
                        stream="platform",
                        line=line,
                    )
                )

    def note(self, text: str) -> None:
        if not self._json:
            self._terminal.err(text + "\n")

    def _platform_lines(self, event: Event) -> tuple[str, ...]:
        service = self._services.get(event.service or "")
        if service is None or self._planned is None or isinstance(event, Log):
            return ()
        return self._planned.platform.narrate(service, event)

    def _print(self, event: Event) -> None:
        if self._json:
            self._terminal.out(to_json(event).decode() + "\n")
            return
        if self._text is None:
            return
        if isinstance(event, PlanMade):
            from emulator.commands.plan import printed

            assert self._planned is not None
            self._terminal.out(printed(self._planned, self._request, self._terminal) + "\n")
            return
        if isinstance(event, DiagnosticFound) and event.diagnostic in event_diagnostics(self._planned):
            return
        block = self._text.block(event)
        if block is not None:
            self._terminal.out("\n" + block)
        for line in self._text.lines(event):
            self._terminal.out(line + "\n")


def event_diagnostics(planned: Planned | None) -> tuple[object, ...]:
    """The diagnostics that the printed plan already showed."""
    return planned.resolution.plan.diagnostics if planned else ()
