"""How deploys replace each other: what happens when, and who gets the requests in between."""

import pytest

from emulator.engine import rollout
from emulator.engine.retiring import UNHEARD_S
from emulator.engine.rollout_steps import (
    Announce,
    Asked,
    CallOff,
    Kill,
    Lost,
    NotPrepared,
    Observation,
    Over,
    Prepare,
    Prepared,
    Remove,
    Serve,
    Settle,
    Start,
    State,
    Terminate,
    Unit,
    Up,
)
from tests.emulator.engine.rollouts import BAD, END_S, GOOD, Deploy, Life, Rollout, deploy


def settled(played: Rollout, number: int) -> tuple[str, int | None, int | None]:
    """What came of a deploy: the result, who goes on serving, who took its place."""
    one = played.settled[number]
    return one.result, one.still_live, one.by


def slots(played: Rollout) -> list[tuple[int | None, int | None]]:
    """The deploys that have, and come into, each slot."""
    return [
        (slot.serving.deploy if slot.serving else None, slot.coming.deploy if slot.coming else None)
        for slot in played.state.slots
    ]


# ---- one after the other ----------------------------------------------------------------------------


def test_the_first_deploy() -> None:
    """Built, started, live: requests go to it before it is told, and the deploy is decided."""
    played = Rollout(deploy()).ask(1).run()
    kinds = [type(action) for _, action in played.history]
    assert kinds == [Prepare, Start, Serve, Announce, Settle]
    assert [at for at, _ in played.history] == [0, 1, 2, 2, 2]
    assert settled(played, 1) == ("live", None, None)
    assert played.state.good == 1


def test_a_replacement_starts_beside_the_old_one() -> None:
    """The old one serves until the new one is live, and is told to end only then."""
    played = Rollout(deploy(), deploy()).ask(1).ask(2, at=10).run()
    assert played.served() == [(2, [1]), (12, [2])]
    assert played.when(Start) == [1, 11]
    assert played.when(Terminate) == [12]
    assert [unit.deploy for unit in played.left] == [2]
    assert settled(played, 2) == ("live", None, None)


def test_requests_go_over_before_the_old_one_is_told() -> None:
    """In one breath, in this order: requests to the new one, the signal to the old one, the news."""
    played = Rollout(deploy(), deploy()).ask(1).ask(2, at=10).run()
    assert [type(action) for at, action in played.history if at == 12] == [Serve, Terminate, Announce, Settle]


def test_instances_change_hands_one_after_the_other() -> None:
    """Each slot waits for the one before it; two of three serve all the time."""
    played = Rollout(deploy(instances=3), deploy(instances=3)).ask(1).ask(2, at=10).run()
    assert played.when(Start, deploy=2) == [11, 12, 13]
    assert [units for _, units in played.served()[-3:]] == [[2, 1, 1], [2, 2, 1], [2, 2, 2]]
    assert played.when(Settle) == [4, 14]


def test_instances_change_hands_all_at_once() -> None:
    """None gets requests before the slowest is live."""
    new = deploy(Life(up_s=1), Life(up_s=5), Life(up_s=2), instances=3, all_at_once=True)
    played = Rollout(deploy(instances=3, all_at_once=True), new).ask(1).ask(2, at=10).run()
    assert played.when(Start, deploy=2) == [11, 11, 11]
    assert played.served() == [(2, [1, 1, 1]), (16, [2, 2, 2])]
    assert played.when(Terminate, deploy=1) == [16, 16, 16]


def test_more_instances_than_before() -> None:
    """The slots that are new are filled after those that were there."""
    played = Rollout(deploy(instances=1), deploy(instances=3)).ask(1).ask(2, at=10).run()
    assert [units for _, units in played.served()] == [[1], [2], [2, 2], [2, 2, 2]]


def test_fewer_instances_than_before() -> None:
    """Those too many serve until the new deploy has what it is to have."""
    played = Rollout(deploy(instances=3), deploy(instances=1)).ask(1).ask(2, at=10).run()
    assert played.served()[-1] == (12, [2])
    assert played.when(Terminate, deploy=1) == [12, 12, 12]
    assert slots(played) == [(2, None)]


