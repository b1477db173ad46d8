"""All deploys of a service on a fake engine: what is told and in which order, who gets requests, and that nothing is
left: no container, no thread that waits, no memory of what is over.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from emulator.edge.clock import SystemClock
from emulator.engine import rollout_steps as steps
from emulator.engine.deploys import Decided, ServiceContext
from emulator.engine.job import Doors, Job, Settings
from emulator.engine.rollout_steps import Unit
from emulator.engine.service_run import ServiceRun
from emulator.model.diagnostic import HostError
from emulator.model.event import (
    BuildFailed,
    BuildFinished,
    BuildStarted,
    ContainerStarted,
    DeployCanceled,
    DeployFailed,
    Event,
    Live,
    Log,
    PortDetected,
    Restarted,
    Stopped,
    TrafficMoved,
    TrafficShare,
    VerdictKind,
)
from emulator.model.lifecycle import Lifecycle, Replacement, Shutdown
from emulator.model.plan import Instances, Revisions
from emulator.model.record import replace
from emulator.model.router import Router
from emulator.snapshot import from_mapping
from emulator.world.building import BuildError, BuildRequest
from emulator.world.containers import StartFailure
from emulator.world.front import PublishedSite
from tests.emulator.engine.fake_docker import LOST, FakeContainer, FakeDocker
from tests.emulator.engine.fake_front import FakeFront
from tests.emulator.engine.services import WEB, service

REPO = from_mapping({"Dockerfile": "FROM scratch\n", "app.py": ""})
PATIENT = 30.0
NO_RESTART = replace(WEB.lifecycle, restarts_during_deploy=False)


def serve(container: FakeContainer) -> None:
    container.listen()


def crash(container: FakeContainer) -> None:
    container.write("boom")
    container.end(1)


class Context(NamedTuple):
    """A build context that nobody reads."""

    directory: str = "/context"
    dockerfile: str = "/context/Dockerfile"
    notes: tuple[str, ...] = ()


class Bench:
    """A service, its engine and its address, and all that was told, decided and reported.

    behave: deploy → what its containers do. story: events and changes of who gets requests, in order.
    """

    def __init__(self, **behave: Callable[[FakeContainer], None]) -> None:
        self.docker = FakeDocker(lambda container: behave.get(f"of_{_deploy(container)}", serve)(container))
        self.story: list[Any] = []
        self.front = FakeFront(self.story.append)
        self.decided: dict[int, Decided] = {}
        self.lost = 0
        self.problems: list[BaseException] = []
        context = ServiceContext(
            name="shop",
            doors=Doors(
                docker=self.docker,  # type: ignore[arg-type]
                clock=SystemClock(),
                prepare_context=lambda repo, what: contextlib.nullcontext(Context()),
                ready=lambda: None,
                hurry=lambda: False,
                publish=self._publish,
            ),
            settings=Settings("/shop", "render", {}, "none", faithful=False, scale=1.0),
            tell=self.story.append,
            decided=self._decided,
            problem=self.problems.append,
        )
        front = lambda: self.front  # noqa: E731
        self.run = ServiceRun(context, front=front, lost=self._is_lost)  # type: ignore[arg-type]

    def _publish(self, image: str, path: str, labels: Mapping[str, str]) -> PublishedSite | None:
        """The files of an image; none here."""
        del self, image, path, labels
        return None

    def _decided(self, decided: Decided) -> None:
        assert decided.deploy not in self.decided
        self.decided[decided.deploy] = decided

    def _is_lost(self) -> None:
        self.lost += 1

    def deploy(
        self, number: int, *, kept: frozenset[int] = frozenset(), first: bool = False, **changes: Any
    ) -> "Bench":
        """Ask for a deploy of a service with these values."""
        self.run.deploy(Job(number, service(**changes), {}, REPO, kept=kept, first=first))
        return self

    def made(self, number: int, **changes: Any) -> Decided:
        """Ask for a deploy and wait until it is decided."""
        self.deploy(number, **changes)
        return self.verdict(number)

    def verdict(self, number: int) -> Decided:
        wait_for(lambda: number in self.decided or bool(self.problems))
        assert not self.problems
        return self.decided[number]

    @property
    def told(self) -> list[Event]:
        return [one for one in list(self.story) if isinstance(one, Event)]

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    def containers(self, number: int) -> list[FakeContainer]:
        return [one for one in self.docker.started if _deploy(one) == number]

    def end(self, *, at_once: bool = True) -> None:
        self.run.end(at_once=at_once)
        assert self.run.wait(PATIENT)
        self.run.sweep()
        assert self.docker.left == []


@pytest.fixture
def bench() -> Iterator[Bench]:
    """All deploys serve; it is ended after the test, and leaves nothing."""
    one = Bench()
    yield one
    one.end()
    assert one.problems == []


def _deploy(container: FakeContainer) -> int:
    return int(container.spec.labels["emu.deploy"])


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENT
    while not what():
        assert time.monotonic() < end
        time.sleep(0.002)


def address(container: FakeContainer) -> tuple[str, int]:
    assert container.facts.address is not None
    return container.facts.address, 10000


# ---- what is told -----------------------------------------------------------------------------------


def test_a_first_deploy_is_told_from_its_build_to_live(bench: Bench) -> None:
    """Each step in its order; requests reach it before anybody hears that it is live."""
    router = Router(http2=True)
    decided = bench.made(1, router=router)
    kinds = [type(one) for one in bench.story]
    assert kinds == [BuildStarted, BuildFinished, ContainerStarted, PortDetected, tuple, TrafficMoved, Live]
    assert bench.front.addresses == (address(bench.docker.started[0]),)
    assert bench.front.routers == [router, router]  # its pages before it serves, its rules from then on
    assert (decided.verdict.verdict, decided.verdict.reason[:18]) == (VerdictKind.LIVE, "shop is live after")
    [live] = bench.of(Live)
    assert (live.service, live.deploy, live.instance, live.url) == ("shop", 1, 1, FakeFront.url)
    assert all(event.deploy == 1 for event in bench.told if not isinstance(event, TrafficMoved))


def test_a_replacement_is_told_in_order(bench: Bench) -> None:
    """The new one starts while the old one serves; requests go over, it is live, the old one ends and is removed."""
    bench.made(1)
    bench.story.clear()
    bench.made(2)
    wait_for(lambda: bench.docker.left == ["id2"])
    [moved] = bench.of(TrafficMoved)
    assert moved.split == (TrafficShare(deploy=2, percent=100, instances=1),)
    kinds = [type(one) for one in bench.story]
    assert kinds.index(ContainerStarted) < kinds.index(tuple) < kinds.index(Live)
    assert kinds.index(tuple) < kinds.index(Stopped)
    [stopped] = bench.of(Stopped)
    assert (stopped.deploy, stopped.signal, stopped.graceful) == (1, "SIGTERM", True)
    assert (bench.run.live, bench.run.under_way) == (2, None)


def test_requests_are_split_as_instances_change_hands(bench: Bench) -> None:
    """Told each time, in percent and in instances."""
    three = Instances(min=3, max=3)
    bench.made(1, instances=three)
    bench.story.clear()
    bench.made(2, instances=three)
    splits = [[(s.deploy, s.percent, s.instances) for s in moved.split] for moved in bench.of(TrafficMoved)]
    assert splits == [[(1, 67, 2), (2, 33, 1)], [(1, 33, 1), (2, 67, 2)], [(2, 100, 3)]]


def test_a_deploy_that_does_not_start() -> None:
    """Told with its cause and with who goes on serving; nothing of it is left, and no request was ever sent to it."""
    bench = Bench(of_2=crash)
    bench.made(1)
    bench.story.clear()
    decided = bench.made(2, lifecycle=NO_RESTART)
    [failed] = bench.of(DeployFailed)
    assert (failed.deploy, failed.phase, failed.code, failed.still_live) == (2, "boot", "crash", 1)
    assert failed.cause is not None
    assert failed.reason == failed.cause.message == decided.verdict.reason
    assert (decided.verdict.verdict, decided.verdict.cause) == (VerdictKind.BOOT_FAILED, failed.cause)
    wait_for(lambda: bench.docker.left == ["id1"])
    assert bench.front.addresses == (address(bench.docker.started[0]),)
    assert bench.of(TrafficMoved) == bench.of(Live) == []
    assert bench.run.live == 1
    bench.end()


def test_a_build_that_fails(bench: Bench) -> None:
    """Told where it failed and who goes on serving; no container is made."""
    bench.made(1)
    problem = BuildError(kind="step", message="exit code: 1", step="RUN make", exit_code=1)
    bench.docker.building = lambda request, cancel: problem
    decided = bench.made(2)
    [failed] = bench.of(DeployFailed)
    assert (failed.deploy, failed.phase, failed.still_live) == (2, "build", 1)
    assert decided.verdict.verdict is VerdictKind.BUILD_FAILED
    assert len(bench.of(BuildFailed)) == len(bench.docker.started) == 1


def test_a_crash_while_serving_is_told_and_mended(bench: Bench) -> None:
    """No requests while it is down; then to where the new container is."""
    bench.made(1)
    bench.story.clear()
    bench.docker.started[0].end(9)
    wait_for(lambda: len(bench.of(Live)) == 1)
    changes = [one for one in bench.story if isinstance(one, tuple)]
    assert changes == [(), (address(bench.docker.started[1]),)]
    assert [len(moved.split) for moved in bench.of(TrafficMoved)] == [0, 1]
    assert bench.of(Restarted)[0].deploy == 1


def test_the_last_instance_is_lost() -> None:
    """It went down and cannot be executed again: told as a failure that leaves nobody, and reported."""
    bench = Bench()
    bench.made(1)
    bench.docker.failure = StartFailure(kind="not-found", message="no such program", exit_code=127)
    bench.docker.started[0].end(9)
    wait_for(lambda: bench.lost == 1)
    [failed] = bench.of(DeployFailed)
    assert (failed.deploy, failed.code, failed.still_live) == (1, "not-started", None)
    assert bench.run.live is None
    wait_for(lambda: bench.docker.left == [])
    bench.end()


# ---- several at once --------------------------------------------------------------------------------


class Gate:
    """A build that goes on until it is opened or canceled."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.begun: list[str] = []
        self.canceled: list[str] = []

    def __call__(self, request: BuildRequest, cancel: threading.Event) -> BuildError | None:
        deploy = request.labels["emu.deploy"]
        self.begun.append(deploy)
        while not self.opened.wait(0.002):
            if cancel.is_set():
                self.canceled.append(deploy)
                return BuildError(kind="canceled", message="canceled")
        return None


