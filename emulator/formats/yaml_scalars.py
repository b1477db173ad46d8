"""What a scalar's text means: the same text is a number to one parser and text to another.

GO_YAML follows go-yaml v3 (resolve.go, read 2026-11): YAML 1.2's words, octal in both spellings, no
sexagesimal numbers. YAML_1_1 follows PyYAML's safe loader. Dates stay text in both: nothing here
needs a date, and a user who wrote one sees it as written.
"""

import re
from enum import StrEnum
from typing import Final, TypeAlias

from .yaml_nodes import Scalar

Value: TypeAlias = str | int | float | bool | None


class Dialect(StrEnum):
    """Whose reading of YAML holds."""

    GO_YAML = "go-yaml"
    YAML_1_1 = "yaml-1.1"


def value_of(scalar: Scalar, dialect: Dialect) -> Value:
    """The value a program gets that decodes `scalar` without asking for a type.

    An explicit tag that the text does not fit, and a tag that is not YAML's own, leave the text.
    """
    if scalar.tag in {"", "!"}:
        return _resolve(scalar.text, dialect) if scalar.style == "plain" else scalar.text
    wanted = _TAGGED.get(scalar.tag)
    if wanted is None:
        return scalar.text
    value = _resolve(scalar.text, dialect)
    if wanted is float and type(value) is int:
        return float(value)
    return value if type(value) is wanted else scalar.text


def as_go_string(scalar: Scalar) -> str:
    """The text of `scalar` after a Go program read it untyped and printed it: 0123 is "83", 1e3 is
    "1000", True is "true", nothing is "". Quoted text is itself."""
    value = value_of(scalar, Dialect.GO_YAML)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _go_float(value) if isinstance(value, float) else str(value)


_TAGGED: Final = {"!!bool": bool, "!!int": int, "!!float": float, "!!null": type(None)}

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_BOOLS_1_1: Final = _BOOLS | {
    "yes": True, "Yes": True, "YES": True, "on": True, "On": True, "ON": True,
    "no": False, "No": False, "NO": False, "off": False, "Off": False, "OFF": False,
}  # fmt: skip
_SPECIAL_FLOAT: Final = r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"

_GO_INT: Final = r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)"
_GO_FLOAT: Final = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"

_INT_1_1: Final = r"[-+]?(?:0b[01_]+|0[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*(?::[0-5]?[0-9])*)"
_FLOAT_1_1: Final = (
    r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?"
    r"|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*"
)

_LONGEST_NUMBER: Final = 1000
"""No number a person writes is longer; Python refuses to convert decimal text beyond 4,300 digits."""


def _resolve(text: str, dialect: Dialect) -> Value:
    if text in _NULLS:
        return None
    bools = _BOOLS if dialect is Dialect.GO_YAML else _BOOLS_1_1
    if text in bools:
        return bools[text]
    if text[0] not in "+-.0123456789" or len(text) > _LONGEST_NUMBER:
        return text
    if re.fullmatch(_SPECIAL_FLOAT, text):
        return float(text.replace(".", "", 1))
    number = _go_number(text) if dialect is Dialect.GO_YAML else _number_1_1(text)
    return text if number is None else number


def _go_number(text: str) -> int | float | None:
    # go-yaml drops underscores from what starts with a digit or a sign, not from what starts with a point.
    plain = text if text[0] == "." else text.replace("_", "")
    if re.fullmatch(_GO_INT, plain):
        value = _whole(plain)
        if -(2**63) <= value < (2**63 if plain[0] in "+-" else 2**64):
            return value
    if re.fullmatch(_GO_FLOAT, plain):
        number = float(plain)
        return number if abs(number) != float("inf") else None
    return None


def _number_1_1(text: str) -> int | float | None:
    plain = text.replace("_", "")
    if re.fullmatch(_FLOAT_1_1, text):
        return _base_60(plain) if ":" in plain else float(plain)
    if not re.fullmatch(_INT_1_1, text) or plain.lstrip("+-") in {"0b", "0x"}:
        return None
    return int(_base_60(plain)) if ":" in plain else _whole(plain)


def _whole(plain: str) -> int:
    """An integer with Go's and YAML's prefixes; a leading 0 alone means octal."""
    sign = -1 if plain[0] == "-" else 1
    digits = plain.lstrip("+-")
    prefix = digits[:2].lower()
    if prefix in {"0x", "0b", "0o"}:
        return sign * int(digits[2:], {"0x": 16, "0b": 2, "0o": 8}[prefix])
    return sign * int(digits, 8 if digits[0] == "0" else 10)


def _base_60(plain: str) -> int | float:
    """1:30 is 90: each part counts sixty of the next. Summed from the right, as PyYAML does."""
    sign = -1 if plain[0] == "-" else 1
    total: int | float = 0
    base = 1
    for part in reversed(plain.lstrip("+-").split(":")):
        total += (float(part) if "." in part else int(part)) * base
        base *= 60
    return sign * total


def _go_float(value: float) -> str:
    """`value` as Go's strconv prints it with 'g' and the fewest digits: an exponent below 1e-4 and from 1e+06 on."""
    from decimal import Decimal

    if value != value:  # noqa: PLR0124  - only NaN differs from itself
        return "NaN"
    if abs(value) == float("inf"):
        return "+Inf" if value > 0 else "-Inf"
    shortest = Decimal(repr(value)).normalize()
    power = shortest.adjusted() if value else 0
    if -4 <= power < 6:
        return format(shortest, "f")
    sign, digits, _ = shortest.as_tuple()
    tail = "." + "".join(map(str, digits[1:])) if digits[1:] else ""
    return f"{'-' if sign else ''}{digits[0]}{tail}e{'-' if power < 0 else '+'}{abs(power):02d}"
