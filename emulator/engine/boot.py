"""From "the process was started" to a verdict: a pure state machine.

`step(rules, state, observation)` returns the next state and the actions to take. Nothing here waits,
looks or asks: the loop in `run` performs actions when they are due and feeds back what it saw. All
times are seconds on one clock; a test replays a history of observations.
"""

from typing import Literal

from emulator.model.event import VerdictKind
from emulator.model.plan import Lifecycle, Probe
from emulator.model.record import Record, replace
from emulator.world import HttpAnswer, Listener, StartFailure

LOOK_EVERY_S = 0.01
"""How often listening ports are read: far oftener than any platform, so that a verdict is not late."""
LOOK_SLOWLY_AFTER_S = 30.0
LOOK_SLOWLY_EVERY_S = 0.1
ASK_AGAIN_S = 0.25
IDLE_FOR_S = 3.0
"""A process that listens only on loopback and did nothing for this long will not listen elsewhere."""
IDLE_SHARE = 0.05
"""Up to this share of a processor counts as doing nothing."""
SAME_CRASHES = 3
SAME_REFUSALS = 3
SHORT_BACK_OFF_S = 0.1
HTTP_PATIENCE_S = 5.0


class Rules(Record, frozen=True, kw_only=True):
    """What decides a boot: the platform's timings, already scaled, and how patient we are ourselves.

    scale: what the timings were multiplied by, so that the platform's own time can be told.
    faithful: wait as long as the platform does, even when the outcome is certain.
    """

    lifecycle: Lifecycle
    health: Probe | None = None
    scale: float = 1.0
    faithful: bool = False

    def platform_time(self, seconds: float) -> float:
        return seconds / self.scale if self.scale else seconds


class State(Record, frozen=True, kw_only=True):
    """Where a boot stands. `started` is when the current process began, `begun` when the first did."""

    phase: Literal["new", "looking", "asking", "checking", "settling", "waiting", "live", "done"] = "new"
    attempt: int = 0
    begun: float = 0.0
    started: float = 0.0
    port: int | None = None
    checks: int = 0
    reminders: int = 0
    crashes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    listeners: tuple[Listener, ...] = ()
    idle_since: float | None = None
    idle_cpu: float = 0.0
    not_http: tuple[int, ...] = ()
    was_live: bool = False


# ---- observations -----------------------------------------------------------------------------------


class Started(Record, frozen=True, kw_only=True):
    at: float


class NotStarted(Record, frozen=True, kw_only=True):
    at: float
    failure: StartFailure


class Looked(Record, frozen=True, kw_only=True):
    """Its listening sockets, and the processor time used so far (None when unknown)."""

    at: float
    attempt: int
    listeners: tuple[Listener, ...]
    cpu_s: float | None = None


class Asked(Record, frozen=True, kw_only=True):
    """What a plain HTTP request to a port came to."""

    at: float
    attempt: int
    port: int
    answer: HttpAnswer


class Checked(Record, frozen=True, kw_only=True):
    """What a health check came to."""

    at: float
    attempt: int
    answer: HttpAnswer


class Settled(Record, frozen=True, kw_only=True):
    """The time to stay up has passed."""

    at: float
    attempt: int


class Exited(Record, frozen=True, kw_only=True):
    """The process ended. `last_line` tells one crash from another."""

    at: float
    attempt: int
    exit_code: int | None
    oom: bool = False
    last_line: str = ""


Observation = Started | NotStarted | Looked | Asked | Checked | Settled | Exited


# ---- actions ----------------------------------------------------------------------------------------


class Look(Record, frozen=True, kw_only=True):
    due: float
    attempt: int


class Ask(Record, frozen=True, kw_only=True):
    due: float
    attempt: int
    port: int
    timeout_s: float


class Check(Record, frozen=True, kw_only=True):
    due: float
    attempt: int
    port: int
    number: int


class Settle(Record, frozen=True, kw_only=True):
    due: float
    attempt: int


class StartAgain(Record, frozen=True, kw_only=True):
    """Start the process anew. platform_s: how long the platform would have waited."""

    due: float
    platform_s: float
    because: str


class Remind(Record, frozen=True, kw_only=True):
    """The platform says that it found no port yet."""

    due: float
    seconds: float


class FoundPort(Record, frozen=True, kw_only=True):
    due: float
    port: int
    address: str