def test_a_deploy_withdrawn_while_it_is_built(bench: Bench) -> None:
    """Its build is ended, it is told as canceled, the old one goes on."""
    bench.made(1)
    gate = bench.docker.building = Gate()
    bench.deploy(2)
    wait_for(lambda: gate.begun == ["2"])
    bench.run.withdraw(2)
    decided = bench.verdict(2)
    [canceled] = bench.of(DeployCanceled)
    assert (canceled.deploy, canceled.by, canceled.still_live) == (2, None, 1)
    assert (decided.verdict.verdict, decided.verdict.reason) == (VerdictKind.CANCELED, "it was called off")
    wait_for(lambda: gate.canceled == ["2"])
    assert len(bench.docker.started) == 1


def test_a_newer_deploy_overrides_one_that_is_built(bench: Bench) -> None:
    """Where the platform does so: the older build is ended, the newer one made."""
    override = replace(WEB.lifecycle, replacement=Replacement(overlap="override"))
    gate = bench.docker.building = Gate()
    bench.deploy(1, lifecycle=override)
    wait_for(lambda: gate.begun == ["1"])
    bench.deploy(2, lifecycle=override)
    wait_for(lambda: gate.begun == ["1", "2"] and gate.canceled == ["1"])
    gate.opened.set()
    assert bench.verdict(2).verdict.verdict is VerdictKind.LIVE
    assert bench.verdict(1).verdict.reason == "deploy 2 took its place"


