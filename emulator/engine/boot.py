"""From "the process was started" to a verdict, and on as long as the instance lives: a pure state machine.

`step(rules, state, observation)` returns the next state and the actions to take. Nothing here waits,
looks or asks: the loop in `instance_run` performs actions when they are due and feeds back what it saw. A test
replays a history of observations.
"""

import re

from emulator.model.event import VerdictKind
from emulator.model.lifecycle import PortScan, Probe
from emulator.model.record import replace
from emulator.world.containers import Listener

from . import settling, startup, watch
from .boot_steps import (
    Action,
    Ask,
    Asked,
    Exited,
    FoundPort,
    Look,
    Looked,
    NotStarted,
    Observation,
    Outcome,
    Remind,
    Rules,
    Settled,
    StartAgain,
    Started,
    State,
    Step,
    TellProbe,
    Tried,
    Try,
    done,
    watch_idleness,
)
from .probing import answer_words

LOOK_EVERY_S = 0.005
"""How often listening ports are read: far oftener than any platform, so that a verdict is not late."""
LOOK_SLOWLY_AFTER_S = 30.0
LOOK_SLOWLY_EVERY_S = 0.1
ASK_AGAIN_S = 0.25
IDLE_FOR_S = 3.0
"""A process that listens on PORT, on loopback only, and did nothing for this long will not listen elsewhere."""
IDLE_ELSEWHERE_FOR_S = 10.0
"""The same for one that listens on another port of loopback: that may be a debugger, while the app still waits."""
SAME_CRASHES = 3
SAME_REFUSALS = 3
SHORT_BACK_OFF_S = 0.1
HTTP_PATIENCE_S = 5.0
"""How long the first plain request may take; each further one twice as long, for apps with a slow first page."""
KILLED = 137
"""The status of a process that was killed; another one beside an out-of-memory kill means that a child was."""
CHECK_AGAIN_S = 0.5
"""How soon a health check is repeated whose answer waiting does not change."""


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
        case Tried():
            return _tried(rules, state, seen)
        case Settled():
            return _settled(rules, state, seen) if state.phase == "settling" else (state, ())


def _started(rules: Rules, state: State, seen: Started) -> Step:
    goes_on = state.attempt > 0 and not state.was_live
    state = State(
        attempt=state.attempt + 1,
        started=seen.at,
        begun=state.begun if goes_on else seen.at,
        skipped=state.skipped if goes_on else 0.0,
        crashes=state.crashes,
        was_live=state.was_live,
    )
    if rules.startup is not None:
        return startup.begin(state, rules.startup, seen.at)
    if rules.lifecycle.port_scan is not None:
        return replace(state, phase="looking"), (Look(due=seen.at, attempt=state.attempt),)
    if rules.lifecycle.success_is_exit_zero:
        return replace(state, phase="waiting"), ()
    return settling.begin(state, rules.lifecycle, seen.at)


def _not_started(state: State, seen: NotStarted) -> Step:
    outcome = Outcome(
        due=seen.at,
        verdict=VerdictKind.BOOT_FAILED,
        code="not-started",
        reason=seen.failure.message,
        exit_code=seen.failure.exit_code,
        failure=seen.failure,
    )
    return replace(state, phase="done"), (outcome,)


def _tried(rules: Rules, state: State, seen: Tried) -> Step:
    if state.phase == "live":
        return watch.tried(rules, state, seen)
    if seen.role == "health" and rules.health is not None and state.phase == "checking":
        return _checked(rules, rules.health, state, seen)
    if seen.role != "startup" or rules.startup is None or state.phase != "starting":
        return state, ()
    state, actions = startup.tried(rules, state, rules.startup, seen)
    if state.phase == "started":
        delay = rules.platform_time(rules.startup.initial_delay_s) if seen.early else None
        state, live = _live(rules, state, seen.at, rules.port or rules.startup.port, platform_seconds=delay)
        return state, (*actions, *live)
    return state, actions


def _settled(rules: Rules, state: State, seen: Settled) -> Step:
    return settling.go_on(state, rules.lifecycle, seen) or _live(rules, state, seen.at, None)


# ---- the end of a process ---------------------------------------------------------------------------


