"""Whatever is in the file, the answer is one clear diagnostic with its place, soon."""

import random
import re
import time

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.formats.findings import MOST
from emulator.formats.yaml import DEEPEST, Dialect, Mapping, Scalar, YamlResult, parse_yaml
from emulator.model.diagnostic import Diagnostic, Severity

JARGON = re.compile(
    r"while (parsing|scanning)|expected <|block (mapping|collection|end)|token|scalar|flow|simple key|node"
)


def parsed(text: str, *, dialect: Dialect = Dialect.GO_YAML) -> YamlResult:
    return parse_yaml(text, "app.yaml", dialect=dialect)


def place(diagnostic: Diagnostic) -> str:
    assert diagnostic.origin is not None
    assert diagnostic.origin.file == "app.yaml"
    return f"{diagnostic.origin.line}:{diagnostic.origin.column}"


SYNTAX = [
    ("a:\n\tb: 1\n", "tab-indentation", "2:1"),
    ("a:\n  b: 1\n\tc: 2\n", "tab-indentation", "3:1"),
    ("a:\n - b\n\t- c\n", "tab-indentation", "3:1"),
    ("a:\n  b: |\n\tfoo\n", "tab-indentation", "3:1"),
    ("a:\n \t b: 1\n", "tab-indentation", "2:2"),
    ('a: "foo\nb: 1\n', "unclosed-quote", "1:4"),
    ("a: 1\nb: 'foo\n", "unclosed-quote", "2:4"),
    ('a: "x\n---\n"\n', "unclosed-quote", "1:4"),
    ("a:\n  b: 1\n c: 2\n", "bad-indentation", "3:2"),
    ("a: 1\n  b: 2\n", "bad-indentation", "2:3"),
    ("a:\n  - 1\n - 2\n", "bad-indentation", "3:2"),
    ("hello\nworld: 1\n", "bad-indentation", "2:1"),
    ("- a: 1\n   b: 2\n", "bad-indentation", "2:4"),
    ("- a\nb: 1\n", "mixed-collection", "2:1"),
    ("a: 1\n- b\n", "mixed-collection", "2:1"),
    ("a: b: c\n", "unquoted-colon", "1:5"),
    ("- cmd: echo: x\n", "unquoted-colon", "1:12"),
    ("a: {b:] c}\n", "unquoted-colon", "1:6"),
    ("a: 1\nfoo\nb: 2\n", "missing-colon", "2:1"),
    ("a: 1\nfoo\n", "missing-colon", "2:1"),
    ("a: @foo\n", "reserved-character", "1:4"),
    ("a: `foo`\n", "reserved-character", "1:4"),
    ("a: %foo\n", "reserved-character", "1:4"),
    ("a: ? b\n", "reserved-character", "1:4"),
    ("a: [1, 2\nb: 3\n", "unclosed-bracket", "1:4"),
    ("a: {b: 1\nc: 2\n", "unclosed-bracket", "1:4"),
    ('a: [1 2, "x" y]\n', "unclosed-bracket", "1:14"),
    ("a: 1\n]\n", "unclosed-bracket", "2:1"),
    ("a: ]\n", "missing-value", "1:4"),
    ('a: "b" c\n', "text-after-value", "1:8"),
    ("a: [1] b\n", "text-after-value", "1:8"),
    ("a: {{ b }} c\n", "text-after-value", "1:12"),
    ("a: *\n", "bad-anchor", "1:4"),
    ("a: & b\n", "bad-anchor", "1:4"),
    ("a: !<foo b\n", "bad-tag", "1:4"),
    ("a: !x!y b\n", "bad-tag", "1:4"),
    ("a: |0\n  x\n", "bad-block-text", "1:4"),
    ("a: |foo\n  x\n", "bad-block-text", "1:4"),
    ('a: "\\q"\n', "bad-escape", "1:5"),
    ('a: "\\xzz"\n', "bad-escape", "1:7"),
    ("a: - b\n", "misplaced-item", "1:4"),
    ("%YAML 2.0\n---\na: 1\n", "directive", "1:1"),
    ("a: 1\n%b: 2\n", "directive", "2:1"),
    ("%YAML 1.1\na: 1\n", "text-after-document", "2:1"),
    ("a: 1\n...\nb: 2\n", "text-after-document", "3:1"),
    ("{} x\n", "text-after-document", "1:4"),
    ('é: 1\nb: "\x07"\n', "control-character", "2:5"),
    ("a: \0", "control-character", "1:4"),
    ("a: \ud800\n", "control-character", "1:4"),
    ("a: *b\n", "unknown-anchor", "1:4"),
    ("a: &x [1, *x]\n", "recursive-alias", "1:11"),
    ("&x {a: *x}\n", "recursive-alias", "1:8"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "where"), SYNTAX)
