"""All deploys of one service, and the instances that serve it: the loop around the rollout state machine.

It runs in a thread of its own from the first deploy to the last removal. Preparing a deploy and each instance have
threads of their own and report to it.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Literal, TypedDict

from emulator.model.control import InstanceStatus
from emulator.model.diagnostic import Diagnostic
from emulator.model.event import (
    DiagnosticFound,
    Live,
    Phase,
    ServiceVerdict,
    Sleep,
    TrafficMoved,
    TrafficShare,
    VerdictKind,
)
from emulator.model.plan import Service
from emulator.model.record import replace
from emulator.model.router import Router
from emulator.world.clock import Clock
from emulator.world.front import Front

from . import datastores, deploy_steps, problems, rollout
from . import rollout_steps as steps
from .autoscaling import least_instances
from .boot_steps import Outcome
from .container_run import Address
from .deploys import Decided, Deploys, ServiceContext
from .initial_hook import is_due, run_initial_hook
from .instance_run import InstanceRun, What
from .job import Job, Tell
from .loop import Loop
from .release import Release, rules_of
from .rollout_steps import Unit
from .serving import Serving
from .site_run import SiteRun

JUST_S = 2.0
"""How long ago a kill for lack of memory is the reason of an answer that broke off."""

_PHASES: dict[str, Phase] = {
    "unhealthy": "health",
    "no-port": "port",
    "no-http": "port",
    "loopback": "port",
    "other-port": "port",
    "startup-probe": "health",
}


class _Common(TypedDict):
    """What every kind of instance is given."""

    clock: Clock
    tell: Tell
    report: Callable[[steps.Observation | BaseException], None]
    url: str | None


class ServiceRun:
    """Makes one deploy after the other, keeps what is live as the platform would, and ends it all.

    lost: called when nothing of the service is left that once was live. url_of: where another service is reached, None
    while it is not live.
    """

    def __init__(
        self, context: ServiceContext, *, front: Callable[[], Front], lost: Callable[[], None],
        url_of: Callable[[str], str | None] = lambda _name: None,
    ) -> None:  # fmt: skip
        self.name, self.doors, self.settings, self.tell, self._decided, self._problem = context
        self._front = front
        self._lost = lost
        self._url_of = url_of
        self._state = steps.State()
        self._deploys = Deploys(context, report=self._reported, serves=self._serves)
        self._jobs, self._releases = self._deploys.jobs, self._deploys.releases
        self._instances: dict[int, InstanceRun | SiteRun] = {}
        self._serving = Serving(
            self.settings, self.doors.clock, self.tell, self._reported, lambda deploy: self._jobs[deploy].service,
            busy=self._busy, ran_out=self._ran_out,
        )
        self._served_from = 0.0
        self._idleness: threading.Thread | None = None
        self._over = threading.Event()
        self._ending = threading.Event()
        self._loop: Loop[steps.Observation, steps.Action] = Loop(self.doors.clock, self._take, self._perform)
        self._thread = threading.Thread(target=self._run, name=f"service-{self.name}", daemon=True)
        self._thread.start()

    # ---- what others ask of it

    def deploy(self, job: Job) -> None:
        """Make this deploy; `decided` is called with what came of it."""
        job = self._serving.named(job)
        self._jobs[job.deploy] = job._replace(kept=job.kept | self._serving.names.keys())
        self._loop.put(deploy_steps.Asked(at=self.doors.clock.now(), deploy=job.deploy))

    def withdraw(self, deploy: int, *, by: int | None = None) -> None:
        """Cancel a deploy that is not decided yet. by: the one that takes its place."""
        self._loop.put(deploy_steps.Withdrawn(at=self.doors.clock.now(), deploy=deploy, by=by))

    @property
    def live(self) -> int | None:
        """The deploy that serves."""
        return self._state.good

    @property
    def under_way(self) -> int | None:
        """The deploy being made."""
        return self._state.current

    @property
    def url(self) -> str | None:
        """Where its requests arrive, once an instance was started; None where the platform sends it none."""
        return next((instance.url for instance in self._instances.values()), None)

    def instances(self) -> tuple[InstanceStatus, ...]:
        """Its containers, and what each is there for."""
        found = []
        for instance in list(self._instances.values()):
            unit = instance.unit
            role = rollout.role(self._state, unit)
            found += [
                InstanceStatus(container=id, deploy=unit.deploy, instance=unit.slot, role=role)
                for id in instance.containers
            ]
        return tuple(found)

    def tell_oom(self, container: str) -> None:
        """A process in one of its containers was killed for lack of memory."""
        for instance in list(self._instances.values()):
            instance.tell_oom(container)

    def release(self, deploy: int) -> Release | None:
        """What a deploy of this run runs, or ran; None for one that was never ready."""
        return self._releases.get(deploy)

    def end(self, *, at_once: bool) -> None:
        """Begin to end it all: what is live as the platform would, the rest without ceremony."""
        self._ending.set()
        self._loop.put(steps.EndAsked(at=self.doors.clock.now(), at_once=at_once))

    def wait(self, timeout_s: float) -> bool:
        """Whether all has ended within the time."""
        return self._over.wait(timeout_s)

    def hurry(self) -> None:
        """Nobody waits for a grace any more."""
        self._loop.put(steps.Hurried(at=self.doors.clock.now()))

    def sweep(self) -> None:
        """After the end: wait for what is still being prepared, and remove what an error kept from being removed.
        Raises HostError."""
        self._ending.set()
        self._deploys.call_off_all()
        self._deploys.join()
        for instance in list(self._instances.values()):
            instance.order("remove")
            instance.join()
        self._deploys.drop_sandboxes(())

    @property
    def has_revisions(self) -> bool:
        """Whether its deploys live beside each other."""
        return bool(self._serving.names)

    def traffic(self, shares: Mapping[str, int] | None, tags: Mapping[str, str] | None) -> tuple[TrafficShare, ...]:
        """Who gets its requests: from now on by these shares and tags of revisions, where any are given. Raises
        UsageError for what cannot be."""
        if shares is not None or tags is not None:
            deploys = self._serving.change(shares, tags, self._state)
            self._loop.put(steps.Shared(at=self.doors.clock.now(), deploys=deploys))
        return self._serving.split(self._state)

    # ---- the loop

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                self._loop.turn()
        except BaseException as problem:  # noqa: BLE001 - raised again by who waits for this service
            self._ending.set()
            self._deploys.call_off_all()
            self._serving.close()
            self._over.set()
            self._problem(problem)

    def _take(self, seen: steps.Observation) -> tuple[steps.Action, ...]:
        was_asleep = self._state.asleep
        self._state, actions = rollout.step(self._rules, self._state, seen)
        if isinstance(seen, steps.Woken | steps.Scaled) and was_asleep and not self._state.asleep:
            self.tell(Sleep(service=self.name, deploy=self._state.good, asleep=False))
        elif isinstance(seen, steps.Scaled) and self._state.asleep and not was_asleep:
            self._tell_asleep()
        if isinstance(seen, steps.Gone):
            self._instances.pop(seen.unit.id, None)
        elif isinstance(seen, steps.Up) and seen.unit.id in self._instances:
            self._serving.started(seen.unit, seen.at)
        elif isinstance(seen, steps.Scaled | steps.Shared):
            self._show()
        return actions

    def _rules(self, deploy: int) -> steps.Rules:
        """How a deploy takes the place of others, by its own plan."""
        service = self._jobs[deploy].service
        return steps.Rules(
            replacement=rules_of(service, self.settings).lifecycle.replacement,
            instances=least_instances(service),
            grace_s=service.shutdown.grace_seconds,
            faithful=self.settings.faithful,
            scales=service.scaling is not None,
            keeps=self._serving.beside(deploy),
        )

    def _perform(self, action: steps.Action) -> None:
        match action:
            case deploy_steps.Prepare():
                self._prepare(action.deploy)
            case deploy_steps.CallOff():
                self._deploys.call_off(action.deploy)
            case steps.Start():
                self._start(action.unit)
            case steps.Serve():
                self._serve(action.units)
            case steps.Announce():
                self._announce(action.unit)
            case steps.Drain():
                self._drain(action)
            case steps.Terminate():
                self._order(action.unit, "terminate")
            case steps.Kill():
                self._order(action.unit, "kill")
            case steps.Remove():
                self._order(action.unit, "remove")
            case steps.Wait():
                self._loop.see(steps.Passed(at=self.doors.clock.now(), unit=action.unit, stage=action.stage))
            case steps.Settle():
                self._settle(action)
            case steps.Lost():
                self._tell_lost(action.unit)
            case steps.Unstarted():
                self._tell_unstarted(action.unit)
            case deploy_steps.Over():
                self._serving.close()
                self._over.set()

    def _prepare(self, deploy: int) -> None:
        """Unless the platform does not begin with it."""
        refused = self._serving.refusal(self._jobs[deploy], self._state)
        if refused is None:
            self._deploys.prepare(deploy)
        else:
            self._deploys.refuse(deploy, refused)

    # ---- instances

    def _start(self, unit: Unit) -> None:
        release = self._releases[unit.deploy]
        service = release.job.service
        reason = self._serving.reason(unit, self._state)
        parts = tuple(part._replace(reason=reason) for part in release.parts(unit))
        ahead = release.sandbox.take() if release.sandbox is not None else None
        what = What(unit=unit, service=service, parts=parts, volumes=release.shared(unit), sandbox=ahead)
        front = self._front() if service.type in ("web", "static") else None
        if front is not None and not self._state.served:  # until one serves, the platform's own pages are shown
            front.set_router(service.router or Router())
        url = front.url if front is not None else None
        common: _Common = {"clock": self.doors.clock, "tell": self.tell, "report": self._reported, "url": url}
        instance = (
            SiteRun(unit, service, release.published, url_of=self._url_of, **common)
            if release.published is not None
            else InstanceRun(
                what, docker=self.doors.docker, hears_requests=service.scaling is not None,
                replaces=self._state.good not in (None, unit.deploy), **common,
            )
        )
        self._instances[unit.id] = instance
        self._serving.starts(unit)
        instance.start()

    def _busy(self, address: Address, is_busy: bool) -> None:  # noqa: FBT001 - what the front tells
        """From the front's thread: an instance has got its first request, or answered its last."""
        for instance in list(self._instances.values()):
            if isinstance(instance, InstanceRun) and instance.target == address:
                instance.attention.set_busy(is_busy)

    def _ran_out(self) -> bool:
        """Whether an instance has just been killed for its memory."""
        since = self.doors.clock.now() - JUST_S
        instances = [i for i in list(self._instances.values()) if isinstance(i, InstanceRun)]
        return any(i.ran_out_at is not None and i.ran_out_at >= since for i in instances)

    def _serves(self) -> bool:
        return self._state.good is not None

    def _reported(self, seen: steps.Observation | BaseException) -> None:
        """From any thread."""
        self._loop.put(seen)

    def _serve(self, units: tuple[Unit, ...]) -> None:
        front = self._front()
        if units:
            self._served_from = self.doors.clock.now()
            front.set_router(self._router(units))
        if self._state.good is not None and self._state.target == self._state.good:
            self._serving.went_live(self._state.good)
        if self._show():
            self.tell(TrafficMoved(service=self.name, split=self._serving.split(self._state)))
            return
        if units:
            self._may_sleep(front, self._jobs[units[-1].deploy].service)
        elif self._state.asleep:
            self._sleep(front)
        targets = (self._instances[unit.id].target for unit in units)
        front.set_instances([target for target in targets if target is not None])
        counts = Counter(unit.deploy for unit in units)
        split = tuple(
            TrafficShare(deploy=deploy, percent=round(100 * count / len(units)), instances=count)
            for deploy, count in sorted(counts.items())
        )
        self.tell(TrafficMoved(service=self.name, split=split))

    def _router(self, units: tuple[Unit, ...]) -> Router:
        """Of the newest deploy that gets requests."""
        return self._releases[max(unit.deploy for unit in units)].job.service.router or Router()

    def _show(self) -> bool:
        """Where instances follow the requests: tell the front who gets which; whether that is so."""
        instances = [i for i in self._instances.values() if i.target is not None]
        addresses = {instance.unit: instance.target for instance in instances if instance.target is not None}
        return self._serving.show(self._front(), self._state, addresses)

    def _tell_unstarted(self, unit: Unit) -> None:
        """Requests asked for an instance that cannot be had; its deploy stays, and the next request tries again."""
        outcome, cause = self._cause(self._instances[unit.id])
        del outcome
        self._serving.unstarted(self._front(), unit, self._state)
        self.tell(DiagnosticFound(service=self.name, deploy=unit.deploy, diagnostic=cause))

    def _may_sleep(self, front: Front, service: Service) -> None:
        """See from now on whether it is without requests for too long, where that is asked for."""
        after_s = self.settings.sleep_after_s
        if after_s is not None and service.lifecycle.sleep_after_s is not None and self._idleness is None:
            args = (front, after_s)
            self._idleness = threading.Thread(target=self._watch_idleness, args=args, daemon=True)
            self._idleness.start()

    def _sleep(self, front: Front) -> None:
        """From now on a request waits, and wakes it."""
        front.sleep(lambda: self._loop.put(steps.Woken(at=self.doors.clock.now())))
        self._tell_asleep()

    def _tell_asleep(self) -> None:
        self.tell(Sleep(service=self.name, deploy=self._state.good, asleep=True, after_s=self.settings.sleep_after_s))

    def _watch_idleness(self, front: Front, after_s: float) -> None:
        """In a thread of its own, as long as the service runs: see when it is without requests for too long."""
        while not self._over.wait(min(1.0, after_s / 4)):
            served = self._state.phase == "idle" and bool(self._state.served)
            if served and min(front.idle_s(), self.doors.clock.now() - self._served_from) >= after_s:
                self._loop.put(steps.Idle(at=self.doors.clock.now()))

    def _announce(self, unit: Unit) -> None:
        instance = self._instances[unit.id]
        seconds = self.doors.clock.now() - instance.begun
        port, others = instance.ports
        revision = self._serving.names.get(unit.deploy)
        self.tell(
            Live(
                **instance.who(), url=instance.url, seconds=seconds, port=port, other_ports=others, revision=revision
            )
        )  # fmt: skip

    def _order(self, unit: Unit, what: Literal["terminate", "kill", "remove"]) -> None:
        instance = self._instances.get(unit.id)
        if instance is not None:  # else it has ended since that was decided
            instance.order(what)

    def _drain(self, action: steps.Drain) -> None:
        target = self._instances[action.unit.id].target
        threading.Thread(target=self._drained, args=(action, target), daemon=True).start()

    def _drained(self, action: steps.Drain, target: Address | None) -> None:
        """In a thread of its own."""
        try:
            if target is None or self._front().drain(target, action.timeout_s):
                self._loop.put(steps.Drained(at=self.doors.clock.now(), unit=action.unit))
        except BaseException as problem:  # noqa: BLE001 - raised again by the loop
            self._loop.put(problem)

    # ---- the verdict

    def _settle(self, settle: steps.Settle) -> None:
        if settle.result == "live":
            self._settled_live(settle)
        elif settle.result == "canceled":
            self._decided(self._deploys.canceled(settle.deploy, by=settle.by, still_live=settle.still_live))
        elif settle.unit is None:
            self._decided(self._deploys.unready(settle.deploy, still_live=settle.still_live))
        else:
            self._settled_failed(settle, settle.unit)
        self._forget()

    def _settled_live(self, settle: steps.Settle) -> None:
        assert settle.unit is not None
        outcome = self._instances[settle.unit.id].outcome
        assert outcome is not None
        reason = f"{self.name} is {outcome.reason}"
        verdict = ServiceVerdict(name=self.name, verdict=VerdictKind.LIVE, reason=reason)
        decided = Decided(settle.deploy, verdict, outcome.platform_seconds)
        release = self._releases[settle.deploy]
        if not is_due(release):
            self._decided(decided)
            return
        self._deploys.beside("initial-hook", lambda: self._hooked(release, decided))

    def _hooked(self, release: Release, decided: Decided) -> None:
        """In a thread of its own: the deploy is decided when its hook has ended, whichever way."""
        cause = run_initial_hook(release, self.doors, self.settings, self.tell, self._ending)
        if cause is not None:
            self.tell(DiagnosticFound(service=self.name, deploy=decided.deploy, diagnostic=cause))
        self._decided(decided)

    def _settled_failed(self, settle: steps.Settle, unit: Unit) -> None:
        instance = self._instances[unit.id]
        outcome, cause = self._cause(instance)
        decided = self._deploys.failed(
            settle.deploy, _PHASES.get(outcome.code, "boot"), outcome.verdict, cause, code=outcome.code,
            still_live=settle.still_live, platform_seconds=outcome.platform_seconds, container=_at_fault(instance),
        )  # fmt: skip
        self._decided(decided)

    def _tell_lost(self, unit: Unit) -> None:
        if self._idleness is not None:
            self._front().give_up()
        instance = self._instances[unit.id]
        outcome, cause = self._cause(instance)
        phase, container = _PHASES.get(outcome.code, "boot"), _at_fault(instance)
        self._deploys.failed(unit.deploy, phase, outcome.verdict, cause, code=outcome.code, container=container)
        self._lost()

    def _cause(self, instance: InstanceRun | SiteRun) -> tuple[Outcome, Diagnostic]:
        """Why an instance is not live (any more)."""
        outcome = instance.outcome
        assert outcome is not None
        if instance.failure is not None:
            return outcome, instance.failure
        release, judged = self._releases[instance.unit.deploy], instance.judged
        scene = release.scenes.get(judged.container, release.scene)
        cause = problems.boot_cause(judged.service, outcome, instance.last_lines, scene)
        cause = problems.with_files(cause, instance.written_mib)
        if judged.service.datastore is not None:
            cause = datastores.failed(judged.service, cause, instance.last_lines)
        if outcome.code != "oom" and instance.was_short_of_memory():
            fact = "a process it started was killed for lack of memory"
            cause = replace(cause, facts=(*cause.facts, fact))
        if (container := _at_fault(instance)) is not None:
            cause = replace(cause, message=f"{container}: {cause.message}")
        return outcome, cause

    def _forget(self) -> None:
        """What no deploy to come can go back to."""
        state = self._state
        needed = {state.current, state.waiting, state.target, state.good}
        needed |= {instance.unit.deploy for instance in self._instances.values()}
        if state.good is not None:
            needed |= {one.deploy for one in self._serving.targets(state.good)}
        self._serving.forget(needed)
        self._deploys.forget(needed | self._serving.names.keys())  # a revision can be given requests again


def _at_fault(instance: InstanceRun | SiteRun) -> str | None:
    """The container that an outcome is on account of, where there are several."""
    return instance.judged.container if len(instance.service.containers) > 1 else None
