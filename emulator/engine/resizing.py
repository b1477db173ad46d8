"""How many instances a deploy has while no other takes its place, and which deploys keep theirs beside the newest.

A part of the rollout state machine, for platforms whose instances follow their requests. A deploy that gets requests
beside the newest one is kept: it has slots of its own, which change in number alone.
"""

from collections.abc import Callable

from emulator.model.record import replace

from . import retiring
from .rollout_steps import Action, Kept, Rules, Scaled, Slot, Start, State, Step, Unit, Unstarted

RulesOf = Callable[[int], Rules]
"""deploy → what its plan says of replacing."""


def scaled(state: State, seen: Scaled) -> State:
    """So many instances there are to be of a deploy from now on."""
    if seen.deploy == state.good:
        return replace(state, wanted=seen.wanted, asleep=seen.wanted == 0)
    kept = tuple(replace(one, wanted=seen.wanted) if one.deploy == seen.deploy else one for one in state.kept)
    return replace(state, kept=kept)


def fit(rules_of: RulesOf, state: State, at: float) -> Step:
    """Start what is missing, end what is too many, and let those get requests that have come."""
    actions: list[Action] = []
    good = state.good if state.phase in ("idle", "preparing") and state.good == state.target else None
    rules = rules_of(good) if good is not None else Rules()
    if good is not None and rules.scales:
        wanted = rules.instances if state.wanted is None else state.wanted
        state, slots, done = _fitted(rules, state, at, Kept(deploy=good, slots=state.slots, wanted=wanted))
        state = replace(state, slots=slots)
        actions += done
    for one in state.kept:
        state, slots, done = _fitted(rules_of(one.deploy), state, at, one)
        kept = tuple(replace(k, slots=slots) if k.deploy == one.deploy else k for k in state.kept)
        state = replace(state, kept=kept)
        actions += done
    return state, tuple(actions)


def _fitted(rules: Rules, state: State, at: float, group: Kept) -> tuple[State, tuple[Slot, ...], list[Action]]:
    actions: list[Action] = []
    slots = [_arrived(state, slot) for slot in group.slots]
    while len(slots) > group.wanted:
        # One that is only coming serves nobody; else the youngest goes, once it has answered what it has.
        number = next((n for n in reversed(range(len(slots))) if slots[n].serving is None), len(slots) - 1)
        state, left = _end(rules, state, at, slots.pop(number))
        actions += left
    taken = {unit.slot for slot in slots for unit in (slot.serving, slot.coming) if unit is not None}
    while len(slots) < group.wanted:
        place = next(n for n in range(1, group.wanted + 1) if n not in taken)
        taken.add(place)
        unit = Unit(id=state.units + 1, deploy=group.deploy, slot=place)
        state = replace(state, units=unit.id)
        slots.append(Slot(coming=unit))
        actions.append(Start(due=at, unit=unit))
    return state, tuple(slots), actions


def _arrived(state: State, slot: Slot) -> Slot:
    return Slot(serving=slot.coming) if slot.coming is not None and slot.coming.id in state.up else slot


def _end(rules: Rules, state: State, at: float, slot: Slot) -> Step:
    actions: list[Action] = []
    if slot.coming is not None:
        state, removed = retiring.remove(state, at, [slot.coming])
        actions += removed
    if slot.serving is not None:
        state, retired = retiring.retire(rules, state, at, slot.serving)
        actions += retired
    return state, tuple(actions)


def put_aside(rules: Rules, state: State, at: float, unit: Unit) -> Step:
    """Another deploy takes the place of this instance: it leaves, unless its own deploy is kept."""
    if unit.deploy not in rules.keeps or unit.id not in state.up:
        return retiring.retire(rules, state, at, unit)
    known = next((one for one in state.kept if one.deploy == unit.deploy), Kept(deploy=unit.deploy))
    one = replace(known, slots=(*known.slots, Slot(serving=unit)), wanted=known.wanted + 1)
    others = tuple(other for other in state.kept if other.deploy != unit.deploy)
    return replace(state, kept=(*others, one)), ()


def keep(rules: Rules, state: State, at: float, deploys: frozenset[int]) -> Step:
    """Beside the newest deploy, these alone have instances from now on. One that has none gets some."""
    actions: list[Action] = []
    wanted = deploys - {state.good}
    for one in state.kept:
        for slot in one.slots if one.deploy not in wanted else ():
            state, left = _end(rules, state, at, slot)
            actions += left
    kept = tuple(one for one in state.kept if one.deploy in wanted)
    known = {one.deploy for one in kept}
    new = tuple(Kept(deploy=deploy, wanted=max(1, rules.instances)) for deploy in sorted(wanted - known))
    return replace(state, kept=(*kept, *new)), tuple(actions)


def unstarted(state: State, at: float, unit: Unit) -> Step:
    """It could not be had, and nobody tries again before somebody asks."""
    left = _without(state.slots, unit)
    if unit.deploy == state.good and left != state.slots:
        state = replace(state, slots=left, wanted=len(left), asleep=not left)
    kept = tuple(
        replace(one, slots=rest, wanted=len(rest)) if (rest := _without(one.slots, unit)) != one.slots else one
        for one in state.kept
    )
    state, removed = retiring.remove(replace(state, kept=kept), at, [unit])
    return state, (Unstarted(due=at, unit=unit), *removed)


def _without(slots: tuple[Slot, ...], unit: Unit) -> tuple[Slot, ...]:
    """Whoever else has its slot, or is to have it, stays."""
    changed = (
        Slot(
            serving=None if slot.serving == unit else slot.serving, coming=None if slot.coming == unit else slot.coming
        )
        for slot in slots
    )
    return tuple(slot for slot in changed if slot.serving is not None or slot.coming is not None)


def all_slots(state: State) -> tuple[Slot, ...]:
    """Of the newest deploy, and of those that are kept beside it."""
    return (*state.slots, *(slot for one in state.kept for slot in one.slots))
