"""What a person sees of a running `up`: a value made of its events, one after the other, which others draw."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

from emulator.model.event import (
    NO_PLAN,
    BuildFinished,
    BuildRunning,
    BuildStarted,
    BuildStep,
    ContainerStarted,
    CronEvent,
    DeployCanceled,
    DeployFailed,
    DeployStarted,
    EngineSilent,
    Event,
    FilesSaved,
    Live,
    Log,
    OutOfMemory,
    PortDetected,
    PreDeployFinished,
    PreDeployStarted,
    ProbeAttempt,
    Restarted,
    Rotation,
    RunFinished,
    Sleep,
    TaskEvent,
    TrafficMoved,
)
from emulator.model.plan import Service
from emulator.model.record import Record, replace

Stage = Literal[
    "waiting", "building", "preparing", "starting", "live", "asleep", "waking", "restarting", "unready", "failed",
    "canceled", "scheduled", "running", "succeeded",
]  # fmt: skip
"""What a service does, seen from outside."""

COMING: frozenset[Stage] = frozenset({"waiting", "building", "preparing", "starting", "running"})


class Probed(NamedTuple):
    """The last attempt of a probe, of the newest deploy that is asked."""

    kind: str
    ok: bool
    detail: str
    at: float
    deploy: int | None


class Progress(NamedTuple):
    """A build under way. stages: of each that has begun, how many of how many steps have ended. running: the steps that
    go on for longer, the first of them first."""

    since: float
    stages: tuple[tuple[str, int, int], ...] = ()
    running: "tuple[Step, ...]" = ()

    @property
    def done(self) -> int:
        return sum(done for _, done, _ in self.stages)

    @property
    def total(self) -> int:
        return sum(total for _, _, total in self.stages)


class Step(NamedTuple):
    """A step that goes on since `since`. last_time_s: how long it took in the last good build, where that is known."""

    name: str
    since: float
    last_time_s: float | None


class ServiceView(Record, frozen=True, kw_only=True):
    """One service. All times are those of events.

    deploy: the newest one, which is at `stage` since `since`. live: the one that serves. problem: what became of the
    newest one instead, and its reason; is_refused: by the check, so that it could be built anyway; lacks_plan: as
    there was none to be checked. warning: what happened to the one that serves, at `warned`. last_build_s: how long the
    build before took. memory: MiB in use and the limit, of the container that is nearest to its own. is_open: whether
    its newest container was seen to listen.
    """

    name: str
    is_store: bool = False
    has_port: bool = True
    is_open: bool = False
    stage: Stage = "waiting"
    since: float = 0.0
    deploy: int | None = None
    live: int | None = None
    url: str | None = None
    build: Progress | None = None
    last_build_s: float | None = None
    probe: Probed | None = None
    memory: tuple[int, int | None] | None = None
    instances: int = 0
    problem: str = ""
    reason: str = ""
    is_refused: bool = False
    lacks_plan: bool = False
    warning: str = ""
    warned: float = 0.0
    note: str = ""


class View(Record, frozen=True, kw_only=True):
    """All of it. triggers: what each deploy was asked for by. chosen: the service that keys are about, by its place.
    only: the one whose log lines alone are shown. notice: what is said for a moment, since `noticed`. watches:
    whether saves are deployed; is_paused: not until asked again, and `held` were not yet. is_once: whether all ends
    with the verdict. silent_since: from when on the engine answers nothing."""

    services: tuple[ServiceView, ...] = ()
    triggers: dict[int, str] = {}
    chosen: int = 0
    only: str | None = None
    shows_help: bool = False
    notice: str = ""
    noticed: float = 0.0
    watches: bool = False
    is_once: bool = False
    is_paused: bool = False
    held: int = 0
    silent_since: float | None = None
    is_ending: bool = False

    @property
    def chosen_service(self) -> ServiceView | None:
        return self.services[self.chosen] if self.chosen < len(self.services) else None


def knows(view: View, services: Iterable[Service]) -> View:
    """The services of a plan, in its order; what is known of those that were there stays, and so do those that are in
    the plan no more but were deployed."""
    known = {one.name: one for one in view.services}
    found = [
        replace(
            known.pop(service.name, ServiceView(name=service.name)),
            is_store=service.datastore is not None,
            has_port=service.port is not None,
        )
        for service in services
    ]
    gone = [one for one in known.values() if one.deploy is not None]
    chosen = view.chosen_service
    order = [one.name for one in (*found, *gone)]
    at = order.index(chosen.name) if chosen is not None and chosen.name in order else 0
    return replace(view, services=(*found, *gone), chosen=at)


def measured(view: View, memory: Mapping[str, tuple[int, int | None] | None]) -> View:
    """The same with what was measured of each service now; None: nothing of it runs."""
    return replace(view, services=tuple(replace(one, memory=memory.get(one.name)) for one in view.services))


def noticed(view: View, text: str, at: float) -> View:
    return replace(view, notice=text, noticed=at)


def paused(view: View, *, paused: bool) -> View:
    """From now on saves are not deployed; or they are again, with those that were not."""
    return replace(view, is_paused=paused, held=0)


def ending(view: View) -> View:
    return replace(view, is_ending=True)


def seen(view: View, event: Event) -> View:
    """The view after `event`."""
    match event:
        case Log():
            return view
        case EngineSilent():
            return replace(view, silent_since=event.at - event.seconds if event.silent else None)
        case DeployStarted() if event.deploy is not None:
            recent = dict(list(view.triggers.items())[-50:])
            return replace(view, triggers={**recent, event.deploy: event.trigger})
        case FilesSaved(held=True):
            return replace(view, held=view.held + 1)
        case FilesSaved():
            view = _each(view, _with_plan) if event.has_plan else view
            return _each(view, lambda one: _turned(one, event) if one.name in event.deploys else one)
        case _ if event.service is not None:
            again = view.triggers.get(event.deploy or 0) == "restart"
            return _each(
                view, lambda one: _told(_turned(one, event), event, again=again) if one.name == event.service else one
            )
        case _:
            return view


def _each(view: View, change: Callable[[ServiceView], ServiceView]) -> View:
    services = tuple(change(one) for one in view.services)
    is_same = all(one is before for one, before in zip(services, view.services, strict=True))
    return view if is_same else replace(view, services=services)


def _with_plan(one: ServiceView) -> ServiceView:
    """There is a plan again."""
    return replace(one, problem="", lacks_plan=False) if one.lacks_plan else one


def _turned(one: ServiceView, event: Event) -> ServiceView:
    """A first event of a newer deploy begins it."""
    if event.deploy is None or (one.deploy is not None and event.deploy <= one.deploy):
        return one
    return replace(one, deploy=event.deploy, stage="waiting", since=event.at, build=None)


def _told(one: ServiceView, event: Event, *, again: bool) -> ServiceView:
    """again: its deploy replaces what is live by the same, so that what is wrong with a newer one stays so."""
    is_new = event.deploy is None or event.deploy == one.deploy
    match event:
        case DeployFailed() | DeployCanceled():
            return _ended(one, event, is_new=is_new)
        case Live():
            url = event.url or one.url
            cleared = replace(one, live=event.deploy, url=url, warning="")
            if not again:
                cleared = replace(cleared, problem="", is_refused=False, lacks_plan=False)
            return _at(cleared, "live", event) if is_new else cleared
        case TrafficMoved() | Sleep() | Rotation() | ProbeAttempt() | PortDetected() | OutOfMemory() | Restarted():
            return _served(one, event, is_new=is_new)
        case _ if not is_new:
            return one
        case BuildStarted():
            return _at(replace(one, build=Progress(since=event.at)), "building", event)
        case BuildStep() if one.build is not None:
            return replace(one, build=_stepped(one.build, event))
        case BuildRunning() if one.build is not None:
            begun = Step(event.name, event.at - event.elapsed_s, event.last_time_s)
            known = any(step.name == event.name for step in one.build.running)
            running = one.build.running if known else (*one.build.running, begun)
            return replace(one, build=_counted(one.build._replace(running=running), event.name, ended=0))
        case BuildFinished():
            return _at(replace(one, build=None, last_build_s=event.seconds), "starting", event)
        case PreDeployStarted():
            return _at(one, "preparing", event)
        case PreDeployFinished():
            return _at(one, "starting", event)
        case ContainerStarted():
            probe = None if one.live is None else one.probe
            there = replace(one, url=event.url or one.url, probe=probe, is_open=False)
            is_back = one.live == event.deploy and not one.has_port
            return _at(there, "live" if is_back else "starting", event)
        case _:
            return _worked(one, event)


def _at(one: ServiceView, stage: Stage, event: Event) -> ServiceView:
    return one if one.stage == stage else replace(one, stage=stage, since=event.at)


def _ended(one: ServiceView, event: DeployFailed | DeployCanceled, *, is_new: bool) -> ServiceView:
    """A deploy did not go live; or the one that serves is lost, which is told by the same event."""
    if one.probe is not None and one.probe.deploy == event.deploy:
        one = replace(one, probe=None)
    if isinstance(event, DeployCanceled):
        if not is_new:
            return one
        return _at(replace(one, build=None), "live" if one.live is not None else "canceled", event)
    is_lost = event.deploy is not None and event.deploy == one.live
    live = None if is_lost else one.live
    if not is_new and not is_lost:
        return one
    which = f"deploy {event.deploy} " if event.deploy is not None else ""
    what = "was refused" if event.phase == "check" else "ended" if is_lost else "failed"
    lacks_plan = event.code == NO_PLAN
    failed = replace(
        one, live=live, build=None, problem=f"{which}{what}", reason=event.reason, lacks_plan=lacks_plan,
        is_refused=event.phase == "check" and not lacks_plan,
    )  # fmt: skip
    return _at(failed, "live" if live is not None else "failed", event)


def _served(one: ServiceView, event: Event, *, is_new: bool) -> ServiceView:
    """What happens to what serves, and how it is asked."""
    of_live = event.deploy is None or event.deploy == one.live
    is_all = is_new and of_live and one.live is not None
    match event:
        case ProbeAttempt() if one.probe is None or (event.deploy or 0) >= (one.probe.deploy or 0):
            asked = replace(one, probe=Probed(event.kind, event.ok, event.detail, event.at, event.deploy))
            return _at(asked, "live", event) if is_all and event.ok and one.stage == "starting" else asked
        case TrafficMoved():
            there = replace(one, instances=sum(share.instances for share in event.split))
            back = is_new and one.live is not None and event.split and one.stage in ("waking", "restarting", "unready")
            return _at(there, "live", event) if back or (is_all and event.split) else there
        case Sleep():
            return _at(one, "asleep" if event.asleep else "waking", event) if of_live else one
        case Rotation() if is_all:
            told = _warned(one, f"gets requests again: {event.because}" if event.ready else event.because, event)
            return _at(told, "live" if event.ready else "unready", event)
        case PortDetected():
            there = replace(one, is_open=True)
            return _at(there, "live", event) if is_all and one.stage in ("starting", "restarting") else there
        case Restarted() if is_new:
            return _at(_warned(one, f"{event.because}; started again", event), "restarting", event)
        case OutOfMemory():
            return _warned(one, "a process was killed for lack of memory; the first one goes on", event)
        case _:
            return one


def _warned(one: ServiceView, text: str, event: Event) -> ServiceView:
    return replace(one, warning=text, warned=event.at)


def _worked(one: ServiceView, event: Event) -> ServiceView:
    """Work that ends."""
    match event:
        case TaskEvent(state="started"):
            return _at(one, "running", event)
        case RunFinished():
            return _at(one, "succeeded" if event.ok else "failed", event)
        case CronEvent(state="scheduled"):
            due = f"next run {event.due}" if event.due else "no next run"
            return _at(replace(one, note=due), one.stage if one.stage == "failed" else "scheduled", event)
        case CronEvent(state="started"):
            return _at(one, "running", event)
        case CronEvent(state="succeeded" | "failed" as how):
            ended = replace(one, problem="" if how == "succeeded" else f"run {event.instance} failed", reason="")
            return _at(ended, "succeeded" if how == "succeeded" else "failed", event)
        case _:
            return one


_PLACE = re.compile(r"\[(?:([^\]]*)\s)?\s*\d+/(\d+)\]")


def _stepped(build: Progress, event: BuildStep) -> Progress:
    build = build._replace(running=tuple(step for step in build.running if step.name != event.name))
    return _counted(build, event.name, ended=1)


def _counted(build: Progress, name: str, *, ended: int) -> Progress:
    """The builder numbers the steps of each stage: "[2/5] RUN …", "[assets 3/4] COPY …"."""
    place = _PLACE.match(name)
    if place is None:
        return build
    stage, total = place[1] or "", int(place[2])
    done = next((done for name, done, _ in build.stages if name == stage), 0) + ended
    others = tuple(one for one in build.stages if one[0] != stage)
    return build._replace(stages=(*others, (stage, done, total)))
