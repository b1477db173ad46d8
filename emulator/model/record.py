"""The base of every noun: frozen, keyword-only, comparable, printable as JSON and loadable back.

`msgspec.Struct` rather than a dataclass: the class costs microseconds instead of half a
millisecond at import (`emu plan` makes forty of them), and encoding, strict decoding and the JSON
Schema follow from the annotations. A small value that is only passed on is one as well, and no
NamedTuple: that class costs six times as much.
"""

import sys
from typing import TypeVar

# Where typing_extensions is installed, msgspec prefers its get_type_hints to the standard library's,
# which from Python 3.11 on is the same; importing it pulls in inspect, ast and dis: 8 of the
# milliseconds that `emu plan` has.
_blocked = "typing_extensions" not in sys.modules
if _blocked:
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]
try:
    import msgspec
finally:
    if _blocked:
        del sys.modules["typing_extensions"]

T = TypeVar("T")


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value: it never changes after it is made."""


def to_json(value: object) -> bytes:
    """`value` as one line of JSON (UTF-8, no newline at the end). Bytes of a file's name or an
    argument that are no UTF-8 become U+FFFD."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_as_text(msgspec.to_builtins(value)))


def _as_text(value: object) -> object:
    """`value`, made of builtins, with what is no Unicode in its texts replaced."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_as_text(key): _as_text(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_text(part) for part in value]
    return value


def replace(record: T, **changes: object) -> T:
    """A copy of `record` with `changes` applied."""
    return msgspec.structs.replace(record, **changes)  # type: ignore[type-var]
