"""What a package manager leaves in the filesystem: packages in site-packages, programs, virtual environments.

A project's own packages are copied from its sources as its backend would ship them; what comes from an index is known
by the names it was asked for, and stands in `more.packages` of the directories it goes to.
"""

import posixpath
from collections.abc import Mapping
from typing import TYPE_CHECKING

from emulator.model.origin import Origin
from emulator.model.record import Record

from .applying import forgotten
from .dependencies import ANY, declared, locked
from .interpreters import SYSTEM_PREFIX, Python, made_venv, python_at, python_of
from .merging import Effort, merged
from .packages import PackageStep
from .project_files import Built, Module, Package, join
from .shell import Certainty
from .shell import Failure as Ending
from .shipped import Shipped
from .tree import (
    ANYTHING,
    DATA,
    UNKNOWN_MODE,
    File,
    Folder,
    Made,
    More,
    Refused,
    Unknown,
    Unsure,
    make_folders,
    resolve,
    stamped,
    write,
)
from .tree_files import TreeFiles

if TYPE_CHECKING:
    from .node_project import NodeReport
    from .project_tools import ToolReport
    from .python_project import Report

_HOMES = ("/root", "/home")
_SYSTEM = tuple(f"{SYSTEM_PREFIX}/{name}" for name in ("bin", "etc", "include", "lib", "man", "share"))
_OUTSIDE = (*_SYSTEM, "/opt", *_HOMES)
"""Where a package manager may put what it installs when it is not known where."""

_INSTALLING = {
    "pip": ("install",), "uv-pip": ("install", "sync"), "uv": ("sync",), "poetry": ("install", "sync"),
    "pdm": ("install", "sync"), "pipenv": ("install", "sync"),
}  # fmt: skip
_READ_ONLY = {
    "pip": ("list", "show", "freeze", "check", "config", "cache", "--version", "debug", "hash", "inspect", "index"),
    "uv-pip": ("list", "show", "freeze", "check", "tree"), "uv": ("cache", "--version", "version", "tree", "help"),
    "poetry": ("check", "show", "--version", "about", "env", "cache", "self"), "pdm": ("--version", "list", "info"),
    "pipenv": ("--version", "check", "graph"),
}  # fmt: skip


class Installed(Record, frozen=True, kw_only=True):
    """One call of a package manager in a RUN, on the files as they are at that point.

    report: what it needs and leaves; None for one that installs nothing. origin: of its own line. certainty, failure:
    whether it runs, and what becomes of the step if it fails. sites: the site-packages it fills, () when not known.
    """

    step: PackageStep
    report: "Report | NodeReport | ToolReport | None"
    origin: Origin
    certainty: Certainty
    failure: Ending
    sites: tuple[str, ...] = ()


class Where(Record, frozen=True, kw_only=True):
    """What an installation may depend on besides the files. user: as for USER, None when not known."""

    environ: Mapping[str, str | None]
    user: str | None


class Target(Record, frozen=True, kw_only=True):
    """Where packages and their programs go."""

    site: str
    scripts: str | None


def install(
    tree: Folder, step: PackageStep, files: TreeFiles, where: Where, made: Made
) -> "tuple[Folder, Report | NodeReport | None, tuple[str, ...]]":
    """The tree after a step, what it needs and leaves, and the site-packages it fills."""
    if step.is_of_node:
        from .node_installing import after_node
        from .node_project import node_report

        return after_node(tree, step, files, made), node_report(step, files), ()
    if step.action in _READ_ONLY.get(step.tool, ()) or step.has("--help", "--version", "--dry-run"):
        return (_configured(tree, step, made) if step.tool == "poetry" else tree), None, ()
    if step.tool == "poetry" and step.action == "config":
        return _configured(tree, step, made), None, ()
    if step.tool == "uv" and step.action == "venv":
        return _uv_venv(tree, step, made), None, ()
    if step.action not in _INSTALLING.get(step.tool, ()):
        return _other(tree, step, made), None, ()
    from .python_project import report_of

    report = report_of(step, files)
    target, tree = _target(tree, step, files, where, made)
    packages = _packages(step, report, files)
    if target is None:
        return _somewhere(tree, step, where.environ, made), report, ()
    try:
        tree = _filled(tree, target, step, (report, packages), made)
    except (Unsure, Refused):
        return _somewhere(tree, step, where.environ, made), report, ()
    return _built(tree, report, made), report, (target.site,)


# ---- where it goes -----------------------------------------------------------------------------------


