"""How a service's deploys follow each other: a pure state machine.

`step(rules, state, observation)` returns the next state and the actions to take. A deploy is prepared (built), then
each slot gets an instance of it: the new one beside the old one until it is live, then requests go over, and the old
one answers what it has, is told to end, and is killed at the end of its grace. Where both may not run at once the old
one goes first. An instance that does not go live fails its deploy: the slots go back to the last good one. So there is
one aim, that every slot has an instance of `target`, and a failure only changes the target.
"""

from collections.abc import Iterable

from emulator.model.control import Role
from emulator.model.record import replace

from .rollout_steps import (
    Action,
    Announce,
    Asked,
    CallOff,
    Down,
    Drain,
    Drained,
    EndAsked,
    Failed,
    Gone,
    Hurried,
    Kill,
    Leaving,
    Lost,
    NotPrepared,
    Observation,
    Over,
    Passed,
    Prepare,
    Prepared,
    Remove,
    Rotated,
    Rules,
    Serve,
    Settle,
    Signalled,
    Slot,
    Start,
    State,
    Step,
    Terminate,
    Unit,
    Up,
    Wait,
    Withdrawn,
)

UNHEARD_S = 0.1
"""How long a process that never hears the signal is left before it is killed, unless the timing is to be faithful."""


def step(rules: Rules, state: State, seen: Observation) -> Step:
    """The next state and what to do."""
    if state.phase == "over":
        return state, ()
    state, actions = _taken(rules, state, seen)
    state, more = _advance(rules, state, seen.at)
    return _serve(state, seen.at, (*actions, *more))


def _taken(rules: Rules, state: State, seen: Observation) -> Step:
    match seen:
        case Asked():
            return _asked(rules, state, seen)
        case Prepared():
            return _prepared(state, seen)
        case NotPrepared():
            return _not_prepared(state, seen)
        case Withdrawn():
            return _withdrawn(state, seen)
        case Up():
            return _up(state, seen)
        case Down():
            return replace(state, up=state.up - {seen.unit.id}, out=state.out - {seen.unit.id}), ()
        case Rotated():
            return _rotated(state, seen)
        case Failed():
            return _failed(state, seen)
        case Drained():
            return _drained(rules, state, seen)
        case Signalled():
            return _signalled(rules, state, seen)
        case Passed():
            return _passed(rules, state, seen)
        case Gone():
            return _gone(state, seen)
        case EndAsked():
            return _end_asked(state, seen)
        case Hurried():
            return _hurried(state, seen)


# ---- deploys ----------------------------------------------------------------------------------------


def _asked(rules: Rules, state: State, seen: Asked) -> Step:
    if state.phase == "ending":
        return state, (Settle(due=seen.at, deploy=seen.deploy, result="canceled"),)
    newest = max((n for n in (state.current, state.waiting, state.good) if n is not None), default=0)
    if newest > seen.deploy:  # it was begun before, and comes to this service after the other
        return state, (_canceled(seen.deploy, seen.at, by=newest),)
    if state.phase == "idle":
        return _prepare(state, seen.at, seen.deploy)
    dropped = () if state.waiting is None else (_canceled(state.waiting, seen.at, by=seen.deploy),)
    state = replace(state, waiting=seen.deploy)
    if rules.replacement.overlap == "override" and state.current is not None:
        state, actions = _call_off(state, seen.at, by=seen.deploy)
        return state, (*dropped, *actions)
    return state, dropped


def _prepare(state: State, at: float, deploy: int) -> Step:
    return replace(state, phase="preparing", current=deploy, waiting=None), (Prepare(due=at, deploy=deploy),)


def _prepared(state: State, seen: Prepared) -> Step:
    if state.phase != "preparing" or state.current != seen.deploy:
        return state, ()
    return replace(state, phase="rolling", target=seen.deploy), ()


def _not_prepared(state: State, seen: NotPrepared) -> Step:
    if state.phase != "preparing" or state.current != seen.deploy:
        return state, ()
    settle = Settle(due=seen.at, deploy=seen.deploy, result="failed", still_live=state.good)
    return replace(state, phase="idle", current=None), (settle,)


def _withdrawn(state: State, seen: Withdrawn) -> Step:
    if state.waiting == seen.deploy:
        return replace(state, waiting=None), (_canceled(seen.deploy, seen.at),)
    if state.current == seen.deploy and state.phase in ("preparing", "rolling"):
        return _call_off(state, seen.at)
    return state, ()


