"""References whose target is in the file and cannot give what they ask for. Warnings: what the Dashboard holds beside
the file may be otherwise."""

from collections.abc import Mapping
from typing import NamedTuple

from emulator.model.diagnostic import Diagnostic, Related, warning

from . import fields, rules
from .declarations import Blueprint, EnvEntry, Reference, ServiceSpec, Value
from .parts import SERVICE_PROPERTIES
from .plans import is_free
from .reading import MANY

_GIVES = {
    "W": ("host", "port", "hostport"),
    "P": ("host", "port", "hostport"),
    "V": ("connectionString", "host", "port", "hostport"),
    "K": (),
    "C": (),
    "S": ("host",),
}
"""Properties by kind of target (source: blueprint-spec; its page disagrees with itself on Key Value: all are taken).
A static site's is not documented and not refused here."""

_ADDRESSES = ("host", "hostport", "connectionString", "connectionPoolString")
"""Properties by which one is reached in the private network."""

DEFAULT_REGION = "oregon"

_TYPES = {"V": ("keyvalue", "redis"), "S": ("web", "static")}
"""Types by which a kind is referred to, where that is not the type it is declared with."""

_OURS = ("RENDER", "PORT", "IS_PULL_REQUEST", "PYTHON", "NODE", "GUNICORN", "WEB_CONCURRENCY", "RAILS", "RACK", "MIX",
         "GO", "CARGO", "RUST", "PATH", "HOME", "CI", "POETRY", "UV", "BUN", "RUBY", "BUNDLE", "GEM")  # fmt: skip
"""How the names begin of variables that Render itself sets on a service."""

Place = tuple[str, str]
"""A service and a variable of it."""


class Targets(NamedTuple):
    """What can be referred to, by name. names: for each form, the service of the plan each name belongs to.
    variables, links: the keys and the groups of each service; groups: the keys of each group. regions: by form, where
    each is that has an address in the private network."""

    services: dict[str, ServiceSpec]
    variables: dict[str, frozenset[str]]
    links: dict[str, frozenset[str]]
    groups: dict[str, frozenset[str]]
    pools: dict[str, bool]
    regions: dict[str, dict[str, str]]
    names: dict[str, dict[str, str]]


def targets_of(blueprint: Blueprint) -> Targets:
    """All a Blueprint declares that can be referred to; a read replica like its database."""
    declared = [(name, database) for database in blueprint.databases for name in (database.name, *database.replicas)]
    return Targets(
        services={spec.name: spec for spec in blueprint.services},
        variables={spec.name: frozenset(entry.key for entry in spec.env) for spec in blueprint.services},
        links={spec.name: frozenset(e.group for e in spec.env if e.form == "group") for spec in blueprint.services},
        groups={name: frozenset(entry.key for entry in group) for name, group in blueprint.groups.items()},
        pools={name: "connectionPool" in database.keys for name, database in declared},
        regions={
            "database": {name: _region_of(database.texts) for name, database in declared},
            "service": {spec.name: _region_of(spec.texts) for spec in blueprint.services if spec.kind in "WPV"},
        },
        names={
            "database": {name: blueprint.name_of(database) for name, database in declared},
            "service": {spec.name: spec.name for spec in blueprint.services},
        },
    )


def reference_doubts(spec: ServiceSpec, targets: Targets) -> list[Diagnostic]:
    """What is doubtful about one service's references to what is in the file."""
    found: list[Diagnostic] = []
    for entry in spec.env:
        wanted = entry.reference
        if wanted is None:
            continue
        found += _unreached(spec, entry, wanted, targets)
        if wanted.to == "database":
            found += _pool(spec, entry, wanted, targets)
        elif (target := targets.services.get(wanted.name)) is not None:
            found += [*_type(spec, entry, wanted, target), *_asked(spec, entry, wanted, target, targets)]
    return found


def _region_of(texts: Mapping[str, Value]) -> str:
    return texts["region"].text if "region" in texts else DEFAULT_REGION


def _unreached(spec: ServiceSpec, entry: EnvEntry, wanted: Reference, targets: Targets) -> list[Diagnostic]:
    """An address of the private network at which the service reaches nobody (rule render/private-network)."""
    if not wanted.is_property or wanted.what not in _ADDRESSES:
        return []
    target, here = targets.services.get(wanted.name), _region_of(spec.texts)
    there = targets.regions[wanted.to].get(wanted.name, here)
    if there != here and spec.kind != "S":
        message = f"{entry.key} is the {wanted.what} of {wanted.name!r} in {there}, which nothing in {here} reaches"
        return [_doubt(spec, entry, message, f"put both into one region: `region: {there}`", target)]
    if wanted.to == "service" and target is not None and target.kind == "W" and is_free(target):
        message = f"{entry.key} is the {wanted.what} of {wanted.name!r}, and a free service takes no private traffic"
        help_ = "take another plan for it, or its public address: `envVarKey: RENDER_EXTERNAL_URL`"
        return [_doubt(spec, entry, message, help_, target)]
    return []


