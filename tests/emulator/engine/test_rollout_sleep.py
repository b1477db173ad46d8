"""A service without requests falls asleep, and the next one wakes it."""

from emulator.engine import rollout
from emulator.engine import rollout_steps as steps
from emulator.engine.rollout_steps import Unit


def _live(deploy: int = 1) -> steps.State:
    """A service whose deploy is live."""
    state = steps.State()
    for seen in (
        steps.Asked(at=0, deploy=deploy), steps.Prepared(at=1, deploy=deploy),
        steps.Up(at=2, unit=Unit(id=1, deploy=deploy, slot=1)),
    ):  # fmt: skip
        state, _ = rollout.step(lambda _: steps.Rules(), state, seen)
    return state


def _seen(state: steps.State, *seen: steps.Observation) -> tuple[steps.State, list[str]]:
    done: list[str] = []
    for one in seen:
        state, actions = rollout.step(lambda _: steps.Rules(), state, one)
        done += [type(action).__name__ for action in actions]
    return state, done


def test_an_idle_service_is_told_to_end_and_the_next_request_starts_it_again() -> None:
    """Requests go nowhere before it ends; the same deploy is started, and is not decided a second time."""
    asleep, done = _seen(_live(), steps.Idle(at=9))
    assert (asleep.asleep, asleep.good, done) == (True, 1, ["Serve", "Terminate"])
    assert _seen(asleep, steps.Idle(at=10))[1] == []
    awake, done = _seen(asleep, steps.Gone(at=11, unit=Unit(id=1, deploy=1, slot=1)), steps.Woken(at=12))
    assert (awake.asleep, done) == (False, ["Start"])
    awake, done = _seen(awake, steps.Up(at=13, unit=Unit(id=2, deploy=1, slot=1)))
    assert (awake.phase, done) == ("idle", ["Serve"])


def test_a_deploy_that_fails_while_a_service_sleeps_wakes_it() -> None:
    """A request may have come meanwhile; and one that is asleep is not woken twice."""
    asleep, _ = _seen(_live(), steps.Idle(at=9), steps.Asked(at=10, deploy=2), steps.Woken(at=11))
    assert asleep.phase == "preparing"
    awake, done = _seen(asleep, steps.NotPrepared(at=12, deploy=2))
    assert (awake.asleep, done) == (False, ["Settle", "Start"])
    assert _seen(awake, steps.Woken(at=13))[1] == []


def test_a_service_under_deploy_does_not_fall_asleep() -> None:
    """Nor one that is ending."""
    preparing, _ = _seen(_live(), steps.Asked(at=5, deploy=2))
    assert _seen(preparing, steps.Idle(at=6))[1] == []
