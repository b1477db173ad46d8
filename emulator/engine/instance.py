"""All containers of one instance: which starts when, when the instance counts as live, and what the end of one means
for the others. Pure: the boots of its containers, each by `boot.step`, and what follows from them.

Containers start beside each other, but for those that need another: they wait until that one counts as started. The
instance is live when its ingress container has started; the first time also every other one that a startup probe
judges has, for a deploy with a sidecar that does not start is no success. Whatever ends takes all of it along: the
others are told to end, and when nothing runs any more the instance begins anew.
"""

from collections.abc import Callable, Iterable, Sequence

from emulator.model.record import replace

from . import boot
from . import boot_steps as steps
from .instance_steps import Action, Again, Begun, Decided, Do, End, Launch, Member, Observation, Of, State, Step, Turn

Members = Sequence[Member]


def step(members: Members, state: State, seen: Observation) -> Step:
    """The next state and what to do. What was seen of an earlier round changes nothing."""
    if state.phase == "done":
        return state, ()
    if isinstance(seen, Begun):
        return _begun(members, state, seen.at)
    if seen.round != state.round:
        return state, ()
    state = _counted(state, seen)
    if state.phase == "falling":
        return _falling(members, state, seen)
    before = state.boot(seen.container)
    state, actions = _booted(members, state, seen)
    done: tuple[Action, ...] = ()
    for action in actions:
        state, more = _follow(members, state, seen, before, action)
        done = (*done, *more)
    return state, done


def _begun(members: Members, state: State, at: float) -> Step:
    goes_on = state.phase != "new" and not state.was_live
    # What an attempt of an earlier round still comes to must not be taken for this one's.
    boots = {name: replace(one, phase="waiting", watches=()) for name, one in state.boots.items()}
    state = replace(
        state, phase="starting", boots=boots, round=state.round + 1, begun=state.begun if goes_on else at,
        is_timed=goes_on and state.is_timed, launched=frozenset(), coming=frozenset(), running=frozenset(),
        started=frozenset(), live_as=None, blamed=None, again=None, out=frozenset(),
    )  # fmt: skip
    return _launched(members, state, at)


def _launched(members: Members, state: State, at: float) -> Step:
    """Those that nothing keeps from starting any more."""
    known = {one.name for one in members}
    free = [m.name for m in members if m.name not in state.launched and set(m.needs) & known <= state.started]
    state = replace(state, launched=state.launched | set(free), coming=state.coming | set(free))
    return state, tuple(Launch(due=at, container=name, round=state.round) for name in free)


def _counted(state: State, seen: Of) -> State:
    """What runs, after what was seen."""
    one = {seen.container}
    match seen.seen:
        case steps.Started(at=at):
            # The platform's clock runs from its first process on, not while an engine makes a container.
            begun = state.begun if state.is_timed else at
            return replace(state, coming=state.coming - one, running=state.running | one, begun=begun, is_timed=True)
        case steps.NotStarted():
            return replace(state, coming=state.coming - one)
        case steps.Exited():
            return replace(state, running=state.running - one)
        case _:
            return state


def _booted(members: Members, state: State, seen: Of) -> tuple[State, tuple[steps.Action, ...]]:
    """What its own boot makes of it."""
    rules = _member(members, seen.container).rules
    booted, actions = boot.step(rules, state.boot(seen.container), seen.seen)
    return replace(state, boots={**state.boots, seen.container: booted}), actions


def _member(members: Members, name: str) -> Member:
    return next(one for one in members if one.name == name)


def _follow(members: Members, state: State, seen: Of, before: steps.State, action: steps.Action) -> Step:
    """What an action of a container's boot means for the instance. before: where that boot stood."""
    who = seen.container
    match action:
        case steps.Outcome() if action.verdict.good:
            return _started(members, state, who, before, action)
        case steps.Outcome():
            outcome = _since_begun(members, state, who, action)
            return replace(state, phase="done"), (Decided(due=action.due, container=who, outcome=outcome),)
        case steps.StartAgain():
            return _fall(state, seen, again=action)
        case steps.End():
            state, ends = _fall(state, seen, kill=action.kill)
            return state, (End(due=action.due, container=who, round=state.round, kill=action.kill), *ends)
        case steps.Rotate():
            return _turn(state, who, action)
        case _:
            return state, (Do(due=action.due, container=who, round=state.round, action=action),)


