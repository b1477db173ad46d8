"""One field of a YAML text set to another value; everything else stays as it was written."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.formats.yaml import Mapping, Scalar, parse_yaml
from emulator.formats.yaml import Sequence as Items
from emulator.formats.yaml_edit import CannotSet, split_path, with_value
from emulator.formats.yaml_scalars import Dialect

TEXT = """\
# the shop
services:
  - type: web   # the front
    name: api
    rootDir: old
    envVars:
      - key: A
        value: 1
      - {key: B, value: two}
    scaling: {minInstances: 1}
    startCommand: |
      one
      two
    plan:
  - type: worker
    name: mail
"""


def changed(path: str, value: str, text: str = TEXT) -> str:
    return with_value(text, split_path(path), value, dialect=Dialect.GO_YAML)


def lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that only the one, and only the other text has."""
    one, two = before.splitlines(), after.splitlines()
    return [line for line in one if line not in two], [line for line in two if line not in one]


@pytest.mark.parametrize(
    ("path", "value", "gone", "new"),
    [
        ("services.api.rootDir", "backend", "    rootDir: old", "    rootDir: backend"),
        ("services.0.rootDir", "x y", "    rootDir: old", "    rootDir: x y"),
        ("services.api.type", "pserv", "  - type: web   # the front", "  - type: pserv   # the front"),
        ("services.api.envVars.A.value", "#1", "        value: 1", '        value: "#1"'),
        ("services.api.envVars.B.value", "3", "      - {key: B, value: two}", "      - {key: B, value: 3}"),
        ("services.api.scaling.minInstances", "2", "    scaling: {minInstances: 1}", "    scaling: {minInstances: 2}"),
        ("services.api.plan", "starter", "    plan:", "    plan: starter"),
        ("services.api.plan", "a: b", "    plan:", '    plan: "a: b"'),
        ("services.mail.plan", "pro", None, "  - plan: pro"),
        ("services.api.region", "", None, '  - region: ""'),
        ("services.api.scaling.maxInstances", "3", "    scaling: {minInstances: 1}",
         "    scaling: {maxInstances: 3, minInstances: 1}"),
        ("services.api.envVars.C.value", "[1]", None, "      - {key: C, value: [1]}"),
        ("services.api.plan.C.value", "1", "    plan:", "    plan: [{name: C, value: 1}]"),
        ("services.mail.env.C.value", "[1]", None, "  - env: [{name: C, value: [1]}]"),
        ("previews.generation", "off", None, "previews: {generation: off}"),
        ('previews."a.b"', "off", None, "previews: {a.b: off}"),
    ],
)  # fmt: skip
def test_one_line_is_another(path: str, value: str, gone: str | None, new: str) -> None:
    """The field's own line changes, or one is put in; comments and order stay."""
    before, after = lines(TEXT, changed(path, value))
    assert gone is None or gone in before
    assert new in after


def test_a_block_gives_way_to_a_value_on_one_line() -> None:
    after = changed("services.api.startCommand", "three")
    assert "    startCommand: three\n    plan:\n" in after
    assert "one" not in after
    assert "    envVars: []\n    scaling" in changed("services.api.envVars", "[]")


def test_a_text_of_nothing_gets_its_first_field() -> None:
    assert changed("services", "[]", "") == "services: []\n"
    assert changed("a.b", "1", "# only this\n").splitlines() == ["a: {b: 1}", "# only this"]


def test_a_byte_order_mark_stays() -> None:
    assert changed("a", "2", "\ufeffa: 1\nb: 3\n") == "\ufeffa: 2\nb: 3\n"


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("services.ap.rootDir", TEXT, "the list has no ap; it has api, mail"),
        ("services.7.rootDir", TEXT, "no 7"),
        ("services.api.type.more", TEXT, "'web' has no more"),
        ("a.b", "a: *x\nx: &x {b: 1}\n", "not YAML"),
        ("b.c", "a: &x {c: 1}\nb: *x\n", "alias"),
        ("b", "a: &x {c: 1}\nb: *x\n", "alias"),
        ("b.c", "a: &x {c: 1}\nb: {<<: *x, d: 2}\n", "merge"),
        ("a", "a: &x 1\nb: *x\n", "anchor"),
        ("a", "a: [1\n", "not YAML"),
        ("a", "? a\n", "not YAML"),
    ],
)
def test_what_cannot_be_set_is_said(path: str, text: str, said: str) -> None:
    """No text comes out that says something else than was asked for."""
    with pytest.raises(CannotSet, match=said):
        changed(path, "1", text)


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", '"a', '"a"b', '"".a'])
def test_a_path_that_is_none(path: str) -> None:
    with pytest.raises(CannotSet):
        split_path(path)


def said(node: object) -> object:
    """A tree as plain values."""
    if isinstance(node, Mapping):
        return {key: said(value) for key, value in node.items()}
    if isinstance(node, Items):
        return [said(item) for item in node.items]
    return node.text if isinstance(node, Scalar) else None


TEXTS = st.text("ab \"'#:-[{&*!|>%@`\\\té\u2028\U0001f600", max_size=5)
KEYS = st.sampled_from(["a", "b", "c d", "e.f", '"', "9", "ä"])
TREES = st.recursive(
    TEXTS, lambda inner: st.dictionaries(KEYS, inner, max_size=3) | st.lists(inner, max_size=3), max_leaves=8
)


def written(tree: object, indent: str = "") -> str:
    """A tree as YAML: in blocks, and from some depth on in braces."""
    if not isinstance(tree, dict | list) or not tree or len(indent) > 4:
        return " " + json.dumps(tree).replace("\\ud83d\\ude00", "\\U0001f600")
    rows = tree.items() if isinstance(tree, dict) else ((None, item) for item in tree)
    heads = [("-" if key is None else json.dumps(key) + ":", value) for key, value in rows]
    return "".join(f"\n{indent}{head}{written(value, indent + '  ')}" for head, value in heads)


def put(tree: Any, path: list[str], value: str) -> None:
    """The same done to plain values. Raises what they raise where there is no such place."""
    for step in path[:-1]:
        tree = tree[int(step)] if isinstance(tree, list) else tree.setdefault(step, {})
        if tree == "":
            raise TypeError
    tree[int(path[-1]) if isinstance(tree, list) else path[-1]] = value


@given(st.dictionaries(KEYS, TREES, max_size=3), st.lists(KEYS, min_size=1, max_size=3), TEXTS)
def test_the_field_is_set_and_nothing_else(tree: dict[str, Any], path: list[str], value: str) -> None:
    """Whatever the tree: afterwards it is the same one, with the value at the path; or the refusal is said."""
    text = written(tree).lstrip("\n") + "\n"
    try:
        after = with_value(text, path, value, dialect=Dialect.GO_YAML)
    except CannotSet:
        return
    expected = copy.deepcopy(tree)
    meant = said(parse_yaml(after, "f", dialect=Dialect.GO_YAML).document)
    try:
        put(expected, path, value)
    except (TypeError, ValueError, IndexError):
        return
    if value[:1] not in ("{", "[", '"', "'"):
        assert meant == expected