# ---- failures ---------------------------------------------------------------------------------------


def test_a_first_deploy_that_fails_leaves_nothing() -> None:
    """Its instance is removed, and there is nobody to go on."""
    played = Rollout(deploy(BAD)).ask(1).run()
    assert settled(played, 1) == ("failed", None, None)
    assert played.left == []
    assert played.of(Serve, Terminate, Lost) == []


def test_a_failed_deploy_leaves_the_old_one_serving() -> None:
    """It never got a request; the old one is never out of service."""
    played = Rollout(deploy(), deploy(BAD)).ask(1).ask(2, at=10).run()
    assert settled(played, 2) == ("failed", 1, None)
    assert played.settled[2].unit == Unit(id=2, deploy=2, slot=1)
    assert played.served() == [(2, [1])]
    assert [action.unit.deploy for action in played.of(Remove)] == [2]  # type: ignore[attr-defined]
    assert [unit.id for unit in played.left] == [1]


def test_the_deploy_after_a_failed_one() -> None:
    """Replaces the last good one as if nothing had been."""
    played = Rollout(deploy(), deploy(BAD), deploy()).ask(1).ask(2, at=10).ask(3, at=20).run()
    assert played.served() == [(2, [1]), (22, [3])]
    assert played.state.good == 3


def test_a_failure_half_way_gives_the_slots_back() -> None:
    """Of three slots one had the new deploy: it gets the good one again, beside the new one until that is live."""
    new = deploy(GOOD, BAD, instances=3)
    played = Rollout(deploy(instances=3), new).ask(1).ask(2, at=10).run()
    assert settled(played, 2) == ("failed", 1, None)
    assert [units for _, units in played.served()[3:]] == [[2, 1, 1], [1, 1, 1]]
    assert played.when(Start, deploy=1)[-1] == played.when(Settle)[-1] == 13
    assert slots(played) == [(1, None)] * 3


def test_a_first_deploy_that_fails_half_way_does_not_serve() -> None:
    """There is nothing to give the slots back to: what was live of it is told to end."""
    played = Rollout(deploy(GOOD, BAD, instances=3)).ask(1).run()
    assert [units for _, units in played.served()] == [[1], []]
    assert played.when(Terminate) == [3]
    assert (played.left, played.state.good) == ([], None)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("new", [1, 2, 3])
@pytest.mark.parametrize("all_at_once", [False, True])
def test_a_failure_does_not_change_how_many_there_are(*, count: int, new: int, all_at_once: bool) -> None:
    """The good deploy keeps the instances of its own plan, whatever the failed one's says."""
    bad = deploy(*[GOOD] * (new - 1), BAD, instances=new, all_at_once=all_at_once)
    played = Rollout(deploy(instances=count, all_at_once=all_at_once), bad).ask(1).ask(2, at=20).run()
    assert settled(played, 2) == ("failed", 1, None)
    assert slots(played) == [(1, None)] * count
    assert [unit.deploy for unit in played.left] == [1] * count
    assert all(len(units) >= count for at, units in played.served() if at >= 20)


def test_a_new_instance_that_cannot_go_on_fails_its_deploy() -> None:
    """One slot has it already, the next is under way: the deploy fails as it would have before."""
    new = deploy(Life(then=((0.5, "fails"),)), instances=2)
    played = Rollout(deploy(instances=2), new).ask(1).ask(2, at=10).run()
    assert settled(played, 2) == ("failed", 1, None)
    assert slots(played) == [(1, None), (1, None)]


def test_a_build_that_fails() -> None:
    """Nothing is started; the old one goes on."""
    played = Rollout(deploy(), deploy(builds=False)).ask(1).ask(2, at=10).run()
    assert settled(played, 2) == ("failed", 1, None)
    assert played.settled[2].unit is None
    assert len(played.of(Start)) == 1


