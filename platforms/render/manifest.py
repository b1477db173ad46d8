"""render.yaml → declarations in Render's own words, each with its place.

Reading collects every mistake it can find in one pass and keeps what can be kept; deciding what the
declarations mean for the build and the command is another room (`resolve`).
"""

from collections.abc import Callable
from typing import NamedTuple

from emulator.formats.yaml import Dialect, Mapping, Node, Scalar, Sequence, as_go_string, parse_yaml, value_of
from emulator.model.diagnostic import Diagnostic, Related, error, warning
from emulator.model.origin import Origin

from . import fields, rules


class Value(NamedTuple):
    """A text and where it was written."""

    text: str
    origin: Origin


class EnvEntry(NamedTuple):
    """One item of envVars. form: literal, generated, prompted, database, service, group."""

    key: str
    form: str
    value: str | None
    origin: Origin
    detail: str = ""


class ServiceSpec(NamedTuple):
    """One service as render.yaml declares it. kind: a letter of `fields`; `texts` holds the scalar fields."""

    number: int
    name: str
    kind: str
    runtime: Value | None
    origin: Origin
    texts: dict[str, Value]
    image: Value | None
    env: tuple[EnvEntry, ...]
    domains: tuple[str, ...]
    disk: tuple[str, str, int] | None
    keys: dict[str, Origin]

    def get(self, field: str) -> Value | None:
        return self.texts.get(field)


class Database(NamedTuple):
    name: str
    origin: Origin


class Blueprint(NamedTuple):
    """A whole render.yaml. `groups` maps an env group's name to its variables."""

    file: str
    services: tuple[ServiceSpec, ...]
    databases: tuple[Database, ...]
    groups: dict[str, tuple[EnvEntry, ...]]
    diagnostics: tuple[Diagnostic, ...]


def read_blueprint(text: str, file: str) -> Blueprint:
    """Read a render.yaml. Mistakes are in `diagnostics`, all of them, in the order of the file."""
    return _Reader(file).read(text)


