"""What Render's API or command line says of services (JSON) → declarations, each setting with its place.

A file may hold one service, a list of them as the API pages them (`[{"service": …, "cursor": …}]`), what the API
lists at addresses of a service's own (`/env-vars`, `/custom-domains`, …), or an env group. Several files are read
together: variables in the second belong to the service in the first. No value of a variable is ever quoted.
"""

from collections.abc import Iterable
from typing import NamedTuple

from emulator.contract import GivenFile, GivenText, GivenVar
from emulator.formats.json_nodes import parse_json
from emulator.formats.yaml import Mapping, Node, Scalar, Sequence
from emulator.model.diagnostic import Diagnostic, Fault, error, info
from emulator.model.origin import Origin

from . import fields, rules
from .declarations import Identity, ServiceSpec, Value
from .reading import few, fits, is_null, near, text_of
from .record_fields import DATASTORES, FIELDS, IN_MAPPING, INSIDE, KINDS, NOTHING_SET, PARTS, TYPE_OF_KIND

EXPORTS = "export it with `render services --output json`, or from the API at /v1/services/ID"


class Recorded(NamedTuple):
    """A service as Render has it. env: its variables, None where no file has them. paths: every field that is
    written, for what becomes of it. idle: those with which nothing is set. suspended: why Render has taken it out of
    service, None where it has not."""

    spec: ServiceSpec
    env: tuple[GivenVar, ...] | None
    paths: dict[str, Origin]
    idle: frozenset[str] = frozenset()
    suspended: Value | None = None
    secret_files: tuple[GivenFile, ...] = ()

    @property
    def repo(self) -> str:
        return self.spec.text("repo") or ""


class Records(NamedTuple):
    services: tuple[Recorded, ...]
    diagnostics: tuple[Diagnostic, ...]


class _Parts(NamedTuple):
    """What stands beside services: the items of their lists, and env groups."""

    lists: dict[str, list[Mapping]]
    groups: list[Mapping]


def read_records(texts: Iterable[GivenText], wanted: tuple[str, ...] = ()) -> Records:
    """All services of the files. wanted: the names asked for; lists that name no service are of the one that is
    meant."""
    found: list[Diagnostic] = []
    services: list[Mapping] = []
    parts = _Parts({key: [] for key in PARTS.values()}, [])
    for text in texts:
        result = parse_json(text.text, text.file)
        found += result.diagnostics
        for item in _items(result.document, found):
            _sort(item, services, parts, found)
    if not services and not found:
        found.append(_no_service(next(iter(texts)).file))
    unknown: dict[str, Origin] = {}
    read = [r for number, node in enumerate(services) if (r := _service(number, node, found, unknown)) is not None]
    if any(parts.lists.values()) and (index := _meant(read, wanted, parts, found)) is not None:
        read[index] = _with_lists(read[index], parts.lists)
    read = [_with_groups(recorded, parts.groups, found) for recorded in read]
    found += [_unknown(path, origin) for path, origin in unknown.items()]
    return Records(tuple(read), tuple(found))


def _items(document: Node | None, found: list[Diagnostic]) -> list[Mapping]:
    """The things a file holds: itself, or those in its list. The command line wraps some answers in `data`."""
    if document is None:
        return []
    node = document.get("data") if isinstance(document, Mapping) and document.key("data") else document
    listed = node.items if isinstance(node, Sequence) else (node,)
    for item in listed:
        if not isinstance(item, Mapping):
            place = item.origin if item is not None else document.origin
            found.append(_not_a_record("this is no service", place, EXPORTS))
    return [item for item in listed if isinstance(item, Mapping)]


def _sort(item: Mapping, services: list[Mapping], parts: _Parts, found: list[Diagnostic]) -> None:
    """Put one thing of a file where it belongs."""
    for key, node in item.items():
        if key == "service" and isinstance(node, Mapping):
            services.append(_merged(node, item))
            return
        if key in PARTS and isinstance(node, Mapping):
            parts.lists[PARTS[key]].append(node)
            return
        if key == "envGroup" and isinstance(node, Mapping):
            parts.groups.append(node)
            return
        if key in DATASTORES:
            name = text_of(node, "name") if isinstance(node, Mapping) else None
            found.append(_datastore(DATASTORES[key], name.text if name else "", node.origin))
            return
    if item.key("serviceLinks"):
        parts.groups.append(item)
    elif item.key("serviceDetails") or (item.key("type") and item.key("name")):
        services.append(item)
    elif item.key("key"):
        parts.lists["envVars"].append(item)
    else:
        said = "the API answered with an error" if item.key("message") else "this is no service"
        found.append(_not_a_record(said, item.origin, EXPORTS))


