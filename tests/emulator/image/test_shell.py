"""A RUN read as shell: what runs, where, how surely, what its failure does, and that no text can hold us up."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emulator.formats.dockerfile import parse_dockerfile
from emulator.image.shell import Command, Script, State, read_run, read_script

ENV = {"A": "x y", "HOME": "/root", "U": None}


def run(text: str, **options) -> Script:
    """The first RUN of a Dockerfile's text."""
    dockerfile = parse_dockerfile(text, "Dockerfile")
    [instruction] = [one for one in dockerfile.instructions if one.keyword == "RUN"]
    options = {"environ": ENV, "cwd": "/app", "complete": True, "lines": text.split("\n")} | options
    return read_run(instruction, escape=dockerfile.escape, **options)


def lines(script: Script) -> list[str]:
    """Each command in one line: `[~]directory: words`, ~ for maybe; ? for a word that is not known."""
    return [line(command) for command in script.commands]


def line(command: Command) -> str:
    words = [word.pattern or ("?" if word.text is None else word.text) for word in command.words]
    maybe = "~" if command.certainty == "maybe" else ""
    return f"{maybe}{command.cwd or '?'}: {'|'.join(words)}"


DIRECTORIES = [
    ("cd /a && b", ["/app: cd|/a", "/a: b"]),
    ("cd a && (cd b && c) && d", ["/app: cd|a", "/app/a: cd|b", "/app/a/b: c", "/app/a: d"]),
    ("cd a; cd ..; b", ["/app: cd|a", "/app/a: cd|..", "/app: b"]),
    ("cd ~ && b", ["/app: cd|/root", "/root: b"]),
    ("cd && b", ["/app: cd", "/root: b"]),
    ("cd a | b; c", ["/app: cd|a", "/app: b", "/app: c"]),
    ("cd a || exit 1; b", ["/app: cd|a", "~?: exit|1", "/app/a: b"]),
    ("cd a || true; b", ["/app: cd|a", "~?: true", "?: b"]),
    ("cd $U && b", ["/app: cd|?", "?: b"]),
    ("sh -c 'cd a && b' && c", ["/app: cd|a", "/app/a: b", "/app: c"]),
    (". ./x.sh && b", ["/app: .|./x.sh", "?: b"]),
]


@pytest.mark.parametrize(("text", "expected"), DIRECTORIES)
def test_each_command_has_its_directory(text: str, expected: list[str]):
    """`cd` is followed through &&, ;, pipes and shells in the shell; where it may have failed, nothing is claimed."""
    assert lines(run(f"RUN {text}")) == expected


def test_a_cd_whose_failure_nobody_sees_is_an_assumption():
    """After `cd a; b` the directory holds only if a is there."""
    assert run("RUN cd a; b").commands[1].assumed == ("/app/a",)
    assert run("RUN cd a && b").commands[1].assumed == ()
    assert run("RUN set -e; cd a; b").commands[2].assumed == ()


CERTAINTY = [
    ("a && b", ["a", "b"]),
    ("a; b", ["a", "b"]),
    ("a || b", ["a", "~b"]),
    ("a || b; c", ["a", "~b", "c"]),
    ("a && b; c", ["a", "~b", "c"]),
    ("a || exit 0; b", ["a", "~exit|0", "~b"]),
    ("a || exit 1; b", ["a", "~exit|1", "b"]),
    ("a || { b; exit 1; }; c", ["a", "~b", "~exit|1", "c"]),
    ("if a; then b; else c; fi; d", ["a", "~b", "~c", "d"]),
    ("for i in 1 2; do a; done; b", ["~a", "b"]),
    ("while a; do b; done; c", ["a", "~b", "c"]),
    ("case $A in x) a;; esac; b", ["~a", "b"]),
    ("f() { a; }; f; b", ["~a", "b"]),
    ("exit 0; b", ["exit|0"]),
    ("exec a; b", ["a"]),
    ("(set -e; a; b); c", ["set|-e", "a", "~b", "c"]),
    ("a & b", ["~a", "b"]),
]


@pytest.mark.parametrize(("text", "expected"), CERTAINTY)
def test_certainty(text: str, expected: list[str]):
    """ "always" is what runs whenever the step succeeds."""
    assert [one.replace("/app: ", "") for one in lines(run(f"RUN {text}"))] == expected


