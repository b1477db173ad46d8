"""One field of the file that describes the services set to another value, found as the platform's adapter says."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from emulator.commands.planning import Planned
from emulator.formats.yaml import Mapping as YamlMapping
from emulator.formats.yaml import parse_yaml
from emulator.formats.yaml_edit import CannotSet, split_path, with_value
from emulator.formats.yaml_scalars import Dialect
from emulator.model.diagnostic import UsageError
from emulator.model.spelling import did_you_mean
from emulator.snapshot import Snapshot, Unreadable, normal

_YAML = (".yaml", ".yml", ".json")
_EXAMPLE = "services.api.rootDir=backend"


def with_field(repo: Snapshot, planned: Planned, text: str) -> tuple[str, bytes]:
    """The file in which `[FILE:]FIELD=VALUE` sets a field, and its content then. Raises UsageError."""
    field, equals, value = text.partition("=")
    if not (field and equals):
        raise UsageError(f"--set takes FIELD=VALUE, not {text!r}", help=f"for example --set {_EXAMPLE}")
    named, field = _file_and_field(field)
    own = _settings_files(repo, planned)
    file = _inside(named) if named else next(iter(own), None)
    if file is None:
        raise UsageError(
            "--set: the services of this plan come from no YAML file", help=f"name the file: --set FILE:{_EXAMPLE}"
        )
    if not repo.is_file(file):
        raise UsageError(f"--set: the platform has no {file}", help="name a YAML file of the repository before the ':'")
    dialect = Dialect(getattr(planned.platform, "DIALECT", Dialect.YAML_1_1))
    try:
        before, path, named_by = repo.text(file), split_path(field), "name"
        if file in own:
            path, named_by = _path(planned, file, before, path)
        return file, with_value(before, path, value, dialect=dialect, named_by=named_by).encode()
    except CannotSet as problem:
        whole = f"write all of {file} as you mean it, and try --with {file}=THAT_FILE"
        raise UsageError(f"--set {text}: {problem}", help=problem.help or whole) from None
    except Unreadable as problem:
        raise UsageError(f"{file}:{problem.line}: {problem.message}", help="write it as UTF-8 text") from None


def _file_and_field(text: str) -> tuple[str, str]:
    """What stands before a colon, and behind it; quotes may hold colons of their own."""
    match = re.fullmatch(r'([^":]*):(.*)', text, re.DOTALL)
    return (match[1], match[2]) if match else ("", text)


def _inside(path: str) -> str:
    clean = normal(path)
    if clean is None or clean == ".":
        raise UsageError(f"--set: {path} is no file of the repository", help="give a path from the repository's root")
    return clean


def _settings_files(repo: Snapshot, planned: Planned) -> list[str]:
    """The YAML files that the plan's services come from."""
    plan = planned.resolution.plan
    places = [service.origin for service in plan.services] + [found.origin for found in plan.diagnostics]
    named = dict.fromkeys(place.file for place in places if place is not None and place.file.endswith(_YAML))
    return [name for name in named if repo.is_file(name)]


def _path(planned: Planned, file: str, text: str, field: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Where the field lies in a file of the platform's, and by which key its items have names. Raises CannotSet for a
    field that nobody knows."""
    platform = planned.platform
    find = getattr(platform, "field_path", None)
    if find is None:
        return _known(planned, file, text, field)
    if field[0] == "services" and len(field) > 2:
        names = [service.name for service in planned.resolution.plan.services]
        if field[1] not in names:
            raise CannotSet(f"there is no service {field[1]}", help=did_you_mean(field[1], names))
        field = field[2:]
    return find(file, text, field), "name"


def _known(planned: Planned, file: str, text: str, field: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """The same for a field that is known by the file's schema; where the platform publishes none, by what the file has
    at its top. Raises CannotSet for another one."""
    platform = planned.platform
    schemas = platform.schemas()
    schema = schemas.get(file) or (next(iter(schemas.values())) if len(schemas) == 1 else None)
    if schema is not None:
        try:
            return _walk(schema, field, file)
        except CannotSet as problem:
            raise CannotSet(str(problem), help=_of_the_service(planned, schema, field, file) or problem.help) from None
    dialect = Dialect(getattr(platform, "DIALECT", Dialect.YAML_1_1))
    document = parse_yaml(text, file, dialect=dialect).document
    if isinstance(document, YamlMapping) and document.get(field[0]) is None:
        names = [name for name, _ in document.items()]
        raise CannotSet(f"{file} has no {field[0]}", help=did_you_mean(field[0], names))
    return field, "name"


def _of_the_service(planned: Planned, schema: Mapping[str, Any], field: tuple[str, ...], file: str) -> str | None:
    """What was meant by a field that is not the file's own, and is one of the service's, where there is one service."""
    services = planned.resolution.plan.services
    if len(services) != 1:
        return None
    whole = ("services", services[0].name, *field)
    try:
        _walk(schema, whole, file)
    except CannotSet:
        return None
    return f"did you mean {'.'.join(whole)}?"


def _walk(schema: Mapping[str, Any], field: tuple[str, ...], file: str) -> tuple[tuple[str, ...], str]:
    """Goes along the field through a JSON Schema, as far as that says which fields there are. The path, which for a
    variable that is called by its name leads to its value; and "key" where the last list on the way has items with one,
    else "name"."""
    parts: list[Any] = [schema]
    named_by, is_variable = "name", False
    for number, step in enumerate(field):
        here = [one for part in parts for one in _alternatives(part, schema)]
        items = [one["items"] for one in here if "items" in one]
        known = {name: inner for one in here for name, inner in one.get("properties", {}).items()}
        if not items and known and step not in known:
            where = ".".join(field[:number]) or file
            raise CannotSet(f"{where} has no {step}", help=did_you_mean(step, known))
        parts = items or [one["properties"][step] for one in here if step in one.get("properties", {})]
        is_variable = False
        if items:
            inner = [one.get("properties", {}) for part in parts for one in _alternatives(part, schema)]
            named_by = "key" if any("key" in names for names in inner) else "name"
            is_variable = named_by == "key" and any("value" in names for names in inner) and not step.isdecimal()
    return ((*field, "value") if is_variable else field), named_by


def _alternatives(part: Any, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A schema and those that it is made up of."""
    if not isinstance(part, Mapping):
        return
    if (reference := part.get("$ref")) is not None:
        yield from _alternatives(schema.get("definitions", {}).get(reference.rpartition("/")[2]), schema)
    yield part
    for key in ("allOf", "anyOf", "oneOf"):
        for one in part.get(key, ()):
            yield from _alternatives(one, schema)
