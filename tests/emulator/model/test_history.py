"""What is remembered of deploys: how many, which images stay, and where a rollback leads."""

import msgspec
import pytest

from emulator.commands.targets import rollback_targets
from emulator.model.diagnostic import UsageError
from emulator.model.event import VerdictKind
from emulator.model.history import KEPT_DEPLOYS, KEPT_S, MOST_DEPLOYS, DeployRecord, History, ServiceRecord
from emulator.model.record import replace

LIVE, FAILED = VerdictKind.LIVE, VerdictKind.BOOT_FAILED


def record(deploy: int, verdict: VerdictKind = LIVE, *, image_of: int | None = None) -> DeployRecord:
    return DeployRecord(
        deploy=deploy, at=float(deploy), platform="render", trigger="up" if image_of is None else "rollback",
        verdict=verdict, reason="", images={"shop": f"image {image_of or deploy}"}, image_of=image_of,
    )  # fmt: skip


def history(*records: DeployRecord) -> History:
    made = History()
    for one in records:
        made = made.with_one(one)
    return made


def test_deploys_are_remembered_oldest_first() -> None:
    """And the one before stays what it was."""
    one = history(record(1))
    two = one.with_one(record(2, FAILED))
    assert [r.deploy for r in two.deploys] == [1, 2]
    assert [r.deploy for r in one.deploys] == [1]


def test_the_oldest_are_forgotten() -> None:
    """There are never more than a screen or two of them."""
    many = history(*(record(n) for n in range(1, MOST_DEPLOYS + 11)))
    assert [r.deploy for r in many.deploys] == list(range(11, MOST_DEPLOYS + 11))


def test_a_deploy_whose_images_stay_is_not_forgotten() -> None:
    """However many failed since: it is the one that serves, and the one to go back to."""
    many = history(record(1), record(2), *(record(n, FAILED) for n in range(3, MOST_DEPLOYS + 20)))
    assert many.kept() == {1, 2}
    assert [r.deploy for r in many.deploys[:3]] == [1, 2, 22]
    assert len(many.deploys) == MOST_DEPLOYS
    assert many.before(None) == record(2)


def test_deploys_of_one_image_are_forgotten_too() -> None:
    """However many run it, and though it stays: what another service is live by stays with it."""
    first = replace(record(1), images={"shop": "image 1", "other": "image of other"})
    many = history(first, *(replace(record(n), images={"shop": "image 1"}) for n in range(2, MOST_DEPLOYS + 20)))
    assert [r.deploy for r in many.deploys] == [1, *range(21, MOST_DEPLOYS + 20)]
    assert many.kept("other") == {1}


def test_the_images_of_the_last_live_deploys_stay() -> None:
    """Those of failed ones do not, nor those of older ones."""
    some = history(record(1), record(2), record(3, FAILED), record(4), record(5), record(6, FAILED))
    assert some.kept() == {2, 4, 5}
    assert len(some.kept()) == KEPT_DEPLOYS


def test_an_image_that_is_used_again_stays() -> None:
    """A rollback has no image of its own: the one that it runs is the older deploy's."""
    assert history(record(1), record(2), record(3), record(4), record(5, image_of=1)).kept() == {1, 3, 4, 5}


def test_an_image_that_is_used_again_and_again_stays() -> None:
    """Restart after restart of a rollback: the image is still that of the deploy which built it."""
    again = [record(n, image_of=n - 1) for n in range(3, 9)]
    assert 1 in history(record(1), record(2, image_of=1), *again).kept()


def test_a_damaged_record_that_uses_its_own_image() -> None:
    """Nothing goes round for ever."""
    damaged = History(deploys=(record(1, image_of=2), record(2, image_of=1), record(3, image_of=3)))
    assert damaged.kept() == {1, 2, 3}


def test_finding_a_deploy() -> None:
    """By its number; None where it is forgotten, or never was."""
    some = history(record(1), record(2, FAILED))
    assert some.find(2) == record(2, FAILED)
    assert some.find(3) is None


def test_the_live_deploy_before() -> None:
    """The last one that went live before it, failed ones left out; None where there is none."""
    some = history(record(1), record(2, FAILED), record(3), record(4, FAILED), record(5))
    assert [(n, b.deploy if (b := some.before(n)) else None) for n in (1, 3, 4, 5, None)] == [
        (1, None),
        (3, 1),
        (4, 3),
        (5, 3),
        (None, 5),
    ]
    assert History().before(None) is None


def test_going_back_twice_goes_back_two_steps() -> None:
    """What is live after a rollback or a restart is what an earlier deploy built: before that one comes another."""
    many = history(record(1), record(2), record(3), record(4, image_of=3), record(5, image_of=2))
    assert many.before(4) == record(2)
    assert many.before(5) == record(1)
    assert history(record(1), record(2, image_of=2)).before(2) == record(1)


def test_it_is_read_back_as_it_was_written() -> None:
    """Through the plain values of a state file."""
    some = history(record(1), record(2, FAILED, image_of=1))
    assert msgspec.convert(msgspec.to_builtins(some), History) == some


