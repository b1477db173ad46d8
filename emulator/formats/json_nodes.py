"""JSON text to the tree that YAML becomes as well: every value knows where it was written.

JSON is read by its own grammar, which YAML's covers only almost: a pair of `\\ud83d\\ude00` is one character
here. Nothing is recursive, so nesting cannot exhaust the stack, and no value is quoted in a diagnostic: it
may be a secret.
"""

import re
from bisect import bisect_right
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]  # the library's own reader of a text
from typing import Final

from emulator.model.diagnostic import Diagnostic, Related, error, warning
from emulator.model.origin import Origin
from emulator.model.record import Record

from .findings import Findings
from .yaml_nodes import DEEPEST, Mapping, Node, Scalar, Sequence, Style

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_PLAIN: Final = re.compile(
    r"(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null)(?![A-Za-z0-9_.+-])"
)
_HALF: Final = re.compile("[\ud800-\udfff]")
"""Half of a pair that makes one character; alone it is none, and becomes what readers put in its place."""
_WORD: Final = re.compile(r"[A-Za-z0-9_.+-]+")


class JsonResult(Record, frozen=True, kw_only=True):
    """What a text holds. document: None when the text is not JSON; the diagnostics then say so."""

    document: Node | None
    diagnostics: tuple[Diagnostic, ...]


def parse_json(text: str, file: str) -> JsonResult:
    """The value of `text`; `file` is the name its origins carry. A leading BOM is dropped.

    A mistake leaves no document; of a key that is written twice the later value is kept, as every
    reader of JSON does, and said. Raises nothing.
    """
    reader = _Reader(text.removeprefix("\ufeff"), file)
    try:
        document: Node | None = reader.read()
    except _Refused as refused:
        reader.findings.add(refused.diagnostic)
        document = None
    return JsonResult(document=document, diagnostics=reader.findings.all())


class _Refused(Exception):
    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class _Frame:
    """A collection that is still being read."""

    __slots__ = ("is_mapping", "items", "key", "pairs", "start")

    def __init__(self, start: int, *, is_mapping: bool) -> None:
        self.start = start
        self.is_mapping = is_mapping
        self.items: list[Node] = []
        self.pairs: dict[str, tuple[Scalar, Node]] = {}
        self.key: Scalar | None = None


