"""How many instances requests ask for, by histories of them that are played in no time."""

import pytest

from emulator.engine.autoscaling import MOST_HERE, Rules, Sample, State, rules_of, step
from emulator.model.plan import Instances, Scaling
from tests.emulator.engine.services import service

RULES = Rules(least=0, most=5, at_once=10, target=0.6, window_s=60, idle_s=900)


def play(rules: Rules, *parts: tuple[float, int, int], every_s: float = 0.5) -> list[tuple[float, int]]:
    """Parts of a history, (seconds, running, waiting) → when the wanted number changed, and to what."""
    state, now, changes = State(), 0.0, []
    for seconds, running, waiting in parts:
        end = now + seconds
        while now < end:
            state, wanted = step(rules, state, Sample(at=now, running=running, waiting=waiting))
            if not changes or changes[-1][1] != wanted:
                changes.append((now, wanted))
            now += every_s
    return changes


def test_requests_that_find_no_room_get_instances_at_once():
    """As many as it takes to run them all."""
    assert play(RULES, (5, 10, 0), (1, 10, 21)) == [(0, 1), (5, 4)]


def test_the_mean_of_a_minute_near_to_what_an_instance_may_have_gets_another():
    """9 of 10 are more than 60 %: after 40 s of them the mean of the last minute is 6, and then two are needed."""
    changes = play(RULES, (120, 9, 0))
    assert [wanted for _, wanted in changes] == [1, 2]
    assert 39 < changes[1][0] < 42


def test_a_mean_below_the_target_gets_none():
    """6 of 10 is what an instance is to have."""
    assert play(RULES, (300, 6, 0)) == [(0, 1)]


def test_an_instance_goes_when_it_was_not_needed_for_fifteen_minutes():
    """Not earlier, and back to one, for the last one stays."""
    changes = play(RULES, (1, 10, 15), (1000, 0, 0))
    assert [wanted for _, wanted in changes] == [3, 1]
    assert 899 < changes[1][0] < 902


def test_a_need_in_between_keeps_it():
    """The fifteen minutes begin again."""
    changes = play(RULES, (1, 10, 15), (800, 0, 0), (1, 10, 15), (800, 0, 0))
    assert changes == [(0, 3)]


def test_the_most_and_the_least_hold():
    """Whatever the requests ask for."""
    rules = Rules(least=2, most=3, at_once=1, target=0.6, window_s=60, idle_s=1)
    assert [wanted for _, wanted in play(rules, (5, 0, 0), (5, 3, 50), (100, 0, 0))] == [2, 3, 2]


def test_the_last_one_goes_where_that_is_asked_for_and_comes_back_with_a_request():
    """Scale to zero: after the time without any request, and only then."""
    rules = Rules(least=0, most=3, at_once=10, target=0.6, window_s=60, idle_s=900, zero_s=30)
    changes = play(rules, (10, 1, 0), (40, 0, 0), (1, 0, 1))
    assert [wanted for _, wanted in changes] == [1, 0, 1]
    assert 39 < changes[1][0] < 41


def test_what_could_not_start_is_not_started_again_before_somebody_asks():
    """Unless there is to be an instance anyway."""
    idle, asked = Sample(at=1, running=0, waiting=0), Sample(at=2, running=0, waiting=1)
    state, wanted = step(RULES, State(asked=False), idle)
    assert wanted == 0
    assert step(RULES, state, asked)[1] == 1
    assert step(Rules(**{**_fields(RULES), "least": 1}), State(asked=False), idle)[1] == 1


def _fields(rules: Rules) -> dict[str, float]:
    return {name: getattr(rules, name) for name in Rules.__struct_fields__}


@pytest.mark.parametrize(("instances", "least", "most"), [((0, 100), 0, MOST_HERE), ((2, 3), 2, 3), ((9, 9), 5, 5)])
def test_the_plan_says_how(instances: tuple[int, int], least: int, most: int):
    """Its limits as far as this machine goes along, its times multiplied."""
    low, high = instances
    plan = service(scaling=Scaling(), instances=Instances(min=low, max=high), concurrency=7)
    rules = rules_of(plan, scale=0.1, zero_s=5)
    assert rules is not None
    assert (rules.least, rules.most, rules.at_once, rules.window_s, rules.idle_s) == (least, most, 7, 6, 90)
    assert rules.zero_s == (5 if low == 0 else None)


def test_a_fixed_number_does_not_follow_requests():
    """A plan without scaling."""
    assert rules_of(service(instances=Instances(min=2, max=2)), scale=1, zero_s=5) is None
