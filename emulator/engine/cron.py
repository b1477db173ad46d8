"""A cron job's deploys and runs: a pure state machine.

`step(next_run, state, observation)` returns the next state and the actions to take. A deploy is only prepared: what it
built is run from the next run on, and a run under way is not touched by it. Of a job's runs one at most is active. One
that comes due during another begins when that has ended, and however many come due meanwhile, it is one; a run that is
asked for by hand cancels the active one.
"""

from collections.abc import Callable

from emulator.model.record import replace

from .cron_steps import (
    Action,
    Asked,
    Dropped,
    EndAsked,
    Ended,
    EndRun,
    Observation,
    Passed,
    Run,
    StartRun,
    State,
    Step,
    Tell,
    Triggered,
)
from .deploy_steps import CallOff, NotPrepared, Over, Prepare, Prepared, Settle, Withdrawn

NextRun = Callable[[int, float], float | None]
"""deploy, moment → when its schedule has the first run after the moment; None: never again."""


def step(next_run: NextRun, state: State, seen: Observation) -> Step:
    """The next state and what to do."""
    if state.phase == "over":
        return _refused(state, seen)
    state, due = _due(next_run, state, seen.at)
    state, actions = _taken(next_run, state, seen)
    state, more = _advance(state)
    return state, (*due, *actions, *more)


def _refused(state: State, seen: Observation) -> Step:
    """Nothing begins any more."""
    return state, (Settle(deploy=seen.deploy, result="canceled"),) if isinstance(seen, Asked) else ()


def _due(next_run: NextRun, state: State, at: float) -> Step:
    """A run that is due by now waits until it can begin."""
    if state.next is None or at < state.next or state.good is None or state.phase == "ending":
        return state, ()
    due, state = state.next, replace(state, next=next_run(state.good, at))
    if state.delayed is not None:  # one waits already
        return state, ()
    held_up = state.active is not None or state.wanted is not None
    told = (Tell(state="delayed", run=state.active, next=due),) if held_up else ()
    return replace(state, delayed=due), told


def _taken(next_run: NextRun, state: State, seen: Observation) -> Step:
    match seen:
        case Asked():
            return _asked(state, seen)
        case Prepared():
            return _prepared(next_run, state, seen)
        case NotPrepared():
            return _not_prepared(state, seen)
        case Withdrawn():
            return _withdrawn(state, seen)
        case Triggered():
            return _triggered(state, seen.at)
        case Dropped():
            return _dropped(state, seen)
        case Ended():
            return _ended(state, seen)
        case EndAsked():
            return _end_asked(state)
        case Passed():
            return state, ()


# ---- deploys ----------------------------------------------------------------------------------------


def _asked(state: State, seen: Asked) -> Step:
    if state.phase == "ending":
        return state, (Settle(deploy=seen.deploy, result="canceled"),)
    newest = max((n for n in (state.current, state.waiting, state.good) if n is not None), default=0)
    if newest > seen.deploy:  # it was begun before, and comes to this service after the other
        return state, (Settle(deploy=seen.deploy, result="canceled", by=newest),)
    dropped: tuple[Action, ...] = ()
    if state.waiting is not None:
        dropped = (Settle(deploy=state.waiting, result="canceled", by=seen.deploy),)
    state = replace(state, waiting=seen.deploy)
    if seen.overrides and state.current is not None:
        state, called_off = _call_off(state, by=seen.deploy)
        return state, (*dropped, *called_off)
    return state, dropped


def _prepared(next_run: NextRun, state: State, seen: Prepared) -> Step:
    if state.current != seen.deploy:
        return state, ()
    due = next_run(seen.deploy, seen.at)
    state = replace(state, phase="idle", current=None, good=seen.deploy, next=due)
    return state, (Settle(deploy=seen.deploy, result="live"), Tell(state="scheduled", next=due))


def _not_prepared(state: State, seen: NotPrepared) -> Step:
    if state.current != seen.deploy:
        return state, ()
    failed = Settle(deploy=seen.deploy, result="failed", still_live=state.good)
    return replace(state, phase="idle", current=None), (failed,)


def _withdrawn(state: State, seen: Withdrawn) -> Step:
    if state.waiting == seen.deploy:
        return replace(state, waiting=None), (Settle(deploy=seen.deploy, result="canceled", by=seen.by),)
    return _call_off(state, by=seen.by) if state.current == seen.deploy else (state, ())


def _call_off(state: State, *, by: int | None = None) -> Step:
    deploy = state.current
    assert deploy is not None
    settled = Settle(deploy=deploy, result="canceled", still_live=state.good, by=by)
    return replace(state, phase="idle", current=None), (CallOff(deploy=deploy), settled)


# ---- runs -------------------------------------------------------------------------------------------


def _triggered(state: State, at: float) -> Step:
    """It begins at once; one that runs is canceled for it, and one that only waited to begin by hand is not begun."""
    if state.good is None or state.phase == "ending":
        return state, ()
    run = Run(number=state.runs + 1, trigger="manual", due=at)
    dropped = (Tell(state="canceled", run=state.wanted),) if state.wanted is not None else ()
    state, ended = _end_active(replace(state, runs=run.number, wanted=run))
    return state, (*dropped, *ended)


def _end_active(state: State) -> Step:
    if state.active is None or state.ending:
        return state, ()
    return replace(state, ending=True), (EndRun(run=state.active.number),)


def _dropped(state: State, seen: Dropped) -> Step:
    if state.wanted is not None and state.wanted.number == seen.run:
        return replace(state, wanted=None), (Tell(state="canceled", run=state.wanted),)
    return _end_active(state) if state.active is not None and state.active.number == seen.run else (state, ())


def _ended(state: State, seen: Ended) -> Step:
    if state.active is None or state.active.number != seen.run:
        return state, ()
    is_last = state.wanted is None and state.delayed is None and state.phase != "ending"
    told = (Tell(state="scheduled", next=state.next),) if is_last else ()
    return replace(state, active=None, ending=False), told


def _end_asked(state: State) -> Step:
    """What is being made or waits is canceled; what runs is told to end."""
    dropped = tuple(Settle(deploy=n, result="canceled") for n in (state.current, state.waiting) if n is not None)
    called_off = (CallOff(deploy=state.current),) if state.current is not None else ()
    told = (Tell(state="canceled", run=state.wanted),) if state.wanted is not None else ()
    state = replace(state, phase="ending", current=None, waiting=None, wanted=None, delayed=None, next=None)
    state, ended = _end_active(state)
    return state, (*called_off, *dropped, *told, *ended)


# ---- what follows -----------------------------------------------------------------------------------


def _advance(state: State) -> Step:
    """Prepare what waits, begin the run that may begin, or be over."""
    actions: list[Action] = []
    if state.phase == "ending":
        return (state, ()) if state.active is not None else (replace(state, phase="over"), (Over(),))
    if state.phase == "idle" and state.waiting is not None:
        actions.append(Prepare(deploy=state.waiting))
        state = replace(state, phase="preparing", current=state.waiting, waiting=None)
    run = _next(state)
    if run is not None and state.active is None and state.good is not None:
        actions.append(StartRun(run=run, deploy=state.good))
        delayed = state.delayed if run == state.wanted else None
        state = replace(state, active=run, runs=max(state.runs, run.number), wanted=None, delayed=delayed)
    return state, tuple(actions)


def _next(state: State) -> Run | None:
    """One that was asked for comes before one that is due."""
    if state.wanted is not None:
        return state.wanted
    return None if state.delayed is None else Run(number=state.runs + 1, trigger="schedule", due=state.delayed)
