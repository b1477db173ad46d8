"""HCL text (Terraform's language) to blocks and expressions that know where they were written.

Parsed by python-hcl2's grammar, whose tree keeps the place of every part; what that library makes of the tree, plain
dictionaries, keeps only those of blocks, so the tree itself is read here. Nothing is worked out: a value that is
written out is one, a reference says what it refers to, and everything else is an `Opaque` with its text.
"""

import re
from typing import TYPE_CHECKING, TypeAlias, Union

from emulator.model.diagnostic import Diagnostic, error
from emulator.model.origin import Origin
from emulator.model.record import Record

from .yaml_nodes import DEEPEST, Scalar

if TYPE_CHECKING:
    from lark import Token, Tree

MOST_CHARACTERS = 1_000_000


class Reference(Record, frozen=True, kw_only=True):
    """`var.image`, `local.names["web"]`: the names in their order."""

    path: tuple[str, ...]
    text: str
    origin: Origin


class Opaque(Record, frozen=True, kw_only=True):
    """A call, a condition, an operation, a loop: what only Terraform works out."""

    text: str
    origin: Origin


class Template(Record, frozen=True, kw_only=True):
    """A text with something put in: "${var.region}-docker.pkg.dev/p"."""

    parts: tuple["Scalar | Reference | Opaque | Template", ...]
    text: str
    origin: Origin


class Tuple(Record, frozen=True, kw_only=True):
    """A list. origin: with its brackets."""

    items: tuple["Expression", ...]
    origin: Origin


class Object(Record, frozen=True, kw_only=True):
    """Keys and values in the order written. `whole`: whether every key is written out."""

    pairs: tuple[tuple[Scalar, "Expression"], ...]
    whole: bool
    text: str
    origin: Origin


Expression: TypeAlias = Union[Scalar, Reference, Opaque, Template, Tuple, Object]  # noqa: UP007  - defined above it
"""A Scalar is a text ("quoted"), or a number, true, false or null ("plain")."""


class Block(Record, frozen=True, kw_only=True):
    """`resource "type" "name" { … }`: type, labels, and what is in it. origin: its head, without the body."""

    type: Scalar
    labels: tuple[Scalar, ...]
    attributes: tuple[tuple[Scalar, Expression], ...]
    blocks: tuple["Block", ...]
    origin: Origin

    def get(self, name: str) -> Expression | None:
        """The value of an argument; None when it is not there."""
        return next((value for key, value in self.attributes if key.text == name), None)


class HclResult(Record, frozen=True, kw_only=True):
    """What a text holds, as a block without a head. body: None where it is not HCL; the diagnostics then say so."""

    body: Block | None
    diagnostics: tuple[Diagnostic, ...]


class _TooDeep(Exception):
    pass


def parse_hcl(text: str, file: str) -> HclResult:
    """`text`, of which `file` is the name that its origins carry. Raises nothing."""
    from hcl2 import parses_to_tree
    from lark.exceptions import LarkError

    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if len(text) > MOST_CHARACTERS:
        return _failed(f"more than {MOST_CHARACTERS:,} characters", Origin(file=file), "split it into several files")
    try:
        tree = parses_to_tree(text)
        return HclResult(body=_Reader(text, file).body(tree), diagnostics=())
    except LarkError as wrong:
        line, column = getattr(wrong, "line", 1), getattr(wrong, "column", 1)
        at = Origin(file=file, line=max(line, 1), column=max(column, 1))
        return _failed(_found(wrong), at, "`terraform validate` says more of it")
    except (_TooDeep, RecursionError):
        return _failed(f"the nesting is deeper than {DEEPEST} levels", Origin(file=file), "nest less deeply")


def _failed(message: str, origin: Origin, help_: str) -> HclResult:
    return HclResult(body=None, diagnostics=(error("hcl/syntax", message, origin=origin, help=help_),))


def _found(wrong: Exception) -> str:
    """What the parser met. A text is not quoted: it may be a secret."""
    token = getattr(wrong, "token", None)
    kind = getattr(token, "type", "")
    if kind == "$END" or getattr(wrong, "token_history", None) == []:
        return "the text ends too early: something that is opened is not closed"
    if token is None or kind in ("STRING_CHARS", "HEREDOC_TEMPLATE", "HEREDOC_TEMPLATE_TRIM"):
        return "this is no HCL from here on"
    return "a line ends too early" if not str(token).strip() else f"{str(token).strip()[:40]!r} has no place here"


