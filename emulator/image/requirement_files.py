"""Requirement files: the local files and projects they name.

pip's own reference, "Requirements File Format" (pip.pypa.io/en/stable/reference/requirements-file-format): files
of -r and -c are relative to the file that names them, projects to the directory pip runs in.
"""

import posixpath
import re

from emulator.model.record import Record

from .dependencies import ANY, declared
from .packages import PackageStep
from .project_files import Files, Need, join, need

MAX_FILES = 100

_COMMENT = r"(^|\s+)#.*$"
_FILE = r"(?:(-r|-c)\s*|(--requirement|--constraint)(?:\s+|=))(\S.*)"
_EDITABLE = r"(?:-e|--editable)(?:\s+|=)(\S.*)"
_NOT_LISTS = (".toml", ".py", ".cfg")
"""uv takes pyproject.toml, setup.py and setup.cfg in place of a list (docs.astral.sh/uv/pip/packages)."""

_ARCHIVE = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2")


class Requirements(Record, frozen=True):
    """What the files of a step name. unknown: why more may be named."""

    needs: tuple[Need, ...]
    projects: tuple[str, ...]
    names: tuple[str, ...]
    unknown: str | None


def read_requirements(step: PackageStep, directory: str, files: Files) -> Requirements:
    """Follow the requirement and constraint files of a step that runs in `directory`."""
    reader = _Reader(directory, files, extras=step.has("--extra", "--all-extras", "--group"))
    for one in (*step.requirements, *step.constraints):
        if one.path is None and one in step.requirements:
            reader.unknown = f"what {one.source} says is not known"
        elif one.path is not None:
            reader.read(one.path, f"{step.tool} reads it", constraint=one in step.constraints, line=one.line)
    return Requirements(tuple(reader.needs), tuple(dict.fromkeys(reader.projects)), tuple(reader.names), reader.unknown)


class _Reader:
    def __init__(self, directory: str, files: Files, *, extras: bool) -> None:
        self.extras = extras
        self.directory = directory
        self.files = files
        self.needs: list[Need] = []
        self.projects: list[str] = []
        self.names: list[str] = []
        self.unknown: str | None = None
        self._seen: set[str] = set()

    def read(
        self, path: str, why: str, *, constraint: bool, line: int | None = None, file: str | None = None
    ) -> None:  # fmt: skip
        pending = [(path, why, constraint, line, file)]
        while pending:
            path, why, constraint, line, file = pending.pop()
            if path in self._seen or len(self._seen) >= MAX_FILES:
                continue
            self._seen.add(path)
            self.needs += need(self.files, path, why, file=file, line=line)
            if path.endswith(_NOT_LISTS):
                self._project(path)
                continue
            text = self.files.read(path) if self.files.look(path) == "file" else None
            if text is None:
                self.unknown = self.unknown or f"what {path} says is not known"
                continue
            for number, content in _logical_lines(text):
                found = re.fullmatch(_FILE, content) if content.startswith("-") else None
                if found is None:
                    self._line(content, path, number, constraint=constraint)
                    continue
                also = constraint or (found[1] or found[2]).startswith(("-c", "--c"))
                if "://" not in found[3] and "${" not in found[3]:
                    inner = join(posixpath.dirname(path), found[3].strip("'\""))
                    pending.append((inner, f"{posixpath.basename(path)} names it", also, number, path))
                elif not also:
                    self.unknown = self.unknown or f"what {found[3]} says is not known"

    def _project(self, path: str) -> None:
        """uv installs what the project depends on, and not the project."""
        names = declared(posixpath.dirname(path), self.files) if self.files.look(path) == "file" else (ANY,)
        self.names += [name for name in names if name != ANY]
        if ANY in names or self.extras:
            self.unknown = self.unknown or f"which dependencies {path} comes to is not known"

    def _line(self, content: str, path: str, number: int, *, constraint: bool) -> None:
        editable = re.fullmatch(_EDITABLE, content) if content.startswith("-") else None
        text = editable[1] if editable else content
        if constraint or (text.startswith("-") and not editable):
            return
        text = re.split(r"\s+(?:--|;)|;", text)[0].strip().strip("'\"")
        if "${" in text:
            self.unknown = self.unknown or f"line {number} of {path} depends on the environment"
        elif not _is_path(text, editable=editable is not None):
            self.names.append(text)
        else:
            place = join(self.directory, re.sub(r"\[[^\]]*\]$", "", text.removeprefix("file://").partition("#")[0]))
            why = f"{posixpath.basename(path)} names it"
            self.needs += need(self.files, place, why, file=path, line=number)
            if self.files.look(place) == "directory":
                self.projects.append(place)


def _is_path(text: str, *, editable: bool) -> bool:
    if " @ " in text or (re.match(r"[a-z+]+://|git\+", text) and not text.startswith("file:")):
        return False
    bare = re.sub(r"\[[^\]]*\]$", "", text)
    return editable or "/" in bare or bare.startswith(".") or bare.endswith(_ARCHIVE)


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """(number of its first line, content) of each line that says something, continuations joined."""
    found: list[tuple[int, str]] = []
    kept: list[str] = []
    start = 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start if kept else number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            kept.append(line[:-1])
            continue
        content = "".join([*kept, line])
        content = (re.sub(_COMMENT, "", content) if "#" in content else content).strip()
        kept = []
        if content:
            found.append((start, content))
    return found