def _pool(spec: ServiceSpec, entry: EnvEntry, wanted: Reference, targets: Targets) -> list[Diagnostic]:
    if wanted.what != "connectionPoolString" or targets.pools.get(wanted.name, True):
        return []
    message = f"{entry.key} asks for the connectionPoolString of {wanted.name!r}, and a new database has no pool"
    return [_doubt(spec, entry, message, "add `connectionPool: pgbouncer` to the database", None)]


def _type(spec: ServiceSpec, entry: EnvEntry, wanted: Reference, target: ServiceSpec) -> list[Diagnostic]:
    known = _TYPES.get(target.kind, (target.text("type") or "",))
    if not wanted.type or wanted.type in known:
        return []
    message = f"{entry.key} refers to {target.name!r} as {wanted.type}, which is {fields.KIND_NAMES[target.kind]}"
    return [_doubt(spec, entry, message, f"write `type: {known[0]}`", target)]


def _asked(
    spec: ServiceSpec, entry: EnvEntry, wanted: Reference, target: ServiceSpec, targets: Targets
) -> list[Diagnostic]:
    if wanted.is_property:
        return _property(spec, entry, wanted, target)
    return _variable(spec, entry, wanted, target, targets)


def _property(spec: ServiceSpec, entry: EnvEntry, wanted: Reference, target: ServiceSpec) -> list[Diagnostic]:
    gives = _GIVES[target.kind]
    if wanted.what in gives or wanted.what not in SERVICE_PROPERTIES:
        return []
    message = f"{entry.key} asks {target.name!r} for its {wanted.what}, which {fields.KIND_NAMES[target.kind]} has not"
    help_ = f"it has {', '.join(gives)}" if gives else "nothing reaches it over the network; refer to another service"
    return [_doubt(spec, entry, message, help_, target)]


def _variable(
    spec: ServiceSpec, entry: EnvEntry, wanted: Reference, target: ServiceSpec, targets: Targets
) -> list[Diagnostic]:
    """A variable of the target that neither it nor its groups declare, unless Render or the Dashboard may set it."""
    links = targets.links[target.name]
    if wanted.what.startswith(_OURS) or not links <= targets.groups.keys():
        return []
    if wanted.what in targets.variables[target.name] or any(wanted.what in targets.groups[name] for name in links):
        return []
    message = f"{entry.key} takes {wanted.what} of {target.name!r}, which declares no such variable"
    return [_doubt(spec, entry, message, "declare it there, or correct the name", target)]


def circles(specs: tuple[ServiceSpec, ...]) -> list[Diagnostic]:
    """Variables that take their value from each other; each circle is told once, at the first service of it."""
    declared = {(spec.name, entry.key): (spec, entry) for spec in specs for entry in spec.env if entry.reference}
    order = {place: number for number, place in enumerate(declared)}
    found: list[Diagnostic] = []
    for circle in _circles({place: _taken(entry) for place, (_, entry) in declared.items()}):
        first = min(range(len(circle)), key=lambda at: order[circle[at]])
        path = [*circle[first:], *circle[:first]]
        spec, entry = declared[path[0]]
        names = [f"{service}.{key}" for service, key in path]
        shown = names if len(names) <= MANY else [*names[: MANY - 1], f"… {len(names) - MANY + 1} more"]
        message = f"{entry.key} takes its value from itself: {' → '.join([*shown, names[0]])}"
        found.append(_doubt(spec, entry, message, "give one of them a value of its own", None))
    return found


def _taken(entry: EnvEntry) -> Place | None:
    """The variable of another service whose value this one takes."""
    wanted = entry.reference
    return (wanted.name, wanted.what) if wanted and wanted.to == "service" and not wanted.is_property else None


def _circles(taken: dict[Place, Place | None]) -> list[list[Place]]:
    """The ways that lead back to where they began. Each place is visited once, however many lead to it."""
    found: list[list[Place]] = []
    seen: set[Place] = set()
    for start in taken:
        way: dict[Place, int] = {}
        at: Place | None = start
        while at is not None and at not in seen and at not in way:
            way[at] = len(way)
            at = taken.get(at)
        if at is not None and at in way:
            found.append(list(way)[way[at] :])
        seen.update(way)
    return found


def _doubt(spec: ServiceSpec, entry: EnvEntry, message: str, help_: str, target: ServiceSpec | None) -> Diagnostic:
    assert entry.reference is not None
    return warning(
        "render/reference", message, origin=entry.reference.origin, service=spec.name, rule=rules.REFERENCES.id,
        related=(Related(origin=target.origin, message="what it refers to"),) if target else (), help=help_,
    )  # fmt: skip
