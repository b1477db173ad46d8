"""The probes of a live instance: one that fails often enough gets no new requests, or is ended and started anew.

Attempt n is due n - 1 periods after the first, which comes the initial delay (a platform's health check: a period)
after the instance went live. What a failure leads to stands in the probe: `unready_threshold` failures in a row take
the instance out of rotation, `failure_threshold` of a liveness probe or a health check end it.
"""

from emulator.model.lifecycle import Probe
from emulator.model.record import replace

from .boot_steps import Action, End, Role, Rotate, Rules, State, Step, TellProbe, Tried, Try, Watch

ROLES: tuple[Role, ...] = ("health", "liveness", "readiness")


def begin(rules: Rules, state: State, at: float) -> Step:
    """The instance has gone live: the first attempt of each of its probes."""
    watches: list[Watch] = []
    actions: list[Action] = []
    for role in ROLES:
        probe = rules.probe(role)
        if probe is None:
            continue
        since = at + (probe.period_s if role == "health" else probe.initial_delay_s)
        watches.append(Watch(role=role, since=since))
        actions.append(_try(state, probe, watches[-1]))
    return replace(state, watches=tuple(watches)), tuple(actions)


def tried(rules: Rules, state: State, seen: Tried) -> Step:
    """One attempt is over: what it changes, and the next one."""
    watch = next((w for w in state.watches if w.role == seen.role and w.number == seen.number), None)
    probe = rules.probe(seen.role)
    if watch is None or probe is None:
        return state, ()
    counted = replace(
        watch,
        failures=0 if seen.ok else watch.failures + 1,
        successes=watch.successes + 1 if seen.ok else 0,
    )
    told = _told(state, probe, counted, seen)
    if _is_dead(probe, counted):
        kill = rules.lifecycle.kill_when_unhealthy
        because = f"its {seen.role} check failed {counted.failures} times in a row: it {seen.words}"
        end = End(due=seen.at, attempt=state.attempt, kill=kill, because=because)
        return replace(state, watches=(), ended_because=because), (told, end)
    moved, turn = _turned(state, probe, counted, seen)
    asked = replace(moved, number=_next_number(probe, moved, seen.at))
    watches = tuple(asked if w is watch else w for w in state.watches)
    return replace(state, watches=watches), (told, *turn, _try(state, probe, asked))


def _is_dead(probe: Probe, watch: Watch) -> bool:
    return watch.role != "readiness" and watch.failures >= probe.failure_threshold


def _turned(state: State, probe: Probe, watch: Watch, seen: Tried) -> tuple[Watch, tuple[Action, ...]]:
    """Out of rotation, or back into it, where this attempt decides so. Several probes must agree on "back"."""
    held_by_others = any(w.out for w in state.watches if w.role != watch.role)
    if not watch.out and probe.unready_threshold is not None and watch.failures >= probe.unready_threshold:
        because = f"its {watch.role} check failed {watch.failures} times in a row: it {seen.words}"
        turn = () if held_by_others else (Rotate(due=seen.at, ready=False, because=because),)
        return replace(watch, out=True), turn
    if watch.out and watch.successes >= probe.success_threshold:
        because = f"its {watch.role} check succeeds again"
        turn = () if held_by_others else (Rotate(due=seen.at, ready=True, because=because),)
        return replace(watch, out=False), turn
    return watch, ()


def _next_number(probe: Probe, watch: Watch, at: float) -> int:
    """The next attempt that is not due yet: one that took longer than a period leaves out those it ran over."""
    passed = int((at - watch.since) / probe.period_s) if probe.period_s > 0 else watch.number - 1
    return max(watch.number + 1, passed + 2)


def _due(probe: Probe, watch: Watch) -> float:
    return watch.since + (watch.number - 1) * probe.period_s


def _try(state: State, probe: Probe, watch: Watch) -> Try:
    port = probe.port if watch.role != "health" else state.port
    return Try(
        due=_due(probe, watch), attempt=state.attempt, role=watch.role, number=watch.number, port=port,
        timeout_s=probe.timeout_s,
    )  # fmt: skip


def _told(state: State, probe: Probe, watch: Watch, seen: Tried) -> TellProbe:
    """A failed attempt is told by how many failed in a row, as platforms count."""
    number = seen.number if seen.ok else watch.failures
    return TellProbe(
        due=seen.at, role=seen.role, number=number, ok=seen.ok, words=seen.words,
        due_s=_due(probe, watch) - state.started, seconds=seen.seconds,
    )  # fmt: skip
