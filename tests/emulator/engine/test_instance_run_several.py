"""An instance of several containers: its loop on a fake engine, from the sandbox to the last removal."""

from collections.abc import Callable
from typing import Any

from emulator.edge.clock import SystemClock
from emulator.engine.boot_steps import Rules
from emulator.engine.container_run import Part
from emulator.engine.containers import of_container
from emulator.engine.instance_run import InstanceRun, What
from emulator.engine.instance_steps import Member
from emulator.engine.rollout_steps import Down, Failed, Gone, Signalled, Unit, Up
from emulator.engine.shared_volumes import SharedVolume
from emulator.model.event import ContainerStarted, Event, Log, OutOfMemory, Restarted, Stopped
from emulator.model.lifecycle import Lifecycle, Probe, Probes
from emulator.world.asking import HttpAnswer
from emulator.world.containers import ContainerSpec
from tests.emulator.engine.fake_docker import FakeContainer, FakeDocker
from tests.emulator.engine.services import service
from tests.emulator.engine.test_instance_run import wait_for
from tests.emulator.engine.test_sandbox import container

LIFE = Lifecycle(back_off_s=(0.05,), deadline_s=240)
PAIR = service(
    lifecycle=LIFE,
    containers=tuple(
        container(name, probes=Probes(startup=Probe(kind="http", path="/", port=port, period_s=0.05)))
        for name, port in (("app", 8080), ("db", 9000))
    ),
)
NOTES = SharedVolume(name="notes-1", volume="notes", memory_mib=16, labels={})


class Pair:
    """app, which needs db, on a fake engine; all that was told and reported."""

    def __init__(
        self,
        behave: Callable[[FakeContainer], None] = lambda _: None,
        answer: Callable[[str, int, str], HttpAnswer] = lambda host, port, path: HttpAnswer(status=200, seconds=0),
    ) -> None:
        self.docker = FakeDocker(behave)
        self.docker.answer = answer
        self.told: list[Event] = []
        self.reports: list[Any] = []
        parts = tuple(
            Part(
                Member(
                    name=one.name, rules=Rules(lifecycle=LIFE, startup=one.probes.startup), ingress=one.name == "app",
                    needs=("db",) if one.name == "app" else (),
                ),
                of_container(PAIR, one),
                lambda attempt, name=one.name: ContainerSpec(image="i", name=f"shop-{attempt}-{name}", argv=(name,)),
                {"PASSWORD": "s3cret"},
            )
            for one in PAIR.containers
        )  # fmt: skip
        self.run = InstanceRun(
            What(unit=Unit(id=1, deploy=3, slot=2), service=PAIR, parts=parts, volumes=(NOTES,)),
            docker=self.docker,  # type: ignore[arg-type]
            clock=SystemClock(), tell=self.told.append, report=self.reports.append, url="http://127.0.0.1:1",
        )  # fmt: skip
        self.run.start()

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    def reported(self, kind: type, count: int = 1) -> Any:
        wait_for(lambda: len([one for one in self.reports if isinstance(one, kind)]) >= count)
        return [one for one in self.reports if isinstance(one, kind)][count - 1]

    def called(self, name: str, number: int = -1) -> FakeContainer:
        """A start of the container of that name, the last one by default."""
        return [one for one in self.docker.started if one.spec.name.endswith(name)][number]

    def end(self) -> None:
        self.run.order("remove")
        self.reported(Gone)
        self.run.join()
        assert self.docker.left == []


def test_the_sandbox_first_then_each_when_its_need_has_started() -> None:
    """Both are in the sandbox's network; requests go to its address, and every event says whose it is."""
    pair = Pair()
    pair.reported(Up)
    sandbox, db, app = pair.docker.started
    assert (sandbox.spec.argv, db.spec.network_of, app.spec.network_of) == (("sleep", "infinity"), "id1", "id1")
    assert pair.run.target == (sandbox.facts.address, 8080)
    assert pair.docker.asked[0] == "volume notes-1"
    started = pair.of(ContainerStarted)
    assert [(e.container, e.argv, e.url) for e in started] == [
        ("db", ("db",), None), ("app", ("app",), "http://127.0.0.1:1"),
    ]  # fmt: skip
    db.write("using s3cret")
    assert [(e.container, e.line) for e in pair.of(Log)] == [("db", "using ‹PASSWORD›")]
    assert sorted(pair.run.containers) == ["id2", "id3"]
    pair.end()
    assert pair.docker.asked[-2:] == ["remove id1", "remove volume notes-1"]


def test_the_end_of_one_is_followed_by_all_anew() -> None:
    """The other one is told to end, the sandbox stays, and it is down only until it is up again."""
    pair = Pair()
    pair.reported(Up)
    pair.called("db").end(3)
    pair.reported(Up, 2)
    assert "SIGTERM id3" in pair.docker.asked
    [again] = pair.of(Restarted)
    assert (again.container, again.because) == ("db", "it exited with status 3")
    assert sorted((e.container, e.signal) for e in pair.of(Stopped)) == [("app", "SIGTERM"), ("db", None)]
    assert [type(one) for one in pair.reports].index(Down) > 0
    assert [one.spec.name for one in pair.docker.started] == [
        "shop-1-app-sandbox", "shop-1-db", "shop-1-app", "shop-2-db", "shop-2-app",
    ]  # fmt: skip
    pair.end()


def test_all_are_told_to_end_and_the_last_one_is_waited_for() -> None:
    """Gone when both are; which one takes its time is the app's own affair."""
    pair = Pair()
    pair.reported(Up)
    pair.called("-app").on_signal = lambda: None
    pair.run.order("terminate")
    assert pair.reported(Signalled).heard is True
    wait_for(lambda: len(pair.of(Stopped)) == 1)
    assert not [one for one in pair.reports if isinstance(one, Gone)]
    pair.called("-app").end(0)
    pair.reported(Gone)
    assert {word for word in pair.docker.asked if word.startswith("SIG")} == {"SIGTERM id2", "SIGTERM id3"}
    assert pair.docker.left == []


def test_the_verdict_is_on_account_of_the_container_that_fails() -> None:
    """db answers 500: its probe gives up, the app was never started, and its last words are those of db."""
    pair = Pair(
        behave=lambda one: one.write(f"{one.spec.name} speaks"),
        answer=lambda host, port, path: HttpAnswer(status=500, seconds=0),
    )
    pair.reported(Failed)
    assert pair.run.outcome is not None
    assert (pair.run.judged.container, pair.run.outcome.code) == ("db", "startup-probe")
    assert pair.run.judged.service.probes == PAIR.containers[1].probes
    assert pair.run.last_lines == ("shop-1-db speaks",)
    assert [e.container for e in pair.of(ContainerStarted)] == ["db"]
    pair.end()


def test_removed_while_it_starts_leaves_nothing() -> None:
    """Whatever is on its way is waited for and removed."""
    for _ in range(5):
        Pair().end()


def test_memory_is_told_of_the_container_that_lacks_it() -> None:
    """By the engine's id of it; of a container that is none of the instance's nothing is told."""
    pair = Pair()
    pair.reported(Up)
    pair.run.tell_oom("id2")
    pair.run.tell_oom("id77")
    assert [(e.container, e.limit_mib) for e in pair.of(OutOfMemory)] == [("db", 512)]
    pair.end()
