"""The same text means different things to different parsers."""

import math

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.formats.yaml import Dialect, Mapping, Scalar, as_go_string, parse_yaml, value_of
from emulator.model.origin import Origin

FAST = settings(deadline=None, derandomize=True, database=None, max_examples=1500)


def scalar(written: str) -> Scalar:
    """The scalar of `written` as a value in a file."""
    document = parse_yaml(f"v: {written}\n", "f", dialect=Dialect.GO_YAML).document
    assert isinstance(document, Mapping)
    value = document.get("v")
    assert isinstance(value, Scalar)
    return value


# Rows marked (go) are from go-yaml v3's own decode_test.go.
GO = [
    ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None), ("nULL", "nULL"),
    ("true", True), ("True", True), ("TRUE", True), ("tRUE", "tRUE"), ("false", False), ("False", False),
    ("yes", "yes"), ("no", "no"), ("on", "on"), ("Off", "Off"), ("y", "y"), ("n", "n"),
    ("22:22", "22:22"), ("190:20:30", "190:20:30"), ("190:20:30.15", "190:20:30.15"),
    ("685230", 685230), ("+685_230", 685230), ("-10", -10), ("0", 0), ("-0", 0),
    ("02472256", 685230), ("-02472256", -685230), ("0o2472256", 685230), ("-0o2472256", -685230), ("0123", 83),
    ("0x_0A_74_AE", 685230), ("0xA", 10), ("0X1f", 31), ("-0x1F", -31),
    ("0b1010_0111_0100_1010_1110", 685230), ("-0b101010", -42), ("0b10", 2),
    ("-0b1000000000000000000000000000000000000000000000000000000000000000", -(2**63)),
    ("4294967296", 4294967296), ("18446744073709551615", 2**64 - 1), ("18446744073709551616", 2.0**64),
    ("-9223372036854775809", -(2.0**63)), ("+18446744073709551615", 2.0**64),
    ("0x1FFFFFFFFFFFFFFFFF", "0x1FFFFFFFFFFFFFFFFF"), ("0x", "0x"), ("0b2", "0b2"), ("0o8", "0o8"),
    ("08", 8.0), ("0789", 789.0), ("1_000", 1000), ("_1", "_1"), ("1_", 1),
    ("0.1", 0.1), (".1", 0.1), ("-.1", -0.1), ("+.5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("1E-2", 0.01),
    ("1.5e+3", 1500.0),
    ("6.8523e+5", 6.8523e5), ("685.230_15e+03", 685230.15), ("685_230.15", 685230.15), (".1_0", ".1_0"),
    ("1e400", "1e400"), ("1e-400", 0.0), ("1e", "1e"), ("1.2.3", "1.2.3"), (".", "."), ("+", "+"), ("...x", "...x"),
    (".inf", math.inf), (".Inf", math.inf), ("+.INF", math.inf), ("-.inf", -math.inf), (".iNF", ".iNF"),
    ("2001-12-14", "2001-12-14"), ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
    ("'5'", "5"), ('"true"', "true"), ("|\n  5", "5\n"), ("5a", "5a"), ("٣", "٣"), ("1٣", "1٣"),
    ("!!str 5", "5"), ("!!int '5'", 5), ("!!float 5", 5.0), ("!!bool 'true'", True), ("!!null '~'", None),
    ("!!int abc", "abc"), ("!mine 5", "5"), ("! 5", 5), ("!!binary aGk=", "aGk="), ("=", "="),
]  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), GO)
def test_go_yaml_reads_it_so(written: str, expected: object):
    """go-yaml v3's core: YAML 1.2's words, both octal spellings, no base 60, dates left as text."""
    value = value_of(scalar(written), Dialect.GO_YAML)
    assert value == expected
    assert type(value) is type(expected)


def test_not_a_number_is_a_float_in_both_dialects():
    """`.nan` is the one value that differs from itself."""
    for dialect in Dialect:
        value = value_of(scalar(".NaN"), dialect)
        assert isinstance(value, float)
        assert math.isnan(value)


