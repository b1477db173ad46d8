"""Substitution and word splitting as BuildKit's shell lexer does them."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.formats.dockerfile import expand
from emulator.formats.dockerfile.patterns import BadPattern, replace_matches, trim_prefix, trim_suffix

ENV = {"A": "a b", "E": "", "F": "foo.tar.gz", "PATH": "/bin"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", "x"),
        ("$A", "a b"),
        ("${A}", "a b"),
        ("x${A}y", "xa by"),
        ("$AB", ""),
        ("$A.B", "a b.B"),
        ("/x:$PATH", "/x:/bin"),
        ("'$A'", "$A"),
        ('"$A"', "a b"),
        ("\"'$A'\"", "'a b'"),
        ("\\$A", "$A"),
        ('"\\$A \\" \\\\ \\x"', '$A " \\ \\x'),
        ("a\\b", "ab"),
        ("a\\", "a"),
        ("$", "$"),
        ("a$ b", "a$ b"),
        ("$1x", "x"),
        ("$$", ""),
        ("${U:-d}", "d"),
        ("${U-d}", "d"),
        ("${E:-d}", "d"),
        ("${E-d}", ""),
        ("${A:-d}", "a b"),
        ("${U:-${E:-$F}}", "foo.tar.gz"),
        ("${U:-'x y'}", "x y"),
        ("${A:+s}", "s"),
        ("${E:+s}", ""),
        ("${E+s}", "s"),
        ("${U+s}", ""),
        ("${A:?no}", "a b"),
        ("${E?no}", ""),
        ("${F#*.}", "tar.gz"),
        ("${F##*.}", "gz"),
        ("${F%.*}", "foo.tar"),
        ("${F%%.*}", "foo"),
        ("${F%x}", "foo.tar.gz"),
        ("${F#f?o}", ".tar.gz"),
        ("${F/o/0}", "f0o.tar.gz"),
        ("${F//o/0}", "f00.tar.gz"),
        ("${F/t*/x}", "foo.x"),
        ("${F//./\\/}", "foo\\/tar\\/gz"),
        ("${U#x}", ""),
    ],
)
def test_substitution(text: str, expected: str):
    """Every form gives what Docker gives."""
    result = expand(text, ENV)
    assert (result.text, result.problem) == (expected, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("${", "no name"),
        ("${}", "no name"),
        ("${:x}", "no name"),
        ("${A", "closing } is missing"),
        ("${A:-x", "closing } is missing"),
        ("${A/x}", "closing / is missing"),
        ("${A!x}", "! in ${A…} is not supported"),
        ("${A:#x}", ":# in ${A…} is not supported"),
        ("${U:?say why}", "U: say why"),
        ("${U?}", "U: is not allowed to be unset"),
        ("${E:?}", "E: is not allowed to be empty"),
        ("'a", "single quote is not closed"),
        ('"a', "double quote is not closed"),
        ("${A#\\x}", "invalid escape"),
        ("${U:-" * 60 + "}" * 60, "nested"),
        ("${F#" + "x" * 2000 + "}", "more than 1,000"),
    ],
)
def test_refused(text: str, problem: str):
    """What Docker refuses says why and leaves the text alone."""
    result = expand(text, ENV)
    assert problem in (result.problem or "")
    assert result.text == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\tc", ("a", "b", "c")),
        ("$A c", ("a", "b", "c")),
        ('"$A" c', ("a b", "c")),
        ("'a b'c d", ("a bc", "d")),
        ("a\\ b", ("a b",)),
        ("'' x", ("x",)),
        ("80${U:-80} $U", ("8080",)),
        ("<< EOF x", ("<< EOF", "x")),
    ],
)
def test_words(text: str, words: tuple[str, ...]):
    """A variable outside quotes splits at its blanks; quotes and escapes hold a word together."""
    assert expand(text, ENV).words == words


def test_backtick_is_the_escape_when_told():
    """Then a backslash is an ordinary character."""
    assert expand("a\\b`$A", ENV, "`").text == "a\\b$A"


def test_names_asked_for_and_unset():
    """Names come once, in order; one with a default counts as unset too."""
    result = expand("$B ${A} ${C:-$B} '$D'", ENV)
    assert (result.referenced, result.unset) == (("B", "A", "C"), ("B", "C"))


def test_keeps_unset_when_told():
    """The text of an unset variable stays as it was."""
    assert expand("$U ${U} ${U:-x} $A", ENV, keep_unset=True).text == "$U ${U} ${U:-x} a b"


def test_a_function_can_be_the_environment():
    """None means unset."""
    assert expand("$x$y", {"x": "1"}.get).text == "1"


def test_growth_is_capped():
    """A value that doubles again and again is refused, not computed."""
    result = expand("${X//a/" + "b" * 60_000 + "}", {"X": "a" * 60_000})
    assert "expands to more than" in (result.problem or "")


_SMALL = st.text(alphabet="ab\n", max_size=8)
_PATTERNS = st.text(alphabet="ab*?", max_size=5)


def _regex(pattern: str, *, longest: bool = True) -> str:
    star = ".*" if longest else ".*?"
    return "".join({"*": star, "?": "."}.get(c, re.escape(c)) for c in pattern)


@given(_PATTERNS, _SMALL, st.booleans())
def test_trimming_agrees_with_regular_expressions(pattern: str, value: str, longest: bool):
    """The shortest or longest matching prefix or suffix goes, as a regular expression finds it."""
    ends = [end for end in range(len(value) + 1) if re.fullmatch(_regex(pattern), value[:end])]
    prefix = value[(max if longest else min)(ends) :] if ends else value
    assert trim_prefix(pattern, value, longest=longest) == prefix
    starts = [start for start in range(len(value) + 1) if re.fullmatch(_regex(pattern), value[start:])]
    suffix = value[: (min if longest else max)(starts)] if starts else value
    assert trim_suffix(pattern, value, longest=longest) == suffix


@given(_PATTERNS.filter(lambda pattern: pattern.strip("*")), _SMALL, st.booleans())
def test_replacing_agrees_with_regular_expressions(pattern: str, value: str, every: bool):
    """The first or every longest match is replaced."""
    expected = re.sub(_regex(pattern), "X", value, count=0 if every else 1)
    assert replace_matches(pattern, value, "X", every=every) == expected


@pytest.mark.parametrize(
    ("pattern", "value", "expected"), [("", "", "X"), ("", "ab", "XaXbX"), ("*", "a\nb", "X\nX"), ("*", "\n", "X\nX")]
)
def test_empty_matches_count_between_characters_but_not_after_a_match(pattern: str, value: str, expected: str):
    """As Go's ReplaceAllString does it, and Python's re.sub does not."""
    assert replace_matches(pattern, value, "X", every=True) == expected


def test_escapes_in_patterns():
    """A star can be meant literally; other escapes are refused."""
    assert trim_prefix("\\*a", "*ab", longest=False) == "b"
    with pytest.raises(BadPattern):
        trim_prefix("\\a", "a", longest=False)


@pytest.mark.parametrize("text", ["${X%%" + "*a" * 400 + "}", "${X//" + "a*" * 400 + "/b}", "${X//a?/b}", "$X" * 10])
def test_hostile_patterns_take_linear_time(text: str):
    """No pattern makes the search go back."""
    started = time.process_time()
    expand(text, {"X": "a" * 60_000 + "b"})
    assert time.process_time() - started < 3
