"""What becomes of every key of render.yaml in this run, and what the platform does that we do not."""

from emulator.contract import Inputs
from emulator.model.origin import Origin
from emulator.model.plan import BuildKind, Coverage, EnvKind
from emulator.model.record import replace
from emulator.model.rule import Fidelity, Rule

from . import fields, rules
from .declarations import Blueprint, ServiceSpec
from .plans import is_free
from .previews import is_preview
from .reading import few
from .way import Way


def key_coverage(spec: ServiceSpec, unread: dict[str, str]) -> list[Coverage]:
    """Every key of one service. One that Render itself leaves unread is imitated exactly by doing nothing."""
    rows: list[Coverage] = []
    for key, origin in spec.keys.items():
        field = fields.SERVICE_FIELDS.get(key)
        fidelity = field.fidelity if field else Fidelity.UNKNOWN
        note = field.note if field else "Render has no such field"
        if field and spec.kind not in field.kinds:
            fidelity, note = Fidelity.EXACT, f"not read: {fields.KIND_NAMES[spec.kind]} has no use for it"
        if key in unread:
            fidelity, note = Fidelity.EXACT, f"not read: {unread[key]}"
        rows.append(Coverage(key=f"services[{spec.number}].{key}", origin=origin, fidelity=fidelity, note=note))
    return rows


def blueprint_coverage(blueprint: Blueprint) -> list[Coverage]:
    """The outermost keys, and every key of the databases."""
    notes = ((key, origin, fields.ROOT_NOTES.get(key)) for key, origin in blueprint.keys.items())
    rows = [Coverage(key=key, origin=at, fidelity=note[0], note=note[1]) for key, at, note in notes if note]
    for database in blueprint.databases:
        for key, origin in database.keys.items():
            fidelity, note = _DATABASE_NOTES.get(key, (Fidelity.NOT_IMITATED, "a local server has no use for it"))
            rows.append(
                Coverage(key=f"databases[{database.number}].{key}", origin=origin, fidelity=fidelity, note=note)
            )
    return rows


def datastore_coverage(origin: Origin, *more: Rule) -> tuple[Coverage, ...]:
    """What a local server does otherwise than the platform's. more: what only this kind does."""
    said = (rules.DATASTORES, *more)
    return tuple(Coverage(key=r.id, origin=origin, fidelity=r.fidelity, note=r.note or r.statement) for r in said)


_DATABASE_NOTES = {
    "name": (Fidelity.EXACT, ""),
    "databaseName": (Fidelity.APPROXIMATE, "as it is written: Render may add letters to it"),
    "user": (Fidelity.EXACT, ""),
    "ipAllowList": (Fidelity.APPROXIMATE, "served on this machine only"),
    "plan": (Fidelity.APPROXIMATE, "memory as a hard limit"),
    "postgresMajorVersion": (Fidelity.EXACT, "unless a stand-in has to do, which is then said"),
    "diskSizeGB": (Fidelity.NOT_IMITATED, "it may hold as much as this machine has room for"),
    "storageAutoscalingEnabled": (Fidelity.NOT_IMITATED, "it may hold as much as this machine has room for"),
    "highAvailability": (Fidelity.NOT_IMITATED, "one server, with no standby beside it"),
    "previewPlan": (Fidelity.EXACT, "read with --preview"),
    "readReplicas": (Fidelity.APPROXIMATE, "there is none: references lead to the database itself, which takes writes"),
    "connectionPool": (Fidelity.APPROXIMATE, "there is no pool: its connection string leads to the database itself"),
}


def merged(of: list[tuple[str, tuple[Coverage, ...]]]) -> list[Coverage]:
    """The rows of all services, each with its name. One that several have stands once, and says
    which they are unless all have it."""
    rows: dict[str, Coverage] = {}
    names: dict[str, list[str]] = {}
    for name, found in of:
        for row in found:
            rows.setdefault(row.key, row)
            names.setdefault(row.key, []).append(name)
    for rule in rules.RULES:
        having = names.get(rule.id, [])
        if len(having) > 1:
            rows[rule.id] = replace(rows[rule.id], origin=None)
        if 0 < len(having) < len(of):
            rows[rule.id] = replace(rows[rule.id], note=f"{rows[rule.id].note} ({few(having)})")
    return list(rows.values())


def service_coverage(spec: ServiceSpec, way: Way, inputs: Inputs) -> tuple[Coverage, ...]:
    """What the platform does around this service that a run here does otherwise."""
    rows = [rules.EDGE, rules.EDGE_REQUEST_HEADERS] if spec.kind == "W" else []
    if spec.kind == "W" and is_free(spec):
        rows.append(rules.FREE_SLEEP)
    if spec.kind in "WPK":
        rows.append(rules.CPU)
    if spec.kind == "C":
        rows.append(rules.CRON_OVERLAP)
    if spec.kind == "S":
        rows += [rules.SITE_FILES, rules.SITE_CACHE, rules.SITE_COMPRESSION, rules.SITE_DEPENDENCIES]
    if way.build.kind is BuildKind.NATIVE:
        rows += [rules.NATIVE_LAYOUT, rules.NATIVE_TOOLS, rules.NATIVE_USER]
    kinds = {variable.kind for variable in way.environment.variables}
    if kinds & {EnvKind.DATABASE, EnvKind.SERVICE}:
        rows.append(rules.REFERENCES)
    if EnvKind.GENERATED in kinds:
        rows.append(rules.GENERATED_VALUE)
    if len([entry for entry in spec.env if entry.form == "group"]) > 1:
        rows.append(rules.ENV_GROUPS)
    if is_preview(inputs):
        rows.append(rules.PREVIEWS)
    if inputs.secret_files:
        rows.append(rules.SECRET_FILES)
    origin = spec.origin if spec.is_declared else None
    return tuple(
        Coverage(key=rule.id, origin=origin, fidelity=rule.fidelity, note=rule.note or rule.statement) for rule in rows
    )