YAML_1_1 = [
    ("yes", True), ("No", False), ("on", True), ("OFF", False), ("y", "y"), ("yEs", "yEs"),
    ("22:22", 1342), ("-1:30", -90), ("1:30.5", 90.5), ("190:20:30.15", 685230.15), ("1:60", "1:60"),
    ("0123", 83), ("0o17", "0o17"), ("08", "08"), ("0b_", "0b_"), ("0b11", 3), ("0x_1F", 31), ("0X1F", "0X1F"),
    ("0_", 0),
    ("1e3", "1e3"), ("1.0e3", "1.0e3"), ("1.0e+3", 1000.0), ("1_000.5", 1000.5), ("-.5", "-.5"), (".5", 0.5),
    ("-.inf", -math.inf),
    ("2001-12-14", "2001-12-14"), ("12345678901234567890123", 12345678901234567890123), ("!!float 1", 1.0),
    ("1" * 2000, "1" * 2000), ("'no'", "no"), ("!!bool 'no'", False),
]  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), YAML_1_1)
def test_yaml_1_1_reads_it_so(written: str, expected: object):
    """YAML 1.1: yes and no are booleans, colons count sixties, a leading 0 is octal."""
    value = value_of(scalar(written), Dialect.YAML_1_1)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.thorough
@FAST
@given(st.text(alphabet="0123456789+-._:xXboaeEfnIiTtrulysN~", min_size=1, max_size=10))
def test_yaml_1_1_agrees_with_pyyamls_resolver(text: str):
    """For any plain text, PyYAML's safe loader makes the same value of it (dates aside)."""
    loader = pyyaml.SafeLoader("")
    tag = loader.resolve(pyyaml.ScalarNode, text, (True, False))
    node = pyyaml.ScalarNode(tag, text)
    ours = value_of(Scalar(text=text, style="plain", tag="", origin=Origin(file="f")), Dialect.YAML_1_1)
    try:
        theirs = text if tag.endswith((":timestamp", ":merge", ":value")) else loader.construct_object(node)
    except ValueError:  # "0b_": theirs fails, ours stays text
        theirs = text
    assert repr(ours) == repr(theirs)


@pytest.mark.thorough
@FAST
@given(
    st.text(max_size=12), st.sampled_from(Dialect), st.sampled_from(["", "!", "!!int", "!!float", "!!bool", "!!null"])
)
def test_any_text_has_a_value(text: str, dialect: Dialect, tag: str):
    """No text makes the conversion fail."""
    value = value_of(Scalar(text=text, style="plain", tag=tag, origin=Origin(file="f")), dialect)
    assert isinstance(value, str | int | float | bool | None)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("8080", "8080"), ("true", "true"), ("False", "false"), ("yes", "yes"), ("", ""), ("~", ""), ("'~'", "~"),
        ("0123", "83"), ("1e3", "1000"), ("1_000", "1000"), ("0x1F", "31"), ("'0123'", "0123"), ("22:22", "22:22"),
        ("3.10", "3.1"), ("1.0", "1"), ("0.1", "0.1"), ("-1.50", "-1.5"), ("100000.5", "100000.5"), ("123456.0",
        "123456"),
        ("1e6", "1e+06"), ("1000000.5", "1.0000005e+06"), ("1234567.0", "1.234567e+06"), ("1e21", "1e+21"),
        ("1e100", "1e+100"),
        ("0.0001", "0.0001"), ("0.00001", "1e-05"), ("1.5e-7", "1.5e-07"), ("-1e-10", "-1e-10"),
        ("0.0", "0"), ("-0.0", "-0"), (".inf", "+Inf"), ("-.inf", "-Inf"), (".nan", "NaN"),
        ("12345678901234567890123", "1.2345678901234568e+22"), ("2001-12-14", "2001-12-14"), ("!!str 0123", "0123"),
    ],
)  # fmt: skip
def test_a_number_becomes_the_text_go_prints(written: str, expected: str):
    """The value is read first and printed then, with strconv's shortest form for floats."""
    assert as_go_string(scalar(written)) == expected


@pytest.mark.thorough
@FAST
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_float_reads_back(value: float):
    """The text Go prints is the same number."""
    written = Scalar(text=repr(value), style="plain", tag="!!float", origin=Origin(file="f"))
    assert float(as_go_string(written)) == value
