"""Whether a document has the shape of a Knative Service or a Job, in gcloud's words; and a row for every key."""

import re
from datetime import date
from typing import NamedTuple

from emulator.formats.editing import instead_of
from emulator.formats.yaml import Dialect, Mapping, Node, Scalar, Sequence, value_of
from emulator.model.diagnostic import Diagnostic, Related, error, warning
from emulator.model.origin import Origin
from emulator.model.plan import Coverage
from emulator.model.rule import Fidelity
from emulator.model.spelling import nearest

from . import annotations, rules
from .fields import TYPES, Field

_NO_FIELD = "gcloud knows no such field"

ELSEWHERE = {
    "dependsOn": f"v1 has the annotation {annotations.DEPENDENCIES} under spec.template.metadata instead",
    "minInstances": "v1 has the annotation autoscaling.knative.dev/minScale under spec.template.metadata instead",
    "maxInstances": "v1 has the annotation autoscaling.knative.dev/maxScale under spec.template.metadata instead",
    "minScale": "it is the annotation autoscaling.knative.dev/minScale under spec.template.metadata",
    "maxScale": "it is the annotation autoscaling.knative.dev/maxScale under spec.template.metadata",
    "memory": "it is resources.limits.memory of a container",
    "cpu": "it is resources.limits.cpu of a container",
    "port": "it is ports[0].containerPort of a container",
    "serviceAccount": "v1 calls it serviceAccountName",
    "timeout": "v1 calls it timeoutSeconds",
    "initContainers": "start it as a container that the others depend on, or do its work in the image",
    "envFrom": "write each variable under env",
    "runAsUser": "write USER into the Dockerfile",
    "exec": "ask by httpGet, tcpSocket or grpc",
}
"""Fields of the v2 API and of Kubernetes, and short names of others, and what to write instead."""

_OF_A_TASK = ("containers", "maxRetries", "timeoutSeconds", "volumes", "serviceAccountName", "nodeSelector")
_OF_AN_EXECUTION = ("taskCount", "parallelism", "delayExecution")
"""Fields of a job that people write at the other's level."""

_TEMPLATES = {"Service": "Revision", "Job": "Execution"}
"""Root of the document → the resource that its spec.template is."""


class Shape(NamedTuple):
    """What is wrong, and what becomes of each key."""

    diagnostics: tuple[Diagnostic, ...]
    coverage: tuple[Coverage, ...]


def examine(document: Mapping, root: str = "Service") -> Shape:
    """The document, a "Service" or a "Job", as gcloud's own classes see it."""
    walk = Walk(root)
    walk.message(document, root, "")
    return Shape((*walk.unknown_fields(), *walk.found), tuple(walk.rows))