def test_a_slot_that_cannot_be_given_back_is_empty() -> None:
    """The failed deploy does not go on there: it failed."""
    lives = {1: [GOOD, BAD], 2: [GOOD]}
    old = Deploy(deploy(instances=2).rules, lives=lambda slot, nth: lives[slot][nth])
    played = Rollout(old, deploy(GOOD, BAD, instances=2)).ask(1).ask(2, at=10).run()
    assert slots(played) == [(None, None), (1, None)]
    assert [units for _, units in played.served()[-2:]] == [[2, 1], [1]]
    assert played.when(Terminate, deploy=2) == [14]
    assert (played.state.good, played.of(Lost)) == (1, [])


# ---- the old one first ------------------------------------------------------------------------------


def test_the_old_one_goes_first_where_both_may_not_run_at_once() -> None:
    """It is gone before the new one starts; nobody gets requests in between."""
    played = Rollout(deploy(stop_first=True), deploy(stop_first=True)).ask(1).ask(2, at=10).run()
    assert played.served() == [(2, [1]), (11, []), (12.5, [2])]
    assert (played.when(Terminate), played.when(Start, deploy=2)) == ([11], [11.5])


def test_a_failure_after_the_old_one_went_starts_it_again() -> None:
    """The failed one is gone first."""
    played = Rollout(deploy(stop_first=True), deploy(BAD, stop_first=True)).ask(1).ask(2, at=10).run()
    assert settled(played, 2) == ("failed", 1, None)
    assert played.when(Start, deploy=1) == [1, 12.5 + END_S]
    assert played.served()[1:] == [(11, []), (13.5 + END_S, [1])]
    assert len(played.of(Announce)) == 1
    assert played.state.good == 1


def test_an_old_one_that_does_not_come_back_is_lost() -> None:
    """It is said once, and nothing is left; the next deploy begins anew."""
    lives = [GOOD, BAD]
    old = Deploy(deploy(stop_first=True).rules, lives=lambda slot, nth: lives[nth])
    played = Rollout(old, deploy(BAD, stop_first=True), deploy(stop_first=True))
    played.ask(1).ask(2, at=10).run(until=19)
    assert (len(played.of(Lost)), played.state.good, played.left) == (1, None, [])
    played.ask(3, at=20).run()
    assert settled(played, 3) == ("live", None, None)


def test_an_only_one_that_does_not_come_back_after_a_growth_is_lost() -> None:
    """The slots that the failed deploy had beside it do not hide that."""
    lives = [GOOD, BAD]
    old = Deploy(deploy().rules, lives=lambda slot, nth: lives[nth])
    played = Rollout(old, deploy(GOOD, BAD, instances=3)).ask(1).ask(2, at=10).run()
    assert (len(played.of(Lost)), played.state.good, played.left) == (1, None, [])


def test_the_others_come_back_where_one_does_not() -> None:
    """Of three, one cannot be had again: its slot stays empty, the others serve."""
    lives = {1: [GOOD, BAD], 2: [GOOD, GOOD], 3: [GOOD, GOOD]}
    rules = {"stop_first": True, "all_at_once": True, "instances": 3}
    old = Deploy(deploy(**rules).rules, lives=lambda slot, nth: lives[slot][nth])
    played = Rollout(old, deploy(BAD, **rules), deploy(**rules)).ask(1).ask(2, at=10).run(until=19)
    assert slots(played) == [(None, None), (1, None), (1, None)]
    assert played.of(Lost) == []
    assert slots(played.ask(3, at=20).run()) == [(3, None)] * 3


def test_it_is_kept_for_no_requests_where_it_goes_first() -> None:
    """A platform keeps the old one beside the new one; there is none yet."""
    first = deploy(Life(drains_s=None), stop_first=True, keep_s=60.0, faithful=True)
    played = Rollout(first, first).ask(1).ask(2, at=10).run()
    assert played.when(Terminate) == [11]


# ---- several at once --------------------------------------------------------------------------------


def test_the_newest_of_those_that_wait_is_made() -> None:
    """The ones between are canceled, each by the one that came after it."""
    played = Rollout(*[deploy(build_s=5)] * 4).ask(1).ask(2, at=1).ask(3, at=2).ask(4, at=3).run()
    assert [settled(played, n) for n in (2, 3)] == [("canceled", None, 3), ("canceled", None, 4)]
    assert played.results() == [(2, "canceled"), (3, "canceled"), (1, "live"), (4, "live")]
    assert played.when(Prepare) == [0, 6]


