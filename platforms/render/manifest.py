"""render.yaml → declarations in Render's own words, each with its place.

Reading collects every mistake it can find in one pass and keeps what can be kept; deciding what the
declarations mean for the build and the command is another room (`resolve`).
"""

from emulator.formats.yaml import Dialect, Mapping, Node, Scalar, Sequence, parse_yaml
from emulator.model.diagnostic import Diagnostic, Related, error
from emulator.model.origin import Origin

from . import fields, rules
from .declarations import Blueprint, Database, EnvEntry, ServiceSpec
from .deprecated import ROOT_SUCCESSORS, tell_deprecated
from .manifest_env import read_env, tell_booleans
from .manifest_service import read_service
from .parts import DATABASE_PARTS, ENVIRONMENT_PARTS, ROOT_PARTS, Part, check_choice, check_parts
from .reading import Notes, fits, text_of, texts_of


def read_blueprint(text: str, file: str) -> Blueprint:
    """Read a render.yaml. Mistakes are in `diagnostics`, all of them."""
    result = parse_yaml(text, file, dialect=Dialect.GO_YAML)
    root = result.document
    if not isinstance(root, Mapping):
        found = result.diagnostics or (_not_a_blueprint(root, file),)
        return Blueprint(file, diagnostics=found)
    notes = Notes()
    notes.keys(root, fields.ROOT_FIELDS, "a Blueprint")
    _check_values(root, fields.ROOT_TYPES, ROOT_PARTS, notes)
    tell_deprecated(root, ROOT_SUCCESSORS, notes)
    services, databases, groups = _resources(root, notes)
    tell_booleans(notes)
    keys = {key.text: key.origin for key, _ in root.pairs}
    previews = texts_of(root.get("previews")) | texts_of(root)  # the deprecated names stand at the root
    return Blueprint(file, services, databases, groups, (*result.diagnostics, *notes.found), keys, previews)


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
    number = 0
    for holder in (root, *_environments(root, notes)):
        for item in notes.items(holder, "services"):
            spec = read_service(number, item, notes)
            number += 1
            if spec is not None:
                services.append(spec)
        for item in notes.items(holder, "databases"):
            database = _database(len(databases), item, notes)
            if database is not None:
                databases.append(database)
        for item in notes.items(holder, "envVarGroups"):
            _group(item, groups, notes)
    _same_names(services, "services", notes)
    _same_names(databases, "databases", notes)
    return tuple(services), tuple(databases), groups


def _environments(root: Mapping, notes: Notes) -> list[Mapping]:
    ungrouped = root.get("ungrouped")
    found = [ungrouped] if isinstance(ungrouped, Mapping) else []
    for mapping in found:
        notes.keys(mapping, fields.UNGROUPED_FIELDS, "ungrouped")
    for project in notes.items(root, "projects"):
        notes.keys(project, fields.PROJECT_FIELDS, "a project")
        for environment in notes.items(project, "environments"):
            notes.keys(environment, fields.ENVIRONMENT_FIELDS, "an environment")
            _check_values(environment, fields.ENVIRONMENT_TYPES, ENVIRONMENT_PARTS, notes)
            found.append(environment)
    return found


def _check_values(node: Mapping, types: dict[str, str], parts: dict[str, dict[str, Part]], notes: Notes) -> None:
    """The types of a mapping's fields, their words, and what is inside them."""
    for key, value in node.pairs:
        wanted = types.get(key.text)
        if wanted is None:
            continue
        if not fits(value, wanted):
            notes.wrong_type(value, key.text, fields.A_TYPE[wanted])
            continue
        if key.text in fields.CHOICES:
            check_choice(key.text, value, fields.CHOICES[key.text], notes)
        check_parts(key.text, value, parts.get(key.text), notes)


def _database(number: int, node: Mapping, notes: Notes) -> Database | None:
    name = text_of(node, "name")
    for key, _ in node.pairs:
        if key.text not in fields.DATABASE_FIELDS:
            hint = fields.NOT_A_DATABASE_FIELD.get(key.text)
            notes.unknown(key, tuple(fields.DATABASE_FIELDS), "a database", hint=hint)
    _check_values(node, fields.DATABASE_FIELDS, DATABASE_PARTS, notes)
    if name is None:
        notes.say("render/missing-field", f"databases[{number}] has no name", node.origin, help="add `name:`")
        return None
    replicas = node.get("readReplicas")
    listed = replicas.items if isinstance(replicas, Sequence) else ()
    names = tuple(v.text for item in listed if isinstance(item, Mapping) and (v := text_of(item, "name")))
    keys = {key.text: key.origin for key, _ in node.pairs}
    return Database(number, name.text, node.origin, texts_of(node), names, keys)


def _group(node: Mapping, groups: dict[str, tuple[EnvEntry, ...]], notes: Notes) -> None:
    name = text_of(node, "name")
    notes.keys(node, fields.GROUP_FIELDS, "an env group")
    if name is None:
        notes.say("render/missing-field", "an env group has no name", node.origin, help="add `name:`")
        return
    if name.text in groups:
        notes.say(
            "render/duplicate-name", f"two env groups are called {name.text!r}", name.origin, help="rename one of them"
        )
    groups[name.text] = read_env(node, notes, group=name.text)


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
