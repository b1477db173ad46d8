"""Deploys whose instances follow their requests, and deploys that keep theirs beside the newest one."""

from emulator.engine.rollout_steps import (
    Lost,
    Rules,
    Scaled,
    Settle,
    Shared,
    Start,
    Terminate,
    Unstarted,
)
from tests.emulator.engine.rollouts import BAD, GOOD, Deploy, Life, Rollout, deploy

ALL = {"all_at_once": True, "scales": True}


def wanted(number: int, at: float, deploy: int = 1) -> Scaled:
    return Scaled(at=at, deploy=deploy, wanted=number)


def keeping(*deploys: int) -> Deploy:
    return deploy(GOOD, keeps=frozenset(deploys), **ALL)


def test_more_are_started_and_serve_as_they_come():
    """Each as soon as it is live, without waiting for the others."""
    slow = deploy(Life(up_s=1), Life(up_s=1), Life(up_s=5), **ALL)
    played = Rollout(slow).ask(1).happens(wanted(3, at=10)).run()
    assert played.served() == [(2, [1]), (11, [1, 1]), (15, [1, 1, 1])]
    assert played.results() == [(1, "live")]


def test_fewer_go_when_they_have_answered_what_they_have():
    """The youngest first; one that is only coming goes at once."""
    busy = deploy(GOOD, Life(drains_s=4), Life(up_s=60), drain_s=100, **ALL)
    played = Rollout(busy).ask(1).happens(wanted(3, at=10)).happens(wanted(1, at=20)).run()
    assert played.served() == [(2, [1]), (11, [1, 1]), (20, [1])]
    assert played.when(Terminate) == [24]
    assert [unit.slot for unit in played.left] == [1]


def test_none_is_left_and_one_comes_back():
    """Scale to zero, and a cold start: no deploy is decided by it."""
    played = Rollout(deploy(**ALL)).ask(1).happens(wanted(0, at=10)).run(20)
    assert played.state.asleep
    assert played.left == []
    played.happens(wanted(1, at=30)).run()
    assert (played.state.asleep, played.served()[-1]) == (False, (31, [1]))
    assert played.results() == [(1, "live")]


def test_they_follow_their_requests_during_a_build():
    """The deploy that is being prepared does not hold them up."""
    played = Rollout(deploy(**ALL), deploy(build_s=100, **ALL)).ask(1).ask(2, at=10).happens(wanted(2, at=20)).run(50)
    assert played.served()[-1] == (21, [1, 1])
    assert played.run().served()[-1] == (111, [2])


def test_a_deploy_that_fails_leaves_as_many_as_there_were():
    """Those of the good one go on."""
    played = Rollout(deploy(**ALL), deploy(BAD, **ALL)).ask(1).happens(wanted(3, at=5)).ask(2, at=10).run()
    assert played.served()[-1] == (6, [1, 1, 1])
    assert played.results() == [(1, "live"), (2, "failed")]
    assert len(played.left) == 3


def test_one_that_cannot_start_is_no_end_of_the_deploy():
    """It is told, the others go on, and the next request may ask again."""
    lives = [GOOD, BAD, GOOD]
    one = Deploy(deploy(**ALL).rules, 1.0, True, lambda slot, nth: lives[slot - 1] if nth == 0 else GOOD)
    played = Rollout(one).ask(1).happens(wanted(2, at=10)).run(20)
    assert [action.unit.slot for action in played.of(Unstarted)] == [2]  # type: ignore[attr-defined]
    assert (played.state.good, played.of(Lost), played.state.served[0].slot) == (1, [], 1)
    played.happens(wanted(2, at=30)).run()
    assert played.served()[-1] == (31, [1, 1])


def test_a_cold_start_that_fails_can_be_tried_again():
    """The deploy stays the good one, though nothing of it is left."""
    one = Deploy(deploy(**ALL).rules, 1.0, True, lambda slot, nth: BAD if nth == 1 else GOOD)
    played = Rollout(one).ask(1).happens(wanted(0, at=10)).happens(wanted(1, at=20)).run(30)
    assert (played.state.good, played.state.asleep, played.left) == (1, True, [])
    played.happens(wanted(1, at=40)).run()
    assert played.served()[-1] == (41, [1])


def test_a_kept_deploy_serves_beside_the_newest():
    """Its instances are not ended when the other one comes; and they are when nothing goes to it any more."""
    played = Rollout(keeping(), keeping(1), keeping()).ask(1).ask(2, at=10).run(30)
    assert played.served()[-1] == (12, [2, 1])
    assert played.results() == [(1, "live"), (2, "live")]
    played.ask(3, at=40).run()
    assert played.served()[-1] == (42, [3])
    assert {unit.deploy for unit in played.left} == {3}


def test_a_kept_deploy_follows_its_own_requests():
    """Up, down to none, and up again."""
    played = Rollout(keeping(), keeping(1)).ask(1).ask(2, at=10)
    played.happens(wanted(2, at=20, deploy=1)).happens(wanted(0, at=30, deploy=1)).run(40)
    assert played.served()[-2:] == [(21, [2, 1, 1]), (30, [2])]
    played.happens(wanted(1, at=50, deploy=1)).run()
    assert played.served()[-1] == (51, [2, 1])


def test_the_traffic_changes_while_all_runs():
    """A deploy that nothing went to gets an instance, and loses it when nothing goes there any more."""
    played = Rollout(keeping(), keeping()).ask(1).ask(2, at=10).run(20)
    played.happens(Shared(at=30, deploys=frozenset({1}))).run(40)
    assert played.served()[-1] == (31, [2, 1])
    played.happens(Shared(at=50, deploys=frozenset())).run()
    assert played.served()[-1] == (50, [2])
    assert {unit.deploy for unit in played.left} == {2}


def test_a_failed_deploy_takes_nothing_from_those_that_are_kept():
    """Neither their instances nor their requests."""
    played = Rollout(keeping(), keeping(1), deploy(BAD, **ALL)).ask(1).ask(2, at=10).ask(3, at=20).run()
    assert played.served()[-1] == (12, [2, 1])
    assert played.of(Settle)[-1].still_live == 2  # type: ignore[attr-defined]


def test_all_of_it_ends():
    """Kept ones as well."""
    played = Rollout(keeping(), keeping(1)).ask(1).ask(2, at=10).happens(wanted(3, at=20, deploy=2)).end(30).run()
    assert (played.left, played.is_over) == ([], True)
    assert len(played.of(Start)) == 4


def test_rules_without_scaling_change_nothing():
    """A number that somebody says is nothing to a fixed one."""
    played = Rollout(deploy(instances=2)).ask(1).happens(wanted(5, at=10)).run()
    assert len(played.of(Start)) == 2
    assert Rules().keeps == frozenset()
