"""How a service's deploys follow each other: a pure state machine.

`step(rules_of, state, observation)` returns the next state and the actions to take. A deploy is prepared (built), then
each slot gets an instance of it: the new one beside the old one until it is live, then requests go over, and the old
one answers what it has, is told to end, and is killed at the end of its grace. Where both may not run at once the old
one goes first. An instance that does not go live fails its deploy: the slots go back to the last good one. So there is
one aim, that every slot has an instance of `target`, and a failure only changes the target.
"""

from emulator.model.control import Role
from emulator.model.record import replace

from . import resizing, retiring
from .deploy_steps import Asked, CallOff, NotPrepared, Over, Prepare, Prepared, Withdrawn
from .resizing import RulesOf
from .rollout_steps import (
    Action,
    Announce,
    Down,
    Drained,
    EndAsked,
    Failed,
    Gone,
    Hurried,
    Idle,
    Leaving,
    Lost,
    Observation,
    Passed,
    Rotated,
    Rules,
    Scaled,
    Serve,
    Settle,
    Shared,
    Signalled,
    Slot,
    Start,
    State,
    Step,
    Unit,
    Up,
    Woken,
)


def step(rules_of: RulesOf, state: State, seen: Observation) -> Step:
    """The next state and what to do."""
    state, actions = _taken(rules_of, state, seen)
    state, more = _advance(_ruling(rules_of, state), state, seen.at)
    state, fitting = resizing.fit(rules_of, state, seen.at)
    return _serve(state, seen.at, (*actions, *more, *fitting))


def _ruling(rules_of: RulesOf, state: State) -> Rules:
    """Of the deploy under way, else of the one that the slots have."""
    held = (slot.serving.deploy for slot in state.slots if slot.serving is not None)
    return next((rules_of(deploy) for deploy in (state.current, state.target, *held) if deploy is not None), Rules())


def _taken(rules_of: RulesOf, state: State, seen: Observation) -> Step:
    match seen:
        case Asked():
            return _asked(_ruling(rules_of, state), state, seen)
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
            return _failed(rules_of(seen.unit.deploy), state, seen)
        case Drained():
            return retiring.drained(state, seen)
        case Signalled():
            return retiring.signalled(rules_of(seen.unit.deploy), state, seen)
        case Passed():
            return retiring.passed(state, seen)
        case Gone():
            return retiring.gone(state, seen)
        case Idle():
            return _fall_asleep(state, seen.at)
        case Woken():
            return _wake(state)
        case Scaled():
            return resizing.scaled(state, seen), ()
        case Shared():
            return resizing.keep(_ruling(rules_of, state), state, seen.at, seen.deploys)
        case EndAsked():
            return _end_asked(state, seen)
        case Hurried():
            return retiring.kill_all(state, seen.at)


# ---- deploys ----------------------------------------------------------------------------------------


def _asked(rules: Rules, state: State, seen: Asked) -> Step:
    if state.phase in ("ending", "over"):
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
    slots = tuple(replace(slot, lost=False) for slot in state.slots)
    return replace(state, phase="rolling", target=seen.deploy, slots=slots, asleep=False), ()


def _not_prepared(state: State, seen: NotPrepared) -> Step:
    if state.phase != "preparing" or state.current != seen.deploy:
        return state, ()
    settle = Settle(due=seen.at, deploy=seen.deploy, result="failed", still_live=state.good)
    if state.asleep and state.wanted is None:  # a request may have come meanwhile
        return replace(state, phase="reverting", current=None, asleep=False, target=state.good), (settle,)
    return replace(state, phase="idle", current=None), (settle,)


def _withdrawn(state: State, seen: Withdrawn) -> Step:
    if state.waiting == seen.deploy:
        return replace(state, waiting=None), (_canceled(seen.deploy, seen.at, by=seen.by),)
    if state.current == seen.deploy and state.phase in ("preparing", "rolling"):
        return _call_off(state, seen.at, by=seen.by)
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
    state = replace(state, slots=slots, phase="reverting", current=None, target=state.good, asleep=False)
    return retiring.remove(state, at, coming)


# ---- instances --------------------------------------------------------------------------------------


