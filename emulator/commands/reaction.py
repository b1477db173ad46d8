"""What a save leads to: which services are deployed for it, or why none is."""

import re
from collections.abc import Mapping

from emulator.commands.planning import Planned
from emulator.image.saved import Saved, saved
from emulator.model.difference import Difference, service_differences
from emulator.model.plan import AutoDeploy, Service
from emulator.model.record import Record


class Stand(Record, frozen=True, kw_only=True):
    """What the newest deploy of a service is made of. paths: what was saved since and may concern it, where its check
    found an error, which was told of `refused`, or there was no plan."""

    service: Service
    secrets: Mapping[str, str]
    paths: frozenset[str] = frozenset()
    refused: Service | None = None

    def __repr__(self) -> str:
        return f"Stand({self.service.name}, {len(self.secrets)} hidden, {sorted(self.paths)})"


Stands = Mapping[str, Stand]


def standing(planned: Planned) -> dict[str, Stand]:
    """By service, where all of a plan is deployed."""
    secrets = planned.resolution.secrets
    return {s.name: Stand(service=s, secrets=secrets.of(s.name)) for s in planned.resolution.plan.services}


class Reaction(Record, frozen=True, kw_only=True):
    """What a save leads to. deploys: of these services. because: why, or why of none; path: the changed file that is
    meant by "it" there, where it is one. platform_too: where nothing is deployed, whether the platform would not
    deploy either."""

    deploys: tuple[str, ...] = ()
    because: str = ""
    path: str | None = None
    differences: tuple[str, ...] = ()
    platform_too: bool = False


def reaction(before: Stands, after: Planned, paths: frozenset[str]) -> Reaction:
    """What `paths` changed, between what services are made of and a plan of the same repository."""
    deploys: dict[str, tuple[str, str | None]] = {}
    differences: list[str] = []
    quiet: list[Saved] = []
    for service in after.resolution.plan.services:
        old = before.get(service.name)
        if old is None:
            deploys[service.name] = f"{service.name} is new in the plan", None
            continue
        differ = service_differences(old.service, service)
        differences += [_told(one, named=len(before) > 1) for one in differ]
        if differ:
            deploys[service.name] = "its plan changed", None
        elif old.secrets != after.resolution.secrets.of(service.name):
            deploys[service.name] = "a value that is not printed changed", None
        else:
            changed = paths | old.paths
            seen = () if service.datastore is not None else saved(after.repo, service.build, changed)
            seen = tuple(filtered(service.auto_deploy, one) for one in seen)
            reaching = [one.path for one in seen if one.why is None]
            quiet += [one for one in seen if one.why is not None]
            if reaching:
                newest = (path for path in reaching if path in paths)
                deploys[service.name] = "it reaches the build", next(newest, reaching[0])
    if deploys:
        because, path = next(iter(deploys.values()))
        return Reaction(deploys=tuple(deploys), because=because, path=path, differences=tuple(differences))
    first = next(iter(quiet), None)
    absent = {one.path for one in quiet if one.absent}
    return Reaction(
        because=(first and first.why) or "no service is built from it", path=first.path if first is not None else None,
        platform_too=paths <= absent,
    )  # fmt: skip


def filtered(rule: AutoDeploy | None, one: Saved) -> Saved:
    """What a push of it would lead to, by the service's own rule."""
    if rule is None or one.why is not None:
        return one
    path, idle = one.path, "a push of it deploys nothing"
    ignoring = next((p for p in rule.ignored_paths if re.fullmatch(p.pattern, path)), None)
    if ignoring is not None:
        return one._replace(why=f"{idle}: {ignoring.written} is among the ignored paths", absent=True)
    if rule.paths and not any(re.fullmatch(p.pattern, path) for p in rule.paths):
        return one._replace(why=f"{idle}: it is not among the filter's paths", absent=True)
    if rule.within is not None and not path.startswith(f"{rule.within}/"):
        return one._replace(why=f"{idle}: it lies outside {rule.within}", absent=True)
    return one


def _told(one: Difference, *, named: bool) -> str:
    name = f"{one.service} {one.key}" if named else one.key
    return f"{name}: {one.before or 'nothing'} → {one.after or 'nothing'}"
