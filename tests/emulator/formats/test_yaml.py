"""YAML text becomes a tree that knows its places; the tree agrees with PyYAML on what was written."""

import time
from collections.abc import Callable

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.formats.yaml import (
    Dialect,
    Mapping,
    Node,
    Scalar,
    Sequence,
    YamlResult,
    parse_yaml,
    value_of,
)
from emulator.model.origin import Origin

FAST = settings(deadline=None, derandomize=True, database=None, max_examples=300)


def parsed(text: str, *, dialect: Dialect = Dialect.GO_YAML) -> YamlResult:
    return parse_yaml(text, "app.yaml", dialect=dialect)


def document(text: str) -> Node:
    result = parsed(text)
    assert result.diagnostics == ()
    assert result.document is not None
    return result.document


def mapping(text: str) -> Mapping:
    node = document(text)
    assert isinstance(node, Mapping)
    return node


def plain(node: Node, dialect: Dialect = Dialect.YAML_1_1) -> object:
    """The tree as Python's own lists, dictionaries and values."""
    if isinstance(node, Scalar):
        return value_of(node, dialect)
    if isinstance(node, Sequence):
        return [plain(item, dialect) for item in node.items]
    return {value_of(key, dialect): plain(value, dialect) for key, value in node.pairs}


def span(origin: Origin) -> tuple[int, int, int | None, int | None]:
    return origin.line, origin.column, origin.end_line, origin.end_column


def cut(text: str, origin: Origin) -> str:
    """The piece of `text` that `origin` names; lines as the parser counts them."""
    if origin.end_line is None or origin.end_column is None:
        return ""
    lines = text.splitlines(keepends=True)[origin.line - 1 : origin.end_line]
    lines[-1] = lines[-1][: origin.end_column]
    lines[0] = lines[0][origin.column - 1 :]
    return "".join(lines)


def scalars(node: Node) -> list[Scalar]:
    if isinstance(node, Scalar):
        return [node]
    if isinstance(node, Sequence):
        return [scalar for item in node.items for scalar in scalars(item)]
    return [scalar for pair in node.pairs for part in pair for scalar in scalars(part)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: foo\n", (1, 4, 1, 6)),
        ("a: 'it''s'\n", (1, 4, 1, 10)),
        ('a: "x"   # comment\n', (1, 4, 1, 6)),
        ("a:\n  one\n  two\n", (2, 3, 3, 5)),
        ("a: |\n  one\n  two\n\n\nb: 1\n", (1, 4, 3, 5)),
        ("a: |+\n  one", (1, 4, 2, 5)),
        ("a: >-\n  one\n# comment\n", (1, 4, 2, 5)),
        ("a: |\n", (1, 4, 1, 4)),
        ("a:\n", (1, 3, None, None)),
        ("a: &x foo\n", (1, 7, 1, 9)),
        ("a: !!str foo\n", (1, 10, 1, 12)),
        ("é: ünï\n", (1, 4, 1, 6)),
        ("a: 😀x\n", (1, 4, 1, 5)),
        ("x: 1\r\na: foo\r\n", (2, 4, 2, 6)),
        ("\ufeffa: foo\n", (1, 4, 1, 6)),
        ("a: [1, [2, 3]]\n", (1, 4, 1, 14)),
        ("a: {b: 1}  # c\n", (1, 4, 1, 9)),
        ("a:\n  b: 1\n  c: [x]\n\n# comment\nd: 1\n", (2, 3, 3, 8)),
        ("a:\n- 1\n- b: |\n    text\n\nd: 1\n", (2, 1, 4, 8)),
        ("a:\n  -\n", (2, 3, 2, 3)),
    ],
)
def test_a_value_knows_its_first_and_last_character(text: str, expected: tuple[int, int, int | None, int | None]):
    """Lines and columns count characters from 1, the end is inclusive, comments and blank lines do not belong."""
    value = mapping(text).get("a") or mapping(text).get("é")
    assert value is not None
    assert value.origin.file == "app.yaml"
    assert span(value.origin) == expected


def test_a_mapping_answers_by_key():
    """`get` gives the value, `key` the key with its place, `items` both in the order written."""
    found = mapping("name: web\nport: 80\n")
    name = found.get("name")
    key = found.key("port")
    assert isinstance(name, Scalar)
    assert (name.text, name.style, name.tag) == ("web", "plain", "")
    assert key is not None
    assert span(key.origin) == (2, 1, 2, 4)
    assert [key for key, _ in found.items()] == ["name", "port"]
    assert found.get("missing") is None
    assert found.key("missing") is None


def test_styles_and_tags_are_kept():
    """Plain, quoted and block text are told apart; YAML's own tags are shortened."""
    found = mapping("a: x\nb: 'x'\nc: \"x\"\nd: |\n  x\ne: >\n  x\nf: !!int '5'\ng: !mine x\n")
    styles = [(value.style, value.tag) for _, value in found.items() if isinstance(value, Scalar)]
    assert styles == [
        ("plain", ""), ("quoted", ""), ("quoted", ""), ("block", ""), ("block", ""), ("quoted", "!!int"), ("plain",
        "!mine"),
    ]  # fmt: skip