class Walk:
    """One pass over the tree. Paths are without "Service." in front. types: the table it is held against."""

    def __init__(self, root: str, types: dict[str, dict[str, Field]] = TYPES) -> None:
        self._root = root
        self._types = types
        self.found: list[Diagnostic] = []
        self.rows: list[Coverage] = []
        self._unknown: dict[str, list[Scalar]] = {}

    def message(self, node: Mapping, type_: str, path: str) -> None:
        fields = self._types[type_]
        for key, value in node.pairs:
            field = fields.get(key.text)
            inner = f"{path}.{key.text}" if path else key.text
            if field is None:
                self._unknown.setdefault(path, []).append(key)
                self._row(inner, key.origin, Field("any", Fidelity.UNKNOWN, _NO_FIELD))
            else:
                self._field(key, value, field, inner)

    def _field(self, key: Scalar, value: Node, field: Field, path: str) -> None:
        type_ = field.type
        if field.is_refused and not is_null(value) and not _is_false(value):
            self._unsupported(key, path)
        if type_ == "any" or is_null(value):
            self._row(path, key.origin, field)
        elif type_ in self._types:
            self._inside(value, type_, path, key.origin, field)
        elif type_.startswith("["):
            self._list(value, type_[1:-1], path, key.origin, field)
        elif type_ == "strings":
            self._row(path, key.origin, field)
            self._strings(key, value, path)
        elif type_ == "map":
            self._row(path, key.origin, field)
            self._map(key, value, path)
        else:
            self._row(path, key.origin, field)
            self._scalar(key.text, value, type_, path)

    def _inside(self, value: Node, type_: str, path: str, origin: Origin, field: Field) -> None:
        if field.note or (isinstance(value, Mapping) and not value.pairs):
            self._row(path, origin, field)
        if isinstance(value, Mapping):
            self.message(value, type_, path)
        else:
            self._row(path, origin, field)
            self._wrong(value, path, "a mapping")

    def _list(self, value: Node, type_: str, path: str, origin: Origin, field: Field) -> None:
        if not isinstance(value, Sequence):
            self._row(path, origin, field)
            self._wrong(value, path, "a list")
            return
        if not value.items:
            self._row(path, origin, field)
        for number, item in enumerate(value.items):
            self._inside(item, type_, f"{path}[{number}]", item.origin, Field(type_))

    def _strings(self, key: Scalar, value: Node, path: str) -> None:
        if not isinstance(value, Sequence):
            self._wrong(value, path, "a list")
            return
        for number, item in enumerate(value.items):
            if is_null(item):
                self._wrong(item, f"{path}[{number}]", "text")
            else:
                self._scalar(key.text, item, "string", path)

    def _map(self, key: Scalar, value: Node, path: str) -> None:
        if not isinstance(value, Mapping):
            self._wrong(value, path, "a mapping")
            return
        for _, item in value.pairs:
            self._scalar("value", item, "string", path)
        if key.text == "annotations":
            kind = _TEMPLATES[self._root] if path.startswith("spec.") else self._root
            found, rows = annotations.examine(value, path, kind)
            self.found += found
            self.rows += rows

    def _scalar(self, name: str, value: Node, type_: str, path: str) -> None:
        if not isinstance(value, Scalar):
            kind = _PYTHON[type_][0]
            self._wrong(value, path, {str: "text", int: "a whole number"}.get(kind, "true or false"))
            return
        found = _read(value)
        if found is None or type(found) in _PYTHON[type_]:
            return
        if type_ == "int" and isinstance(found, str):
            self._quoted_number(name, value, found, path)
            return
        kind = _PYTHON[type_][0]
        wanted = "(<class 'int'>,)" if kind is int else f"<class '{kind.__name__}'>"
        self.found.append(
            error(
                "cloud-run/wrong-type",
                f"Failed to parse value in protobuf [{self._root}]: {self._root}.??: "
                f'"Expected type {wanted} for field {name}, found {found} (type {_class(found)})"',
                origin=value.origin, rule=rules.FIELD_TYPE.id, facts=(f"it is {path}",),
                help=f'put it in quotes: "{value.text}"' if kind is str else f"write {_EXAMPLES[type_]}",
            )
        )  # fmt: skip

    def _quoted_number(self, name: str, value: Scalar, found: str, path: str) -> None:
        """A whole number in quotes is accepted; a name for a port is refused in words of its own."""
        if whole(found) is not None:
            return
        named_port = name == "port"
        message = 'Error decoding the "port" field. Only integer ports are supported by gcloud.'
        self.found.append(
            error(
                "cloud-run/named-probe-port" if named_port else "cloud-run/wrong-type",
                message.removesuffix(".") if named_port else f"{path} must be a whole number, not {found!r}",
                origin=value.origin, rule=(rules.NAMED_PORT if named_port else rules.FIELD_TYPE).id,
                help="write the port's number" if named_port else "write a whole number, such as 10",
            )
        )  # fmt: skip

    def _wrong(self, value: Node, path: str, wanted: str) -> None:
        self.found.append(
            error(
                "cloud-run/wrong-type", f"{path} must be {wanted}", origin=value.origin, rule=rules.FIELD_TYPE.id,
                help=f"write {wanted} here",
            )
        )  # fmt: skip

    def _unsupported(self, key: Scalar, path: str) -> None:
        self.found.append(
            warning(
                "cloud-run/unsupported-field", f"{path} is not supported by Cloud Run: it has no effect, or is refused",
                origin=key.origin, rule=rules.UNSUPPORTED_FIELD.id, url=rules.UNSUPPORTED_FIELD.url,
                help=ELSEWHERE.get(key.text, f"remove {key.text}"),
            )
        )  # fmt: skip

    def _row(self, path: str, origin: Origin, field: Field) -> None:
        self.rows.append(Coverage(key=path, origin=origin, fidelity=field.fidelity, note=field.note))

    def unknown_fields(self) -> list[Diagnostic]:
        """One finding for each mapping with unknown fields, the shallowest first, as gcloud gets to them."""
        paths = sorted(self._unknown, key=_depth)
        shallowest = _depth(paths[0]) if paths else 0
        return [
            _unknown_field(self._root, path, self._unknown[path], later=_depth(path) > shallowest) for path in paths
        ]