class _Reader:
    """Collects diagnostics while walking the tree."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Diagnostic] = []

    def read(self, text: str) -> Blueprint:
        result = parse_yaml(text, self.file, dialect=Dialect.GO_YAML)
        self.found.extend(result.diagnostics)
        root = result.document
        if not isinstance(root, Mapping):
            if not result.diagnostics:
                self._not_a_blueprint(root)
            return Blueprint(self.file, (), (), {}, tuple(self.found))
        self._root_keys(root)
        services, databases, groups = self._resources(root)
        return Blueprint(self.file, services, databases, groups, tuple(self.found))

    def _not_a_blueprint(self, root: Node | None) -> None:
        origin = root.origin if root is not None else Origin(file=self.file)
        what = "is empty" if root is None or (isinstance(root, Scalar) and not root.text) else "is not a mapping"
        self.found.append(
            error(
                "render/not-a-blueprint", f"{self.file} {what}", origin=origin, rule=rules.UNKNOWN_FIELD.id,
                help="a Blueprint starts with `services:` and a list of services",
            )
        )  # fmt: skip

    def _root_keys(self, root: Mapping) -> None:
        for key, _ in root.pairs:
            if key.text not in fields.ROOT_FIELDS:
                self._unknown(key, key.text, fields.ROOT_FIELDS, "a Blueprint")

    def _resources(
        self, root: Mapping
    ) -> tuple[tuple[ServiceSpec, ...], tuple[Database, ...], dict[str, tuple[EnvEntry, ...]]]:
        """Services, databases and groups, wherever they stand: at the root, ungrouped, or in an environment."""
        holders = [root, *self._environments(root)]
        services: list[ServiceSpec] = []
        databases: list[Database] = []
        groups: dict[str, tuple[EnvEntry, ...]] = {}
        for holder in holders:
            for item in self._items(holder, "services"):
                spec = self._service(len(services), item)
                if spec is not None:
                    services.append(spec)
            databases += [d for d in map(self._database, self._items(holder, "databases")) if d is not None]
            for item in self._items(holder, "envVarGroups"):
                name = self._text(item, "name")
                if name is not None:
                    groups[name.text] = self._env(item)
        self._same_names(services)
        return tuple(services), tuple(databases), groups

    def _environments(self, root: Mapping) -> list[Mapping]:
        ungrouped = root.get("ungrouped")
        found = [ungrouped] if isinstance(ungrouped, Mapping) else []
        for project in self._items(root, "projects"):
            found += self._items(project, "environments")
        return found

    def _items(self, holder: Mapping, key: str) -> list[Mapping]:
        """The mappings of a list field; anything else in it is a diagnostic."""
        node = holder.get(key)
        if node is None or (isinstance(node, Scalar) and value_of(node, Dialect.GO_YAML) is None):
            return []
        if not isinstance(node, Sequence):
            self._wrong_type(node, key, "a list")
            return []
        for item in node.items:
            if not isinstance(item, Mapping):
                self._wrong_type(item, f"an item of {key}", "a mapping")
        return [item for item in node.items if isinstance(item, Mapping)]

    def _service(self, index: int, node: Mapping) -> ServiceSpec | None:
        type_, name = self._text(node, "type"), self._text(node, "name")
        for field, value in (("type", type_), ("name", name)):
            if value is None and node.get(field) is None:
                self._say("render/missing-field", f"services[{index}] has no {field}", node.origin,
                          help=f"add `{field}:`")  # fmt: skip
        runtime = self._runtime(node)
        kind = fields.kind_of(type_.text, runtime.text if runtime else None) if type_ else None
        if type_ and kind is None:
            self._unknown_type(type_)
        self._runtime_is_known(index, node, kind, runtime)
        self._service_keys(node, kind, name.text if name else None)
        if kind is None or name is None:
            return None
        return ServiceSpec(
            number=index, name=name.text, kind=kind, runtime=runtime, origin=node.origin, texts=self._texts(node),
            image=self._image(node), env=self._env(node), domains=self._domains(node), disk=self._disk(node),
            keys={key.text: key.origin for key, _ in node.pairs},
        )  # fmt: skip

    def _runtime(self, node: Mapping) -> Value | None:
        old = self._text(node, "env")
        if old is not None:
            self.found.append(
                warning(
                    "render/deprecated-field", "`env` is the deprecated name of `runtime`", origin=old.origin,
                    help="write `runtime:`; both work", fix={"replace": "env", "with": "runtime"},
                )
            )  # fmt: skip
        return self._text(node, "runtime") or old

    def _runtime_is_known(self, index: int, node: Mapping, kind: str | None, runtime: Value | None) -> None:
        if runtime is not None and runtime.text not in fields.RUNTIMES:
            self._say(
                "render/invalid-runtime", f"services[{index}] invalid runtime {runtime.text}", runtime.origin,
                rule=rules.INVALID_RUNTIME.id, help=_near(runtime.text, fields.RUNTIMES),
            )  # fmt: skip
        elif runtime is None and kind in tuple("WPKC") and node.get("runtime") is None:
            self._say(
                "render/invalid-runtime", f"services[{index}] invalid runtime: none is given", node.origin,
                rule=rules.INVALID_RUNTIME.id, help=f"add `runtime:`, one of {', '.join(fields.RUNTIMES)}",
            )  # fmt: skip

    def _unknown_type(self, type_: Value) -> None:
        hint = {"static": "a static site is `type: web` with `runtime: static`", "private": "write `type: pserv`",
                "postgres": "Postgres goes under the root key `databases`"}.get(type_.text)  # fmt: skip
        self._say(
            "render/invalid-type", f"{type_.text!r} is no service type", type_.origin, rule=rules.SERVICE_TYPES.id,
            help=hint or _near(type_.text, tuple(fields.TYPES)),
        )  # fmt: skip

    def _service_keys(self, node: Mapping, kind: str | None, name: str | None) -> None:
        for key, value in node.pairs:
            field = fields.SERVICE_FIELDS.get(key.text)
            if field is None:
                self._unknown(key, key.text, tuple(fields.SERVICE_FIELDS), "a service", service=name)
            elif kind and kind not in field.kinds:
                self._say(
                    "render/misplaced-field", f"{_KIND_NAMES[kind]} has no field {key.text!r}", key.origin,
                    rule=rules.UNKNOWN_FIELD.id, service=name, help=f"remove `{key.text}`",
                )  # fmt: skip
            elif not _fits(value, field.type):
                self._wrong_type(value, key.text, f"a {field.type}", service=name)

    def _texts(self, node: Mapping) -> dict[str, Value]:
        return {
            key.text: Value(as_go_string(value), value.origin)
            for key, value in node.pairs
            if isinstance(value, Scalar) and value_of(value, Dialect.GO_YAML) is not None
        }

    def _text(self, node: Mapping, key: str) -> Value | None:
        value = node.get(key)
        if isinstance(value, Scalar) and value_of(value, Dialect.GO_YAML) is not None:
            return Value(as_go_string(value), value.origin)
        return None

    def _image(self, node: Mapping) -> Value | None:
        image = node.get("image")
        return self._text(image, "url") if isinstance(image, Mapping) else None

    def _domains(self, node: Mapping) -> tuple[str, ...]:
        listed = node.get("domains")
        names = [i.text for i in listed.items if isinstance(i, Scalar)] if isinstance(listed, Sequence) else []
        single = self._text(node, "domain")
        return tuple(names + ([single.text] if single else []))

    def _disk(self, node: Mapping) -> tuple[str, str, int] | None:
        disk = node.get("disk")
        if not isinstance(disk, Mapping):
            return None
        name, path, size = self._text(disk, "name"), self._text(disk, "mountPath"), self._text(disk, "sizeGB")
        gigabytes = int(size.text) if size and size.text.isdigit() else 10
        return (name.text if name else "", path.text if path else "", gigabytes)

    def _database(self, node: Mapping) -> Database | None:
        name = self._text(node, "name")
        if name is None:
            self._say("render/missing-field", "a database has no name", node.origin, help="add `name:`")
            return None
        return Database(name.text, node.origin)

    def _env(self, node: Mapping) -> tuple[EnvEntry, ...]:
        entries = (self._env_entry(item) for item in self._items(node, "envVars"))
        return tuple(entry for entry in entries if entry is not None)

    def _env_entry(self, item: Mapping) -> EnvEntry | None:
        group = self._text(item, "fromGroup")
        if group is not None:
            return EnvEntry("", "group", None, item.origin, group.text)
        key = self._text(item, "key")
        if key is None:
            self._say(
                "render/env-without-key",
                "a variable has no key",
                item.origin,
                rule=rules.ENV_FORMS.id,
                help="add `key:`",
            )
            return None
        for name, _ in item.pairs:
            if name.text not in _ENV_KEYS:
                self._unknown(name, name.text, _ENV_KEYS, "a variable")
        present = [form for form, reader in _ENV_FORMS.items() if reader(item)]
        if len(present) > 1:
            self._say(
                "render/env-several-forms", f"{key.text} has several forms: {', '.join(present)}", key.origin,
                rule=rules.ENV_FORMS.id, help="keep one of them",
            )  # fmt: skip
        form = present[0] if present else "empty"
        value = item.get("value")
        literal = as_go_string(value) if form == "literal" and isinstance(value, Scalar) else None
        return EnvEntry(key.text, form, literal, (value or item).origin if value else key.origin, _target(item))

    def _same_names(self, services: list[ServiceSpec]) -> None:
        first: dict[str, ServiceSpec] = {}
        for spec in services:
            if spec.name in first:
                other = first[spec.name]
                self._say(
                    "render/duplicate-name", f"two services are called {spec.name!r}", spec.origin,
                    related=(Related(origin=other.origin, message="the first one"),), help="rename one of them",
                )  # fmt: skip
            first.setdefault(spec.name, spec)

    def _unknown(
        self, node: Scalar, key: str, known: tuple[str, ...], where: str, *, service: str | None = None
    ) -> None:
        help_ = fields.NOT_A_FIELD.get(key) or _near(key, known)
        self._say(
            "render/unknown-field", f"{where} has no field {key!r}", node.origin, rule=rules.UNKNOWN_FIELD.id,
            help=help_, service=service,
        )  # fmt: skip

    def _wrong_type(self, node: Node, key: str, wanted: str, *, service: str | None = None) -> None:
        self._say(
            "render/wrong-type", f"{key} must be {wanted}", node.origin, rule=rules.UNKNOWN_FIELD.id, service=service,
            help=f"write {wanted} here",
        )  # fmt: skip

    def _say(self, code: str, message: str, origin: Origin, **more: object) -> None:
        self.found.append(error(code, message, origin=origin, **more))  # type: ignore[arg-type]


_KIND_NAMES = {
    "W": "a web service", "P": "a private service", "K": "a worker", "C": "a cron job", "S": "a static site",
    "V": "a Key Value store",
}  # fmt: skip

_ENV_KEYS = ("key", "value", "generateValue", "sync", "fromDatabase", "fromService", "fromGroup", "previewValue")


def _is_true(node: Node | None) -> bool:
    return isinstance(node, Scalar) and value_of(node, Dialect.GO_YAML) is True


def _is_false(node: Node | None) -> bool:
    return isinstance(node, Scalar) and value_of(node, Dialect.GO_YAML) is False


_ENV_FORMS: dict[str, Callable[[Mapping], bool]] = {
    "literal": lambda item: item.get("value") is not None,
    "generated": lambda item: _is_true(item.get("generateValue")),
    "prompted": lambda item: _is_false(item.get("sync")),
    "database": lambda item: item.get("fromDatabase") is not None,
    "service": lambda item: item.get("fromService") is not None,
}


def _target(item: Mapping) -> str:
    """What a reference points at, in words: "db connectionString"."""
    for field in ("fromDatabase", "fromService"):
        node = item.get(field)
        if isinstance(node, Mapping):
            parts = [node.get(name) for name in ("name", "property", "envVarKey")]
            return " ".join(part.text for part in parts if isinstance(part, Scalar))
    return ""


def _fits(node: Node, type_: str) -> bool:
    if isinstance(node, Scalar):
        value = value_of(node, Dialect.GO_YAML)
        if value is None:
            return True
        return {
            "string": True,
            "integer": isinstance(value, int) and not isinstance(value, bool),
            "boolean": isinstance(value, bool),
        }.get(type_, False)
    return type_ == ("list" if isinstance(node, Sequence) else "mapping")


def _near(word: str, known: tuple[str, ...]) -> str:
    import difflib

    near = difflib.get_close_matches(word, known, n=1, cutoff=0.7)
    return f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}"