def test_why_a_rollback_leads_nowhere() -> None:
    """A number of the future, one that is forgotten, one that never went live, an image that is gone."""
    some = history(record(2), record(3, FAILED), record(4), record(5), record(6))
    told = {to: some.why_not_back_to(to, some.find(to)) for to in (1, 2, 3, 5, 7)}
    assert told == {
        1: "there is no deploy 1 that is remembered",
        2: "the image of deploy 2 is not kept any more",
        3: "deploy 3 never went live: boot_failed",
        5: None,
        7: "there is no deploy 7 yet",
    }
    assert some.why_not_back_to(None, None) == "no deploy went live before this one"


def test_how_long_the_one_before_took_to_leave() -> None:
    """It is known after the deploy is written down; of a deploy that is forgotten it changes nothing."""
    whole = DeployRecord(
        deploy=7, at=1.0, platform="render", trigger="up", verdict=LIVE, reason="",
        services=(ServiceRecord(name="shop", verdict=LIVE), ServiceRecord(name="api", verdict=LIVE)),
    )  # fmt: skip
    later = history(whole).with_drain(7, "shop", 0.25).deploys[0]
    assert [one.phases.drain_s for one in later.services] == [0.25, None]
    assert history(whole).with_drain(8, "shop", 0.25) == history(whole)


def test_images_that_are_old_go() -> None:
    """When a newer deploy is made; what serves and the one before stay however old they are."""
    old, newer = record(1), record(2)
    later = replace(record(3), at=KEPT_S + 1.5)
    assert history(old, newer, later).kept() == {2, 3}
    assert history(old, newer, replace(record(3, FAILED), at=9 * KEPT_S)).kept() == {1, 2}
    assert history(old, later).kept() == {1, 3}


def of(deploy: int, *services: str, failed: tuple[str, ...] = (), image_of: int | None = None) -> DeployRecord:
    """A deploy of these services, of which some failed."""
    return DeployRecord(
        deploy=deploy, at=float(deploy), platform="render", trigger="save", verdict=FAILED if failed else LIVE,
        reason="", images={name: f"{name} {image_of or deploy}" for name in services}, image_of=image_of,
        services=tuple(ServiceRecord(name=name, verdict=FAILED if name in failed else LIVE) for name in services),
    )  # fmt: skip


def test_each_service_has_its_own_last_deploys() -> None:
    """However often another one was deployed since, and whatever became of others in the same deploy."""
    last = of(6, "api", "web", failed=("api",))
    some = history(of(1, "api", "jobs"), of(2, "jobs"), *(of(n, "api") for n in (3, 4, 5)), last)
    assert (some.kept("api"), some.kept("jobs"), some.kept("web")) == ({3, 4, 5}, {1, 2}, {6})
    assert some.kept() == {1, 2, 3, 4, 5, 6}


def test_one_service_goes_back_by_itself() -> None:
    """To the deploy of it that was live before, be it that it was the others' fault that it failed."""
    some = history(of(1, "api", "jobs"), of(2, "api", "jobs", failed=("jobs",)), of(3, "jobs"), of(4, "jobs"))
    targets = rollback_targets(some, None, {"api": 2, "jobs": 4}, ("api",))
    assert {name: one.deploy for name, one in targets.items()} == {"api": 1}
    targets = rollback_targets(some, None, {"api": 2, "jobs": 4}, ("jobs",))
    assert {name: one.deploy for name, one in targets.items()} == {"jobs": 3}
    for to, name, because in (
        (3, "api", "deploy 3 was none of api"), (2, "jobs", "deploy 2 never went live: boot_failed"),
        (None, "web", "no service 'web' is run here"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=because):
            rollback_targets(some, to, {"api": 2, "jobs": 4}, (name,))


def test_a_rollback_of_all_is_to_what_was_live_at_that_time() -> None:
    """A save deployed one service alone: going back before it is going back with that one, and the other one is left
    as it is."""
    some = history(of(1, "api", "jobs"), of(2, "jobs"), of(3, "jobs"))
    targets = rollback_targets(some, None, {"api": 1, "jobs": 3})
    assert {name: one.deploy for name, one in targets.items()} == {"jobs": 2}
    some = history(of(1, "api", "jobs"), of(2, "api"), of(3, "jobs"))
    targets = rollback_targets(some, None, {"api": 2, "jobs": 3})
    assert {name: one.deploy for name, one in targets.items()} == {"api": 2, "jobs": 1}


def test_where_one_cannot_go_back_to_those_are_named_where_one_can() -> None:
    """Not those whose images stay for the sake of another service."""
    some = history(of(1, "api", "jobs"), of(2, "api"), of(3, "api", "jobs", image_of=2))
    assert some.kept("jobs") == {1, 2, 3}
    with pytest.raises(UsageError) as raised:
        rollback_targets(some, 2, {"api": 3, "jobs": 3}, ("jobs",))
    assert raised.value.diagnostic.help == "kept are 1, 3; `emu deploys` lists all"