def _up(state: State, seen: Up) -> Step:
    unit = seen.unit
    if not _is_placed(state, unit):
        return state, ()
    came_back = any(slot.serving == unit for slot in resizing.all_slots(state)) and unit.id not in state.up
    state = replace(state, up=state.up | {unit.id}, out=state.out - {unit.id})
    return state, (Announce(due=seen.at, unit=unit),) if came_back else ()


def _rotated(state: State, seen: Rotated) -> Step:
    out = state.out - {seen.unit.id} if seen.ready else state.out | {seen.unit.id}
    return (replace(state, out=out) if _is_placed(state, seen.unit) else state), ()


def _is_placed(state: State, unit: Unit) -> bool:
    return any(unit in (slot.serving, slot.coming) for slot in resizing.all_slots(state))


def _failed(rules: Rules, state: State, seen: Failed) -> Step:
    unit, at = seen.unit, seen.at
    if not _is_placed(state, unit):
        return state, ()
    if state.phase != "rolling" or unit.deploy != state.current:
        return resizing.unstarted(state, at, unit) if rules.scales else _lost(rules, state, at, unit)
    settle = Settle(due=at, deploy=unit.deploy, result="failed", unit=unit, still_live=state.good)
    state, removed = retiring.remove(replace(state, slots=_without(state, unit)), at, [unit])
    state, actions = _revert(state, at)
    return state, (settle, *removed, *actions)


def _without(state: State, unit: Unit, *, lost: bool = False) -> tuple[Slot, ...]:
    """The slots without this instance."""
    return tuple(
        Slot(
            serving=None if slot.serving == unit else slot.serving,
            coming=None if slot.coming == unit else slot.coming,
            lost=slot.lost or (lost and unit in (slot.serving, slot.coming)),
        )
        for slot in state.slots
    )


def _lost(rules: Rules, state: State, at: float, unit: Unit) -> Step:
    """One that served, or was to come back after a failure, cannot be had any more: its slot stays empty until the next
    deploy, unless another deploy is to have the slot anyway."""
    is_wanted = unit.deploy == state.target
    state = replace(state, slots=_without(state, unit, lost=is_wanted))
    lost: tuple[Action, ...] = ()
    if is_wanted and all(slot.lost for slot in state.slots[: rules.instances]):
        state, lost = replace(state, good=None), (Lost(due=at, unit=unit),)
    state, removed = retiring.remove(state, at, [unit])
    return state, (*lost, *removed)


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
    return state.slots + (Slot(),) * (_instances(rules, state) - len(state.slots))


def _instances(rules: Rules, state: State) -> int:
    """As many as the plan says, or as many as there were to be before a deploy that failed."""
    return state.wanted if state.phase == "reverting" and state.wanted is not None else rules.instances


