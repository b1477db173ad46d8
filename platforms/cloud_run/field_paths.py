"""Where a field lies in the file of a service or job: `timeoutSeconds` is spec.template.spec.timeoutSeconds."""

from emulator.formats.yaml import Dialect, Mapping, Node, Sequence, parse_yaml
from emulator.formats.yaml_edit import CannotSet
from emulator.model.spelling import did_you_mean

from . import annotations, fields, fields_v2, manifest_v2
from .reading import text_of
from .shape import ELSEWHERE

_ON_THE_WAY = ("metadata", "spec", "template", "containers")
"""The fields below which a service's own are looked for, the shallowest first."""

_Types = dict[str, dict[str, fields.Field]]


def field_path(file: str, text: str, field: tuple[str, ...]) -> tuple[str, ...]:
    """The path in the file of a field, which may be written from the top or without what leads to it. Raises CannotSet
    for one that gcloud does not know."""
    document = parse_yaml(text, file, dialect=Dialect.YAML_1_1).document
    if not isinstance(document, Mapping):
        return field
    if manifest_v2.is_v2(document):
        types, root = fields_v2.TYPES, manifest_v2.kind_of(document)
    else:
        kind = text_of(document, "kind")
        types, root = fields.TYPES, "Job" if kind is not None and kind.text == "Job" else "Service"
        if (annotated := _annotation(field, root)) is not None:
            return annotated
    path = _found(types, root, document, field)
    _refuse_unknown(types, root, path)
    is_variable = len(path) > 1 and path[-2] == "env" and not path[-1].isdecimal()
    return (*path, "value") if is_variable else path


def _annotation(field: tuple[str, ...], root: str) -> tuple[str, ...] | None:
    """An annotation that Cloud Run reads belongs to the service or job, or to what its template makes."""
    names = field[1:] if field[0] == "annotations" else field
    known = annotations.KNOWN.get(names[0]) if len(names) == 1 else None
    if known is None:
        return None
    above = () if root in known.kinds else ("spec", "template")
    return (*above, "metadata", "annotations", *names)


def _found(types: _Types, root: str, document: Mapping, field: tuple[str, ...]) -> tuple[str, ...]:
    level: list[tuple[tuple[str, ...], str]] = [((), root)]
    seen: list[str] = []
    while level:
        for path, type_ in level:
            if field[0] in types[type_]:
                return (*path, *field)
            seen = [*types[type_], *seen]  # what is nearest to the container comes first
        level = [
            ((*path, name, *_which(types[type_][name].type, document, (*path, name))), inner)
            for path, type_ in level
            for name in _ON_THE_WAY
            if name in types[type_] and (inner := types[type_][name].type.strip("[]")) in types
        ]
    raise CannotSet(f"a {root.lower()} has no {field[0]}", help=ELSEWHERE.get(field[0]) or did_you_mean(field[0], seen))


def _which(type_: str, document: Mapping, path: tuple[str, ...]) -> tuple[str, ...]:
    """Of a list of containers the one that gets the requests: the one with ports, else the first."""
    if not type_.startswith("["):
        return ()
    node: Node | None = document
    for step in path:
        node = node.get(step) if isinstance(node, Mapping) else None
    items = node.items if isinstance(node, Sequence) else ()
    with_ports = (n for n, one in enumerate(items) if isinstance(one, Mapping) and one.get("ports") is not None)
    return (str(next(with_ports, 0)),)


def _refuse_unknown(types: _Types, root: str, path: tuple[str, ...]) -> None:
    """Goes along the path as far as the table says which fields there are."""
    type_ = root
    for number, step in enumerate(path):
        if type_.startswith("["):
            type_ = type_[1:-1]
        elif type_ in types:
            if step not in types[type_]:
                where = ".".join(path[:number]) or "the top"
                raise CannotSet(
                    f"{where} has no {step}", help=ELSEWHERE.get(step) or did_you_mean(step, types[type_])
                )
            type_ = types[type_][step].type
        else:
            return