def _target(
    tree: Folder, step: PackageStep, files: TreeFiles, where: Where, made: Made
) -> tuple[Target | None, Folder]:
    """Where a step installs to, and the tree with the environment that it makes for that."""
    environ = where.environ
    if step.unclear or step.root is not None or any(name in environ for name in ("PIP_TARGET", "PIP_PREFIX")):
        return None, tree
    if step.target is not None:
        return Target(site=step.target, scripts=f"{step.target}/bin"), tree
    match step.tool:
        case "pip":
            python = python_of(step.program, environ, tree)
        case "uv-pip":
            python = _uv_pips(tree, step, environ)
        case "uv" | "pdm":
            return _project_venv(tree, step, files, environ, made)
        case "poetry":
            return _poetrys(tree, step, files, environ, made)
        case _:
            python = python_of("python", environ, tree) if step.system else None
    if python is None:
        return None, tree
    if step.prefix is not None:
        python = Python(prefix=step.prefix, version=python.version)
    elif step.user or environ.get("PIP_USER") not in (None, "", "0", "false"):
        home = environ.get("HOME")
        if home is None:
            return None, tree
        python = Python(prefix=f"{home}/.local", version=python.version)
    elif not python.venv and where.user not in ("", "root", "0", "root:root", "0:0"):
        return None, tree  # pip goes to the home directory where it may not write
    return Target(site=python.site, scripts=python.scripts), tree


def _uv_pips(tree: Folder, step: PackageStep, environ: Mapping[str, str | None]) -> Python | None:
    """docs.astral.sh/uv/pip/environments: --python, --system, VIRTUAL_ENV, .venv here or above."""
    if step.python is not None:
        return python_of(step.python, environ, tree) if "/" in step.python else None
    if step.system or environ.get("UV_SYSTEM_PYTHON", "0") not in (None, "", "0", "false"):
        return python_of("python", environ, tree)
    active = environ.get("VIRTUAL_ENV", "")
    if active is None:
        return None
    if active:
        return python_at(active, tree)
    here = step.directory or ""
    while here:
        found = python_at(join(here, ".venv"), tree)
        if found is not None or here == "/":
            return found
        here = posixpath.dirname(here)
    return None


def _project_venv(
    tree: Folder, step: PackageStep, files: TreeFiles, environ: Mapping[str, str | None], made: Made
) -> tuple[Target | None, Folder]:
    """uv: UV_PROJECT_ENVIRONMENT or .venv beside pyproject.toml, with --active the one that VIRTUAL_ENV names
    (docs.astral.sh/uv/concepts/projects/config); pdm: .venv there, where `python.use_venv` is left on and no
    __pypackages__ is there (pdm-project.org, PEP 582)."""
    directory = _project_directory(step.directory, files)
    if directory is None or (step.tool == "pdm" and _may_be_elsewhere(directory, files, environ)):
        return None, tree
    name = environ.get("UV_PROJECT_ENVIRONMENT", "") if step.tool == "uv" else ""
    if name is not None and step.has("--active"):
        name = environ.get("VIRTUAL_ENV", name)
    if name is None:
        return None, tree
    return _made_target(tree, join(directory, name or ".venv"), made, with_pip=False)


def _may_be_elsewhere(directory: str, files: TreeFiles, environ: Mapping[str, str | None]) -> bool:
    """Whether PDM may install into another place than .venv."""
    variables = ("VIRTUAL_ENV", "CONDA_PREFIX", "PDM_PYTHON", "PDM_USE_VENV", "PDM_VENV_IN_PROJECT")
    if any(name in environ for name in variables):
        return True
    names = ("__pypackages__", "pdm.toml", ".pdm-python", ".pdm.toml")
    return any(files.look(join(directory, name)) != "absent" for name in names)


def _poetrys(
    tree: Folder, step: PackageStep, files: TreeFiles, environ: Mapping[str, str | None], made: Made
) -> tuple[Target | None, Folder]:
    """python-poetry.org/docs/configuration: virtualenvs.create, virtualenvs.in-project; an active one is used."""
    active = environ.get("VIRTUAL_ENV", "")
    if active is None:
        return None, tree
    if active:
        return _of(python_at(active, tree)), tree
    if _setting(tree, environ, "virtualenvs.create") == "false":
        return _of(python_of("python", environ, tree)), tree
    directory = _project_directory(step.directory, files)
    if _setting(tree, environ, "virtualenvs.in-project") != "true" or directory is None:
        return None, tree
    return _made_target(tree, join(directory, ".venv"), made, with_pip=False)


def _of(python: Python | None) -> Target | None:
    return Target(site=python.site, scripts=python.scripts) if python is not None else None