def _merged(service: Mapping, item: Mapping) -> Mapping:
    """The service with the lists that were merged in beside it."""
    lists = tuple(pair for pair in item.pairs if pair[0].text in PARTS.values() and not service.key(pair[0].text))
    return Mapping(pairs=(*service.pairs, *lists), origin=service.origin)


def _service(number: int, node: Mapping, found: list[Diagnostic], unknown: dict[str, Origin]) -> Recorded | None:
    """The service, or None when its name, type or runtime is missing; `found` says why."""
    paths = dict(_walk(node, "", unknown))
    name, type_ = text_of(node, "name"), text_of(node, "type")
    for field, value in (("name", name), ("type", type_)):
        if value is None:
            found.append(_not_a_record(f"the service has no {field}", node.origin, EXPORTS))
    kind = KINDS.get(type_.text) if type_ else None
    if type_ and kind is None:
        found.append(_not_a_record(f"{type_.text!r} is no service type", type_.origin, near(type_.text, tuple(KINDS))))
    if name is None or type_ is None or kind is None:
        return None
    found += _wrong_types(node, name.text)
    texts = _texts(node)
    runtime = Value("static", type_.origin) if kind == "S" else texts.get("runtime")
    if runtime is None or runtime.text not in fields.RUNTIMES:
        place = runtime.origin if runtime else node.origin
        message = f"{name.text} has no runtime" if runtime is None else f"{runtime.text!r} is no runtime"
        found.append(_not_a_record(message, place, f"known are {few(fields.RUNTIMES)}"))
        return None
    texts = _used(texts, runtime.text) | {"type": Value(TYPE_OF_KIND[kind], type_.origin), "runtime": runtime}
    spec = ServiceSpec(
        number=number, name=name.text, kind=kind, runtime=runtime, origin=node.origin, texts=texts,
        image=_image(node) if runtime.text == "image" else None, domains=_domains(_list(node, "customDomains")),
        disk=_mapping(node, "serviceDetails.disk"), scaling=_scaling(node), routes=_rows(_list(node, "routes")),
        maintenance=_mapping(node, "serviceDetails.maintenanceMode"),
        filter_paths=_values(_at(node, "buildFilter.paths")),
        filter_ignored=_values(_at(node, "buildFilter.ignoredPaths")),
        headers=_rows(_list(node, "headers")), keys=_keys(paths, texts), source="record", identity=_identity(node),
    )  # fmt: skip
    listed = _at(node, "envVars")
    env = tuple(_variables(_list(node, "envVars"))) if isinstance(listed, Sequence) else None
    idle = frozenset(path for path in paths if _sets_nothing(_at(node, path)))
    return Recorded(spec, env, paths, idle, _suspended(node), _secret_files(_list(node, "secretFiles")))


def _sets_nothing(value: Node | None) -> bool:
    """Whether it is how the API says that a setting is not made."""
    if isinstance(value, Mapping):
        enabled = value.get("enabled")
        return all(map(_sets_nothing, [enabled] if enabled else [part for _, part in value.items()]))
    if isinstance(value, Sequence):
        return all(map(_sets_nothing, value.items))
    return value is None or value.text in NOTHING_SET


def _suspended(node: Mapping) -> Value | None:
    said, by = _text(node, "suspended"), _at(node, "suspenders")
    if said is None or said.text != "suspended":
        return None
    names = [item.text for item in by.items if isinstance(item, Scalar)] if isinstance(by, Sequence) else []
    return Value(few(names) or "nobody says why", said.origin)


def _walk(node: Mapping, prefix: str, unknown: dict[str, Origin]) -> list[tuple[str, Origin]]:
    """Every field of the table that is written, with the place of its key; the first place of each that is not in
    the table goes to `unknown`."""
    paths: list[tuple[str, Origin]] = []
    for key, value in node.pairs:
        path = prefix + key.text
        if path in INSIDE and isinstance(value, Mapping):
            paths += _walk(value, path + ".", unknown)
        elif path in FIELDS:
            paths.append((path, key.origin))
            known = IN_MAPPING.get(path)
            for inner, _ in value.pairs if known and isinstance(value, Mapping) else ():
                if known and inner.text not in known:
                    unknown.setdefault(f"{path}.{inner.text}", inner.origin)
        elif path not in INSIDE and key.text not in IN_MAPPING.get(prefix[:-1], ()):
            unknown.setdefault(path, key.origin)
    return paths


def _wrong_types(node: Mapping, name: str) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for path, type_ in (
        *((path, "mapping") for path in INSIDE),
        *((path, field.type) for path, field in FIELDS.items()),
    ):
        value = _at(node, path)
        is_text = isinstance(value, Scalar) and value.style == "quoted"
        if value is not None and not (is_text if type_ == "string" else fits(value, type_)):
            found.append(
                error(
                    "render/wrong-type", f"{path} must be {fields.A_TYPE[type_]}", origin=value.origin, service=name,
                    rule=rules.SERVICE_RECORD.id, help=EXPORTS,
                )
            )  # fmt: skip
    return found


