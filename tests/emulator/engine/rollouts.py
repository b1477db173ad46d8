"""Plays the deploys of a service in no time: builds and instances by what they do when, and the loop around the
rollout state machine. Whatever is asked of an instance is checked, in every history that any test plays.
"""

import heapq
import itertools
from collections.abc import Callable
from typing import NamedTuple

from emulator.engine import rollout
from emulator.engine.rollout_steps import (
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
    Start,
    State,
    Terminate,
    Unit,
    Unstarted,
    Up,
    Wait,
    Withdrawn,
)
from emulator.model.lifecycle import Replacement


class Life(NamedTuple):
    """One instance, by seconds.

    up_s: from its start until it is live; None: it fails after fails_s instead. then: what happens to a live one, by
    seconds since it was first live: "down", "up", "out", "in", "fails". drains_s: how long it still answers requests;
    None: for ever. ends_s: from the signal to its end; None: it goes on. heard: whether it does anything at the signal.
    """

    up_s: float | None = 1.0
    fails_s: float = 1.0
    then: tuple[tuple[float, str], ...] = ()
    drains_s: float | None = 0.0
    ends_s: float | None = 0.5
    heard: bool | None = True


GOOD = Life()
BAD = Life(up_s=None)


class Deploy(NamedTuple):
    """What a deploy is: its rules, how long its build takes, whether there is an image then, its instances (slot →
    lives, one after the other; the last one repeats)."""

    rules: Rules = Rules()
    build_s: float = 1.0
    builds: bool = True
    lives: Callable[[int, int], Life] = lambda slot, nth: GOOD


def deploy(*lives: Life, build_s: float = 1.0, builds: bool = True, **rules: object) -> Deploy:
    """A deploy whose slots 1, 2, … have these lives (the last one: all others as well)."""
    given = lives or (GOOD,)
    replacement = {key: rules.pop(key) for key in list(rules) if key in Replacement.__struct_fields__}
    made = Rules(replacement=Replacement(**replacement), **rules)  # type: ignore[arg-type]
    return Deploy(made, build_s, builds, lambda slot, nth: given[min(slot, len(given)) - 1])


class Instance:
    """What has become of a unit so far."""

    def __init__(self, unit: Unit, life: Life) -> None:
        self.unit = unit
        self.life = life
        self.live = False
        self.out = False
        self.told_to_end = False
        self.gone = False
        self.has_served = False


END_S = 0.01
"""From a kill or a removal to the end."""


