"""What a database server's first answer means."""

import struct

import pytest

from emulator.engine.greetings import ServerKind, greeting, heard_of


def _error(code: str, message: str) -> bytes:
    fields = f"SFATAL\0VFATAL\0C{code}\0M{message}\0\0".encode()
    return b"E" + struct.pack("!i", len(fields) + 4) + fields


@pytest.mark.parametrize(
    ("kind", "answer", "ok", "words"),
    [
        ("valkey", b"+PONG\r\n", True, "answers PING"),
        ("valkey", b"-NOAUTH Authentication required.\r\n", True, "answers PING"),
        ("valkey", b"-LOADING Redis is loading the dataset in memory\r\n", False, "LOADING"),
        ("valkey", b"-DENIED Running in protected mode\r\n", False, "DENIED"),
        ("valkey", b"", False, "closes"),
        ("postgres", b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0", True, "takes clients"),
        ("postgres", _error("57P03", "the database system is starting up"), False, "starting up"),
        ("postgres", _error("28000", 'no pg_hba.conf entry for host "10.0.0.1"'), True, "takes clients"),
        ("postgres", b"HTTP/1.1 400 Bad Request\r\n", False, "does not answer as Postgres does"),
    ],
)  # fmt: skip
def test_an_answer_says_whether_the_server_takes_clients(
    kind: ServerKind, answer: bytes, ok: bool, words: str
) -> None:  # fmt: skip
    """A server that starts or loads does not yet; one that refuses this client takes others."""
    found = heard_of(kind, answer)
    assert found.ok is ok
    assert words in found.words


def test_the_greetings_are_whole_messages() -> None:
    """A startup packet counts itself (protocol 3.0), and PING is a command of one word."""
    packet = greeting("postgres")
    assert struct.unpack("!ii", packet[:8]) == (len(packet), 3 << 16)
    assert packet.endswith(b"\0\0")
    assert greeting("valkey") == b"*1\r\n$4\r\nPING\r\n"
