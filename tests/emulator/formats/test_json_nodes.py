"""JSON with places: the same values as the library's, each where it stands, and mistakes at their place."""

import json
import random
import time
from typing import Any

import pytest

from emulator.formats.json_nodes import parse_json
from emulator.formats.yaml import Dialect, Mapping, Node, Scalar, Sequence, value_of


def plain(node: Node | None) -> Any:
    if isinstance(node, Mapping):
        return {key: plain(value) for key, value in node.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    return value_of(node, Dialect.GO_YAML)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": [true, false, null], "c": {"d": "x"}}', "[]", "{}", "[[], {}]", '"text"', " \n\t7\r\n", "-0.5",
        '{"a":\t"tab\\there"}', '"\\ud83d\\ude00 \\u003c\\/\\""', '{"": ""}', '["yes", "no", "1e3", "~", "# x", ": "]',
        '{"' + "k" * 2000 + '": "a key longer than YAML takes"}', "\ufeff{}", "[1e3, 10, 0]",
    ],
)  # fmt: skip
def test_values_are_the_librarys(text: str) -> None:
    """Blanks, escapes, pairs of surrogates, words that mean something in YAML."""
    result = parse_json(text, "a.json")
    assert result.diagnostics == ()
    assert plain(result.document) == json.loads(text.removeprefix("\ufeff"))


def test_values_know_their_place() -> None:
    """Lines and columns from 1, ends included."""
    document = parse_json('{\n  "a": "xy",\n  "b": [\n    1\n  ]\n}\n', "a.json").document
    assert isinstance(document, Mapping)
    a, b = document.get("a"), document.get("b")
    assert a is not None
    assert b is not None
    assert (a.origin.file, a.origin.line, a.origin.column, a.origin.end_line, a.origin.end_column) == (
        "a.json", 2, 8, 2, 11,
    )  # fmt: skip
    assert (b.origin.line, b.origin.end_line) == (3, 5)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("", "json/empty", (1, 1)),
        ("  \n", "json/empty", (2, 1)),
        ('{"a": 1,}', "json/trailing-comma", (1, 8)),
        ("[1,\n]", "json/trailing-comma", (1, 3)),
        ('{"a" 1}', "json/syntax", (1, 6)),
        ('{"a": 1\n "b": 2}', "json/syntax", (2, 2)),
        ("{'a': 1}", "json/syntax", (1, 2)),
        ("{a: 1}", "json/syntax", (1, 2)),
        ('{"a": }', "json/syntax", (1, 7)),
        ('{"a": nan}', "json/syntax", (1, 7)),
        ("[01]", "json/syntax", (1, 2)),
        ("[1}", "json/syntax", (1, 3)),
        ("{} {}", "json/syntax", (1, 4)),
        ('{"a": [1, 2', "json/ends-early", (1, 12)),
        ('{"a": "x', "json/unclosed-text", (1, 7)),
        ('["a\nb"]', "json/syntax", (1, 4)),
        ('["\\x"]', "json/syntax", (1, 3)),
        ("// c\n{}", "json/syntax", (1, 1)),
        ("[" * 300, "json/too-deep", (1, 201)),
        ("services:\n", "json/syntax", (1, 1)),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_place(text: str, code: str, place: tuple[int, int]) -> None:
    """One diagnostic, and no document."""
    result = parse_json(text, "a.json")
    [found] = result.diagnostics
    assert result.document is None
    assert found.origin is not None
    assert (found.code, (found.origin.line, found.origin.column)) == (code, place)
    assert found.help


def test_of_a_key_written_twice_the_later_counts() -> None:
    """As in every reader of JSON; and it is said."""
    result = parse_json('{"a": 1, "a": 2}', "a.json")
    assert plain(result.document) == {"a": 2}
    assert [d.code for d in result.diagnostics] == ["json/duplicate-key"]


def test_half_a_character_is_none() -> None:
    """As other readers do: it could be printed nowhere."""
    assert plain(parse_json('{"a": "x\\ud83dy", "\\udc00": 1}', "a.json").document) == {"a": "x\ufffdy", "\ufffd": 1}


def test_no_value_is_quoted() -> None:
    """What is wrong with a text may be next to a secret."""
    for text in ('{"password": "hunter2', '{"password": hunter2}', '{"password": "hunter2" "x"}', '{"hunter2": 1 2}'):
        assert "hunter2" not in repr(parse_json(text, "a.json").diagnostics)


def test_garbage_ends_in_a_diagnostic() -> None:
    """Whatever is cut away or changed: a document as the library reads it, or one error."""
    whole = json.dumps({"service": {"id": "srv-1", "list": [1, 2.5, None, 'a"\\'], "deep": {"x": [[]]}}}, indent=1)
    dice = random.Random(7)
    for _ in range(2000):
        at = dice.randrange(len(whole))
        text = (
            whole[:at] + dice.choice(['"', "{", "]", ",", ":", "\\", "\n", "0", ""]) + whole[at + dice.randrange(3) :]
        )
        result = parse_json(text, "a.json")
        try:
            wanted = json.loads(text)
        except ValueError:
            assert result.document is None, text
            assert len([d for d in result.diagnostics if d.severity == "error"]) == 1, text
        else:
            assert plain(result.document) == wanted, text


def test_megabytes_take_a_moment() -> None:
    """The time grows with the text."""
    began = time.monotonic()
    result = parse_json(json.dumps([{"key": "k" * 50, "value": "v" * 50}] * 20_000), "a.json")
    assert result.document is not None
    assert time.monotonic() - began < 10