def test_the_newest_of_those_that_wait_is_made(bench: Bench) -> None:
    """Elsewhere it waits for the one under way; the ones between are never built."""
    gate = bench.docker.building = Gate()
    bench.deploy(1)
    wait_for(lambda: gate.begun == ["1"])
    bench.deploy(2).deploy(3).deploy(4)
    gate.opened.set()
    assert bench.verdict(4).verdict.verdict is VerdictKind.LIVE
    assert [(c.deploy, c.by) for c in bench.of(DeployCanceled)] == [(2, 3), (3, 4)]
    assert gate.begun == ["1", "4"]


# ---- leaving ----------------------------------------------------------------------------------------


def test_a_busy_old_one_answers_before_it_is_told_to_end(bench: Bench) -> None:
    """It has a request: the signal waits for its answer."""
    patient = replace(WEB.lifecycle, replacement=Replacement(drain_s=60))
    bench.made(1, lifecycle=patient)
    answered = bench.front.begin_request()
    bench.made(2, lifecycle=patient)
    old = bench.docker.started[0]
    wait_for(lambda: bench.front.drained == [(address(old), 60.0)])
    assert f"SIGTERM {old.id}" not in bench.docker.asked
    assert [(one.deploy, one.role) for one in bench.run.instances()] == [(1, "leaving"), (2, "serving")]
    answered()
    wait_for(lambda: bench.docker.left == ["id2"])
    assert f"SIGTERM {old.id}" in bench.docker.asked


