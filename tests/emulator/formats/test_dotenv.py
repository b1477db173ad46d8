"""A dotenv file's lines become variables; nothing of the host comes in, no value comes out in a message."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.formats.dotenv import Dotenv, parse_dotenv
from emulator.formats.findings import MOST
from emulator.model.diagnostic import Severity


def parsed(text: str) -> Dotenv:
    return parse_dotenv(text, ".env")


def values(dotenv: Dotenv) -> dict[str, str]:
    return {variable.name: variable.value for variable in dotenv.variables}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\n", "1"),
        ("A=1", "1"),
        ("A=", ""),
        ("A = x y \n", "x y"),
        ("export A=x", "x"),
        ("export\tA=x", "x"),
        ("  A=x", "x"),
        ("\ufeffA=x", "x"),
        ("A=x\r\n", "x"),
        ("# c\n\n  # c\nA=x", "x"),
        ("A=x # comment", "x"),
        ("A=x\t# comment", "x"),
        ("A=x#y", "x#y"),
        ("A=#x", "#x"),
        ("A= # comment", ""),
        ("A=a=b==", "a=b=="),
        ("A=it's", "it's"),
        ('A=say "x"', 'say "x"'),
        ("A=$HOME/${X:-y}", "$HOME/${X:-y}"),
        ('A="$HOME"', "$HOME"),
        ('A=" x # y "', " x # y "),
        ('A="x" # comment', "x"),
        ('A=""', ""),
        (r'A="a\nb\tc\\d\"e\$f\q"', 'a\nb\tc\\d"e$f\\q'),
        ("A='a\\nb $X \"'", 'a\\nb $X "'),
        (r"A='it\'s'", "it's"),
        (r"A='C:\'", "C:\\"),
        ('A="one\ntwo # x\n\nthree"', "one\ntwo # x\n\nthree"),
        ('A="one\r\ntwo"', "one\ntwo"),
        ("A='one\ntwo'", "one\ntwo"),
        ("A=é😀", "é😀"),
        ("A=a\\nb", "a\\nb"),
    ],
)
def test_a_value_is_read(text: str, expected: str):
    """Quotes, escapes, comments and lines as docker compose and python-dotenv read them; `$` stays as written."""
    result = parsed(text)
    assert values(result) == {"A": expected}
    assert result.diagnostics == ()


def test_nothing_is_taken_from_the_host(monkeypatch: pytest.MonkeyPatch):
    """A name without '=' gets no value from this machine's environment, and the warning says so."""
    monkeypatch.setenv("A", "from the host")
    result = parsed("A\nexport A\nB=$A\n")
    assert values(result) == {"B": "$A"}
    assert [d.code for d in result.diagnostics] == ["dotenv/no-value"] * 2
    assert result.diagnostics[0].severity is Severity.WARNING


def test_a_variable_knows_its_place():
    """The origin runs from the name to the end of the value with its quotes, over lines."""
    one, two, three = parsed('export A=xé # c\r\nB="x\r\ny"\r\nC=\n').variables
    ends = [(str(v.origin), v.origin.end_line, v.origin.end_column) for v in (one, two, three)]
    assert ends == [(".env:1:8", 1, 11), (".env:2:1", 3, 2), (".env:4:1", 4, 2)]


@pytest.mark.parametrize(
    ("line", "code", "where"),
    [
        ("1A=x", "bad-name", "2:1"),
        ("A B=x", "bad-name", "2:1"),
        ("=x", "bad-name", "2:1"),
        ("  é=x", "bad-name", "2:3"),
        ("A: x", "bad-line", "2:1"),
        ("two words", "bad-line", "2:1"),
        ('A="x"y', "text-after-value", "2:6"),
        ("A=x\0", "nul-character", "2:1"),
    ],
)
def test_a_bad_line_is_said_and_left_out(line: str, code: str, where: str):
    """The lines around it still count; the diagnostic names the place and what to do."""
    result = parsed(f"X=1\n{line}\nY=2\n")
    assert values(result) == {"X": "1", "Y": "2"}
    (diagnostic,) = result.diagnostics
    assert (diagnostic.code, str(diagnostic.origin)) == (f"dotenv/{code}", f".env:{where}")
    assert diagnostic.severity is Severity.ERROR
    assert diagnostic.help


