"""What a variable's value is, or where it comes from: through groups, references and what the user gave.

A reference to another service's variable is followed to its end, over as many services as it takes; one that leads back
to itself has no value (`reference_doubts` says so).
"""

from collections.abc import Callable
from typing import NamedTuple

from emulator.contract import GivenVar
from emulator.model.plan import EnvKind, Reference
from emulator.model.remembered import made_as

from .declarations import Blueprint, EnvEntry, ServiceSpec
from .linking import DEFAULT_PORT, datastore_fact, private_name
from .previews import WITHHELD

FORM_KINDS = {
    "literal": EnvKind.LITERAL, "generated": EnvKind.GENERATED, "prompted": EnvKind.PROMPT,
    "database": EnvKind.DATABASE, "service": EnvKind.SERVICE, "empty": EnvKind.PROMPT, WITHHELD: EnvKind.PROMPT,
}  # fmt: skip

PRINTED = (EnvKind.LITERAL, EnvKind.GROUP, EnvKind.PLATFORM, EnvKind.FLAG)
"""Kinds whose value stands in the file or comes from Render; what replaces it by --env may be printed as well."""

MOST_HOPS = 100
"""Further than this no reference is followed: no person writes such a chain."""

Place = tuple[str, str]
"""A service and a variable of it."""


class Known(NamedTuple):
    """What is known of a value, at most one of these. value: it, and it may be printed. hidden: it, and it may not.
    reference: a datastore's fact. made_as: the name of a random value. unset: whose prompt nobody has answered."""

    value: str | None = None
    hidden: str | None = None
    reference: Reference | None = None
    made_as: str | None = None
    unset: tuple[str, EnvEntry] | None = None


class Scope(NamedTuple):
    """What the variables of all services are worked out from. set_by_render: the value Render itself gives a variable
    of a service. is_preview: whether it is a preview's, which has random values of its own."""

    blueprint: Blueprint | None
    given: tuple[GivenVar, ...]
    set_by_render: Callable[[ServiceSpec, str], str | None]
    is_preview: bool = False

    def given_to(self, service: str) -> dict[str, GivenVar]:
        """What the user gave for a service by name: what was given later wins."""
        return {one.name: one for one in self.given if one.service in (None, service)}


def kind_of(entry: EnvEntry) -> EnvKind:
    return EnvKind.GROUP if entry.group and entry.form == "literal" else FORM_KINDS[entry.form]


def is_printed(given: GivenVar, kind: EnvKind) -> bool:
    """Whether what the user gave for a variable of this kind may be printed: one that Render keeps secret stays secret;
    a value from an env file may be anything."""
    return kind in PRINTED and given.source == "flag"


def declared(spec: ServiceSpec, blueprint: Blueprint | None) -> list[EnvEntry]:
    """The variables the file gives a service, so that the later win: those of its groups in the order the groups stand
    in the file, then its own (rule render/env-groups)."""
    groups = blueprint.groups if blueprint else {}
    linked = {entry.group for entry in spec.env if entry.form == "group"}
    of_groups = [entry for name, entries in groups.items() if name in linked for entry in entries]
    usable = [entry for entry in of_groups if entry.form in ("literal", "generated")]
    own = [entry for entry in spec.env if entry.form != "group"]
    withheld = [entry for entry in own if entry.form == WITHHELD]
    return withheld + usable + [entry for entry in own if entry.form != WITHHELD]


def known(entry: EnvEntry, spec: ServiceSpec, scope: Scope, asked: frozenset[Place] = frozenset()) -> Known:
    """The value of an entry of `spec`'s variables. asked: places that already wait for this one."""
    match entry.form:
        case "literal":
            return Known(value=entry.value)
        case "generated":
            return Known(made_as=_made_as(entry, spec, scope))
        case "prompted":
            return Known(unset=(spec.name, entry))
        case "database" | "service" if entry.reference is not None and scope.blueprint is not None:
            return _referred(entry, scope, asked | {(spec.name, entry.key)})
    return Known()


def _made_as(entry: EnvEntry, spec: ServiceSpec, scope: Scope) -> str:
    """A group has one value for all that link it."""
    owner = f"env group {entry.group}" if entry.group else spec.name
    return made_as(f"{owner} (preview)" if scope.is_preview else owner, entry.key)


def _referred(entry: EnvEntry, scope: Scope, asked: frozenset[Place]) -> Known:
    wanted, blueprint = entry.reference, scope.blueprint
    assert wanted is not None
    assert blueprint is not None
    fact = datastore_fact(entry, blueprint)
    if fact is not None:
        return Known(reference=fact)
    target = next((s for s in blueprint.services if s.name == wanted.name), None)
    if entry.form != "service" or target is None or target.kind == "V":
        return Known()
    if not wanted.is_property:
        return looked_up(target, wanted.what, scope, asked)
    return _property(target, wanted.what, scope, asked)


def _property(target: ServiceSpec, what: str, scope: Scope, asked: frozenset[Place]) -> Known:
    """A web or private service's host and port in the private network: the port is PORT's, 10000 by default."""
    if target.kind not in "WP" or what not in ("host", "port", "hostport"):
        return Known()
    host = private_name(target)
    if what == "host":
        return Known(value=host)
    front = f"{host}:" if what == "hostport" else ""
    port = looked_up(target, "PORT", scope, asked)
    if port.hidden is not None:
        return Known(hidden=front + port.hidden)
    return Known(value=front + (port.value or DEFAULT_PORT))


def looked_up(spec: ServiceSpec, name: str, scope: Scope, asked: frozenset[Place]) -> Known:
    """The value of any variable of a service, its own or Render's."""
    if (spec.name, name) in asked or len(asked) > MOST_HOPS:
        return Known()
    entry = next((e for e in reversed(declared(spec, scope.blueprint)) if e.key == name), None)
    given = scope.given_to(spec.name).get(name)
    if given is not None:
        is_shown = is_printed(given, kind_of(entry) if entry else EnvKind.FLAG)
        return Known(value=given.value) if is_shown else Known(hidden=given.value)
    return known(entry, spec, scope, asked) if entry else Known(value=scope.set_by_render(spec, name))