class Outcome(Record, frozen=True, kw_only=True):
    """How the boot ended. `platform_seconds`: when the platform itself would have said so, counted from
    the first start; None when it is now. code: "live", "crash", "exit-zero", "oom", "not-started",
    "no-port", "no-http", "loopback", "unhealthy", "succeeded", "failed"."""

    due: float
    verdict: VerdictKind
    code: str
    reason: str
    platform_seconds: float | None = None
    port: int | None = None
    exit_code: int | None = None


Action = Look | Ask | Check | Settle | StartAgain | Remind | FoundPort | Outcome
Step = tuple[State, tuple[Action, ...]]


# ---- the machine ------------------------------------------------------------------------------------


def step(rules: Rules, state: State, seen: Observation) -> Step:
    """The next state and what to do. An observation of an earlier attempt changes nothing."""
    if state.phase == "done" or (not isinstance(seen, Started | NotStarted) and seen.attempt != state.attempt):
        return state, ()
    match seen:
        case Started():
            return _started(rules, state, seen)
        case NotStarted():
            return _not_started(state, seen)
        case Exited():
            return _exited(rules, state, seen)
        case Looked():
            return _looked(rules, state, seen)
        case Asked():
            return _asked(rules, state, seen)
        case Checked():
            return _checked(rules, state, seen)
        case Settled():
            return _live(state, seen.at, None)


def _started(rules: Rules, state: State, seen: Started) -> Step:
    attempt = state.attempt + 1
    state = replace(
        state,
        attempt=attempt,
        started=seen.at,
        begun=state.begun if state.attempt else seen.at,
        port=None,
        checks=0,
        refusals=(),
        listeners=(),
        idle_since=None,
        not_http=(),
    )
    if rules.lifecycle.port_scan is not None:
        return replace(state, phase="looking"), (Look(due=seen.at, attempt=attempt),)
    if rules.lifecycle.success_is_exit_zero:
        return replace(state, phase="waiting"), ()
    due = seen.at + rules.lifecycle.settle_s
    return replace(state, phase="settling"), (Settle(due=due, attempt=attempt),)


def _not_started(state: State, seen: NotStarted) -> Step:
    return _done(
        state, seen.at, VerdictKind.BOOT_FAILED, "not-started", seen.failure.message, exit_code=seen.failure.exit_code
    )


def _exited(rules: Rules, state: State, seen: Exited) -> Step:
    life = rules.lifecycle
    if life.success_is_exit_zero:
        good = seen.exit_code == 0
        verdict = VerdictKind.SUCCEEDED if good else VerdictKind.FAILED
        reason = "it ended with status 0" if good else _exit_words(seen)
        return _done(state, seen.at, verdict, "succeeded" if good else "failed", reason, exit_code=seen.exit_code)
    crash = f"{seen.exit_code}/{seen.oom}/{seen.last_line}"
    state = replace(state, crashes=(*state.crashes, crash), phase="waiting")
    number = len(state.crashes)
    platform_wait = life.back_off_s[min(number, len(life.back_off_s)) - 1] if life.back_off_s else 0.0
    if not state.was_live:
        certain = not rules.faithful and state.crashes[-SAME_CRASHES:] == (crash,) * SAME_CRASHES
        too_late = seen.at + (platform_wait if rules.faithful else 0) - state.begun >= life.deadline_s
        if certain or too_late or not life.restarts_during_deploy:
            code = "oom" if seen.oom else "exit-zero" if seen.exit_code == 0 else "crash"
            later = rules.platform_time(life.deadline_s) if life.restarts_during_deploy else None
            return _done(
                state,
                seen.at,
                VerdictKind.BOOT_FAILED,
                code,
                _exit_words(seen),
                platform_seconds=later,
                exit_code=seen.exit_code,
            )
    wait = platform_wait if rules.faithful else min(platform_wait, SHORT_BACK_OFF_S * number)
    again = StartAgain(due=seen.at + wait, platform_s=rules.platform_time(platform_wait), because=_exit_words(seen))
    return state, (again,)


def _exit_words(seen: Exited) -> str:
    if seen.oom:
        return "it ran out of memory and was killed"
    if seen.exit_code == 0:
        return "it ended with status 0, and a service must keep running"
    return f"it exited with status {seen.exit_code}"


