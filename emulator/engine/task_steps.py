"""What is seen of a run that ends, and what to do next: the values that `tasks.step` takes and gives.

A run has one task or several, each task one attempt or several; both count from 0. All times are seconds on one clock.
"""

from typing import Literal

from emulator.model.plan import Service
from emulator.model.record import Record
from emulator.world.containers import StartFailure

from .boot_steps import Outcome

MOST_AT_ONCE = 4
"""So many tasks run at once on this machine, unless it is asked for more or less."""


class TaskRules(Record, frozen=True, kw_only=True):
    """What decides a run.

    parallelism: how many tasks the platform runs at once, None for all; cap: how many run here at most, None for no
    limit. timeout_s: how long an attempt may take, already scaled; scale: what it was multiplied by. grace_s: how long
    it then has to end. faithful: wait as long as the platform does, even when the outcome is certain.
    """

    count: int = 1
    parallelism: int | None = None
    max_retries: int = 0
    timeout_s: float | None = None
    grace_s: float = 30.0
    signal: str = "SIGTERM"
    cap: int | None = MOST_AT_ONCE
    scale: float = 1.0
    faithful: bool = False

    @property
    def there(self) -> int:
        """How many tasks run at once on the platform."""
        return max(1, min(self.count, self.parallelism or self.count))

    @property
    def here(self) -> int:
        """How many run at once on this machine."""
        return max(1, min(self.there, self.cap or self.there))


def rules_of(
    service: Service, *, cap: int | None = MOST_AT_ONCE, scale: float = 1.0, faithful: bool = False
) -> TaskRules:
    """The rules of a job's execution or a cron run."""
    tasks = service.tasks
    timeout = tasks.timeout_s if tasks is not None else service.lifecycle.timeout_s
    return TaskRules(
        count=tasks.count if tasks is not None else 1,
        parallelism=tasks.parallelism if tasks is not None else 1,
        max_retries=tasks.max_retries if tasks is not None else 0,
        timeout_s=timeout * scale if timeout is not None else None,
        grace_s=service.shutdown.grace_seconds,
        signal=service.shutdown.signal,
        cap=cap,
        scale=scale,
        faithful=faithful,
    )


def pre_deploy_rules(service: Service, *, scale: float = 1.0, faithful: bool = False) -> TaskRules:
    """The rules of a pre-deploy command: once, and never again."""
    timeout = service.lifecycle.pre_deploy_timeout_s
    return TaskRules(
        timeout_s=timeout * scale if timeout is not None else None,
        grace_s=service.shutdown.grace_seconds,
        signal=service.shutdown.signal,
        scale=scale,
        faithful=faithful,
    )


class Took(Record, frozen=True, kw_only=True):
    """Seconds that something takes here, and on the platform, which shortens none of its waits."""

    here: float = 0.0
    there: float = 0.0


class Running(Record, frozen=True, kw_only=True):
    """A task that is under way.

    phase: "starting" was asked to start; "running"; "ending" was told to end. started: when this attempt began, told:
    when it was told to end. deaf: it does nothing at that. spent: how long its earlier attempts took.
    """

    index: int
    attempt: int = 0
    phase: Literal["starting", "running", "ending"] = "starting"
    started: float = 0.0
    told: float = 0.0
    deaf: bool = False
    spent: Took = Took()


class Ended(Record, frozen=True, kw_only=True):
    """A task that is over. attempts: how often it was started; took: how long all of them took."""

    index: int
    ok: bool
    code: str
    reason: str
    attempts: int
    took: Took
    exit_code: int | None = None
    failure: StartFailure | None = None


class TaskState(Record, frozen=True, kw_only=True):
    """Where a run stands. next: the first task that was never started. hopeless: no further attempt would fare better.
    canceled: everything is to end, and nothing to begin."""

    next: int = 0
    running: tuple[Running, ...] = ()
    ended: tuple[Ended, ...] = ()
    begun: float = 0.0
    hopeless: bool = False
    canceled: bool = False
    done: bool = False

    def find(self, index: int, attempt: int) -> Running | None:
        """That attempt, when it is under way."""
        return next((x for x in self.running if (x.index, x.attempt) == (index, attempt)), None)


# ---- observations -----------------------------------------------------------------------------------


class Begin(Record, frozen=True, kw_only=True):
    """The run may begin."""

    at: float


class TaskStarted(Record, frozen=True, kw_only=True):
    at: float
    index: int
    attempt: int


class TaskNotStarted(Record, frozen=True, kw_only=True):
    """Its first process could not be executed."""

    at: float
    index: int
    attempt: int
    failure: StartFailure


class TaskExited(Record, frozen=True, kw_only=True):
    """It ended; exit_code is None where its container was removed."""

    at: float
    index: int
    attempt: int
    exit_code: int | None
    oom: bool = False


class TimeUp(Record, frozen=True, kw_only=True):
    """It has had all the time it may take."""

    at: float
    index: int
    attempt: int


class Unheard(Record, frozen=True, kw_only=True):
    """It does nothing at the signal that tells it to end."""

    at: float
    index: int
    attempt: int


class Cancel(Record, frozen=True, kw_only=True):
    """Somebody wants it to end."""

    at: float


TaskSeen = Begin | TaskStarted | TaskNotStarted | TaskExited | TimeUp | Unheard | Cancel


# ---- actions ----------------------------------------------------------------------------------------


class StartTask(Record, frozen=True, kw_only=True):
    due: float
    index: int
    attempt: int


class Watch(Record, frozen=True, kw_only=True):
    """See at `due` whether it still runs."""

    due: float
    index: int
    attempt: int


class Signal(Record, frozen=True, kw_only=True):
    """Tell it to end."""

    due: float
    index: int
    attempt: int


class Kill(Record, frozen=True, kw_only=True):
    """End it, if it still runs at `due`."""

    due: float
    index: int
    attempt: int


class TellTask(Record, frozen=True, kw_only=True):
    """Tell what became of an attempt: see `model.event.TaskEvent`."""

    due: float
    index: int
    attempt: int
    state: Literal["started", "succeeded", "failed", "timed_out", "retrying"]
    exit_code: int | None = None
    seconds: float = 0.0


TaskAction = StartTask | Watch | Signal | Kill | TellTask | Outcome
TaskStep = tuple[TaskState, tuple[TaskAction, ...]]
