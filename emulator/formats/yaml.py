"""YAML text to a spanned tree: every value knows file, line, column and end.

The tree is built from the parser's events, not composed by the library: no recursion, so nesting
cannot exhaust the stack, and no conversion, so a scalar keeps its text until `value_of` is asked
with the dialect of the platform's own parser. Bad input is a diagnostic with its place, never an
exception.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, TypeAlias

from emulator.model.diagnostic import Diagnostic, Related, error, warning
from emulator.model.origin import Origin
from emulator.model.record import Record

from .findings import Findings
from .yaml_nodes import DEEPEST, Mapping, Node, Scalar, Sequence, Style
from .yaml_scalars import Dialect, Value, as_go_string, value_of

if TYPE_CHECKING:
    import yaml

__all__ = (
    "DEEPEST", "Dialect", "Mapping", "Node", "Scalar", "Sequence", "Value", "YamlResult", "as_go_string", "parse_yaml",
    "value_of",
)  # fmt: skip

MOST_ALIASED = 100_000
"""Values that aliases may stand for, all together, before the document counts as a bomb."""

MOST_DIRECTIVES = 100
"""The parser compares every %TAG line with all before it, in C, where no one can interrupt it."""


class YamlResult(Record, frozen=True, kw_only=True):
    """What a text holds. document: None when the text is empty or not YAML; the diagnostics then say so."""

    document: Node | None
    diagnostics: tuple[Diagnostic, ...]


def parse_yaml(text: str, file: str, *, dialect: Dialect) -> YamlResult:
    """The first document of `text`; `file` is the name its origins carry. A leading BOM is dropped
    and not counted as a column.

    Merge keys and aliases are resolved. Errors (a syntax error, an unknown or recursive or exploding
    alias, too much nesting) leave no document; a duplicate key keeps the first value. Raises nothing.
    """
    text = text.removeprefix("\ufeff")
    builder = _Builder(text, file, dialect)
    try:
        builder.read(_events(text, file))
    except _Refused as refused:
        builder.findings.add(refused.diagnostic)
        builder.document = None
    return YamlResult(document=builder.document, diagnostics=builder.findings.all())


class _Refused(Exception):
    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def _events(text: str, file: str) -> "Iterator[yaml.Event]":
    """The parser's events, its exceptions turned into ours."""
    import yaml
    from yaml.reader import ReaderError

    if text.count("\n%") + text.count("\r%") > MOST_DIRECTIVES:
        message = f"more than {MOST_DIRECTIVES} lines start with '%'"
        raise _Refused(error("yaml/directive", message, origin=Origin(file=file), help="remove them"))
    try:
        yield from yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (ReaderError, UnicodeEncodeError) as unreadable:
        raise _Refused(_bad_character(text, file)) from unreadable
    except yaml.MarkedYAMLError as wrong:
        raise _Refused(_explained(wrong, text, file)) from wrong


