"""Deploys of several services are asked for one service after the other, so that two may come crosswise."""

from emulator.engine.rollout import step
from emulator.engine.rollout_steps import Asked, Prepare, Rules, Settle, State


def test_an_older_deploy_does_not_follow_a_newer_one() -> None:
    """The newer one came to this service first: the older one is canceled by it."""
    state, begun = step(lambda _: Rules(), State(), Asked(at=0, deploy=2))
    after, actions = step(lambda _: Rules(), state, Asked(at=1, deploy=1))
    assert begun == (Prepare(due=0, deploy=2),)
    assert actions == (Settle(due=1, deploy=1, result="canceled", by=2),)
    assert after == state
