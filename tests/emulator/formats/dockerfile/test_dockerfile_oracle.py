"""Our reading against BuildKit's own parser, which the `dockerfile` wheel carries.

The wheel's BuildKit is older than today's and three things differ on purpose, so they are kept out
of the generated text or left out of the comparison: text after a JSON array (taken as JSON until
Dockerfile frontend 1.9), the escape directive inside flags, and `<< NAME` with a blank. Two more are
the wheel's own: flags are read byte by byte, which garbles what is not ASCII, and a line range may
begin or end at a comment or a lone escape, where ours holds only the instruction.
"""

import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.formats.dockerfile import Instruction, parse_dockerfile
from emulator.model.diagnostic import Severity

oracle = pytest.importorskip("dockerfile", reason="the wheel exists for Linux on x86-64 only")

_REFUSED_BY_THE_PARSER = {
    "dockerfile/json-not-strings",
    "dockerfile/missing-equals",
    "dockerfile/unterminated-heredoc",
    "dockerfile/line-too-long",
    "dockerfile/bad-directive",
    "dockerfile/repeated-directive",
    "dockerfile/empty",
}
"""What the parser itself refuses; other mistakes are found by a later part of BuildKit."""

_KEYWORDS = [
    "FROM",
    "RUN",
    "CMD",
    "ENTRYPOINT",
    "COPY",
    "ADD",
    "ENV",
    "LABEL",
    "ARG",
    "EXPOSE",
    "VOLUME",
    "USER",
    "WORKDIR",
    "SHELL",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "ONBUILD",
    "MAINTAINER",
    "from",
    "Run",
    "FOO",
]
_WORDS = [
    "a", "b=c", '"x y"', "'q r'", 'k="v w"', "k=", "=v", "\\", "\\\\", "\\ ", '\\"', '"', "'", "$X", "${X:-d}", "<<EOF",
    "<<-EOF", '<<"E F"', "3<<EOF", "<<<", "<", '["a"]', '["a","b"]', '["a", 1]', "[", "]", "{}", "null", "--f=1", "--x",
    "--", '--q="a b"', "-", "#c", "as", "CMD", "NONE", "RUN", "COPY", "ENV", "é", "\u3000", "\t", "=", '["\\n"]', "[]",
]  # fmt: skip
_ENDS = ["", "", "", "", " ", "\\", "\\", "\\ ", " \\ ", "\\\\"]
_LINES_OF_THEIR_OWN = ["", "#", "  # x", "# escape=\\", "# syntax=x", "\t", "EOF", "\tEOF", "E F", " EOF"]

_instruction = st.builds(
    lambda indent, keyword, words, end: indent + keyword + "".join(blank + word for blank, word in words) + end,
    st.sampled_from(["", "", " ", "\t"]),
    st.sampled_from(_KEYWORDS),
    st.lists(st.tuples(st.sampled_from([" ", " ", "  ", "\t", ""]), st.sampled_from(_WORDS)), max_size=5),
    st.sampled_from(_ENDS),
)
_structured = st.builds(
    lambda newline, lines: newline.join(lines),
    st.sampled_from(["\n", "\n", "\r\n"]),
    st.lists(st.one_of(_instruction, _instruction, st.sampled_from(_LINES_OF_THEIR_OWN)), min_size=1, max_size=7),
)
_soup = st.text(alphabet="RUN CMD<>-EOF\"'\\ \t\n\r$={}[],#a", min_size=1, max_size=60)


_BLANK_BEFORE_NAME = re.compile(r"<<-?\s")
"""A here-document to newer parsers alone; the blank may also stand in front of a continued line."""


