"""What Terraform's expressions come to, as far as the files say it: literals, and variables and locals that are.

Whatever depends on more, on what is made in the cloud or on what is given when Terraform runs, is unknown. A variable
has the value of a file of values (terraform.tfvars, *.auto.tfvars, --var-file), else its default; one that is marked
sensitive is not looked into.
"""

from typing import NamedTuple, TypeAlias

from emulator.formats.hcl import Block, Expression, Object, Opaque, Reference, Template, Tuple
from emulator.formats.yaml import Mapping, Node, Scalar, Sequence
from emulator.model.origin import Origin

from .manifest import UNKNOWN

_DEEPEST = 40


class Unknown(NamedTuple):
    """A value that only Terraform knows. why: a half-sentence, "" where the text says enough."""

    text: str
    origin: Origin
    why: str = ""


Value: TypeAlias = Node | Unknown


class Used(NamedTuple):
    """A variable or local that the plan has a value of. because: a half-sentence; origin: where the value is."""

    name: str
    shown: str
    because: str
    origin: Origin


class _Given(NamedTuple):
    value: Expression
    because: str


class Values:
    """The variables and locals of one folder. Remembers which were used."""

    def __init__(self) -> None:
        self._variables: dict[str, Block] = {}
        self._given: dict[str, _Given] = {}
        self._locals: dict[str, Expression] = {}
        self._iterators: dict[str, Mapping] = {}
        self.used: dict[str, Used] = {}

    def declare(self, body: Block) -> None:
        """The `variable` and `locals` blocks of a file."""
        for block in body.blocks:
            if block.type.text == "variable" and block.labels:
                self._variables.setdefault(block.labels[0].text, block)
            elif block.type.text == "locals":
                self._locals |= {name.text: value for name, value in block.attributes}

    def give(self, body: Block, because: str) -> None:
        """A file of values; a later one wins."""
        self._given |= {name.text: _Given(value, because) for name, value in body.attributes}

    def iterate(self, name: str, key: Scalar, value: Node) -> None:
        """From here on `name.key` and `name.value` are these, as inside a `dynamic` block."""
        pairs = tuple((_word(word, key.origin), node) for word, node in (("key", key), ("value", value)))
        self._iterators[name] = Mapping(pairs=pairs, origin=key.origin)

    def value(self, expression: Expression, depth: int = 0) -> Value:
        """What it comes to: a node with the place where it is used, or Unknown. In a list or an object that is known
        otherwise, an unknown part stands as a scalar tagged UNKNOWN."""
        if depth > _DEEPEST:
            return Unknown("…", expression.origin, "it refers to itself")
        if isinstance(expression, Scalar):
            return expression
        if isinstance(expression, Template):
            return self._template(expression, depth)
        if isinstance(expression, Tuple):
            items = (as_node(self.value(item, depth + 1)) for item in expression.items)
            return Sequence(items=tuple(items), origin=expression.origin)
        if isinstance(expression, Object):
            if not expression.whole:
                return Unknown(expression.text, expression.origin)
            pairs = ((key, as_node(self.value(value, depth + 1))) for key, value in expression.pairs)
            return Mapping(pairs=tuple(pairs), origin=expression.origin)
        if isinstance(expression, Reference):
            return self._referred(expression, depth)
        assert isinstance(expression, Opaque)
        return Unknown(expression.text, expression.origin)

    def _template(self, template: Template, depth: int) -> Value:
        texts: list[str] = []
        for part in template.parts:
            value = self.value(part, depth + 1)
            if isinstance(value, Unknown):
                return Unknown(template.text, template.origin, value.why)
            if not isinstance(value, Scalar) or _is_null(value):
                return Unknown(template.text, template.origin)
            texts.append(value.text)
        return Scalar(text="".join(texts), style="quoted", tag="", origin=template.origin)

    def _referred(self, reference: Reference, depth: int) -> Value:
        kind, *path = reference.path
        if kind in self._iterators:
            return self._element(reference)
        if kind not in ("var", "local") or not path:
            return Unknown(reference.text, reference.origin)
        found = self._variable(path[0]) if kind == "var" else self._local(path[0])
        if isinstance(found, str):
            return Unknown(reference.text, reference.origin, found)
        value = self.value(found.value, depth + 1)
        for step in path[1:]:
            inner = _step(value, step)
            if inner is None:
                return Unknown(reference.text, reference.origin)
            value = inner
        if isinstance(value, Unknown):
            return Unknown(reference.text, reference.origin, value.why)
        if isinstance(value, Scalar) and value.tag == UNKNOWN:
            return Unknown(reference.text, reference.origin)
        name, shown = f"{kind}.{path[0]}", value.text if isinstance(value, Scalar) else "a list or a map"
        self.used.setdefault(name, Used(name, shown, found.because, found.value.origin))
        return _at(value, reference.origin)

    def _element(self, reference: Reference) -> Value:
        value: Value = self._iterators[reference.path[0]]
        for step in reference.path[1:]:
            inner = _step(value, step)
            if inner is None or (isinstance(inner, Scalar) and inner.tag == UNKNOWN):
                return Unknown(inner.text if isinstance(inner, Scalar) else reference.text, reference.origin)
            value = inner
        return value

    def _variable(self, name: str) -> _Given | str:
        """Its value, or why it has none here."""
        declared = self._variables.get(name)
        if declared is None:
            return f"no variable {name} is declared"
        sensitive = declared.get("sensitive")
        if isinstance(sensitive, Scalar) and sensitive.text == "true":
            return f"var.{name} is sensitive"
        if name in self._given:
            return self._given[name]
        default = declared.get("default")
        if default is None or (isinstance(default, Scalar) and _is_null(default)):
            return f"var.{name} has no default"
        return _Given(default, "its default; what is given when Terraform runs wins over it")

    def _local(self, name: str) -> _Given | str:
        value = self._locals.get(name)
        return f"no local {name} is defined" if value is None else _Given(value, "a local value")


def as_node(value: Value) -> Node:
    if isinstance(value, Unknown):
        return Scalar(text=value.text, style="quoted", tag=UNKNOWN, origin=value.origin)
    return value


def _word(text: str, origin: Origin) -> Scalar:
    return Scalar(text=text, style="quoted", tag="", origin=origin)


def _step(value: Value, name: str) -> Node | None:
    if isinstance(value, Mapping):
        return value.get(name)
    if isinstance(value, Sequence) and name.isdigit() and int(name) < len(value.items):
        return value.items[int(name)]
    return None


def _at(node: Node, origin: Origin) -> Node:
    """The same value with the place where it is used; what is in it keeps its own."""
    if isinstance(node, Scalar):
        return Scalar(text=node.text, style=node.style, tag=node.tag, origin=origin)
    if isinstance(node, Sequence):
        return Sequence(items=node.items, origin=origin)
    return Mapping(pairs=node.pairs, origin=origin)


def _is_null(scalar: Scalar) -> bool:
    return scalar.style == "plain" and scalar.text == "null"