def _bad_character(text: str, file: str) -> Diagnostic:
    import re

    found = re.search("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    before = text[: found.start()] if found else ""
    line_start = before.rfind("\n") + 1
    name = f"U+{ord(found.group()):04X}" if found else "it"
    return error(
        "yaml/control-character", f"the character {name} is not allowed in YAML",
        origin=Origin(file=file, line=before.count("\n") + 1, column=len(before) - line_start + 1),
        help="remove it, or write it as an escape in double quotes",
    )  # fmt: skip


def _explained(wrong: "yaml.MarkedYAMLError", text: str, file: str) -> Diagnostic:
    from .yaml_problems import Problem, explain

    since, at = wrong.context_mark, wrong.problem_mark or wrong.context_mark
    problem = Problem(
        words=wrong.problem or "", context=wrong.context or "", file=file, lines=tuple(text.splitlines()),
        at=(at.line, at.column) if at else (0, 0), since=(since.line, since.column) if since else None,
    )  # fmt: skip
    return explain(problem)


class _Dropped:
    """Stands for a key that cannot be one; its value goes with it."""


_DROPPED: Final = _Dropped()

_Key: TypeAlias = Scalar | _Dropped
_Point: TypeAlias = tuple[int, int]


class _Frame:
    """A collection that is still being read. `size` counts its values with aliases written out."""

    __slots__ = ("anchor", "end", "is_flow", "is_mapping", "items", "key", "merges", "pairs", "size", "start")

    def __init__(self, start: _Point, anchor: str | None, *, is_mapping: bool, is_flow: bool) -> None:
        self.start = start
        self.anchor = anchor
        self.is_mapping = is_mapping
        self.is_flow = is_flow
        self.items: list[Node] = []
        self.pairs: dict[str, tuple[Scalar, Node]] = {}
        self.merges: list[tuple[Scalar, Node]] = []
        self.key: _Key | None = None
        self.size = 1


class _Builder:
    """Events in, tree out. One pass, a stack of frames, nothing recursive."""

    def __init__(self, text: str, file: str, dialect: Dialect) -> None:
        self.document: Node | None = None
        self.findings = Findings()
        self._text = text
        self._file = file
        self._dialect = dialect
        self._lines: list[str] | None = None
        self._frames: list[_Frame] = []
        self._anchors: dict[str, tuple[Node, int] | _Frame] = {}
        self._aliased = 0
        self._last: _Point = (1, 1)
        self._nothing_at = Origin(file=file)

    def read(self, events: "Iterator[yaml.Event]") -> None:
        """Builds `document` from the first document's events."""
        from yaml import events as kinds

        documents = 0
        for event in events:
            kind = type(event)
            if kind is kinds.ScalarEvent:
                self._scalar(event)  # type: ignore[arg-type]
            elif kind is kinds.MappingStartEvent or kind is kinds.SequenceStartEvent:
                self._open(event, is_mapping=kind is kinds.MappingStartEvent)  # type: ignore[arg-type]
            elif kind is kinds.MappingEndEvent or kind is kinds.SequenceEndEvent:
                self._close(event)
            elif kind is kinds.AliasEvent:
                self._alias(event)  # type: ignore[arg-type]
            elif kind is kinds.DocumentStartEvent:
                documents += 1
                if documents == 2:
                    self._check_not_empty()
                    self._second_document(event)
                    return
        self._check_not_empty()

    def _scalar(self, event: "yaml.ScalarEvent") -> None:
        origin = self._scalar_origin(event)
        tag = _short_tag(event.tag) if event.tag else ""
        scalar = Scalar(text=event.value, style=_STYLES[event.style or ""], tag=tag, origin=origin)
        if event.anchor:
            self._anchors[event.anchor] = (scalar, 1)
        self._add(scalar, 1)

    def _scalar_origin(self, event: "yaml.ScalarEvent") -> Origin:
        start, end = event.start_mark, event.end_mark
        assert start is not None
        assert end is not None
        line, column = start.line + 1, start.column + 1
        if start.line == end.line and start.column == end.column:
            return Origin(file=self._file, line=line, column=column)
        end_line, end_column = end.line + 1, end.column
        if event.style in {"|", ">"}:
            end_line, end_column = self._block_end(line, end_line, end_column)
        elif (event.anchor or event.tag) and not event.style and line == end_line:
            column = end_column - len(event.value) + 1
        self._last = (end_line, end_column)
        return Origin(file=self._file, line=line, column=column, end_line=end_line, end_column=end_column)

    def _block_end(self, first: int, last: int, column: int) -> _Point:
        """The last line with text of a block scalar: the parser's end lies behind the blank lines after it."""
        if self._lines is None:
            self._lines = self._text.splitlines()
        if column == 0:
            last -= 1
        last = min(last, len(self._lines))
        while last > first and not self._lines[last - 1].strip():
            last -= 1
        return last, len(self._lines[last - 1])

    def _open(self, event: "yaml.CollectionStartEvent", *, is_mapping: bool) -> None:
        assert event.start_mark is not None
        start = (event.start_mark.line + 1, event.start_mark.column + 1)
        if len(self._frames) == DEEPEST:
            from .yaml_problems import too_deep

            raise _Refused(too_deep(self._point(start)))
        frame = _Frame(start, event.anchor, is_mapping=is_mapping, is_flow=bool(event.flow_style))
        if event.anchor:
            self._anchors[event.anchor] = frame
        self._frames.append(frame)

    def _close(self, event: "yaml.Event") -> None:
        frame = self._frames.pop()
        if frame.is_flow and event.end_mark is not None:
            self._last = (event.end_mark.line + 1, event.end_mark.column)
        end = max(self._last, frame.start)
        origin = Origin(file=self._file, line=frame.start[0], column=frame.start[1], end_line=end[0], end_column=end[1])
        if frame.is_mapping:
            for merge in frame.merges:
                self._merge(frame, *merge)
            node: Node = Mapping(pairs=tuple(frame.pairs.values()), origin=origin)
        else:
            node = Sequence(items=tuple(frame.items), origin=origin)
        # An anchor of the same name inside comes later in the text, so it stands.
        if frame.anchor and self._anchors.get(frame.anchor) is frame:
            self._anchors[frame.anchor] = (node, frame.size)
        self._add(node, frame.size)

    def _alias(self, event: "yaml.AliasEvent") -> None:
        assert event.start_mark is not None
        assert event.end_mark is not None
        at = (event.start_mark.line + 1, event.start_mark.column + 1)
        self._last = (event.end_mark.line + 1, event.end_mark.column)
        found = self._anchors.get(event.anchor or "")
        if found is None:
            raise _Refused(
                error(
                    "yaml/unknown-anchor", "'*' refers to an anchor ('&') that is not defined above it",
                    origin=self._point(at), help="define the anchor above; if this is meant as text, put it in quotes",
                )
            )  # fmt: skip
        if isinstance(found, _Frame):
            inside = Related(origin=self._point(found.start), message="the anchor is defined here")
            raise _Refused(
                error(
                    "yaml/recursive-alias", f"'*{event.anchor}' stands inside the value it refers to",
                    origin=self._point(at), related=(inside,), help="write the value out",
                )
            )  # fmt: skip
        node, size = found
        self._aliased += size
        if self._aliased > MOST_ALIASED:
            raise _Refused(
                error(
                    "yaml/alias-explosion", f"aliases stand for more than {MOST_ALIASED:,} values",
                    origin=self._point(at), help="write out what is needed, without aliases of aliases",
                )
            )  # fmt: skip
        self._add(node, size)

    def _add(self, node: Node, size: int) -> None:
        if not self._frames:
            self._finish(node)
            return
        frame = self._frames[-1]
        frame.size += size
        if not frame.is_mapping:
            frame.items.append(node)
        elif frame.key is None:
            frame.key = self._checked_key(node)
        else:
            self._pair(frame, frame.key, node)
            frame.key = None

    def _checked_key(self, node: Node) -> _Key:
        if isinstance(node, Scalar):
            return node
        message = "a list or a mapping stands where a key must be"
        what = "put a value that starts with { or [ in quotes if it is text"
        self.findings.add(error("yaml/complex-key", message, origin=node.origin, help=what))
        return _DROPPED

    def _pair(self, frame: _Frame, key: _Key, value: Node) -> None:
        if isinstance(key, _Dropped):
            return
        is_merge = key.text == "<<" and (key.tag == "!!merge" or (key.style == "plain" and key.tag in {"", "!"}))
        first = frame.pairs.get(key.text)
        if is_merge:
            first = frame.merges[0] if frame.merges else None
        if first is not None:
            self._duplicate(key, first[0])
        elif is_merge:
            frame.merges.append((key, value))
        else:
            frame.pairs[key.text] = (key, value)

    def _duplicate(self, key: Scalar, first: Scalar) -> None:
        if self.findings.full:
            return
        self.findings.add(
            error(
                "yaml/duplicate-key", f"the key '{_shortened(key.text)}' is written twice in the same mapping",
                origin=key.origin, related=(Related(origin=first.origin, message="the first one is here"),),
                help="remove one of the two",
            )
        )  # fmt: skip

    def _merge(self, frame: _Frame, key: Scalar, value: Node) -> None:
        """Adds what `<<` brings: own keys win, then the earlier mapping of a list."""
        sources = value.items if isinstance(value, Sequence) else (value,)
        for source in sources:
            if not isinstance(source, Mapping):
                message = "'<<' takes a mapping or a list of mappings"
                what = "refer to a mapping with *name"
                self.findings.add(error("yaml/bad-merge", message, origin=key.origin, help=what))
                return
            for pair in source.pairs:
                frame.pairs.setdefault(pair[0].text, pair)

    def _finish(self, node: Node) -> None:
        if isinstance(node, Scalar) and not node.text and node.style == "plain":
            self._nothing_at = node.origin
        else:
            self.document = node

    def _check_not_empty(self) -> None:
        if self.document is None:
            message = "the file holds no value"
            what = "write the file's content, or remove the file"
            self.findings.add(error("yaml/empty-document", message, origin=self._nothing_at, help=what))

    def _second_document(self, event: "yaml.Event") -> None:
        """Go's Unmarshal and Decode read one document and leave the rest; a safe loader refuses the stream."""
        assert event.start_mark is not None
        make = warning if self._dialect is Dialect.GO_YAML else error
        said = "only the first is read" if self._dialect is Dialect.GO_YAML else "only one is accepted"
        self.findings.add(
            make(
                "yaml/several-documents", f"a second document starts here; {said}",
                origin=self._point((event.start_mark.line + 1, event.start_mark.column + 1)),
                help="put each document into a file of its own",
            )
        )  # fmt: skip

    def _point(self, at: _Point) -> Origin:
        return Origin(file=self._file, line=at[0], column=at[1])


_STYLES: Final[dict[str, Style]] = {"": "plain", "'": "quoted", '"': "quoted", "|": "block", ">": "block"}

_YAML_TAG: Final = "tag:yaml.org,2002:"


def _short_tag(tag: str) -> str:
    return f"!!{tag.removeprefix(_YAML_TAG)}" if tag.startswith(_YAML_TAG) else tag


def _shortened(name: str) -> str:
    line = name.replace("\n", " ")
    return line if len(line) <= 60 else line[:59] + "…"
