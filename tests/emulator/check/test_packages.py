"""Rules about package managers: what they surely do not find at the line that calls them."""

import pytest

from tests.emulator.check.checking import check_files

FROM = "FROM python:3.13-slim\nWORKDIR /app\n"
SCM = """\
[build-system]
requires = ["setuptools>=80", "setuptools-scm>=8"]
build-backend = "setuptools.build_meta"
[project]
name = "the-shop"
dynamic = ["version"]
[tool.setuptools_scm]
"""
SHOP = {"shop/__init__.py": "", "shop/__main__.py": "print('hello')\n"}


def found(dockerfile: str, files: dict[str, str]) -> list[tuple[str, int | None]]:
    """(code, line) of the errors about the build."""
    plan = check_files({**files, "Dockerfile": dockerfile})
    told = [one for one in plan.diagnostics if one.severity == "error" and one.code.startswith("build/")]
    return [(one.code, one.origin.line if one.origin else None) for one in told]


VERSION = "build/version-needs-git"


@pytest.mark.parametrize(
    ("lines", "more", "expected"),
    [
        ("COPY pyproject.toml ./\nCOPY shop shop\nRUN pip install .\n", {}, [(VERSION, 5)]),
        ("COPY pyproject.toml ./\nCOPY shop shop\nRUN pip install -e .\n", {}, [(VERSION, 5)]),
        ("COPY . .\nRUN pip install .\n", {}, []),  # a clone has .git, and no platform says that it keeps it back
        ("COPY . .\nRUN pip install .\n", {".dockerignore": ".git\n"}, [(VERSION, 4)]),
        ("COPY . .\nRUN pip install .\n", {".dockerignore": "**/.git\n"}, [(VERSION, 4)]),
        ("COPY . .\nRUN pip install .\n", {".dockerignore": ".git*\n!.git\n"}, []),
        ("COPY . .\nRUN pip install .\n", {".dockerignore": ".git\n", "PKG-INFO": "Version: 1\n"}, []),
        ("ENV SETUPTOOLS_SCM_PRETEND_VERSION=1\nCOPY . .\nRUN pip install .\n", {".dockerignore": ".git\n"}, []),
        ("ARG SETUPTOOLS_SCM_PRETEND_VERSION\nCOPY . .\nRUN pip install .\n", {".dockerignore": ".git\n"}, []),
        (
            "COPY . .\nRUN export SETUPTOOLS_SCM_PRETEND_VERSION_FOR_THE_SHOP=1 && pip install .\n",
            {".dockerignore": ".git\n"},
            [],
        ),
        ("COPY . .\nRUN git init . && pip install .\n", {".dockerignore": ".git\n"}, []),
        ("COPY . .\nRUN --mount=source=.git,target=.git,type=bind pip install .\n", {}, []),
        ("COPY . .\nRUN pip install .\n", {".dockerignore": ".git\n", "pyproject.toml": SCM + 'root = ".."\n'}, []),
        (
            "COPY . .\nRUN pip install .\n",
            {".dockerignore": ".git\n", "pyproject.toml": SCM.replace(', "setuptools-scm>=8"', "")},
            [],
        ),
    ],
)
def test_a_version_from_git(lines: str, more: dict[str, str], expected: list[tuple[str, int]]) -> None:
    """Only where .git is surely not there, and no variable tells the version."""
    files = {**SHOP, "pyproject.toml": SCM, **more}
    assert found(f'{FROM}{lines}CMD ["python", "-m", "shop"]\n', files) == expected


def test_git_that_is_ignored_is_told_at_its_pattern() -> None:
    """The pattern is related, and the variable is named as the tool reads it."""
    files = {**SHOP, "pyproject.toml": SCM, ".dockerignore": "dist\n.git\n"}
    files["Dockerfile"] = f'{FROM}COPY . .\nRUN pip install .\nCMD ["python", "-m", "shop"]\n'
    [one] = [one for one in check_files(files).diagnostics if one.code == VERSION]
    assert [str(related.origin) for related in one.related] == [".dockerignore:2:1"]
    assert one.help is not None
    assert "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_THE_SHOP" in one.help
