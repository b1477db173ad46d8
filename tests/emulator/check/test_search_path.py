"""PATH set anew, without the directories of the base image."""

import pytest

from tests.emulator.check.checking import check_files

FILES = {"app.py": "", "requirements.txt": "flask\n", "x.js": "", "venv/bin/python": ""}
BASE = ("FROM python:3.13-slim", "WORKDIR /app")
CMD = 'CMD ["python", "app.py"]'


def found(*lines: str, cmd: str = CMD) -> list[str]:
    """`code:line` of every program that is told to be missing."""
    plan = check_files({**FILES, "Dockerfile": "\n".join((*lines, cmd)) + "\n"})
    told = [d for d in plan.diagnostics if d.code.endswith("/program-not-found")]
    return [f"{d.code.partition('/')[0]}:{d.origin.line if d.origin else 0}" for d in told]


@pytest.mark.parametrize("value", ["/app/bin", '"/opt/venv/bin"', "/app/.venv/bin:/app/bin"])
def test_a_path_without_the_systems_directories(value: str):
    """At the command, and at the first RUN behind it; the line that sets it stands beside."""
    assert found(*BASE, "COPY . .", f"ENV PATH={value}") == ["start:5"]
    assert found(*BASE, f"ENV PATH {value}", "COPY . .", "RUN pip install -r requirements.txt") == ["build:5"]
    plan = check_files({**FILES, "Dockerfile": "\n".join((*BASE, "COPY . .", f"ENV PATH={value}", CMD)) + "\n"})
    (told,) = [d for d in plan.diagnostics if d.code == "start/program-not-found"]
    plain = value.strip('"')
    assert told.message == f"the command runs python, not found: PATH is {plain} alone"
    assert [one.origin.line for one in told.related] == [4]
    assert told.help == f"keep what the base image set: ENV PATH={plain}:$PATH"


@pytest.mark.parametrize(
    "lines",
    [
        ["COPY . .", "ENV PATH=/app/bin:$PATH"], ["COPY . .", 'ENV PATH="/app/bin:${PATH}"'],
        ["COPY . .", "ENV PATH=/app/bin:/usr/local/bin"], ["COPY . .", "ENV PATH=/app/bin:/usr/bin"],
        ["COPY . .", "ENV PATH=/app/venv/bin"],
        ["COPY . .", "RUN python -m venv /opt/venv", "ENV PATH=/opt/venv/bin"],
        ["COPY . .", "ENV PATH=/app/bin", "ENV PATH=/usr/local/bin:/bin"], ["ARG PATH=/app/bin", "COPY . ."],
        ["ENV OTHER_PATH=/app/bin"],
    ],
)  # fmt: skip
def test_a_path_that_has_the_program(lines: list[str]):
    assert found(*BASE, *lines) == []


def test_a_command_that_needs_no_path():
    assert found(*BASE, "ENV PATH=/app/bin", cmd='CMD ["/usr/local/bin/python", "app.py"]') == []
    assert found(*BASE, "ENV PATH=/app/bin", "RUN export PATH=/usr/local/bin && pip install flask") == ["start:5"]
