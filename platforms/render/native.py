"""Native runtimes: which version, and the Dockerfile that stands in for Render's own builder.

Only Python is built so far; the other languages are planned and said to be missing.
"""

import posixpath
import re

from emulator.contract import token
from emulator.model.choice import ABSENT, Candidate, Setting, Trace, choose
from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.origin import Origin
from emulator.model.record import to_json
from emulator.snapshot import Snapshot, Unreadable

from . import rules
from .environment import Environment

SOURCE = "/opt/render/project/src"
DEFAULT_PYTHON = "3.14.3"
"""For services created since 2026-02-11 (source: python-version)."""

DEFAULT_POETRY = "2.1.3"
"""Told in every log of a Python service (source: logs of 2025 and 2026)."""

_VERSION = r"[0-9]{1,4}(\.[0-9]{1,4}){1,2}"

_TOOLS = "ca-certificates curl g++ gcc gettext git gnupg jq libpq-dev make rsync sqlite3 unzip wget xz-utils zip"
"""Of the documented preinstalled tools, those that builds call and that install in seconds; and what
psycopg2 is built with there, though no page names it (rule render/native-layout)."""

_ADD_USER = "groupadd --gid 1000 render && useradd --uid 1000 --gid 1000 --create-home --home-dir /opt/render render"

BUILD_COMMANDS = {
    "python": "pip install -r requirements.txt",
    "node": "yarn",
    "go": "go build -tags netgo -ldflags '-s -w' -o app",
    "ruby": "bundle install",
    "rust": "cargo build --release",
    "elixir": "mix deps.get --only prod && mix compile",
}
"""What the creation form suggests (rule render/suggested-build-command)."""

_MARKS = (
    ("python", ("requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "uv.lock", "poetry.lock")),
    ("node", ("package.json",)),
    ("ruby", ("Gemfile",)),
    ("go", ("go.mod",)),
    ("rust", ("Cargo.toml",)),
    ("elixir", ("mix.exs",)),
)


def languages_of(repo: Snapshot, root: str) -> list[tuple[str, str]]:
    """The languages the creation form could find, and for each the file that says so; the likeliest first."""
    found = ((language, _first(repo, root, files)) for language, files in _MARKS)
    return [(language, file) for language, file in found if file]


def _first(repo: Snapshot, root: str, files: tuple[str, ...]) -> str | None:
    return next((file for file in files if repo.is_file(posixpath.join(root, file))), None)


def python_version(
    repo: Snapshot, root: str, environment: Environment, trace: Trace, name: str
) -> tuple[str, tuple[Diagnostic, ...]]:
    """The version of Python by Render's rules (render/python-version) and what is wrong with its choice."""
    variable = environment.get("PYTHON_VERSION")
    hidden = environment.hidden.get("PYTHON_VERSION")
    given = hidden or (variable.value if variable else None)
    # A secret that is no version may be anything: it is not printed.
    shown = token("PYTHON_VERSION") if hidden and not re.fullmatch(r"[0-9.]+", hidden) else None
    pin = _pin(repo, root)
    setting = choose(
        trace, f"{name}.python", "Which Python?",
        Candidate(given or ABSENT, source="PYTHON_VERSION", because="PYTHON_VERSION is set", shown=shown,
                  origin=variable.origin if variable else None, rule=rules.PYTHON_VERSION, absent="it is not set"),
        Candidate(pin[0] if pin else ABSENT, source=".python-version", because="a .python-version file names it",
                  origin=pin[1] if pin else None, rule=rules.PYTHON_VERSION, absent="there is none"),
        Candidate(DEFAULT_PYTHON, source="default", because="nothing pins a version", rule=rules.PYTHON_VERSION),
    )  # fmt: skip
    assert setting is not None
    version: str = setting.value
    return version, _version_problems(version, setting, name)


def _pin(repo: Snapshot, root: str) -> tuple[str, Origin] | None:
    """.python-version in the service's root, else in the repository's (which of them is not documented)."""
    for folder in dict.fromkeys((root, ".")):
        path = posixpath.normpath(posixpath.join(folder, ".python-version"))
        if not repo.is_file(path):
            continue
        try:
            lines = repo.text(path).splitlines()
        except Unreadable:
            continue
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.lstrip().startswith("#"):
                return line.strip(), Origin(file=path, line=number, column=1)
    return None


def _version_problems(version: str, setting: Setting[str], name: str) -> tuple[Diagnostic, ...]:
    source, origin = setting.source, setting.origin
    if source == "PYTHON_VERSION" and not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", version):
        shown = setting.winner.words()
        return (
            error(
                "render/python-version", f"PYTHON_VERSION must be a full version such as 3.13.4, not {shown}",
                origin=origin, service=name, rule=rules.PYTHON_VERSION.id, url=rules.PYTHON_VERSION.url,
                help="write all three numbers",
            ),
        )  # fmt: skip
    if not re.fullmatch(_VERSION, version):
        return (
            warning(
                "render/python-version", f"{version!r} in {source} is no version of CPython", origin=origin,
                service=name, rule=rules.PYTHON_VERSION.id, help="write a version such as 3.13.4",
            ),
        )  # fmt: skip
    return ()


def python_image(version: str) -> tuple[str, tuple[str, ...]]:
    """The base image for a version, and the images that may stand in where it cannot be had, best first."""
    numbers = version.split(".") if re.fullmatch(_VERSION, version) else DEFAULT_PYTHON.split(".")
    wanted = f"python:{'.'.join(numbers)}-slim"
    minor = f"python:{'.'.join(numbers[:2])}-slim"
    others = sorted((3, n) for n in range(8, 16))
    here = (int(numbers[0]), int(numbers[1]))
    nearest = sorted(others, key=lambda v: (abs(v[1] - here[1]), -v[1]))
    names = [minor, *(f"python:{major}.{small}-slim" for major, small in nearest)]
    return wanted, tuple(dict.fromkeys(name for name in names if name != wanted))


def python_dockerfile(*, image: str, root: str, build_command: str | None, with_uv: bool, with_poetry: bool) -> str:
    """A Dockerfile that follows Render's layout (rule render/native-layout).

    The build's variables reach it as a secret that holds `export` lines, so that no value stays in
    the image; EMU_BUILD_ENV is a digest of them, so that a changed value builds anew.
    """
    home = SOURCE if root == "." else f"{SOURCE}/{root}"
    extra = " ".join(name for name, wanted in (("uv", with_uv), ("poetry", with_poetry)) if wanted)
    lines = [
        f"FROM {image}",
        f"RUN apt-get update && apt-get install -y --no-install-recommends {_TOOLS} && rm -rf /var/lib/apt/lists/*",
        f"RUN {_ADD_USER} && mkdir -p {home} && chown -R render:render /opt/render",
        "USER render",
        f"ENV HOME=/opt/render VIRTUAL_ENV={SOURCE}/.venv PATH={SOURCE}/.venv/bin:$PATH",
        f"WORKDIR {home}",
        f"RUN python -m venv {SOURCE}/.venv" + (f" && {SOURCE}/.venv/bin/pip install -q {extra}" if extra else ""),
        f"COPY --chown=render:render . {home}/",
    ]
    if build_command:
        script = f"set -a; . /run/secrets/emu_build_env; set +a; exec /bin/bash -c {_quoted(build_command)}"
        mounts = (
            "--mount=type=secret,id=emu_build_env,uid=1000,mode=0400 "
            "--mount=type=cache,target=/opt/render/.cache,uid=1000,gid=1000"
        )
        lines += ["ARG EMU_BUILD_ENV", f"RUN {mounts} {to_json(['/bin/bash', '-c', script]).decode()}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