# ---- towards live -----------------------------------------------------------------------------------


def _started(members: Members, state: State, who: str, before: steps.State, outcome: steps.Outcome) -> Step:
    """A container counts as started: those that waited for it start, and the instance may be live."""
    state = replace(state, started=state.started | {who})
    if not state.was_live:  # until all of it was live, this one's end counts as one of the deploy's crashes
        state = _changed(state, [who], lambda one: replace(one, was_live=False, crashes=before.crashes))
    if _member(members, who).ingress:
        state = replace(state, live_as=outcome)
    state, launched = _launched(members, state, outcome.due)
    awaited = {m.name for m in members if m.ingress or (m.rules.startup is not None and not state.was_live)}
    if state.phase == "live" or state.live_as is None or not awaited <= state.started:
        return state, launched
    state = _changed(state, state.started, lambda one: replace(one, was_live=True, crashes=()))
    state = replace(state, phase="live", was_live=True)
    ingress = next(m.name for m in members if m.ingress)
    live = _since_begun(members, state, ingress, state.live_as or outcome)
    seconds = outcome.due - state.begun
    live = replace(live, due=outcome.due, seconds=seconds, reason=f"live after {seconds:.2f} s")
    return state, (*launched, Decided(due=outcome.due, container=ingress, outcome=live))


def _since_begun(members: Members, state: State, who: str, outcome: steps.Outcome) -> steps.Outcome:
    """The outcome of a container's boot with its times counted from when the instance was begun."""
    later = max(0.0, state.boot(who).begun - state.begun)
    platform_s = outcome.platform_seconds
    if platform_s is not None:
        platform_s += _member(members, who).rules.platform_time(later)
    return replace(outcome, seconds=outcome.seconds + later, platform_seconds=platform_s)


def _changed(state: State, names: Iterable[str], change: Callable[[steps.State], steps.State]) -> State:
    """The boots of these containers, changed."""
    return replace(state, boots={**state.boots, **{name: change(state.boot(name)) for name in names}})


def _turn(state: State, who: str, action: steps.Rotate) -> Step:
    """It gets requests as long as no container's probe says otherwise."""
    out = state.out - {who} if action.ready else state.out | {who}
    turned = bool(out) != bool(state.out)
    state = replace(state, out=out)
    turn = Turn(due=action.due, container=who, ready=action.ready, because=action.because)
    return state, (turn,) if turned else ()


# ---- all of it ends ---------------------------------------------------------------------------------


def _fall(state: State, seen: Of, *, kill: bool = False, again: steps.StartAgain | None = None) -> Step:
    """One container has ended, or is to end: the others with it. What is seen of them from now on decides nothing."""
    state = replace(state, phase="falling", blamed=seen.container, again=again)
    at = seen.seen.at
    others = [name for name in sorted(state.running) if name != seen.container]
    ends = tuple(End(due=at, container=name, round=state.round, kill=kill) for name in others)
    state, begin = _risen(state, at)
    return state, (*ends, *begin)


def _falling(members: Members, state: State, seen: Of) -> Step:
    """Until nothing runs any more. The end of the one that is to blame says how it goes on."""
    at = seen.seen.at
    if isinstance(seen.seen, steps.Started):  # it was being started when all of it began to end
        return state, (End(due=at, container=seen.container, round=state.round, kill=False),)
    if seen.container == state.blamed and state.again is None:
        state, actions = _booted(members, state, seen)
        again = next((one for one in actions if isinstance(one, steps.StartAgain)), None)
        state = replace(state, again=again)
        outcome = next((one for one in actions if isinstance(one, steps.Outcome)), None)
        if outcome is not None:
            ended = Decided(due=at, container=seen.container, outcome=outcome)
            return replace(state, phase="done"), (ended,)
    return _risen(state, at)


def _risen(state: State, at: float) -> Step:
    """Once nothing runs any more, all of it begins anew."""
    again = state.again
    if again is None or state.running or state.coming or state.blamed is None:
        return state, ()
    begin = Again(
        due=max(at, again.due), container=state.blamed, platform_s=again.platform_s, because=again.because
    )  # fmt: skip
    return replace(state, again=None), (begin,)
