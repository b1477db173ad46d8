"""Work that ends, in real containers: what a task finds, how it ends, and that nothing of it is left."""

import os
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.edge.clock import SystemClock
from emulator.edge.docker import Engine, open_docker
from emulator.engine.boot_steps import Outcome
from emulator.engine.requests import task_spec
from emulator.engine.task_run import Role, TaskRun
from emulator.engine.task_steps import TaskRules
from emulator.model.event import ContainerStarted, Event, Log, PreDeployFinished, Stopped, TaskEvent
from emulator.model.plan import Tasks
from emulator.world.containers import ContainerSpec
from tests.emulator.engine.services import WEB

pytestmark = pytest.mark.docker

IMAGE = "python:3.11-slim"
RUN = f"emu-test-{uuid.uuid4().hex[:8]}"
LABELS = {"emu.test-run": RUN}
NUMBERED = Tasks(
    count=2, parallelism=None, max_retries=1, timeout_s=60, index_variable="TASK", attempt_variable="ATTEMPT"
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    found = open_docker(os.environ)
    yield found
    for one in found.containers(LABELS):
        found.remove(one.id)
    found.close()


class Bench:
    """A run of `script` by sh on the real engine, and all it told."""

    def __init__(
        self, engine: Engine, script: str, *, role: Role = "task", argv: tuple[str, ...] | None = None, **rules: Any
    ) -> None:
        self.engine = engine
        self.told: list[Event] = []
        self.cancel = threading.Event()
        name = f"{RUN}-{uuid.uuid4().hex[:6]}"
        spec = ContainerSpec(
            image=IMAGE, name=name, argv=argv or ("/bin/sh", "-c", script), labels=LABELS, memory_mib=64
        )
        self.run = TaskRun(
            WEB,
            TaskRules(**rules),
            lambda index, attempt: task_spec(spec, NUMBERED, index, attempt),
            {},
            docker=engine,
            clock=SystemClock(),
            tell=self.told.append,
            deploy=1,
            cancel=self.cancel,
            role=role,
        )

    def decided(self) -> Outcome:
        outcome = self.run.until_decided()
        assert self.engine.containers(LABELS) == ()
        return outcome

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    def states(self, index: int) -> list[tuple[int, str]]:
        return [(e.attempt, e.state) for e in self.of(TaskEvent) if e.index == index]

    def lines(self) -> list[str]:
        return [event.line for event in self.of(Log)]


def test_tasks_succeed_and_know_their_numbers(engine: Engine) -> None:
    """Each says its own number; a retry says its own as well; the engine reports the argv that was asked for."""
    bench = Bench(engine, 'echo "task $TASK, attempt $ATTEMPT"; test "$TASK$ATTEMPT" != 10', count=3, max_retries=2)
    outcome = bench.decided()
    assert (outcome.verdict, outcome.reason) == ("succeeded", "all 3 tasks ended with status 0")
    assert sorted(bench.lines()) == [
        "task 0, attempt 0", "task 1, attempt 0", "task 1, attempt 1", "task 2, attempt 0",
    ]  # fmt: skip
    assert bench.states(1) == [(0, "started"), (0, "retrying"), (1, "started"), (1, "succeeded")]
    assert {event.argv[0] for event in bench.of(ContainerStarted)} == {"/bin/sh"}


def test_retries_are_used_up(engine: Engine) -> None:
    """Its status at each attempt, its last words, and that the other task went on to its end."""
    script = 'test "$TASK" = 0 && exit 0; echo "no table at attempt $ATTEMPT" >&2; exit 3'
    bench = Bench(engine, script, count=2, max_retries=1)
    outcome = bench.decided()
    assert (outcome.verdict, outcome.code, outcome.exit_code) == ("failed", "failed", 3)
    assert outcome.reason == "task 1 failed after 2 attempts: it exited with status 3"
    assert bench.run.last_lines == ("no table at attempt 1",)
    assert [e.exit_code for e in bench.of(TaskEvent) if e.state in ("retrying", "failed")] == [3, 3]
    assert bench.states(0)[-1] == (0, "succeeded")


def test_a_timeout_with_a_process_that_traps_the_signal(engine: Engine) -> None:
    """It hears SIGTERM at its timeout, goes on, and is killed when its grace is over; then the same once more."""
    script = "trap 'echo heard' TERM; while true; do sleep 0.1; done"
    bench = Bench(engine, script, timeout_s=1.0, grace_s=1.0, max_retries=1)
    began = time.monotonic()
    outcome = bench.decided()
    assert 4.0 <= time.monotonic() - began < 20
    assert (outcome.code, outcome.exit_code) == ("task-timeout", 137)
    assert bench.lines() == ["heard", "heard"]
    assert bench.states(0) == [
        (0, "started"), (0, "timed_out"), (0, "retrying"), (1, "started"), (1, "timed_out"), (1, "failed"),
    ]  # fmt: skip
    assert [(e.signal, e.graceful, e.oom) for e in bench.of(Stopped)] == [("SIGTERM", False, False)] * 2


def test_a_timeout_with_a_process_that_cannot_hear_the_signal(engine: Engine) -> None:
    """A first process without a handler ignores SIGTERM: nobody waits half a minute for it."""
    bench = Bench(engine, "", argv=("sleep", "60"), timeout_s=0.5, grace_s=30)
    began = time.monotonic()
    outcome = bench.decided()
    assert time.monotonic() - began < 15
    assert outcome.code == "task-timeout"
    assert outcome.platform_seconds == pytest.approx(30.5, abs=0.5)


def test_out_of_memory(engine: Engine) -> None:
    """The kernel's kill counts as a failure, with its words."""
    bench = Bench(engine, "exec python3 -c 'x = bytearray(300 * 1024 * 1024); print(len(x))'")
    outcome = bench.decided()
    assert (outcome.code, outcome.reason) == ("oom", "it ran out of memory and was killed")
    assert [(e.exit_code, e.oom) for e in bench.of(Stopped)] == [(137, True)]


def test_a_program_that_is_not_in_the_image(engine: Engine) -> None:
    """Decided at the first try: the other attempts would fare alike."""
    bench = Bench(engine, "", argv=("no-such-program",), count=2, parallelism=1, max_retries=3)
    outcome = bench.decided()
    assert (outcome.code, outcome.exit_code) == ("not-started", 127)
    assert len(bench.of(ContainerStarted)) == 1


def test_a_pre_deploy_command(engine: Engine) -> None:
    """Its status is what decides the deploy."""
    bench = Bench(engine, "echo migrating; exit 2", role="pre_deploy")
    outcome = bench.decided()
    assert (outcome.verdict, outcome.exit_code, bench.run.last_lines) == ("pre_deploy_failed", 2, ("migrating",))
    assert [(e.exit_code, e.ok) for e in bench.of(PreDeployFinished)] == [(2, False)]


def test_cancel_in_the_middle_leaves_nothing(engine: Engine) -> None:
    """Running tasks are told to end and do; those that wait never start."""
    script = "trap 'echo going; exit 0' TERM; echo working; while true; do sleep 0.1; done"
    bench = Bench(engine, script, count=4, cap=2, grace_s=30)
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(bench.run.until_decided()), daemon=True)
    thread.start()
    end = time.monotonic() + 60
    while bench.lines().count("working") < 2:
        assert time.monotonic() < end
        time.sleep(0.05)
    bench.cancel.set()
    thread.join(30)
    assert [outcome.verdict for outcome in outcomes] == ["canceled"]
    assert sorted(bench.lines()) == ["going", "going", "working", "working"]
    assert {index for index in range(4) if bench.states(index)} == {0, 1}
    assert engine.containers(LABELS) == ()


def test_an_engine_that_removes_a_container_under_us(engine: Engine) -> None:
    """`docker rm -f` by somebody else is a failed attempt, and the next one begins."""
    bench = Bench(engine, 'test "$ATTEMPT" = 1 || sleep 60', max_retries=1)
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(bench.run.until_decided()), daemon=True)
    thread.start()
    end = time.monotonic() + 60
    while not bench.states(0):
        assert time.monotonic() < end
        time.sleep(0.05)
    engine.remove(bench.of(ContainerStarted)[0].id)
    thread.join(30)
    assert [outcome.verdict for outcome in outcomes] == ["succeeded"]
    assert engine.containers(LABELS) == ()
