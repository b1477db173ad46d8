"""What stands between a service's address and its instances: who gets which requests, and how many that takes.

Belongs to the thread of the service's loop, but for `change` and what `names` and `numbers` say.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from statistics import fmean

from emulator.model.diagnostic import Diagnostic, Fault, UsageError, info
from emulator.model.event import DiagnosticFound, Event, RequestRefused, StartReason, TrafficShare
from emulator.model.plan import Service, Traffic
from emulator.model.record import replace
from emulator.world.clock import Clock
from emulator.world.front import Front, InstanceGroup

from . import autoscaling, rollout_steps, traffic
from .job import Job, Settings
from .resizing import all_slots
from .rollout_steps import Unit
from .scaler_run import Busy, ScalerRun

Address = tuple[str, int]

NOTICE_S = 0.8
"""How long the engine may take to say that a process was killed for its memory."""
_KEPT_REVISIONS = 20
"""That get no requests and can be given some again."""


class Serving:
    """Of one service. report: told what its rollout is to see. service_of: what a deploy runs. busy: see `ScalerRun`.
    ran_out: whether an instance has just been killed for its memory."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        tell: Callable[[Event], None],
        report: Callable[[rollout_steps.Observation], None],
        service_of: Callable[[int], Service],
        *,
        busy: Busy | None = None,
        ran_out: Callable[[], bool] = lambda: False,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._tell = tell
        self._report = report
        self._service_of = service_of
        self._busy = busy
        self._ran_out = ran_out
        self._closed = False
        self._scaler: ScalerRun | None = None
        self._starting: dict[Unit, float] = {}
        self._startups: dict[int, list[float]] = {}
        self._spec: dict[int, tuple[Traffic, ...]] = {}
        self._shown: tuple[InstanceGroup, ...] | None = None
        self._capped: int | None = None
        """How many instances the platform would start at most, where all that run here do; None: that is told."""
        self._named = 0
        self.numbers: dict[str, int] = {}
        """Revisions by their names, and the deploys that made them; also those that never were live."""
        self.names: dict[int, str] = {}
        self.traffic: tuple[Traffic, ...] = ()
        """What it is to be, in the platform's own terms."""

    # ---- revisions

    def named(self, job: Job) -> Job:
        """A deploy of the service under the name of its own."""
        service, name = traffic.named(job.service, self._named + 1)
        if name:
            self._named += 1
            self.numbers.setdefault(name, job.deploy)
            self.names[job.deploy] = name
        return job._replace(service=service)

    def refusal(self, job: Job, state: rollout_steps.State) -> Diagnostic | None:
        """Why the platform does not begin with a deploy."""
        service, revisions = job.service, job.service.revisions
        if revisions is None:
            return None
        name = self.names[job.deploy]
        if self.numbers[name] != job.deploy:
            return traffic.same_name(service.name, name)
        if state.good is None and revisions.mode == "hold" and revisions.held_back is not None:
            return traffic.held_back(service, revisions.held_back)
        wanted = traffic.traffic_after(self.traffic, service, name, self.names.get(state.good or 0))
        ready = self._ready()
        unknown = _unknown(wanted, {*ready, name})
        if unknown:
            return traffic.unknown_revision(service.name, unknown, ready)
        self._spec[job.deploy] = wanted
        return None

    def beside(self, deploy: int) -> frozenset[int]:
        """The deploys that get requests beside this one, once it is live."""
        spec = self._spec.get(deploy)
        if spec is None:
            return frozenset()
        return traffic.beside(traffic.targets(spec, deploy, self.numbers), deploy)

    def went_live(self, deploy: int) -> None:
        self.traffic = self._spec.get(deploy, ())

    def change(
        self, shares: Mapping[str, int] | None, tags: Mapping[str, str] | None, state: rollout_steps.State
    ) -> frozenset[int]:
        """Share the requests so from now on; the deploys beside the newest one. Raises UsageError."""
        if state.good is None or state.good not in self.names:
            raise UsageError("nothing is live whose requests could be shared", help="deploy with `emu up`")
        wanted = traffic.changed(self.traffic, shares, tags)
        ready = self._ready()
        unknown = _unknown(wanted, {*ready})
        if unknown:
            raise UsageError(f"there is no revision {unknown[0]!r}", help=f"there are {', '.join(ready)}, and LATEST")
        self.traffic = self._spec[state.good] = wanted
        return self.beside(state.good)

    def _ready(self) -> tuple[str, ...]:
        """The names of those that were live, oldest first."""
        return tuple(
            name for name, deploy in sorted(self.numbers.items(), key=lambda p: p[1]) if deploy in self._startups
        )

    def forget(self, needed: Collection[int | None]) -> None:
        """Drop what is known of deploys, but of these and of the newest revisions: the platform keeps a thousand, and
        a service that is deployed at each save has as many in a day."""
        old = sorted(self.names)[:-_KEPT_REVISIONS]
        for deploy in (deploy for deploy in old if deploy not in needed):
            name = self.names.pop(deploy)
            if self.numbers.get(name) == deploy:
                del self.numbers[name]
        kept = {*needed, *self.names}
        self._startups = {deploy: seconds for deploy, seconds in self._startups.items() if deploy in kept}
        self._spec = {deploy: wanted for deploy, wanted in self._spec.items() if deploy in kept}
        self._starting = {unit: began for unit, began in self._starting.items() if unit.deploy in kept}

    # ---- requests

    def starts(self, unit: Unit) -> None:
        """An instance is made from now on."""
        self._starting[unit] = self._clock.now()

    def started(self, unit: Unit, at: float) -> None:
        """It is live: how long that took counts the first time."""
        began = self._starting.pop(unit, None)
        if began is not None:
            self._startups.setdefault(unit.deploy, []).append(at - began)

    def reason(self, unit: Unit, state: rollout_steps.State) -> StartReason:
        """Why an instance is started."""
        service = self._service_of(unit.deploy)
        if service.scaling is None or state.current == unit.deploy or state.phase == "reverting":
            return "deploy"
        least = service.instances.min if service.instances else 0
        return "minimum" if unit.slot <= least else "requests"

    def show(self, front: Front, state: rollout_steps.State, addresses: Mapping[Unit, Address]) -> bool:
        """Tell the front who gets the requests, where instances follow them; whether that is so."""
        good = state.good
        service = self._service_of(good) if good is not None else None
        if service is None or service.scaling is None or good is None:
            return False
        if self._scaler is None:
            self._scaler = ScalerRun(
                front, self._clock, self._report, lambda event: self._tell_refused(service.name, event),
                scale=self._settings.scale, busy=self._busy,
            )  # fmt: skip
            self._scaler.start()
        found = self.targets(good)
        groups = tuple(self._group(one, state, addresses) for one in found)
        if groups != self._shown:
            self._shown = groups
            front.set_groups(groups)
        followed = {one.deploy: self._scaling(one.deploy) for one in found}
        self._scaler.follow({deploy: rules for deploy, rules in followed.items() if rules is not None})
        return True

    def unstarted(self, front: Front, unit: Unit, state: rollout_steps.State) -> None:
        """An instance that was to come could not: what waits is told so, unless others may take it."""
        slots = [slot for slot in all_slots(state) if unit.deploy in _deploys(slot)]
        if self._scaler is not None:
            self._scaler.unstarted(unit.deploy, len(slots))
        if not slots:
            front.turn_away(unit.deploy, "unstarted")

    def targets(self, good: int) -> tuple[traffic.Target, ...]:
        """Who gets what, while this is the newest deploy that is live."""
        return traffic.targets(self._spec.get(good, ()), good, self.numbers)

    def split(self, state: rollout_steps.State) -> tuple[TrafficShare, ...]:
        """The same for people and programs, with the instances that take it."""
        if state.good is None:
            return ()
        counts = [unit.deploy for unit in state.served]
        return tuple(
            TrafficShare(
                deploy=one.deploy, percent=one.percent, instances=counts.count(one.deploy),
                revision=self.names.get(one.deploy), tags=one.tags,
            )
            for one in self.targets(state.good)
            if one.percent or one.tags or one.deploy in counts
        )  # fmt: skip

    def close(self) -> None:
        self._closed = True
        if self._scaler is not None:
            self._scaler.close()

    def _scaling(self, deploy: int) -> autoscaling.Rules | None:
        return autoscaling.rules_of(
            self._service_of(deploy), scale=self._settings.scale, zero_s=self._settings.sleep_after_s
        )

    def _group(
        self, one: traffic.Target, state: rollout_steps.State, addresses: Mapping[Unit, Address]
    ) -> InstanceGroup:
        service = self._service_of(one.deploy)
        scaling = service.scaling
        assert scaling is not None
        live = [unit for unit in state.served if unit.deploy == one.deploy]
        slots = [slot for slot in all_slots(state) if one.deploy in _deploys(slot)]
        unready = not live and any(slot.serving is not None and slot.serving.id in state.out for slot in slots)
        most = service.instances.max if service.instances else 1
        if len(slots) >= autoscaling.MOST_HERE < most:
            self._capped = most
        startups = self._startups.get(one.deploy)
        least_s = scaling.queue_least_s  # not scaled: instances start no faster than they do
        return InstanceGroup(
            key=one.deploy, addresses=tuple(addresses[unit] for unit in live if unit in addresses),
            percent=one.percent, tags=one.tags, at_once=service.concurrency,
            holds=not unready and state.phase not in ("ending", "over"),
            patience_s=max(least_s, scaling.queue_startups * fmean(startups)) if startups else least_s,
            none_page="unready" if unready else "no_instance",
            affinity=service.revisions.affinity_cookie if service.revisions else None,
            late_page="saturated" if len(slots) >= most else "no_instance",
        )  # fmt: skip

    def _tell_refused(self, service: str, event: RequestRefused) -> None:
        """An instance that broke off may have been killed for its memory, which is known a moment later."""
        told = replace(event, service=service)
        if event.reason in ("no_instance", "saturated") and self._capped is not None:
            self._tell(DiagnosticFound(service=service, diagnostic=_capped_here(service, self._capped)))
            self._capped = None  # once is enough
        if event.reason != "reset":
            self._tell(told)
            return
        later = threading.Timer(NOTICE_S, lambda: self._tell_reset(told))
        later.daemon = True
        later.start()

    def _tell_reset(self, event: RequestRefused) -> None:
        if not self._closed:
            self._tell(replace(event, reason="out_of_memory") if self._ran_out() else event)


def _capped_here(service: str, most: int) -> Diagnostic:
    here = autoscaling.MOST_HERE
    return info(
        "up/instances-capped",
        f"a request was turned away at {here} instances, the most of a revision that run here",
        service=service, fault=Fault.GAP,
        facts=(f"the platform would have started more, up to {most}",),
        help="ask for less at once here, or let an instance take more requests at a time",
    )  # fmt: skip


def _deploys(slot: rollout_steps.Slot) -> set[int]:
    return {unit.deploy for unit in (slot.serving, slot.coming) if unit is not None}


def _unknown(wanted: tuple[Traffic, ...], known: set[str]) -> list[str]:
    return [one.revision for one in wanted if one.revision is not None and one.revision not in known]
