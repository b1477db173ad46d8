from hypothesis import given
from hypothesis import strategies as st

from emulator.engine.lines import MAX_LINE, Frames, Lines


def lines_of(*pieces: bytes) -> list[str]:
    lines = Lines()
    found = [line for piece in pieces for line in lines.feed(piece)]
    return found + lines.end()


def test_newline_return_and_both_end_a_line():
    """A progress bar's carriage returns make lines; a Windows line end makes one, not two."""
    assert lines_of(b"a\nb\r\nc\rd") == ["a", "b", "c", "d"]


def test_line_end_split_over_two_pieces_is_one():
    """\\r at the end of one piece and \\n at the start of the next are one line end."""
    assert lines_of(b"a\r", b"\nb\n") == ["a", "b"]
    assert lines_of(b"a\r", b"", b"\nb") == ["a", "b"]


def test_empty_lines_are_kept():
    """An empty line is a line."""
    assert lines_of(b"\n\na\n") == ["", "", "a"]


def test_last_line_without_end_is_reported():
    """What a process printed before it died is not lost for want of a newline."""
    assert lines_of(b"done\nTraceback") == ["done", "Traceback"]


def test_bytes_that_are_not_utf8_are_replaced():
    """Binary output never breaks the reading."""
    assert lines_of(b"\xff\xfeok\n") == ["\ufffd\ufffdok"]


def test_character_split_over_two_pieces_survives():
    """A character of several bytes may arrive in two pieces."""
    text = "grün ✓\n".encode()
    for cut in range(len(text)):
        assert lines_of(text[:cut], text[cut:]) == ["grün ✓"]


def test_endless_line_comes_in_pieces():
    """A line without an end cannot fill the memory, and loses nothing."""
    found = lines_of(*[b"x" * 10_000] * 20)
    assert "".join(found) == "x" * 200_000
    assert max(map(len, found)) <= MAX_LINE


@given(st.lists(st.binary(max_size=40)))
def test_pieces_do_not_matter(pieces):
    """However the bytes are cut, the lines are the same."""
    assert lines_of(*pieces) == lines_of(b"".join(pieces))


def frame(stream: int, data: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=20))), st.integers(1, 30))
def test_frames_are_found_wherever_the_bytes_are_cut(frames, size):
    """Eight bytes of header and the payload come back out, in order, with their stream."""
    data = b"".join(frame(stream, payload) for stream, payload in frames)
    reader = Frames()
    found = [item for start in range(0, len(data), size) for item in reader.feed(data[start : start + size])]
    assert found == [("stdout" if stream == 1 else "stderr", payload) for stream, payload in frames]