def test_an_alias_is_the_anchors_own_value():
    """The value under an alias says where it was written; a later anchor of the same name takes over."""
    found = mapping("a: &x one\nb: *x\nc: &x [&x two, *x]\nd: *x\n*x : key\n")
    assert plain(found) == {"a": "one", "b": "one", "c": ["two", "two"], "d": "two", "two": "key"}
    value = found.get("b")
    assert value is not None
    assert value.origin.line == 1


@pytest.mark.parametrize(
    "text",
    [
        "base: &b {x: 1, y: 2}\nuse:\n  y: 3\n  <<: *b\n",
        "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nuse:\n  <<: [*a, *b]\n  z: 9\n",
        "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nuse: {<<: *b}\n",
        "use:\n  <<: {x: 1}\n",
        "use:\n  <<: []\n  a: 1\n",
    ],
)
def test_merge_keys_are_resolved(text: str):
    """Own keys win over merged ones, an earlier mapping over a later one, as PyYAML has it."""
    assert plain(mapping(text)) == pyyaml.safe_load(text)


def test_a_quoted_merge_sign_is_a_key():
    """'<<' in quotes is text."""
    assert plain(mapping("a: {'<<': {b: 1}}\n")) == {"a": {"<<": {"b": 1}}}


def test_an_anchor_may_be_used_many_times_within_the_limit():
    """Ordinary reuse is no bomb: nothing is copied."""
    text = "base: &b {a: 1, b: [1, 2, 3]}\nuses:\n" + "  - *b\n" * 5000
    uses = mapping(text).get("uses")
    assert isinstance(uses, Sequence)
    assert len(uses.items) == 5000
    assert uses.items[0] is uses.items[4999]


WORDS = st.text(alphabet="abcdefgXYZ_-/.é😀", min_size=1, max_size=8).filter(
    lambda word: word[0] not in "-." and not word.startswith("---")
)
LEAVES = st.one_of(
    WORDS, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False), st.text(max_size=12),
    st.sampled_from(["no", "yes", "on", "22:22", "0123", "0x1F", "1_000", "1e3", ".5", "~", "null", "2020-13-45",
    "08"]),
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.thorough
@FAST
@given(TREES, st.booleans(), st.booleans())
def test_values_agree_with_pyyaml(tree: object, flow: bool, unicode: bool):
    """Whatever PyYAML writes, the tree holds the values its safe loader reads back."""
    text = pyyaml.safe_dump({"top": tree}, default_flow_style=flow, allow_unicode=unicode)
    result = parsed(text, dialect=Dialect.YAML_1_1)
    assert result.diagnostics == ()
    assert result.document is not None
    assert plain(result.document) == pyyaml.safe_load(text)


@pytest.mark.thorough
@FAST
@given(TREES, st.booleans())
def test_a_plain_scalars_origin_cuts_out_its_text(tree: object, flow: bool):
    """The place of a plain value on one line is exactly its characters; quoted ones include their quotes."""
    text = pyyaml.safe_dump({"top": tree}, default_flow_style=flow, allow_unicode=True, width=10_000)
    result = parsed(text)
    assert result.document is not None
    for scalar in scalars(result.document):
        piece = cut(text, scalar.origin)
        if scalar.style == "quoted":
            assert piece[0] == piece[-1]
            assert piece[0] in "'\""
        elif scalar.style == "plain" and "\n" not in piece:
            assert piece == scalar.text


@pytest.mark.thorough
@FAST
@given(TREES, st.booleans())
def test_a_collection_spans_its_members(tree: object, flow: bool):
    """No value lies outside the list or mapping that holds it."""
    text = pyyaml.safe_dump({"top": tree}, default_flow_style=flow, allow_unicode=True)
    result = parsed(text)
    assert result.document is not None
    waiting = [result.document]
    while waiting:
        node = waiting.pop()
        inside = () if isinstance(node, Scalar) else node.items if isinstance(node, Sequence) else [
            part for pair in node.pairs for part in pair
        ]  # fmt: skip
        for child in inside:
            end = (child.origin.end_line or child.origin.line, child.origin.end_column or 0)
            assert (node.origin.line, node.origin.column) <= (child.origin.line, child.origin.column)
            assert end <= (node.origin.end_line, node.origin.end_column)
            waiting.append(child)


def test_the_pure_python_parser_gives_the_same_tree(monkeypatch: pytest.MonkeyPatch):
    """Where PyYAML was built without libyaml, the places and values are the same."""
    text = "a: &x [1, 'two', {b: 3}]\nc: |\n  text\nd: *x\ne: !!str 5\n"
    fast = parsed(text)
    monkeypatch.delattr(pyyaml, "CSafeLoader")
    assert parsed(text) == fast


@pytest.mark.thorough
def test_a_long_file_is_read_quickly():
    """Places and all, 3,800 lines take no longer than the library needs to load them without."""
    service = "  - name: svc\n    plan: starter\n    env:\n      - key: PORT\n        value: 8080\n"
    text = "services:\n" + service * 760
    load = lambda: pyyaml.load(text, Loader=pyyaml.CSafeLoader)  # noqa: E731 - what is measured beside ours
    pairs = [(seconds_of(lambda: document(text)), seconds_of(load)) for _ in range(9)]
    assert sorted(ours / theirs for ours, theirs in pairs)[4] < 1.2


def seconds_of(work: Callable[[], object]) -> float:
    """Processor time: what else the machine does is not measured."""
    began = time.process_time()
    work()
    return time.process_time() - began