def _exited(rules: Rules, state: State, seen: Exited) -> Step:
    told = startup.exited(state, seen) if state.phase == "starting" else ()
    state, actions = _ended(rules, state, seen)
    return state, (*told, *actions)


def _ended(rules: Rules, state: State, seen: Exited) -> Step:
    life = rules.lifecycle
    if life.success_is_exit_zero:
        good = seen.exit_code == 0
        verdict = VerdictKind.SUCCEEDED if good else VerdictKind.FAILED
        reason = "it ended with status 0" if good else _exit_words(seen)
        return done(state, seen.at, verdict, "succeeded" if good else "failed", reason, exit_code=seen.exit_code)
    state = replace(state, crashes=(*state.crashes, _crash(seen)), phase="waiting")
    number = len(state.crashes)
    platform_wait = life.back_off_s[min(number, len(life.back_off_s)) - 1] if life.back_off_s else 0.0
    if not state.was_live and _given_up(rules, state, seen.at + platform_wait):
        code = "oom" if seen.oom else "exit-zero" if seen.exit_code == 0 else "crash"
        later = rules.platform_time(life.deadline_s) if life.restarts_during_deploy else None
        return done(
            state,
            seen.at,
            VerdictKind.BOOT_FAILED,
            code,
            _exit_words(seen),
            platform_seconds=later,
            exit_code=seen.exit_code,
        )
    wait = platform_wait if rules.faithful else min(platform_wait, SHORT_BACK_OFF_S * number)
    again = StartAgain(
        due=seen.at + wait,
        platform_s=rules.platform_time(platform_wait),
        because=state.ended_because or _exit_words(seen),
    )
    return replace(state, skipped=state.skipped + platform_wait - wait), (again,)


def _given_up(rules: Rules, state: State, next_start: float) -> bool:
    """Whether the platform does not start it again before its deadline, or doing so would change nothing."""
    certain = not rules.faithful and state.crashes[-SAME_CRASHES:] == (state.crashes[-1],) * SAME_CRASHES
    too_late = _elapsed(state, next_start) >= rules.lifecycle.deadline_s
    return certain or too_late or not rules.lifecycle.restarts_during_deploy


def _elapsed(state: State, at: float) -> float:
    """How long the deploy would have taken on the platform, which does not shorten its waits."""
    return at - state.begun + state.skipped


def _crash(seen: Exited) -> str:
    """What tells one crash from another: times, process numbers and addresses do not."""
    words = re.sub(r"0x[0-9a-fA-F]+|\d+", "0", seen.last_line)
    return f"{seen.exit_code}/{seen.oom}/{words}"


def _exit_words(seen: Exited) -> str:
    if seen.oom and seen.exit_code == KILLED:
        return "it ran out of memory and was killed"
    if seen.oom:
        return f"a process it started was killed for lack of memory, and it ended with status {seen.exit_code}"
    if seen.exit_code is None:
        return "its container was removed"
    if seen.exit_code == 0:
        return "it ended with status 0, and a service must keep running"
    return f"it exited with status {seen.exit_code}"


# ---- the scan for a port ----------------------------------------------------------------------------


def _looked(rules: Rules, state: State, seen: Looked) -> Step:
    if rules.startup is not None:
        return startup.looked(rules, state, rules.startup, seen) if state.phase == "starting" else (state, ())
    scan = rules.lifecycle.port_scan
    assert scan is not None
    state = watch_idleness(replace(state, listeners=seen.listeners), seen)
    if state.phase != "looking":
        return state, ()
    if seen.at >= state.forgive_at:
        state = replace(state, failed_ports=())
    usable = [x for x in seen.listeners if not x.loopback and x.port not in scan.reserved]
    state, chosen = _choose(state, usable, scan, seen.at)
    state, reminders = _remind(rules, state, seen.at)
    end = _end_of_scan(rules, state, seen.at, any_open=bool(usable))
    if end is not None:
        return end[0], (*reminders, *end[1])
    if chosen is not None:
        state, actions = _take(rules, state, chosen, seen.at)
        return state, (*reminders, *actions)
    elapsed = seen.at - state.started
    wait = LOOK_EVERY_S if elapsed < LOOK_SLOWLY_AFTER_S else LOOK_SLOWLY_EVERY_S
    return state, (*reminders, Look(due=seen.at + wait, attempt=state.attempt))