def _made_target(tree: Folder, path: str, made: Made, *, with_pip: bool) -> tuple[Target | None, Folder]:
    python = python_at(path, tree)
    if python is None:
        try:
            tree = made_venv(tree, path, made, with_pip=with_pip)
        except (Unsure, Refused):
            return None, tree
        python = python_at(path, tree)
    return _of(python), tree


def _project_directory(directory: str | None, files: TreeFiles) -> str | None:
    """The nearest directory, here or above, with a pyproject.toml."""
    here = directory
    while here is not None:
        kind = files.look(join(here, "pyproject.toml"))
        if kind != "absent":
            return here if kind == "file" else None
        here = posixpath.dirname(here) if here != "/" else None
    return None


_POETRY_SETTINGS = "/root/.config/pypoetry/config.toml"


def _configured(tree: Folder, step: PackageStep, made: Made) -> Folder:
    """`poetry config NAME VALUE`, kept as lines of its own file (docs: "stored in config.toml")."""
    if step.action != "config":
        return tree
    line = f"{' '.join(step.names)}\n".encode()
    try:
        where, node = resolve(tree, _POETRY_SETTINGS, to_write=True)
    except (Unsure, Refused):
        return tree
    before = node.content or b"" if isinstance(node, File) else b""
    return write(tree, where, File(made=made, content=before + line), made)


def _setting(tree: Folder, environ: Mapping[str, str | None], name: str) -> str:
    """A setting of poetry's, "" where it is not set or not known."""
    variable = "POETRY_" + name.upper().replace(".", "_").replace("-", "_")
    if variable in environ:
        return (environ[variable] or "").lower().replace("1", "true").replace("0", "false")
    try:
        _, node = resolve(tree, _POETRY_SETTINGS)
    except (Unsure, Refused):
        return ""
    lines = (node.content or b"").decode().splitlines() if isinstance(node, File) else []
    return next((value for key, _, value in (line.partition(" ") for line in reversed(lines)) if key == name), "")


# ---- what goes there ---------------------------------------------------------------------------------


def _packages(step: PackageStep, report: "Report", files: TreeFiles) -> tuple[str, ...]:
    """What is asked of an index, by name."""
    lock = {"uv": "uv.lock", "poetry": "poetry.lock", "pdm": "pdm.lock", "pipenv": "Pipfile.lock"}.get(step.tool)
    if lock is not None:
        here = step.directory
        while here is not None:
            if files.look(join(here, lock)) == "file":
                return tuple(dict.fromkeys((*locked(join(here, lock), files), *report.names)))
            here = posixpath.dirname(here) if here != "/" else None
    found = list(report.names)
    if step.no_deps:
        return tuple(found)
    extras = {one.path: one.extras for one in step.projects}
    if lock is not None:
        directory = _project_directory(step.directory, files)
        found += declared(directory, files) if directory is not None and step.tool != "pipenv" else (ANY,)
    for built in report.projects:
        found += declared(built.directory, files, extras.get(built.directory, ()))
    if report.unknown is not None:
        found.append(ANY)
    return tuple(dict.fromkeys(found))


def _filled(
    tree: Folder, target: Target, step: PackageStep, asked: "tuple[Report, tuple[str, ...]]", made: Made
) -> Folder:
    """The tree with all of it in place. asked: the report, and the names asked of an index. Raises Unsure, Refused."""
    report, packages = asked
    more = More(packages=packages)
    unclear = report.unknown is not None or any(one.refusal for one in report.projects)
    own_tool = step.tool in ("uv", "poetry", "pdm")
    editable = {one.path for one in step.projects if one.editable}
    for path in (target.site, target.scripts):
        if path is None:
            continue
        tree = make_folders(tree, path, made)
        where, node = resolve(tree, path)
        if isinstance(node, Folder):
            scripts = More(packages=tuple(one.name or ANY for one in report.projects))
            tree = write(tree, where, node.holding(more | scripts if path == target.scripts else more), made)
    for built in report.projects:
        is_editable = built.directory in editable or (own_tool and not step.has("--no-editable"))
        tree = _project_placed(tree, target.site, built, made, editable=is_editable)
    if unclear:
        where, node = resolve(tree, target.site)
        tree = write(tree, where, node.open(), made) if isinstance(node, Folder) else tree
    return tree


