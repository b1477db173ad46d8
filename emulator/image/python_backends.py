"""Which packages and modules the build backends other than setuptools ship.

Read 2026-11-25: hatchling 1.33 (builders/wheel.py, builders/config.py), poetry-core 2.5 (masonry/utils), flit-core 4.2
(common.py), pdm-backend 2.5 (base.py, config.py), uv_build 0.13 (its documentation, "Build backend").
"""

import posixpath
import re
from collections.abc import Callable
from typing import Any

from .project_files import (
    Files,
    Module,
    NotKnown,
    Package,
    Provided,
    Refused,
    code_below,
    is_file,
    is_folder,
    join,
    names,
    strings,
    table,
)


def normalized(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def hatchling(directory: str, files: Files, data: dict[str, Any]) -> Provided:
    """Default file selection, packages, only-include, sources, force-include. Raises NotKnown, Refused."""
    build = table(data, "tool", "hatch", "build")
    wheel = table(build, "targets", "wheel")
    for key in ("include", "artifacts", "force-include", "bypass-selection"):
        if wheel.get(key, build.get(key)):
            raise NotKnown(f"tool.hatch.build sets {key}")
    if "custom" in table(build, "hooks") or "custom" in table(wheel, "hooks"):
        raise NotKnown("the build runs a hook of its own")
    packages = strings(wheel.get("packages", build.get("packages", []))) or []
    only = strings(wheel.get("only-include", build.get("only-include", []))) or []
    if not packages and not only:
        packages, only = _hatch_heuristics(directory, files, str(table(data, "project").get("name", "")))
    sources = _hatch_sources(wheel.get("sources", build.get("sources", [])))
    for package in packages:
        if "/" in package.strip("/"):
            sources.setdefault(posixpath.dirname(posixpath.normpath(package)), "")
    patterns = [*_patterns(wheel.get("exclude", build.get("exclude", []))), *_ignored(directory, files)]
    return _listed(directory, files, only or packages, sources, patterns)


def _hatch_heuristics(directory: str, files: Files, name: str) -> tuple[list[str], list[str]]:
    candidates = dict.fromkeys(re.sub(r"[^\w\d.]+", "_", one) for one in (name, normalized(name)))
    for one in candidates:
        if is_file(files, join(directory, one, "__init__.py")):
            return [one], []
        if is_file(files, join(directory, "src", one, "__init__.py")):
            return [f"src/{one}"], []
        if is_file(files, join(directory, f"{one}.py")):
            return [], [f"{one}.py"]
        inside = [
            top for top in names(files, directory)
            if not top.startswith(".") and is_file(files, join(directory, top, one, "__init__.py"))
        ]  # fmt: skip
        if len(inside) == 1:
            return inside, []
    wanted = " or ".join(sorted(candidates))
    raise Refused(f"Unable to determine which files to ship inside the wheel: no directory matches the name {wanted}")


def _hatch_sources(value: object) -> dict[str, str]:
    if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
        return {posixpath.normpath(key) if key else "": one.strip("/") for key, one in value.items()}
    listed = strings(value)
    if listed is None:
        raise NotKnown("tool.hatch.build sets sources in a form that is not read")
    return {posixpath.normpath(one): "" for one in listed}


def _patterns(value: object) -> list[str]:
    return strings(value) or []


def _ignored(directory: str, files: Files) -> list[str]:
    """The patterns of .gitignore, which hatchling leaves out of the wheel."""
    path = join(directory, ".gitignore")
    if not is_file(files, path):
        return []
    text = files.read(path)
    if text is None:
        raise NotKnown(f"what {path} says is not known")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _listed(directory: str, files: Files, paths: list[str], sources: dict[str, str], patterns: list[str]) -> Provided:
    packages: list[Package] = []
    modules: list[Module] = []
    for one in paths:
        relative = posixpath.normpath(one)
        target = relative
        for source, replacement in sources.items():
            if source and (relative == source or relative.startswith(f"{source}/")):
                target = posixpath.normpath(join("/", replacement, relative[len(source) :].lstrip("/")))[1:]
                break
            if not source:
                target = f"{replacement}/{relative}"
        path = join(directory, relative)
        if is_file(files, path):
            _add(files, target, path, packages, modules)
        elif is_folder(files, path):
            inner = [(f"{target}/{name}".lstrip("/"), join(path, name)) for name in names(files, path)]
            for name, below in [(target, path)] if target not in ("", ".") else inner:
                _add(files, name, below, packages, modules)
    for path in (*(one.path for one in packages), *(one.path for one in modules)):
        last = {posixpath.basename(path), posixpath.basename(posixpath.dirname(path))}
        if any(_may_match(pattern, last) for pattern in patterns):
            raise NotKnown(f"a pattern may leave {path} out of the build")
    return Provided(packages=tuple(packages), modules=tuple(modules))


def _may_match(pattern: str, names_: set[str]) -> bool:
    """Whether a pattern's last part is one of the names; patterns with wildcards are taken for those of caches."""
    last = pattern.lstrip("!").rstrip("/*").rpartition("/")[2]
    return last in names_ or pattern.strip("/") in ("*", "**")


def _add(files: Files, target: str, path: str, packages: list[Package], modules: list[Module]) -> None:
    if is_file(files, path):
        if target.endswith(".py"):
            modules.append(Module(name=target[:-3].replace("/", "."), path=path))
    elif code_below(files, path) and not posixpath.basename(path).startswith("."):
        packages.append(Package(name=target.strip("/").replace("/", "."), path=path, whole=True))


def poetry_core(directory: str, files: Files, data: dict[str, Any]) -> Provided:
    """`packages` with include, from, to and format, else the project's name. Raises NotKnown, Refused."""
    poetry = table(data, "tool", "poetry")
    if poetry.get("package-mode") is False:
        raise Refused("Building a package is not possible in non-package mode.")
    if poetry.get("build"):
        raise NotKnown("the build runs a script of its own")
    given = poetry.get("packages")
    if not given:
        name = normalized(str(table(data, "project").get("name") or poetry.get("name", ""))).replace("-", "_")
        return _module_of_name(directory, files, name, f"No file/folder found for package {name}")
    packages: list[Package] = []
    modules: list[Module] = []
    for one in given if isinstance(given, list) else []:
        include, source, to = (table(one).get(key) for key in ("include", "from", "to"))
        formats = table(one).get("format", ["sdist", "wheel"])
        if not isinstance(include, str) or not isinstance(source, str | None) or to or re.search(r"[*?\[]", include):
            raise NotKnown("tool.poetry.packages has a form that is not read")
        path = join(directory, source or ".", include)
        if not is_file(files, path) and not is_folder(files, path):
            raise Refused(f"{posixpath.relpath(path, directory)} does not contain any element")
        if is_folder(files, path) and not code_below(files, path):
            raise Refused(f"{posixpath.basename(path)} is not a package.")
        if "wheel" in formats:
            _add(files, posixpath.normpath(include), path, packages, modules)
    return Provided(packages=tuple(packages), modules=tuple(modules))


def flit_core(directory: str, files: Files, data: dict[str, Any]) -> Provided:
    """The module of the project's name, in the root or in src. Raises NotKnown, Refused."""
    tool = table(data, "tool", "flit")
    project = table(data, "project")
    name = table(tool, "module").get("name") or table(tool, "metadata").get("module")
    if not name and project.get("import-names"):
        raise NotKnown("the project sets import-names")
    name = str(name or str(project.get("name", "")).replace("-", "_"))
    return _module_of_name(directory, files, name, f"No file/folder found for module {name}", dotted=True)


def _module_of_name(directory: str, files: Files, name: str, refusal: str, *, dotted: bool = False) -> Provided:
    """A directory or a .py file of that name, in the root or in src; two of them are refused."""
    relative = name.replace(".", "/") if dotted else name
    found: list[tuple[str, bool]] = []
    for base in (directory, join(directory, "src")):
        if not dotted and found:
            break
        if is_folder(files, join(base, relative)):
            found.append((join(base, relative), True))
        if is_file(files, join(base, f"{relative}.py")):
            found.append((join(base, f"{relative}.py"), False))
    if len(found) > 1:
        raise Refused(f"Multiple files or folders could be module {name}: {', '.join(path for path, _ in found)}")
    if not found:
        raise Refused(refusal)
    path, folder = found[0]
    if not folder:
        return Provided(modules=(Module(name=name, path=path),))
    if not code_below(files, path):
        if dotted:
            return Provided()
        raise Refused(f"{name} is not a package.")
    return Provided(packages=(Package(name=name, path=path, whole=True),))


def pdm_backend(directory: str, files: Files, data: dict[str, Any]) -> Provided:
    """Top packages of package-dir, else its modules; `includes` where they are plain. Raises NotKnown."""
    build = table(data, "tool", "pdm", "build")
    if build.get("custom-hook") or build.get("run-setuptools") or is_file(files, join(directory, "pdm_build.py")):
        raise NotKnown("the build runs a hook of its own")
    includes = strings(build.get("includes", [])) or []
    excludes = strings(build.get("excludes", [])) or []
    source = build.get("package-dir")
    if source is not None and not isinstance(source, str):
        raise NotKnown("tool.pdm.build.package-dir is no text")
    if source is None:
        below = not includes or any(posixpath.normpath(one).split("/")[0] == "src" for one in includes)
        source = "src" if below and is_folder(files, join(directory, "src")) else ""
    if any(re.search(r"[*?\[]", one) for one in includes):
        raise NotKnown("tool.pdm.build.includes has wildcards")
    base = join(directory, source or ".")
    if not includes:
        tops = [name for name in names(files, base) if is_file(files, join(base, name, "__init__.py"))]
        tops = [name for name in tops if name not in ("__pycache__", "__pypackages__")]
        tops = tops or [name for name in names(files, base) if name.endswith(".py")]
        includes = [posixpath.normpath(posixpath.join(source, name)) for name in tops]
    left = {posixpath.normpath(one) for one in (*excludes, *(strings(build.get("source-includes")) or ["tests"]))}
    if any(re.search(r"[*?\[]", one) and not one.startswith(("*", "**/", "tests")) for one in left):
        raise NotKnown("tool.pdm.build.excludes has wildcards")
    packages: list[Package] = []
    modules: list[Module] = []
    for one in (posixpath.normpath(include) for include in includes):
        if one in left:
            continue
        target = one.removeprefix(f"{posixpath.normpath(source)}/") if source else one
        _add(files, target, join(directory, one), packages, modules)
    return Provided(packages=tuple(packages), modules=tuple(modules))


def uv_build(directory: str, files: Files, data: dict[str, Any]) -> Provided:
    """`module-name` in `module-root`, which is "src" by default. Raises NotKnown, Refused."""
    tool = table(data, "tool", "uv", "build-backend")
    root = str(tool.get("module-root", "src"))
    given = tool.get("module-name")
    default = re.sub(r"[-_.]+", "_", str(table(data, "project").get("name", ""))).lower()
    wanted = [given] if isinstance(given, str) else strings(given) if given else [default]
    if wanted is None or any(one.endswith("-stubs") for one in wanted):
        raise NotKnown("tool.uv.build-backend has a form that is not read")
    packages: list[Package] = []
    for one in wanted:
        path = join(directory, root or ".", *one.split("."))
        if not is_folder(files, path) or (not tool.get("namespace") and not is_file(files, join(path, "__init__.py"))):
            raise Refused(f"Expected a Python module at: {posixpath.relpath(path, directory)}/__init__.py")
        packages.append(Package(name=one, path=path, whole=True))
    return Provided(packages=tuple(packages))


Reader = Callable[[str, Files, dict[str, Any]], Provided]

BACKENDS: dict[str, Reader] = {
    "hatchling.build": hatchling, "poetry.core.masonry.api": poetry_core, "poetry.masonry.api": poetry_core,
    "flit_core.buildapi": flit_core, "flit.buildapi": flit_core, "pdm.backend": pdm_backend, "uv_build": uv_build,
}  # fmt: skip
