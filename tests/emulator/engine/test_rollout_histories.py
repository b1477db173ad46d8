"""Whatever the order in which things happen to a service: requests always have somewhere to go, every deploy is decided
once, every instance ends. What holds at each step is checked by the simulator in `rollouts`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.engine.rollout_steps import Over, Rules
from emulator.model.lifecycle import Replacement
from tests.emulator.engine.rollouts import Deploy, Life, Rollout

TIMES = st.sampled_from([0.0, 0.25, 0.5, 1.0, 1.25, 2.0, 3.0, 5.0])
SOON = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0])
NEVER = st.none()

REPLACEMENTS = st.builds(
    Replacement,
    stop_first=st.sampled_from([False, False, True]),
    all_at_once=st.booleans(),
    keep_s=st.sampled_from([0.0, 0.0, 0.7]),
    drain_s=st.sampled_from([0.0, 0.1, 1.0]),
    overlap=st.sampled_from(["wait", "override"]),
)
RULES = st.builds(
    Rules,
    replacement=REPLACEMENTS,
    instances=st.integers(1, 3),
    grace_s=st.sampled_from([0.0, 0.3, 2.0]),
    faithful=st.booleans(),
)


@st.composite
def _later(draw: st.DrawFn) -> tuple[tuple[float, str], ...]:
    """A crash or two, a probe that fails for a while, and at times the loss of the instance."""
    happenings: list[tuple[float, str]] = []
    at = 0.0
    for first, second in draw(st.lists(st.sampled_from([("down", "up"), ("out", "in")]), max_size=2)):
        at += draw(SOON)
        happenings.append((at, first))
        at += draw(SOON)
        happenings.append((at, second))
    if draw(st.integers(0, 5)) == 0:
        happenings.append((at + draw(SOON), "fails"))
    return tuple(happenings)


LIVES = st.builds(
    Life,
    up_s=st.one_of(SOON, SOON, SOON, NEVER),
    fails_s=SOON,
    then=_later(),
    drains_s=st.one_of(SOON, NEVER),
    ends_s=st.one_of(SOON, NEVER),
    heard=st.sampled_from([True, False, None]),
)


@st.composite
def _deploys(draw: st.DrawFn) -> Deploy:
    """Its instances live differently each time one is started in a slot."""
    table = draw(st.lists(LIVES, min_size=1, max_size=5))
    return Deploy(
        draw(RULES), draw(SOON), draw(st.integers(0, 5)) > 0, lambda slot, nth: table[(slot + 2 * nth) % len(table)]
    )


@st.composite
def _services(draw: st.DrawFn) -> Rollout:
    """Up to five deploys, asked for and withdrawn at any time."""
    rollout = Rollout(*draw(st.lists(_deploys(), min_size=1, max_size=5)))
    for number in range(1, len(rollout.deploys) + 1):
        at = draw(TIMES)
        rollout.ask(number, at)
        if draw(st.integers(0, 3)) == 0:
            rollout.withdraw(number, at + draw(SOON))
    return rollout


@pytest.mark.thorough
@settings(deadline=None)
@given(_services())
def test_every_deploy_is_decided_and_every_instance_that_left_ends(rollout: Rollout) -> None:
    """In the end nothing is under way: the slots have the last good deploy, or nothing, and whatever else was started
    is gone."""
    rollout.run()
    state = rollout.state
    assert sorted(rollout.settled) == sorted(rollout.asked)
    assert (state.phase, state.current, state.waiting, state.leaving) == ("idle", None, None, ())
    assert all(slot.coming is None for slot in state.slots)
    placed = [slot.serving for slot in state.slots if slot.serving is not None]
    assert sorted(u.id for u in rollout.left) == sorted(u.id for u in placed)
    assert {unit.deploy for unit in placed} <= {state.good}
    assert set(rollout.serving) == {u for u in placed if rollout.instances[u].live and not rollout.instances[u].out}


@pytest.mark.thorough
@settings(deadline=None)
@given(_services())
def test_a_good_deploy_has_as_many_instances_as_its_plan_says(rollout: Rollout) -> None:
    """After all that came between, but for those that could not be had any more."""
    rollout.run()
    state = rollout.state
    if state.good is not None:
        assert len(state.slots) == rollout.deploys[state.good - 1].rules.instances
        assert any(slot.serving for slot in state.slots)
        assert all(slot.serving is not None or slot.lost for slot in state.slots)


@pytest.mark.thorough
@settings(deadline=None)
@given(_services(), TIMES, st.booleans(), st.one_of(NEVER, SOON), st.one_of(NEVER, SOON))
def test_an_end_leaves_nothing(
    rollout: Rollout, at: float, at_once: bool, again: float | None, hurry: float | None
) -> None:
    """Whenever it comes, once or twice, and however impatient: all that was started ends, all is decided, and it is
    over once."""
    rollout.end(at, at_once=at_once)
    if again is not None:
        rollout.end(at + again, at_once=True)
    if hurry is not None:
        rollout.hurry(at + hurry)
    rollout.run()
    assert rollout.is_over
    assert len(rollout.of(Over)) == 1
    assert rollout.left == []
    assert rollout.serving == ()
    assert sorted(rollout.settled) == sorted(rollout.asked)
