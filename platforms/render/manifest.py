"""render.yaml → declarations in Render's own words, each with its place.

Reading collects every mistake it can find in one pass and keeps what can be kept; deciding what the
declarations mean for the build and the command is another room (`resolve`).
"""

from emulator.formats.yaml import Dialect, Mapping, Node, Scalar, Sequence, parse_yaml
from emulator.model.diagnostic import Diagnostic, Fault, Related, Severity, error, warning
from emulator.model.origin import Origin

from . import fields, parts, rules
from .addresses import check_addresses
from .checking import check_fields, missing
from .declarations import Blueprint, Database, EnvEntry, ServiceSpec
from .deprecated import ROOT_SUCCESSORS, tell_deprecated
from .manifest_env import read_env, tell_booleans
from .manifest_service import read_service
from .reading import Notes, is_bool, text_of, texts_of

MOST = 1000
"""Services, databases or groups that are read, so that any file is answered in bounded time."""


def read_blueprint(text: str, file: str) -> Blueprint:
    """Read a render.yaml. Mistakes are in `diagnostics`, all of them."""
    result = parse_yaml(text, file, dialect=Dialect.GO_YAML)
    root = result.document
    if not isinstance(root, Mapping):
        found = result.diagnostics or (_not_a_blueprint(root, file),)
        return Blueprint(file, diagnostics=found)
    notes = Notes()
    _check_version(root, notes)
    check_fields("a Blueprint", root, parts.ROOT, notes, hints=fields.NOT_A_ROOT_FIELD)
    tell_deprecated(root, ROOT_SUCCESSORS, notes)
    projects = _mappings(root, "projects")
    for project in projects:
        _same_titles(_mappings(project, "environments"), "environments of a project", notes)
    _same_titles(projects, "projects", notes)
    services, databases, groups = _resources(root, notes)
    tell_booleans(notes)
    keys = {key.text: key.origin for key, _ in root.pairs}
    previews = texts_of(root.get("previews")) | texts_of(root)  # the deprecated names stand at the root
    return Blueprint(file, services, databases, groups, (*result.diagnostics, *notes.found), keys, previews)


def _check_version(root: Mapping, notes: Notes) -> None:
    """The published schema knows one version; the documentation none."""
    written = text_of(root, "version")
    if written is not None and written.text != "1":
        notes.found.append(
            warning(
                "render/version", f"the published schema knows version 1, not {written.text}", origin=written.origin,
                rule=rules.NESTED_FIELDS.id, help="remove it: the documentation has no such field",
            )
        )  # fmt: skip


def _not_a_blueprint(root: Node | None, file: str) -> Diagnostic:
    origin = root.origin if root is not None else Origin(file=file)
    what = "is empty" if root is None or (isinstance(root, Scalar) and not root.text) else "is not a mapping"
    return error(
        "render/not-a-blueprint", f"{file} {what}", origin=origin, rule=rules.UNKNOWN_FIELD.id,
        help="a Blueprint starts with `services:` and a list of services",
    )  # fmt: skip


def _resources(
    root: Mapping, notes: Notes
) -> tuple[tuple[ServiceSpec, ...], tuple[Database, ...], dict[str, tuple[EnvEntry, ...]]]:
    """Services, databases and groups, wherever they stand: at the root, ungrouped, or in an environment."""
    services: list[ServiceSpec] = []
    databases: list[Database] = []
    groups: dict[str, tuple[EnvEntry, ...]] = {}
    for number, item in _all(root, "services", notes):
        spec = read_service(number, item, notes)
        services += [spec] if spec is not None else []
    for number, item in _all(root, "databases", notes):
        database = _database(number, item, notes)
        databases += [database] if database is not None else []
    named = _all(root, "envVarGroups", notes)
    for number, item in named:
        _group(number, item, groups, notes)
    _same_titles([item for _, item in named], "env groups", notes, severity=Severity.ERROR)
    _same_names(services, "services", notes)
    _same_names(databases, "databases", notes)
    return tuple(services), tuple(databases), groups


