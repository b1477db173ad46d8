"""Words as a real shell makes them: random command lines, read here and by /bin/sh and bash."""

import subprocess

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from emulator.check.command import started
from emulator.check.shell import parse_script

VALUES = {"A": "one", "B": "two words", "E": "", "PATH": "/usr/bin:/bin"}
PIECES = st.sampled_from(
    ["a", "b=c", "--x", "-y", "$A", "${A}", "$B", '"$B"', "$E", "${E:-d}", "${E-d}", "${A:-d}", "${Z:-d}", "'", '"',
     "\\", " ", "  ", "$", ":", "/", "=", ",", "'$A'", '"a b"', "\\$A", "\\ ", "#", " #", "\\\n", "%", "0.0.0.0:$A"]
)  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
@settings(max_examples=150, deadline=None)
@given(pieces=st.lists(PIECES, max_size=10))
def test_words_are_those_of_the_shell(shell: str, pieces: list[str]) -> None:
    """Where the reading claims to know every word, they are what the shell hands to the program."""
    script = "printf '<%s>' " + "".join(pieces)
    parsed = parse_script(script)
    assume(parsed is not None)
    run = started((shell, "-c", script), VALUES)
    assume(run.complete and run.program == "printf" and all(arg.known for arg in run.args))
    said = subprocess.run([shell, "-c", script], env=VALUES, capture_output=True, check=True, timeout=10).stdout
    expected = "".join(f"<{arg.text}>" for arg in run.args[1:]) or "<>"
    assert said.decode() == expected


@settings(max_examples=300, deadline=None)
@given(text=st.text("ab$({})\"'`\\;&|<>#= \n-_1*[]!", max_size=40))
def test_any_text_is_read_or_given_up(text: str) -> None:
    """No text raises, or is taken for something with another number of commands than it has operators."""
    parsed = parse_script(text)
    if parsed is not None:
        assert len(parsed) <= 1 + sum(text.count(sign) for sign in ";&|\n")
    started(("/bin/sh", "-c", text), {})
