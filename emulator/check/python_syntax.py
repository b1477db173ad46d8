"""The rule about a Python file that is executed first, and that no Python reads."""

import ast
from collections.abc import Iterator

from emulator.model.diagnostic import Diagnostic, Related, Severity
from emulator.model.origin import Origin

from .image_view import view_of
from .imported import begins
from .python_source import MAX_CHARACTERS, parsed
from .rule import CheckRule, Sample
from .subject import Subject

_DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n'

SYNTAX = CheckRule(
    code="start/syntax-error",
    severity=Severity.ERROR,
    statement="The Python file that the command starts with cannot be read.",
    why="Python reads a file whole before it runs a line of it: the process ends at once, with SyntaxError.",
    wrong=Sample(
        files={"Dockerfile": _DOCKERFILE, "app.py": 'print("hello"\nprint("again")\n'}, file="Dockerfile", line=4
    ),
    right=Sample(files={"Dockerfile": _DOCKERFILE, "app.py": 'print("hello")\nprint("again")\n'}),
)

RULES = (SYNTAX,)

_EVER = (
    "was never closed", "unmatched", "unexpected indent", "unindent does not match", "expected an indented block",
    "unterminated string literal", "unterminated triple-quoted", "Missing parentheses in call to 'print'",
)  # fmt: skip
"""What no other version of Python 3 reads either, by the words of the message."""

def syntax_error(subject: Subject) -> Iterator[Diagnostic]:
    """In the file that is executed, or the module that is imported, first."""
    view = view_of(subject)
    if view is None or view.run.changed or view.directory is None:
        return
    for _, path in begins(view):
        made = view.worked.look(path).made
        text = view.files.read(path) if made is not None and made.by == "context" else None
        if made is None or text is None or len(text) > MAX_CHARACTERS or parsed(text) is not None:
            continue
        problem = _problem(text)
        if problem is not None:
            line, said = problem
            place = Origin(file=made.path, line=line)
            yield subject.finding(
                SYNTAX.code, Severity.ERROR, f"Python cannot read {made.path}: {said}",
                related=(Related(origin=place, message="here"),), help=f"correct line {line} of {made.path}",
            )  # fmt: skip
            return


def _problem(text: str) -> tuple[int, str] | None:
    """The line and what is wrong there; None where another Python may read it."""
    try:
        ast.parse(text)
    except SyntaxError as problem:
        line, said = problem.lineno or 1, problem.msg
    except (ValueError, RecursionError, MemoryError):
        return None
    else:
        return None
    lines = text.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    if here.startswith(("<<<<<<< ", "=======", ">>>>>>> ")):
        return line, "a conflict of a merge was left in it"
    # From 3.12 on an f-string may hold its own quotes, which older ones read as the end of it.
    may_be_newer = any(mark in here.lower() for mark in ("f'", 'f"', "t'", 't"'))
    return (line, said) if any(words in said for words in _EVER) and not may_be_newer else None
