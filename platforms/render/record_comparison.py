"""A service's record beside the repository: every setting in which they disagree, and what the next sync would do.

The record wins: a deploy consults nothing else. render.yaml loses until a Blueprint sync, if there is a Blueprint at
all; the record does not tell.
"""

from collections.abc import Callable
from typing import NamedTuple

from emulator.contract import Inputs
from emulator.model.choice import Candidate, Decision, Trace, choose
from emulator.model.diagnostic import Diagnostic, Fault, Related, info, warning
from emulator.model.origin import Origin
from emulator.model.plan import Alternative, Command, Service, Shadowed
from emulator.model.record import replace
from emulator.snapshot import Snapshot

from . import rules
from .change_filter import trigger_of
from .declarations import Blueprint, EnvEntry, ServiceSpec, Value
from .plans import canonical
from .reading import few
from .record import Recorded
from .service import ServiceResult, resolve_service

KEPT = None
"""What a sync does to a setting that render.yaml leaves out: nothing."""

_AT_A_SYNC = "render.yaml is read at a Blueprint sync alone: the next one sets the service to this"
_FIXED = "no sync can change it: it is settled when a service is created"
_LEFT_OUT = "render.yaml leaves it out: the next Blueprint sync almost definitely sets the default"
_EMPTIED = "render.yaml leaves it out: the next Blueprint sync empties it"


class Setting(NamedTuple):
    """One setting both can have. omitted: what a sync sets where render.yaml leaves it out; KEPT: nothing.
    plain: one form for all spellings of a value."""

    name: str
    of: Callable[[ServiceSpec], Value | None]
    omitted: str | None = KEPT
    plain: Callable[[str], str] = str.strip
    is_fixed: bool = False


def _text(field: str) -> Callable[[ServiceSpec], Value | None]:
    return lambda spec: spec.filled(field)


def _part(of: str, field: str) -> Callable[[ServiceSpec], Value | None]:
    def get(spec: ServiceSpec) -> Value | None:
        mapping = spec.disk if of == "disk" else spec.scaling
        return (mapping or {}).get(field)

    return get


def _path(text: str) -> str:
    import posixpath

    return posixpath.normpath(text.strip().lstrip("/") or ".")


SETTINGS: tuple[Setting, ...] = (
    Setting("type", _text("type"), is_fixed=True),
    Setting("runtime", lambda spec: spec.runtime),
    Setting("image.url", lambda spec: spec.image),
    Setting("plan", _text("plan"), plain=canonical),
    Setting("region", _text("region"), is_fixed=True),
    Setting("branch", _text("branch")),
    Setting("rootDir", _text("rootDir"), ".", _path),
    Setting("dockerfilePath", _text("dockerfilePath"), "Dockerfile", _path),
    Setting("dockerContext", _text("dockerContext"), ".", _path),
    Setting("dockerCommand", _text("dockerCommand"), ""),
    Setting("buildCommand", _text("buildCommand"), ""),
    Setting("startCommand", _text("startCommand"), ""),
    Setting("preDeployCommand", _text("preDeployCommand"), ""),
    Setting("schedule", _text("schedule")),
    Setting("staticPublishPath", _text("staticPublishPath"), plain=_path),
    Setting("healthCheckPath", _text("healthCheckPath"), ""),
    Setting("maxShutdownDelaySeconds", _text("maxShutdownDelaySeconds"), "30"),
    Setting("numInstances", _text("numInstances")),
    Setting("scaling.minInstances", _part("scaling", "minInstances")),
    Setting("scaling.maxInstances", _part("scaling", "maxInstances")),
    Setting("scaling.targetCPUPercent", _part("scaling", "targetCPUPercent")),
    Setting("scaling.targetMemoryPercent", _part("scaling", "targetMemoryPercent")),
    Setting("disk.name", _part("disk", "name"), ""),
    Setting("disk.mountPath", _part("disk", "mountPath"), ""),
    Setting("disk.sizeGB", _part("disk", "sizeGB")),
    Setting("maintenanceMode.enabled", lambda spec: (spec.maintenance or {}).get("enabled"), "false"),
    Setting("autoDeployTrigger", trigger_of),
    Setting("renderSubdomainPolicy", _text("renderSubdomainPolicy")),
)
"""What render.yaml and a record both say in one text. What a sync does where render.yaml leaves one out: rule
render/sync-omitted."""


