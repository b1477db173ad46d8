"""From "the run begins" to its verdict: a pure state machine for work that ends.

`step(rules, state, observation)` returns the next state and the actions to take. A task whose attempt ends with
anything but 0, or takes too long, is started again until its retries are used up; then it has failed. Every other task
goes on all the same, and the run is over when all tasks are. A retry keeps its task's place, and begins at once.

What is certain is not waited for, unless the timing is to be faithful: a first process that cannot be executed cannot
be executed the next time either, nor as another task.
"""

import heapq

from emulator.model.event import VerdictKind
from emulator.model.record import replace
from emulator.world.containers import StartFailure

from .boot_steps import Outcome
from .task_steps import (
    Begin,
    Cancel,
    Ended,
    Kill,
    Running,
    Signal,
    StartTask,
    TaskAction,
    TaskExited,
    TaskNotStarted,
    TaskRules,
    TaskSeen,
    TaskStarted,
    TaskState,
    TaskStep,
    TellTask,
    TimeUp,
    Took,
    Unheard,
    Watch,
)

SAME_TIME_S = 2.0
"""Up to this difference the platform's time and ours are the same."""


def step(rules: TaskRules, state: TaskState, seen: TaskSeen) -> TaskStep:
    """The next state and what to do. What is seen of an attempt that is over changes nothing."""
    if state.done:
        return state, ()
    match seen:
        case Begin():
            return _go_on(rules, replace(state, begun=seen.at), seen.at)
        case Cancel():
            return _canceled(rules, state, seen.at)
    task = state.find(seen.index, seen.attempt)
    if task is None:
        return state, ()
    match seen:
        case TaskStarted():
            return _started(rules, state, task, seen.at)
        case TaskNotStarted():
            return _not_started(rules, state, task, seen)
        case TaskExited():
            return _exited(rules, state, task, seen)
        case TimeUp():
            return _time_up(rules, state, task, seen.at)
        case Unheard():
            certain = task.phase == "ending" and not rules.faithful
            return (_with(state, replace(task, deaf=True)), (_kill(task, seen.at),)) if certain else (state, ())


def _go_on(rules: TaskRules, state: TaskState, at: float) -> TaskStep:
    """Start what there is room for; the verdict when nothing runs and nothing is left to start."""
    waiting = range(state.next, rules.count if not (state.canceled or state.hopeless) else state.next)
    fresh = waiting[: max(0, rules.here - len(state.running))]
    running = (*state.running, *(Running(index=index) for index in fresh))
    state = replace(state, running=running, next=state.next + len(fresh))
    if not running:
        return replace(state, done=True), (_verdict(rules, state, at),)
    return state, tuple(StartTask(due=at, index=index, attempt=0) for index in fresh)


def _started(rules: TaskRules, state: TaskState, task: Running, at: float) -> TaskStep:
    if task.phase != "starting":
        return state, ()
    task = replace(task, phase="running", started=at)
    told = TellTask(due=at, index=task.index, attempt=task.attempt, state="started")
    if rules.timeout_s is None:
        return _with(state, task), (told,)
    watch = Watch(due=at + rules.timeout_s, index=task.index, attempt=task.attempt)
    return _with(state, task), (told, watch)


def _time_up(rules: TaskRules, state: TaskState, task: Running, at: float) -> TaskStep:
    if task.phase != "running":
        return state, ()
    told = TellTask(
        due=at, index=task.index, attempt=task.attempt, state="timed_out", seconds=at - task.started
    )  # fmt: skip
    state, actions = _told_to_end(rules, state, task, at)
    return state, (told, *actions)


def _told_to_end(rules: TaskRules, state: TaskState, task: Running, at: float) -> TaskStep:
    """Its signal now, and its end after the grace."""
    state = _with(state, replace(task, phase="ending", told=at))
    return state, (Signal(due=at, index=task.index, attempt=task.attempt), _kill(task, at + rules.grace_s))


def _kill(task: Running, due: float) -> Kill:
    return Kill(due=due, index=task.index, attempt=task.attempt)


def _canceled(rules: TaskRules, state: TaskState, at: float) -> TaskStep:
    """Whatever runs is told to end; what was only asked to start is forgotten."""
    if state.canceled:
        return state, ()
    state = replace(state, canceled=True, running=tuple(x for x in state.running if x.phase != "starting"))
    actions: tuple[TaskAction, ...] = ()
    for task in state.running:
        if task.phase == "running":
            state, more = _told_to_end(rules, state, task, at)
            actions += more
    state, more = _go_on(rules, state, at)
    return state, (*actions, *more)


# ---- the end of an attempt --------------------------------------------------------------------------


def _not_started(rules: TaskRules, state: TaskState, task: Running, seen: TaskNotStarted) -> TaskStep:
    if task.phase != "starting":
        return state, ()
    state = replace(state, hopeless=state.hopeless or not rules.faithful)
    task = replace(task, started=seen.at)
    return _failed(
        rules, state, task, seen.at, "not-started", seen.failure.message, seen.failure.exit_code, seen.failure
    )


