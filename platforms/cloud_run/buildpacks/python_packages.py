"""What a Python source declares, by the buildpacks' own patterns: they do not read requirements, they search them."""

import re
import tomllib
from typing import NamedTuple

from emulator.model.origin import Origin

from .source import Source, line_of

REQUIREMENTS, PROJECT = "requirements.txt", "pyproject.toml"


class Declared(NamedTuple):
    """in_project: whether pyproject.toml is read, only without requirements.txt. lines: what is searched."""

    in_project: bool
    in_both: bool
    lines: str
    written: str
    requirements: str
    poetry: dict[str, object]
    is_poetry: bool
    has_poetry_lock: bool
    has_uv_lock: bool
    script: str | None

    @property
    def file(self) -> str:
        return PROJECT if self.in_project else REQUIREMENTS

    def has(self, package: str) -> bool:
        """Whether the buildpacks find a package."""
        return _found(self.lines, package) or (self.in_project and package in self.poetry)

    def in_requirements(self, package: str) -> bool:
        return _found(self.requirements, package)

    def names(self, package: str) -> bool:
        """Whether a package is declared in any form, with whatever extras."""
        return (
            bool(re.search(rf"^{package}\b(?!-)", self.lines, re.MULTILINE | re.IGNORECASE)) or package in self.poetry
        )

    def origin(self, package: str) -> Origin | None:
        return self.place(package) if self.has(package) else None

    def place(self, package: str) -> Origin:
        """The line that declares a package."""
        name = re.escape(package.partition("[")[0])
        return line_of(self.written, rf"(?i)^\s*[\"']?{name}\b(?!-)|[\[,]\s*[\"']{name}\b(?!-)", self.file)

    @property
    def script_origin(self) -> Origin | None:
        return line_of(self.written, rf"^\s*[\"']?{re.escape(self.script)}[\"']?\s*=", PROJECT) if self.script else None

    def runner(self, manager: str) -> str:
        """Whose `run` starts a script of the project."""
        if self.has_poetry_lock or self.is_poetry:
            return "poetry"
        return "uv" if self.has_uv_lock or manager.lower() in ("", "uv") else "pip"


def declared_in(source: Source) -> Declared:
    """What requirements.txt says, or pyproject.toml where there is no requirements.txt."""
    requirements, project = source.readable(REQUIREMENTS), source.readable(PROJECT)
    in_both = source.has(REQUIREMENTS) and source.has(PROJECT)
    in_project = source.has(PROJECT) and not in_both
    data: dict[str, object] = {}
    if in_project:
        try:
            data = tomllib.loads(project)
        except tomllib.TOMLDecodeError:
            data = {}
    dependencies = _table(data, "project").get("dependencies")
    listed = [one for one in dependencies if isinstance(one, str)] if isinstance(dependencies, list) else []
    return Declared(
        in_project=in_project, in_both=in_both, lines="\n".join(listed) if in_project else requirements,
        written=project if in_project else requirements, requirements=requirements,
        poetry=_table(data, "tool", "poetry", "dependencies"), is_poetry="poetry" in _table(data, "tool"),
        has_poetry_lock=source.has("poetry.lock"), has_uv_lock=source.has("uv.lock"), script=_script(data),
    )  # fmt: skip


def _found(text: str, package: str) -> bool:
    """The buildpacks' own search: a line that begins with the name, as it is spelled there, or an #egg= of it."""
    name = re.escape(package)
    edge = "" if package.endswith("]") else r"\b"
    return bool(re.search(rf"^{name}{edge}([^-]|$)|#egg={name}$", text, re.MULTILINE))


def _script(data: dict[str, object]) -> str | None:
    """The lone script of Poetry's table, or its `start`; else the same of the project's."""
    for table in (_table(data, "tool", "poetry", "scripts"), _table(data, "project", "scripts")):
        if len(table) == 1:
            return next(iter(table))
        if table.get("start"):
            return "start"
    return None


def _table(data: object, *keys: str) -> dict[str, object]:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}
