"""What installing a Python project needs at one point of a build, and what it leaves to import.

Silent unless sure: what is not known is unknown, with its reason.
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Any

from emulator.model.record import Record, replace

from .packages import PackageStep
from .project_files import (
    Built,
    Files,
    Need,
    NotKnown,
    Provided,
    Refused,
    join,
    line_of,
    need,
    read_toml,
    strings,
    table,
)
from .requirement_files import read_requirements

SETUPTOOLS = ("setuptools.build_meta", "setuptools.build_meta:__legacy__")


class Report(Record, frozen=True, kw_only=True):
    """What a step of a package manager needs and leaves.

    needs: missing or unknown files, those of its projects included. projects: what is built. names: packages from an
    index, whose import names are not known here. fatal: whether a refusal surely ends the step. unknown: why it may
    do more than this, None when it does not.
    """

    needs: tuple[Need, ...] = ()
    projects: tuple[Built, ...] = ()
    names: tuple[str, ...] = ()
    fatal: bool = True
    unknown: str | None = None

    @property
    def surely_fails(self) -> bool:
        """Whether the step ends with an error."""
        missing = any(need.state == "missing" and not need.unless for need in self.needs)
        return self.fatal and (missing or any(built.refusal is not None for built in self.projects))


def report_of(step: PackageStep, files: Files) -> Report:
    """What a step needs and leaves; of a tool or an action that is not read, nothing is claimed."""
    reader = _STEPS.get((step.tool, step.action))
    if reader is None:
        return Report(unknown=f"what {step.tool} {step.action} does is not read")
    if step.directory is None:
        return Report(unknown="it is not known in which directory it runs")
    report = reader(step, step.directory, files)
    return report if not step.unclear else replace(report, unknown=report.unknown or "an argument is not known")


def _pip(step: PackageStep, directory: str, files: Files) -> Report:
    read = read_requirements(step, directory, files)
    places = dict.fromkeys([*(one.path for one in step.projects), *read.projects])
    built: list[Built] = []
    needs = list(read.needs)
    for place in places:
        if place is None:
            continue
        missing = need(files, place, f"{step.tool} installs it", line=_line_of(step, place))
        needs += missing
        if not missing and files.look(place) == "directory":
            built.append(build_project(place, files))
    needs += [one for project in built for one in project.needs]
    unknown = read.unknown or ("a path is not known" if None in places else None)
    return Report(needs=tuple(needs), projects=tuple(built), names=(*step.names, *read.names), unknown=unknown)


def _line_of(step: PackageStep, place: str) -> int | None:
    return next((one.line for one in step.projects if one.path == place), None)


def _uv(step: PackageStep, directory: str, files: Files) -> Report:
    """`uv sync`: pyproject.toml here or above; uv.lock with --frozen and --locked; the project where it has a build
    system or tool.uv.package says so (docs.astral.sh/uv/concepts/projects/config, "Build systems")."""
    lock = _above(directory, "uv.lock", files) if step.has("--frozen", "--locked") else None
    return _of_project(
        step, directory, files, lock=lock, lock_why="uv sync with --frozen or --locked reads it",
        is_package=lambda data: table(data, "tool", "uv").get("package", "build-system" in data) is not False,
    )  # fmt: skip


def _poetry(step: PackageStep, directory: str, files: Files) -> Report:
    """`poetry install`: the project unless --no-root or package-mode = false. Poetry 1 only warns when it cannot."""
    report = _of_project(
        step, directory, files, lock=None, lock_why="",
        is_package=lambda data: table(data, "tool", "poetry").get("package-mode") is not False,
    )  # fmt: skip
    return replace(report, fatal=False)


def _pdm(step: PackageStep, directory: str, files: Files) -> Report:
    """`pdm sync` reads pdm.lock; the project unless --no-self or distribution = false."""
    frozen = step.action == "sync" or step.has("--frozen-lockfile")
    return _of_project(
        step, directory, files, lock=join(directory, "pdm.lock") if frozen else None,
        lock_why=f"pdm {step.action} reads it",
        is_package=lambda data: table(data, "tool", "pdm").get("distribution") is not False,
    )  # fmt: skip


def _pipenv(step: PackageStep, directory: str, files: Files) -> Report:
    """`pipenv sync` and `install --deploy` read Pipfile.lock beside the Pipfile, here or above."""
    needs: list[Need] = []
    if step.action == "sync" or step.has("--deploy"):
        needs += need(files, _above(directory, "Pipfile.lock", files), f"pipenv {step.action} reads it", line=step.line)
    return Report(needs=tuple(needs), names=step.names, unknown="what the Pipfile lists is not read")


def _of_project(
    step: PackageStep, directory: str, files: Files, *, lock: str | None, lock_why: str,
    is_package: Callable[[dict[str, Any]], bool],
) -> Report:  # fmt: skip
    path = _above(directory, "pyproject.toml", files)
    needs = [*need(files, path, f"{step.tool} {step.action} reads it", line=step.line)]
    if lock is not None:
        needs += need(files, lock, lock_why, line=step.line)
    if needs and needs[0].path == path:
        unknown = None if needs[0].state == "missing" else f"whether {path} is there is not known"
        return Report(needs=tuple(needs), unknown=unknown)
    text = files.read(path)
    if text is None:
        return Report(needs=tuple(needs), unknown=f"what {path} says is not known")
    try:
        data = read_toml(text, path)
    except Refused as refused:
        return Report(needs=tuple(needs), projects=(Built(directory=directory, backend="", refusal=str(refused)),))
    unknown = "it is a workspace" if table(data, "tool", "uv", "workspace") else None
    if not step.project or not is_package(data) or step.has("--package", "--all-packages"):
        return Report(needs=tuple(needs), unknown=unknown)
    built = build_project(posixpath.dirname(path), files)
    return Report(needs=(*needs, *built.needs), projects=(built,), unknown=unknown)


def _above(directory: str, name: str, files: Files) -> str:
    """The nearest file of that name here or above that is not surely missing; that here when all are."""
    here = directory
    while files.look(join(here, name)) == "absent" and here != "/":
        here = posixpath.dirname(here)
    return join(here if files.look(join(here, name)) != "absent" else directory, name)


_STEPS: dict[tuple[str, str], Callable[[PackageStep, str, Files], Report]] = {
    ("pip", "install"): _pip, ("pip", "wheel"): _pip, ("uv-pip", "install"): _pip, ("uv", "sync"): _uv,
    ("poetry", "install"): _poetry, ("poetry", "sync"): _poetry, ("pdm", "install"): _pdm, ("pdm", "sync"): _pdm,
    ("pipenv", "install"): _pipenv, ("pipenv", "sync"): _pipenv,
}  # fmt: skip


def build_project(directory: str, files: Files) -> Built:
    """What building the project in a directory comes to: `pip install DIR`, also with -e."""
    path = join(directory, "pyproject.toml")
    kind = files.look(path)
    if kind == "unknown":
        return _not_known(directory, f"whether {path} is there is not known")
    text = files.read(path) if kind == "file" else ""
    if text is None:
        return _not_known(directory, f"what {path} says is not known")
    if kind != "file":
        return _legacy(directory, files)
    try:
        data = read_toml(text, path)
    except Refused as refused:
        return Built(directory=directory, backend="", refusal=str(refused))
    return _with_backend(directory, files, data, text)


def _legacy(directory: str, files: Files) -> Built:
    """Without pyproject.toml there must be a setup.py (pip/_internal/req: "neither 'setup.py' nor 'pyproject.toml'
    found"); a setup.cfg alone is not enough."""
    setup = need(files, join(directory, "setup.py"), "there is no pyproject.toml beside it")
    if setup and setup[0].state == "missing":
        refusal = "neither 'setup.py' nor 'pyproject.toml' found"
        wanted = Need(path=join(directory, "pyproject.toml"), why="pip installs the directory", state="missing")
        return Built(directory=directory, backend="", needs=(wanted,), refusal=refusal)
    if setup:
        return _not_known(directory, f"whether {setup[0].path} is there is not known")
    return _with_backend(directory, files, {}, "")


def _not_known(directory: str, why: str) -> Built:
    return Built(directory=directory, backend="", provided=Provided(unknown=why))


def _with_backend(directory: str, files: Files, data: dict[str, Any], text: str) -> Built:
    system = table(data, "build-system")
    backend = str(system.get("build-backend") or SETUPTOOLS[1])
    project = table(data, "project")
    name = project.get("name") or table(data, "tool", "poetry").get("name")
    built = Built(directory=directory, backend=backend, name=name if isinstance(name, str) else None)
    if system.get("backend-path"):
        return replace(built, provided=Provided(unknown="the build backend is part of the project"))
    from .python_backends import BACKENDS

    needs = (*_named_files(directory, files, data, text, backend), *_git(directory, files, data, text, backend))
    surely = [one for one in needs if one.state == "missing" and not one.unless]
    refusal = f"{surely[0].path} is missing: {surely[0].why}" if surely else None
    try:
        if backend in SETUPTOOLS:
            from .setuptools_layout import setuptools_provides  # reads setup.py, and takes long to load

            provided, given = setuptools_provides(directory, files, data)
            built = replace(built, name=built.name or given)
        elif backend in BACKENDS:
            provided = BACKENDS[backend](directory, files, data)
        else:
            provided = Provided(unknown=f"how {backend} chooses what it ships is not known")
    except NotKnown as unknown:
        provided = Provided(unknown=str(unknown))
    except Refused as refused:
        return replace(built, needs=needs, refusal=refusal or str(refused))
    return replace(built, needs=needs, provided=provided, refusal=refusal)


PRETENDED = ("SETUPTOOLS_SCM_PRETEND_VERSION", "VCS_VERSIONING_PRETEND_VERSION")
_SIMPLE = {
    "version_file", "write_to", "version_file_template", "write_to_template", "version_scheme", "local_scheme",
    "tag_regex", "tag-pattern", "source",
}  # fmt: skip
"""Options that leave git the only source of the version; another may name a second one, or another directory."""
_OTHER_SOURCES = (".hg", ".git_archival.txt", ".hg_archival.txt", "PKG-INFO")
_SCM = r"(?i)(setuptools|hatch)[-_.](scm|vcs)\b"


def _git(directory: str, files: Files, data: dict[str, Any], text: str, backend: str) -> tuple[Need, ...]:
    """A version that setuptools-scm or hatch-vcs takes from git: without the repository's .git the build ends, unless
    a variable gives the version (setuptools-scm.readthedocs.io/en/latest/overrides; tried with setuptools-scm 10 and
    hatch-vcs 0.5)."""
    if "version" not in (strings(table(data, "project").get("dynamic")) or []):
        return ()
    required = strings(table(data, "build-system").get("requires")) or []
    hatch = table(data, "tool", "hatch", "version")
    if backend in SETUPTOOLS and isinstance(table(data, "tool").get("setuptools_scm"), dict):
        options, tool = table(data, "tool", "setuptools_scm"), "setuptools-scm"
    elif backend == "hatchling.build" and hatch.get("source") == "vcs":
        options, tool = hatch, "hatch-vcs"
    else:
        return ()
    if not any(re.match(_SCM, one) for one in required) or "version" in table(data, "tool", "setuptools", "dynamic"):
        return ()
    if {*options} - _SIMPLE or any(files.look(join(directory, one)) != "absent" for one in _OTHER_SOURCES):
        return ()
    file = join(directory, "pyproject.toml")
    line = line_of(text, "setuptools_scm]") or line_of(text, "source", "vcs")
    found = need(files, join(directory, ".git"), f"{tool} reads the version from it", file=file, line=line)
    return tuple(replace(one, unless=PRETENDED) for one in found)


def settled(report: Report, environ: Mapping[str, str | None], *, complete: bool) -> Report:
    """The report once the variables are known: a need that one of them stands in for is none, and without one it is
    certain. complete: no other variable is set."""

    def left(needs: tuple[Need, ...]) -> tuple[Need, ...]:
        kept = [one for one in needs if not (one.unless and any(name.startswith(one.unless) for name in environ))]
        return tuple(replace(one, unless=()) if complete else one for one in kept)

    projects = tuple(_refusing(replace(built, needs=left(built.needs))) for built in report.projects)
    return replace(report, needs=left(report.needs), projects=projects)


def _refusing(built: Built) -> Built:
    """What surely lacks something it needs is refused."""
    lost = next((one for one in built.needs if one.state == "missing" and not one.unless), None)
    if built.refusal is not None or lost is None:
        return built
    return replace(built, refusal=f"{lost.path} is missing: {lost.why}")


def _named_files(directory: str, files: Files, data: dict[str, Any], text: str, backend: str) -> tuple[Need, ...]:
    """Files that pyproject.toml names and the backend cannot do without.

    Tried with each backend (tests): a readme that is missing ends the build, except with setuptools, which warns.
    """
    from .python_backends import BACKENDS

    project = table(data, "project")
    path = join(directory, "pyproject.toml")
    found: list[Need] = []
    if backend in BACKENDS:
        readme, license_ = project.get("readme"), project.get("license")
        named = [readme if isinstance(readme, str) else table(readme).get("file"), table(license_).get("file")]
        if backend.startswith("poetry"):
            listed = table(data, "tool", "poetry").get("readme") if "readme" not in project else None
            named = [named[0], *([listed] if isinstance(listed, str) else strings(listed) or [])]
        for one in named:
            if isinstance(one, str) and one:
                why = f"pyproject.toml names it, and {backend.partition('.')[0]} reads it to build"
                found += need(files, join(directory, one), why, file=path, line=line_of(text, one))
    if backend == "hatchling.build" and "version" in (strings(project.get("dynamic")) or []):
        version = table(data, "tool", "hatch", "version")
        one = version.get("path")
        if isinstance(one, str) and version.get("source", "regex") == "regex":
            why = "hatchling reads the version from it"
            found += need(files, join(directory, one), why, file=path, line=line_of(text, one))
    return tuple(found)