def test_a_newer_deploy_overrides_the_one_being_built() -> None:
    """Its build ends, it is canceled by the new one, which begins at once."""
    played = Rollout(*[deploy(build_s=5, overlap="override")] * 3).ask(1).ask(2, at=10).ask(3, at=12).run()
    assert settled(played, 2) == ("canceled", 1, 3)
    assert played.when(CallOff) == [12]
    assert played.when(Prepare, deploy=3) == [12]
    assert played.served() == [(6, [1]), (18, [3])]


def test_a_newer_deploy_overrides_the_one_being_started() -> None:
    """What it has started goes; what it had already taken over is given back before the new one is made."""
    rules = {"overlap": "override", "instances": 2}
    slow = deploy(GOOD, Life(up_s=60), **rules)
    played = Rollout(deploy(**rules), slow, deploy(**rules)).ask(1).ask(2, at=10).ask(3, at=15).run()
    assert settled(played, 2) == ("canceled", 1, 3)
    assert played.when(CallOff) == []
    assert played.when(Prepare, deploy=3) == [16]
    assert [units for _, units in played.served()[2:]] == [[2, 1], [1, 1], [3, 1], [3, 3]]


@pytest.mark.parametrize("at", [0.5, 1.5, 30.0])
def test_an_older_deploy_does_not_follow_a_newer_one(at: float) -> None:
    """It was begun before and comes to this service after the other, which is built, started or live: it is over."""
    played = Rollout(deploy(), deploy()).ask(2).ask(1, at=at).run()
    assert played.settled[1].result == "canceled"
    assert played.settled[1].by == 2
    assert played.when(Prepare) == [0]


@pytest.mark.parametrize(("mine", "result"), [("override", "canceled"), ("wait", "live")])
def test_what_happens_to_a_deploy_is_in_its_own_plan(*, mine: str, result: str) -> None:
    """Not in that of the one which serves, nor of the newer one."""
    other = "wait" if mine == "override" else "override"
    played = Rollout(deploy(overlap=other), deploy(overlap=mine), deploy(overlap=other))
    played.ask(1).ask(2, at=10).ask(3, at=10.5).run()
    assert settled(played, 2)[0] == result


@pytest.mark.parametrize("builds", [True, False])
def test_the_one_that_waits_follows_a_failed_one(*, builds: bool) -> None:
    """A build or a boot that fails: the next one is made all the same."""
    played = Rollout(deploy(BAD, builds=builds), deploy()).ask(1).ask(2, at=0.5).run()
    assert played.results() == [(1, "failed"), (2, "live")]


def test_withdrawn_while_it_is_built() -> None:
    """The build ends, nothing is started, the old one goes on."""
    played = Rollout(deploy(), deploy(build_s=5)).ask(1).ask(2, at=10).withdraw(2, at=12, by=3).run()
    assert settled(played, 2) == ("canceled", 1, 3)
    assert played.when(CallOff) == [12]
    assert played.served() == [(2, [1])]


def test_withdrawn_while_it_starts() -> None:
    """Its instance goes, and the slots that it had go back."""
    new = deploy(GOOD, Life(up_s=60), instances=2)
    played = Rollout(deploy(instances=2), new).ask(1).ask(2, at=10).withdraw(2, at=15).run()
    assert settled(played, 2) == ("canceled", 1, None)
    assert slots(played) == [(1, None), (1, None)]
    assert [unit.deploy for unit in played.left] == [1, 1]


def test_withdrawn_while_it_waits() -> None:
    """It is canceled at once; the one under way does not mind."""
    played = Rollout(deploy(build_s=5), deploy()).ask(1).ask(2, at=1).withdraw(2, at=2, by=3).run()
    assert (settled(played, 2), played.when(Settle)) == (("canceled", None, 3), [2, 6])
    assert played.when(Prepare) == [0]


@pytest.mark.parametrize("at", [2.5, 30.0])
def test_withdrawn_after_it_was_decided(at: float) -> None:
    """Nothing follows."""
    played = Rollout(deploy()).ask(1).withdraw(1, at).run()
    assert played.results() == [(1, "live")]
    assert slots(played) == [(1, None)]