class _Reader:
    """Text in, tree out. One pass and a stack of frames."""

    def __init__(self, text: str, file: str) -> None:
        self.findings = Findings()
        self._text = text
        self._file = file
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._at = 0
        self._frames: list[_Frame] = []

    def read(self) -> Node:
        while True:
            node = self._value()
            while node is not None:
                if not self._frames:
                    self._nothing_more()
                    return node
                node = self._after(node)

    def _value(self) -> Node | None:
        """A scalar or an empty collection; None after opening one that has something in it."""
        mark = self._peek()
        if mark == '"':
            return self._string()
        if mark in ("{", "["):
            return self._open(is_mapping=mark == "{")
        found = _PLAIN.match(self._text, self._at)
        if found is None:
            raise self._refused_value(mark)
        self._at = found.end()
        return self._scalar(found.group(), "plain", found.start())

    def _open(self, *, is_mapping: bool) -> Node | None:
        if len(self._frames) == DEEPEST:
            message = f"the nesting is deeper than {DEEPEST} levels"
            raise self._refused("json/too-deep", message, "nest less deeply")
        self._frames.append(_Frame(self._at, is_mapping=is_mapping))
        self._at += 1
        if self._peek() == ("}" if is_mapping else "]"):
            return self._close()
        if is_mapping:
            self._key()
        return None

    def _after(self, node: Node) -> Node | None:
        """Put a value where it belongs; the collection that ends with it, None when more follows."""
        frame = self._frames[-1]
        if frame.key is not None:
            frame.pairs[frame.key.text] = (frame.key, node)
            frame.key = None
        else:
            frame.items.append(node)
        mark = self._peek()
        if mark == ("}" if frame.is_mapping else "]"):
            return self._close()
        if mark != ",":
            raise self._refused_after(frame, mark)
        comma = self._at
        self._at += 1
        if self._peek() in ("}", "]"):
            self._at = comma
            raise self._refused("json/trailing-comma", "nothing follows this comma", "remove it")
        if frame.is_mapping:
            self._key()
        return None

    def _close(self) -> Node:
        frame = self._frames.pop()
        self._at += 1
        origin = self._origin(frame.start, self._at)
        if frame.is_mapping:
            return Mapping(pairs=tuple(frame.pairs.values()), origin=origin)
        return Sequence(items=tuple(frame.items), origin=origin)

    def _key(self) -> None:
        if (mark := self._peek()) != '"':
            raise self._refused_value(mark, what="a key")
        key = self._string()
        if self._peek() != ":":
            raise self._refused("json/syntax", "a ':' is missing after the key", "write the value behind it")
        self._at += 1
        frame = self._frames[-1]
        first = frame.pairs.pop(key.text, None)
        if first is not None and not self.findings.full:
            related = (Related(origin=first[0].origin, message="the first one is here"),)
            message = "a key is written twice in the same object; the later one counts"
            found = warning(
                "json/duplicate-key", message, origin=key.origin, related=related, help="remove one of them"
            )
            self.findings.add(found)
        frame.key = key

    def _string(self) -> Scalar:
        start = self._at
        try:
            value, self._at = scanstring(self._text, start + 1, True)
        except JSONDecodeError as wrong:
            self._at = min(wrong.pos, len(self._text))
            if wrong.msg.startswith("Unterminated"):
                self._at = start
                raise self._refused(
                    "json/unclosed-text", "a text that starts here does not end", 'add the `"`'
                ) from wrong
            if "control character" in wrong.msg:
                message = "a line break or a control character stands inside a text"
                raise self._refused("json/syntax", message, "write it as an escape: \\n, \\t") from wrong
            raise self._refused(
                "json/syntax", "there is no such escape in JSON", "write \\\\ for a backslash"
            ) from wrong
        return self._scalar(_HALF.sub("\ufffd", value), "quoted", start)

    def _scalar(self, text: str, style: Style, start: int) -> Scalar:
        return Scalar(text=text, style=style, tag="", origin=self._origin(start, self._at))

    def _peek(self) -> str:
        """The next character that is no blank; "" at the end."""
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at
        return self._text[self._at : self._at + 1]

    def _nothing_more(self) -> None:
        if self._peek():
            raise self._refused("json/syntax", "more text follows a value that has already ended", "remove it")

    def _refused_value(self, mark: str, what: str = "a value") -> _Refused:
        if not mark:
            return self._ends_early()
        if mark == "'":
            return self._refused("json/syntax", "JSON has text in double quotes", f'write {what} as "…"')
        if mark in ("/", "#"):
            return self._refused("json/syntax", "JSON has no comments", "remove it")
        if _WORD.match(self._text, self._at):
            return self._refused("json/syntax", "this word is no value in JSON", 'put text in double quotes: "…"')
        return self._refused("json/syntax", f"{what} is missing here", "is the file what the API answered, as it is?")

    def _refused_after(self, frame: _Frame, mark: str) -> _Refused:
        if not mark:
            return self._ends_early()
        end = "}" if frame.is_mapping else "]"
        if mark in ("}", "]"):
            return self._refused("json/syntax", f"'{mark}' stands where '{end}' belongs", f"close with '{end}'")
        return self._refused("json/syntax", f"a ',' or a '{end}' is missing before this", "add it")

    def _ends_early(self) -> _Refused:
        if not self._frames:
            return self._refused("json/empty", "the file holds no value", "export it again")
        opened = Related(origin=self._point(self._frames[-1].start), message="what is opened here is not closed")
        message = "the text ends too early"
        return self._refused("json/ends-early", message, "is the file complete? Export it again", related=(opened,))

    def _refused(self, code: str, message: str, help_: str, *, related: tuple[Related, ...] = ()) -> _Refused:
        return _Refused(error(code, message, origin=self._point(self._at), related=related, help=help_))

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def _point(self, offset: int) -> Origin:
        line, column = self._place(offset)
        return Origin(file=self._file, line=line, column=column)

    def _origin(self, start: int, end: int) -> Origin:
        (line, column), (end_line, end_column) = self._place(start), self._place(end - 1)
        return Origin(file=self._file, line=line, column=column, end_line=end_line, end_column=end_column)
