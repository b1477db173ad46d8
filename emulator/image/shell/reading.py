"""A RUN read as shell: its simple commands in order, where each runs, and how certain that is.

The text is that of the Dockerfile: RUN is not expanded by the builder but by the shell (docs.docker.com, "Environment
replacement"). What is not understood makes the rest opaque.
"""

import posixpath
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence

from emulator.formats.dockerfile import DEFAULT_SHELL, Instruction
from emulator.formats.dockerfile.lines import LineReader

from .builtins import SHELLS, nested_shell
from .parse import parse_shell
from .records import Command, Opaque, Script, Word
from .state import State
from .walk import Source, walk_script


def read_run(
    instruction: Instruction,
    *,
    environ: Mapping[str, str | None],
    cwd: str | None,
    complete: bool = False,
    shell: Sequence[str] = DEFAULT_SHELL,
    lines: Sequence[str] = (),
    escape: str = "\\",
) -> Script:
    """The commands of a RUN.

    environ: the environment of the stage there, ARGs included; None for a value that is not known. complete: a name
    not in it is surely unset. cwd: the working directory, absolute; None when not known. shell: of SHELL. lines: those
    of the Dockerfile, by which each command has its own line; without them all have the instruction's.
    """
    state = State(cwd=cwd, environ=dict(environ), complete=complete)
    start = instruction.origin.line
    if instruction.json is not None:
        return _exec_form(instruction.json, state, start)
    text, line = _script_of(instruction, lines, escape)
    if text.startswith("#!"):
        return _with_interpreter(text, state, line)
    words = [Word(text=part, source=part, line=start) for part in (*shell, text)]
    inner = nested_shell(words)
    if inner is None:
        reason = f"SHELL is {' '.join(shell)}, which is not a shell we read"
        return Script(opaque=Opaque(line=start, reason=reason))
    state = State(
        cwd=cwd, environ=dict(environ), complete=complete, errexit=inner.errexit, pipefail=inner.pipefail
    )  # fmt: skip
    return read_script(text, state, bash=inner.bash, line=line)


def read_script(text: str, state: State, *, bash: bool = False, line: Callable[[int], int] | None = None) -> Script:
    """The commands of a shell script. line: the line of the file that an offset stands on; by default the
    script's own."""
    line = line or lines_from(text, 1)
    return walk_script(Source(parse_shell(text, bash=bash), line), state, bash=bash)


def lines_from(text: str, first: int) -> Callable[[int], int]:
    """Tells the line of each offset of a text that begins on line `first`."""
    starts = [index + 1 for index, character in enumerate(text) if character == "\n"]
    return lambda offset: first + bisect_right(starts, offset)


def _exec_form(argv: tuple[str, ...], state: State, line: int) -> Script:
    words = [Word(text=part, source=part, line=line) for part in argv]
    if not words:
        return Script(opaque=Opaque(line=line, reason="RUN [] runs the shell without a command"))
    inner = nested_shell(words)
    if inner is None:
        command = Command(words=tuple(words), line=line, cwd=state.cwd, certainty="always", failure="fails")
        return Script(commands=(command,))
    state = State(
        cwd=state.cwd, environ=state.environ, complete=state.complete, errexit=inner.errexit, pipefail=inner.pipefail
    )  # fmt: skip
    return read_script(inner.script, state, bash=inner.bash, line=lambda _: line)


def _with_interpreter(text: str, state: State, line: Callable[[int], int]) -> Script:
    """A here-document that begins with `#!` is run as a file (BuildKit, dockerfile2llb, dispatchRun)."""
    first = text.partition("\n")[0][2:].split()
    program = posixpath.basename(first[0]) if first else ""
    options = first[1:]
    if program == "env" and options:
        program, options = options[0], options[1:]
    plain = all(option.startswith("-") and not option.strip("-eux") for option in options)
    if program not in SHELLS or not plain:
        return Script(opaque=Opaque(line=line(0), reason=f"the script is run by {program or 'nothing'}"))
    state = State(
        cwd=state.cwd, environ=state.environ, complete=state.complete, errexit=any("e" in one for one in options)
    )  # fmt: skip
    return read_script(text, state, bash=program == "bash", line=line)


def _script_of(instruction: Instruction, lines: Sequence[str], escape: str) -> tuple[str, Callable[[int], int]]:
    """The text the shell is given, by dispatchRun: a lone here-document is the script itself, otherwise the bodies
    follow the text, and the shell reads them."""
    text = instruction.text
    if not instruction.heredocs:
        return text, _joined_lines(instruction, lines, escape)
    first = instruction.heredocs[0]
    alone = text.strip().replace('"', "").replace("'", "") in (f"<<{first.name}", f"<<-{first.name}")
    if alone and len(instruction.heredocs) == 1:
        return first.body, lines_from(first.body, first.origin.line)
    before = _joined_lines(instruction, lines, escape)
    full = text
    for heredoc in instruction.heredocs:
        full += "\n" + heredoc.body + heredoc.name
    after = lines_from(full[len(text) + 1 :], first.origin.line)
    return full, lambda offset: before(offset) if offset <= len(text) else after(offset - len(text) - 1)


def _joined_lines(instruction: Instruction, lines: Sequence[str], escape: str) -> Callable[[int], int]:
    """The line of each offset of a text that continuations joined."""
    origin = instruction.origin
    reader = LineReader("\n".join(lines[origin.line - 1 : origin.end_line or origin.line]), origin.file)
    reader.escape = escape
    logical = reader.logical()
    behind = logical.text.rfind(instruction.text) if logical is not None else -1
    if logical is None or behind < 0:
        return lambda _: origin.line
    return lambda offset: origin.line - 1 + logical.origin(min(behind + offset, len(logical.text) - 1)).line