def _all(root: Mapping, key: str, notes: Notes) -> list[tuple[int, Mapping]]:
    """The items of a list wherever it stands, numbered through."""
    found: list[tuple[int, Mapping]] = []
    before = 0
    for holder in _holders(root):
        found += [(before + number, item) for number, item in notes.numbered(holder, key)]
        before += len(listed.items) if isinstance(listed := holder.get(key), Sequence) else 0
    if len(found) <= MOST:
        return found
    notes.say(
        "render/too-many", f"there are {len(found):,} {key}; the first {MOST:,} are read here", found[MOST][1].origin,
        fault=Fault.GAP, help="is this file meant to be deployed?",
    )  # fmt: skip
    return found[:MOST]


def _holders(root: Mapping) -> list[Mapping]:
    """The mappings that can hold resources: the root, `ungrouped` and every environment."""
    ungrouped = root.get("ungrouped")
    environments = [e for project in _mappings(root, "projects") for e in _mappings(project, "environments")]
    return [root, *([ungrouped] if isinstance(ungrouped, Mapping) else []), *environments]


def _mappings(holder: Mapping, key: str) -> list[Mapping]:
    listed = holder.get(key)
    return [item for item in listed.items if isinstance(item, Mapping)] if isinstance(listed, Sequence) else []


def _same_titles(of: list[Mapping], what: str, notes: Notes, *, severity: Severity = Severity.WARNING) -> None:
    """Things of one name. Of projects and environments no refusal is on record, so there it is a warning."""
    first: dict[str, Origin] = {}
    for name in (name for mapping in of if (name := text_of(mapping, "name"))):
        if name.text in first:
            notes.found.append(
                Diagnostic(
                    code="render/duplicate-name", severity=severity, fault=Fault.APP, origin=name.origin,
                    message=f"two {what} are called {name.text!r}", help="rename one of them",
                    related=(Related(origin=first[name.text], message="the first one"),),
                )
            )  # fmt: skip
        first.setdefault(name.text, name.origin)


def _database(number: int, node: Mapping, notes: Notes) -> Database | None:
    name = text_of(node, "name")
    check_addresses(node, notes)
    hints = fields.NOT_A_DATABASE_FIELD
    check_fields("a database", node, parts.DATABASE, notes, hints=hints, type_="file.Database")
    if name is None or not name.text.strip():
        notes.say("render/missing-field", f"databases[{number}] has no name", node.origin, help="add `name:`")
        return None
    replicas = node.get("readReplicas")
    listed = replicas.items if isinstance(replicas, Sequence) else ()
    names = tuple(v.text for item in listed if isinstance(item, Mapping) and (v := text_of(item, "name")))
    keys = {key.text: key.origin for key, _ in node.pairs}
    available = node.get("highAvailability")
    is_available = isinstance(available, Mapping) and is_bool(available.get("enabled"), True)
    return Database(number, name.text, node.origin, texts_of(node), names, keys, is_available)


def _group(number: int, node: Mapping, groups: dict[str, tuple[EnvEntry, ...]], notes: Notes) -> None:
    name = text_of(node, "name")
    check_fields("an env group", node, parts.GROUP, notes)
    if name is None or not name.text.strip():
        notes.say("render/missing-field", f"envVarGroups[{number}] has no name", node.origin, help="add `name:`")
        return
    if node.get("envVars") is None:
        missing("an env group", "envVars", node, notes)
    groups[name.text] = read_env(node, notes, f"envVarGroups[{number}]", group=name.text)


def _same_names(declared: list[ServiceSpec] | list[Database], what: str, notes: Notes) -> None:
    first: dict[str, Origin] = {}
    for spec in declared:
        if spec.name in first:
            related = (Related(origin=first[spec.name], message="the first one"),)
            notes.say(
                "render/duplicate-name", f"two {what} are called {spec.name!r}", spec.origin,
                related=related, help="rename one of them",
            )  # fmt: skip
        first.setdefault(spec.name, spec.origin)