def _call_off(state: State, at: float, *, by: int | None = None) -> Step:
    """Cancel the deploy under way; what it has changed goes back."""
    deploy = state.current
    assert deploy is not None
    preparing = state.phase == "preparing"
    settled = Settle(due=at, deploy=deploy, result="canceled", still_live=state.good, by=by)
    state, actions = _revert(state, at)
    return state, ((CallOff(due=at, deploy=deploy),) if preparing else ()) + (settled, *actions)


def _canceled(deploy: int, at: float, *, by: int | None = None) -> Settle:
    return Settle(due=at, deploy=deploy, result="canceled", by=by)


def _revert(state: State, at: float) -> Step:
    """Instances that are still coming go; slots that changed hands get the last good deploy again."""
    coming = [slot.coming for slot in state.slots if slot.coming is not None]
    slots = tuple(replace(slot, coming=None) for slot in state.slots)
    state = replace(state, slots=slots, phase="reverting", current=None, target=state.good)
    return _remove(state, at, coming)


def _remove(state: State, at: float, units: Iterable[Unit]) -> Step:
    """Without ceremony: nobody relies on them."""
    leaving = tuple(Leaving(unit=unit, stage="killed", since=at) for unit in units)
    ids = {one.unit.id for one in leaving}
    state = replace(state, leaving=(*state.leaving, *leaving), up=state.up - ids, out=state.out - ids)
    return state, tuple(Remove(due=at, unit=one.unit) for one in leaving)


# ---- instances --------------------------------------------------------------------------------------


def _up(state: State, seen: Up) -> Step:
    unit = seen.unit
    if not _is_placed(state, unit):
        return state, ()
    came_back = any(slot.serving == unit for slot in state.slots) and unit.id not in state.up
    state = replace(state, up=state.up | {unit.id}, out=state.out - {unit.id})
    return state, (Announce(due=seen.at, unit=unit),) if came_back else ()


def _rotated(state: State, seen: Rotated) -> Step:
    out = state.out - {seen.unit.id} if seen.ready else state.out | {seen.unit.id}
    return (replace(state, out=out) if _is_placed(state, seen.unit) else state), ()


def _is_placed(state: State, unit: Unit) -> bool:
    return any(unit in (slot.serving, slot.coming) for slot in state.slots)


def _failed(state: State, seen: Failed) -> Step:
    unit, at = seen.unit, seen.at
    coming = any(slot.coming == unit for slot in state.slots)
    if coming and state.phase == "rolling":
        settle = Settle(due=at, deploy=unit.deploy, result="failed", unit=unit, still_live=state.good)
        state, actions = _revert(state, at)
        return state, (settle, *actions)
    if not coming and not any(slot.serving == unit for slot in state.slots):
        return state, ()
    return _lost(state, at, unit, coming=coming)


def _lost(state: State, at: float, unit: Unit, *, coming: bool) -> Step:
    """One that served, or was to come back after a failure, cannot be had any more: its slot stays empty."""
    slots = tuple(
        Slot(
            serving=None if slot.serving == unit else slot.serving,
            coming=None if slot.coming == unit else slot.coming,
        )
        for slot in state.slots
    )
    state = replace(state, slots=slots, target=None if coming else state.target)
    state, actions = _remove(state, at, [unit])
    if any(slot.serving or slot.coming for slot in slots):
        return state, actions
    return replace(state, good=None), (*actions, Lost(due=at, unit=unit))


# ---- towards the target -----------------------------------------------------------------------------


def _advance(rules: Rules, state: State, at: float) -> Step:
    """Start what has to come, switch what has come, and end what is done."""
    if state.phase not in ("rolling", "reverting"):
        return _next(state, at)
    state = replace(state, slots=_sized(rules, state))
    actions: list[Action] = []
    while True:
        wave = _wave(rules, state)
        if not wave:
            state, done = _arrived(rules, state, at)
            return state, (*actions, *done)
        if not _has_come(state, wave):
            break
        state, switched = _switch(rules, state, at, wave)
        actions += switched
    state, started = _start(rules, state, at, wave)
    return state, (*actions, *started)


def _sized(rules: Rules, state: State) -> tuple[Slot, ...]:
    """As many slots as there are to be instances; those too many stay until the target has the others."""
    return state.slots + (Slot(),) * (rules.instances - len(state.slots))


