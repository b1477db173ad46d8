"""The packages that a project or its lock file asks an index for, by the names they are written with."""

import re

from .project_files import Files, Refused, join, read_toml, strings, table

ANY = "*"
"""In a list of requirements: what else is asked for is not known."""

_LOCKED = r'(?m)^\[\[package\]\]\s*\nname = "([^"]+)"'


def locked(path: str, files: Files) -> tuple[str, ...]:
    """Every package that uv.lock, poetry.lock, pdm.lock or Pipfile.lock lists, whatever group it is of."""
    text = files.read(path)
    if text is None:
        return (ANY,)
    if not path.endswith("Pipfile.lock"):
        return tuple(dict.fromkeys(re.findall(_LOCKED, text)))
    import json

    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return (ANY,)
    return (*table(data, "default"), *table(data, "develop"))


def declared(directory: str, files: Files, extras: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What the project in a directory depends on, with these of its extras. `ANY` stands for what is not known."""
    path = join(directory, "pyproject.toml")
    kind = files.look(path)
    text = files.read(path) if kind == "file" else None
    if kind == "absent":
        return _of_setup(directory, files)
    if text is None:
        return (ANY,)
    try:
        data = read_toml(text, path)
    except Refused:
        return (ANY,)
    project, poetry = table(data, "project"), table(data, "tool", "poetry")
    found: list[str] = []
    dynamic = strings(project.get("dynamic")) or []
    if "dependencies" in dynamic or ("optional-dependencies" in dynamic and extras):
        found += _dynamic(directory, files, table(data, "tool", "setuptools", "dynamic"))
    elif not project and not poetry:
        return _of_setup(directory, files)
    found += strings(project.get("dependencies", [])) or []
    optional = table(project, "optional-dependencies")
    for extra in extras:
        found += strings(optional.get(extra, [])) or ([] if extra in optional else [ANY])
    for name, value in table(poetry, "dependencies").items():
        found += [] if name == "python" else [_with_extras(name, value)]
    for group in table(poetry, "group").values():
        found += list(table(group, "dependencies"))
    return tuple(dict.fromkeys((*found, *table(poetry, "dev-dependencies"))))


def _with_extras(name: str, value: object) -> str:
    extras = strings(value.get("extras")) if isinstance(value, dict) else None
    return f"{name}[{','.join(extras)}]" if extras else name


def _dynamic(directory: str, files: Files, dynamic: dict[str, object]) -> list[str]:
    """setuptools' `dependencies = {file = …}` (setuptools.pypa.io, "Dynamic Metadata")."""
    named = table(dynamic, "dependencies").get("file")
    names = [named] if isinstance(named, str) else strings(named)
    if not names:
        return [ANY]
    found: list[str] = []
    for name in names:
        text = files.read(join(directory, name))
        if text is None:
            return [ANY]
        found += [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    return found


def _of_setup(directory: str, files: Files) -> tuple[str, ...]:
    """Of setup.cfg; what a setup.py computes is not read."""
    if files.look(join(directory, "setup.py")) == "file":
        return (ANY,)
    text = files.read(join(directory, "setup.cfg"))
    if text is None:
        return (ANY,)
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        return (ANY,)
    listed = parser.get("options", "install_requires", fallback="")
    return (ANY,) if "file:" in listed else tuple(line.strip() for line in listed.splitlines() if line.strip())
