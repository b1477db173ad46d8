"""One instance: what its loop asks of the engine, tells and reports; that it neither hangs nor leaves anything."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from emulator.contract import token
from emulator.edge.clock import SystemClock
from emulator.engine.boot_steps import Rules
from emulator.engine.container_run import Part
from emulator.engine.instance_run import InstanceRun, What
from emulator.engine.instance_steps import Member
from emulator.engine.rollout_steps import Down, Failed, Gone, Rotated, Signalled, Unit, Up
from emulator.engine.throttle import QUIET_S
from emulator.model.diagnostic import Fault, HostError, error
from emulator.model.event import ContainerStarted, Event, Log, PortDetected, ProbeAttempt, Restarted, Rotation, Stopped
from emulator.model.lifecycle import Lifecycle, Probe, Shutdown
from emulator.model.plan import Resources, Service
from emulator.model.record import replace
from emulator.world.asking import GrpcAnswer, HttpAnswer
from emulator.world.containers import ContainerSpec, StartFailure
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
    """An instance on a fake engine, all it told, and all it reported."""

    def __init__(
        self,
        behave: Callable[[FakeContainer], None] = serve,
        *,
        what: Service = WEB,
        hidden: dict[str, str] | None = None,
        failure: StartFailure | None = None,
        refusal: HostError | None = None,
        answer: Callable[[str, int, str], HttpAnswer] | None = None,
        grpc: Callable[[str, int, str], GrpcAnswer] | None = None,
        on_tell: Callable[["Bench", Event], None] = lambda bench, event: None,
        **rules: Any,
    ) -> None:
        self.docker = FakeDocker(behave)
        self.docker.failure, self.docker.refusal = failure, refusal
        self.docker.answer = answer or self.docker.answer
        self.docker.grpc_answer = grpc or self.docker.grpc_answer
        self.told: list[Event] = []
        self._on_tell = on_tell
        self.reports: list[Any] = []
        self.unit = Unit(id=1, deploy=3, slot=2)
        self.run = InstanceRun(
            What(
                unit=self.unit,
                service=what,
                parts=(
                    Part(
                        Member(name="shop", rules=Rules(lifecycle=what.lifecycle, **rules)),
                        what,
                        lambda attempt: ContainerSpec(
                            image="i", name=f"shop-{attempt}", argv=("serve", "s3cret"), cpus=what.resources.cpu
                        ),
                        hidden or {},
                    ),
                ),
            ),
            docker=self.docker,  # type: ignore[arg-type]
            clock=SystemClock(),
            tell=self._tell,
            report=self.reports.append,
            url="http://127.0.0.1:1",
            hears_requests=True,
        )
        self.run.start()

    def _tell(self, event: Event) -> None:
        self.told.append(event)
        self._on_tell(self, event)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    def reported(self, kind: type, count: int = 1) -> Any:
        """The report of a kind, when it has come so often."""
        wait_for(lambda: len(self._reports(kind)) >= count)
        return self._reports(kind)[count - 1]

    def _reports(self, kind: type) -> list[Any]:
        return [report for report in self.reports if isinstance(report, kind)]

    def end(self) -> "Bench":
        self.run.order("remove")
        self.reported(Gone)
        self.run.join()
        return self


def live(bench: Bench) -> Bench:
    bench.reported(Up)
    bench.told.clear()
    bench.docker.asked.clear()
    return bench


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


# ---- to the verdict ---------------------------------------------------------------------------------


def test_a_boot_is_told_from_its_start_to_live() -> None:
    """Every step is an event, in order, and what the app says at once comes after its start; what is reported is where
    it answers."""
    bench = Bench(health=HEALTH)
    bench.reported(Up)
    assert bench.run.target == ("10.0.0.2", 10000)
    assert [type(event) for event in bench.told[:2]] == [ContainerStarted, Log]
    kinds = [type(event) for event in bench.told if not isinstance(event, Log)]
    assert kinds == [ContainerStarted, PortDetected, ProbeAttempt]
    assert {(e.service, e.deploy, e.instance) for e in bench.told} == {("shop", 3, 2)}
    assert bench.end().docker.left == []


@pytest.mark.parametrize(("port", "asked"), [(3000, True), (10000, False)], ids=["another port", "the probe's port"])
def test_work_is_measured_where_no_probe_comes(port: int, asked: bool) -> None:
    """Whether a process idles is asked only while that matters: it listens, and not where the startup probe asks."""

    def listen_and_end(container: FakeContainer) -> None:
        container.listen(port)
        time.sleep(0.3)
        container.end(1)

    probe = Probe(kind="tcp", port=10000, initial_delay_s=60, implicit=True)
    bench = Bench(listen_and_end, what=service(lifecycle=Lifecycle(restarts_during_deploy=False)), startup=probe)
    bench.reported(Failed)
    assert bool(bench.docker.measured) == asked
    bench.end()


def test_a_process_that_is_gone_before_it_is_looked_at_has_crashed() -> None:
    """It has no address any more when its startup probe would ask: its exit, seen a moment later, is what decides."""

    def gone(container: FakeContainer) -> None:
        container.facts = replace(container.facts, running=False, state="exited", exit_code=1, address=None)
        time.sleep(0.2)
        container.tell(container.facts)

    probe = Probe(kind="tcp", port=10000, failure_threshold=1, timeout_s=60, waits_for_port=True, implicit=True)
    bench = Bench(what=service(lifecycle=Lifecycle(restarts_during_deploy=False)), startup=probe, behave=gone)
    bench.reported(Failed)
    assert bench.run.outcome is not None
    assert (bench.run.outcome.code, bench.run.outcome.verdict) == ("crash", "boot_failed")
    bench.end()


def test_three_crashes_leave_one_container_to_remove() -> None:
    """Each start gets a fresh container, the one before it is gone; the last output is that of the last start."""
    bench = Bench(crash)
    bench.reported(Failed)
    assert bench.run.outcome is not None
    assert (bench.run.outcome.code, len(bench.docker.started)) == ("crash", 3)
    assert bench.docker.left == ["id3"]
    assert [e.back_off_s for e in bench.of(Restarted)] == [1.0, 2.0]
    assert bench.end().docker.left == []
    assert bench.run.last_lines == ("start id3", "boom")


def test_a_first_process_that_cannot_be_executed() -> None:
    """Told as started, with its argv, and decided; a secret in the engine's words is hidden."""
    failure = StartFailure(kind="not-found", message='exec: "s3cret": not found', exit_code=127)
    bench = Bench(hidden={"PASSWORD": "s3cret"}, failure=failure)
    bench.reported(Failed)
    assert bench.run.outcome is not None
    assert bench.run.outcome.reason == f'exec: "{token("PASSWORD")}": not found'
    assert bench.of(ContainerStarted)[0].argv == ("serve", token("PASSWORD"))
    assert bench.end().docker.left == []


