"""Which packages and modules a build with setuptools ships.

setuptools 84: discovery.py, config/setupcfg.py, config/pyprojecttoml.py, command/build_py.py, read 2026-11-25.
"""

import ast
import configparser
import posixpath
from collections.abc import Iterable
from typing import Any, NamedTuple

from .project_files import (
    Files,
    Module,
    NotKnown,
    Package,
    Provided,
    Refused,
    folders_below,
    has_code,
    is_file,
    is_folder,
    join,
    matches,
    names,
    strings,
    table,
)

_FLAT_EXCLUDED = (
    "ci", "bin", "debian", "doc", "docs", "documentation", "manpages", "news", "newsfragments", "changelog", "test",
    "tests", "unit_test", "unit_tests", "example", "examples", "scripts", "tools", "util", "utils", "python", "build",
    "dist", "venv", "env", "requirements", "tasks", "fabfile", "site_scons", "benchmark", "benchmarks", "exercise",
    "exercises", "htmlcov", "[._]*",
)  # fmt: skip
FLAT_PACKAGES_EXCLUDED = tuple(one for name in _FLAT_EXCLUDED for one in (name, f"{name}.*"))
FLAT_MODULES_EXCLUDED = (
    "setup", "conftest", "test", "tests", "example", "examples", "build", "toxfile", "noxfile", "pavement", "dodo",
    "tasks", "fabfile", "[Ss][Cc]onstruct", "conanfile", "manage", "benchmark", "benchmarks", "exercise", "exercises",
    "[._]*",
)  # fmt: skip
ALWAYS_EXCLUDED = ("ez_setup", "*__pycache__")


class Find(NamedTuple):
    """`find:` and its like. namespaces: directories without __init__.py are packages, too."""

    where: str = "."
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    namespaces: bool = False


class Configured(NamedTuple):
    """What the configuration says. packages None and modules None: nothing, so that setuptools looks for itself.
    extensions: there are extension modules, by which it does not."""

    packages: list[str] | tuple[Find, ...] | None = None
    modules: list[str] | None = None
    package_dir: dict[str, str] = {}
    extensions: bool = False
    name: str | None = None


def setuptools_provides(directory: str, files: Files, pyproject: dict[str, Any]) -> tuple[Provided, str | None]:
    """(what is shipped, the name setup.py or setup.cfg gives). Raises NotKnown, Refused."""
    configured = _combined(directory, files, pyproject)
    package_dir = configured.package_dir
    packages: list[str] = []
    modules = list(configured.modules or ())
    if configured.packages is None and configured.modules is None and not configured.extensions:
        packages, modules, package_dir = _discovered(directory, files, package_dir)
    elif isinstance(configured.packages, tuple):
        for find in configured.packages:
            packages += _found(files, join(directory, find.where), find)
    else:
        packages = list(configured.packages or ())
    return _shipped(directory, files, packages, modules, package_dir), configured.name


def _shipped(
    directory: str, files: Files, packages: list[str], modules: list[str], package_dir: dict[str, str]
) -> Provided:
    """Packages with their directories; one that is named and not there ends the build (build_py)."""
    found: list[Package] = []
    for name in dict.fromkeys(packages):
        path = _place(directory, name, package_dir)
        if not is_folder(files, path):
            raise Refused(f"package directory '{posixpath.relpath(path, directory)}' does not exist")
        if has_code(files, path):
            found.append(Package(name=name, path=path, whole=False))
    alone = [Module(name=one, path=_place(directory, one, package_dir) + ".py") for one in dict.fromkeys(modules)]
    # A module that is named and not there is a warning only (build_py.check_module).
    return Provided(packages=tuple(found), modules=tuple(one for one in alone if is_file(files, one.path)))


