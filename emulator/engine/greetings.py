"""How a database server is asked, in its own protocol, whether it takes clients, and what its answer means. Pure.

Postgres answers a startup packet with a request to authenticate, or with an error that names its state, as `pg_isready`
asks it (source: postgresql.org/docs/current/protocol-flow.html). Valkey answers PING (source: valkey.io/commands/ping).
"""

import re
import struct
from typing import Literal

from .probe_outcome import Attempted

ServerKind = Literal["postgres", "valkey"]

_PROTOCOL_3 = 196608
_NOT_YET = ("57P03",)
"""SQLSTATE cannot_connect_now: it starts, recovers, or shuts down."""


def greeting(kind: ServerKind) -> bytes:
    """What is sent on a fresh connection. The user it names need not exist: nobody logs in."""
    if kind == "valkey":
        return b"*1\r\n$4\r\nPING\r\n"
    words = b"user\0emu_ready\0database\0postgres\0\0"
    return struct.pack("!ii", len(words) + 8, _PROTOCOL_3) + words


def heard_of(kind: ServerKind, answer: bytes) -> Attempted:
    """What the first bytes of its answer say; b"": it closed the connection."""
    if not answer:
        return Attempted(False, "closes the connection")
    return _of_valkey(answer) if kind == "valkey" else _of_postgres(answer)


def _of_valkey(answer: bytes) -> Attempted:
    line = answer.partition(b"\r\n")[0].decode(errors="replace")
    if line.startswith(("+PONG", "-NOAUTH")):
        return Attempted(True, "answers PING")
    return Attempted(False, f"answers {line[:80]}")


def _of_postgres(answer: bytes) -> Attempted:
    if answer[:1] == b"R":
        return Attempted(True, "takes clients")
    if answer[:1] != b"E":
        return Attempted(False, "does not answer as Postgres does")
    fields = dict(re.findall(r"([A-Z])([^\0]*)\0", answer[5:].decode(errors="replace")))
    if fields.get("C") in _NOT_YET:
        return Attempted(False, f"says: {fields.get('M', 'not yet')}")
    return Attempted(True, "takes clients")  # it refuses this user, as it would not before it is ready
