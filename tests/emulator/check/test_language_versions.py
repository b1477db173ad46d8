"""Projects that ask for another version of their language than the base image has."""

import pytest

from emulator.check.language_versions import leaves_out
from tests.emulator.check.checking import check_files

PROJECT = (
    '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "shop"\n'
    'version = "1"\nrequires-python = "%s"\n'
)


def _found(files: dict[str, str]) -> list[str]:
    told = [d for d in check_files(files).diagnostics if d.code == "build/language-version"]
    return [f"{d.origin.line if d.origin else 0}: {d.message}" for d in told]


def _go(mod: str, *lines: str, base: str = "golang:1.23") -> list[str]:
    files = {"main.go": "package main\n", "go.mod": f"module shop\n\n{mod}\n"}
    text = "\n".join((f"FROM {base}", "WORKDIR /src", "COPY . .", *lines, 'CMD ["/shop"]', ""))
    return _found({**files, "Dockerfile": text})


def test_a_newer_go_is_refused_at_the_first_call():
    """Also by `go mod download`, and by the patch where both say one."""
    told = ["4: go mod refuses: go.mod asks for go 1.25, and the image has go 1.23"]
    assert _go("go 1.25", "RUN go mod download", "RUN go build -o /shop .") == told
    assert _go("go 1.23.4", "RUN go build .", base="golang:1.23.1-alpine") != []
    assert _go("go 1.25", "RUN echo x \\\n && CGO_ENABLED=0 go build .")[0].startswith("5: go build refuses")


@pytest.mark.parametrize(
    ("mod", "lines", "base"),
    [
        ("go 1.23", ["RUN go build ."], "golang:1.23"), ("go 1.23.9", ["RUN go build ."], "golang:1.23"),
        ("go 1.22\ntoolchain go1.25.0", ["RUN go build ."], "golang:1.23"),
        ("go 1.25", ["ENV GOTOOLCHAIN=auto", "RUN go build ."], "golang:1.23"),
        ("go 1.25", ["RUN GOTOOLCHAIN=auto go build ."], "golang:1.23"),
        ("go 1.25", ["RUN go build ."], "golang"), ("go 1.25", ["RUN go build ."], "golang:alpine"),
        ("go 1.25", ["RUN go build ."], "golang:1"), ("go 1.25", ["RUN go build ."], "acme/golang:1.23"),
        ("go 1.25", ["RUN go build ."], "golang:1.20"), ("go 1.25", ["RUN go version"], "golang:1.23"),
        ("go 1.25", ["RUN go build . || true"], "golang:1.23"), ("go 1.25", ["RUN go build -C cmd ."], "golang:1.23"),
    ],
)  # fmt: skip
def test_where_another_go_may_be_used_nothing_is_said(mod: str, lines: list[str], base: str):
    """Before 1.21 go tries; GOTOOLCHAIN lets it download; a tag without a minor may be any."""
    assert _go(mod, *lines, base=base) == []


def _python(said: str, *lines: str, base: str = "python:3.13-slim", project: str = PROJECT) -> list[str]:
    files = {"shop/__init__.py": "", "pyproject.toml": project % said}
    text = "\n".join((f"FROM {base}", "WORKDIR /app", "COPY . .", *lines, 'CMD ["python", "-m", "shop"]', ""))
    return _found({**files, "Dockerfile": text})


def test_a_project_that_leaves_out_the_images_python():
    """pip and poetry refuse it."""
    told = ["4: pip install refuses: pyproject.toml asks for Python >=3.14, and the image has Python 3.13"]
    assert _python(">=3.14", "RUN pip install .") == told
    assert _python(">=3.14", "RUN pip install -e .") == told
    poetry = '[tool.poetry]\nname = "shop"\nversion = "1"\n[tool.poetry.dependencies]\npython = "%s"\n'
    assert _python("^3.14", "RUN pip install poetry && poetry install", project=poetry) != []


def test_another_python_may_be_found():
    """uv downloads one; pyenv brings one; pip can be told not to mind."""
    assert _python(">=3.14", "RUN pip install uv && uv sync") == []
    assert _python(">=3.14", "RUN pip install --ignore-requires-python .") == []
    assert _python(">=3.14", "RUN pip install pyenv", "RUN pip install .") == []
    assert _python(">=3.13", "RUN pip install .") == []
    assert _python(">=3.14", "RUN pip install .", base="python:slim") == []


@pytest.mark.parametrize(
    ("said", "is_left_out"),
    [
        (">=3.14", True), (">=3.13", False), (">=3.13.5", False), (">3.12", False), ("<3.13", True), ("<3.13.0", True),
        ("<3.13.4", False), ("<=3.12", True), ("<=3.13", False), ("==3.12.*", True), ("==3.13.*", False),
        ("~=3.12", False), ("~=3.12.1", True), ("~=3.14", True), ("^3.12", False), ("^3.14", True), ("~3.12", True),
        ("~3.13", False), (">=3.10,<3.13", True), (">=3.10,<4", False), ("<4.0", False), ("!=3.13.1", False),
        ("3.12", True), ("3.13", False), ("^3.9 || ^3.13", False), (">=3.12,nonsense", False), ("~3", False),
        ("*", False),
    ],
)  # fmt: skip
def test_specifiers(said: str, is_left_out: bool):
    """Of Python 3.13, whose patch is not known."""
    assert leaves_out(said, "3.13") is is_left_out
