"""The Python file that the command starts with, where no Python reads it."""

import pytest

from tests.emulator.check.checking import check_files

DOCKERFILE = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install gunicorn\n"


def _found(text: str, cmd: str = 'CMD ["python", "app.py"]\n') -> list[tuple[str, int]]:
    told = [d for d in check_files({"app.py": text, "Dockerfile": DOCKERFILE + cmd}).diagnostics if "syntax" in d.code]
    return [(d.message, d.related[0].origin.line) for d in told]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("import os\napp = dict(os.environ\n\nx = 1\n", 2, "'(' was never closed"),
        ("def f():\nreturn 1\n", 2, "expected an indented block"), ("x = 'a\n", 1, "unterminated string literal"),
        ("a = 1\n  b = 2\n", 2, "unexpected indent"), ("print 'x'\n", 1, "Missing parentheses"),
        ("a = 1\n<<<<<<< HEAD\nb = 2\n=======\nb = 3\n>>>>>>> x\n", 2, "a conflict of a merge was left in it"),
    ],
)
def test_what_no_python_reads(text: str, line: int, said: str):
    """With its line, of a script and of a module that a server imports."""
    for cmd in ('CMD ["python", "app.py"]\n', "CMD exec gunicorn -b 0.0.0.0:$PORT app:app\n"):
        [(message, at)] = _found(text, cmd)
        assert message.startswith("Python cannot read app.py: ")
        assert said in message
        assert at == line


@pytest.mark.parametrize(
    "text",
    ['x = f"{d["a"]}"\n', "match x:\n    case 1: pass\n", "type X = int\n", "x = t'{y}'\n", "print(1)\n",
     "try:\n    pass\nexcept A, B:\n    pass\n"],
)  # fmt: skip
def test_what_another_python_may_read(text: str):
    """Newer ones read more: this one's answer is no certainty."""
    assert _found(text) == []