def test_it_is_not_waited_for_longer_than_the_platform_does(bench: Bench) -> None:
    """A request that does not end: the signal comes when the patience is over."""
    brief = replace(WEB.lifecycle, replacement=Replacement(drain_s=0.05))
    bench.made(1, lifecycle=brief)
    bench.front.begin_request()
    bench.made(2, lifecycle=brief)
    wait_for(lambda: bench.docker.left == ["id2"])
    assert "SIGTERM id1" in bench.docker.asked


def test_one_that_does_not_hear_is_killed(bench: Bench) -> None:
    """Its grace is not waited for."""
    bench.docker.heard = False
    bench.made(1, shutdown=Shutdown(grace_seconds=300))
    bench.made(2)
    wait_for(lambda: bench.docker.left == ["id2"])
    assert [word for word in bench.docker.asked if "SIG" in word] == ["SIGTERM id1", "SIGKILL id1"]


# ---- the end ----------------------------------------------------------------------------------------


def test_the_end_is_told_to_what_serves() -> None:
    """No more requests, its signal, its own end."""
    bench = Bench()
    bench.made(1)
    bench.end(at_once=False)
    assert bench.front.addresses == ()
    assert bench.docker.asked[-2:] == ["SIGTERM id1", "remove id1"]


def test_the_end_calls_off_a_build_while_another_waits() -> None:
    """Both are decided, the build is ended, nothing goes wrong on the way."""
    bench = Bench()
    gate = bench.docker.building = Gate()
    bench.deploy(1)
    wait_for(lambda: gate.begun == ["1"])
    bench.deploy(2)
    bench.end()
    assert sorted(bench.decided) == [1, 2]
    assert (gate.canceled, bench.problems) == (["1"], [])


def test_hurry_ends_a_grace() -> None:
    """It heard the signal and goes on: killed when the user does not wait any more."""
    bench = Bench()
    bench.made(1, shutdown=Shutdown(grace_seconds=300))
    bench.docker.started[0].on_signal = lambda: None
    bench.run.end(at_once=False)
    wait_for(lambda: "SIGTERM id1" in bench.docker.asked)
    assert not bench.run.wait(0.05)
    bench.run.hurry()
    bench.end()
    assert "SIGKILL id1" in bench.docker.asked


def test_a_lost_engine_ends_the_service_and_sweeping_leaves_nothing() -> None:
    """It is reported once; what is there when the engine answers again is removed."""
    bench = Bench()
    bench.made(1, instances=Instances(min=3, max=3))
    bench.docker.started[1].tell(LOST)
    wait_for(lambda: bool(bench.problems))
    assert isinstance(bench.problems[0], HostError)
    assert bench.run.wait(PATIENT)
    assert len(bench.docker.left) == 3
    bench.run.sweep()
    assert (bench.docker.left, len(bench.problems)) == ([], 1)


def test_a_lost_engine_calls_off_a_build() -> None:
    """Nobody is there any more who could use its image."""
    bench = Bench()
    bench.made(1)
    gate = bench.docker.building = Gate()
    bench.deploy(2)
    wait_for(lambda: gate.begun == ["2"])
    bench.docker.started[0].tell(LOST)
    wait_for(lambda: gate.canceled == ["2"])
    bench.run.sweep()
    assert bench.docker.left == []


def test_a_mistake_while_it_drains_is_reported() -> None:
    """Whatever breaks in the thread that waits for requests, the service says so."""
    bench = Bench()
    patient = replace(WEB.lifecycle, replacement=Replacement(drain_s=60))
    bench.made(1, lifecycle=patient)

    def broken(address: tuple[str, int], timeout_s: float) -> bool:
        raise ZeroDivisionError

    bench.front.drain = broken  # type: ignore[method-assign]
    bench.deploy(2, lifecycle=patient)
    wait_for(lambda: bool(bench.problems))
    assert isinstance(bench.problems[0], ZeroDivisionError)
    bench.run.sweep()