def _looked(rules: Rules, state: State, seen: Looked) -> Step:
    scan = rules.lifecycle.port_scan
    assert scan is not None
    state = _watch_idleness(replace(state, listeners=seen.listeners), seen)
    if state.phase != "looking":
        return state, ()
    open_ports = [x for x in seen.listeners if not x.loopback and x.port not in scan.reserved]
    candidates = [x for x in open_ports if x.port not in state.not_http]
    chosen = _preferred(candidates, scan.preferred)
    if chosen is not None:
        found = FoundPort(due=seen.at, port=chosen.port, address=chosen.address)
        state = replace(state, port=chosen.port)
        if scan.http:
            ask = Ask(due=seen.at, attempt=state.attempt, port=chosen.port, timeout_s=HTTP_PATIENCE_S)
            return replace(state, phase="asking"), (found, ask)
        return _usable(rules, state, seen.at, (found,))
    elapsed = seen.at - state.started
    given_up = _give_up(rules, state, seen.at, elapsed, only_other=bool(open_ports))
    if given_up is not None:
        return given_up
    actions: list[Action] = []
    if scan.remind_s and elapsed >= scan.remind_s * (state.reminders + 1):
        state = replace(state, reminders=state.reminders + 1)
        actions.append(Remind(due=seen.at, seconds=rules.platform_time(elapsed)))
    wait = LOOK_EVERY_S if elapsed < LOOK_SLOWLY_AFTER_S else LOOK_SLOWLY_EVERY_S
    return replace(state, not_http=() if not open_ports else state.not_http), (
        *actions,
        Look(due=seen.at + wait, attempt=state.attempt),
    )


def _preferred(candidates: list[Listener], preferred: int | None) -> Listener | None:
    """The listener on the preferred port, else the lowest port, else None."""
    exact = [x for x in candidates if x.port == preferred]
    return min(exact or candidates, key=lambda x: x.port, default=None)


def _watch_idleness(state: State, seen: Looked) -> State:
    """Since when only loopback ports are open and the process does nothing."""
    only_loopback = bool(seen.listeners) and all(x.loopback for x in seen.listeners)
    if not only_loopback or seen.cpu_s is None:
        return replace(state, idle_since=None)
    if state.idle_since is None:
        return replace(state, idle_since=seen.at, idle_cpu=seen.cpu_s)
    busy = (seen.cpu_s - state.idle_cpu) / max(seen.at - state.idle_since, 0.5)
    return replace(state, idle_since=seen.at, idle_cpu=seen.cpu_s) if busy > IDLE_SHARE else state


def _give_up(rules: Rules, state: State, at: float, elapsed: float, *, only_other: bool) -> Step | None:
    """The end of the scan: its time is over, or the outcome is certain."""
    scan = rules.lifecycle.port_scan
    assert scan is not None
    later = rules.platform_time(scan.deadline_s)
    idle = state.idle_since is not None and at - state.idle_since >= IDLE_FOR_S
    if idle and not rules.faithful:
        ports = ", ".join(f"{x.address}:{x.port}" for x in state.listeners)
        return _done(
            state,
            at,
            VerdictKind.TIMED_OUT,
            "loopback",
            f"it listens on {ports} only, which nothing outside the container reaches",
            platform_seconds=later,
        )
    if elapsed < scan.deadline_s:
        return None
    if state.listeners and all(x.loopback for x in state.listeners):
        return _done(
            state,
            at,
            VerdictKind.TIMED_OUT,
            "loopback",
            "it listens on the loopback address only",
            platform_seconds=later,
        )
    if only_other:
        return _done(
            state,
            at,
            VerdictKind.TIMED_OUT,
            "no-http",
            "a port is open, but nothing answers HTTP on it",
            platform_seconds=later,
        )
    return _done(state, at, VerdictKind.TIMED_OUT, "no-port", "no port is open", platform_seconds=later)