def test_a_mistake_is_named_at_its_place(text: str, code: str, where: str):
    """One error at the mistake, with something to do, in words for people, and no half-read document."""
    result = parsed(text)
    *_, diagnostic = result.diagnostics
    assert (diagnostic.code, place(diagnostic)) == (f"yaml/{code}", where)
    assert diagnostic.severity is Severity.ERROR
    assert diagnostic.help
    assert not JARGON.search(diagnostic.message + diagnostic.help)
    assert result.document is None


@pytest.mark.parametrize(("text", "code", "where"), SYNTAX)
def test_without_libyaml_a_mistake_is_also_named(text: str, code: str, where: str, monkeypatch: pytest.MonkeyPatch):
    """The pure-Python parser's other wording leads to our words as well, on the same line."""
    monkeypatch.delattr(pyyaml, "CSafeLoader")
    *_, diagnostic = parsed(text).diagnostics
    assert diagnostic.code != "yaml/syntax"
    assert not JARGON.search(diagnostic.message)
    assert place(diagnostic).split(":")[0] == where.split(":", maxsplit=1)[0]


def test_a_second_key_points_at_the_first():
    """A duplicate key is an error at the second place, related to the first, whose value is kept; all are found."""
    result = parsed("a: 1\nb:\n  c: 1\n  'c': 2\na: 3\n")
    inner, outer = result.diagnostics
    assert (inner.code, place(inner), str(inner.related[0].origin)) == ("yaml/duplicate-key", "4:3", "app.yaml:3:3")
    assert (outer.code, place(outer), str(outer.related[0].origin)) == ("yaml/duplicate-key", "5:1", "app.yaml:1:1")
    assert isinstance(result.document, Mapping)
    kept = result.document.get("a")
    assert isinstance(kept, Scalar)
    assert kept.text == "1"


def test_the_same_key_in_two_mappings_is_no_duplicate():
    """Keys are counted per mapping, and a merged key may be overridden."""
    assert parsed("- {a: 1}\n- {a: 2}\n- &x {a: {a: 3}}\n- {<<: *x, a: 1}\n").diagnostics == ()


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "\ufeff", "--- # x\n...\n"])
def test_an_empty_file_is_said(text: str):
    """Nothing there is an error of its own, not a missing key later."""
    result = parsed(text)
    assert [d.code for d in result.diagnostics] == ["yaml/empty-document"]
    assert result.document is None


def test_several_documents_are_said():
    """A Go program reads the first document and never sees the rest; a safe loader refuses the file."""
    text = "---\na: 1\n---\nb: [\n"
    go, python = parsed(text), parsed(text, dialect=Dialect.YAML_1_1)
    for result, severity in ((go, Severity.WARNING), (python, Severity.ERROR)):
        (diagnostic,) = result.diagnostics
        assert (diagnostic.code, diagnostic.severity) == ("yaml/several-documents", severity)
        assert place(diagnostic) == "3:1"
        assert result.document is not None


def test_a_list_as_key_is_refused():
    """An unquoted template is two mappings to YAML; the place is the inner brace."""
    (diagnostic,) = parsed("a: {{ name }}\n").diagnostics
    assert (diagnostic.code, place(diagnostic)) == ("yaml/complex-key", "1:5")


@pytest.mark.parametrize("text", ["a: {<<: 1}\n", "a: {<<: [{b: 1}, 2]}\n", "x: &x [1]\na: {<<: [*x]}\n"])
def test_a_merge_of_something_else_is_refused(text: str):
    """`<<` merges mappings only."""
    assert [d.code for d in parsed(text).diagnostics] == ["yaml/bad-merge"]