def test_an_order_to_one_that_has_ended_is_none(bench: Bench) -> None:
    """It ended between the decision and the order."""
    bench.made(1)
    for order in (steps.Terminate, steps.Kill, steps.Remove):
        bench.run._perform(order(due=0, unit=Unit(id=99, deploy=1, slot=1)))
    assert bench.docker.left == ["id1"]


# ---- hours later ------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_what_is_over_is_forgotten() -> None:
    """Three hundred deploys later, good ones, failed ones and such as were never built, it remembers those it can go
    back to, and the one that serves."""
    bench = Bench(**{f"of_{number}": crash for number in range(5, 301, 10)})
    never = BuildError(kind="step", message="no", step="RUN make", exit_code=1)
    bench.docker.building = lambda request, cancel: never if int(request.labels["emu.deploy"]) % 10 == 7 else None
    brief = Lifecycle(port_scan=WEB.lifecycle.port_scan, restarts_during_deploy=False)
    for number in range(1, 301):
        kept = frozenset(range(max(1, number - 3), number))
        bench.deploy(number, kept=kept, lifecycle=brief)
        if number % 10 == 3:
            bench.run.withdraw(number)
        bench.verdict(number)
    wait_for(lambda: len(bench.docker.left) == 1)
    run, made = bench.run, bench.run._deploys
    tables = (made.jobs, made.releases, made.not_ready, made._cancels)
    assert {len(table) <= 6 for table in tables} == {True}
    serving = run._serving
    assert max(len(table) for table in (serving._startups, serving._starting, serving._spec)) <= 6
    wait_for(lambda: set(run._instances) == {run._state.served[0].id})
    assert len(made._threads) <= 2
    wait_for(lambda: len([one for one in threading.enumerate() if one.name.startswith("shop-")]) == 1)
    assert 298 in made.releases
    bench.end()


def test_old_revisions_are_forgotten_but_those_with_requests(bench: Bench) -> None:
    """A service that is deployed at each save has hundreds of them in a day. The first keeps its share here, and the
    numbers go on."""
    revisions = Revisions(variable="REVISION", pattern="shop-{number:05}", mode="keep")
    brief = Lifecycle(port_scan=WEB.lifecycle.port_scan)
    bench.made(1, lifecycle=brief, revisions=revisions)
    bench.run.traffic({"shop-00001": 50, "LATEST": 50}, None)
    for number in range(2, 31):
        bench.made(number, lifecycle=brief, revisions=revisions)
    serving, made = bench.run._serving, bench.run._deploys
    kept = {1, *range(10, 31)}
    wait_for(lambda: set(serving.names) <= kept)
    assert {1, *range(12, 31)} <= set(serving.names) == set(serving.numbers.values())
    assert serving.names[30] == "shop-00030"
    wait_for(lambda: set(made.releases) <= kept)


def test_a_build_that_fails_after_it_was_withdrawn_is_forgotten(bench: Bench) -> None:
    """It was canceled, and stays so; its cause is not kept for ever."""

    def fail_late(request: BuildRequest, cancel: threading.Event) -> BuildError:
        assert cancel.wait(PATIENT)
        return BuildError(kind="step", message="no", step="RUN make", exit_code=1)

    bench.docker.building = fail_late
    bench.deploy(1)
    wait_for(lambda: 1 in bench.run._deploys._cancels)
    bench.run.withdraw(1)
    assert bench.verdict(1).verdict.verdict is VerdictKind.CANCELED
    wait_for(lambda: 1 in bench.run._deploys.not_ready)
    bench.docker.building = lambda request, cancel: None
    bench.made(2)
    assert bench.run._deploys.not_ready == {}
    assert bench.of(DeployFailed) == []


def test_a_line_of_an_app_is_no_event_of_the_service() -> None:
    """What a container says is told with its deploy: two that run at once are told apart."""
    bench = Bench(of_1=_talk, of_2=_talk)
    bench.made(1)
    bench.made(2)
    assert [(line.deploy, line.line) for line in bench.of(Log)] == [(1, "hello"), (2, "hello")]
    bench.end()


def _talk(container: FakeContainer) -> None:
    container.write("hello")
    container.listen()
