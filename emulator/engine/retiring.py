"""How an instance leaves: it answers the requests it has, is told to end, and is killed at the end of its grace.

A part of the rollout state machine.
"""

from collections.abc import Iterable

from emulator.model.record import replace

from .rollout_steps import (
    Action,
    Drain,
    Drained,
    Gone,
    Kill,
    Leaving,
    Passed,
    Remove,
    Rules,
    Signalled,
    State,
    Step,
    Terminate,
    Unit,
    Wait,
)

UNHEARD_S = 0.1
"""How long a process that never hears the signal is left before it is killed, unless the timing is to be faithful."""


def remove(state: State, at: float, units: Iterable[Unit]) -> Step:
    """Without ceremony: nobody relies on them."""
    leaving = tuple(Leaving(unit=unit, stage="killed") for unit in units)
    ids = {one.unit.id for one in leaving}
    state = replace(state, leaving=(*state.leaving, *leaving), up=state.up - ids, out=state.out - ids)
    return state, tuple(Remove(due=at, unit=one.unit) for one in leaving)


def retire(rules: Rules, state: State, at: float, unit: Unit) -> Step:
    """It gets no new requests; it is told to end when it has answered those it has."""
    if unit.id not in state.up:
        return remove(state, at, [unit])
    replacement = rules.replacement
    keep_s = 0.0 if replacement.stop_first else replacement.keep_s  # it is kept beside a new one alone
    patience = keep_s + replacement.drain_s
    ids = {unit.id}
    kept_until = at + keep_s if rules.faithful else at
    leaving = Leaving(unit=unit, stage="draining", kept_until=kept_until, until=at + patience)
    state = replace(state, leaving=(*state.leaving, leaving), up=state.up - ids, out=state.out - ids)
    waits: list[Action] = [Drain(due=at, unit=unit, timeout_s=patience)]
    waits += [Wait(due=due, unit=unit, stage="draining") for due in sorted({kept_until, at + patience} - {at})]
    return (state, tuple(waits)) if patience > 0 else tell(state, at, unit)


def drained(state: State, seen: Drained) -> Step:
    one = _found(state, seen.unit)
    if one is None or one.stage != "draining":
        return state, ()
    state = _changed(state, replace(one, drained=True))
    return tell(state, seen.at, seen.unit) if seen.at >= one.kept_until else (state, ())


def passed(state: State, seen: Passed) -> Step:
    one = _found(state, seen.unit)
    if one is None or one.stage != seen.stage:
        return state, ()
    if one.stage == "told":
        return kill(state, seen.at, seen.unit)
    is_time = seen.at >= (one.kept_until if one.drained else one.until)
    return tell(state, seen.at, seen.unit) if is_time else (state, ())


def tell(state: State, at: float, unit: Unit) -> Step:
    return _changed(state, Leaving(unit=unit, stage="told")), (Terminate(due=at, unit=unit),)


def signalled(rules: Rules, state: State, seen: Signalled) -> Step:
    """It is given its grace, unless it cannot hear and nobody wants to see that."""
    one = _found(state, seen.unit)
    if one is None or one.stage != "told":
        return state, ()
    grace = rules.grace_s if seen.heard is not False or rules.faithful else min(UNHEARD_S, rules.grace_s)
    return state, (Wait(due=seen.at + grace, unit=seen.unit, stage="told"),)


def kill(state: State, at: float, unit: Unit) -> Step:
    return _changed(state, Leaving(unit=unit, stage="killed")), (Kill(due=at, unit=unit),)


def gone(state: State, seen: Gone) -> Step:
    leaving = tuple(one for one in state.leaving if one.unit != seen.unit)
    ids = {seen.unit.id}
    return replace(state, leaving=leaving, up=state.up - ids, out=state.out - ids), ()


def _found(state: State, unit: Unit) -> Leaving | None:
    return next((one for one in state.leaving if one.unit == unit), None)


def _changed(state: State, one: Leaving) -> State:
    leaving = tuple(one if other.unit == one.unit else other for other in state.leaving)
    return replace(state, leaving=leaving)


def tell_all(state: State, at: float) -> Step:
    """Nobody waits for the requests they have."""
    actions: list[Action] = []
    for one in state.leaving:
        if one.stage == "draining":
            state, told = tell(state, at, one.unit)
            actions += told
    return state, tuple(actions)


def kill_all(state: State, at: float) -> Step:
    """Nobody waits for a grace any more."""
    actions: list[Action] = []
    for one in state.leaving:
        if one.stage != "killed":
            state, killed = kill(state, at, one.unit)
            actions += killed
    return state, tuple(actions)