def test_a_build_that_ends_after_it_was_called_off() -> None:
    """Its image came too late: nobody starts it."""
    state = State(phase="preparing", current=2, waiting=None, units=4)
    for late in (Prepared(at=1, deploy=1), NotPrepared(at=1, deploy=1)):
        assert rollout.step(lambda n: deploy().rules, state, late) == (state, ())


# ---- a life after it is live ------------------------------------------------------------------------


def test_a_crash_while_serving() -> None:
    """No requests while it is down; when it is live again it is told so."""
    played = Rollout(deploy(Life(then=((5, "down"), (8, "up"))))).ask(1).run()
    assert played.served() == [(2, [1]), (7, []), (10, [1])]
    assert played.when(Announce) == [2, 10]
    assert len(played.of(Settle)) == 1


def test_a_crash_of_one_of_two() -> None:
    """The other one gets all requests meanwhile."""
    played = Rollout(deploy(Life(then=((5, "down"), (8, "up"))), GOOD, instances=2)).ask(1).run()
    assert [units for _, units in played.served()] == [[1], [1, 1], [1], [1, 1]]


def test_out_of_rotation_and_back() -> None:
    """No requests while a probe holds it out; nothing is told as if it had been down."""
    played = Rollout(deploy(Life(then=((5, "out"), (8, "in"))))).ask(1).run()
    assert played.served() == [(2, [1]), (7, []), (10, [1])]
    assert played.when(Announce) == [2]


def test_a_restart_ends_what_a_probe_held_against_it() -> None:
    """Out, then down, then live again: it gets requests."""
    played = Rollout(deploy(Life(then=((5, "out"), (6, "down"), (8, "up"))))).ask(1).run()
    assert played.served() == [(2, [1]), (7, []), (10, [1])]


def test_what_a_probe_said_of_the_life_before_does_not_count() -> None:
    """It is heard of only after the crash."""
    played = Rollout(deploy(Life(then=((5, "down"), (6, "out"), (8, "up"))))).ask(1).run()
    assert played.served() == [(2, [1]), (7, []), (10, [1])]


def test_a_crash_while_it_waits_for_the_others() -> None:
    """All at once means all: one that went down again is waited for."""
    new = deploy(Life(then=((1, "down"), (6, "up"))), Life(up_s=3), instances=2, all_at_once=True)
    played = Rollout(new).ask(1).run()
    assert played.served() == [(8, [1, 1])]


def test_the_last_instance_is_lost() -> None:
    """It cannot be started again: said once, before it is removed; nothing serves."""
    played = Rollout(deploy(Life(then=((5, "down"), (6, "fails"))))).ask(1).run()
    assert [type(action) for at, action in played.history if at == 8] == [Lost, Remove]
    assert (played.left, played.state.good) == ([], None)


def test_one_of_two_is_lost() -> None:
    """The other one goes on alone until the next deploy, which has two again."""
    old = deploy(Life(then=((5, "fails"),)), GOOD, instances=2)
    played = Rollout(old, deploy(instances=2)).ask(1).ask(2, at=20).run(until=19)
    assert (played.of(Lost), slots(played), played.state.good) == ([], [(None, None), (1, None)], 1)
    assert slots(played.run()) == [(2, None), (2, None)]


def test_the_old_one_is_lost_while_the_new_one_starts() -> None:
    """The service is not lost: the new one takes the place."""
    played = Rollout(deploy(Life(then=((8.5, "fails"),))), deploy()).ask(1).ask(2, at=9).run()
    assert played.of(Lost) == []
    assert played.served() == [(2, [1]), (10.5, []), (11, [2])]


def test_the_old_one_is_started_again_where_both_failed() -> None:
    """It was lost during a deploy that failed: the slot is given back all the same."""
    lives = [Life(then=((8.5, "fails"),)), GOOD]
    old = Deploy(deploy().rules, lives=lambda slot, nth: lives[nth])
    played = Rollout(old, deploy(BAD)).ask(1).ask(2, at=9).run()
    assert played.served() == [(2, [1]), (10.5, []), (12, [1])]
    assert settled(played, 2) == ("failed", 1, None)