class Rollout:
    """A service of these deploys, numbered from 1. `ask`, `withdraw`, … say when something happens, `run` plays it."""

    def __init__(self, *deploys: Deploy) -> None:
        self.deploys = deploys
        self.now = 0.0
        self.state = State()
        self.history: list[tuple[float, Action]] = []
        self.instances: dict[Unit, Instance] = {}
        self.serving: tuple[Unit, ...] = ()
        self.asked: list[int] = []
        self.settled: dict[int, Settle] = {}
        self.is_over = False
        self._called_off: set[int] = set()
        self._preparing: int | None = None
        self._good: set[int] = set()
        self._ending = False
        self._queue: list[tuple[float, int, Action | Observation]] = []
        self._order = itertools.count()

    # ---- what happens to it

    def ask(self, number: int, at: float = 0.0) -> "Rollout":
        return self.happens(Asked(at=at, deploy=number))

    def withdraw(self, number: int, at: float, by: int | None = None) -> "Rollout":
        return self.happens(Withdrawn(at=at, deploy=number, by=by))

    def end(self, at: float, *, at_once: bool = False) -> "Rollout":
        return self.happens(EndAsked(at=at, at_once=at_once))

    def hurry(self, at: float) -> "Rollout":
        return self.happens(Hurried(at=at))

    def happens(self, seen: Observation) -> "Rollout":
        self._push(seen.at, seen)
        return self

    def run(self, until: float = float("inf")) -> "Rollout":
        """Play all that happens up to then."""
        while self._queue and self._queue[0][0] <= until:
            self.now, _, item = heapq.heappop(self._queue)
            if isinstance(item, Wait):
                self._see(Passed(at=self.now, unit=item.unit, stage=item.stage))
            else:
                assert not isinstance(item, Action)
                self._see(item)
        return self

    # ---- what came of it

    def of(self, *kinds: type) -> list[Action]:
        return [action for _, action in self.history if isinstance(action, kinds)]

    def when(self, kind: type, deploy: int | None = None) -> list[float]:
        """The times of all actions of a kind (that concern a unit of this deploy)."""
        return [at for at, action in self.history if isinstance(action, kind) and deploy in (None, _deploy_of(action))]

    def served(self) -> list[tuple[float, list[int]]]:
        """When requests went over, and to which deploys' instances from then on."""
        return [(at, [u.deploy for u in action.units]) for at, action in self.history if isinstance(action, Serve)]

    def results(self) -> list[tuple[int, str]]:
        return [(one.deploy, one.result) for one in self.of(Settle)]  # type: ignore[attr-defined]

    @property
    def left(self) -> list[Unit]:
        """The instances that are not gone."""
        return [one.unit for one in self.instances.values() if not one.gone]

    # ---- the loop

    def _see(self, seen: Observation) -> None:
        if not self._happens_really(seen):
            return
        self.state, actions = rollout.step(self._rules, self.state, seen)
        assert not self.is_over or all(isinstance(action, Settle) for action in actions), f"{actions} after the end"
        for action in actions:
            if isinstance(action, Wait):
                self._push(action.due, action)
                continue
            assert action.due == self.now
            self.history.append((self.now, action))
            self._perform(action)

    def _rules(self, number: int) -> Rules:
        return self.deploys[number - 1].rules

    def _push(self, at: float, item: Action | Observation) -> None:
        heapq.heappush(self._queue, (at, next(self._order), item))

    def _happens_really(self, seen: Observation) -> bool:
        """Whether what was to happen does: an instance that was told to end is not live, or dead, for anybody."""
        match seen:
            case Asked():
                self.asked.append(seen.deploy)
            case Prepared() | NotPrepared():
                if seen.deploy in self._called_off:
                    return False
                self._preparing = None
            case Gone():
                one = self.instances[seen.unit]
                if one.gone:
                    return False
                one.gone, one.live = True, False
            case Up() | Down() | Rotated() | Failed():
                one = self.instances[seen.unit]
                if one.told_to_end:
                    return False
                one.live = isinstance(seen, Up) or (isinstance(seen, Rotated) and one.live)
                one.out = isinstance(seen, Rotated) and not seen.ready
            case EndAsked():
                self._ending = True
            case _:
                pass
        return True

    def _perform(self, action: Action) -> None:
        match action:
            case Prepare():
                self._prepare(action)
            case CallOff():
                assert self._preparing == action.deploy, f"{action.deploy} is not being prepared"
                self._called_off.add(action.deploy)
                self._preparing = None
            case Start():
                self._start(action.unit)
            case Serve():
                self._serve(action.units)
            case Settle():
                self._settle(action)
            case Announce():
                assert not self._found(action.unit).told_to_end
            case Lost() | Unstarted():
                assert action.unit in self.instances
            case Over():
                assert not self.is_over
                assert not self.left
                self.is_over = True
            case _:
                self._order_instance(action)

    def _prepare(self, action: Prepare) -> None:
        assert self._preparing is None, "two at once"
        self._preparing = action.deploy
        what = self.deploys[action.deploy - 1]
        kind = Prepared if what.builds else NotPrepared
        self._push(self.now + what.build_s, kind(at=self.now + what.build_s, deploy=action.deploy))

    def _settle(self, action: Settle) -> None:
        assert action.deploy in self.asked
        assert action.deploy not in self.settled, "settled twice"
        self.settled[action.deploy] = action
        if action.result == "live":
            self._good.add(action.deploy)
        if action.still_live is not None:
            assert action.still_live in self._good

    # ---- instances

    def _start(self, unit: Unit) -> None:
        assert unit not in self.instances
        assert all(other.id != unit.id for other in self.instances)
        same = [other for other in self.instances if (other.deploy, other.slot) == (unit.deploy, unit.slot)]
        life = self.deploys[unit.deploy - 1].lives(unit.slot, len(same))
        self.instances[unit] = Instance(unit, life)
        if life.up_s is None:
            self._push(self.now + life.fails_s, Failed(at=self.now + life.fails_s, unit=unit))
            return
        up = self.now + life.up_s
        self._push(up, Up(at=up, unit=unit))
        for after, what in life.then:
            self._push(up + after, _LATER[what](up + after, unit))

    def _serve(self, units: tuple[Unit, ...]) -> None:
        for unit in units:
            one = self._found(unit)
            assert one.live, f"{unit} is not live"
            assert not one.out, f"{unit} is out of rotation"
            assert not one.told_to_end, f"{unit} was told to end"
            one.has_served = True
        if not units:
            for unit in self.serving:
                self._leaves_a_gap(unit)
        self.serving = units

    def _leaves_a_gap(self, unit: Unit) -> None:
        """Nobody gets requests after one of a good deploy did: nobody took it away who could have left it."""
        one = self._found(unit)
        could_serve = unit.deploy in self._good and one.live and not one.out
        stop_first = any(what.rules.replacement.stop_first for what in self.deploys)
        assert not could_serve or stop_first or self._ending or self.state.asleep, f"{unit} could go on"

    def _order_instance(self, action: Action) -> None:
        assert isinstance(action, Drain | Terminate | Kill | Remove)
        one = self._found(action.unit)
        assert action.unit not in self.serving, f"{action.unit} still gets requests"
        if isinstance(action, Drain):
            drains = one.life.drains_s
            if drains is not None and drains <= action.timeout_s:
                self._push(self.now + drains, Drained(at=self.now + drains, unit=action.unit))
            return
        if isinstance(action, Terminate):
            assert not one.told_to_end
            self._terminate(one)
            return
        one.told_to_end = True
        self._push(self.now + END_S, Gone(at=self.now + END_S, unit=action.unit))

    def _terminate(self, one: Instance) -> None:
        one.told_to_end = True
        if not one.live:
            self._push(self.now, Gone(at=self.now, unit=one.unit))
            return
        self._push(self.now, Signalled(at=self.now, unit=one.unit, heard=one.life.heard))
        if one.life.heard is not False and one.life.ends_s is not None:
            end = self.now + one.life.ends_s
            self._push(end, Gone(at=end, unit=one.unit))

    def _found(self, unit: Unit) -> Instance:
        one = self.instances[unit]
        assert not one.gone, f"{unit} is gone"
        return one


_LATER: dict[str, Callable[[float, Unit], Observation]] = {
    "down": lambda at, unit: Down(at=at, unit=unit),
    "up": lambda at, unit: Up(at=at, unit=unit),
    "out": lambda at, unit: Rotated(at=at, unit=unit, ready=False),
    "in": lambda at, unit: Rotated(at=at, unit=unit, ready=True),
    "fails": lambda at, unit: Failed(at=at, unit=unit),
}


def _deploy_of(action: Action) -> int | None:
    unit = getattr(action, "unit", None)
    return unit.deploy if unit is not None else getattr(action, "deploy", None)