def _project_placed(tree: Folder, site: str, built: Built, made: Made, *, editable: bool) -> Folder:
    where, folder = resolve(tree, site)
    if not isinstance(folder, Folder):
        return tree
    provided = built.provided
    if provided.unknown is not None or built.refusal is not None:
        return write(tree, where, folder.open(), made)
    if editable:
        roots = {_root_of(one) for one in provided.packages} | {_root_of(one) for one in provided.modules}
        if None not in roots:
            text = "\n".join(sorted(root for root in roots if root is not None))
            file = File(made=made, content=text.encode(), mode=0o644)
            return write(tree, f"{where}/__editable__.{built.name or 'project'}.pth", file, made)
        for name in provided.top_level():
            tree = write(tree, f"{where}/{name}", Unknown(origin=made.origin), made)
        return tree
    for package in sorted(provided.packages, key=lambda one: one.name):
        tree = _package_placed(tree, where, package, made)
    for module in provided.modules:
        _, node = resolve(tree, module.path)
        name = f"{where}/{module.name.replace('.', '/')}.py"
        tree = write(tree, name, stamped(node, made.origin, UNKNOWN_MODE), made)
    return tree


_PLACING = 100_000
"""Files that one package may meet where another distribution has put the same one."""


def _package_placed(tree: Folder, site: str, package: Package, made: Made) -> Folder:
    _, source = resolve(tree, package.path)
    place = f"{site}/{package.name.replace('.', '/')}"
    if not isinstance(source, Folder):
        return write(tree, place, Unknown(origin=made.origin), made)
    _, there = resolve(tree, place, to_write=True)
    shipped = Folder(below=Shipped(source, package.whole), more=DATA | source.more, mode=None, made=made)
    node = stamped(shipped, made.origin, UNKNOWN_MODE)
    if isinstance(there, Folder) and isinstance(node, Folder):
        # Subpackages that were placed before, or another distribution's part of the same package.
        node = merged(there, node, place, Effort(_PLACING), mode=None)
    return write(tree, place, node, made)


def _root_of(one: Package | Module) -> str | None:
    """The directory on sys.path that an editable package is imported from; None where its path is another."""
    parts = one.name.split(".")
    path = one.path.removesuffix(".py") if isinstance(one, Module) else one.path
    if path.split("/")[-len(parts) :] != parts:
        return None
    return posixpath.normpath(posixpath.join(path, *[".."] * len(parts)))


def _built(tree: Folder, report: "Report", made: Made) -> Folder:
    """What building leaves beside the sources: build/, *.egg-info; data, never code."""
    for built in report.projects:
        tree = forgotten_in(tree, built.directory, made)
    return tree


def forgotten_in(tree: Folder, directory: str, made: Made) -> Folder:
    """The tree where data may have come into a directory, and into none below."""
    try:
        where, node = resolve(tree, directory)
    except (Unsure, Refused):
        return tree
    if not isinstance(node, Folder):
        return tree
    return node.holding(DATA) if where == "/" else write(tree, where, node.holding(DATA), made)


def _somewhere(tree: Folder, step: PackageStep, environ: Mapping[str, str | None], made: Made) -> Folder:
    """Installed where it is not known: in some Python, in the environment that a variable names, or in one in a home
    or in the project."""
    named = [environ.get(name, "") for name in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")]
    if None in named:
        return tree.open(ANYTHING)
    places = [*_OUTSIDE, *(one for one in (step.target, step.prefix, step.root) if one is not None)]
    places += [join(step.directory or "/", one) for one in named if one]
    if step.directory is not None:
        names = (".venv", "__pypackages__") if step.tool == "pdm" else (".venv",)
        places += [join(step.directory, name) for name in names]
    for place in places:
        tree = forgotten(tree, place, made, keeps=True)
    return tree


def _uv_venv(tree: Folder, step: PackageStep, made: Made) -> Folder:
    path = next((one for one in step.names if one), ".venv")
    if step.directory is None or step.unclear:
        return tree.open()
    try:
        return made_venv(tree, join(step.directory, path), made, with_pip=step.has("--seed"))
    except (Unsure, Refused):
        return forgotten(tree, join(step.directory, path), made)


def _other(tree: Folder, step: PackageStep, made: Made) -> Folder:
    """Downloads and removals stay where packages are; whatever runs a script may write anywhere."""
    if step.action in ("download", "wheel", "lock", "export", "uninstall", "remove", "init", "build", "add"):
        tree = forgotten(tree, SYSTEM_PREFIX, made)
        return forgotten(tree, step.directory, made, keeps=True) if step.directory is not None else tree.open()
    if step.tool == "uv" and step.action in ("python", "tool"):
        for place in _OUTSIDE:
            tree = forgotten(tree, place, made, keeps=True)
        return tree
    return tree.open(ANYTHING)
