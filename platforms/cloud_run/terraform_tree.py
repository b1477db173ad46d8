"""A Terraform resource → the tree that the API's form of it would be, every value with its place.

The provider calls a field of the API `max_retries` that the API calls maxRetries, and writes what is a mapping or a
list of mappings there as blocks; so the tables of the API's fields say what may stand where. What Terraform refuses is
said in its words; what only it knows is said, and never guessed.
"""

import re
from typing import NamedTuple

from emulator.contract import token
from emulator.formats.hcl import Block, Expression, Reference
from emulator.formats.yaml import Mapping, Node, Scalar, Sequence
from emulator.model.diagnostic import Diagnostic, error, info, warning
from emulator.model.origin import Origin
from emulator.model.plan import Coverage
from emulator.model.rule import Fidelity
from emulator.model.spelling import nearest

from . import annotations, rules
from .fields import Field
from .fields_v2 import WRITTEN_THERE
from .manifest import UNKNOWN
from .terraform_values import Unknown, Values, as_node

_KINDS = {"int": "number", "number": "number", "bool": "bool"}
_FITS = {"number": re.compile(r"-?[0-9]+(\.[0-9]+)?"), "bool": re.compile("true|false"), "string": re.compile("(?s).*")}
_NAMING = (
    "SecretKeySelector",
    "SecretVolume",
    "VersionToPath",
    "KeyToPath",
    "Volume",
    "GCSVolume",
    "NFSVolume",
    "CSIVolume",
)
"""Types whose texts name something in the cloud: which it is does not change the plan."""


class Tree(NamedTuple):
    """A resource read. document: its fields by their names in the API."""

    document: Mapping
    diagnostics: tuple[Diagnostic, ...]
    coverage: tuple[Coverage, ...]


def read_resource(
    block: Block, root: str, types: dict[str, dict[str, Field]], values: Values, *, own: dict[str, Field]
) -> Tree:
    """The resource `block`, of the type `root` of the table `types`. own: arguments that the provider alone has."""
    walk = _Walk(types, values)
    mapping = walk.message(block, root, "", own)
    present = {name.text for name, _ in block.attributes} | {inner.type.text for inner in block.blocks}
    for name in ("name", "location", "template"):
        if name not in present and not any(inner.labels and inner.labels[0].text == name for inner in block.blocks):
            walk.missing(name, block.origin)
    return Tree(mapping, tuple(walk.found), tuple(walk.rows))


class _Made(NamedTuple):
    """A block that is there, or that a `dynamic` makes; iterator: what its element is called in it. name: its type's,
    where it is written."""

    block: Block
    name: Scalar
    iterator: str = ""
    key: Scalar | None = None
    value: Node | None = None