_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_PYTHON: dict[str, tuple[type, ...]] = {"string": (str,), "id": (str, int), "int": (int,), "bool": (bool,)}
"""Type of a field → what gcloud's reading of YAML must make of its value."""
_EXAMPLES = {"int": "a whole number, such as 10", "bool": "true or false"}


def _depth(path: str) -> int:
    return path.count(".") + path.count("[") + bool(path)


def _unknown_field(root: str, path: str, keys: list[Scalar], *, later: bool) -> Diagnostic:
    """gcloud's refusal of the unknown fields `keys` of the mapping at `path`."""
    names = sorted(key.text for key in keys)
    named = names[0] if len(names) == 1 else f"{{{','.join(names)}}}"
    where = ".".join(part for part in (root, path, named) if part)
    facts = ("gcloud names it only when the fields above are gone: it lists one level at a time",) if later else ()
    first, *others = keys
    meant = _meant(root, first.text, path)
    return error(
        "cloud-run/unknown-field", f"Failed to parse value(s) in protobuf [{root}]: {where}", origin=first.origin,
        facts=facts, related=tuple(Related(origin=key.origin, message=f"{key.text} as well") for key in others),
        rule=rules.UNKNOWN_FIELD.id, help=_instead(root, first.text, path),
        fix=instead_of(first.origin, meant) if meant is not None and not others else None,
    )  # fmt: skip


def _meant(root: str, name: str, path: str) -> str | None:
    """The field that is most like it, where none of the like is known to belong elsewhere."""
    if name in ELSEWHERE or (root == "Job" and name in (*_OF_A_TASK, *_OF_AN_EXECUTION)):
        return None
    return nearest(name, _known_at(root, path), cutoff=0.7)


def _instead(root: str, name: str, path: str) -> str:
    if root == "Job" and name in _OF_A_TASK:
        return f"a job has {name} under spec.template.spec.template.spec"
    if root == "Job" and name in _OF_AN_EXECUTION:
        return f"a job has {name} under spec.template.spec"
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    meant = _meant(root, name, path)
    return f"did you mean `{meant}`?" if meant else f"remove it; known are {', '.join(_known_at(root, path))}"


def _known_at(root: str, path: str) -> tuple[str, ...]:
    """The fields of the mapping at `path`."""
    type_ = root
    for part in path.split(".") if path else ():
        type_ = TYPES[type_][part.partition("[")[0]].type.strip("[]")
    return tuple(TYPES[type_])


def is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and value_of(node, Dialect.YAML_1_1) is None


def _read(scalar: Scalar) -> object:
    """What Python's reading of YAML 1.1 makes of it: 2026-11-20 is a date there."""
    found = value_of(scalar, Dialect.YAML_1_1)
    if scalar.style == "plain" and not scalar.tag and isinstance(found, str) and _DATE.fullmatch(found):
        try:
            return date.fromisoformat(found)
        except ValueError:
            return found
    return found


def _class(value: object) -> str:
    return f"<class '{'datetime.date' if isinstance(value, date) else type(value).__name__}'>"


def _is_false(node: Node) -> bool:
    return isinstance(node, Scalar) and value_of(node, Dialect.YAML_1_1) is False


def whole(text: str) -> int | None:
    """The whole number that quoted text is, as gcloud takes it; None when it is none."""
    digits = text.strip().removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