FAILURE = [
    ("a", "fails"),
    ("a && b", "fails fails"),
    ("a; b", "swallowed fails"),
    ("set -e; a; b", "swallowed fails fails"),
    ("set -e; a && b; c", "swallowed swallowed fails fails"),
    ("a || true", "swallowed fails"),
    ("a || :", "swallowed fails"),
    ("a && b || true", "swallowed swallowed fails"),
    ("a || b", "unknown fails"),
    ("a | b", "swallowed fails"),
    ("set -o pipefail; a | b", "swallowed fails fails"),
    ("a; exit 0", "swallowed fails"),
    ("a && exit 0; exit 3", "unknown unknown fails"),
    ("if a; then exit 0; fi; exit 3", "unknown unknown fails"),
    ("(a && exit 0); b", "swallowed swallowed fails"),
    ("a; exit $?", "unknown fails"),
    ("a; x=$(exit)", "unknown unknown"),
    ("a; x=$(pwd)", "swallowed unknown"),
    ("a || exit 1; b", "fails swallowed fails"),
    ("! a", "swallowed"),
    ("if a; then b; fi", "unknown fails"),
    ("if ! a; then echo b; fi", "swallowed fails"),
    ("if a; then :; else exit 1; fi", "unknown fails fails"),
    ("(a; b) && c", "swallowed fails fails"),
    ("a $(b)", "swallowed fails"),
]


@pytest.mark.parametrize(("text", "expected"), FAILURE)
def test_failure(text: str, expected: str):
    """What becomes of the step when a command fails."""
    assert " ".join(command.failure for command in run(f"RUN {text}").commands) == expected


WORDS = [
    ("$A", ["x", "y"]),
    ('"$A"', ["x y"]),
    ("'$A'", ["$A"]),
    ("${A:-z}${N:-z}", ["x", "yz"]),
    ("${N}", []),
    ('"${N}"', [""]),
    ("$U", [None]),
    ("a\\ b", ["a b"]),
    ("${A%y}", ["x"]),
    ("$(b)", [None]),
    ("`b \\`c\\``", [None]),
    ('"`b \\"c\\"`"', [None]),
    ("[ -d x ]", ["[", "-d", "x", "]"]),
    ("{a,b}", [None]),
    ("{}", ["{}"]),
    ("a#b # c", ["a#b"]),
]


@pytest.mark.parametrize(("text", "expected"), WORDS)
def test_words(text: str, expected: list[str | None]):
    """Quotes go, known values stand, and unknown ones are unknown."""
    command = run(f"RUN z {text}").commands[-1]
    assert [word.text for word in command.words[1:]] == expected


def test_patterns_keep_what_was_quoted():
    """A pattern is told from a text, and its quoted parts from the rest."""
    words = run("RUN rm *.log '*'.x \"a b\"*").commands[0].words
    assert [word.pattern for word in words] == [None, "*.log", None, "a b*"]
    assert words[2].text == "*.x"
    assert run("RUN rm 'a*'*").commands[0].words[1].pattern == "a\\**"


def test_redirections_and_documents():
    """A here-document is what the command reads, expanded unless its name is quoted."""
    text = "RUN cat <<E > /etc/a && cat <<'F' >> b 2>&1\nhello $A\nE\n$A\nF\n"
    first, second = run(text).commands
    assert [(one.operator, one.target.text, one.content) for one in first.redirections] == [
        ("<<", "E", "hello x y\n"),
        (">", "/etc/a", None),
    ]
    assert second.redirections[0].content == "$A\n"
    assert [one.descriptor for one in second.redirections] == [0, 1, 2]


def test_lines_of_continuations_and_documents():
    """Each command stands on the line it was written on."""
    text = "FROM x\nRUN a && \\\n  # why\n  b && \\\n  c\n"
    assert [command.line for command in run(text).commands] == [2, 4, 5]
    text = "FROM x\nRUN <<E\n\na\nb\nE\n"
    assert [command.line for command in run(text).commands] == [4, 5]


def test_a_document_alone_is_the_script_and_may_name_its_interpreter():
    """`RUN <<E` runs the body; a body for Python is not read as shell."""
    assert [command.failure for command in run("RUN <<E\na\nb\nE\n").commands] == ["swallowed", "fails"]
    assert [command.failure for command in run("RUN <<E\n#!/bin/bash -e\na\nb\nE\n").commands] == ["fails", "fails"]
    assert run("RUN <<E\n#!/usr/bin/env python\nimport os\nE\n").opaque.reason == "the script is run by python"


