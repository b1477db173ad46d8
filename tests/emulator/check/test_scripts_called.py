"""Scripts of the repository that a build calls: read to their end, and executed or not."""

import pytest

from tests.emulator.check.checking import check_files

YAML = """\
services:
  - type: web
    name: a
    runtime: python
    buildCommand: {build}
    startCommand: gunicorn mysite.wsgi
"""
SCRIPT = """\
#!/usr/bin/env bash
set -o errexit

pip install -r requirements.txt
python manage.py collectstatic --no-input
"""
FILES = {
    "build.sh": SCRIPT, "requirements.txt": "django\ngunicorn\n", "manage.py": "", "mysite/__init__.py": "",
    "mysite/wsgi.py": "application = 1\n",
}  # fmt: skip


def found(build: str = "./build.sh", *, marked: bool = True, **changed: str) -> list[str]:
    """Codes and places of what is wrong with the build or the start; a changed file is named with _ for its dot."""
    files = {**FILES, "render.yaml": YAML.format(build=build), **{k.replace("_", "."): v for k, v in changed.items()}}
    plan = check_files(files, executable=["build.sh"] if marked else ())
    return [
        f"{d.code} {d.origin.file}:{d.origin.line}" for d in plan.diagnostics
        if d.origin and d.code.startswith(("build/", "start/")) and d.code != "build/failure-swallowed"
    ]  # fmt: skip


@pytest.mark.parametrize("build", ["./build.sh", "bash build.sh", "sh -e ./build.sh", "cd . && ./build.sh"])
def test_a_script_is_read_like_the_command_itself(build: str):
    """What it installs and needs is known, and what is wrong is told at its own line."""
    assert found(build) == []
    assert found(build, requirements_txt="django\n") == ["start/program-not-found render.yaml:6"]
    missing = SCRIPT.replace("requirements.txt", "reqs.txt")
    assert found(build, build_sh=missing) == ["build/requirements-missing build.sh:4"]
    assert found(build, build_sh=SCRIPT.replace("manage.py", "mange.py")) == ["build/project-file-missing build.sh:5"]


def test_a_failure_that_the_script_outlives_is_no_error():
    """Without `set -e` the next line runs, and the last one decides."""
    lines = SCRIPT.replace("set -o errexit\n", "").replace("requirements.txt", "reqs.txt")
    assert [one for one in found(build_sh=lines) if one.startswith("build/")] == []


@pytest.mark.parametrize(
    ("build", "marked", "text", "expected"),
    [
        ("./build.sh", False, SCRIPT, ["build/permission-denied render.yaml:5"]),
        ("cd mysite && ../build.sh", False, SCRIPT, ["build/permission-denied render.yaml:5"]),
        ("./build.sh || true", False, SCRIPT, []), ("chmod +x build.sh && ./build.sh", False, SCRIPT, []),
        ("bash build.sh", False, SCRIPT, []), ("chmod a+x *.sh; ./build.sh", False, SCRIPT, []),
        ("./build.sh", True, SCRIPT.replace("\n", "\r\n"), ["build/script-line-ends render.yaml:5"]),
        ("./build.sh", True, "pip install -r requirements.txt\n", []),
    ],
)  # fmt: skip
def test_a_script_that_is_not_executed(build: str, marked: bool, text: str, expected: list[str]):
    """By its path it needs the mark, and a first line that the system can read; given to a shell it needs neither."""
    assert found(build, marked=marked, build_sh=text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "#!/usr/bin/env python3\nimport os\n", "#!/bin/sh\n./other.sh\n", '#!/bin/sh\neval "$X"\n',
        "#!/bin/sh\ncd $1\npip install -r reqs.txt\n", "#!/bin/sh\nif [ -f x ]; then pip install -r reqs.txt; fi\n",
        "#!/bin/sh\n./build.sh\n",
    ],
)
def test_what_is_not_understood_claims_nothing(text: str):
    """Another language, a program that nobody reads, words that are not known, a branch, a script that calls itself."""
    assert [one for one in found(build_sh=text, other_sh="") if one != "build/permission-denied build.sh:2"] == []


def test_in_a_dockerfile_the_line_is_that_of_the_script():
    """Also there; what a later line copies is told by the RUN."""
    text = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY build.sh .\nRUN bash build.sh\nCOPY . .\nCMD ["python"]\n'
    plan = check_files({**FILES, "Dockerfile": text})
    [one] = [d for d in plan.diagnostics if d.severity == "error"]
    assert (one.code, str(one.origin)) == ("build/requirements-missing", "build.sh:4:1")
    assert one.help == "copy it before line 4 of Dockerfile"


@pytest.mark.parametrize(("mode", "severity"), [("644", "error"), ("755", None)])
def test_a_mark_is_a_certainty_in_a_dockerfile_alone(mode: str, severity: str | None):
    """A native runtime is said to run scripts without it: a warning there."""
    text = f'FROM python:3.13-slim\nWORKDIR /app\nCOPY --chmod={mode} . .\nRUN ./build.sh\nCMD ["python"]\n'
    told = check_files({**FILES, "Dockerfile": text}).diagnostics
    assert next((d.severity for d in told if d.code == "build/permission-denied"), None) == severity
    native = check_files({**FILES, "render.yaml": YAML.format(build="./build.sh")}).diagnostics
    told = [d for d in native if d.code == "build/permission-denied"]
    assert [(d.severity, d.help) for d in told] == [
        ("warning", "git update-index --chmod=+x build.sh, or run it as: bash build.sh")
    ]
