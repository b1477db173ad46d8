"""A boot judged by a startup probe: attempts at fixed times until one succeeds or enough have failed in a row.

Attempt n is due at the start + initial delay + (n - 1) × period. How one attempt fares is the probe's kind: a TCP
attempt goes on knocking for its whole timeout, an HTTP attempt is one request and fails at once when it is refused.

The initial delay is a wait that only delays: unless the timing is to be faithful, a port that opens during it is tried
at once, and an attempt that succeeds then counts; one that fails means nothing.
"""

from emulator.model.event import VerdictKind
from emulator.model.lifecycle import Probe
from emulator.model.record import replace
from emulator.world.containers import Listener

from .boot_steps import (
    IDLE_SHARE,
    Action,
    Exited,
    FoundPort,
    Look,
    Looked,
    Rules,
    State,
    Step,
    TellProbe,
    Tried,
    Try,
    done,
)
from .listeners import places
from .probing import NO_ANSWER

LOOK_EVERY_S = 0.1
IDLE_FOR_S = 3.0
"""A process that has the port, on an address no probe reaches, and did nothing for this long: the port is taken."""
IDLE_ELSEWHERE_S = 10.0
"""The same for one that listens on other ports only. That is not certain, for a metrics endpoint may be open while the
app still waits for something, so its verdict says how to wait for as long as the platform does."""
SAME_FAILURES = 3
TRY_AGAIN_S = 0.5
"""How soon an attempt is repeated whose answer waiting does not change."""
CANCELED = "is canceled: the process ended"


def begin(state: State, probe: Probe, at: float) -> Step:
    """The process has started: the first attempt, and a look at its ports beside it."""
    state = replace(state, phase="starting", checks=1)
    first = _try(probe, state, at + probe.initial_delay_s)
    return state, (Look(due=at, attempt=state.attempt), first)


def _try(probe: Probe, state: State, due: float) -> Try:
    return Try(due=due, attempt=state.attempt, number=state.checks, port=probe.port, timeout_s=probe.timeout_s)


def looked(rules: Rules, state: State, probe: Probe, seen: Looked) -> Step:
    """Tell a port that is open; give up early on a process that will not be reached."""
    state = _watch(state, probe, seen)
    actions: list[Action] = []
    found = _open(seen.listeners, probe.port)
    if found is not None and found.port not in state.announced:
        state = replace(state, announced=(*state.announced, found.port), port=found.port)
        actions.append(FoundPort(due=seen.at, port=found.port, address=found.address))
        if not rules.faithful and seen.at < state.started + probe.initial_delay_s:
            actions.append(replace(_try(probe, state, seen.at), number=1, early=True))
    if not rules.faithful and state.idle_since is not None:
        on_port = any(x.port == probe.port for x in seen.listeners)
        if seen.at - state.idle_since >= (IDLE_FOR_S if on_port else IDLE_ELSEWHERE_S):
            return _never_reached(rules, state, probe, seen.at)
    return state, (*actions, Look(due=seen.at + LOOK_EVERY_S, attempt=state.attempt))


def _watch(state: State, probe: Probe, seen: Looked) -> State:
    """Since when it listens, nowhere a probe reaches, opens nothing else, and does nothing."""
    changed = state.listeners != seen.listeners
    state = replace(state, listeners=seen.listeners)
    if not seen.listeners or seen.cpu_s is None or _open(seen.listeners, probe.port) is not None:
        return replace(state, idle_since=None)
    since = state.idle_since
    busy = since is None or (seen.cpu_s - state.idle_cpu) / max(seen.at - since, 0.5) > IDLE_SHARE
    return replace(state, idle_since=seen.at, idle_cpu=seen.cpu_s) if changed or busy else state


def _open(listeners: tuple[Listener, ...], port: int | None) -> Listener | None:
    return next((x for x in listeners if x.port == port and not x.loopback), None)


