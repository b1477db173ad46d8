"""What a save leads to: which services are deployed for it, or why none is."""

from emulator.commands.planning import Planned
from emulator.image.saved import Saved, saved
from emulator.model.difference import Difference, service_differences
from emulator.model.plan import Service
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
            reaching = next((one for one in seen if one.why is None), None)
            quiet += [one for one in seen if one.why is not None]
            if reaching is not None and not _outside(service, reaching.path):
                deploys[service.name] = f"{reaching.path} reaches its build"
            elif reaching is not None:
                quiet.append(Saved(reaching.path, f"it lies outside {service.name}'s root {service.build.root}"))
    if deploys:
        return Reaction(
            deploys=tuple(deploys), because=next(iter(deploys.values())), differences=tuple(differences)
        )
    because = next((one.why for one in quiet if one.why is not None), "no service is built from it")
    by_git = {one.path for one in quiet if one.by_git}
    return Reaction(because=because, platform_too=paths <= by_git)


def _outside(service: Service, path: str) -> bool:
    root = service.build.root
    return root != "." and not path.startswith(f"{root}/") and path != service.build.dockerfile


def _told(one: Difference, *, named: bool) -> str:
    name = f"{one.service} {one.key}" if named else one.key
    return f"{name}: {one.before or 'nothing'} → {one.after or 'nothing'}"
