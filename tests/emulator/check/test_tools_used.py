"""Programs that a build or a command uses and the base image surely does not bring."""

import pytest

from emulator.model.diagnostic import Severity
from tests.emulator.check.checking import check_files

FILES = {
    "app.py": "", "x.js": "", "requirements.txt": "flask\n", "package.json": '{"scripts": {"start": "node x.js"}}',
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n', "uv.lock": "version = 1\n", "poetry.lock": "",
}  # fmt: skip
UV = "RUN uv sync --no-install-project"


def found(*lines: str, cmd: str = 'CMD ["sh", "x.sh"]', files: dict[str, str] | None = None) -> list[str]:
    """`code:line` of every program that is told to be missing."""
    plan = check_files({**FILES, **(files or {}), "Dockerfile": "\n".join((*lines, cmd)) + "\n"})
    told = [d for d in plan.diagnostics if d.code.endswith("/program-not-found")]
    assert all(d.help and d.severity is Severity.ERROR for d in told)
    return [f"{d.code.partition('/')[0]}:{d.origin.line if d.origin else 0}" for d in told]


@pytest.mark.parametrize(
    ("base", "run"),
    [
        ("python:3.13-slim", UV), ("python:3.13", UV), ("python:3.13-alpine", UV),
        ("python:3.13-slim", "RUN poetry install"),
        ("python:3.13-slim", "RUN curl -fsS x"), ("python:3.13-slim", "RUN cd . && npm install"),
        ("python:3.13-alpine", "RUN apt-get update"), ("python:3.13", "RUN apk add git"),
        ("node:22", "RUN pnpm install"),
        ("docker.io/library/node:22-alpine", "RUN bash x.sh"), ("debian:13", "RUN pip install flask"),
        ("alpine@sha256:" + "0" * 64, "RUN git clone x"), ("python:3.13-slim", 'RUN ["git", "clone", "x"]'),
    ],
)  # fmt: skip
def test_what_an_official_image_does_not_have(base: str, run: str):
    """At the step's own line, also behind steps that surely bring something else."""
    assert found(f"FROM {base}", "WORKDIR /app", "COPY . .", run) == ["build:4"]


@pytest.mark.parametrize(
    ("base", "lines"),
    [
        ("python:3.13-slim", ["RUN pip install uv", UV]),
        ("python:3.13-slim", ["RUN pip install 'uv==0.8' && uv sync"]),
        ("python:3.13-slim", ["COPY --from=ghcr.io/astral-sh/uv:0.8 /uv /uvx /bin/", UV]),
        ("python:3.13-slim", ["COPY tools/uv /opt/", "ENV PATH=/opt:$PATH", UV]),
        ("python:3.13-slim", ["COPY tools/ /usr/local/bin/", UV]), ("python:3.13-slim", ["RUN sh x.sh", UV]),
        ("python:3.13-slim", ["RUN --mount=from=ghcr.io/astral-sh/uv,source=/uv,target=/bin/uv uv sync"]),
        ("python:3.13-slim", ["RUN pip install -r tools.txt", UV]), ("python:3.13-slim", ["RUN pip install .", UV]),
        ("python:3.13-slim", ["RUN apt-get update && apt-get install -y git", "RUN curl x"]),
        ("python:3.13-slim", ["RUN curl x || true"]), ("python:3.13-slim", ["RUN if true; then curl x; fi"]),
        ("python:3.13-slim", ["ENV PATH=/opt/venv/bin:$PATH", "COPY venv /opt/venv", UV]),
        ("python:3.13", ["RUN curl x"]),
        ("node:22-slim", ["RUN corepack enable", "RUN pnpm install"]),
        ("node:22-slim", ["RUN npm i -g pnpm && pnpm i"]),
        ("node:22", ["RUN git clone x"]), ("node:22-slim", ["RUN yarn install"]), ("alpine", ["RUN wget x"]),
        ("python:3.13-slim", ['SHELL ["/x"]', UV]), ("acme/python:3.13-slim", [UV]), ("python:3.13-onbuild", [UV]),
    ],
)  # fmt: skip
def test_what_may_have_been_brought(base: str, lines: list[str]):
    """A step that names it, or one of which nobody knows what it brings; an image that is not an official one."""
    files = {"tools.txt": "uv\n", "tools/uv": "", "venv/bin/uv": ""}
    assert found(f"FROM {base}", "WORKDIR /app", "COPY . .", *lines, files=files) == []


def test_through_stages():
    """What a stage inherits counts, and what another one has does not."""
    base = ["FROM python:3.13-slim AS base", "RUN pip install uv", "WORKDIR /app", "COPY . ."]
    assert found(*base, "FROM base", UV) == []
    assert found(*base, "FROM python:3.13-slim", "WORKDIR /app", "COPY --from=base /app .", UV) == ["build:8"]


@pytest.mark.parametrize(
    ("cmd", "expected"),
    [
        ('CMD ["uv", "run", "app.py"]', ["start:8"]), ("CMD exec poetry run python app.py", ["start:8"]),
        ('CMD ["node", "x.js"]', ["start:8"]), ('CMD ["python", "app.py"]', []), ('CMD ["/app/uv", "run", "x"]', []),
    ],
)  # fmt: skip
def test_a_command_whose_tool_stayed_in_the_builder(cmd: str, expected: list[str]):
    """The last stage starts anew from the base image."""
    build = ["FROM python:3.13-slim AS build", "RUN pip install uv poetry", "WORKDIR /app", "COPY . ."]
    last = ["FROM python:3.13-slim", "WORKDIR /app", "COPY --from=build /app /app"]
    assert found(*build, *last, cmd=cmd, files={"uv": ""}) == expected
    whole = ["FROM nikolaik/python-nodejs", *build[1:]]
    assert found(*whole, cmd=cmd, files={"uv": ""}) == []


def test_a_program_of_many_lines_is_placed_at_its_own():
    """Within a RUN of several lines."""
    assert found("FROM python:3.13-slim", "RUN mkdir /x && \\", "  curl -o /x/y http://h/y") == ["build:3"]


def test_a_native_build_has_the_platforms_tools():
    """Render's own environments have more than the image that stands for them."""
    yaml = "services:\n  - type: web\n    name: a\n    runtime: python\n    buildCommand: uv sync && curl x\n"
    plan = check_files({**FILES, "render.yaml": f"{yaml}    startCommand: uv run python app.py\n"})
    assert [d.code for d in plan.diagnostics if "program" in d.code] == []


def test_a_dockerfile_of_another_language_is_not_read():
    """The frontend that its first line names decides what its steps mean."""
    for cmd in ('CMD ["node", "x.js"]', 'CMD ["python", "app.py"]'):
        assert found("# syntax=registry.example.com/other:1", "FROM python:3.13-slim", "COPY . .", cmd=cmd) == []


def test_a_build_without_end_is_not_followed():
    """Thousands of stages or steps: no answer, and soon."""
    stages = [line for i in range(1200) for line in (f"FROM s{i} AS s{i + 1}", "RUN echo x")]
    assert found("FROM python:3.13-slim AS s0", *stages, UV, cmd='CMD ["uv", "run", "x"]') == []
    assert found("FROM python:3.13-slim", *["RUN mkdir -p /x"] * 1000, UV) == []
