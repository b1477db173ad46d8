"""The loop around the machine for work that ends: what it asks of the engine and tells, and that nothing is left."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from emulator.contract import token
from emulator.edge.clock import SystemClock
from emulator.engine.boot_steps import Outcome
from emulator.engine.task_run import Role, TaskRun
from emulator.engine.task_steps import TaskRules
from emulator.model.diagnostic import HostError
from emulator.model.event import (
    ContainerStarted,
    Event,
    Log,
    PreDeployFinished,
    PreDeployStarted,
    RunFinished,
    Stopped,
    TaskEvent,
)
from emulator.model.plan import Service
from emulator.world.containers import ContainerSpec, StartFailure
from tests.emulator.engine.fake_docker import GONE, LOST, FakeContainer, FakeDocker
from tests.emulator.engine.services import WEB, service

Behave = Callable[[FakeContainer], None]


def works(container: FakeContainer) -> None:
    container.write(f"working on {container.spec.name}")
    container.end(0)


def fails(container: FakeContainer) -> None:
    container.write(f"failing at {container.spec.name}")
    container.end(1)


def goes_on(container: FakeContainer) -> None:
    """Until it is told to end."""


class Bench:
    """A run on a fake engine, and all it told."""

    def __init__(
        self, behave: Behave = works, *, what: Service = WEB, role: Role = "task", hidden: dict[str, str] | None = None,
        **rules: Any,
    ) -> None:  # fmt: skip
        self.docker = FakeDocker(behave)
        self.told: list[Event] = []
        self.cancel = threading.Event()
        self.hurried = False
        self.run = TaskRun(
            what,
            TaskRules(**rules),
            lambda index, attempt: ContainerSpec(image="i", name=f"{index}/{attempt}", argv=("work", "s3cret")),
            hidden or {},
            docker=self.docker,  # type: ignore[arg-type]
            clock=SystemClock(),
            tell=self.told.append,
            deploy=3,
            cancel=self.cancel,
            hurry=lambda: self.hurried,
            role=role,
        )

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    def decided(self) -> Outcome:
        """The outcome; nothing is left of any container."""
        outcome = self.run.until_decided()
        assert self.docker.left == []
        return outcome

    def in_a_thread(self) -> tuple[threading.Thread, list[Outcome]]:
        outcomes: list[Outcome] = []
        thread = threading.Thread(target=lambda: outcomes.append(self.run.until_decided()), daemon=True)
        thread.start()
        return thread, outcomes


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


def states(bench: Bench, index: int) -> list[tuple[int, str, int | None]]:
    return [(e.attempt, e.state, e.exit_code) for e in bench.of(TaskEvent) if e.index == index]


# ---- a job's tasks ----------------------------------------------------------------------------------


def test_a_task_is_told_from_its_start_to_its_end() -> None:
    """Every step is an event, in order, and every event says of which task."""
    bench = Bench()
    assert bench.decided().verdict == "succeeded"
    kinds = [type(event) for event in bench.told]
    assert (kinds[0], kinds[-3:]) == (ContainerStarted, [Stopped, TaskEvent, RunFinished])
    assert sorted(kind.__name__ for kind in kinds[1:-3]) == ["Log", "TaskEvent"]
    assert {(e.service, e.container, e.instance, e.deploy) for e in bench.told[:-1]} == {("shop", "shop", 0, 3)}
    assert states(bench, 0) == [(0, "started", None), (0, "succeeded", 0)]


def test_attempts_have_containers_of_their_own() -> None:
    """A failed attempt's container is gone before the next one is made; each is told with its number."""

    def at_first(container: FakeContainer) -> None:
        (fails if container.spec.name == "1/0" else works)(container)

    bench = Bench(at_first, count=2, max_retries=1)
    assert bench.decided().verdict == "succeeded"
    assert states(bench, 0) == [(0, "started", None), (0, "succeeded", 0)]
    assert states(bench, 1) == [(0, "started", None), (0, "retrying", 1), (1, "started", None), (1, "succeeded", 0)]
    asked = [line for line in bench.docker.asked if line in ("remove id2", "create id3")]
    assert asked == ["remove id2", "create id3"]
    assert sorted((e.instance, e.attempt) for e in bench.of(ContainerStarted)) == [(0, 1), (1, 1), (1, 2)]