# ---- leaving ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keep_s", "drain_s", "drains_s", "faithful", "told"),
    [
        (0, 0, None, False, 12),
        (60, 0, 0, False, 12),
        (60, 0, 5, False, 17),
        (60, 0, None, False, 72),
        (60, 0, 0, True, 72),
        (60, 0, 5, True, 72),
        (60, 300, 0, True, 72),
        (60, 300, 100, True, 112),
        (60, 300, 100, False, 112),
        (60, 300, None, True, 372),
        (0, 300, 7, True, 19),
        (0, 300, None, False, 312),
        (0, 0.1, None, False, 12.1),
    ],
)
def test_when_the_old_one_is_told_to_end(
    *, keep_s: float, drain_s: float, drains_s: float | None, faithful: bool, told: float
) -> None:
    """When it has answered what it had, at the latest at the end of the platform's patience; with the platform's own
    timing not before it was kept for as long as there."""
    both = deploy(Life(drains_s=drains_s), keep_s=keep_s, drain_s=drain_s, faithful=faithful)
    played = Rollout(both, both).ask(1).ask(2, at=10).run()
    assert played.when(Terminate) == [pytest.approx(told)]


def test_patience_is_that_of_the_plan_by_which_it_left() -> None:
    """A later deploy with more of it does not keep the one that already leaves."""
    brief, long = deploy(Life(drains_s=None), drain_s=5.0), deploy(Life(drains_s=None), drain_s=300.0)
    played = Rollout(brief, brief, long).ask(1).ask(2, at=10).ask(3, at=13).run()
    assert played.when(Terminate) == [17, 315]


@pytest.mark.parametrize(
    ("heard", "faithful", "killed"),
    [(True, False, 22), (None, False, 22), (False, False, 12 + UNHEARD_S), (False, True, 22)],
)
def test_when_one_that_does_not_end_is_killed(*, heard: bool | None, faithful: bool, killed: float) -> None:
    """At the end of its grace; one that never hears the signal needs none, unless somebody wants to see that."""
    both = deploy(Life(heard=heard, ends_s=None), grace_s=10.0, faithful=faithful)
    played = Rollout(both, both).ask(1).ask(2, at=10).run()
    assert played.when(Kill) == [pytest.approx(killed)]


def test_the_end_of_its_drain_is_not_the_end_of_its_grace() -> None:
    """It was idle long before the platform's patience was over."""
    both = deploy(Life(drains_s=1.0, ends_s=None), drain_s=10.0, grace_s=30.0)
    played = Rollout(both, both).ask(1).ask(2, at=10).run()
    assert (played.when(Terminate), played.when(Kill)) == ([13], [43])


def test_grace_is_that_of_its_own_plan() -> None:
    """Not the one of the deploy that takes its place."""
    stubborn = Life(ends_s=None)
    played = Rollout(deploy(stubborn, grace_s=10.0), deploy(stubborn, grace_s=1.0)).ask(1).ask(2, at=10).run()
    assert played.when(Kill) == [22]


def test_one_that_ends_by_itself_is_not_killed() -> None:
    """It heeded the signal within its grace."""
    played = Rollout(deploy(), deploy()).ask(1).ask(2, at=10).run()
    assert played.of(Kill, Remove) == []


def test_an_old_one_that_is_down_is_removed() -> None:
    """It is between two starts: there is nobody to tell."""
    old = deploy(Life(then=((5, "down"), (60, "up"))))
    played = Rollout(old, deploy()).ask(1).ask(2, at=10).run()
    assert [at for at, action in played.history if isinstance(action, Remove)] == [12]
    assert played.of(Terminate) == []


# ---- the end ----------------------------------------------------------------------------------------