@pytest.mark.parametrize(("fault", "report"), [(Fault.APP, Failed), (Fault.HOST, HostError)])
def test_a_container_that_the_engine_refuses(fault: Fault, report: type) -> None:
    """What the app is the cause of ends its own boot; what this machine is the cause of ends all."""
    bench = Bench(refusal=HostError(error("image/no-command", "nothing to run", fault=fault)))
    bench.reported(report)
    assert (bench.run.outcome is not None) == (fault is Fault.APP)
    assert bench.run.failure == (bench.docker.refusal.diagnostic if bench.docker.refusal and report is Failed else None)
    if report is Failed:
        bench.end()


def test_secrets_are_hidden_in_what_the_app_says() -> None:
    """Its lines are told, and kept, without them."""

    def leak(container: FakeContainer) -> None:
        container.write("using s3cret")
        container.listen()

    bench = Bench(leak, hidden={"PASSWORD": "s3cret"})
    bench.reported(Up)
    assert [e.line for e in bench.of(Log)] == [f"using {token('PASSWORD')}"]
    assert "s3cret" not in repr(bench.told)
    bench.end()


def test_the_engine_is_lost_while_booting() -> None:
    """What waits for the end of the container learns of it, and it is reported."""
    bench = Bench(lambda container: container.tell(LOST))
    assert "engine was lost" in str(bench.reported(HostError))


def test_a_container_removed_by_others_counts_as_a_crash() -> None:
    """It is started again like any other that ended."""
    bench = Bench(lambda container: container.tell(GONE) if container.id == "id1" else serve(container))
    bench.reported(Up)
    assert bench.of(Restarted)[0].because == "its container was removed"
    assert bench.of(Stopped)[0].exit_code is None
    bench.end()


def test_a_mistake_of_ours_in_a_request_is_reported() -> None:
    """Whatever breaks in the thread that asks, the loop does not wait for an answer for ever."""

    def broken(host: str, port: int, path: str) -> HttpAnswer:
        raise ZeroDivisionError

    Bench(answer=broken).reported(ZeroDivisionError)


def test_what_the_health_check_asks() -> None:
    """Its path, at the container's own address; each attempt is told with what came of it."""
    answers = iter([503, 200])
    asked = []

    def answer(host: str, port: int, path: str) -> HttpAnswer:
        asked.append((host, port, path))
        return HttpAnswer(status=200 if path == "/" else next(answers, 200), seconds=0)

    bench = Bench(health=HEALTH, answer=answer)
    bench.reported(Up)
    assert asked[:3] == [("10.0.0.2", 10000, "/"), ("10.0.0.2", 10000, "/up"), ("10.0.0.2", 10000, "/up")]
    assert [(p.attempt, p.ok, p.detail) for p in bench.of(ProbeAttempt)[:2]] == [
        (1, False, "answers 503"),
        (2, True, "answers 200"),
    ]
    bench.end()


