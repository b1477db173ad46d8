"""One `up` from the first build to the last removal: deploys every service, keeps what is live, ends it all."""

import gc
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from emulator.commands.planning import Planned
from emulator.commands.teller import Teller
from emulator.engine.deploy import Deployed, Doors, Settings, deploy, tell_failure
from emulator.engine.labels import of_project
from emulator.model.diagnostic import Fault, error
from emulator.model.event import ContainerStarted, CoverageReported, DiagnosticFound, Event, Verdict, VerdictKind
from emulator.model.plan import BuildKind, Coverage, EnvKind, Service
from emulator.model.rule import Fidelity
from emulator.request import Address

if TYPE_CHECKING:
    from emulator.world import Docker

T = TypeVar("T")

RUNNABLE = ("web", "private", "worker")


class Session:
    """The services of one `up`, as far as they are started."""

    def __init__(
        self,
        planned: Planned,
        doors: Doors,
        settings: Settings,
        teller: Teller,
        address: Callable[[str], Address],
    ) -> None:
        self.planned = planned
        self.doors = doors
        self.settings = settings
        self.teller = teller
        self._address = address
        self._addresses: list[Ahead[Address]] = []
        self._deployed: list[Deployed] = []
        self._problem: Exception | None = None
        self.has_started = False
        """Whether any container was: then there is something to tidy up."""

    def run(self, *, once: bool) -> int:
        """Deploy and serve; the exit code."""
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
            self.stop(at_once=not self.settings.faithful)  # first, so that the verdict is the last line
            self.teller.tell(verdict)
            return exit_code(verdict)
        self.teller.tell(verdict)
        return exit_code(verdict) if self._serve() else exit_code(verdict) or 1

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
        address = Ahead(lambda: self._address(service.name))
        self._addresses.append(address)

        def route(target: tuple[str, int] | None) -> None:
            address.wait().target = target

        done = deploy(
            service,
            hidden,
            repo=self.planned.repo,
            doors=self.doors,
            settings=self.settings,
            tell=self._tell,
            url=lambda: address.wait().url if service.type == "web" else None,
            route=route,
        )
        self._deployed.append(done)
        return done.coverage

    def _tell(self, event: Event) -> None:
        self.has_started |= isinstance(event, ContainerStarted)
        self.teller.tell(event)

    def _verdict(self) -> Verdict:
        """The first bad one of all services; else that all are live."""
        bad = next((d for d in self._deployed if not d.verdict.verdict.good), None)
        shown = bad or self._deployed[0]
        reasons = ", ".join(d.verdict.reason for d in self._deployed)
        by_this_machine = shown.verdict.cause is not None and shown.verdict.cause.fault is Fault.HOST
        later = shown.outcome.platform_seconds if shown.outcome and not by_this_machine else None
        return Verdict(
            verdict=shown.verdict.verdict,
            reason=bad.verdict.reason if bad else reasons,
            platform_seconds=later,
            services=tuple(d.verdict for d in self._deployed),
        )

    def _serve(self) -> bool:
        """Keep every live service as the platform would, until Ctrl-C or until none is left; whether all ended
        well. Raises HostError when the engine is lost, BrokenPipeError when nobody reads any more."""
        gc.enable()  # from here on it lives for hours
        self.teller.note("serving; Ctrl-C ends it")
        live = [d for d in self._deployed if d.verdict.verdict.good]
        threads = [threading.Thread(target=self._keep, args=(d,), daemon=True) for d in live]
        try:
            for thread in threads:
                thread.start()
            while self._problem is None and any(thread.is_alive() for thread in threads):
                for thread in threads:
                    thread.join(0.5 / len(threads))
                self.teller.check()
        finally:
            self.doors.cancel.set()
            for deployed, thread in zip(live, threads, strict=True):
                if deployed.run is not None:
                    deployed.run.wake()
                if thread.ident is not None:
                    thread.join()
        if self._problem is not None:
            raise self._problem
        return all(d.run is not None and d.run.outcome is not None and d.run.outcome.verdict.good for d in live)

    def _keep(self, deployed: Deployed) -> None:
        """In a thread of its own: one live service."""
        run = deployed.run
        assert run is not None
        try:
            run.keep(self.doors.cancel.is_set)
            assert run.outcome is not None
            if not run.outcome.verdict.good:
                tell_failure(run, run.outcome, deployed.scene, self.settings.deploy, self.teller.tell)
        except Exception as problem:  # noqa: BLE001 - raised again in the thread that serves
            self._problem = problem

    def stop(self, *, at_once: bool) -> None:
        """Stop and remove everything this session started; a live service as the platform would, unless `at_once`
        or the user asks a second time."""
        self.doors.cancel.set()
        while self._deployed:
            run = self._deployed[-1].run
            if run is not None:
                run.stop(hurry=(lambda: True) if at_once else self.doors.hurry)
            self._deployed.pop()
        while self._addresses:
            self._addresses.pop().wait().close()


def exit_code(verdict: Verdict) -> int:
    """0 for a good verdict, 1 where the platform would fail as well, 3 where only this machine is in the way."""
    if verdict.verdict.good:
        return 0
    causes = [service.cause for service in verdict.services if not service.verdict.good]
    return 3 if causes and all(cause is not None and cause.fault is Fault.HOST for cause in causes) else 1


def _can_run(service: Service) -> bool:
    built = (
        service.build.kind in (BuildKind.DOCKERFILE, BuildKind.IMAGE) or service.build.generated_dockerfile is not None
    )
    return service.type in RUNNABLE and built and not _asks_by_grpc(service)


def _asks_by_grpc(service: Service) -> bool:
    return service.probes.startup is not None and service.probes.startup.kind == "grpc"


def _left_out(service: Service) -> Coverage:
    note = f"{service.type.value} services with runtime {service.build.runtime} are planned, not run yet"
    if _asks_by_grpc(service):
        note = "a service with a gRPC startup probe is planned, not run yet"
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


class Ahead(Generic[T]):
    """Work begun in a thread of its own, so that the build need not wait for it: what it imports and asks takes
    longer than a cached build."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._problem: BaseException | None = None
        self._result: list[T] = []
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], T]) -> None:
        try:
            self._result.append(work())
        except BaseException as problem:  # noqa: BLE001 - raised again in `wait`, in the thread that asked
            self._problem = problem

    def wait(self) -> T:
        """What came of it, when it is done. Raises what it raised."""
        self._thread.join()
        if self._problem is not None:
            raise self._problem
        return self._result[0]