def _at(node: Mapping, path: str) -> Node | None:
    """The value at a path, None where it is missing or null."""
    here: Node | None = node
    for part in path.split("."):
        here = here.get(part) if isinstance(here, Mapping) else None
    return None if here is None or is_null(here) else here


def _text(node: Mapping, path: str) -> Value | None:
    value = _at(node, path)
    return Value(value.text, value.origin) if isinstance(value, Scalar) else None


def _texts(node: Mapping) -> dict[str, Value]:
    """The fields of render.yaml that are one text each. The API has an empty text where nothing is set."""
    texts: dict[str, Value] = {}
    for path, field in FIELDS.items():
        value = _text(node, path) if field.into else None
        if value is not None and value.text.strip():
            texts.setdefault(field.into, value)
    patterns = _patterns(node)
    return texts | ({"buildFilter": patterns} if patterns else {})


def _used(texts: dict[str, Value], runtime: str) -> dict[str, Value]:
    """Without what this runtime has no use for: the API has the same form for images as for Dockerfiles."""
    idle = {"image": ("dockerfilePath", "dockerContext", "buildCommand", "startCommand"),
            "docker": ("buildCommand", "startCommand")}.get(runtime, fields.DOCKER_ONLY)  # fmt: skip
    return {field: value for field, value in texts.items() if field not in idle}


_NESTED = ("disk", "scaling", "headers", "routes", "maintenanceMode")


def _keys(paths: dict[str, Origin], texts: dict[str, Value]) -> dict[str, Origin]:
    """The fields of render.yaml that are set, each with its place."""
    lists = {FIELDS[path].into: origin for path, origin in paths.items() if FIELDS[path].type in ("list", "mapping")}
    kept = {field: origin for field, origin in lists.items() if field in _NESTED}
    return kept | {field: value.origin for field, value in texts.items()}


def _patterns(node: Mapping) -> Value | None:
    """A build filter in a line; None when nothing is filtered."""
    said = []
    for path, word in (("buildFilter.paths", "only"), ("buildFilter.ignoredPaths", "without")):
        value = _at(node, path)
        names = [item.text for item in value.items if isinstance(item, Scalar)] if isinstance(value, Sequence) else []
        said += [f"{word} {few(names)}"] if names else []
    place = _at(node, "buildFilter")
    return Value(", ".join(said), place.origin) if said and place is not None else None


def _values(listed: Node | None) -> tuple[Value, ...]:
    items = listed.items if isinstance(listed, Sequence) else ()
    return tuple(Value(item.text, item.origin) for item in items if isinstance(item, Scalar) and item.text.strip())


def _image(node: Mapping) -> Value | None:
    return _text(node, "imagePath") or _text(node, "image.imagePath")


def _mapping(node: Mapping, path: str) -> dict[str, Value] | None:
    value = _at(node, path)
    if not isinstance(value, Mapping):
        return None
    return {key: text for key, _ in value.items() if (text := _text(value, key)) is not None}


def _scaling(node: Mapping) -> dict[str, Value] | None:
    """Autoscaling in render.yaml's words; None when it is switched off."""
    wanted = "serviceDetails.autoscaling."
    enabled = _text(node, wanted + "enabled")
    if enabled is None or enabled.text != "true":
        return None
    names = {"min": "minInstances", "max": "maxInstances"}
    found = {name: value for key, name in names.items() if (value := _text(node, wanted + key)) is not None}
    for key, name in (("cpu", "targetCPUPercent"), ("memory", "targetMemoryPercent")):
        on, percent = (_text(node, f"{wanted}criteria.{key}.{field}") for field in ("enabled", "percentage"))
        if on is not None and on.text == "true" and percent is not None:
            found[name] = percent
    return found


def _identity(node: Mapping) -> Identity:
    def said(path: str) -> str:
        value = _text(node, path)
        return value.text if value else ""

    host = said("serviceDetails.url").split("://")[-1].split("/")[0]
    return Identity(id=said("id"), slug=said("slug"), host=host if "." in host else "")


def _list(node: Mapping, path: str) -> list[Mapping]:
    """The items of a list, without what the API wraps each in."""
    value = _at(node, path)
    items = [item for item in value.items if isinstance(item, Mapping)] if isinstance(value, Sequence) else []
    wrapper = next((key for key, list_ in PARTS.items() if list_ == path), "")
    unwrapped = (item.get(wrapper) if item.key(wrapper) else item for item in items)
    return [item for item in unwrapped if isinstance(item, Mapping)]


def _variables(items: list[Mapping]) -> list[GivenVar]:
    """As those of an --env-file: their values are never printed."""
    found: list[GivenVar] = []
    for item in items:
        key, value = _text(item, "key"), _text(item, "value")
        if key is not None and key.text:
            found.append(GivenVar(name=key.text, value=value.text if value else "", source="file", origin=key.origin))
    return found