def test_a_grpc_probe_asks_for_its_service() -> None:
    """By gRPC, at the probe's port, until it answers SERVING."""
    answers = iter(["NOT_SERVING", "SERVING"])
    probe = Probe(kind="grpc", port=10000, service="shop.Cart", period_s=0.05, origin=None)
    docker_asked = []

    def grpc(host: str, port: int, service: str) -> GrpcAnswer:
        docker_asked.append((host, port, service))
        return GrpcAnswer(status=next(answers), seconds=0)

    bench = Bench(startup=probe, grpc=grpc)
    bench.reported(Up)
    assert docker_asked == [("10.0.0.2", 10000, "shop.Cart")] * 2
    bench.end()


# ---- after it is live -------------------------------------------------------------------------------


def test_a_crash_while_serving_is_followed_by_a_restart() -> None:
    """It is reported as down, then as up again with the new container."""
    bench = Bench()
    bench.reported(Up)
    bench.docker.started[0].end(9)
    bench.reported(Up, 2)
    kinds = [type(report) for report in bench.reports]
    assert (kinds[0], kinds[-1]) == (Up, Up)
    assert Down in kinds
    assert bench.docker.left == ["id2"]
    bench.end()


def test_a_process_that_ends_right_after_its_last_answer() -> None:
    """It was live, and is down: nobody goes on to believe that it is up, at an address where nothing is."""

    def end_it(bench: Bench, event: Event) -> None:
        if isinstance(event, ProbeAttempt) and len(bench.docker.started) == 1:
            bench.docker.started[0].end(3)

    bench = Bench(health=HEALTH, on_tell=end_it)
    bench.reported(Up, 2)
    kinds = [type(report) for report in bench.reports]
    assert kinds[kinds.index(Up) + 1] is Down
    assert kinds[-1] is Up
    assert bench.run.target == ("10.0.0.3", 10000)
    bench.end()


class SlowLine(str):
    """A line that takes long to look at."""

    __slots__ = ()

    def strip(self, chars: str | None = None) -> str:
        time.sleep(0.2)
        return super().strip(chars)


def test_a_crash_is_no_probe_that_failed() -> None:
    """An attempt that waits for the port ends with the process: the verdict is the process's end, which comes first."""

    def crash_slowly(container: FakeContainer) -> None:
        time.sleep(0.05)
        container.write(SlowLine("no database"))
        container.end(1)

    probe = Probe(kind="tcp", port=10000, timeout_s=240, failure_threshold=1, waits_for_port=True, implicit=True)
    bench = Bench(crash_slowly, what=service(lifecycle=Lifecycle(restarts_during_deploy=False)), startup=probe)
    bench.reported(Failed)
    assert bench.run.outcome is not None
    assert bench.run.outcome.code == "crash"
    bench.end()


def test_a_check_that_fails_takes_it_out_and_lets_it_back() -> None:
    """Three failures in a row: no new requests; a success: they come again."""
    answers = iter([200, 200, 500, 500, 500, 200])

    def answer(host: str, port: int, path: str) -> HttpAnswer:
        return HttpAnswer(status=next(answers, 200), seconds=0)

    health = replace(HEALTH, unready_threshold=3, failure_threshold=12)
    bench = Bench(health=health, answer=answer)
    assert bench.reported(Rotated).ready is False
    assert bench.reported(Rotated, 2).ready is True
    assert [(e.ready, e.because) for e in bench.of(Rotation)] == [
        (False, "its health check failed 3 times in a row: it answers 500"),
        (True, "its health check succeeds again"),
    ]
    bench.end()


@pytest.mark.parametrize(("kill", "asked"), [(True, ["SIGKILL id1"]), (False, ["SIGTERM id1"])])
def test_a_liveness_probe_that_fails_ends_it_and_it_is_started_anew(*, kill: bool, asked: list[str]) -> None:
    """As the platform does it: killed at once, or told to end."""
    lifecycle = replace(WEB.lifecycle, kill_when_unhealthy=kill)
    dead = iter([200, 500, 500])
    liveness = Probe(kind="http", path="/live", port=10000, period_s=0.05, failure_threshold=2)

    def answer(host: str, port: int, path: str) -> HttpAnswer:
        return HttpAnswer(status=200 if path == "/" else next(dead, 200), seconds=0)

    bench = Bench(what=service(lifecycle=lifecycle), liveness=liveness, answer=answer)
    bench.reported(Up, 2)
    assert [word for word in bench.docker.asked if word.startswith("SIG")] == asked
    assert bench.of(Restarted)[0].because == "its liveness check failed 2 times in a row: it answers 500"
    [stopped] = bench.of(Stopped)
    assert (stopped.signal, stopped.graceful) == ("SIGKILL" if kill else "SIGTERM", not kill)
    bench.end()


