"""What a service needs of others: edges of the plan, and targets that are not in the file."""

from collections.abc import Iterable

from emulator.model.diagnostic import Diagnostic, Fault, Related, warning
from emulator.model.plan import Edge

from . import rules
from .declarations import Blueprint, EnvEntry, ServiceSpec
from .reading import nearest
from .reference_doubts import Targets, circles, reference_doubts, targets_of


def edges(blueprint: Blueprint | None, specs: tuple[ServiceSpec, ...]) -> tuple[Edge, ...]:
    """One edge for each variable that refers to a service or database of the file."""
    if blueprint is None:
        return ()
    targets = targets_of(blueprint).names
    return tuple(
        Edge(
            from_=spec.name, to=targets[entry.form][entry.reference.name], because=_because(entry), origin=entry.origin
        )
        for spec in specs
        for entry in spec.env
        if entry.reference and entry.reference.name in targets[entry.form]
        if targets[entry.form][entry.reference.name] != spec.name or entry.form == "database"
    )


def _because(entry: EnvEntry) -> str:
    assert entry.reference is not None
    return f"{entry.key} is its {entry.reference.what}"


def reference_problems(specs: tuple[ServiceSpec, ...], blueprint: Blueprint | None) -> list[Diagnostic]:
    """What is wrong, or may be, with what these services refer to."""
    if blueprint is None:
        return []
    targets = targets_of(blueprint)
    found = [
        problem
        for spec in specs
        for problem in (*_absent(spec, targets), *reference_doubts(spec, targets), *_contested(spec, blueprint))
    ]
    names = {spec.name for spec in specs}
    return [*found, *(circle for circle in circles(blueprint.services) if circle.service in names)]


def _absent(spec: ServiceSpec, targets: Targets) -> list[Diagnostic]:
    """References to what the file does not hold. It may exist in the workspace, so these are warnings."""
    found: list[Diagnostic] = []
    for entry in spec.env:
        if entry.form == "group" and entry.group not in targets.groups:
            help_ = _meant(entry.group or "", targets.groups)
            found.append(_missing(spec, entry, f"there is no env group {entry.group!r} here", help_))
        elif entry.reference and entry.reference.name not in targets.names[entry.form]:
            kind = "database" if entry.form == "database" else "service"
            message = f"{entry.key} refers to {kind} {entry.reference.name!r}, which is not here"
            help_ = _other_form(entry, targets.names) or _meant(entry.reference.name, targets.names[entry.form])
            found.append(_missing(spec, entry, message, help_))
    return found


def _meant(name: str, there: Iterable[str]) -> str | None:
    """The name that was probably meant, where there is one."""
    close = nearest(name, tuple(there))
    return f"did you mean `{close}`?" if close is not None else None


def _other_form(entry: EnvEntry, targets: dict[str, dict[str, str]]) -> str | None:
    """What to write where the name is that of something of the other form."""
    assert entry.reference is not None
    other = "service" if entry.form == "database" else "database"
    if entry.reference.name not in targets[other]:
        return None
    return f"{entry.reference.name} is a {other} here: write `from{other.capitalize()}`"


def _missing(spec: ServiceSpec, entry: EnvEntry, message: str, help_: str | None = None) -> Diagnostic:
    return warning(
        "render/missing-target", message, fault=Fault.GAP, service=spec.name, rule=rules.REFERENCES.id,
        origin=entry.reference.origin if entry.reference else entry.origin,
        facts=("the sync fails unless it exists in the workspace already",),
        help=help_ or "add it to render.yaml, or correct the name",
    )  # fmt: skip


def _contested(spec: ServiceSpec, blueprint: Blueprint) -> list[Diagnostic]:
    """Variables that several linked groups set and the service does not: Render promises no winner."""
    own = {entry.key for entry in spec.env if entry.key}
    seen: dict[str, EnvEntry] = {}
    found: list[Diagnostic] = []
    for link in spec.env:
        for entry in blueprint.groups.get(link.group, ()) if link.form == "group" else ():
            other = seen.setdefault(entry.key, entry)
            if other.group != entry.group and entry.key not in own:
                found.append(
                    warning(
                        "render/groups-disagree",
                        f"{entry.key} is in the groups {other.group} and {entry.group}; Render promises no winner",
                        origin=entry.origin, service=spec.name, rule=rules.ENV_GROUPS.id,
                        related=(Related(origin=other.origin, message="the other one"),),
                        facts=("the one that stands last in the file is taken here: today the newest group wins",),
                        help="keep it in one group, or set it on the service",
                    )
                )  # fmt: skip
    return found
