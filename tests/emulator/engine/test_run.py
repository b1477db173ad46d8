"""The loop around the machine: what it asks of the engine, what it tells; that it neither hangs nor leaves anything."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from emulator.contract import token
from emulator.edge.clock import SystemClock
from emulator.engine.boot_steps import Rules
from emulator.engine.run import ServiceRun
from emulator.model.diagnostic import HostError
from emulator.model.event import ContainerStarted, Event, Live, Log, PortDetected, ProbeAttempt, Restarted, Stopped
from emulator.model.plan import Lifecycle, Probe, Service, Shutdown
from emulator.world import ContainerSpec, HttpAnswer, StartFailure
from tests.emulator.engine.fake_docker import GONE, LOST, FakeContainer, FakeDocker
from tests.emulator.engine.services import WEB, service

HEALTH = Probe(kind="http", path="/up", host="shop.example", period_s=0.05, success_statuses=(200, 399))


def serve(container: FakeContainer) -> None:
    container.write("listening")
    container.listen()


def crash(container: FakeContainer) -> None:
    container.write(f"start {container.id}")
    container.write("boom")
    container.end(1)


class Bench:
    """A run on a fake engine, and all it told."""

    def __init__(
        self,
        behave: Callable[[FakeContainer], None] = serve,
        *,
        what: Service = WEB,
        health: Probe | None = None,
        startup: Probe | None = None,
        hidden: dict[str, str] | None = None,
        lifecycle: Lifecycle | None = None,
    ) -> None:
        self.docker = FakeDocker(behave)
        self.told: list[Event] = []
        self.routes: list[tuple[str, int] | None] = []
        self.run = ServiceRun(
            what,
            Rules(lifecycle=lifecycle or what.lifecycle, health=health, startup=startup),
            lambda attempt: ContainerSpec(image="i", name=f"shop-{attempt}", argv=("serve", "s3cret")),
            hidden or {},
            docker=self.docker,  # type: ignore[arg-type]
            clock=SystemClock(),
            tell=self.told.append,
            deploy=3,
            url="http://127.0.0.1:1",
            route=self.routes.append,
        )

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    def kept(self) -> threading.Thread:
        """The run, kept in a thread as `up` does."""
        self.ended = threading.Event()
        thread = threading.Thread(target=self.run.keep, args=(self.ended.is_set,), daemon=True)
        thread.start()
        return thread


def patient() -> bool:
    return False


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


# ---- to the verdict ---------------------------------------------------------------------------------


def test_a_boot_is_told_from_its_start_to_live() -> None:
    """Every step is an event, in order; traffic goes there before anybody hears of it."""
    bench = Bench(health=HEALTH)
    routes_at_live = []

    def tell(event: Event) -> None:
        bench.told.append(event)
        if isinstance(event, Live):
            routes_at_live.extend(bench.routes)

    bench.run.tell = tell
    outcome = bench.run.until_decided()
    assert outcome.code == "live"
    kinds = [type(event) for event in bench.told if not isinstance(event, Log)]
    assert kinds == [ContainerStarted, PortDetected, ProbeAttempt, Live]
    assert routes_at_live == [("10.0.0.2", 10000)]
    assert {(e.service, e.deploy) for e in bench.told} == {("shop", 3)}


@pytest.mark.parametrize(("port", "asked"), [(3000, True), (10000, False)], ids=["another port", "the probe's port"])
def test_work_is_measured_where_no_probe_comes(port: int, asked: bool) -> None:
    """Whether a process idles is asked only while that matters: it listens, and not where the startup probe asks."""

    def listen_and_end(container: FakeContainer) -> None:
        container.listen(port)
        time.sleep(0.3)
        container.end(1)

    probe = Probe(kind="tcp", port=10000, initial_delay_s=60, implicit=True)
    bench = Bench(listen_and_end, lifecycle=Lifecycle(restarts_during_deploy=False), startup=probe)
    bench.docker.connects = lambda host, port, timeout_s: "refused"  # type: ignore[attr-defined]
    bench.run.until_decided()
    assert bool(bench.docker.measured) == asked


def test_three_crashes_leave_one_container_to_remove() -> None:
    """Each start gets a fresh container, the one before it is gone; the last output is that of the last start."""
    bench = Bench(crash)
    outcome = bench.run.until_decided()
    assert (outcome.code, len(bench.docker.started)) == ("crash", 3)
    assert bench.docker.left == ["id3"]
    assert bench.run.last_lines == ("start id3", "boom")
    assert [e.back_off_s for e in bench.of(Restarted)] == [1.0, 2.0]
    bench.run.stop(hurry=patient)
    assert bench.docker.left == []
    assert bench.run.last_lines == ("start id3", "boom")


def test_a_first_process_that_cannot_be_executed() -> None:
    """Told as started, with its argv, and decided; a secret in the engine's words is hidden."""
    bench = Bench(hidden={"PASSWORD": "s3cret"})
    bench.docker.failure = StartFailure(kind="not-found", message='exec: "s3cret": not found', exit_code=127)
    outcome = bench.run.until_decided()
    assert outcome.reason == f'exec: "{token("PASSWORD")}": not found'
    assert bench.of(ContainerStarted)[0].argv == ("serve", token("PASSWORD"))
    bench.run.stop(hurry=patient)
    assert bench.docker.left == []


