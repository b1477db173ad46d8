"""The messages of a gRPC health check, with the real Protocol Buffers library as the judge."""

import pytest
from google.protobuf.message import DecodeError
from grpc import StatusCode
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from hypothesis import example, given
from hypothesis import strategies as st

from emulator.engine.grpc_messages import (
    MAX_MESSAGE,
    BadMessage,
    check_request,
    code_name,
    code_of_http,
    one_message,
    status_in,
    timeout_text,
    words_of,
)


def framed(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4, "big") + message


def name_of(number: int) -> str:
    known = HealthCheckResponse.ServingStatus.keys()
    return known[number] if 0 <= number < len(known) else str(number)


@given(st.text())
@example("")
@example("x" * 127)
@example("x" * 128)
@example("shop.Cart" * 5000)
def test_request_is_what_the_library_writes(service):
    """Any service's name is written as the real library writes it, behind the prefix of gRPC."""
    expected = framed(HealthCheckRequest(service=service.encode("utf-8", "replace").decode()).SerializeToString())
    assert check_request(service) == expected


@given(st.integers(-(2**31), 2**31 - 1))
@example(0)
@example(1)
@example(2)
@example(3)
@example(4)
@example(-1)
def test_status_is_what_the_library_wrote(number):
    """Each status by its name; one that has none, by its number."""
    assert status_in(HealthCheckResponse(status=number).SerializeToString()) == name_of(number)


FIELD = st.one_of(
    st.tuples(st.just(b"\x08"), st.integers(0, 5).map(lambda number: bytes([number]))),
    st.tuples(st.sampled_from([b"\x0a", b"\x12"]), st.binary(max_size=9).map(lambda data: bytes([len(data)]) + data)),
    st.tuples(st.sampled_from([b"\x09", b"\x11"]), st.binary(min_size=8, max_size=8)),
    st.tuples(st.sampled_from([b"\x0d", b"\x15"]), st.binary(min_size=4, max_size=4)),
    st.tuples(st.sampled_from([b"\x10", b"\x98\x06"]), st.sampled_from([b"\0", b"\xff\x01", b"\xff" * 9 + b"\x01"])),
)


@given(st.one_of(st.lists(FIELD).map(lambda fields: b"".join(map(b"".join, fields))), st.binary(max_size=40)))
@example(b"\x08\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00")
@example(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
@example(b"\x08\x81\x80\x80\x80\x10")
def test_any_message_is_read_as_the_library_reads_it(message):
    """Unknown fields pass, the last status counts; what the library refuses is refused, and groups besides."""
    try:
        read = HealthCheckResponse.FromString(message)
    except DecodeError:
        with pytest.raises(BadMessage):
            status_in(message)
        return
    try:
        assert status_in(message) == name_of(read.status)
    except BadMessage:
        assert any(byte & 7 == 3 for byte in message)


@pytest.mark.parametrize(
    "message",
    [
        b"\x08",
        b"\x08\x80",
        b"\x08" + b"\xff" * 10,
        b"\x12\x05abc",
        b"\x11abc",
        b"\x15a",
        b"\x00\x01",
        b"\x0b\x0c",
        b"\x0f",
    ],
    ids=["no-value", "cut", "endless", "short-text", "short-8", "short-4", "field-0", "group", "wire-type-7"],
)
def test_broken_messages(message):
    """What is cut, endless or of no known kind is no message."""
    with pytest.raises(BadMessage) as caught:
        status_in(message)
    assert caught.value.code == "INTERNAL"


@given(st.binary(max_size=30))
def test_message_comes_whole_or_not_at_all(message):
    """However it is cut into frames, it is there when its last byte is, and not before."""
    data = framed(message)
    assert [one_message(data[:end]) for end in range(len(data))] == [None] * len(data)
    assert one_message(data) == message


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\1", "INTERNAL"),
        (b"\1\0\0\0\2\x08\1", "INTERNAL"),
        (b"<html>", "INTERNAL"),
        (framed(b"\x08\1") + b"\0", "INTERNAL"),
        (b"\0\xff\xff\xff\xff", "RESOURCE_EXHAUSTED"),
        (b"\0" + (MAX_MESSAGE + 1).to_bytes(4, "big"), "RESOURCE_EXHAUSTED"),
    ],
    ids=["flag", "compressed", "html", "two", "4-gib", "just-too-long"],
)
def test_what_cannot_be_one_message(data, code):
    """It is refused as soon as it shows, under the code a gRPC client has for it."""
    with pytest.raises(BadMessage) as caught:
        one_message(data)
    assert caught.value.code == code


def test_codes_are_the_librarys():
    """Every number has the name that gRPC's own library gives it; anything else is UNKNOWN."""
    assert [code_name(str(code.value[0])) for code in StatusCode] == [code.name for code in StatusCode]
    assert {code_name(text) for text in ("17", "-1", "", "x", "1.0", "²", "9" * 5000)} == {"UNKNOWN"}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "INTERNAL"), (401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED"), (404, "UNIMPLEMENTED"),
        (429, "UNAVAILABLE"), (502, "UNAVAILABLE"), (503, "UNAVAILABLE"), (504, "UNAVAILABLE"), (500, "UNKNOWN"),
        (200, "UNKNOWN"),
    ],
)  # fmt: skip
def test_http_statuses(status, code):
    """gRPC's published table of what an HTTP status means where no gRPC status came."""
    assert code_of_http(status) == code


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("", ""),
        ("no%20such%20service", "no such service"),
        ("a%0Ab%0D%0A%09c", "a b c"),
        ("100 % %zz %", "100 % %zz %"),
        ("%C3%A4 %ff", "ä \ufffd"),
        ("x" * 999, "x" * 200),
    ],
)
def test_words_of_the_server(message, words):
    """They are decoded where that can be done, and become one short line."""
    assert words_of(message) == words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1000m"), (0.25, "250m"), (0.0001, "1m"), (0.0101, "11m"), (240, "240000m"), (99_999.999, "99999999m"),
        (1e6, "1000000S"), (1e6 + 0.5, "1000001S"), (1e12, "99999999S"),
    ],
)  # fmt: skip
def test_timeout(seconds, text):
    """Milliseconds as long as eight digits hold them, then seconds; never less than it is."""
    assert timeout_text(seconds) == text