def _choose(state: State, usable: list[Listener], scan: PortScan, at: float) -> tuple[State, Listener | None]:
    """The listener on the preferred port, whatever others there are; else the lowest, once one look of the platform's
    would have found no other: we look far oftener, and must not settle for a port that is merely opened first."""
    others = [x for x in usable if x.port != scan.preferred]
    since = None if not others else at if state.other_since is None else state.other_since
    state = replace(state, other_since=since)
    hasty = scan.preferred is not None and since is not None and at - since < scan.period_s
    preferred = [x for x in usable if x.port == scan.preferred]
    candidates = [x for x in preferred or ([] if hasty else others) if x.port not in state.failed_ports]
    return state, min(candidates, key=lambda x: x.port, default=None)


def _remind(rules: Rules, state: State, at: float) -> tuple[State, tuple[Action, ...]]:
    """The platform's own word that it is still looking, each time it is due."""
    scan = rules.lifecycle.port_scan
    assert scan is not None
    elapsed = at - state.started
    if not scan.remind_s or elapsed < scan.remind_s * (state.reminders + 1):
        return state, ()
    remind = Remind(due=at, seconds=rules.platform_time(elapsed))
    return replace(state, reminders=state.reminders + 1), (remind,)


def _take(rules: Rules, state: State, chosen: Listener, at: float) -> Step:
    """Go on with a port that is open: ask it, or, where any listener will do, use it."""
    scan = rules.lifecycle.port_scan
    assert scan is not None
    found: tuple[Action, ...] = ()
    if chosen.port not in state.announced:
        found = (FoundPort(due=at, port=chosen.port, address=chosen.address),)
        state = replace(state, announced=(*state.announced, chosen.port))
    state = replace(state, port=chosen.port)
    if not scan.http:
        return _usable(rules, state, at, found)
    patience = min(HTTP_PATIENCE_S * 2 ** min(state.asks, 10), max(ASK_AGAIN_S, _time_left(rules, state, at)))
    ask = Ask(due=at, attempt=state.attempt, port=chosen.port, timeout_s=patience)
    return replace(state, phase="asking"), (*found, ask)


def _end_of_scan(rules: Rules, state: State, at: float, *, any_open: bool) -> Step | None:
    """The end of the scan: its time is over, or the outcome is certain; None while it goes on."""
    scan = rules.lifecycle.port_scan
    assert scan is not None
    loopback = bool(state.listeners) and all(x.loopback for x in state.listeners)
    on_port = any(x.port == scan.preferred for x in state.listeners)
    idle_for = at - state.idle_since if state.idle_since is not None else 0.0
    certain = not rules.faithful and loopback and idle_for >= (IDLE_FOR_S if on_port else IDLE_ELSEWHERE_FOR_S)
    if not certain and _time_left(rules, state, at) > 0:
        return None
    if state.checks and rules.health is not None:
        return _unhealthy(rules, rules.health, state, at)
    code, reason = "no-port", "no port is open"
    if loopback:
        ports = ", ".join(f"{x.address}:{x.port}" for x in state.listeners)
        code, reason = "loopback", f"it listens on {ports} only, which nothing outside the container reaches"
    elif any_open:
        code, reason = "no-http", state.last_failure or "a port is open, but nothing answers HTTP on it"
    elif state.listeners:
        ports = ", ".join(str(x.port) for x in state.listeners if not x.loopback)
        reason = f"only port {ports} is open, which the platform keeps for itself"
    later = rules.platform_time(scan.deadline_s)
    return done(state, at, VerdictKind.TIMED_OUT, code, reason, platform_seconds=later)


def _time_left(rules: Rules, state: State, at: float) -> float:
    """How long the platform still looks for a port; once one was found and checked, how long it goes on checking."""
    if state.checks and rules.health is not None:
        return _deadline(rules, rules.health) - _elapsed(state, at)
    assert rules.lifecycle.port_scan is not None
    return rules.lifecycle.port_scan.deadline_s - (at - state.started)