class _Walk:
    """One pass over a resource. Paths are as Terraform's files have them: template.containers[0].image."""

    def __init__(self, types: dict[str, dict[str, Field]], values: Values) -> None:
        self._types = types
        self._values = values
        self.found: list[Diagnostic] = []
        self.rows: list[Coverage] = []

    def message(self, block: Block, type_: str, path: str, own: dict[str, Field] | None = None) -> Mapping:
        known = {snake(name): (name, field) for name, field in self._types[type_].items()}
        own = own or {}
        pairs: list[tuple[Scalar, Node]] = []
        for key, expression in block.attributes:
            inner = f"{path}.{key.text}" if path else key.text
            if key.text in own:
                self._row(inner, key.origin, own[key.text])
            elif key.text not in known or self._is_block(known[key.text][1]):
                self._no_argument(key, known, is_block=key.text in known)
            else:
                name, field = known[key.text]
                value = self._argument(name, field, expression, inner, type_)
                self._row(inner, key.origin, field)
                if value is not None:
                    pairs.append((_named(name, key.origin), value))
        pairs += self._blocks(block, known, path, own)
        return Mapping(pairs=tuple(pairs), origin=block.origin)

    def _is_block(self, field: Field) -> bool:
        return field.type.strip("[]") in self._types

    # ---- blocks ---------------------------------------------------------------------------------------

    def _blocks(
        self, block: Block, known: dict[str, tuple[str, Field]], path: str, own: dict[str, Field]
    ) -> list[tuple[Scalar, Node]]:
        groups: dict[str, list[_Made]] = {}
        for inner in block.blocks:
            if inner.type.text == "dynamic" and inner.labels:
                groups.setdefault(inner.labels[0].text, []).extend(self._dynamic(inner, path))
            else:
                groups.setdefault(inner.type.text, []).append(_Made(inner, inner.type))
        pairs: list[tuple[Scalar, Node]] = []
        for name, made in groups.items():
            here, first = f"{path}.{name}" if path else name, made[0].block if made else block
            if name in own:
                self._row(here, first.origin, own[name])
            elif name not in known or not (self._is_block(known[name][1]) or known[name][1].type == "any"):
                self._no_block(made[0].name if made else first.type, known, is_argument=name in known)
            elif made and known[name][1].type == "any":
                self._row(here, first.origin, known[name][1])
            elif made:
                field_name, field = known[name]
                pairs.append((_named(field_name, made[0].name.origin), self._inside(made, field, here)))
        return pairs

    def _inside(self, made: list["_Made"], field: Field, path: str) -> Node:
        type_ = field.type.strip("[]")
        if field.type.startswith("["):
            items = tuple(self._one(one, type_, f"{path}[{number}]") for number, one in enumerate(made))
            return Sequence(items=items, origin=made[0].name.origin)
        if len(made) > 1:
            name = made[1].name
            words = f'Too many {name.text} blocks: No more than 1 "{name.text}" blocks are allowed'
            self._refuse("terraform-block", words, name.origin, "leave one of them")
        if field.note or not (made[0].block.attributes or made[0].block.blocks):
            self._row(path, made[0].name.origin, field)
        return self._one(made[0], type_, path)

    def _one(self, made: "_Made", type_: str, path: str) -> Mapping:
        if made.key is not None and made.value is not None:
            self._values.iterate(made.iterator, made.key, made.value)
        return self.message(made.block, type_, path)

    def _dynamic(self, block: Block, path: str) -> list["_Made"]:
        """The blocks that a `dynamic` makes of a list or a map that is known; of any other it is said."""
        name = block.labels[0]
        content = next((inner for inner in block.blocks if inner.type.text == "content"), None)
        over = block.get("for_each")
        elements = self._values.value(over) if over is not None else None
        if content is not None and isinstance(elements, Mapping | Sequence):
            iterator = block.get("iterator")
            called = iterator.path[0] if isinstance(iterator, Reference) else name.text
            if isinstance(elements, Mapping):
                return [_Made(content, name, called, key, value) for key, value in elements.pairs]
            numbers = (Scalar(text=str(n), style="plain", tag="", origin=name.origin) for n in range(10_000))
            return [
                _Made(content, name, called, key, value) for key, value in zip(numbers, elements.items, strict=False)
            ]
        self.found.append(
            warning(
                "cloud-run/terraform-dynamic",
                f"which {name.text} blocks `dynamic` makes is not known here: the plan is without them",
                origin=block.origin, rule=rules.TERRAFORM_VALUES.id, url=rules.TERRAFORM_VALUES.url,
                facts=(f"for_each = {elements.text}",) if isinstance(elements, Unknown | Scalar) else (),
                help="give its variables with --env" if name.text == "env" else "write them out to have them planned",
            )
        )  # fmt: skip
        where, note = f"{path}.{name.text}" if path else name.text, "made when Terraform runs"
        self.rows.append(Coverage(key=where, origin=block.origin, fidelity=Fidelity.UNKNOWN, note=note))
        return []

    # ---- arguments ------------------------------------------------------------------------------------

    def _argument(self, name: str, field: Field, expression: Expression, path: str, type_: str) -> Node | None:
        value = self._values.value(expression)
        if isinstance(value, Scalar) and value.style == "plain" and value.text == "null":
            return None
        if isinstance(value, Unknown):
            return self._unknown(name, field, value, path, type_)
        if field.type == "strings":
            return self._strings(value, field, path)
        if field.type == "map":
            return self._map(name, value, field, path, type_)
        if field.type == "any":
            return value
        return self._scalar(value, field, path)

    def _scalar(self, value: Node, field: Field, path: str) -> Scalar | None:
        """As Terraform turns it into the type that is asked for: 8080 is a text, "8080" a number."""
        wanted = _KINDS.get(field.type, "string")
        if not isinstance(value, Scalar):
            self._inappropriate(path, value.origin, wanted)
            return None
        if not _FITS[wanted].fullmatch(value.text):
            self._inappropriate(path, value.origin, wanted)
            return None
        style = "quoted" if wanted == "string" else "plain"
        return Scalar(text=value.text, style=style, tag="", origin=value.origin)  # type: ignore[arg-type]

    def _strings(self, value: Node, field: Field, path: str) -> Node | None:
        if not isinstance(value, Sequence):
            self._inappropriate(path, value.origin, "list of string")
            return None
        items: list[Scalar] = []
        for item in value.items:
            if isinstance(item, Scalar) and item.tag == UNKNOWN:
                self._say(path, field, Unknown(item.text, item.origin), instead=f"{token(item.text)} stands for it")
                items.append(Scalar(text=token(item.text), style="quoted", tag="", origin=item.origin))
            elif (text := self._scalar(item, Field("string"), path)) is not None:
                items.append(text)
        return Sequence(items=tuple(items), origin=value.origin)

    def _map(self, name: str, value: Node, field: Field, path: str, type_: str) -> Node | None:
        if not isinstance(value, Mapping):
            self._inappropriate(path, value.origin, "map of string")
            return None
        pairs: list[tuple[Scalar, Node]] = []
        for key, item in value.pairs:
            if isinstance(item, Scalar) and item.tag == UNKNOWN:
                self._say(f"{path}.{key.text}", field, Unknown(item.text, item.origin))
            elif not (isinstance(item, Scalar) and item.style == "plain" and item.text == "null"):
                text = self._scalar(item, Field("string"), f"{path}.{key.text}")
                pairs += [(key, text)] if text is not None else []
        mapping = Mapping(pairs=tuple(pairs), origin=value.origin)
        if name == "annotations" and type_ == "ObjectMeta":
            kind = "Revision" if path.startswith("template.") else "Service"
            found, rows = annotations.examine(mapping, path, kind)
            self.found += found
            self.rows += rows
        return mapping

    # ---- what is not known ----------------------------------------------------------------------------

    def _unknown(self, name: str, field: Field, value: Unknown, path: str, type_: str) -> Node | None:
        if type_ == "EnvVar" and name == "value":
            return as_node(value)  # the environment says so, of all variables together
        if type_ == "Container" and name == "image":
            # It is an image, whichever it is: what it is built from lies here.
            self._say(path, field, value, instead="a Dockerfile in the root is taken to be what it is built from")
            return Scalar(text=token(value.text), style="quoted", tag="", origin=value.origin)
        if field.type == "string" and (type_ in _NAMING or field.fidelity is Fidelity.NOT_IMITATED):
            return Scalar(text=token(value.text), style="quoted", tag="", origin=value.origin)
        if field.fidelity is not Fidelity.NOT_IMITATED:
            self._say(path, field, value)
        return None

    def _say(self, path: str, field: Field, value: Unknown, instead: str = "") -> None:
        if field.fidelity is Fidelity.NOT_IMITATED:
            return
        why = f" ({value.why})" if value.why else ""
        make = info if instead.startswith("a Dockerfile") else warning
        self.found.append(
            make(
                "cloud-run/terraform-value",
                f"the value of {path} is not known here: {value.text}{why}; "
                f"{instead or 'the plan is as if nothing were said'}",
                origin=value.origin, rule=rules.TERRAFORM_VALUES.id, url=rules.TERRAFORM_VALUES.url,
                help="name a file with the values of variables: --var-file FILE" if "var." in value.text
                else "write it out, or read the plan without it",
            )
        )  # fmt: skip

    # ---- what Terraform refuses -----------------------------------------------------------------------

    def missing(self, name: str, origin: Origin) -> None:
        if name == "template":
            words = 'Insufficient template blocks: At least 1 "template" blocks are required'
        else:
            words = f'Missing required argument: The argument "{name}" is required, but no definition was found'
        self._refuse("terraform-missing", words, origin, f"add {name}")

    def _no_argument(self, key: Scalar, known: dict[str, tuple[str, Field]], *, is_block: bool) -> None:
        words = f'Unsupported argument: An argument named "{key.text}" is not expected here'
        help_ = f"write it as a block: {key.text} {{ … }}" if is_block else self._near(key.text, known)
        self._refuse("terraform-argument", words, key.origin, help_)
        self.rows.append(Coverage(key=key.text, origin=key.origin, fidelity=Fidelity.UNKNOWN, note="no such argument"))

    def _no_block(self, name: Scalar, known: dict[str, tuple[str, Field]], *, is_argument: bool) -> None:
        words = f'Unsupported block type: Blocks of type "{name.text}" are not expected here'
        help_ = f"write it as an argument: {name.text} = …" if is_argument else self._near(name.text, known)
        self._refuse("terraform-block", words, name.origin, help_)
        self.rows.append(Coverage(key=name.text, origin=name.origin, fidelity=Fidelity.UNKNOWN, note="no such block"))

    def _near(self, name: str, known: dict[str, tuple[str, Field]]) -> str:
        close = nearest(name, known, cutoff=0.7)
        taken = [one for one, (_, field) in known.items() if field is not WRITTEN_THERE]
        return f"did you mean `{close}`?" if close else f"remove it; known are {', '.join(taken)}"

    def _inappropriate(self, path: str, origin: Origin, wanted: str) -> None:
        name = path.rpartition(".")[2]
        words = f'Incorrect attribute value type: Inappropriate value for attribute "{name}": a {wanted} is required'
        self._refuse("terraform-type", words, origin, f"write a {wanted}")

    def _refuse(self, code: str, words: str, origin: Origin, help_: str) -> None:
        rule = rules.TERRAFORM_WORDS
        self.found.append(error(f"cloud-run/{code}", words, origin=origin, rule=rule.id, url=rule.url, help=help_))

    def _row(self, path: str, origin: Origin, field: Field) -> None:
        self.rows.append(Coverage(key=path, origin=origin, fidelity=field.fidelity, note=field.note))


def snake(name: str) -> str:
    """`maxRetries` → "max_retries"."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])|(?<=[A-Z])([A-Z])(?=[a-z])", lambda m: "_" + m[0], name).lower()


def _named(name: str, origin: Origin) -> Scalar:
    return Scalar(text=name, style="plain", tag="", origin=origin)