def test_the_end_tells_what_serves() -> None:
    """No more requests, the signal, its own end, and it is over."""
    played = Rollout(deploy(drain_s=300.0)).ask(1).end(10).run()
    assert [(at, type(action)) for at, action in played.history if at >= 10] == [
        (10, Serve),
        (10, Terminate),
        (10.5, Over),
    ]


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("at", [0.5, 1.5, 2.5, 10.5, 11.5, 12.2, 20])
def test_the_end_in_every_phase(*, at: float, at_once: bool) -> None:
    """While it is built, started, switched, drained or at rest: every deploy is decided, all that was started ends, and
    `at_once` nobody is told first."""
    both = deploy(Life(drains_s=None), instances=2, drain_s=300.0)
    played = Rollout(both, both).ask(1)
    if at > 10:
        played.ask(2, at=10)
    played.end(at, at_once=at_once).run()
    assert played.is_over
    assert played.left == []
    assert sorted(played.settled) == sorted(played.asked)
    told = [when for when in played.when(Terminate) if when >= at]
    assert told == [] if at_once else set(told) <= {at}


def test_at_once_is_without_ceremony() -> None:
    """What serves is removed; what was told before is killed."""
    both = deploy(Life(ends_s=None), instances=2, grace_s=300.0)
    played = Rollout(both, both).ask(1).ask(2, at=10).end(20, at_once=True).run()
    assert [action.unit.deploy for action in played.of(Kill)] == [1, 1]  # type: ignore[attr-defined]
    assert [action.unit.deploy for action in played.of(Remove)] == [2, 2]  # type: ignore[attr-defined]


def test_the_end_calls_off_what_is_built() -> None:
    """Before it is decided: whoever hears of that forgets it."""
    played = Rollout(deploy(build_s=9), deploy()).ask(1).ask(2, at=1).end(5).run()
    assert [type(action) for at, action in played.history if at == 5] == [CallOff, Settle, Settle, Over]
    assert played.results() == [(1, "canceled"), (2, "canceled")]


def test_the_end_does_not_wait_for_a_drain() -> None:
    """One that was left to answer its requests is told like the others."""
    both = deploy(Life(drains_s=None), drain_s=300.0)
    played = Rollout(both, both).ask(1).ask(2, at=10).end(20).run()
    assert played.when(Terminate) == [20, 20]


def test_the_end_of_nothing() -> None:
    """No deploy was ever asked for: over at once."""
    played = Rollout().end(1).run()
    assert [type(action) for _, action in played.history] == [Over]


def test_hurry_kills_whoever_is_in_its_grace() -> None:
    """The user asked a second time."""
    played = Rollout(deploy(Life(ends_s=None), grace_s=300.0)).ask(1).end(10).hurry(12).run()
    assert (played.when(Kill), played.when(Over)) == ([12], [12 + END_S])


@pytest.mark.parametrize("at", [10.1, 30.0])
def test_a_deploy_asked_for_after_the_end(at: float) -> None:
    """While it ends or when it is over: canceled at once, nothing is built."""
    played = Rollout(deploy(), deploy()).ask(1).end(10).ask(2, at=at).run()
    assert settled(played, 2) == ("canceled", None, None)
    assert (played.when(Prepare), played.when(Over)) == ([0], [10.5])


# ---- what an instance is there for ------------------------------------------------------------------


def test_what_each_is_there_for() -> None:
    """As `emu ps` says it."""
    old, new = Unit(id=1, deploy=1, slot=1), Unit(id=2, deploy=2, slot=1)
    held = Rollout(deploy(Life(drains_s=None, then=((2, "out"), (3, "in"), (4, "down"), (5, "up"))), drain_s=300.0))
    held.ask(1)
    roles = [rollout.role(held.run(until).state, old) for until in (1.5, 2, 4, 5, 6, 7)]
    assert roles == ["coming", "serving", "out of rotation", "serving", "down", "serving"]
    busy = deploy(Life(drains_s=None), drain_s=300.0)
    played = Rollout(busy, busy).ask(1).ask(2, at=10).run(until=20)
    assert (rollout.role(played.state, old), rollout.role(played.state, new)) == ("leaving", "serving")


@pytest.mark.parametrize("seen", [Asked(at=9, deploy=2), Up(at=9, unit=Unit(id=1, deploy=1, slot=1))])
def test_nothing_moves_it_after_the_end(seen: Observation) -> None:
    """It stays over."""
    state, _ = rollout.step(lambda n: deploy().rules, State(phase="over"), seen)
    assert state == State(phase="over")
