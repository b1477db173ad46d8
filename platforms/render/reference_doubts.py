"""References whose target is in the file and cannot give what they ask for. Warnings: what the Dashboard holds beside
the file may be otherwise."""

from emulator.model.diagnostic import Diagnostic, Related, warning

from . import fields, rules
from .declarations import Blueprint, EnvEntry, Reference, ServiceSpec

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

_TYPES = {"V": ("keyvalue", "redis"), "S": ("web", "static")}
"""Types by which a kind is referred to, where that is not the type it is declared with."""

_OURS = ("RENDER", "PORT", "IS_PULL_REQUEST", "PYTHON", "NODE", "GUNICORN", "WEB_CONCURRENCY", "RAILS", "RACK", "MIX",
         "GO", "CARGO", "RUST", "PATH", "HOME", "CI", "POETRY", "UV", "BUN", "RUBY", "BUNDLE", "GEM")  # fmt: skip
"""How the names begin of variables that Render itself sets on a service."""

Place = tuple[str, str]
"""A service and a variable of it."""


def reference_doubts(spec: ServiceSpec, blueprint: Blueprint) -> list[Diagnostic]:
    """What is doubtful about one service's references to services of the file."""
    targets = {target.name: target for target in blueprint.services}
    found: list[Diagnostic] = []
    for entry in spec.env:
        wanted = entry.reference
        if wanted is None or wanted.to != "service" or wanted.name not in targets:
            continue
        target = targets[wanted.name]
        known = _TYPES.get(target.kind, (target.text("type") or "",))
        if wanted.type and wanted.type not in known:
            message = (
                f"{entry.key} refers to {target.name!r} as {wanted.type}, which is {fields.KIND_NAMES[target.kind]}"
            )
            found.append(_doubt(spec, entry, message, f"write `type: {known[0]}`", target))
        if wanted.is_property:
            found += _property(spec, entry, wanted, target)
        else:
            found += _variable(spec, entry, wanted, target, blueprint)
    return [*found, *_circle(spec, blueprint)]


def _property(spec: ServiceSpec, entry: EnvEntry, wanted: Reference, target: ServiceSpec) -> list[Diagnostic]:
    gives = _GIVES[target.kind]
    if wanted.what in gives or wanted.what not in fields.SERVICE_PROPERTIES:
        return []
    message = f"{entry.key} asks {target.name!r} for its {wanted.what}, which {fields.KIND_NAMES[target.kind]} has not"
    help_ = f"it has {', '.join(gives)}" if gives else "nothing reaches it over the network; refer to another service"
    return [_doubt(spec, entry, message, help_, target)]


def _variable(
    spec: ServiceSpec, entry: EnvEntry, wanted: Reference, target: ServiceSpec, blueprint: Blueprint
) -> list[Diagnostic]:
    """A variable of the target that neither it nor its groups declare, unless Render or the Dashboard may set it."""
    groups = [link.group for link in target.env if link.form == "group"]
    if wanted.what.startswith(_OURS) or any(group not in blueprint.groups for group in groups):
        return []
    declared = {e.key for e in target.env} | {e.key for group in groups for e in blueprint.groups[group]}
    if wanted.what in declared:
        return []
    message = f"{entry.key} takes {wanted.what} of {target.name!r}, which declares no such variable"
    return [_doubt(spec, entry, message, "declare it there, or correct the name", target)]


def _circle(spec: ServiceSpec, blueprint: Blueprint) -> list[Diagnostic]:
    """Variables that take their value from each other; told once, at the first service of the circle."""
    taken = _taken(blueprint)
    order = [service.name for service in blueprint.services]
    found: list[Diagnostic] = []
    for entry in spec.env:
        path = _path((spec.name, entry.key), taken)
        first = min(path, key=lambda place: (order.index(place[0]), place[1])) if path else None
        if first == (spec.name, entry.key):
            names = " → ".join(f"{service}.{key}" for service, key in [*path, path[0]])
            message = f"{entry.key} takes its value from itself: {names}"
            found.append(_doubt(spec, entry, message, "give one of them a value of its own", None))
    return found


def _taken(blueprint: Blueprint) -> dict[Place, Place]:
    """For each variable that takes another's value, which that is."""
    names = {service.name for service in blueprint.services}
    return {
        (service.name, entry.key): (entry.reference.name, entry.reference.what)
        for service in blueprint.services
        for entry in service.env
        if (entry.reference and entry.form == "service" and not entry.reference.is_property)
        and entry.reference.name in names
    }


def _path(start: Place, taken: dict[Place, Place]) -> list[Place]:
    """The places from `start` back to it, empty where they do not lead back."""
    path, at = [start], taken.get(start)
    while at is not None and at not in path:
        path.append(at)
        at = taken.get(at)
    return path if at == start else []


def _doubt(spec: ServiceSpec, entry: EnvEntry, message: str, help_: str, target: ServiceSpec | None) -> Diagnostic:
    assert entry.reference is not None
    return warning(
        "render/reference", message, origin=entry.reference.origin, service=spec.name, rule=rules.REFERENCES.id,
        related=(Related(origin=target.origin, message="what it refers to"),) if target else (), help=help_,
    )  # fmt: skip