@pytest.mark.thorough
@settings(max_examples=600, deadline=None)
@given(st.one_of(_structured, _structured, _soup))
@example("FROM a\nCMD \x1c['a']")
@example("HEALTHCHECK CMD \u3000x")
@example("FROM a\nRUN x\\\n# end of file")
@example("\\")
@example('# escape=\\\nFROM a\nENV a=\\\n  "b c" d=\\ e\\')
@example("FROM a\nONBUILD RUN <<-EOF <<X\n\tx\n\tEOF\nX\n")
@example("FROM\nRUN <<-EOF\nFROM\n\tFROM\nEOF")
@example("RUN <<\\\n FROM")
@example('FROM a\nCMD ["\\u0041\\/", "\\\\"]')
def test_reads_what_buildkit_reads(text: str):
    """Same instructions, flags, arguments, forms, here-documents and lines; same refusals."""
    ours = parse_dockerfile(text, "Dockerfile")
    if any(_ends_json_early(one) or _BLANK_BEFORE_NAME.search(one.source) for one in ours.instructions):
        return
    codes = {d.code for d in ours.diagnostics if d.severity is Severity.ERROR}
    try:
        theirs = oracle.parse_string(text)
    except oracle.GoParseError:
        assert codes
        return
    except UnicodeDecodeError:  # it cut a character in two
        return
    assert not codes & _REFUSED_BY_THE_PARSER
    for instruction, their in zip(ours.instructions, theirs, strict=True):
        if instruction.keyword != "ONBUILD" or instruction.trigger is not None:  # else BuildKit refuses it later
            assert _shape(instruction, text) == _their_shape(their, text)
        assert their.start_line <= instruction.origin.line
        assert (instruction.origin.end_line or 0) <= their.end_line


def _ends_json_early(instruction: Instruction) -> bool:
    inner = instruction.trigger or instruction
    text = inner.words[-1].text if inner.keyword == "HEALTHCHECK" and inner.words else inner.text
    try:
        value, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except ValueError:
        return False
    return inner.json is None and isinstance(value, list)


def _shape(instruction: Instruction, text: str) -> tuple[object, ...]:
    inner = instruction.trigger or instruction
    flags = tuple(_flag(f.name, f.value) for f in instruction.flags)
    heredocs = tuple((h.name, _without_tabs(h.body, text), h.descriptor) for h in instruction.heredocs)
    if instruction.keyword == "ONBUILD":  # the wheel does not pass those on
        heredocs = ()
    return (instruction.keyword, _ascii(flags), _arguments(inner), inner.json is not None, heredocs)


def _their_shape(instruction, text: str) -> tuple[object, ...]:
    heredocs = tuple((h.name, _without_tabs(h.content, text), h.file_descriptor) for h in instruction.heredocs)
    keyword = (instruction.cmd or "").upper()
    return (keyword, _ascii(instruction.flags), instruction.value, instruction.json, heredocs)


def _flag(name: str, value: str | None) -> str:
    return f"--{name}" if value is None else f"--{name}={value}"


def _ascii(flags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(flag if flag.isascii() else "…" for flag in flags)


def _without_tabs(content: str, text: str) -> str:
    """The wheel does not say whether a here-document is written <<-, and leaves its tabs; ours are off."""
    return re.sub(r"(?m)^\t+", "", content) if "<<-" in text else content


def _arguments(i: Instruction) -> tuple[str, ...] | None:
    match i.keyword:
        case "CMD" | "ENTRYPOINT" | "RUN" | "SHELL":
            return i.json if i.json is not None else (i.text,) if i.text else ()
        case "ADD" | "COPY" | "VOLUME" | "EXPOSE" | "FROM":
            return tuple(word.text for word in i.words)
        case "ENV" | "LABEL":
            return tuple(part for pair in i.pairs for part in (pair.key, pair.value or ""))
        case "ARG":
            return tuple(pair.key if pair.value is None else f"{pair.key}={pair.value}" for pair in i.pairs)
        case "HEALTHCHECK":
            texts = tuple(word.text for word in i.words)
            return texts if i.json is None else (texts[0], *i.json)
        case "MAINTAINER" | "STOPSIGNAL" | "USER" | "WORKDIR" | "ONBUILD":
            return (i.text,) if i.text else ()
        case _:
            return ("",)
