"""The battery on one service that is live: its instances are started, asked, told to end and looked at, beside the one
that serves. What it sees is returned; what follows from it is decided elsewhere."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

from emulator.engine import probing
from emulator.engine.container_run import Address
from emulator.engine.disks import disk_labels, disk_volume
from emulator.engine.job import Doors, Making, NotReady, Settings
from emulator.engine.release import Release, prepare
from emulator.engine.rollout_steps import Unit
from emulator.model.event import Event
from emulator.model.lifecycle import Probe
from emulator.model.record import replace
from emulator.world.asking import Exchange, HttpAnswer, LoadRequest, RunningLoad
from emulator.world.containers import ContainerSpec, VolumeMount
from emulator.world.hidden import Hidden

from .check import Step
from .health import asked_while_live
from .logs import UNBUFFERED, output
from .port import other_number, told_port, without_port
from .seen import Boot, Health, Leaving, Load, Output, Seen
from .trial_run import Change, TrialRun, without_names

OpenLoad = Callable[[Address, LoadRequest], RunningLoad]

_UNITS_FROM = 9000
"""Where the numbers of the instances tried begin: those that serve have others."""
_FEW_S = 0.5
_SETTLE_S = 0.7
"""How long after the last known request its lines may come, before it is told to end."""
_UNDER_WAY_S = 0.4
"""How long requests have been coming when it is told to end."""
_LET_GO_S = 0.3
"""How long after the signal what is held goes on."""
_BESIDE_S = 1.0
"""How long at least a request is waited for that may have to wait for another one."""
_LONGEST_S = 30.0
_ASK_EVERY_S = 0.2
_SHOWN_S = 1.0
"""How long the lines of a start may take."""


class Wish(NamedTuple):
    """What is asked of the battery. path: what requests ask for. at_once, seconds: of the load."""

    path: str
    at_once: int
    seconds: float


class Means(NamedTuple):
    """What a battery works with. say: told what is tried, as it is begun."""

    doors: Doors
    settings: Settings
    load: OpenLoad
    say: Callable[[str], None]


class Battery:
    """Of one service: `release` is what serves, `first` how that went live."""

    def __init__(self, release: Release, first: Boot, wish: Wish, means: Means) -> None:
        self._release = release
        self._service = release.job.service
        self._first = first
        self._doors, self._settings, self._open_load, self._say = means
        self._clock = self._doors.clock
        self._wish = wish
        self._count = 0
        self._lone_s = 0.0
        """How long a request takes while there is no other."""
        self._mark = f"emu-{release.job.deploy}-{id(self):x}"
        self.ran_out = False
        """Whether one of its instances was killed for lack of memory."""
        self.written_mib = 0
        """The most that one of them wrote, where that counts as memory."""

    def run(self, steps: frozenset[Step]) -> Seen:
        """Do what these steps are, and say what was seen. Raises HostError."""
        seen = Seen(first=self._first)
        with self._own_disk() as change:
            if "boot" in steps:
                seen = self._with_a_new_one(seen, change, steps)
            is_live = seen.again is None or seen.again.live
            if "kept" in steps and self._service.disk is not None and is_live:
                self._say("one more container, on the disk that it wrote")
                with self._trial(self._release, change, on_empty_disk=False) as trial:
                    seen = replace(seen, kept=trial.boot())
            if "other-port" in steps and is_live:
                seen = replace(seen, other_port=self._on_another_port(change))
            if seen.output is not None and seen.output.is_doubtful:
                self._say("its output, unbuffered")
                seen = replace(seen, unbuffered=self._unbuffered(change))
        return seen

    # ---- the steps

    def _with_a_new_one(self, seen: Seen, change: Change, steps: frozenset[Step]) -> Seen:
        disk = " with an empty disk" if self._service.disk is not None else ""
        self._say(f"a new container{disk}")
        with self._trial(self._release, change) as trial:
            boot = trial.boot()
            seen = replace(seen, again=boot)
            if not boot.live:
                return seen
            target = self._http_target(trial)
            if target is not None and "load" in steps:
                seen = replace(seen, load=self._loaded(trial, target))
            elif target is not None and "requests" in steps:
                self._few(target)
            if "leave" in steps:
                # Their lines come meanwhile; one that takes no requests has nothing else to show for itself.
                self._clock.sleep(_SETTLE_S if target is not None else _SHOWN_S)
                leaving = self._left(trial, target)
                seen = replace(seen, leaving=leaving)
                if "requests" in steps:
                    seen = replace(seen, output=output(trial.stdout(), leaving.told, self._mark))
            return seen

    def _http_target(self, trial: TrialRun) -> Address | None:
        """Where it takes requests; None where what answers there speaks something else."""
        target = trial.target
        if target is None:
            return None
        answer = self._request(trial, target, self._patience)
        self._lone_s = answer.seconds
        return target if answer.error not in ("not-http", "reset") else None

    def _request(self, trial: TrialRun, target: Address, timeout_s: float) -> HttpAnswer:
        """One on a connection of its own."""
        assert trial.container is not None
        door, address = self._doors.docker.http(trial.container), self._address(trial.container, target)
        headers = {"Host": self._host} if self._host else {}
        return door.request("GET", address, self._inside(target), self._path, headers=headers, timeout_s=timeout_s)

    def _loaded(self, trial: TrialRun, target: Address) -> Load:
        """Many requests at once, and the health check beside them."""
        most = self._service.concurrency or self._wish.at_once
        at_once, seconds = min(self._wish.at_once, most), self._wish.seconds
        self._say(f"{at_once} requests at once for {seconds:g} s")
        patience = self._patience
        request = LoadRequest(path=self._marked(), connections=at_once, host=self._host, timeout_s=patience)
        began = self._clock.now()
        load = self._open_load(target, request)
        try:
            health = self._asked(trial, target, began + seconds)
            load.calm(patience)  # what comes next finds the app at rest
        finally:
            exchanges = load.stop()
        return Load(at_once=at_once, path=self._path, exchanges=exchanges, health=health)

    def _asked(self, trial: TrialRun, target: Address, until: float) -> tuple[Health, ...]:
        """What came of the health check, asked until then; at least once where there is one."""
        probe, found = asked_while_live(self._service), list[Health]()
        while (now := self._clock.now()) < until or (probe is not None and not found):
            if probe is not None and trial.container is not None:
                found.append(self._ask(trial.container, target, probe))
            self._clock.sleep(max(0.0, min(_ASK_EVERY_S, until - now)))
        return tuple(found)

    def _ask(self, container: str, target: Address, probe: Probe) -> Health:
        """One question, by the same address that the requests have."""
        began = self._clock.now()
        found = self._service.lifecycle.port_scan is not None  # then it is asked where it was found to listen
        port = self._inside(target) if found or probe.port is None else probe.port
        place = probing.Target(self._address(container, target), port, lambda: False)
        came = probing.attempt(self._doors.docker.http(container), self._clock, probe, place, probe.timeout_s)
        return Health(ok=came.ok, seconds=self._clock.now() - began, words=came.words)

    def _address(self, container: str, target: Address) -> str:
        """The container's own, or that of the network it shares."""
        facts = self._doors.docker.inspect(container)
        return facts.address if facts is not None and facts.address else target[0]

    def _inside(self, target: Address) -> int:
        """The port in the container: outside, another one may lead there."""
        port = self._service.port
        return target[1] if self._doors.docker.facts().local or port is None else port.number

    def _few(self, target: Address) -> None:
        self._say("a few requests")
        load = self._open_load(target, LoadRequest(path=self._marked(), connections=1, host=self._host))
        self._clock.sleep(_FEW_S)
        load.stop()

    def _left(self, trial: TrialRun, target: Address | None) -> Leaving:
        """It is told to end; where it takes requests, while some are under way."""
        shutdown = self._service.shutdown
        self._say(f"{shutdown.signal}, with {shutdown.grace_seconds:g} s to leave")
        waited_s = shutdown.grace_seconds * self._settings.scale
        if target is None:
            return trial.leave(waited_s, told=lambda: None)
        request = LoadRequest(path=self._path, connections=0, host=self._host, holds=True)
        loads = [self._open_load(target, request)]
        try:
            alone = not self._answers_beside(trial, target)
            if not alone:
                # One at a time: what an app has not begun is no loss of its.
                loads.append(self._open_load(target, replace(request, connections=1, holds=False)))
            self._clock.sleep(_UNDER_WAY_S)
            freeing = threading.Timer(_LET_GO_S, loads[0].let_go)
            leaving = trial.leave(waited_s, told=freeing.start)
            freeing.join()
            self._clock.sleep(0.1)  # what was answered is read
        finally:
            exchanges = tuple(one for load in loads for one in load.stop())
        return replace(leaving, exchanges=_begun(exchanges) if alone else exchanges, alone=alone)

    def _answers_beside(self, trial: TrialRun, target: Address) -> bool:
        """Whether it takes another request while one is held."""
        return self._request(trial, target, max(_BESIDE_S, 3 * self._lone_s)).error != "timeout"

    def _on_another_port(self, change: Change) -> Boot | None:
        port = self._service.port
        if port is None:
            return None
        taken = {one.port for one in self._first.listeners}
        number = other_number(self._service, taken)
        self._say(f"a container that is told port {number}")
        job = self._release.job
        hidden = without_port(job.hidden)
        told = job._replace(service=told_port(self._service, number), image=self._release.image.id, hidden=hidden)
        without_gate = told._replace(gate=None)
        ready = prepare(Making(without_gate, self._doors, self._settings, _unheard, threading.Event()))
        if isinstance(ready, NotReady):
            return Boot(live=False, seconds=0.0, port=number, reason=ready.cause.message, cause=ready.cause)
        with self._trial(ready, change) as trial:
            return trial.boot()

    def _unbuffered(self, change: Change) -> Output | None:
        """What comes at once where it is told to hold nothing back; None where it does not go live so."""

        def told(spec: ContainerSpec) -> ContainerSpec:
            return change(replace(spec, env=Hidden({**spec.env, **UNBUFFERED})))

        with self._trial(self._release, told) as trial:
            if not trial.boot().live:
                return None
            target = self._http_target(trial)
            if target is not None:
                self._few(target)
            self._clock.sleep(_SETTLE_S if target is not None else _SHOWN_S)
            return output(trial.stdout(), self._clock.now(), self._mark)

    # ---- what they share

    @contextlib.contextmanager
    def _trial(self, release: Release, change: Change, *, on_empty_disk: bool = True) -> Iterator[TrialRun]:
        if on_empty_disk:
            self._empty_disk()
        self._count += 1
        unit = Unit(id=_UNITS_FROM + self._count, deploy=release.job.deploy, slot=_UNITS_FROM + self._count)
        trial = TrialRun(release, unit, change, self._doors)
        try:
            yield trial
        finally:
            self.ran_out |= trial.ran_out_of_memory()
            trial.remove()
            self.written_mib = max(self.written_mib, trial.written_mib)

    @contextlib.contextmanager
    def _own_disk(self) -> Iterator[Change]:
        """A disk for the instances that are tried, in place of the service's; gone at the end."""
        own = self._disk
        if own is None:
            yield without_names
            return
        name = _tried(own)

        def change(spec: ContainerSpec) -> ContainerSpec:
            volumes = tuple(replace(v, volume=name) if v.volume == own.volume else v for v in spec.volumes)
            return replace(without_names(spec), volumes=volumes)

        try:
            yield change
        finally:
            self._doors.docker.remove_volume(name)

    def _empty_disk(self) -> None:
        """The disk of the instances that are tried, anew."""
        if self._disk is not None:
            labels = disk_labels(self._service, self._settings.root, self._settings.platform)
            self._doors.docker.remove_volume(_tried(self._disk))
            self._doors.docker.ensure_volume(_tried(self._disk), labels)

    @property
    def _disk(self) -> VolumeMount | None:
        return disk_volume(self._service, self._settings.root)

    @property
    def _patience(self) -> float:
        """How long a request is waited for."""
        return min(_LONGEST_S, self._service.request_timeout_s or _LONGEST_S)

    @property
    def _path(self) -> str:
        return self._wish.path

    @property
    def _host(self) -> str | None:
        probe = asked_while_live(self._service)
        return probe.host if probe is not None else None

    def _marked(self) -> str:
        """The path with a word by which the app's lines about it are known."""
        return f"{self._path}{'&' if '?' in self._path else '?'}{self._mark}"


def _begun(held: tuple[Exchange, ...]) -> tuple[Exchange, ...]:
    """Those that an app had begun which takes one at a time: where it finished that one, the other was behind it."""
    return tuple(one for one in held if one.status is not None) or held


def _tried(disk: VolumeMount) -> str:
    """The volume of the instances that are tried, in place of the service's."""
    return f"{disk.volume}-verify"


def _unheard(event: Event) -> None:
    del event
