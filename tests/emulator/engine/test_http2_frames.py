"""A server's words cut into frames, with the real framing library as the judge."""

import pytest
from hyperframe.frame import DataFrame, Frame, GoAwayFrame, PingFrame, SettingsFrame
from hypothesis import given
from hypothesis import strategies as st

from emulator.engine.http2_frames import MAX_PAYLOAD, GoAway, NotHttp2, ServerFrames, code_of_reset, error_name

HELLO = SettingsFrame(0, {4: 65535}).serialize()


def frame(payload: bytes) -> bytes:
    made = DataFrame(1, payload)
    return made.serialize()


@given(st.lists(st.binary(max_size=40), max_size=5), st.lists(st.integers(1, 30), max_size=20))
def test_frames_come_as_they_were_sent(payloads, sizes):
    """However the bytes arrive, each frame comes once, whole and unchanged, when its last byte is there."""
    sent = [HELLO, *map(frame, payloads), PingFrame(0, b"12345678").serialize()]
    rest = b"".join(sent)
    frames, heard = ServerFrames(), []
    for size in sizes:
        heard += frames.feed(rest[:size])
        rest = rest[size:]
    heard += frames.feed(rest)
    assert heard == sent
    assert frames.rest == 0


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**32 - 1), st.binary(max_size=20))
def test_goaway_is_read(last, code, debug):
    """The last stream that is served and the reason, by its name where it has one."""
    sent = GoAwayFrame(0, last, code, debug).serialize()
    assert list(ServerFrames().feed(HELLO + sent)) == [HELLO, GoAway(last, error_name(code))]
    assert isinstance(Frame.parse_frame_header(sent[:9])[0], GoAwayFrame)


@pytest.mark.parametrize(
    ("first", "shown"),
    [
        (b"HTTP/1.1 400 Bad Request\r\nX: y\r\n", "'HTTP/1.1 400 Bad Request'"),
        (b"HTTP/1.0 " + b"x" * 99, "'HTTP/1.0 " + "x" * 31 + "'"),
        (b"\x15\x03\x01\0\2\2\x46", "TLS"),
        (b"\x16\x03\x01\2\0\1", "TLS"),
        (b"*", "'*'"),
        (b"\0\0\0\4\1\0\0\0\0", "00 00 00 04 01 00 00 00"),
        (b"\0\0\0\4\0\0\0\0\1", "00 00 00 04 00 00 00 00"),
        (b"\0\0\0\0", "00 00 00 00"),
    ],
    ids=["http1", "long", "alert", "hello", "redis", "acknowledgement", "of-a-stream", "data"],
)
def test_first_bytes_tell(first, shown):
    """A server begins with its settings; what else it begins with is shown."""
    with pytest.raises(NotHttp2) as caught:
        list(ServerFrames().feed(first))
    assert str(caught.value) == f"it began with {shown}"


def test_each_byte_is_judged_when_it_comes():
    """Bytes that may still become the settings are waited for; the first that cannot is enough."""
    for end in range(9):
        frames = ServerFrames()
        assert list(frames.feed(HELLO[:end])) == []
        assert frames.rest == end
    with pytest.raises(NotHttp2):
        list(ServerFrames().feed(b"H"))


def test_longest_frame():
    """What a frame may hold by default is waited for; more is refused at its head."""
    frames = ServerFrames()
    list(frames.feed(HELLO))
    assert list(frames.feed(frame(b"x" * MAX_PAYLOAD))) == [frame(b"x" * MAX_PAYLOAD)]
    with pytest.raises(NotHttp2, match="a frame of 16385 bytes"):
        list(frames.feed(frame(b"x" * (MAX_PAYLOAD + 1))[:9]))


def test_reasons_have_names():
    """By the table of RFC 9113; one that is not in it keeps its number."""
    assert [error_name(number) for number in (0, 1, 7, 8, 11, 13, 14)] == [
        "NO_ERROR", "PROTOCOL_ERROR", "REFUSED_STREAM", "CANCEL", "ENHANCE_YOUR_CALM", "HTTP_1_1_REQUIRED", "error 14",
    ]  # fmt: skip
    assert [code_of_reset(reason) for reason in ("CANCEL", "NO_ERROR", "error 14")] == [
        "CANCELLED", "INTERNAL", "INTERNAL",
    ]  # fmt: skip
