"""What a variable's value is, or where it comes from: through groups, references and what the user gave.

A reference to another service's variable is followed to its end, over as many services as it takes; one that leads
back to itself has no value (`reference_doubts` says so).
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from emulator.contract import GivenVar, Inputs
from emulator.model.plan import EnvKind, Reference
from emulator.model.remembered import made_as

from .declarations import Blueprint, EnvEntry, ServiceSpec
from .declarations import Reference as Referred
from .linking import DATASTORE_FACTS, DEFAULT_PORT, private_name
from .previews import WITHHELD, is_preview
from .reference_doubts import targets_of

FORM_KINDS = {
    "literal": EnvKind.LITERAL, "generated": EnvKind.GENERATED, "prompted": EnvKind.PROMPT,
    "database": EnvKind.DATABASE, "service": EnvKind.SERVICE, "empty": EnvKind.PROMPT, WITHHELD: EnvKind.PROMPT,
}  # fmt: skip

PRINTED = (EnvKind.LITERAL, EnvKind.GROUP, EnvKind.PLATFORM, EnvKind.FLAG)
"""Kinds whose value stands in the file or comes from Render; what replaces it by --env may be printed as well."""

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


class Step(NamedTuple):
    """A value that is the one of another place. port_of: the host whose port that is, "" where the port alone is
    wanted, None where it is no port; a port that nobody sets is 10000."""

    place: Place
    port_of: str | None = None

    def made_of(self, found: Known) -> Known:
        if self.port_of is None:
            return found
        front = f"{self.port_of}:" if self.port_of else ""
        if found.hidden is not None:
            return Known(hidden=front + found.hidden)
        return Known(value=front + (found.value or DEFAULT_PORT))


class Sources:
    """Where values come from: the Blueprint, by name, and what the user gave. Each thing is worked out once, however
    many refer to it; of two services of one name the first is meant."""

    def __init__(self, blueprint: Blueprint | None, inputs: Inputs) -> None:
        self.blueprint = blueprint
        self.is_preview = is_preview(inputs)
        services = blueprint.services if blueprint else ()
        self.services = {spec.name: spec for spec in reversed(services)}
        self.databases = targets_of(blueprint).names["database"] if blueprint else {}
        self.followed: dict[str, dict[Place, Known]] = {}
        """By how the services came about, what each place that was asked for comes to."""
        self.by_render: dict[tuple[str, str], Mapping[str, str | None]] = {}
        """By that and by service, the variables that Render itself gives it."""
        self._inputs = inputs
        self._given: dict[str, dict[str, GivenVar]] = {}
        self._entries: dict[str, dict[str, EnvEntry]] = {}

    def given_to(self, service: str) -> dict[str, GivenVar]:
        """What the user gave for a service by name: what was given later wins."""
        if service not in self._given:
            self._given[service] = {one.name: one for one in self._inputs.env if one.service in (None, service)}
        return self._given[service]

    def entries_of(self, spec: ServiceSpec) -> dict[str, EnvEntry]:
        """What the file says of each variable of a service."""
        if spec.name not in self._entries:
            self._entries[spec.name] = {entry.key: entry for entry in declared(spec, self.blueprint)}
        return self._entries[spec.name]


class Scope(NamedTuple):
    """Values for one way in which the services came about. set_by_render: the variables that Render itself gives a
    service."""

    sources: Sources
    created_from: str
    set_by_render: Callable[[ServiceSpec], Mapping[str, str | None]]

    def by_render(self, spec: ServiceSpec) -> Mapping[str, str | None]:
        kept, at = self.sources.by_render, (self.created_from, spec.name)
        if at not in kept:
            kept[at] = self.set_by_render(spec)
        return kept[at]


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


def known(entry: EnvEntry, spec: ServiceSpec, scope: Scope) -> Known:
    """The value of an entry of `spec`'s variables."""
    found = _of_entry(entry, spec, scope)
    return found if isinstance(found, Known) else found.made_of(_followed(found.place, scope))


def _followed(place: Place, scope: Scope) -> Known:
    """What a place comes to, over however many others; nothing for one that leads into a circle."""
    memory = scope.sources.followed.setdefault(scope.created_from, {})
    path: dict[Place, Step] = {}
    at = place
    while at not in memory and at not in path:
        found = _at(at, scope)
        if isinstance(found, Known):
            memory[at] = found
        else:
            path[at], at = found, found.place
    value = memory.get(at, Known())
    for passed, step in reversed(path.items()):
        value = memory[passed] = step.made_of(value)
    return value


def _at(place: Place, scope: Scope) -> Known | Step:
    """What stands at a place: what the user gave, what the file says, or what Render sets."""
    service, name = place
    spec = scope.sources.services[service]
    entry = scope.sources.entries_of(spec).get(name)
    given = scope.sources.given_to(service).get(name)
    if given is not None:
        is_shown = is_printed(given, kind_of(entry) if entry else EnvKind.FLAG)
        return Known(value=given.value) if is_shown else Known(hidden=given.value)
    return _of_entry(entry, spec, scope) if entry else Known(value=scope.by_render(spec).get(name))


def _of_entry(entry: EnvEntry, spec: ServiceSpec, scope: Scope) -> Known | Step:
    match entry.form:
        case "literal":
            return Known(value=entry.value)
        case "generated":
            owner = f"env group {entry.group}" if entry.group else spec.name  # a group has one for all that link it
            return Known(made_as=made_as(f"{owner} (preview)" if scope.sources.is_preview else owner, entry.key))
        case "prompted":
            return Known(unset=(spec.name, entry))
        case "database" | "service" if entry.reference is not None:
            return _referred(entry.reference, scope.sources)
    return Known()


def _referred(wanted: Referred, sources: Sources) -> Known | Step:
    target = sources.services.get(wanted.name) if wanted.to == "service" else None
    store = sources.databases.get(wanted.name) if wanted.to == "database" else None
    if target is not None and target.kind == "V":
        store = target.name
    if store is not None:
        fact = DATASTORE_FACTS.get(wanted.what) if wanted.is_property else None
        return Known(reference=Reference(service=store, fact=fact)) if fact else Known()
    if target is None:
        return Known()
    if not wanted.is_property:
        return Step((target.name, wanted.what))
    # A web or private service's host and port in the private network.
    host = private_name(target)
    if target.kind not in "WP" or wanted.what not in ("host", "port", "hostport"):
        return Known()
    if wanted.what == "host":
        return Known(value=host)
    return Step((target.name, "PORT"), port_of=host if wanted.what == "hostport" else "")
