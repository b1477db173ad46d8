"""The rule about Python distributions that are compiled when they are installed, on an image without a compiler."""

import re

from emulator.formats.dockerfile.base_images import short_name
from emulator.image.packages import PackageStep
from emulator.image.tree_files import TreeFiles
from emulator.image.working import Worked, WorkedStage
from emulator.model.diagnostic import Severity

from .rule import CheckRule, Sample
from .tools_used import base_of, lacked_by, surely_lacks

_FILES = {"app.py": ""}
_INSTALL = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
_CMD = 'CMD ["python", "app.py"]\n'

COMPILED = CheckRule(
    code="build/compiler-missing",
    severity=Severity.ERROR,
    statement="A distribution has to be compiled when it is installed, and the image has no compiler.",
    why=(
        "The index has no wheels of it for Linux, so that pip builds it from source: that takes a C compiler and the "
        "library's headers, which slim and Alpine images do not have. On your machine they are installed."
    ),
    wrong=Sample(
        files=_FILES | {"requirements.txt": "psycopg2\n", "Dockerfile": _INSTALL + _CMD}, file="Dockerfile", line=4
    ),
    right=Sample(files=_FILES | {"requirements.txt": "psycopg2-binary\n", "Dockerfile": _INSTALL + _CMD}),
)

RULES = (COMPILED,)

_SOURCE_ALONE = {
    "psycopg2": ("gcc libpq-dev", "require psycopg2-binary, which is compiled already"),
    "mysqlclient": ("gcc pkg-config default-libmysqlclient-dev", ""), "uwsgi": ("gcc libc6-dev", ""),
    "python-ldap": ("gcc libldap2-dev libsasl2-dev", ""), "pygraphviz": ("gcc graphviz libgraphviz-dev", ""),
}  # fmt: skip
"""Distributions without wheels for Linux (PyPI, read 2026-11-27): what Debian calls what they need, what else to
do."""
_OTHERWISE = ("--only-binary", "--index-url", "-i", "--extra-index-url", "-f", "--find-links", "--no-deps")


def lacks_compiler(
    worked: Worked, stage: WorkedStage, number: int, step: PackageStep, names: tuple[str, ...]
) -> tuple[str, str] | None:
    """(what has to be compiled, what to do) of an installation from the index; None where that is not certain."""
    if step.tool not in ("pip", "uv-pip") or step.action != "install":
        return None
    base = base_of(worked, stage)
    found = next((plain for one in names if (plain := _plain(one)) in _SOURCE_ALONE), None)
    if found is None or short_name(base) != "python" or "gcc" not in lacked_by(base) or step.has(*_OTHERWISE):
        return None
    if any("PIP_" in one.instruction.source for one in stage.steps):
        return None
    if _may_be_left_out(found, step, TreeFiles(stage.steps[number].tree, worked.context.repo)):
        return None
    if not surely_lacks(worked, stage, "gcc", until=number):
        return None
    packages, instead = _SOURCE_ALONE[found]
    if instead:
        return found, instead
    return found, f"install what it needs before: apt-get install -y {packages}"


def _may_be_left_out(name: str, step: PackageStep, files: TreeFiles) -> bool:
    """Whether a list asks for it under a condition (PEP 508), or is not there to read."""
    texts = [files.read(one.path) if one.path is not None else None for one in step.requirements]
    pattern = rf"(?im)^\s*{re.sub('-', '[-_.]', name)}\b[^\n]*;"
    return any(text is None or re.search(pattern, text) for text in texts)


def _plain(requirement: str) -> str:
    """ "psycopg2==2.9" → "psycopg2"; "" of one that comes from elsewhere."""
    name = re.match(r"\s*([\w.-]+)(?![^;]*[@/])", requirement)
    return re.sub(r"[-_.]+", "-", name[1]).lower() if name is not None else ""