def _asked(rules: Rules, state: State, seen: Asked) -> Step:
    if state.phase != "asking":
        return state, ()
    if seen.answer.status is not None:
        return _usable(rules, state, seen.at, ())
    scan = rules.lifecycle.port_scan
    assert scan is not None
    if seen.answer.error == "not-http":
        # Another port may still answer; this one is asked again only when the ports change.
        state = replace(state, phase="looking", not_http=(*state.not_http, seen.port))
        return state, (Look(due=seen.at + LOOK_EVERY_S, attempt=state.attempt),)
    if seen.at - state.started >= scan.deadline_s:
        return _done(
            state,
            seen.at,
            VerdictKind.TIMED_OUT,
            "no-http",
            f"port {seen.port} is open, but does not answer: {seen.answer.detail or seen.answer.error}",
            platform_seconds=rules.platform_time(scan.deadline_s),
        )
    return replace(state, phase="looking"), (Look(due=seen.at + ASK_AGAIN_S, attempt=state.attempt),)


def _usable(rules: Rules, state: State, at: float, before: tuple[Action, ...]) -> Step:
    """A usable port is open: check its health when there is a check, else it is live."""
    port = state.port
    assert port is not None
    if rules.health is None:
        state, actions = _live(state, at, port)
        return state, (*before, *actions)
    state = replace(state, phase="checking", checks=1)
    return state, (*before, Check(due=at, attempt=state.attempt, port=port, number=1))


def _checked(rules: Rules, state: State, seen: Checked) -> Step:
    probe = rules.health
    if state.phase != "checking" or probe is None:
        return state, ()
    low, high = probe.success_statuses or (200, 399)
    if seen.answer.status is not None and low <= seen.answer.status <= high:
        return _live(state, seen.at, state.port)
    words = answer_words(seen.answer)
    state = replace(state, refusals=(*state.refusals, words)[-SAME_REFUSALS:])
    deadline = probe.deadline_s or rules.lifecycle.deadline_s
    certain = not rules.faithful and _final(seen.answer) and state.refusals == (words,) * SAME_REFUSALS
    if certain or seen.at - state.begun >= deadline:
        return _done(
            state,
            seen.at,
            VerdictKind.UNHEALTHY,
            "unhealthy",
            f"GET {probe.path} {words}",
            platform_seconds=rules.platform_time(deadline),
        )
    assert state.port is not None
    number = state.checks + 1
    wait = probe.period_s if rules.faithful or not _final(seen.answer) else min(probe.period_s, 0.5)
    check = Check(due=seen.at + wait, attempt=state.attempt, port=state.port, number=number)
    return replace(state, checks=number), (check,)


def _final(answer: HttpAnswer) -> bool:
    """An answer that the same program will give again: a client error that waiting does not cure."""
    return answer.status is not None and 400 <= answer.status < 500 and answer.status not in (408, 425, 429)


def answer_words(answer: HttpAnswer) -> str:
    """ "answers 404", "is refused", … : what came of a request."""
    if answer.status is not None:
        return f"answers {answer.status}"
    return {
        "refused": "is refused",
        "timeout": "gets no answer in time",
        "reset": "is cut off",
        "not-http": "is not answered in HTTP",
    }.get(answer.error or "", "cannot be reached")


def _live(state: State, at: float, port: int | None) -> Step:
    live = Outcome(due=at, verdict=VerdictKind.LIVE, code="live", reason="it is live", port=port)
    return replace(state, phase="live", was_live=True, crashes=()), (live,)


def _done(
    state: State,
    at: float,
    verdict: VerdictKind,
    code: str,
    reason: str,
    *,
    platform_seconds: float | None = None,
    exit_code: int | None = None,
) -> Step:
    outcome = Outcome(
        due=at,
        verdict=verdict,
        code=code,
        reason=reason,
        platform_seconds=platform_seconds,
        port=state.port,
        exit_code=exit_code,
    )
    return replace(state, phase="done"), (outcome,)


def scaled(lifecycle: Lifecycle, health: Probe | None, factor: float) -> tuple[Lifecycle, Probe | None]:
    """The platform's waits multiplied by `factor`."""
    scan = lifecycle.port_scan
    if scan is not None:
        scan = replace(
            scan, period_s=scan.period_s * factor, remind_s=scan.remind_s * factor, deadline_s=scan.deadline_s * factor
        )
    life = replace(
        lifecycle,
        port_scan=scan,
        back_off_s=tuple(s * factor for s in lifecycle.back_off_s),
        deadline_s=lifecycle.deadline_s * factor,
        settle_s=lifecycle.settle_s * factor,
    )
    if health is not None:
        health = replace(
            health,
            period_s=health.period_s * factor,
            deadline_s=health.deadline_s * factor if health.deadline_s is not None else None,
        )
    return life, health
