"""One instance beside those that serve, to be tried: started, waited for, looked at, told to end, removed."""

import threading
from collections.abc import Callable

from emulator.engine import problems, rollout_steps
from emulator.engine.boot_steps import Outcome
from emulator.engine.container_run import Address, Part
from emulator.engine.instance_run import InstanceRun, What
from emulator.engine.job import Doors
from emulator.engine.release import Release
from emulator.engine.retiring import UNHEARD_S
from emulator.engine.rollout_steps import Unit
from emulator.model.diagnostic import Diagnostic
from emulator.model.event import ContainerStarted, Event, Log, OutOfMemory, Stopped
from emulator.model.record import replace
from emulator.world.containers import ContainerSpec

from .seen import Boot, Leaving

Change = Callable[[ContainerSpec], ContainerSpec]
_LOOK_EVERY_S = 0.2
"""How often who waits can be interrupted."""
_END_S = 15.0
"""How long after its kill a container may take to be gone."""


class TrialRun:
    """change: what each of its containers has otherwise than the release's. Its methods raise HostError."""

    def __init__(self, release: Release, unit: Unit, change: Change, doors: Doors) -> None:
        self._release = release
        self._doors = doors
        self._clock = doors.clock
        self._events: list[tuple[float, Event]] = []
        self._problem: BaseException | None = None
        self._heard: bool | None = None
        self._decided, self._signalled, self._gone = threading.Event(), threading.Event(), threading.Event()
        self._decided_at = self._reached = 0.0
        what = What(
            unit=unit, service=release.job.service, volumes=release.shared(unit),
            parts=tuple(_changed(part, change) for part in release.parts(unit)),
        )  # fmt: skip
        self._run = InstanceRun(what, docker=doors.docker, clock=doors.clock, tell=self._hear, report=self._report)

    # ---- what it does

    def boot(self) -> Boot:
        """Start it, and wait until it is live or will not be."""
        self._run.start()
        self._wait(self._decided, None)
        outcome = self._run.outcome
        assert outcome is not None
        service = self._release.job.service
        listeners = self._doors.docker.listeners(self._id) if self._id is not None and self._is_running else ()
        live = outcome.verdict.good
        cause = None if live else self._run.failure or self._cause(outcome)
        return Boot(
            live=live, seconds=max(0.0, self._decided_at - self._run.begun), listeners=listeners,
            port=service.port.number if service.port is not None else None, code=outcome.code,
            reason=cause.message if cause is not None else outcome.reason, cause=cause, lines=self._run.last_lines,
        )  # fmt: skip

    def leave(self, waited_s: float, told: Callable[[], None]) -> Leaving:
        """Tell it to end as the platform does, and kill it when that takes longer than so many seconds; one that never
        hears of it is not waited for. told: called as soon as it is told."""
        self._run.order("terminate")
        self._wait(self._signalled, _END_S)
        told()
        killed = not self._wait(self._gone, UNHEARD_S if self._heard is False else waited_s)
        if killed:
            self._run.order("kill")
            self._wait(self._gone, _END_S)
        at, stopped = self._stopped()
        if stopped.signal is None:
            return Leaving(
                told=at, seconds=0.0, waited_s=waited_s, killed=False, exit_code=stopped.exit_code, was_gone=True
            )
        return Leaving(
            told=at - stopped.seconds, seconds=stopped.seconds, waited_s=waited_s, killed=killed,
            exit_code=stopped.exit_code, heard=stopped.heard, argv=self._argv, reached=self._reached,
        )  # fmt: skip

    def remove(self) -> None:
        """Nothing of it is left, whatever it was doing."""
        self._run.order("remove")
        self._run.join()

    # ---- what is seen of it

    @property
    def target(self) -> Address | None:
        """Where it answers."""
        return self._run.target

    @property
    def container(self) -> str | None:
        return self._id

    def stdout(self) -> tuple[tuple[float, str], ...]:
        """Its lines, and when each came."""
        return tuple((at, e.line) for at, e in list(self._events) if isinstance(e, Log) and e.stream == "stdout")

    @property
    def written_mib(self) -> int:
        """How much it wrote, where that counts as its memory."""
        return self._run.written_mib

    def ran_out_of_memory(self) -> bool:
        return any(
            isinstance(e, OutOfMemory) or (isinstance(e, Stopped) and e.oom) for _, e in list(self._events)
        )

    # ---- inside

    @property
    def _name(self) -> str:
        return self._run.who()["container"]

    @property
    def _started(self) -> ContainerStarted | None:
        """The start of the container that takes the requests, the last one."""
        own = [e for _, e in list(self._events) if isinstance(e, ContainerStarted) and e.container == self._name]
        return own[-1] if own else None

    @property
    def _id(self) -> str | None:
        return self._started.id if self._started is not None else None

    @property
    def _argv(self) -> tuple[str, ...]:
        return self._started.argv if self._started is not None else ()

    @property
    def _is_running(self) -> bool:
        facts = self._doors.docker.inspect(self._id) if self._id is not None else None
        return facts is not None and facts.running

    def _stopped(self) -> tuple[float, Stopped]:
        """How the container that takes the requests ended, and when."""
        ends = [(at, e) for at, e in list(self._events) if isinstance(e, Stopped) and e.container == self._name]
        if ends:
            return ends[-1]
        now = self._clock.now()  # it had gone by itself before
        return now, Stopped(exit_code=None, signal=None, oom=False, graceful=False, seconds=0.0)

    def _cause(self, outcome: Outcome) -> Diagnostic:
        judged = self._run.judged
        scene = self._release.scenes.get(judged.container, self._release.scene)
        return problems.boot_cause(judged.service, outcome, self._run.last_lines, scene)

    def _hear(self, event: Event) -> None:
        """From any thread."""
        self._events.append((self._clock.now(), event))

    def _report(self, seen: rollout_steps.Observation | BaseException) -> None:
        """From any thread."""
        match seen:
            case BaseException():
                self._problem = seen
                for event in (self._decided, self._signalled, self._gone):
                    event.set()
            case rollout_steps.Up() | rollout_steps.Failed():
                if not self._decided.is_set():
                    self._decided_at = seen.at
                    self._decided.set()
            case rollout_steps.Signalled():
                self._heard, self._reached = seen.heard, seen.at
                self._signalled.set()
            case rollout_steps.Gone():
                self._signalled.set()
                self._gone.set()
            case _:
                pass

    def _wait(self, event: threading.Event, timeout_s: float | None) -> bool:
        """Whether it came in time; Ctrl-C is heard meanwhile."""
        until = None if timeout_s is None else self._clock.now() + timeout_s
        while not event.is_set():
            left = _LOOK_EVERY_S if until is None else min(_LOOK_EVERY_S, until - self._clock.now())
            if left <= 0:
                break
            event.wait(left)
        if self._problem is not None:
            raise self._problem
        return event.is_set()


def _changed(part: Part, change: Change) -> Part:
    make = part.make_spec
    return part._replace(make_spec=lambda attempt: change(make(attempt)))


def without_names(spec: ContainerSpec) -> ContainerSpec:
    """Nobody else finds it: it is not among those that serve."""
    return replace(spec, aliases=())