class _Reader:
    """The parser's tree, read once from the top."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file

    def body(self, tree: "Tree[Token]") -> Block:
        nothing = Scalar(text="", style="plain", tag="", origin=Origin(file=self._file))
        return self._block_of(nothing, (), _child(tree, "body"), nothing.origin, 0)

    def _block_of(
        self, type_: Scalar, labels: tuple[Scalar, ...], body: "Tree[Token] | None", origin: Origin, depth: int
    ) -> Block:
        if depth > DEEPEST:
            raise _TooDeep
        attributes: list[tuple[Scalar, Expression]] = []
        blocks: list[Block] = []
        for part in _trees(body):
            if part.data == "attribute":
                name, value = _meaning(part)
                attributes.append((self._name(name), self._expression(value, depth + 1)))
            elif part.data == "block":
                blocks.append(self._block(part, depth + 1))
        return Block(type=type_, labels=labels, attributes=tuple(attributes), blocks=tuple(blocks), origin=origin)

    def _block(self, tree: "Tree[Token]", depth: int) -> Block:
        *head, body = (part for part in _trees(tree) if part.data in ("identifier", "string", "body"))
        names = [self._name(part) for part in head]
        first, last = names[0].origin, names[-1].origin
        origin = Origin(
            file=self._file, line=first.line, column=first.column, end_line=last.end_line, end_column=last.end_column
        )
        return self._block_of(names[0], tuple(names[1:]), body, origin, depth)

    def _name(self, tree: "Tree[Token]") -> Scalar:
        return Scalar(text=self._source(tree).strip('"'), style="plain", tag="", origin=self._origin(tree))

    def _expression(self, tree: "Tree[Token]", depth: int) -> Expression:
        if depth > DEEPEST:
            raise _TooDeep
        kind, inner = tree.data, _meaning(tree)
        if kind == "expr_term" and len(inner) == 1:
            return self._expression(inner[0], depth + 1)
        if kind in ("int_lit", "float_lit", "literal_value"):
            return self._plain(self._source(tree), tree)
        if kind == "unary_op" and re.fullmatch(r"-\s*[0-9.eE+-]+", self._source(tree)):
            return self._plain(self._source(tree).replace(" ", ""), tree)
        if kind == "string":
            return self._string(tree, inner, depth)
        if kind in ("heredoc_template", "heredoc_template_trim"):
            return self._heredoc(tree)
        if kind == "tuple":
            items = tuple(self._expression(item, depth + 1) for item in inner)
            return Tuple(items=items, origin=self._origin(tree))
        if kind == "object":
            return self._object(tree, inner, depth)
        path = _path(tree, self)
        if path is not None:
            return Reference(path=path, text=self._source(tree), origin=self._origin(tree))
        return self._opaque(tree)

    def _plain(self, text: str, tree: "Tree[Token]") -> Scalar:
        return Scalar(text=text, style="plain", tag="", origin=self._origin(tree))

    def _opaque(self, tree: "Tree[Token]") -> Opaque:
        return Opaque(text=" ".join(self._source(tree).split()), origin=self._origin(tree))

    def _string(self, tree: "Tree[Token]", inner: list["Tree[Token]"], depth: int) -> Expression:
        origin, parts = self._origin(tree), [self._string_part(part, depth) for part in inner]
        if all(isinstance(part, Scalar) for part in parts):
            text = "".join(part.text for part in parts if isinstance(part, Scalar))
            return Scalar(text=text, style="quoted", tag="", origin=origin)
        return Template(parts=tuple(parts), text=self._source(tree)[1:-1], origin=origin)

    def _string_part(self, tree: "Tree[Token]", depth: int) -> Scalar | Reference | Opaque | Template:
        inner = _meaning(tree)
        if not inner:
            text = self._text[tree.meta.start_pos : tree.meta.end_pos]
            return Scalar(text=_unescaped(text), style="quoted", tag="", origin=self._origin(tree))
        put_in = _meaning(inner[0])
        if inner[0].data == "interpolation" and len(put_in) == 1:
            value = self._expression(put_in[0], depth + 1)
            if isinstance(value, Scalar | Reference | Opaque | Template):
                return value
        return self._opaque(tree)

    def _heredoc(self, tree: "Tree[Token]") -> Expression:
        source = self._source(tree)
        if re.search(r"(?<![$%])[$%]\{", source):
            return Opaque(text=" ".join(source.split()), origin=self._origin(tree))
        head, *lines = source.rstrip("\n").split("\n")
        lines = lines[:-1]
        if head.startswith("<<-"):
            indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
            lines = [line[indent:] for line in lines]
        text = "".join(line + "\n" for line in lines).replace("$${", "${").replace("%%{", "%{")
        return Scalar(text=text, style="block", tag="", origin=self._origin(tree))

    def _object(self, tree: "Tree[Token]", inner: list["Tree[Token]"], depth: int) -> Object:
        pairs: dict[str, tuple[Scalar, Expression]] = {}
        whole = True
        for element in inner:
            key, value = _meaning(element)
            name = re.fullmatch(r'"([^"$%\\]*)"|([\w-]+)', self._source(key))
            if name is None:
                whole = False
                continue
            text = name[1] if name[1] is not None else name[2]
            written = Scalar(text=text, style="plain", tag="", origin=self._origin(key))
            pairs[text] = (written, self._expression(value, depth + 1))
        text = " ".join(self._source(tree).split())
        return Object(pairs=tuple(pairs.values()), whole=whole, text=text, origin=self._origin(tree))

    def _source(self, tree: "Tree[Token]") -> str:
        return self._text[tree.meta.start_pos : tree.meta.end_pos].strip()

    def _origin(self, tree: "Tree[Token]") -> Origin:
        """Without the blanks and the line break that the parser counts in at an end."""
        meta = tree.meta
        text = self._text[meta.start_pos : meta.end_pos].rstrip()
        line = meta.line + text.count("\n")
        last = text.rpartition("\n")[2]
        column = meta.column + len(last) - 1 if line == meta.line else len(last)
        return Origin(file=self._file, line=meta.line, column=meta.column, end_line=line, end_column=max(column, 1))


def _trees(tree: "Tree[Token] | None") -> list["Tree[Token]"]:
    return [] if tree is None else [child for child in tree.children if not isinstance(child, str)]


def _meaning(tree: "Tree[Token]") -> list["Tree[Token]"]:
    """What is in it besides comments, blanks and marks."""
    return [child for child in _trees(tree) if child.data != "new_line_or_comment"]


def _child(tree: "Tree[Token]", kind: str) -> "Tree[Token] | None":
    return next((child for child in _trees(tree) if child.data == kind), None)


def _path(tree: "Tree[Token]", reader: _Reader) -> tuple[str, ...] | None:
    """The names of a reference; None for anything else, one that asks of every element among them."""
    path: list[str] = []
    while tree.data in ("get_attr_expr_term", "index_expr_term"):
        holder, step = _meaning(tree)
        inner = _meaning(step)
        found = re.fullmatch(r'"([^"$%\\]*)"|([\w-]+)', reader._source(inner[0]) if inner else "")  # noqa: SLF001
        if found is None:
            return None
        path.append(found[1] if found[1] is not None else found[2])
        tree = holder
        while tree.data == "expr_term" and len(_meaning(tree)) == 1:
            tree = _meaning(tree)[0]
    if tree.data != "identifier":
        return None
    return (reader._source(tree), *reversed(path))  # noqa: SLF001


_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))|([$%])\4\{", re.DOTALL)
_SHORT = {"n": "\n", "r": "\r", "t": "\t"}


def _unescaped(text: str) -> str:
    """A part of a text as it is meant: `\\n`, `\\u00e9`, and `$${` for `${`."""

    def meant(found: re.Match[str]) -> str:
        if found[4]:
            return found[4] + "{"
        code = found[1] or found[2]
        if code is None:
            return _SHORT.get(found[3], found[3])
        number = int(code, 16)
        return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"

    return _ESCAPE.sub(meant, text)
