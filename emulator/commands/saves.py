"""What was saved, what of it is deployed, and what a further save leads to. Pure: no save is lost, whatever comes
between it and its deploy."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from emulator.commands.planning import Planned
from emulator.commands.reaction import Reaction, Stand, Stands, reaction, standing
from emulator.commands.unmet import errors_of
from emulator.model.record import Record, replace

REFUSED_WHOLE = "the check refuses the plan as a whole"


class Saves(Record, frozen=True, kw_only=True):
    """stands: what the newest deploy of each service is made of. owed: services whose newest deploy was called off, and
    no other was begun."""

    stands: Stands
    owed: frozenset[str] = frozenset()


class Step(NamedTuple):
    """What to do about a save. deploys: these services; refused: these, for the errors of their check, or all where
    the plan as a whole has one. Both are empty where nothing need be done. Whatever of these is under way is to be
    called off first."""

    reaction: Reaction
    deploys: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    is_refused: bool = False

    @property
    def concerned(self) -> frozenset[str]:
        return frozenset((*self.deploys, *self.refused))


def begin(planned: Planned) -> Saves:
    """All of this plan is deployed."""
    return Saves(stands=standing(planned))


def unplanned(saves: Saves, paths: frozenset[str], called_off: Iterable[str] = ()) -> Saves:
    """Saved while there was no plan to be had: the next save has to do with these paths as well, and with the services
    whose deploys were called off for it."""
    stands = {name: _with(stand, paths) for name, stand in saves.stands.items()}
    return Saves(stands=stands, owed=saves.owed.union(called_off))


def react(
    saves: Saves, planned: Planned, paths: frozenset[str], under_way: Iterable[str] = (), *,
    anyway: Collection[str] = (),
) -> tuple[Saves, Step]:  # fmt: skip
    """What a save of `paths` leads to. under_way: services with a deploy that is not decided. anyway: those that are
    built whatever the check says."""
    wrong = errors_of(planned, anyway)
    found = reaction(saves.stands, planned, paths)
    if wrong is None:
        found = replace(found, because=REFUSED_WHOLE, path=None)
        step = Step(found, refused=tuple(s.name for s in planned.resolution.plan.services), is_refused=True)
        return unplanned(saves, paths, under_way), step
    names = {service.name for service in planned.resolution.plan.services}
    owed = sorted((saves.owed & names) - set(found.deploys))
    if owed and not found.deploys:
        found = replace(found, because="the deploy of its last save was called off", path=None)
    deploys = tuple(name for name in (*found.deploys, *owed) if name not in wrong)
    again = [name for name in found.deploys if name in wrong]
    news = reaction(_as_told(saves), planned, paths).deploys if again else ()
    refused = tuple(name for name in again if name in news)
    step = Step(found, deploys, refused, is_refused=bool(refused))
    called_off = step.concerned & set(under_way)
    return Saves(
        stands=_after(saves, planned, step, paths, wrong=wrong), owed=(saves.owed | called_off) - set(step.deploys)
    ), step


def _as_told(saves: Saves) -> Stands:
    """As if what was refused had been deployed: what then still leads to a deploy is news."""
    return {
        name: replace(stand, service=stand.refused or stand.service, paths=frozenset())
        for name, stand in saves.stands.items()
    }


def _after(
    saves: Saves, planned: Planned, step: Step, paths: frozenset[str], *, wrong: frozenset[str]
) -> dict[str, Stand]:
    """What the services are made of once the step is done."""
    now = standing(planned)
    stands: dict[str, Stand] = {}
    for name, stand in {**now, **saves.stands}.items():
        if name in step.deploys:
            stands[name] = now[name]
        elif name not in saves.stands:
            continue  # new in the plan, and refused
        elif name in wrong or name not in now:
            refused = now[name].service if name in step.refused else stand.refused
            stands[name] = replace(_with(stand, paths), refused=refused)
        else:
            stands[name] = replace(stand, paths=frozenset())  # none of them concerns it
    return stands


def _with(stand: Stand, paths: frozenset[str]) -> Stand:
    return replace(stand, paths=stand.paths | paths)