def _exited(rules: TaskRules, state: TaskState, task: Running, seen: TaskExited) -> TaskStep:
    task = task if task.phase != "starting" else replace(task, started=seen.at)
    if seen.exit_code == 0 and task.phase != "ending":
        told = TellTask(
            due=seen.at, index=task.index, attempt=task.attempt, state="succeeded", exit_code=0,
            seconds=seen.at - task.started,
        )  # fmt: skip
        ended = _ended(rules, task, seen.at, ok=True, code="succeeded", reason="it ended with status 0", exit_code=0)
        state, actions = _go_on(rules, _over(state, ended), seen.at)
        return state, (told, *actions)
    code, reason = "failed", f"it exited with status {seen.exit_code}"
    if state.canceled and task.phase == "ending":
        code, reason = "canceled", "it was canceled"
    elif task.phase == "ending":
        allowed = _platform(rules, rules.timeout_s or 0.0)
        code, reason = "task-timeout", f"it went on for longer than the {allowed:g} s that it may take"
    elif seen.oom:
        code, reason = "oom", "it ran out of memory and was killed"
    elif seen.exit_code is None:
        reason = "its container was removed"
    return _failed(rules, state, task, seen.at, code, reason, seen.exit_code)


def _failed(  # noqa: PLR0917  - what there is to say of a failed attempt
    rules: TaskRules, state: TaskState, task: Running, at: float, code: str, reason: str, exit_code: int | None,
    failure: StartFailure | None = None,
) -> TaskStep:  # fmt: skip
    """The attempt failed: the next one, or the end of its task."""
    again = task.attempt < rules.max_retries and not state.canceled and not state.hopeless
    told = TellTask(
        due=at, index=task.index, attempt=task.attempt, state="retrying" if again else "failed", exit_code=exit_code,
        seconds=at - task.started,
    )  # fmt: skip
    if again:
        number = task.attempt + 1
        state = _without(state, task.index)
        anew = Running(index=task.index, attempt=number, spent=_took(rules, task, at))
        state = replace(state, running=(*state.running, anew))
        return state, (told, StartTask(due=at, index=task.index, attempt=number))
    ended = _ended(rules, task, at, ok=False, code=code, reason=reason, exit_code=exit_code, failure=failure)
    state, actions = _go_on(rules, _over(state, ended), at)
    return state, (told, *actions)


def _ended(
    rules: TaskRules, task: Running, at: float, *, ok: bool, code: str, reason: str, exit_code: int | None,
    failure: StartFailure | None = None,
) -> Ended:  # fmt: skip
    return Ended(
        index=task.index, ok=ok, code=code, reason=reason, attempts=task.attempt + 1, exit_code=exit_code,
        took=_took(rules, task, at), failure=failure,
    )  # fmt: skip


def _took(rules: TaskRules, task: Running, at: float) -> Took:
    """How long the task took, this attempt and those before. The platform waits for a whole timeout and grace."""
    here = there = at - task.started
    if task.phase == "ending" and rules.timeout_s is not None:
        there = _platform(rules, rules.timeout_s) + (rules.grace_s if task.deaf else at - task.told)
    return Took(here=task.spent.here + here, there=task.spent.there + there)


def _platform(rules: TaskRules, seconds: float) -> float:
    return seconds / rules.scale if rules.scale else seconds


def _with(state: TaskState, task: Running) -> TaskState:
    return replace(state, running=tuple(task if x.index == task.index else x for x in state.running))


def _without(state: TaskState, index: int) -> TaskState:
    return replace(state, running=tuple(x for x in state.running if x.index != index))


def _over(state: TaskState, ended: Ended) -> TaskState:
    return replace(_without(state, ended.index), ended=(*state.ended, ended))


# ---- the verdict ------------------------------------------------------------------------------------


def _verdict(rules: TaskRules, state: TaskState, at: float) -> Outcome:
    """What it all came to. A run succeeds when every task has."""
    seconds = at - state.begun
    if state.canceled:
        return Outcome(due=at, verdict=VerdictKind.CANCELED, code="canceled", reason="it was canceled", seconds=seconds)
    later = _platform_seconds(rules, state.ended)
    worst = next((task for task in state.ended if not task.ok), None)
    if worst is None:
        reason = "it ended with status 0" if rules.count == 1 else f"all {rules.count} tasks ended with status 0"
        return Outcome(
            due=at, verdict=VerdictKind.SUCCEEDED, code="succeeded", reason=reason, seconds=seconds,
            platform_seconds=later, exit_code=0,
        )  # fmt: skip
    return Outcome(
        due=at, verdict=VerdictKind.FAILED, code=worst.code, reason=_words(rules, state, worst), seconds=seconds,
        platform_seconds=later, exit_code=worst.exit_code, failure=worst.failure,
    )  # fmt: skip


def _words(rules: TaskRules, state: TaskState, worst: Ended) -> str:
    """Why it failed, in one line: by the task that failed first."""
    if rules.count == 1:
        return worst.reason + (f", at attempt {worst.attempts} of {worst.attempts}" if worst.attempts > 1 else "")
    after = f" after {worst.attempts} attempts" if worst.attempts > 1 else ""
    failed = sum(1 for task in state.ended if not task.ok)
    more = f"; {failed} of {rules.count} tasks failed" if failed > 1 else ""
    return f"task {worst.index} failed{after}: {worst.reason}{more}"


def _platform_seconds(rules: TaskRules, ended: tuple[Ended, ...]) -> float | None:
    """How long the run takes on the platform; None where that is as long as here, but for how fast containers start."""
    in_order = sorted(ended, key=lambda task: task.index)
    here = _makespan(rules.here, [task.took.here for task in in_order])
    there = _makespan(rules.there, [task.took.there for task in in_order])
    return there if abs(there - here) >= SAME_TIME_S else None


def _makespan(at_once: int, durations: list[float]) -> float:
    """How long all take where so many run at once, each started, in their order, when there is room."""
    free = [0.0] * max(1, min(at_once, len(durations)))
    for seconds in durations:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)