def _place(directory: str, name: str, package_dir: dict[str, str]) -> str:
    """The directory of a package: the most specific entry of package_dir, then that of "" (find_package_path)."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        if (parent := package_dir.get(".".join(parts[:end]))) is not None:
            return join(directory, parent, *parts[end:])
    return join(directory, package_dir.get("", "") or ".", *parts)


def _found(files: Files, where: str, find: Find) -> list[str]:
    if not is_folder(files, where):
        return []
    if find.namespaces:
        everything = list(folders_below(files, where))
    else:
        everything = []
        roots: set[str] = {""}
        for name, path in folders_below(files, where):
            parent = name.rpartition(".")[0]
            if parent in roots and is_file(files, join(path, "__init__.py")):
                roots.add(name)
                everything.append((name, path))
    exclude = (*ALWAYS_EXCLUDED, *find.exclude)
    return [name for name, _ in everything if matches(name, find.include) and not _pruned(name, exclude)]


def _pruned(name: str, exclude: tuple[str, ...]) -> bool:
    """Excluded itself, or below a directory that is not searched because all below it is excluded."""
    if matches(name, exclude):
        return True
    return any(f"{one}*" in exclude or f"{one}.*" in exclude for one in _parents(name))


def _discovered(
    directory: str, files: Files, package_dir: dict[str, str]
) -> tuple[list[str], list[str], dict[str, str]]:
    """Automatic discovery (ConfigDiscovery): explicit layout, src layout, flat layout."""
    explicit = {name: place for name, place in package_dir.items() if name}
    if explicit:
        packages: list[str] = []
        for name, place in explicit.items():
            below = _found(files, join(directory, place), Find(namespaces=True))
            packages += [name, *(f"{name}.{one}" for one in below)]
        return packages, [], package_dir
    source = join(directory, package_dir.get("", "src"))
    if is_folder(files, source):
        packages = _found(files, source, Find(namespaces=True))
        return packages, _modules(files, source, ()), {"": posixpath.relpath(source, directory), **package_dir}
    packages = [
        name
        for name in _found(files, directory, Find(namespaces=True, exclude=FLAT_PACKAGES_EXCLUDED))
        if _looks_flat(name)
    ]
    _only_one(_without_nested([one for one in packages if not one.split(".")[0].endswith("-stubs")]), "packages")
    if packages:
        return packages, [], package_dir
    modules = _modules(files, directory, FLAT_MODULES_EXCLUDED)
    _only_one(modules, "modules")
    return [], modules, package_dir


def _looks_flat(name: str) -> bool:
    top, *below = name.split(".")
    return (top.isidentifier() or top.endswith("-stubs")) and all(one.isidentifier() for one in below)


def _without_nested(packages: list[str]) -> list[str]:
    found = {*packages}
    return [one for one in packages if not any(parent in found for parent in _parents(one))]


def _parents(name: str) -> list[str]:
    """a.b.c → a, a.b"""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _only_one(found: list[str], kind: str) -> None:
    if len(found) > 1:
        raise Refused(f"Multiple top-level {kind} discovered in a flat-layout: {sorted(found)}")


def _modules(files: Files, folder: str, exclude: tuple[str, ...]) -> list[str]:
    stems = [name[:-3] for name in names(files, folder) if name.endswith(".py")]
    return [one for one in stems if one.isidentifier() and not matches(one, exclude)]


def _combined(directory: str, files: Files, pyproject: dict[str, Any]) -> Configured:
    """The settings of setup.py, setup.cfg and pyproject.toml; two that speak of the same are not untangled."""
    parts = [
        _of_setup_py(directory, files), _of_setup_cfg(directory, files),
        _of_pyproject(table(pyproject, "tool", "setuptools")),
    ]  # fmt: skip
    merged = Configured()
    for part in parts:
        for field in ("packages", "modules", "package_dir", "name"):
            value = getattr(part, field)
            if value in (None, {}):
                continue
            if getattr(merged, field) not in (None, {}, value):
                raise NotKnown(f"{field} is set in more than one of setup.py, setup.cfg and pyproject.toml")
            merged = merged._replace(**{field: value})
        merged = merged._replace(extensions=merged.extensions or part.extensions)
    return merged


def _of_pyproject(tool: dict[str, Any]) -> Configured:
    packages = tool.get("packages")
    found: list[str] | tuple[Find, ...] | None = strings(packages)
    if isinstance(packages, dict):
        find = table(packages, "find")
        wheres = strings(find.get("where", ["."]))
        include, exclude = strings(find.get("include", ["*"])), strings(find.get("exclude", []))
        if wheres is None or include is None or exclude is None:
            raise NotKnown("tool.setuptools.packages.find has a form that is not read")
        found = tuple(
            Find(where, tuple(include), tuple(exclude), find.get("namespaces", True) is not False) for where in wheres
        )
    elif packages is not None and found is None:
        raise NotKnown("tool.setuptools.packages has a form that is not read")
    folders = tool.get("package-dir", {})
    if not isinstance(folders, dict) or not all(isinstance(one, str) for one in folders.values()):
        raise NotKnown("tool.setuptools.package-dir has a form that is not read")
    place: dict[str, str] = dict(folders)
    if isinstance(found, tuple) and len(found) == 1 and found[0].where != "." and not place:
        place = {"": found[0].where}
    elif isinstance(found, tuple) and len(found) > 1:
        raise NotKnown("packages are looked for in more than one directory")
    return Configured(found, strings(tool.get("py-modules")), place, bool(tool.get("ext-modules")))


def _of_setup_cfg(directory: str, files: Files) -> Configured:
    path = join(directory, "setup.cfg")
    if not is_file(files, path):
        return Configured()
    text = files.read(path)
    if text is None:
        raise NotKnown(f"what {path} says is not known")
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error as problem:
        raise Refused(f"setup.cfg cannot be read: {problem}".replace("\n", " ")) from None
    options = dict(parser["options"]) if parser.has_section("options") else {}
    options = {key.replace("-", "_"): value for key, value in options.items()}
    packages: list[str] | tuple[Find, ...] | None = None
    spoken = options.get("packages", "").strip()
    if spoken in ("find:", "find_namespace:"):
        find = dict(parser["options.packages.find"]) if parser.has_section("options.packages.find") else {}
        packages = (
            Find(
                find.get("where", ".").strip(), tuple(_listed(find.get("include", "*"))),
                tuple(_listed(find.get("exclude", ""))), spoken == "find_namespace:",
            ),
        )  # fmt: skip
    elif spoken:
        packages = _listed(spoken)
    modules = _listed(options["py_modules"]) if options.get("py_modules", "").strip() else None
    folders = dict(_pair(one) for one in _listed(options.get("package_dir", "")))
    name = parser.get("metadata", "name", fallback=None)
    return Configured(packages, modules, folders, name=name)


def _listed(value: str) -> list[str]:
    """setup.cfg's lists: by lines where there are several, else by commas (ConfigHandler._parse_list)."""
    parts = value.splitlines() if "\n" in value else value.split(",")
    return [part.strip() for part in parts if part.strip()]


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key.strip(), value.strip()


