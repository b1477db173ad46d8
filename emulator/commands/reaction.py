"""What a save leads to: which services are deployed for it, or why none is."""

import re
from collections.abc import Mapping

from emulator.commands.planning import Planned
from emulator.config import FILE, read_config
from emulator.image.saved import Saved, saved
from emulator.model.difference import Difference, service_differences, told_once
from emulator.model.plan import AutoDeploy, Service
from emulator.model.record import Record


class Stand(Record, frozen=True, kw_only=True):
    """What the newest deploy of a service is made of. base_images: what stands in the place of those that it names.
    paths: what was saved since and may concern it, where its check found an error, which was told of `refused`, or
    there was no plan."""

    service: Service
    secrets: Mapping[str, str]
    base_images: Mapping[str, str] = {}
    paths: frozenset[str] = frozenset()
    refused: Service | None = None

    def __repr__(self) -> str:
        return f"Stand({self.service.name}, {len(self.secrets)} hidden, {sorted(self.paths)})"


Stands = Mapping[str, Stand]


def standing(planned: Planned) -> dict[str, Stand]:
    """By service, where all of a plan is deployed."""
    secrets, replaced = planned.resolution.secrets, read_config(planned.repo).base_images
    return {
        s.name: Stand(service=s, secrets=secrets.of(s.name), base_images=_replaced(s, replaced))
        for s in planned.resolution.plan.services
    }


def _replaced(service: Service, by: Mapping[str, str]) -> dict[str, str]:
    """Of what stands in the place of images, that which a service has to do with."""
    builds = (service.build, *(container.build for container in service.containers))
    named = {ref for build in builds for ref in (*build.base_images, build.image)}
    return {ref: to for ref, to in by.items() if ref in named}


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
    now = standing(after)
    for service in after.resolution.plan.services:
        old = before.get(service.name)
        if old is None:
            deploys[service.name] = f"{service.name} is new in the plan", None
            continue
        differ = service_differences(old.service, service)
        images = _of_images(service.name, old.base_images, now[service.name].base_images)
        differences += [_told(one, named=len(before) > 1) for one in (*told_once(differ), *images)]
        if differ or images:
            deploys[service.name] = "its plan changed" if differ else "it is built on another image", None
        elif old.secrets != now[service.name].secrets:
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
    gone = [name for name, stand in before.items() if name not in now and not stand.paths]  # else it was told
    if gone:
        names = f"{gone[0]} is" if len(gone) == 1 else f"{', '.join(gone)} are"
        return Reaction(because=f"{names} not in the plan any more, and left running")
    described = {s.origin.file for s in after.resolution.plan.services if s.origin is not None}
    if told := sorted(paths & described):
        return Reaction(because="it says the same as before of what runs", path=told[0])
    if FILE in paths:
        return Reaction(because="it holds from now on, and changes nothing that runs", path=FILE)
    return _nothing(quiet, paths, several=len(now) > 1)


def _nothing(quiet: list[Saved], paths: frozenset[str], *, several: bool) -> Reaction:
    """Why no service is deployed: the reason of one that has to do with the file, where there is one."""
    first = min(quiet, key=lambda one: one.outside, default=None)
    if first is None:
        return Reaction(because="no service is built from it")
    because = "no service is built from it" if first.outside and several else first.why or ""
    deploying = {one.path for one in quiet if not one.absent}
    return Reaction(because=because, path=first.path, platform_too=not paths & deploying)


def _of_images(service: str, before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Difference, ...]:
    return tuple(
        Difference(service=service, key=f"instead of {ref}", before=before.get(ref), after=after.get(ref))
        for ref in sorted(before.keys() | after.keys())
        if before.get(ref) != after.get(ref)
    )


def filtered(rule: AutoDeploy | None, one: Saved) -> Saved:
    """What a push of it would lead to, by the service's own rule."""
    if rule is None or one.absent:
        return one
    path, idle = one.path, "a push of it deploys nothing"
    ignoring = next((p for p in rule.ignored_paths if re.fullmatch(p.pattern, path)), None)
    if ignoring is not None:
        return one._replace(why=f"{idle}: {ignoring.written} is among the ignored paths", absent=True)
    if rule.paths and not any(re.fullmatch(p.pattern, path) for p in rule.paths):
        return one._replace(why=f"{idle}: it is not among the filter's paths", absent=True)
    if rule.within is not None and not path.startswith(f"{rule.within}/"):
        return one._replace(why=f"{idle}: it lies outside {rule.within}", absent=True, outside=True)
    return one


def is_pushed(rule: AutoDeploy, one: Saved) -> bool:
    """Whether the platform deploys for it, whether it reaches the build or not."""
    return not one.absent and filtered(rule, one._replace(why=None)).why is None


def _told(one: Difference, *, named: bool) -> str:
    name = f"{one.service} {one.key}" if named else one.key
    return f"{name}: {one.before or 'nothing'} → {one.after or 'nothing'}"
