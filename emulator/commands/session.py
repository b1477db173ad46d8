"""One `up` from the first build to the last removal: deploys every service, keeps what is live, ends it all."""

import gc
import threading
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from emulator.commands.ahead import Ahead
from emulator.commands.backing import Backing
from emulator.commands.ending import end_all
from emulator.commands.fleet import Fleet
from emulator.commands.jobs import Jobs
from emulator.commands.planning import Planned
from emulator.commands.recording import Recorder
from emulator.commands.returning import Return, Returning
from emulator.commands.runnable import can_run, left_out
from emulator.commands.teller import Teller
from emulator.commands.underway import Underway, exit_code
from emulator.commands.unmet import errors_of, first_error, nothing_runs, tell_no_plan, tell_refusal
from emulator.commands.waiting import gate
from emulator.engine.build_reach import BuildReach, addresses, stores_of
from emulator.engine.cron_run import CronRun
from emulator.engine.datastores import volume_of
from emulator.engine.deploys import Decided, ServiceContext
from emulator.engine.job import Doors, Settings
from emulator.engine.labels import ROOT, of_project, project_id
from emulator.engine.ordering import needs
from emulator.engine.reuse import Reuse
from emulator.engine.runs import AnyRun
from emulator.model.diagnostic import Diagnostic, HostError, UsageError
from emulator.model.event import (
    ContainerStarted,
    CoverageReported,
    DeployStarted,
    DiagnosticFound,
    Event,
    ServiceVerdict,
    Trigger,
    Verdict,
    VerdictKind,
)
from emulator.model.plan import Coverage, Service
from emulator.model.rule import Fidelity
from emulator.request import Project

if TYPE_CHECKING:
    from emulator.commands.watching import Watcher
    from emulator.world.front import Front

_LOOK_EVERY_S = 0.5