def _never_reached(rules: Rules, state: State, probe: Probe, at: float) -> Step:
    """It listens where no probe comes and does nothing: every attempt to come fails alike."""
    words = NO_ANSWER if probe.kind == "tcp" else "is refused"
    told = TellProbe(due=at, number=probe.failure_threshold, ok=False, words=words, due_s=at - state.started)
    code, reason, port = _elsewhere(state.listeners, probe.port)
    state, ending = done(
        replace(state, port=port), at, _verdict(probe), code, reason, platform_seconds=_over(rules, probe)
    )
    return state, (told, *ending)


def _elsewhere(listeners: tuple[Listener, ...], port: int | None) -> tuple[str, str, int | None]:
    """What is wrong with where it listens: a code, why no probe reaches it, and the port that is open."""
    taken = tuple(x for x in listeners if x.port == port)
    if taken or all(x.loopback for x in listeners):
        found = places(taken or listeners)
        return "loopback", f"it listens on {found} only, which nothing outside the container reaches", None
    reached = tuple(x for x in listeners if not x.loopback)
    return "other-port", f"it listens on {places(reached)}, not on {port}", reached[0].port


def tried(rules: Rules, state: State, probe: Probe, seen: Tried) -> Step:
    """One attempt is over."""
    due_s = probe.initial_delay_s + (seen.number - 1) * probe.period_s
    told = TellProbe(due=seen.at, number=seen.number, ok=seen.ok, words=seen.words, due_s=due_s, seconds=seen.seconds)
    if seen.ok:
        return replace(state, phase="started"), (told,)
    if seen.early:
        return state, ()
    state = replace(state, refusals=(*state.refusals, seen.words)[-SAME_FAILURES:])
    certain = not rules.faithful and seen.final and state.refusals == (seen.words,) * SAME_FAILURES
    if seen.number >= probe.failure_threshold or certain:
        if certain:
            told = replace(told, number=probe.failure_threshold)
        later = _over(rules, probe) if seen.refused else platform_patience(rules, probe)
        reason = f"the startup probe {_what(probe)} {seen.words}"
        state, ending = done(state, seen.at, _verdict(probe), "startup-probe", reason, platform_seconds=later)
        return state, (told, *ending)
    state = replace(state, checks=seen.number + 1)
    due = state.started + probe.initial_delay_s + seen.number * probe.period_s
    if seen.final and not rules.faithful:
        due = min(due, seen.at + TRY_AGAIN_S)
    return state, (told, _try(probe, state, max(due, seen.at)))


def exited(state: State, seen: Exited) -> tuple[Action, ...]:
    """The process ended under its probe: the attempt under way has failed."""
    return (
        TellProbe(due=seen.at, number=max(1, state.checks), ok=False, words=CANCELED, due_s=seen.at - state.started),
    )


def _what(probe: Probe) -> str:
    return f"GET {probe.path}" if probe.kind == "http" else f"{probe.kind.upper()} on port {probe.port}"


def _verdict(probe: Probe) -> VerdictKind:
    """A probe that the platform adds by itself asks only for a port; one that the user wrote asks for health."""
    return VerdictKind.TIMED_OUT if probe.implicit else VerdictKind.UNHEALTHY


def platform_patience(rules: Rules, probe: Probe) -> float:
    """How long the platform tries at most, from the start, in its own seconds. A timeout that measures the app is not
    scaled."""
    waits = probe.initial_delay_s + (probe.failure_threshold - 1) * probe.period_s
    timeout = rules.platform_time(probe.timeout_s) if probe.waits_for_port else probe.timeout_s
    return rules.platform_time(waits) + timeout


def _over(rules: Rules, probe: Probe) -> float:
    """When the last attempt on a port where nobody listens has failed, from the start: a TCP attempt that waits for the
    port takes its whole timeout, any other is refused at once."""
    return platform_patience(rules, probe) - (0 if probe.waits_for_port else probe.timeout_s)
