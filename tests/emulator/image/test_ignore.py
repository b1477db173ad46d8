"""`.dockerignore`: what its lines mean, by moby's own vectors, and that no pattern can hold us up."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.formats.automaton import Automaton
from emulator.image.glob import BadPattern, clean, compiled, has_wildcards, tokens_of
from emulator.image.ignore import IgnoreFile, Unclear, _compiled, read_ignore_file
from tests.emulator.image.vectors import LINES, MALFORMED, MATCHES, SEVERAL


def read(*lines: str) -> IgnoreFile:
    return read_ignore_file("\n".join(lines).encode(), ".dockerignore")


def left_out(ignore: IgnoreFile, path: str) -> bool:
    """By way of the directories above it, as a walk over a tree does it."""
    above = None
    parts = path.split("/")
    for end in range(1, len(parts) + 1):
        verdict = ignore.judge("/".join(parts[:end]), above)
        above = verdict.matched
    return verdict.left_out


@pytest.mark.parametrize(("pattern", "path", "expected"), MATCHES)
def test_one_pattern(pattern: str, path: str, expected: bool):
    """What one pattern leaves out, itself or through a directory above."""
    assert left_out(read(pattern), path) is expected


@pytest.mark.parametrize(("patterns", "path", "expected"), SEVERAL)
def test_several_patterns(patterns: list[str], path: str, expected: bool):
    """The last pattern that matches decides; "!" brings back."""
    assert left_out(read(*patterns), path) is expected


@pytest.mark.parametrize("pattern", MALFORMED)
def test_a_malformed_pattern_has_a_place(pattern: str):
    """Docker refuses the file, and we say at which line."""
    ignore = read("# comment", "fine", pattern)
    assert ignore.problem
    assert ignore.problem_origin.line == 3


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_lines_are_cleaned(line: str, expected: str | None):
    """Comments go, "/" in front goes, blanks around the pattern and its "!" go."""
    patterns = [("!" if p.exception else "") + p.text for p in read(line).patterns]
    assert patterns == ([expected] if expected else [])


def test_a_byte_order_mark_and_line_ends_of_windows_are_dropped():
    """A file that an editor on Windows wrote means the same."""
    ignore = read_ignore_file(b"\xef\xbb\xbf*.log\r\n\r\ntmp \r\n", "f")
    assert [p.text for p in ignore.patterns] == ["*.log", "tmp"]
    assert [p.origin.line for p in ignore.patterns] == [1, 3]


def test_a_blank_before_the_sharp_makes_it_a_pattern():
    """Only a line that begins with # is a comment."""
    assert [p.text for p in read(" # x").patterns] == ["# x"]


def test_a_pattern_that_a_directory_did_not_need_does_not_count_below_it():
    """Docker does not even look at it there, so that "d" kept away, "!d/x" brings x back for good."""
    assert not left_out(read("d", "!d/x", "*"), "d/x")
    assert left_out(read("!d/x", "d", "*"), "d/x")


def test_the_deciding_pattern_is_named():
    """The one that left the path out, not a later one that would have too."""
    ignore = read("docs", "!docs/keep", "docs/keep/secret", "**/secret")
    docs = ignore.judge("docs")
    keep = ignore.judge("docs/keep", docs.matched)
    secret = ignore.judge("docs/keep/secret", keep.matched)
    assert [v.decided_by for v in (docs, keep, secret)] == [0, 1, 2]
    assert [v.left_out for v in (docs, keep, secret)] == [True, False, True]


@pytest.mark.parametrize("pattern", ["a\\d", "[*]x", "[a[]", "[z-a]", "\\é", "[\\d]", "x*a[", "*x*.[*"])
def test_a_pattern_nobody_means_makes_the_file_unclear(pattern: str):
    """There Docker's two readers of a pattern disagree: we claim nothing."""
    assert read(pattern).unclear
    assert read(pattern).problem is None


def test_below_a_directory_that_is_left_out_an_exception_may_wait():
    """Docker looks into it when an exception begins with its path or holds a wildcard."""
    assert read("a", "!a/b/c").may_keep_below("a")
    assert not read("a", "!b/c").may_keep_below("a")
    assert read("a", "!**/c").may_keep_below("a")
    assert not read("a").may_keep_below("a")


def test_a_line_beyond_dockers_buffer_is_refused():
    """Docker says so as well: token too long."""
    assert read_ignore_file(b"a" * 70_000, "f").problem
    assert read_ignore_file(b"a" * 65_000, "f").problem is None


PATTERNS = st.text(alphabet="ab/*?.^[]-\\!x", max_size=12)
PATHS = st.text(alphabet="ab/.x\n", min_size=1, max_size=10)


@given(pattern=PATTERNS, path=PATHS)
def test_both_ways_to_match_agree(pattern: str, path: str):
    """The regular expression for short paths and the automaton for all say the same."""
    try:
        _, tokens = _compiled(pattern)
    except (Unclear, BadPattern):
        return
    automaton = Automaton(tokens)
    assert automaton.matches(path) == automaton.matches_by_steps(path)


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes):
    """Whatever lies in the file, there is an answer."""
    ignore = read_ignore_file(data, "f")
    if not ignore.problem and not ignore.unclear:
        left_out(ignore, "a/b")


@pytest.mark.parametrize("pattern", ["*a" * 3000 + "b", "**/a" * 5000, "**/*" * 5000, "[a-z]*" * 3000, "(a+)+" * 100])
def test_no_pattern_backtracks(pattern: str):
    """A hostile pattern against a long path takes milliseconds."""
    ignore = read(pattern)
    started = time.perf_counter()
    left_out(ignore, "a" * 4000)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("path", "expected"),
    [("", "."), ("/", "/"), ("//a", "/a"), ("a/../..", ".."), ("../a/..", ".."), ("/..", "/"), ("a//b/./c/", "a/b/c")],
)
def test_clean(path: str, expected: str):
    """As Go's path.Clean."""
    assert clean(path) == expected


def test_globs_of_copy():
    """path.Match: a "*" stops at "/", and is the same when doubled."""
    assert compiled("/a*/?.[pt]y").matches("/abc/x.py")
    assert not compiled("/*.py").matches("/a/b.py")
    assert compiled("/**/x").matches("/a/x")
    assert not compiled("/**/x").matches("/a/b/x")
    assert has_wildcards("a[b")
    assert not has_wildcards("a\\*b")
    with pytest.raises(BadPattern):
        tokens_of("a[")
