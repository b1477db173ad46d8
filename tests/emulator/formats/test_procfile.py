"""A Procfile's lines become process types; what is no process type is said, with its line."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.formats.findings import MOST
from emulator.formats.procfile import Procfile, parse_procfile
from emulator.model.diagnostic import Severity


def parsed(text: str) -> Procfile:
    return parse_procfile(text, "Procfile")


def commands(procfile: Procfile) -> list[tuple[str, str]]:
    return [(process.name, process.command) for process in procfile.processes]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("web: gunicorn app:app\n", [("web", "gunicorn app:app")]),
        ("web:gunicorn app:app", [("web", "gunicorn app:app")]),
        ("web :  run  \t\n", [("web", "run")]),
        ("# comment\n\n   \n  # indented comment\nweb: run\n", [("web", "run")]),
        ("web: run --x=# not a comment\n", [("web", "run --x=# not a comment")]),
        ("web: a\r\nworker_2: b\r\n", [("web", "a"), ("worker_2", "b")]),
        ("\ufeffweb: run\n", [("web", "run")]),
        ("release-now: a\n2nd: b\n", [("release-now", "a"), ("2nd", "b")]),
        ("web: echo é 😀 \u2028 x\n", [("web", "echo é 😀 \u2028 x")]),
        ("", []),
    ],
)
def test_process_types_are_read(text: str, expected: list[tuple[str, str]]):
    """`name: command` per line; comments, blank lines, CRLF and a BOM change nothing."""
    result = parsed(text)
    assert commands(result) == expected
    assert result.diagnostics == ()


def test_a_process_type_knows_its_place():
    """The origin runs from the name to the command's last character."""
    process = parsed("# c\nweb: run é  \r\n").get("web")
    assert process is not None
    assert str(process.origin) == "Procfile:2:1"
    assert (process.origin.end_line, process.origin.end_column) == (2, 10)
    assert parsed("web: run").get("worker") is None


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("web gunicorn", "not-a-process"),
        (" web: run", "not-a-process"),
        ("we b: run", "not-a-process"),
        ("wéb: run", "not-a-process"),
        (": run", "not-a-process"),
        ("-web: run", "not-a-process"),
        ("web:", "no-command"),
        ("web:   ", "no-command"),
    ],
)
def test_a_bad_line_is_said_and_left_out(line: str, code: str):
    """The lines around it still count; the diagnostic names the line."""
    result = parsed(f"one: 1\n{line}\ntwo: 2\n")
    assert commands(result) == [("one", "1"), ("two", "2")]
    (diagnostic,) = result.diagnostics
    assert diagnostic.code == f"procfile/{code}"
    assert diagnostic.severity is Severity.WARNING
    assert str(diagnostic.origin) == "Procfile:2:1"
    assert diagnostic.help


def test_the_first_of_two_lines_with_a_name_is_kept():
    """A duplicate is a warning that says which one is kept and points at both."""
    result = parsed("web: first\nworker: x\nweb: second\n")
    assert commands(result) == [("web", "first"), ("worker", "x")]
    (diagnostic,) = result.diagnostics
    assert diagnostic.code == "procfile/duplicate-name"
    assert "the first is kept" in diagnostic.message
    assert str(diagnostic.origin) == "Procfile:3:1"
    assert str(diagnostic.related[0].origin) == "Procfile:1:1"


def test_no_diagnostic_quotes_a_command():
    """A command can hold a password."""
    result = parsed("web: TOKEN=hunter2 run\nweb: TOKEN=hunter2 run\n web: hunter2\nhunter2 x\n")
    assert len(result.diagnostics) == 3
    assert "hunter2" not in repr(result.diagnostics)


@pytest.mark.thorough
@settings(deadline=None, derandomize=True, database=None, max_examples=1500)
@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["web", ":", " ", "\n", "\r", "#", "x", "\t", "\0", "é"])).map("".join)
)
def test_any_text_is_answered(text: str):
    """Every line that is neither blank nor a comment is a process type or a diagnostic, never an exception."""
    result = parsed(text)
    lines = [
        line for line in text.removeprefix("\ufeff").split("\n") if line.strip() and not line.lstrip().startswith("#")
    ]
    assert len(result.processes) + len(result.diagnostics) == len(lines)


@pytest.mark.thorough
def test_a_file_of_garbage_is_answered_soon():
    """Half a million bad lines give no more than the first hundred diagnostics."""
    began = time.perf_counter()
    result = parsed("x\n" * 500_000)
    assert time.perf_counter() - began < 5
    assert len(result.diagnostics) == MOST