def _wave(rules: Rules, state: State) -> tuple[int, ...]:
    """The slots that change hands next: one, or all where the platform moves all requests at once."""
    if state.target is None:
        return ()
    behind = tuple(
        number
        for number, slot in enumerate(state.slots[: rules.instances])
        if slot.serving is None or slot.serving.deploy != state.target
    )
    return behind if rules.replacement.all_at_once else behind[:1]


def _has_come(state: State, wave: tuple[int, ...]) -> bool:
    coming = [state.slots[number].coming for number in wave]
    return all(unit is not None and unit.id in state.up for unit in coming)


def _start(rules: Rules, state: State, at: float, wave: tuple[int, ...]) -> Step:
    """An instance of the target for each slot of the wave that has none coming, once its predecessor is out of the
    way where both may not run at once."""
    actions: list[Action] = []
    for number in wave:
        slot = state.slots[number]
        if slot.coming is not None:
            continue
        if rules.replacement.stop_first:
            if slot.serving is not None:
                state, retired = _retire(rules, _placed(state, number, Slot()), at, slot.serving)
                actions += retired
            if any(one.unit.slot == number + 1 for one in state.leaving):
                continue
        assert state.target is not None
        unit = Unit(id=state.units + 1, deploy=state.target, slot=number + 1)
        state = _placed(replace(state, units=unit.id), number, replace(state.slots[number], coming=unit))
        actions.append(Start(due=at, unit=unit))
    return state, tuple(actions)


def _switch(rules: Rules, state: State, at: float, wave: tuple[int, ...]) -> Step:
    """Requests go to the new instances of the wave; the old ones leave."""
    actions: list[Action] = []
    for number in wave:
        slot = state.slots[number]
        state = _placed(state, number, Slot(serving=slot.coming))
        if slot.serving is not None:
            state, retired = _retire(rules, state, at, slot.serving)
            actions += retired
    return state, tuple(actions)


def _placed(state: State, number: int, slot: Slot) -> State:
    return replace(state, slots=(*state.slots[:number], slot, *state.slots[number + 1 :]))


def _arrived(rules: Rules, state: State, at: float) -> Step:
    """Every slot has the target: instances too many leave, and the deploy is decided."""
    actions: list[Action] = []
    kept, extra = state.slots[: rules.instances], state.slots[rules.instances :]
    state = replace(state, slots=kept)
    for slot in extra:
        if slot.serving is not None:
            state, retired = _retire(rules, state, at, slot.serving)
            actions += retired
    if state.phase == "rolling":
        assert state.current is not None
        last = max((slot.serving for slot in kept if slot.serving is not None), key=lambda unit: unit.id)
        state = replace(state, good=state.target)
        actions += [
            Announce(due=at, unit=last),
            Settle(due=at, deploy=last.deploy, result="live", unit=last),
        ]
    state, more = _next(replace(state, phase="idle", current=None), at)
    return state, (*actions, *more)


def _next(state: State, at: float) -> Step:
    """The deploy that waited, or the end."""
    if state.phase == "idle" and state.waiting is not None:
        return _prepare(state, at, state.waiting)
    if state.phase == "ending" and not state.leaving:
        return replace(state, phase="over"), (Over(due=at),)
    return state, ()


# ---- leaving ----------------------------------------------------------------------------------------


def _retire(rules: Rules, state: State, at: float, unit: Unit) -> Step:
    """It gets no new requests; it is told to end when it has answered those it has."""
    if unit.id not in state.up:
        return _remove(state, at, [unit])
    patience = rules.replacement.keep_s + rules.replacement.drain_s
    ids = {unit.id}
    leaving = Leaving(unit=unit, stage="draining", since=at)
    state = replace(state, leaving=(*state.leaving, leaving), up=state.up - ids, out=state.out - ids)
    waits: list[Action] = [Drain(due=at, unit=unit, timeout_s=patience)]
    waits.append(Wait(due=at + patience, unit=unit, stage="draining"))
    if rules.faithful and 0 < rules.replacement.keep_s < patience:
        waits.append(Wait(due=at + rules.replacement.keep_s, unit=unit, stage="draining"))
    return state, tuple(waits)