def _asked(rules: Rules, state: State, seen: Asked) -> Step:
    if state.phase != "asking":
        return state, ()
    if seen.answer.status is not None:
        return _usable(rules, state, seen.at, ())
    scan = rules.lifecycle.port_scan
    assert scan is not None
    words = f"port {seen.port} is open, but a plain request {answer_words(seen.answer)}"
    state = replace(state, phase="looking", asks=state.asks + 1, last_failure=words)
    if seen.answer.error in ("refused", "unreachable"):  # closed again since the look
        return state, (Look(due=seen.at + ASK_AGAIN_S, attempt=state.attempt),)
    # Another port may answer; this one is asked again after as long as the platform waits between two looks.
    state = replace(state, failed_ports=(*state.failed_ports, seen.port), forgive_at=seen.at + scan.period_s)
    return state, (Look(due=seen.at + LOOK_EVERY_S, attempt=state.attempt),)


# ---- the health check -------------------------------------------------------------------------------


def _usable(rules: Rules, state: State, at: float, before: tuple[Action, ...]) -> Step:
    """A usable port is open: check its health when there is a check, else it is live."""
    if rules.health is None:
        state, actions = _live(rules, state, at, state.port)
    else:
        state, actions = _check(rules, rules.health, state, at)
    return state, (*before, *actions)


def _check(rules: Rules, probe: Probe, state: State, due: float) -> Step:
    """The next health check. Its patience does not outlast the platform's."""
    number = state.checks + 1
    state = replace(state, phase="checking", checks=number)
    patience = min(probe.timeout_s, max(ASK_AGAIN_S, _time_left(rules, state, due)))
    check = Try(due=due, attempt=state.attempt, role="health", number=number, port=state.port, timeout_s=patience)
    return state, (check,)


def _deadline(rules: Rules, probe: Probe) -> float:
    return probe.deadline_s or rules.lifecycle.deadline_s


def _checked(rules: Rules, probe: Probe, state: State, seen: Tried) -> Step:
    began = seen.at - seen.seconds
    told = TellProbe(
        due=seen.at, role="health", number=seen.number, ok=seen.ok, words=seen.words, due_s=began - state.started,
        seconds=seen.seconds,
    )  # fmt: skip
    if seen.ok:
        state, actions = _live(rules, state, seen.at, state.port)
        return state, (told, *actions)
    state, actions = _check_again(rules, probe, state, seen)
    return state, (told, *actions)


def _check_again(rules: Rules, probe: Probe, state: State, seen: Tried) -> Step:
    """After a health check that failed: another one, a look for another port, or the end."""
    state = replace(state, refusals=(*state.refusals, seen.words)[-SAME_REFUSALS:])
    certain = not rules.faithful and seen.final and state.refusals == (seen.words,) * SAME_REFUSALS
    left = _time_left(rules, state, seen.at)
    if certain or left <= 0:
        return _unhealthy(rules, probe, state, seen.at)
    wait = min(probe.period_s, CHECK_AGAIN_S) if seen.final and not rules.faithful else probe.period_s
    due = seen.at + min(wait, left)
    if seen.refused:  # nothing listens there any more: look where it went
        return replace(state, phase="looking"), (Look(due=due, attempt=state.attempt),)
    return _check(rules, probe, state, due)


def _unhealthy(rules: Rules, probe: Probe, state: State, at: float) -> Step:
    later = rules.platform_time(_deadline(rules, probe))
    reason = f"GET {probe.path} {state.refusals[-1]}"
    return done(state, at, VerdictKind.UNHEALTHY, "unhealthy", reason, platform_seconds=later)


# ---- the verdict ------------------------------------------------------------------------------------


def _live(rules: Rules, state: State, at: float, port: int | None, *, platform_seconds: float | None = None) -> Step:
    seconds = at - state.begun
    live = Outcome(
        due=at,
        verdict=VerdictKind.LIVE,
        code="live",
        reason=f"live after {seconds:.2f} s",
        seconds=seconds,
        platform_seconds=platform_seconds,
        port=port,
    )
    state, watching = watch.begin(rules, replace(state, phase="live", was_live=True, crashes=(), port=port), at)
    return state, (live, *watching)