def _wave(rules: Rules, state: State) -> tuple[int, ...]:
    """The slots that change hands next: one, or all where the platform moves all requests at once."""
    if state.target is None:
        return ()
    behind = tuple(
        number
        for number, slot in enumerate(state.slots[: _instances(rules, state)])
        if not slot.lost and (slot.serving is None or slot.serving.deploy != state.target)
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
                state, retired = retiring.retire(rules, _placed(state, number, Slot()), at, slot.serving)
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
            state, retired = resizing.put_aside(rules, state, at, slot.serving)
            actions += retired
    return state, tuple(actions)


def _placed(state: State, number: int, slot: Slot) -> State:
    return replace(state, slots=(*state.slots[:number], slot, *state.slots[number + 1 :]))


def _arrived(rules: Rules, state: State, at: float) -> Step:
    """Every slot has the target, or cannot: what is too many leaves, and the deploy is decided."""
    state, actions = _tidied(rules, state, at)
    if state.phase == "rolling":
        last = max((slot.serving for slot in state.slots if slot.serving is not None), key=lambda unit: unit.id)
        state, left = resizing.keep(rules, replace(state, good=state.target, wanted=None), at, rules.keeps)
        live = Settle(due=at, deploy=last.deploy, result="live", unit=last)
        actions = (*actions, *left, Announce(due=at, unit=last), live)
    state, more = _next(replace(state, phase="idle", current=None), at)
    return state, (*actions, *more)


def _tidied(rules: Rules, state: State, at: float) -> Step:
    """Instances in slots too many leave, and those of a failed deploy that nothing took the place of."""
    actions: list[Action] = []
    wanted = _instances(rules, state)
    for number, slot in enumerate(state.slots):
        if slot.serving is not None and (number >= wanted or slot.serving.deploy != state.target):
            state = _placed(state, number, replace(slot, serving=None))
            state, retired = resizing.put_aside(rules, state, at, slot.serving)
            actions += retired
    return replace(state, slots=state.slots[:wanted]), tuple(actions)


def _next(state: State, at: float) -> Step:
    """The deploy that waited, or the end."""
    if state.phase == "idle" and state.waiting is not None:
        return _prepare(state, at, state.waiting)
    if state.phase == "ending" and not state.leaving:
        return replace(state, phase="over"), (Over(due=at),)
    return state, ()


# ---- sleep ------------------------------------------------------------------------------------------


def _fall_asleep(state: State, at: float) -> Step:
    """All instances are told to end, and none takes their place, unless something is being done to them."""
    units = [slot.serving for slot in state.slots if slot.serving is not None]
    if state.phase != "idle" or not units or any(unit.id not in state.up for unit in units):
        return state, ()
    leaving = tuple(Leaving(unit=unit, stage="draining") for unit in units)
    ids = {unit.id for unit in units}
    state = replace(
        state, slots=(), asleep=True, leaving=(*state.leaving, *leaving), up=state.up - ids, out=state.out - ids
    )
    actions: list[Action] = []
    for unit in units:
        state, told = retiring.tell(state, at, unit)
        actions += told
    return state, tuple(actions)


def _wake(state: State) -> Step:
    """The slots get the last good deploy again. A deploy that is being prepared goes on, and comes after it."""
    if not state.asleep or state.phase != "idle":
        return state, ()
    return replace(state, phase="reverting", asleep=False, target=state.good), ()


# ---- the end ----------------------------------------------------------------------------------------


def _end_asked(state: State, seen: EndAsked) -> Step:
    """What is live is told to end, and all else is removed; `at_once`: all is."""
    if state.phase == "over":
        return state, ()
    at = seen.at
    actions: list[Action] = []
    if state.phase == "preparing" and state.current is not None:
        actions.append(CallOff(due=at, deploy=state.current))
    actions += [_canceled(n, at) for n in (state.current, state.waiting) if n is not None]
    slots = resizing.all_slots(state)
    units = [unit for slot in slots for unit in (slot.serving, slot.coming) if unit is not None]
    live = [unit for unit in units if unit.id in state.up and not seen.at_once]
    state = replace(state, phase="ending", slots=(), kept=(), current=None, waiting=None, target=None)
    state, removed = retiring.remove(state, at, [unit for unit in units if unit not in live])
    leaving = tuple(Leaving(unit=unit, stage="draining") for unit in live)
    state = replace(state, leaving=(*state.leaving, *leaving), up=frozenset(), out=frozenset())
    state, ended = retiring.kill_all(state, at) if seen.at_once else retiring.tell_all(state, at)
    return state, (*actions, *removed, *ended)


def role(state: State, unit: Unit) -> Role:
    """What an instance is there for at the moment."""
    slots = resizing.all_slots(state)
    if any(slot.coming == unit for slot in slots):
        return "coming"
    if not any(slot.serving == unit for slot in slots):
        return "leaving"
    if unit.id not in state.up:
        return "down"
    return "out of rotation" if unit.id in state.out else "serving"


# ---- who gets the requests --------------------------------------------------------------------------


def _serve(state: State, at: float, actions: tuple[Action, ...]) -> Step:
    """Where the set of those that get requests changes, that comes before whatever else follows from it."""
    units = [slot.serving for slot in resizing.all_slots(state) if slot.serving is not None]
    ready = tuple(unit for unit in units if unit.id in state.up - state.out)
    if ready == state.served:
        return state, actions
    return replace(state, served=ready), (Serve(due=at, units=ready), *actions)