# ---- the end ----------------------------------------------------------------------------------------


def test_it_ends_itself_when_told() -> None:
    """Its signal, its own end, and away."""
    bench = live(Bench(what=service(shutdown=Shutdown(signal="SIGINT", grace_seconds=9))))
    bench.run.order("terminate")
    assert bench.reported(Signalled).heard is True
    bench.reported(Gone)
    assert bench.docker.asked == ["SIGINT id1", "remove id1"]
    [stopped] = bench.of(Stopped)
    assert (stopped.signal, stopped.exit_code, stopped.graceful) == ("SIGINT", 0, True)


def test_one_that_does_not_is_killed_when_told() -> None:
    """It hears the signal and goes on; the kill is told as what it is."""
    bench = live(Bench())
    bench.docker.started[0].on_signal = lambda: None
    bench.run.order("terminate")
    bench.reported(Signalled)
    bench.run.order("kill")
    bench.reported(Gone)
    assert bench.docker.asked == ["SIGTERM id1", "SIGKILL id1", "remove id1"]
    assert [(e.graceful, e.exit_code, e.signal) for e in bench.of(Stopped)] == [(False, 137, "SIGTERM")]


def test_whether_it_hears_is_reported() -> None:
    """A first process without a handler never hears of the signal."""
    bench = live(Bench())
    bench.docker.heard = False
    bench.run.order("terminate")
    assert bench.reported(Signalled).heard is False
    bench.end()


def test_removal_asks_nothing() -> None:
    """The verdict is there: the container is only removed."""
    bench = live(Bench())
    bench.end()
    assert bench.docker.asked == ["remove id1"]
    assert bench.told == []


def test_removal_that_fails_is_repeated() -> None:
    """The engine refused once: waiting for its end removes it all the same."""
    bench = live(Bench())
    bench.docker.removal.append(LOST)
    bench.run.order("remove")
    bench.reported(HostError)
    bench.run.join()
    assert bench.docker.left == []


# ---- processors that it has only while something needs them --------------------------------------------

THROTTLED = service(resources=Resources(cpu=1.0, idle_cpu=0.01))
TAKEN, GIVEN = "limit id1 cpus 0.01", "limit id1 cpus 1.0"


def _limits(bench: Bench) -> list[str]:
    return [words for words in bench.docker.asked if words.startswith("limit")]


def test_it_loses_its_processor_while_nothing_needs_it() -> None:
    """Once it is live; a request that it had before that counts, and its signal to end gives all back first."""
    bench = Bench(what=THROTTLED)
    bench.run.attention.set_busy(True)
    live(bench)
    time.sleep(QUIET_S * 1.5)
    assert _limits(bench) == []
    bench.run.attention.set_busy(False)
    wait_for(lambda: _limits(bench) == [TAKEN])
    bench.run.order("terminate")
    bench.reported(Gone)
    assert bench.docker.asked[:3] == [TAKEN, GIVEN, "SIGTERM id1"]
    bench.end()


def test_its_probes_need_its_processor() -> None:
    """It is given back for each of them that is not answered at once."""

    def answer(_host: str, _port: int, _path: str) -> HttpAnswer:
        time.sleep(0.05)
        return HttpAnswer(status=200, seconds=0.05)

    liveness = replace(HEALTH, port=10000, initial_delay_s=QUIET_S * 2, period_s=QUIET_S * 3)
    bench = live(Bench(what=THROTTLED, answer=answer, liveness=liveness))
    wait_for(lambda: _limits(bench)[:3] == [TAKEN, GIVEN, TAKEN])
    bench.end()


def test_an_instance_that_starts_again_has_its_processor() -> None:
    """The one that ended has none to lose any more."""
    bench = live(Bench(what=THROTTLED))
    wait_for(lambda: _limits(bench) == [TAKEN])
    bench.docker.started[0].end(1)
    bench.reported(Up, 2)
    wait_for(lambda: "limit id2 cpus 0.01" in _limits(bench))
    bench.end()


def test_what_is_never_throttled() -> None:
    """Where the plan says nothing of it, or no limits of the processor are applied."""
    for what in (WEB, service(resources=Resources(cpu=None, idle_cpu=0.01))):
        bench = live(Bench(what=what, health=HEALTH))
        time.sleep(QUIET_S * 1.5)
        assert _limits(bench.end()) == []