def test_the_last_words_are_those_of_the_task_that_failed_first() -> None:
    """Whatever others say later."""

    def behave(container: FakeContainer) -> None:
        (fails if container.spec.name.startswith("0/") else works)(container)

    bench = Bench(behave, count=3, parallelism=1, max_retries=1)
    assert bench.decided().verdict == "failed"
    assert [(e.ok, e.tasks, e.succeeded) for e in bench.of(RunFinished)] == [(False, 3, 2)]
    assert bench.run.last_lines == ("failing at 0/1",)


def test_no_more_run_at_once_than_allowed() -> None:
    """On the engine as in the machine."""
    running, most, lock = [0], [0], threading.Lock()

    def count(container: FakeContainer) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1
        container.end(0)

    bench = Bench(count, count=9, cap=3)
    assert bench.decided().verdict == "succeeded"
    assert (most[0], len(bench.docker.started)) == (3, 9)


def test_an_attempt_that_takes_too_long() -> None:
    """It is told to end at its time, and that it went is told as what it was."""
    bench = Bench(goes_on, timeout_s=0.1, max_retries=1)
    outcome = bench.decided()
    assert (outcome.code, outcome.exit_code) == ("task-timeout", 0)
    assert [state for _, state, _ in states(bench, 0)] == [
        "started", "timed_out", "retrying", "started", "timed_out", "failed",
    ]  # fmt: skip
    assert [line for line in bench.docker.asked if "SIG" in line] == ["SIGTERM id1", "SIGTERM id2"]
    assert [(e.signal, e.graceful) for e in bench.of(Stopped)] == [("SIGTERM", True)] * 2


def test_one_that_does_not_end_is_killed_after_its_grace() -> None:
    """It hears the signal and goes on."""

    def stubborn(container: FakeContainer) -> None:
        container.on_signal = lambda: None

    bench = Bench(stubborn, timeout_s=0.1, grace_s=0.3)
    began = time.monotonic()
    assert bench.decided().exit_code == 137
    assert 0.4 <= time.monotonic() - began < 3
    assert [line for line in bench.docker.asked if "SIG" in line] == ["SIGTERM id1", "SIGKILL id1"]
    [stopped] = bench.of(Stopped)
    assert (stopped.graceful, stopped.oom) == (False, False)


def test_nobody_waits_for_one_that_cannot_hear() -> None:
    """A first process without a handler never hears of the signal: its grace is not waited."""
    bench = Bench(goes_on, timeout_s=0.1, grace_s=30)
    bench.docker.heard = False
    began = time.monotonic()
    outcome = bench.decided()
    assert time.monotonic() - began < 3
    assert outcome.platform_seconds == pytest.approx(30.1)


def test_out_of_memory() -> None:
    """Told as the engine has it, and in words."""
    bench = Bench(lambda container: container.end(137, oom=True))
    outcome = bench.decided()
    assert (outcome.code, outcome.reason) == ("oom", "it ran out of memory and was killed")
    assert [(e.oom, e.signal) for e in bench.of(Stopped)] == [(True, None)]


def test_a_first_process_that_cannot_be_executed() -> None:
    """Told as started, with its argv, and decided; a secret in the engine's words is hidden."""
    bench = Bench(hidden={"PASSWORD": "s3cret"}, max_retries=3)
    bench.docker.failure = StartFailure(kind="not-found", message='exec: "s3cret": not found', exit_code=127)
    outcome = bench.decided()
    assert (outcome.code, outcome.reason) == ("not-started", f'exec: "{token("PASSWORD")}": not found')
    assert [e.argv for e in bench.of(ContainerStarted)] == [("work", token("PASSWORD"))]
    assert states(bench, 0) == [(0, "failed", 127)]


def test_secrets_are_hidden_in_what_a_task_says() -> None:
    """Its lines are told, and kept, without them."""

    def leak(container: FakeContainer) -> None:
        container.write("using s3cret")
        container.end(1)

    bench = Bench(leak, hidden={"PASSWORD": "s3cret"})
    bench.decided()
    assert bench.run.last_lines == (f"using {token('PASSWORD')}",)
    assert "s3cret" not in repr(bench.told)


# ---- a pre-deploy command ---------------------------------------------------------------------------

MIGRATED = service(pre_deploy_command="./migrate $X", pre_deploy_argv=("./migrate", "1"))


