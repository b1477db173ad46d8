"""A Python module that cannot be imported → who asks for it, and where the repository has it. Pure."""

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from emulator.model.plan import Service
from emulator.snapshot import Snapshot

from .traces import Frame

MAX_FOLDERS = 300
MAX_DEPTH = 3
"""How far a module is looked for: a deploy's folder is near the root, and a large repository must not be walked."""

_DYNAMIC = ("importlib/__init__.py",)
_START_FOLDER = {"gunicorn": "--chdir {0}", "uvicorn": "--app-dir {0}"}
"""How a server is told where the modules are that its command names."""


def named_in_command(service: Service, module: str) -> str | None:
    """The module as the command spells it, with what follows the part that is missing; None when it does not."""
    command = service.command
    words = " ".join((command.text or "", *(command.argv or ()))) if command else ""
    found = re.search(rf"(?<![\w./-]){re.escape(module)}(?:\.\w+)*(?![\w/-])", words)
    return found[0] if found else None


def imports(line: str, module: str) -> bool:
    """Whether a line of Python or JavaScript imports `module` by its name."""
    top = re.escape(module.partition(".")[0])
    python = top and re.match(rf"\s*(?:from|import)\s.*\b{top}\b", line)
    return bool(python or f'"{module}"' in line or f"'{module}'" in line)


def needed_by(frames: tuple[Frame, ...], module: str) -> str | None:
    """The installed package whose own line, the innermost, imports `module`; None where the name was computed."""
    frame = next((f for f in frames if not f.path.endswith(_DYNAMIC)), None)
    return frame.package if frame is not None and imports(frame.source or "", module) else None


class ModulePlace(NamedTuple):
    """Where the repository has a module: its file, and the folder it is imported from."""

    file: str
    folder: str


def find_module(repo: Snapshot, module: str) -> ModulePlace | None:
    """The one place in the repository that has `module`; None where there is none, or more than one."""
    path = module.replace(".", "/")
    found = [
        ModulePlace(file, folder)
        for folder in folders(repo)
        for file in (posixpath.normpath(posixpath.join(folder, path + end)) for end in (".py", "/__init__.py"))
        if repo.is_file(file)
    ]
    return found[0] if len(found) == 1 else None


def folders(repo: Snapshot, start: str = ".") -> Iterator[str]:
    """The folder `start` of the repository and those in it, the nearest first."""
    level, seen = [start], 0
    for _ in range(MAX_DEPTH + 1):
        below: list[str] = []
        for folder in level:
            yield folder
            seen += 1
            if seen == MAX_FOLDERS:
                return
            names = (posixpath.normpath(posixpath.join(folder, n)) for n in repo.entries(folder) if n[0] != ".")
            below += [n for n in names if not n.endswith("node_modules") and repo.look(n).is_directory]
        level = below


def start_there(service: Service, place: ModulePlace) -> str:
    """What to do so that a module at `place` is found by the service's command."""
    context = service.build.context or "."
    inside = posixpath.relpath(place.folder, context)
    if inside == ".":
        return "copy that file into the image, to where the command starts"
    if inside.startswith(".."):
        return f"make {place.folder} the service's folder or its build context: {context} does not hold it"
    words = " ".join((service.command.text or "", *(service.command.argv or ()))) if service.command else ""
    option = next((o for program, o in _START_FOLDER.items() if re.search(rf"\b{program}\b", words)), None)
    other = f", or add `{option.format(inside)}` to the command" if option else ""
    return f"start it in {place.folder}{other}"