def test_a_quote_that_never_closes_ends_the_reading():
    """What follows it would be inside the quotes, so it is not guessed at."""
    result = parsed('X=1\nA="open\nY=2\n')
    assert values(result) == {"X": "1"}
    (diagnostic,) = result.diagnostics
    assert (diagnostic.code, str(diagnostic.origin)) == ("dotenv/unclosed-quote", ".env:2:3")


def test_the_last_of_two_values_holds():
    """A name given twice has its last value, and a note points at both."""
    result = parsed("A=1\nB=2\nA=3\n")
    assert [(v.name, v.value) for v in result.variables] == [("A", "3"), ("B", "2")]
    (diagnostic,) = result.diagnostics
    assert (diagnostic.code, diagnostic.severity) == ("dotenv/duplicate-name", Severity.INFO)
    assert str(diagnostic.related[0].origin) == ".env:1:1"


SECRET_LINES = [
    "A=hunter2", "A='hunter2' hunter2", "hunter2=", "9hunter2=x", "hunter2", "hunter2 hunter2", "A=hunter2\0",
    "A='hunter2",
    "-----BEGIN hunter2-----", "hunter2/+x==", 'A="hunter2',
]  # fmt: skip


def test_no_value_is_ever_printed():
    """Neither a diagnostic nor a variable's repr repeats a value, nor a line that may be part of one."""
    for line in SECRET_LINES:
        result = parsed(f"A=hunter2\n{line}\n")
        assert "hunter2" not in repr(result.diagnostics)
        if line != "hunter2=":
            assert "hunter2" not in repr(result)


@settings(deadline=None, derandomize=True, database=None, max_examples=500)
@given(st.text(alphabet=st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=30))
def test_a_double_quoted_value_survives(value: str):
    """Any text, escaped and put in double quotes, is read back unchanged (line ends become newlines)."""
    written = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    assert values(parsed(f'A="{written}"\nB=1')) == {"A": value.replace("\r\n", "\n"), "B": "1"}


PIECES = [
    "A",
    "B=",
    "=",
    "'",
    '"',
    "\\",
    "\n",
    "\r\n",
    " ",
    "#",
    "export ",
    "$",
    "x",
    "\t",
    "é",
    "\ufeff",
    "\0",
    "1",
    "\r",
]


@pytest.mark.thorough
@settings(deadline=None, derandomize=True, database=None, max_examples=2000)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=40))
def test_any_text_is_answered(text: str):
    """Any text gives variables and diagnostics whose places lie in it, never an exception."""
    result = parsed(text)
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    origins = [v.origin for v in result.variables] + [d.origin for d in result.diagnostics]
    for origin in origins:
        assert origin is not None
        assert origin.end_line is not None
        assert 1 <= origin.line <= origin.end_line <= len(lines)
        assert 1 <= origin.column <= len(lines[origin.line - 1])


@pytest.mark.thorough
@pytest.mark.parametrize(
    "text",
    ['A="\\"\n' * 200_000, "A='\\'" * 200_000, " \t" * 500_000 + "x",
    "A='" + "\\" * 1_000_001, "x\n" * 300_000, "A=" + " " * 10**6 + "x"],
    ids=["quotes", "escapes", "blanks", "backslashes", "bad lines", "blank value"],
)  # fmt: skip
def test_a_hostile_file_is_answered_soon(text: str):
    """Endless quotes, blanks and backslashes cost time in proportion to their length."""
    began = time.perf_counter()
    result = parsed(text)
    assert time.perf_counter() - began < 5
    assert len(result.diagnostics) <= MOST


def test_random_bytes_never_raise():
    """Two thousand files of noise."""
    chance = random.Random(7)
    for _ in range(2_000):
        parsed("".join(chance.choice(PIECES) for _ in range(chance.randint(0, 60))))