@pytest.mark.parametrize(
    ("behave", "verdict", "end"), [(works, "succeeded", (0, True)), (fails, "pre_deploy_failed", (1, False))]
)
def test_a_pre_deploy_command_has_events_of_its_own(behave: Behave, verdict: str, end: tuple[int, bool]) -> None:
    """It is no task and no start of the service; its verdict is its own."""
    bench = Bench(behave, what=MIGRATED, role="pre_deploy", hidden={"PASSWORD": "s3cret"})
    assert bench.decided().verdict == verdict
    assert [type(e) for e in bench.told] == [PreDeployStarted, Log, PreDeployFinished]
    [started], [finished] = bench.of(PreDeployStarted), bench.of(PreDeployFinished)
    assert (started.command, started.argv) == ("./migrate $X", ("work", token("PASSWORD")))
    assert (finished.exit_code, finished.ok) == end


def test_a_pre_deploy_command_that_takes_too_long_has_failed() -> None:
    """Also when it ends with 0 as soon as it is told to."""
    bench = Bench(goes_on, what=MIGRATED, role="pre_deploy", timeout_s=0.1)
    assert bench.decided().verdict == "pre_deploy_failed"
    assert [(e.exit_code, e.ok) for e in bench.of(PreDeployFinished)] == [(0, False)]


def test_a_pre_deploy_command_that_cannot_be_executed() -> None:
    """It began and ended, for whoever reads the log."""
    bench = Bench(what=MIGRATED, role="pre_deploy")
    bench.docker.failure = StartFailure(kind="not-found", message="no such program", exit_code=127)
    assert bench.decided().verdict == "pre_deploy_failed"
    assert [(e.exit_code, e.ok) for e in bench.of(PreDeployFinished)] == [(127, False)]


# ---- the end ----------------------------------------------------------------------------------------


def test_cancel_in_the_middle_leaves_nothing() -> None:
    """What runs is told to end; nothing more starts; nothing is left."""
    bench = Bench(goes_on, count=5, cap=2, max_retries=3)
    thread, outcomes = bench.in_a_thread()
    wait_for(lambda: len(bench.docker.started) == 2)
    bench.cancel.set()
    thread.join(5)
    assert [outcome.verdict for outcome in outcomes] == ["canceled"]
    assert (bench.docker.left, len(bench.docker.started), bench.of(RunFinished)) == ([], 2, [])
    assert sorted(line for line in bench.docker.asked if "SIG" in line) == ["SIGTERM id1", "SIGTERM id2"]


def test_haste_cuts_the_grace() -> None:
    """A second Ctrl-C while it takes its time."""

    def stubborn(container: FakeContainer) -> None:
        container.on_signal = lambda: None

    bench = Bench(stubborn, grace_s=30)
    thread, outcomes = bench.in_a_thread()
    wait_for(lambda: len(bench.docker.started) == 1)
    bench.cancel.set()
    wait_for(lambda: "SIGTERM id1" in bench.docker.asked)
    bench.hurried = True
    thread.join(5)
    assert [outcome.verdict for outcome in outcomes] == ["canceled"]
    assert bench.docker.asked[-2:] == ["SIGKILL id1", "remove id1"]


def test_a_run_that_is_canceled_before_it_begins_starts_nothing() -> None:
    """Not even for a moment."""
    bench = Bench()
    bench.cancel.set()
    assert bench.decided().verdict == "canceled"
    assert bench.docker.asked == []


def test_the_engine_is_lost() -> None:
    """Raised, and what can be removed is."""
    bench = Bench(lambda container: container.tell(LOST), count=2)
    with pytest.raises(HostError, match="engine was lost"):
        bench.run.until_decided()
    assert bench.docker.left == []


def test_a_container_removed_by_others_counts_as_a_failure() -> None:
    """It is retried like any other."""
    bench = Bench(lambda c: c.tell(GONE) if c.id == "id1" else works(c), max_retries=1)
    assert bench.decided().verdict == "succeeded"
    assert states(bench, 0)[1] == (0, "retrying", None)


def test_an_interruption_leaves_nothing() -> None:
    """Ctrl-C in the middle of the loop: what runs is removed, and the interruption passes on."""
    bench = Bench(goes_on, count=2)

    def interrupted(event: Event) -> None:
        if isinstance(event, TaskEvent) and event.index == 1:
            raise KeyboardInterrupt

    bench.run.tell = interrupted
    with pytest.raises(KeyboardInterrupt):
        bench.run.until_decided()
    assert bench.docker.left == []