def test_secrets_are_hidden_in_what_the_app_says() -> None:
    """Its lines are told, and kept, without them."""

    def leak(container: FakeContainer) -> None:
        container.write("using s3cret")
        container.listen()

    bench = Bench(leak, hidden={"PASSWORD": "s3cret"})
    bench.run.until_decided()
    assert [e.line for e in bench.of(Log)] == [f"using {token('PASSWORD')}"]
    assert "s3cret" not in repr(bench.told)


def test_the_engine_is_lost_while_booting() -> None:
    """What waits for the end of the container learns of it, and the loop raises it."""
    bench = Bench(lambda container: container.tell(LOST))
    with pytest.raises(HostError, match="engine was lost"):
        bench.run.until_decided()


def test_a_container_removed_by_others_counts_as_a_crash() -> None:
    """It is started again like any other that ended."""
    bench = Bench(lambda container: container.tell(GONE) if container.id == "id1" else serve(container))
    assert bench.run.until_decided().code == "live"
    assert bench.of(Restarted)[0].because == "its container was removed"
    assert bench.of(Stopped)[0].exit_code is None


def test_a_mistake_of_ours_in_a_request_is_raised() -> None:
    """Whatever breaks in the thread that asks, the loop does not wait for an answer for ever."""
    bench = Bench()

    def broken(host: str, port: int, path: str) -> HttpAnswer:
        raise ZeroDivisionError

    bench.docker.answer = broken
    with pytest.raises(ZeroDivisionError):
        bench.run.until_decided()


def test_what_the_health_check_asks() -> None:
    """Its path, at the container's own address; each attempt is told with what came of it."""
    answers = iter([503, 200])
    asked = []

    def answer(host: str, port: int, path: str) -> HttpAnswer:
        asked.append((host, port, path))
        return HttpAnswer(status=200 if path == "/" else next(answers), seconds=0)

    bench = Bench(health=HEALTH)
    bench.docker.answer = answer
    bench.run.until_decided()
    assert asked == [("10.0.0.2", 10000, "/"), ("10.0.0.2", 10000, "/up"), ("10.0.0.2", 10000, "/up")]
    assert [(p.attempt, p.ok, p.detail) for p in bench.of(ProbeAttempt)] == [
        (1, False, "answers 503"),
        (2, True, "answers 200"),
    ]


# ---- after it is live -------------------------------------------------------------------------------


def test_a_crash_while_serving_is_followed_by_a_restart() -> None:
    """No traffic while it is down, then to the new container; `wake` ends it."""
    bench = Bench()
    bench.run.until_decided()
    thread = bench.kept()
    bench.docker.started[0].end(9)
    wait_for(lambda: len(bench.of(Live)) == 2)
    assert bench.routes == [("10.0.0.2", 10000), None, ("10.0.0.2", 10000)]
    assert bench.docker.left == ["id2"]
    bench.ended.set()
    bench.run.wake()
    thread.join(5)
    assert not thread.is_alive()


# ---- the end ----------------------------------------------------------------------------------------


def live(bench: Bench) -> Bench:
    bench.run.until_decided()
    bench.told.clear()
    bench.docker.asked.clear()
    return bench


def test_a_live_service_ends_itself() -> None:
    """Its signal, its own end, and away."""
    bench = live(Bench(what=service(shutdown=Shutdown(signal="SIGINT", grace_seconds=9))))
    bench.run.stop(hurry=patient)
    assert bench.docker.asked == ["SIGINT id1", "remove id1"]
    [stopped] = bench.of(Stopped)
    assert (stopped.signal, stopped.exit_code, stopped.graceful) == ("SIGINT", 0, True)


def test_one_that_does_not_is_killed_at_the_end_of_its_grace() -> None:
    """It hears the signal and goes on."""
    bench = live(Bench(what=service(shutdown=Shutdown(grace_seconds=0.3))))
    bench.docker.started[0].on_signal = lambda: None
    began = time.monotonic()
    bench.run.stop(hurry=patient)
    assert 0.3 <= time.monotonic() - began < 3
    assert bench.docker.asked == ["SIGTERM id1", "SIGKILL id1", "remove id1"]
    assert [(e.graceful, e.exit_code) for e in bench.of(Stopped)] == [(False, 137)]


def test_nobody_waits_for_one_that_cannot_hear() -> None:
    """A first process without a handler never hears of the signal: its grace of half a minute is not waited."""
    bench = live(Bench())
    bench.docker.heard = False
    began = time.monotonic()
    bench.run.stop(hurry=patient)
    assert time.monotonic() - began < 2
    assert bench.docker.asked[-2:] == ["SIGKILL id1", "remove id1"]


def test_haste_cuts_the_grace() -> None:
    """A second Ctrl-C while it takes its time."""
    bench = live(Bench())
    bench.docker.started[0].on_signal = lambda: None
    began = time.monotonic()
    bench.run.stop(hurry=lambda: time.monotonic() - began > 0.3)
    assert time.monotonic() - began < 2
    assert bench.docker.left == []


def test_haste_from_the_beginning_asks_nothing() -> None:
    """`--once` has its verdict: the container is only removed."""
    bench = live(Bench())
    bench.run.stop(hurry=lambda: True)
    assert bench.docker.asked == ["remove id1"]
    assert bench.told == []


def test_an_interrupted_removal_is_repeated() -> None:
    """Ctrl-C in the middle of it: the next `stop` still knows what to remove."""
    bench = live(Bench())
    bench.docker.removal.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        bench.run.stop(hurry=lambda: True)
    bench.run.stop(hurry=lambda: True)
    assert bench.docker.left == []
    bench.run.stop(hurry=lambda: True)  # and once more is no harm