def test_two_merge_keys_are_duplicates():
    """`<<` may stand once; several mappings go into its list."""
    (diagnostic,) = parsed("a: &a {x: 1}\nb:\n  <<: *a\n  <<: *a\n").diagnostics
    assert (diagnostic.code, place(diagnostic)) == ("yaml/duplicate-key", "4:3")


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGE_BOMB = "a: &a {" + ",".join(f"k{i}: 1" for i in range(500)) + "}\n" + "b:\n" + "  - {<<: [*a, *a, *a]}\n" * 200


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * 100_000, "too-deep"),
        ("{a: " * 100_000, "too-deep"),
        ("- " * 100_000, "too-deep"),
        ("? " * 100_000, "too-deep"),
        ("".join(" " * i + "a:\n" for i in range(2_000)), "too-deep"),
        (BOMB, "alias-explosion"),
        (MERGE_BOMB, "alias-explosion"),
        ("".join(f"%TAG !a{i}! b\n" for i in range(100_000)), "directive"),
        ("a: 1\n" * 100_000, "duplicate-key"),
        ('a: "' + "x\n " * 300_000, "unclosed-quote"),
        ("\n" * 1_000_000, "empty-document"),
        ("&a " * 300_000, "text-after-document"),
    ],
    ids=lambda value: value[:12],
)
def test_an_attack_is_refused_in_time(text: str, code: str):
    """Nesting, alias bombs, endless keys and quotes end with a diagnostic, quickly, and with no more than a few."""
    began = time.perf_counter()
    result = parsed(text)
    assert time.perf_counter() - began < 5
    assert result.diagnostics[0].code == f"yaml/{code}"
    assert len(result.diagnostics) <= MOST


def test_nesting_up_to_the_limit_is_read():
    """The limit itself is allowed, one more is not."""
    assert parsed("[" * DEEPEST + "]" * DEEPEST).diagnostics == ()
    (diagnostic,) = parsed("[" * (DEEPEST + 1)).diagnostics
    assert (diagnostic.code, place(diagnostic)) == ("yaml/too-deep", f"1:{DEEPEST + 1}")


def test_no_value_is_quoted():
    """A diagnostic never repeats what could be a secret."""
    for text in (
        'a: "hunter2\n',
        "a: *hunter2\n",
        "a: hunter2: x\n",
        "a: 'x'hunter2\n",
        "a: @hunter2\n",
        "hunter2\n  b: 1",
    ):
        for diagnostic in parsed(text).diagnostics:
            assert "hunter2" not in repr(diagnostic)


SEED_TEXT = """\
# a comment
services:
  - type: web   # é
    name: "api 😀"
    env: &env
      - {key: A, value: 'x y'}
      - key: B
        value: |
          line one
          line two
    <<: {plan: free, tags: [a, b, !!str c]}
  - type: worker
    env: *env
"""
PIECES = [
    "\t", " ", "\n", "\r\n", "- ", ": ", "? ", "[", "]", "{", "}", "'", '"', "|", ">", "&a", "*a", "!t", "%", "@",
    "`", "#", "é", "😀", ",", "~", "a: b\n",
    "<<: *a", "---\n", "...\n", "\u2028", "\x85", "\ufeff", "\x00", "\ud800", "\\", "\\x",
]  # fmt: skip


def mutated(seed: int) -> str:
    """The seed text with a few characters cut, moved and put in; the same for the same seed."""
    chance = random.Random(seed)
    text = SEED_TEXT
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(4):
            case 0:
                text = text[:at] + text[at + chance.randint(1, 6) :]
            case 1:
                text = text[:at] + text[at:][: chance.randint(1, 30)] + text[at:]
            case _:
                text = text[:at] + chance.choice(PIECES) + text[at:]
    return text


def check_any(text: str) -> None:
    result = parsed(text)
    lines = text.removeprefix("\ufeff").splitlines() or [""]
    for diagnostic in result.diagnostics:
        assert diagnostic.origin is not None
        assert diagnostic.help
        assert not JARGON.search(diagnostic.message)
        assert 1 <= diagnostic.origin.line <= len(lines) + 1
        assert diagnostic.origin.column >= 1
    assert result.document is not None or result.diagnostics


@pytest.mark.thorough
def test_mutated_files_never_raise():
    """Four thousand damaged files: each is a tree or a diagnostic with a place in the file."""
    for seed in range(4_000):
        check_any(mutated(seed))


@pytest.mark.thorough
@settings(deadline=None, derandomize=True, database=None, max_examples=1500)
@given(st.lists(st.sampled_from([*PIECES, "a", "b", "key", "  ", "    "]), max_size=25).map("".join))
def test_any_text_is_answered(text: str):
    """Any sequence of YAML's signs is a tree or a diagnostic, never an exception."""
    check_any(text)