def _secret_files(items: list[Mapping]) -> tuple[GivenFile, ...]:
    """Those whose contents are there, under a name that a file can have."""
    files = [(_text(item, "name"), _text(item, "content")) for item in items]
    return tuple(
        GivenFile(name=name.text, content=content.text.encode())
        for name, content in files
        if name is not None and content is not None and "/" not in name.text and name.text.strip(".")
    )


def _domains(items: list[Mapping]) -> tuple[str, ...]:
    """Those that lead to the service first; then those that only redirect to them."""
    names = [(_text(item, "redirectForName"), name.text) for item in items if (name := _text(item, "name")) is not None]
    return tuple(name for target, name in sorted(names, key=lambda one: bool(one[0] and one[0].text)))


def _rows(items: list[Mapping]) -> tuple[dict[str, Value], ...]:
    """Headers, or routes in the order of their priority."""
    rows = [{key: value for key, _ in item.items() if (value := _text(item, key)) is not None} for item in items]
    return tuple(sorted(rows, key=lambda row: row["priority"].whole() or 0 if "priority" in row else 0))


def _meant(read: list[Recorded], wanted: tuple[str, ...], parts: _Parts, found: list[Diagnostic]) -> int | None:
    """The service that lists without a name belong to."""
    of = [index for index, recorded in enumerate(read) if recorded.spec.name in wanted] or list(range(len(read)))
    if len(of) == 1:
        return of[0]
    if read:
        place = next(items[0].origin for items in parts.lists.values() if items)
        help_ = "name the service with --service, or give a file with that service alone"
        found.append(_not_a_record("which of the services is this of?", place, help_))
    return None


def _with_lists(recorded: Recorded, lists: dict[str, list[Mapping]]) -> Recorded:
    env = recorded.env
    if lists["envVars"]:
        env = (*(env or ()), *_variables(lists["envVars"]))
    spec = recorded.spec
    return recorded._replace(
        env=env,
        secret_files=recorded.secret_files + _secret_files(lists["secretFiles"]),
        spec=spec._replace(
            domains=spec.domains + _domains(lists["customDomains"]), routes=spec.routes + _rows(lists["routes"]),
            headers=spec.headers + _rows(lists["headers"]),
        ),
    )  # fmt: skip


def _with_groups(recorded: Recorded, groups: list[Mapping], found: list[Diagnostic]) -> Recorded:
    """The variables of the groups that are linked to the service come before its own, which win."""
    identity = recorded.spec.identity
    linked: list[GivenVar] = []
    files: tuple[GivenFile, ...] = ()
    is_linked = False
    for group in groups:
        links = _list(group, "serviceLinks")
        ids = {value.text for link in links for key in ("id", "name") if (value := _text(link, key)) is not None}
        if recorded.spec.name in ids or (identity and identity.id in ids):
            is_linked = True
            linked += _variables(_list(group, "envVars"))
            files += _secret_files(_list(group, "secretFiles"))
            if group.key("envVars") is None:
                found.append(_group_without_variables(recorded.spec, group))
    if not is_linked:
        return recorded
    files = (*files, *recorded.secret_files)
    return recorded._replace(env=(*linked, *(recorded.env or ())), secret_files=files)


def _group_without_variables(spec: ServiceSpec, group: Mapping) -> Diagnostic:
    name = _text(group, "name")
    return info(
        "render/record-without-env", f"the env group {name.text if name else ''} is linked to {spec.name}, and its "
        "variables are not in the record", fault=Fault.APP, service=spec.name, origin=group.origin,
        rule=rules.SERVICE_RECORD.id, help="export /v1/env-groups/ID: the list of all groups has no variables",
    )  # fmt: skip


def _not_a_record(message: str, origin: Origin, help_: str) -> Diagnostic:
    return error("render/service-record", message, origin=origin, rule=rules.SERVICE_RECORD.id, help=help_)


def _no_service(file: str) -> Diagnostic:
    return _not_a_record(f"{file} holds no service", Origin(file=file), EXPORTS)


def _datastore(what: str, name: str, origin: Origin) -> Diagnostic:
    return info(
        "render/record-datastore", f"the {what} {name} is not run: the services' own variables say where theirs are",
        origin=origin, fault=Fault.GAP, rule=rules.SERVICE_RECORD.id, help="set variables for local servers with --env",
    )  # fmt: skip


def _unknown(path: str, origin: Origin) -> Diagnostic:
    return info(
        "render/record-field", f"the field {path} is not known here: nothing is made of it", origin=origin,
        fault=Fault.GAP, rule=rules.SERVICE_RECORD.id, help="it may be newer than this version; the rest is read",
    )  # fmt: skip