def _drained(rules: Rules, state: State, seen: Drained) -> Step:
    one = _found(state, seen.unit)
    if one is None or one.stage != "draining":
        return state, ()
    state = _changed(state, replace(one, drained=True))
    kept_long_enough = seen.at - one.since >= rules.replacement.keep_s
    return _tell(state, seen.at, seen.unit) if kept_long_enough or not rules.faithful else (state, ())


def _passed(rules: Rules, state: State, seen: Passed) -> Step:
    one = _found(state, seen.unit)
    if one is None or one.stage != seen.stage:
        return state, ()
    if one.stage == "told":
        return _kill(state, seen.at, seen.unit)
    patience = rules.replacement.keep_s + rules.replacement.drain_s
    return _tell(state, seen.at, seen.unit) if one.drained or seen.at - one.since >= patience else (state, ())


def _tell(state: State, at: float, unit: Unit) -> Step:
    return _changed(state, Leaving(unit=unit, stage="told", since=at)), (Terminate(due=at, unit=unit),)


def _signalled(rules: Rules, state: State, seen: Signalled) -> Step:
    """It is given its grace, unless it cannot hear and nobody wants to see that."""
    one = _found(state, seen.unit)
    if one is None or one.stage != "told":
        return state, ()
    grace = rules.grace_s if seen.heard is not False or rules.faithful else min(UNHEARD_S, rules.grace_s)
    return state, (Wait(due=seen.at + grace, unit=seen.unit, stage="told"),)


def _kill(state: State, at: float, unit: Unit) -> Step:
    return _changed(state, Leaving(unit=unit, stage="killed", since=at)), (Kill(due=at, unit=unit),)


def _gone(state: State, seen: Gone) -> Step:
    leaving = tuple(one for one in state.leaving if one.unit != seen.unit)
    ids = {seen.unit.id}
    return replace(state, leaving=leaving, up=state.up - ids, out=state.out - ids), ()


def _found(state: State, unit: Unit) -> Leaving | None:
    return next((one for one in state.leaving if one.unit == unit), None)


def _changed(state: State, one: Leaving) -> State:
    leaving = tuple(one if other.unit == one.unit else other for other in state.leaving)
    return replace(state, leaving=leaving)


# ---- the end ----------------------------------------------------------------------------------------


def _end_asked(state: State, seen: EndAsked) -> Step:
    """What serves is told to end, what is still coming is removed, and so is all that is not live."""
    at = seen.at
    actions: list[Action] = [_canceled(n, at) for n in (state.current, state.waiting) if n is not None]
    if state.phase == "preparing" and state.current is not None:
        actions.append(CallOff(due=at, deploy=state.current))
    units = [unit for slot in state.slots for unit in (slot.serving, slot.coming) if unit is not None]
    live = [unit for unit in units if unit.id in state.up and not seen.at_once]
    state = replace(state, phase="ending", slots=(), current=None, waiting=None, target=None)
    state, removed = _remove(state, at, [unit for unit in units if unit not in live])
    leaving = tuple(Leaving(unit=unit, stage="draining", since=at) for unit in live)
    state = replace(state, leaving=(*state.leaving, *leaving), up=frozenset(), out=frozenset())
    for one in state.leaving:
        if one.stage == "draining" and not seen.at_once:
            state, told = _tell(state, at, one.unit)
            actions += told
    if seen.at_once:
        state, killed = _hurried(state, Hurried(at=at))
        actions += killed
    return state, (*actions, *removed)


def _hurried(state: State, seen: Hurried) -> Step:
    actions: list[Action] = []
    for one in state.leaving:
        if one.stage != "killed":
            state, killed = _kill(state, seen.at, one.unit)
            actions += killed
    return state, tuple(actions)


def role(state: State, unit: Unit) -> Role:
    """What an instance is there for at the moment."""
    if any(slot.coming == unit for slot in state.slots):
        return "coming"
    if not any(slot.serving == unit for slot in state.slots):
        return "leaving"
    if unit.id not in state.up:
        return "down"
    return "out of rotation" if unit.id in state.out else "serving"


# ---- who gets the requests --------------------------------------------------------------------------


def _serve(state: State, at: float, actions: tuple[Action, ...]) -> Step:
    """Where the set of those that get requests changes, that comes before whatever else follows from it."""
    units = [slot.serving for slot in state.slots if slot.serving is not None]
    ready = tuple(unit for unit in units if unit.id in state.up - state.out)
    if ready == state.served:
        return state, actions
    return replace(state, served=ready), (Serve(due=at, units=ready), *actions)
