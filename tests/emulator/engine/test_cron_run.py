"""A cron job on a fake engine: its runs are begun by the clock on the wall, told, and leave nothing."""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

from emulator.edge.clock import SystemClock
from emulator.engine.cron_run import CronRun
from emulator.engine.deploys import Decided, ServiceContext
from emulator.engine.job import Doors, Job, Settings
from emulator.model.event import CronEvent, DiagnosticFound, Event, Log, ServiceVerdict, VerdictKind
from emulator.model.lifecycle import Lifecycle
from emulator.model.plan import ServiceType
from emulator.snapshot import from_mapping
from tests.emulator.engine.fake_docker import FakeContainer, FakeDocker
from tests.emulator.engine.services import service
from tests.emulator.engine.test_service_run import Context, wait_for

REPO = from_mapping({"Dockerfile": "FROM scratch\n"})
CRON = service(
    name="report", type=ServiceType.CRON, port=None, schedule="0 * * * *",
    lifecycle=Lifecycle(success_is_exit_zero=True, timeout_s=60.0),
)  # fmt: skip


def works(container: FakeContainer) -> None:
    container.write("report")
    container.end(0)


def fails(container: FakeContainer) -> None:
    container.end(3)


def goes_on(container: FakeContainer) -> None:
    """Until it is told to end."""


class Bench:
    """A cron job that is due `in_s` seconds from now, and then never; all it told and decided."""

    def __init__(self, behave: Callable[[FakeContainer], None], *, in_s: float = 1e6) -> None:
        self.docker = FakeDocker(behave)
        self.told: list[Event] = []
        self.decided: dict[int, ServiceVerdict] = {}
        self.problems: list[BaseException] = []
        self.due = time.time() + in_s
        context = ServiceContext(
            name="report",
            doors=Doors(
                docker=self.docker,  # type: ignore[arg-type]
                clock=SystemClock(),
                prepare_context=lambda repo, what: contextlib.nullcontext(Context()),
                ready=lambda: None,
                hurry=lambda: False,
            ),
            settings=Settings("/shop", "render", {}, "none", faithful=False, scale=1.0),
            tell=self.told.append,
            decided=self._decided,
            problem=self.problems.append,
        )
        self.run = CronRun(context, next_run=lambda of, after: self.due if self.due > after else None)
        self.run.deploy(Job(1, CRON, {}, REPO))
        wait_for(lambda: 1 in self.decided)

    def _decided(self, decided: Decided) -> None:
        self.decided[decided.deploy] = decided.verdict

    def of(self, kind: type) -> list[Any]:
        return [event for event in list(self.told) if isinstance(event, kind)]

    def cron(self) -> list[tuple[str, int | None]]:
        return [(event.state, event.instance) for event in self.of(CronEvent)]

    def end(self) -> None:
        self.run.end(at_once=False)
        assert self.run.wait(5)
        self.run.sweep()
        assert (self.docker.left, self.problems) == ([], [])


def test_a_run_begins_when_it_is_due_by_the_clock_on_the_wall() -> None:
    """Its output and its end carry its number; a deploy is live without a run."""
    bench = Bench(works, in_s=0.3)
    assert (bench.decided[1].verdict, bench.docker.started) == (VerdictKind.LIVE, [])
    wait_for(lambda: ("succeeded", 1) in bench.cron())
    assert bench.cron()[:3] == [("scheduled", None), ("started", 1), ("succeeded", 1)]
    assert [(log.line, log.instance, log.deploy) for log in bench.of(Log)] == [("report", 1, 1)]
    bench.end()


def test_a_run_that_fails_says_why_and_the_schedule_goes_on() -> None:
    """It is no failure of the deploy."""
    bench = Bench(fails)
    trigger = bench.run.trigger()
    assert trigger.over.wait(5)
    assert (trigger.verdict and trigger.verdict.verdict, bench.run.live) == (VerdictKind.FAILED, 1)
    [failed] = [event for event in bench.of(CronEvent) if event.state == "failed"]
    assert (failed.trigger, failed.exit_code, failed.instance) == ("manual", 3, 1)
    [found] = bench.of(DiagnosticFound)
    assert "3" in found.diagnostic.message
    bench.end()


def test_a_run_by_hand_cancels_the_active_one() -> None:
    """By the platform's signal; the first one who asked is told that it was canceled."""
    first_started = threading.Event()

    def behave(container: FakeContainer) -> None:
        if first_started.is_set():
            container.end(0)
        first_started.set()

    bench = Bench(behave)
    first = bench.run.trigger()
    assert first_started.wait(5)
    wait_for(lambda: [one.role for one in bench.run.instances()] == ["running"])
    second = bench.run.trigger()
    assert first.over.wait(5)
    assert second.over.wait(5)
    assert [t.verdict and t.verdict.verdict for t in (first, second)] == [VerdictKind.CANCELED, VerdictKind.SUCCEEDED]
    assert "SIGTERM id1" in bench.docker.asked
    assert [one for one in bench.cron() if one[1]] == [
        ("started", 1), ("canceled", 1), ("started", 2), ("succeeded", 2),
    ]  # fmt: skip
    bench.end()


def test_who_goes_away_cancels_its_run_and_the_end_cancels_any() -> None:
    """Nothing of either is left, and nobody waits for ever."""
    bench = Bench(goes_on)
    first = bench.run.trigger()
    wait_for(lambda: len(bench.docker.started) == 1)
    bench.run.drop(first)
    assert first.over.wait(5)
    second = bench.run.trigger()
    wait_for(lambda: len(bench.docker.started) == 2)
    bench.end()
    assert [t.verdict and t.verdict.verdict for t in (first, second)] == [VerdictKind.CANCELED] * 2