class Session:
    """The services of one `up`, as far as they are started. Its methods may be called from any thread.

    by_schedule: whether a cron job is run on its schedule, instead of once. fronts: the addresses by service, of an
    earlier session and for a later one: whoever gives them closes them.
    """

    def __init__(
        self, planned: Planned, doors: Doors, settings: Settings, teller: Teller, project: Project, *,
        by_schedule: bool = True, fronts: "dict[str, Ahead[Front]] | None" = None,
    ) -> None:  # fmt: skip
        self.planned = planned
        self.doors = doors._replace(
            step_times=project.step_times, keep_step_times=project.keep_step_times, images=project.images()
        )
        self.settings = settings
        self.teller = teller
        self.project = project
        self.watcher: Watcher | None = None
        """Where files are watched: who deploys what is saved."""
        self._recorder = Recorder(teller, project, settings.platform, settings.root)
        self.is_ending = False
        """Whether nothing is deployed any more."""
        self.has_started = False
        """Whether any container was: then there is something to tidy up."""
        self._fleet = Fleet(
            project, self._context_of, next_run=planned.platform.next_run if by_schedule else None,
            lost=self._end_without_service, fronts=fronts,
        )  # fmt: skip
        self.runs = self._fleet.runs
        self._underway: dict[int, Underway] = {}
        self._problem: BaseException | None = None
        self._first = 0
        self._network: str | None = None
        self._backing = self._backed(planned)
        self._over = threading.Event()
        self._deploying = threading.Lock()
        """Deploys are begun one after the other, whoever asks: each by its own plan, whole."""

    # ---- the first deploy, and serving

    def run(
        self, number: int, *, once: bool, trigger: Trigger = "up", meanwhile: Callable[[Verdict], None] | None = None
    ) -> int:
        """Deploy what the plan's services are, and serve; the exit code."""
        services = self.planned.resolution.plan.services
        rest = [left_out(s) for s in services if not can_run(s)]
        runnable = self.runnable(self.planned)
        return self.deploy(number, runnable, once=once, rest=rest, trigger=trigger, meanwhile=meanwhile)

    def runnable(self, planned: Planned) -> list[Service]:
        """What is run of a plan: not a datastore that is there already."""
        services = planned.resolution.plan.services
        return [s for s in services if can_run(s) and s.name not in self.settings.datastores]

    def datastores(self) -> list[Service]:
        """Those of the plan that are run here."""
        return [s for s in self.runnable(self.planned) if s.datastore is not None]

    def deploy(
        self, number: int, runnable: list[Service], *, once: bool, rest: list[Coverage], trigger: Trigger = "up",
        meanwhile: Callable[[Verdict], None] | None = None,
    ) -> int:  # fmt: skip
        """The first deploy, of these services; then serve those that go on, unless `once`. rest: what is said of the
        others. meanwhile: called once all are decided, while what is live runs. The exit code."""
        coverage = [c for c in self.planned.resolution.plan.coverage if c.fidelity is not Fidelity.EXACT]
        coverage += [*rest, *self._backing.coverage()]
        if not runnable:
            return self._nothing(number, trigger, coverage)
        with self._deploying:
            missing = self._unreached(runnable)
            underway = self._begin(number, trigger, runnable, missing=missing)
            self._first = number
            self._launch(underway, runnable, missing)
        underway.wait(s.name for s in runnable)
        self._raise_problem()
        for run in list(self.runs.values()):
            release = run.release(number)
            coverage += release.coverage() if release is not None else ()
        self.teller.tell(CoverageReported(coverage=tuple(coverage)))
        verdict = underway.verdict()
        if meanwhile is not None:
            meanwhile(verdict)
            self._raise_problem()
        was_live = underway.any_live(s.name for s in runnable if not self._is_datastore(s.name))
        if once or not (was_live or self._goes_on()):
            self.stop(at_once=not self.settings.faithful)  # first, so that the verdict is the last line
            self.teller.tell(verdict)
            return exit_code(verdict)
        self.teller.tell(verdict)
        return exit_code(verdict) if self._serve() else exit_code(verdict) or 1

    def _goes_on(self) -> bool:
        """Whether anything is live, or another deploy than the first is made."""
        return self._any_live() or any(number != self._first for number in list(self._underway))

    def _any_live(self) -> bool:
        """Whether anything serves. A datastore that nobody is left to use does not."""
        users = list(self.users().values())
        return any(run.live is not None for run in users or self.runs.values())

    def users(self) -> dict[str, AnyRun]:
        """All but the datastores."""
        return {name: run for name, run in list(self.runs.items()) if not self._is_datastore(name)}

    def _is_datastore(self, name: str) -> bool:
        return self._backing.has(name)

    def _nothing(self, number: int, trigger: Trigger, coverage: list[Coverage]) -> int:
        """Nothing of the plan is run: for the error that the plan told of, or because it is not imitated."""
        plan = self.planned.resolution.plan
        cause = nothing_runs(plan)
        self.teller.tell(CoverageReported(coverage=tuple(coverage)))
        if cause not in plan.diagnostics:
            self.teller.tell(DiagnosticFound(diagnostic=cause))
        verdict = Verdict(deploy=number, verdict=VerdictKind.REFUSED, reason=cause.message)
        self._recorder.begun(number, self.planned, trigger)
        self._recorder.refused(Underway(number, trigger, ()), verdict)
        self.teller.tell(verdict)
        return 1

    def _serve(self) -> bool:
        """Until Ctrl-C or until no service is left; whether all ended well. Raises HostError when the engine is lost,
        BrokenPipeError when nobody reads any more."""
        # From here on it lives for hours. What is there now stays: it is not looked through again at each collection,
        # which would hold up requests, and what a deploy leaves is found early.
        gc.collect()
        gc.freeze()
        gc.enable()
        self._fleet.watch_memory(self.doors.docker, self.settings.root, self._over)
        serves = any(run.live is not None for name, run in self.users().items() if not isinstance(run, CronRun))
        self.teller.note(f"{'serving' if serves else 'waiting for the next run'}; Ctrl-C ends it")
        while not self._over.wait(_LOOK_EVERY_S):
            self.teller.check()
        self._raise_problem()
        return False

    def _raise_problem(self) -> None:
        if self._problem is not None:
            raise self._problem

    # ---- deploys

    def redeploy(
        self, planned: Planned, number: int, *, trigger: Trigger = "up", only: Collection[str] | None = None,
        anyway: Collection[str] = (), afresh: bool = False,
    ) -> Underway:  # fmt: skip
        """Deploy what another plan of the same repository says. only: these services of it, where not all are
        concerned; then one that the check found an error of is refused by itself. anyway: these, whatever the check
        says. afresh: with no image used again. Raises UsageError where that is no deploy of what runs here."""
        runnable = self.deployable(planned, only)
        with self._deploying:
            before = self.planned, self._backing
            self.planned, self._backing = planned, self._backed(planned)
            self.teller.knows(planned)
            concerned = runnable if only is None else [s for s in runnable if s.name in only]
            services = [s for s in concerned if not self._stays(s)] or concerned
            missing = self._unreached(services)
            underway = self._begin(number, trigger, services, missing=missing)
            for diagnostic in planned.resolution.plan.diagnostics:
                if only is None or diagnostic.service is None or diagnostic.service in only:
                    self.teller.tell(DiagnosticFound(diagnostic=diagnostic, service=diagnostic.service, deploy=number))
            wrong = self._refused(planned, services, anyway, all=only is None)
            if planned.resolution.plan.with_errors() and wrong >= {s.name for s in services}:
                self._refuse(underway, planned, only)
                self.planned, self._backing = before  # what is live goes on by its own plan
                self.teller.knows(self.planned)
                return underway
            if wrong:
                for verdict in tell_refusal(planned, self._tell, number, self._fleet.live(), wrong).services:
                    self._decided(Decided(number, verdict))
            begun = [s for s in services if s.name not in wrong]
            reuse = Reuse.NO if afresh else Reuse.SAVED if trigger == "save" else Reuse.SURE
            try:
                self._launch(underway, begun, missing, reuse=reuse)
            except HostError as problem:
                self._write_off(underway, problem)
                raise
            for name in [name for name in self.runs if name not in {s.name for s in runnable}]:
                self.teller.note(f"{name} is not in the plan any more: it goes on as it is")
            return underway

    def accepts(self, planned: Planned) -> None:
        """Raises UsageError where it is no plan of what runs here, or that is just ending."""
        self._refuse_at_the_end()
        if planned.platform.NAME != self.planned.platform.NAME:
            raise UsageError(
                f"`emu up` runs this project as {self.planned.platform.TITLE}, not as {planned.platform.TITLE}",
                help="end it with Ctrl-C there, or with `emu down`, and run the command again",
            )
        self._backed(planned)

    def deployable(self, planned: Planned, only: Collection[str] | None = None) -> list[Service]:
        """What is run of another plan. Raises UsageError where it is no plan of what runs here, or nothing of it would
        be deployed, none of `only`."""
        self.accepts(planned)
        runnable = self.runnable(planned)
        wanted = {service.name for service in runnable}.intersection(only) if only is not None else runnable
        if not wanted and not planned.resolution.plan.with_errors():
            which = ", ".join(sorted(only or ())) or "nothing"
            verb = "are not" if len(only or ()) > 1 else "is not" if only else "is"
            raise UsageError(f"{which} {verb} run of this plan", help="`emu plan` shows what is")
        return runnable

    def _refused(
        self, planned: Planned, services: list[Service], anyway: Collection[str], *, all: bool
    ) -> frozenset[str]:
        """Which of these services the check refuses. anyway: those that it may not. all: each, where it refuses any."""
        names = frozenset(service.name for service in services)
        wrong = errors_of(planned, anyway)
        return names if wrong is None or (all and wrong) else names & wrong

    def _live_users(self) -> dict[str, int | None]:
        """What serves, without datastores, which no plan is asked about."""
        return {name: run.live for name, run in self.users().items()}

    def _backed(self, planned: Planned) -> Backing:
        return Backing(
            planned.resolution.plan.services, dict(self.settings.datastores), self.project, self.settings.folders
        )

    def _stays(self, service: Service) -> bool:
        """Whether it is a datastore that is live as the plan has it: no deploy touches that one."""
        release = self._fleet.release(service.name)
        if service.datastore is None or release is None:
            return False
        return release.job.service == self._jobs.cast(service, self._network).service

    def restarting(self, names: tuple[str, ...]) -> Return:
        """What a restart of these services, or of all, comes to. Raises UsageError for a name that is not live."""
        return self._returning.restart(names)

    def rolling_back(self, to: int | None, names: tuple[str, ...] = ()) -> Return:
        """What a rollback to an earlier deploy comes to, or to the one before; of these services, or of all. Raises
        UsageError where there is none."""
        return self._returning.rollback(to, names)

    def again(self, back: Return, number: int) -> Underway:
        """Replace what is live by that, as this deploy."""
        with self._deploying:
            returning = self._returning
            jobs, live = returning.jobs_of(back, number), self._fleet.newest_live()
            commit = self.planned.resolution.plan.snapshot.commit
            built = (returning.built(live) if live is not None else None, back.image_of)
            self._recorder.begun_again(number, commit, built, returning.changes(jobs))
            underway = self._begin(number, back.trigger, [job.service for job in jobs], image_of=back.image_of)
            for job in jobs:
                self._fleet.deploy(job)
            return underway

    def _refuse_at_the_end(self) -> None:
        if self.is_ending:
            raise UsageError("this `emu up` is just ending", help="run `emu up` again")

    @property
    def _returning(self) -> Returning:
        self._refuse_at_the_end()
        return Returning(self._fleet, self.users(), self._jobs, self._network)

    @property
    def _jobs(self) -> Jobs:
        return Jobs(self.planned, self._backing, self.project, self.settings, self.doors.output_of)

    def withdraw(self, underway: Underway, only: Collection[str] | None = None, *, by: int | None = None) -> None:
        """Cancel what of a deploy is not decided. only: of these services. by: the deploy that takes its place."""
        self._fleet.withdraw(underway.number, only, by=by)

    def _unreached(self, services: list[Service]) -> dict[str, Diagnostic]:
        """Of the datastores that are there already, those that these services need and that cannot be reached."""
        names = {service.name for service in services}
        wanted = [edge.to for edge in self.planned.resolution.plan.edges if edge.from_ in names]
        return self._backing.unreached(wanted, self.doors.unreached)

    def _launch(
        self, underway: Underway, services: list[Service], missing: dict[str, Diagnostic], *, reuse: Reuse = Reuse.SURE
    ) -> None:
        """Begin them all beside each other. Each is built, and then starts when what it needs is decided. missing:
        datastores that nobody can use. reuse: which images need not be built."""
        for name, cause in missing.items():
            self._tell_found(cause)
            verdict = ServiceVerdict(name=name, verdict=VerdictKind.BOOT_FAILED, reason=cause.message, cause=cause)
            self._decided(Decided(underway.number, verdict))
        several = any(s.network_names and s.instances is not None and s.instances.min > 1 for s in services)
        if len(services) > 1 or several or self._backing.is_any:
            self._make_network()
        wanted = needs([*missing, *(s.name for s in services)], self.planned.resolution.plan.edges)
        at_build = self._backing.is_any and any(service.build.private_network for service in services)
        labels = of_project(self.settings.root)
        kept = {volume.name for volume in self.doors.docker.volumes(labels)} if at_build else set()
        # Datastores first: a new one takes longest, and others wait for it.
        live = self._fleet.live()
        jobs = [
            self._jobs.of(underway.number, service, self._network, is_live=live.get(service.name) is not None)
            for service in services
        ]
        for job in sorted(jobs, key=lambda job: job.service.datastore is None):
            name = job.service.name
            passed = gate(name, wanted[name], underway, datastores=self._is_datastore, tell=self._tell_found)
            reach = self._build_reach(job.service, wanted[name], underway, kept)
            self._fleet.deploy(job._replace(gate=passed, reach=reach, reuse=reuse))

    def _build_reach(
        self, service: Service, wanted: frozenset[str], underway: Underway, kept: Collection[str]
    ) -> BuildReach:
        """What the build of a service finds of the private network. kept: volumes with data of earlier runs."""
        used = stores_of(service, self.planned.resolution.plan.edges, self._backing.names)
        stores = [store for store in self.datastores() if store.name in used]
        volumes = [v.volume for store in stores if (v := volume_of(store, self.settings.root)) is not None]
        hosts = {store.datastore.host: store.name for store in stores if store.datastore is not None}
        return BuildReach(
            gate=gate(service.name, used & wanted, underway, datastores=self._is_datastore, tell=self._tell_found),
            hosts=lambda: addresses({h: self._fleet.containers(name) for h, name in hosts.items()}, self.doors.docker),
            data="" if all(volume in kept for volume in volumes) else f"of deploy {underway.number}",
        )

    def _make_network(self) -> None:
        """The project's own network, where its services have names; anew where somebody has removed it since."""
        if self._network is None:
            self.doors.ready()  # what an earlier run left of it is gone
        root = self.settings.root
        labels = {**of_project(root), ROOT: root}
        self._network = self.doors.docker.ensure_network(f"emu-{project_id(root)}", labels)

    def _begin(
        self, number: int, trigger: Trigger, services: list[Service], *, missing: Iterable[str] = (),
        image_of: int | None = None,
    ) -> Underway:  # fmt: skip
        underway = Underway(number, trigger, [*missing, *(s.name for s in services)], image_of=image_of)
        self._underway[number] = underway
        if image_of is None:
            self._recorder.begun(number, self.planned, trigger)
        self._tell(
            DeployStarted(deploy=number, trigger=trigger, still_live=self._fleet.newest_live(), image_of=image_of)
        )
        return underway

    def _context_of(self, name: str) -> ServiceContext:
        return ServiceContext(name, self.doors, self.settings, self._tell, self._decided, self.broke)

    # ---- what comes of them

    def _decided(self, decided: Decided) -> None:
        """From the thread of a service."""
        underway = self._underway.get(decided.deploy)
        if underway is None:  # it was written off
            return
        self._recorder.decided(decided.verdict.name, decided.deploy)
        if underway.decided(decided):
            self._remember(underway)

    def _remember(self, underway: Underway) -> None:
        """One line of the project's history."""
        self._recorder.finished(underway, {name: run.release(underway.number) for name, run in self.users().items()})
        self._finish(underway, underway.verdict())

    def _finish(self, underway: Underway, verdict: Verdict) -> None:
        """The first deploy's verdict is told when what follows from it is decided."""
        if underway.number != self._first:
            self.teller.tell(verdict)
        self._underway.pop(underway.number, None)
        underway.finished.set()
        self._end_without_service()
        if underway.number != self._first:
            # What a deploy leaves in circles is found now, in a millisecond: waiting for the collector's own turn lets
            # the memory of a day's saves grow by a tenth.
            gc.collect()

    def refuse(self, cause: Diagnostic, number: int) -> None:
        """There is no plan of what was saved: nothing is built, and what is live goes on."""
        underway = self._underway[number] = Underway(number, "save", ())
        self._tell(DeployStarted(deploy=number, trigger="save", still_live=self._fleet.newest_live()))
        self._tell(DiagnosticFound(diagnostic=cause, deploy=number))
        self._end_refused(underway, tell_no_plan(cause, self._tell, number, self._live_users()))

    def _refuse(self, underway: Underway, planned: Planned, only: Collection[str] | None) -> None:
        """The check found an error: nothing is built, and what is live goes on."""
        number, plan = underway.number, planned.resolution.plan
        if plan.services:
            verdict = tell_refusal(planned, self._tell, number, self._fleet.live(), only)
        else:
            verdict = tell_no_plan(first_error(plan), self._tell, number, self._live_users())
        self._end_refused(underway, verdict)

    def write_off(self, problem: BaseException) -> None:
        """After the end: what was still under way when it came stays among the deploys, with its reason."""
        for underway in list(self._underway.values()):
            self._write_off(underway, problem)

    def _write_off(self, underway: Underway, problem: BaseException) -> None:
        known = problem.diagnostic.message if isinstance(problem, HostError) else "emu itself failed"
        reason = "interrupted" if isinstance(problem, KeyboardInterrupt) else known
        self._underway.pop(underway.number, None)
        self._fleet.withdraw(underway.number)
        underway.abandon()
        self._recorder.refused(underway, underway.canceled(reason))

    def _end_refused(self, underway: Underway, verdict: Verdict) -> None:
        for service in verdict.services:
            underway.decided(Decided(underway.number, service))
        underway.abandon()
        self._recorder.refused(underway, verdict)
        self._finish(underway, verdict)

    def _end_without_service(self) -> None:
        """Also from the thread of a service: when nothing serves, and nothing is on its way to."""
        if self._first and not self._any_live() and not self._underway:
            self._over.set()

    def broke(self, problem: BaseException) -> None:
        """From another thread: it cannot go on, and nor can we."""
        if self._problem is None:
            self._problem = problem
        for underway in list(self._underway.values()):
            underway.abandon()
        self._over.set()

    def can_be_resumed(self, problem: HostError) -> bool:
        """Whether another session may go on where `problem` ended this one: it had come so far that the engine did
        what it was asked, and the command line is not at fault."""
        return problem.exit_code == 3 and (self.has_started or problem.diagnostic.code == "host/engine-lost")

    def _tell(self, event: Event) -> None:
        self.has_started |= isinstance(event, ContainerStarted)
        self.teller.tell(event)
        self._recorder.heard(event)

    def _tell_found(self, diagnostic: Diagnostic) -> None:
        self._tell(DiagnosticFound(diagnostic=diagnostic, service=diagnostic.service))

    # ---- the end

    def stop(self, *, at_once: bool) -> None:
        """Stop and remove everything this session started; a live service as the platform would, unless `at_once`
        or the user asks a second time. Raises HostError."""
        self.is_ending = True
        users = list(self.users().values())
        docker = self.doors.docker
        hurried = end_all(users, self.doors.hurry, at_once=at_once, is_silent=lambda: docker.is_silent)
        # After those that use them, and never without their grace: they write down what they hold.
        stores = [run for name, run in self.runs.items() if self._is_datastore(name)]
        end_all(stores, self.doors.hurry, hurried=hurried, is_silent=lambda: docker.is_silent)
        self._fleet.close()
        if self._network is not None:
            self.doors.docker.remove_network(self._network)
            self._network = None