def _of_setup_py(directory: str, files: Files) -> Configured:
    path = join(directory, "setup.py")
    if not is_file(files, path):
        return Configured()
    text = files.read(path)
    if text is None:
        raise NotKnown(f"what {path} does is not known")
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise NotKnown("setup.py cannot be read here") from None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _called(node) == "setup"]
    if len(calls) != 1 or calls[0].args or any(one.arg is None for one in calls[0].keywords):
        raise NotKnown("setup.py calls setup() in a way that is not read")
    given = {one.arg: one.value for one in calls[0].keywords if one.arg}
    packages = given.get("packages")
    find = _called(packages) if isinstance(packages, ast.Call) else None
    found: list[str] | tuple[Find, ...] | None
    if isinstance(packages, ast.Call) and find in ("find_packages", "find_namespace_packages", "find"):
        found = (_find_call(packages, namespaces=find == "find_namespace_packages"),)
    else:
        found = _literal(packages, "packages")
    folders = _literal(given.get("package_dir"), "package_dir") or {}
    modules = _literal(given.get("py_modules"), "py_modules")
    name = given.get("name")
    named = name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else None
    return Configured(found, modules, dict(folders), "ext_modules" in given, named)


def _called(node: ast.expr) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)


def _find_call(call: ast.Call, *, namespaces: bool) -> Find:
    names_ = ("where", "exclude", "include")
    given: dict[str, Any] = {name: _literal(value, name) for name, value in zip(names_, call.args, strict=False)}
    given |= {one.arg: _literal(one.value, one.arg) for one in call.keywords if one.arg in names_}
    if len(given) != len(call.args) + len(call.keywords):
        raise NotKnown("setup.py looks for packages in a way that is not read")
    include: Iterable[str] = given.get("include") or ("*",)
    return Find(given.get("where") or ".", tuple(include), tuple(given.get("exclude") or ()), namespaces)


def _literal(node: ast.expr | None, what: str) -> Any:
    """The value written there, of the type setuptools takes; None where nothing is. Raises NotKnown."""
    if node is None:
        return None
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError):
        raise NotKnown(f"setup.py works out {what}") from None
    if isinstance(value, list | tuple):
        value = list(value)
    fits = isinstance(value, str) if what == "where" else strings(value) is not None
    if what == "package_dir":
        fits = isinstance(value, dict) and all(isinstance(one, str) for pair in value.items() for one in pair)
    if not fits:
        raise NotKnown(f"setup.py gives {what} in a form that is not read")
    return value