class Difference(NamedTuple):
    """A setting in which the two disagree, each side in words. because: why render.yaml's does not hold, and when it
    would."""

    setting: str
    here: str
    theirs: str
    because: str
    here_at: Origin | None
    theirs_at: Origin | None


def compared(
    repo: Snapshot, inputs: Inputs, recorded: Recorded, result: ServiceResult, blueprint: Blueprint | None
) -> ServiceResult:
    """The result with what the repository says otherwise: decisions, commands that lost, one warning."""
    spec = recorded.spec
    declared = next((s for s in blueprint.services if s.name == spec.name), None) if blueprint else None
    if blueprint is None or declared is None:
        return result._replace(diagnostics=(*result.diagnostics, *_undeclared(spec, blueprint)))
    if declared.kind == "V":
        return result
    differences = differing(spec, declared)
    differences += differing_variables(recorded, _variables(declared, blueprint))
    trace = Trace()
    for difference in differences:
        _decide(trace, spec, difference)
    told = [_warning(spec, blueprint, differences)] if differences else []
    synced = resolve_service(repo, inputs, declared, blueprint, "blueprint").service
    return result._replace(
        service=_with_losers(result.service, synced, trace.decisions), diagnostics=(*result.diagnostics, *told)
    )


def differing(spec: ServiceSpec, declared: ServiceSpec) -> list[Difference]:
    """Every setting whose value is not the same in both, spelling aside."""
    found: list[Difference] = []
    for setting in SETTINGS:
        here, theirs = setting.of(spec), setting.of(declared)
        is_scaled = setting.name == "numInstances" and spec.scaling is not None
        if is_scaled or (theirs is None and (setting.omitted is KEPT or here is None)):
            continue
        mine = setting.plain(here.text) if here else setting.omitted or ""
        other = setting.plain(theirs.text) if theirs else setting.omitted or ""
        if mine != other:
            because = _FIXED if setting.is_fixed else _AT_A_SYNC if theirs else _LEFT_OUT
            found.append(_difference(setting.name, here, theirs, because, setting.omitted))
    filtered = spec.get("buildFilter")
    if filtered is not None and "buildFilter" not in declared.keys:
        found.append(_difference("buildFilter", filtered, None, _EMPTIED, ""))
    return found


def _difference(name: str, here: Value | None, theirs: Value | None, because: str, omitted: str | None) -> Difference:
    return Difference(
        name, _words(here, omitted), _words(theirs, omitted), because, here.origin if here else None,
        theirs.origin if theirs else None,
    )  # fmt: skip


def _words(value: Value | None, omitted: str | None) -> str:
    return value.text if value else f"{omitted} (the default)" if omitted else "none"


def _variables(declared: ServiceSpec, blueprint: Blueprint) -> dict[str, EnvEntry]:
    """What render.yaml gives values to, its own after its groups'."""
    linked = [e for entry in declared.env if entry.form == "group" for e in blueprint.groups.get(entry.group, ())]
    return {entry.key: entry for entry in (*linked, *declared.env) if entry.key}


def differing_variables(recorded: Recorded, entries: dict[str, EnvEntry]) -> list[Difference]:
    """Variables that a sync would set or add; it deletes none. Their values are not shown."""
    if recorded.env is None:
        return []
    has = {given.name: given for given in recorded.env}
    found: list[Difference] = []
    for name, entry in entries.items():
        given = has.get(name)
        if given is None and entry.form in ("literal", "generated", "database", "service"):
            because = "render.yaml is read at a Blueprint sync alone: the next one adds it"
            found.append(Difference(f"envVars {name}", "not set", "set", because, None, entry.origin))
        elif given is not None and entry.form == "literal" and entry.value is not None and entry.value != given.value:
            said = Difference(f"envVars {name}", "one value", "another", _AT_A_SYNC, given.origin, entry.origin)
            found.append(said)
    return found


