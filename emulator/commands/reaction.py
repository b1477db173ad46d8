"""What a save leads to: which services are deployed for it, or why none is."""

import re

from emulator.commands.planning import Planned
from emulator.image.saved import Saved, saved
from emulator.model.difference import Difference, service_differences
from emulator.model.plan import AutoDeploy
from emulator.model.record import Record


class Reaction(Record, frozen=True, kw_only=True):
    """What a save leads to. deploys: of these services. platform_too: where nothing is, whether the platform would not
    deploy either."""

    deploys: tuple[str, ...] = ()
    because: str = ""
    differences: tuple[str, ...] = ()
    platform_too: bool = False


def reaction(before: Planned, after: Planned, paths: frozenset[str]) -> Reaction:
    """What `paths` changed, between two plans of one repository."""
    old = {service.name: service for service in before.resolution.plan.services}
    deploys: dict[str, str] = {}
    differences: list[str] = []
    quiet: list[Saved] = []
    for service in after.resolution.plan.services:
        if service.name not in old:
            deploys[service.name] = "it is new in the plan"
            continue
        differ = service_differences(old[service.name], service)
        differences += [_told(one, named=len(old) > 1) for one in differ]
        secrets = before.resolution.secrets.of(service.name), after.resolution.secrets.of(service.name)
        if differ:
            deploys[service.name] = "its plan changed"
        elif secrets[0] != secrets[1]:
            deploys[service.name] = "a value that is not printed changed"
        else:
            seen = () if service.datastore is not None else saved(after.repo, service.build, paths)
            seen = tuple(filtered(service.auto_deploy, one) for one in seen)
            reaching = next((one for one in seen if one.why is None), None)
            quiet += [one for one in seen if one.why is not None]
            if reaching is not None:
                deploys[service.name] = f"{reaching.path} reaches its build"
    if deploys:
        return Reaction(
            deploys=tuple(deploys), because=next(iter(deploys.values())), differences=tuple(differences)
        )
    because = next((one.why for one in quiet if one.why is not None), "no service is built from it")
    absent = {one.path for one in quiet if one.absent}
    return Reaction(because=because, platform_too=paths <= absent)


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
