"""Where bodies end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.engine.http_body import CHUNKED, MAX_LINE, UNTIL_CLOSE, BadBody, Body


def fed(length: int, pieces: list[bytes], *, unwrap: bool = False) -> tuple[bytes, bool, bytes]:
    """What belongs to the body, whether it is done, and what its contents are."""
    body = Body(length, unwrap=unwrap)
    taken, held = b"", b""
    for piece in pieces:
        count = body.feed(piece)
        taken += piece[:count]
        held += body.contents(piece[:count])
        if body.done:
            break
    return taken, body.done, held


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in zip(edges, edges[1:], strict=False) if a < b]


CHUNKS = st.lists(st.binary(min_size=1, max_size=40), max_size=6)
CUTS = st.lists(st.integers(0, 10_000), max_size=8)


@given(st.binary(max_size=60), st.binary(max_size=20), CUTS)
def test_counted_bytes(body, behind, cuts):
    """A body of a known length ends there, wherever the pieces are cut."""
    taken, done, held = fed(len(body), split(body + behind, cuts))
    assert (taken, done, held) == (body, True, body)


@given(CHUNKS, st.sampled_from([b"", b"X-Sum: 1\r\n", b"A: b\r\nC:\r\n"]), st.binary(max_size=20), CUTS)
def test_chunks(chunks, trailers, behind, cuts):
    """A body in chunks ends behind its trailers, wherever the pieces are cut; unwrapped it is what the chunks hold."""
    raw = b"".join(b"%x;e=1\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n" + trailers + b"\r\n"
    assert fed(CHUNKED, split(raw + behind, cuts)) == (raw, True, raw)
    assert fed(CHUNKED, split(raw + behind, cuts), unwrap=True) == (raw, True, b"".join(chunks))
    assert not fed(CHUNKED, split(raw[:-1], cuts))[1]


def test_until_close():
    """What only the connection's end ends is never done."""
    assert fed(UNTIL_CLOSE, [b"a", b"b"]) == (b"ab", False, b"ab")


@pytest.mark.parametrize(
    "raw",
    [
        b"x\r\n", b"\r\n", b"-1\r\n", b"+1\r\n", b"0x1\r\n", b"1 1\r\n", b"1\n", b"1\r\r\n", b" 1\r\n", b"1_0\r\n",
        b"1" * 16 + b"\r\n", b"1\r\nab\r\n", b"1\r\na\n", b"1\r\na0\r\n\r\n", b"1;\x00\r\n", b"0\r\nno trailer\r\n",
        b"0\r\n folded: x\r\n", b"0\r\nA: b\n\r\n", b"1;" + b"e" * MAX_LINE, b"0\r\n" + b"A: bbbbbbbbbbbbb\r\n" * 1100,
    ],
)  # fmt: skip
@pytest.mark.parametrize("whole", [True, False])
def test_broken_chunks(raw, whole):
    """What two readers might read in two ways is refused, whole or byte by byte."""
    pieces = [raw] if whole else [raw[at : at + 1] for at in range(len(raw))]
    with pytest.raises(BadBody):
        fed(CHUNKED, pieces)