def _decide(trace: Trace, spec: ServiceSpec, difference: Difference) -> None:
    setting, here, theirs, because, here_at, theirs_at = difference
    choose(
        trace, f"{spec.name}.record.{setting.replace(' ', '.')}", f"Which {setting} does the service have?",
        Candidate(here, source="record", because="its settings say so", origin=here_at, rule=rules.SERVICE_RECORD),
        Candidate(theirs, source="render.yaml", because="render.yaml says so", origin=theirs_at, loses=because),
    )  # fmt: skip


def _warning(spec: ServiceSpec, blueprint: Blueprint, differences: list[Difference]) -> Diagnostic:
    """One word for all of them, each with both places."""
    count = len(differences)
    what = differences[0].setting if count == 1 else f"{count} settings"
    origin = next((d.here_at for d in differences if d.here_at), spec.origin)
    related = tuple(Related(origin=d.theirs_at or d.here_at or spec.origin, message=_told(d)) for d in differences)
    emptied = any(d.because in (_LEFT_OUT, _EMPTIED) for d in differences)
    return warning(
        "config/record-disagrees",
        f"{what} of {spec.name} {'is' if count == 1 else 'are'} not what {blueprint.file} says: the record holds",
        origin=origin, service=spec.name, related=related,
        facts=("what render.yaml leaves out almost definitely gets its default at a sync",) if emptied else (),
        rule=rules.SYNC_OVERWRITES.id, url=rules.SYNC_OVERWRITES.url,
        help=f"if a Blueprint manages the service, its next sync sets {'it' if count == 1 else 'them'} back; if not, "
        "render.yaml is never read: change the settings in the Dashboard, or make the file agree",
    )  # fmt: skip


def _told(difference: Difference) -> str:
    place = difference.here_at
    where = f" ({place.file}:{place.line})" if place and difference.theirs_at else ""
    theirs = "render.yaml leaves it out" if difference.theirs_at is None else f"here {difference.theirs}"
    return f"{difference.setting}: {theirs}; the record has {difference.here}{where}"


def _undeclared(spec: ServiceSpec, blueprint: Blueprint | None) -> list[Diagnostic]:
    """A render.yaml that says nothing of the service."""
    if blueprint is None or not blueprint.services:
        return []
    return [
        info(
            "render/record-undeclared", f"{blueprint.file} declares no service called {spec.name}",
            fault=Fault.APP, service=spec.name, origin=Origin(file=blueprint.file), rule=rules.SERVICE_RECORD.id,
            facts=(f"it declares {few([s.name for s in blueprint.services])}",),
            help="nothing of it holds for this service",
        )
    ]  # fmt: skip


def _with_losers(service: Service, synced: Service, decisions: tuple[Decision, ...]) -> Service:
    """The service with render.yaml's command among those that lost, and what would run after a sync."""
    command, other = service.command, synced.command
    if command is not None and not _same(command, other):
        command = _beaten(command, other)
        first, *more = service.containers
        service = replace(service, command=command, containers=(replace(first, command=command), *more))
    return replace(service, decisions=(*service.decisions, *decisions))


def _same(mine: Command, theirs: Command | None) -> bool:
    return theirs is not None and (mine.argv, mine.form) == (theirs.argv, theirs.form)


def _beaten(command: Command, other: Command | None) -> Command:
    alternative = Alternative(
        when="synced from render.yaml", source=other.source if other else "render.yaml",
        text=other.text if other else None, argv=other.argv if other else None,
    )  # fmt: skip
    shadowed = command.shadowed
    if other is not None and other.text is not None and other.source == "render.yaml":
        lost = Shadowed(source="render.yaml", text=other.text, origin=other.origin, because=_AT_A_SYNC)
        shadowed = (lost, *shadowed)
    return replace(command, alternative=alternative, shadowed=shadowed)
