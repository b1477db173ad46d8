"""A process without a port: nothing shows that it works but that it stays up. Pure."""

from emulator.model.lifecycle import Lifecycle
from emulator.model.record import replace

from .boot_steps import IDLE_SHARE, Settle, Settled, State, Step


def begin(state: State, life: Lifecycle, at: float) -> Step:
    """It was started: look when it may count as up."""
    idle = life.settle_idle_s
    due = at + (life.settle_s if idle is None else min(life.settle_s, idle / 2))
    return replace(state, phase="settling", idle_since=None), (Settle(due=due, attempt=state.attempt),)


def go_on(state: State, life: Lifecycle, seen: Settled) -> Step | None:
    """None once it has settled: it has stayed up for long enough, or for less and has come to rest."""
    age = seen.at - state.started
    idle = life.settle_idle_s
    if idle is None or age >= life.settle_s or (age >= idle and _rests(state, seen)):
        return None
    state = replace(state, idle_since=None if seen.cpu_s is None else seen.at, idle_cpu=seen.cpu_s or 0.0)
    due = min(seen.at + idle / 2, state.started + life.settle_s)
    return state, (Settle(due=due, attempt=state.attempt),)


def _rests(state: State, seen: Settled) -> bool:
    """Whether it did nothing since the last look; not where nobody knows."""
    if state.idle_since is None or seen.cpu_s is None:
        return False
    return seen.cpu_s - state.idle_cpu <= IDLE_SHARE * (seen.at - state.idle_since)