def test_forms_and_shells():
    """The exec form is one command, unless it is a shell; SHELL's options count; another shell is not read."""
    assert lines(run('RUN ["pip", "install", "$A"]')) == ["/app: pip|install|$A"]
    assert lines(run('RUN ["bash", "-ec", "a; b"]')) == ["/app: a", "/app: b"]
    strict = run("RUN a | b; c", shell=("/bin/bash", "-o", "pipefail", "-ec"))
    assert [command.failure for command in strict.commands] == ["fails", "fails", "fails"]
    named = run("RUN a | b; c", shell=("/bin/bash", "-o", "errtrace", "-o", "pipefail", "-o", "errexit", "-c"))
    assert [command.failure for command in named.commands] == ["fails", "fails", "fails"]
    assert run("RUN a", shell=("/bin/bash", "-o", "posix", "-c")).opaque is not None
    assert run("RUN a", shell=("/bin/bash", "-o")).opaque is not None
    assert "pwsh" in run("RUN a", shell=("pwsh", "-c")).opaque.reason


def test_what_a_script_exports_goes_with_its_commands():
    """Assignments, exports and an activated venv reach the commands behind them."""
    script = run("RUN X=1 && export Y=2 && . /v/bin/activate && P=q pip install . && Z=$Y b $Z")
    pip = script.commands[-2]
    assert pip.environment == (("P", "q"),)
    assert pip.exported == (("PATH", None), ("VIRTUAL_ENV", "/v"), ("Y", "2"))


UNREADABLE = ["a <(b)", "a && (", "trap x EXIT; a", "case x in", "'", "a &> b", "${", "$((", "if a"]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_not_understood_is_said(text: str):
    """The rest is opaque, with a reason."""
    assert run(f"RUN {text}").opaque.reason


def test_an_opaque_rest_keeps_what_came_before():
    """A complete list before what is not understood was read, but its failure is not judged."""
    script = read_script("a\nb\nc <(d)\ne\n", State(cwd="/", environ={}, complete=True))
    assert [command.words[0].text for command in script.commands] == ["a", "b"]
    assert script.commands[1].failure == "unknown"
    assert script.opaque.line == 3


HOSTILE = {
    "and": "a && " * 10_000 + "a",
    "or": "a || " * 26_000 + "a",
    "brackets": "(" * 130_000,
    "braces": "{ " * 65_000,
    "quotes": '"$(' * 40_000,
    "backquotes": "`" * 130_001,
    "escaped backquotes": "`" + "\\`" * 65_000,
    "megabyte": "a" * 1_000_000,
    "word": "a" * 130_000 + "'",
    "words": "a " * 65_000,
    "doubling": ";".join(["A=x", *["A=$A$A"] * 60, "echo $A"]),
    "many values": "A='" + "x " * 30_000 + "'; " + "echo $A;" * 8_000,
    "variables": ";".join(f"v{n}=1" for n in range(15_000)),
    "functions": "".join(f"f{n}() {{ f{n + 1}; f{n + 1}; }};" for n in range(30)) + "f0",
    "many calls": "f() { " + "x=1;" * 1000 + "};" + "f;" * 10_000,
    "loops": "for i in a; do " * 24 + "x; " * 20_000 + "done; " * 24,
    "pieces": "x" + '"$A"' * 32_000,
    "trims": "A=" + "x" * 4_000 + ";echo " + "${A#x}" * 20_000,
    "cd": "cd a; " * 20_000,
    "documents": "cat <<E\nE\n" * 13_000,
    "tests": "[[ " * 43_000,
    "dollars": "$" * 130_000,
    "nested sh": "sh -c ''; " * 13_000,
    "open brace": "{a" * 65_000 + "}",
    "comments": "#\n" * 65_000,
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_scripts_end_soon(name: str):
    """No text takes longer than a second or two, whatever it holds."""
    began = time.process_time()
    read_script(HOSTILE[name], State(cwd="/", environ={"A": "x"}, complete=True), bash="[[" in HOSTILE[name])
    assert time.process_time() - began < 5


FRAGMENTS = st.sampled_from(
    [*"&|;()<>'\"`$\\{}[]*?!#=~ \n\ta", "if ", "then ", "fi ", "do ", "done ", "for ", "case ", "esac", "in ", "<<E",
     "\nE\n", "${", "$(", "$((", "))", "cd ", "set -e",
     "f()", "[[ ", " ]]", "while ", "exec ", "sh -c ", "A=", "&&", "||"]
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=60).map("".join), st.booleans())
@example("<<E\n", False)
def test_any_text_is_read_or_refused(text: str, bash: bool):
    """There is always an answer, never an exception."""
    read_script(text, State(cwd="/", environ={"A": "x"}, complete=True), bash=bash)
