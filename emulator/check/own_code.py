"""The repository's own Python modules, by name: what a command may mean when the image lacks it."""

import posixpath
from collections.abc import Iterator

from emulator.model.record import Record
from emulator.snapshot import Snapshot

MAX_FOLDERS = 400
MAX_DEPTH = 4
_SKIPPED = ("node_modules", "site-packages", "venv", "env", "__pycache__", "tests", "test")


class Home(Record, frozen=True, kw_only=True):
    """Where the repository has a module: its file, and the directory it is imported from."""

    file: str
    folder: str


def homes(repo: Snapshot, module: str) -> tuple[Home, ...]:
    """Every place of the repository that has a dotted module, the nearest first."""
    path = module.replace(".", "/")
    found: list[Home] = []
    for folder in _folders(repo):
        for end in (".py", "/__init__.py"):
            file = posixpath.normpath(posixpath.join(folder, path + end))
            if repo.is_file(file):
                found.append(Home(file=file, folder=folder))
    return tuple(found)


def has_package(repo: Snapshot, name: str) -> bool:
    """Whether the repository has a module of that name, or a directory with Python code in it."""
    for folder in _folders(repo):
        place = posixpath.normpath(posixpath.join(folder, name))
        if repo.is_file(f"{place}.py"):
            return True
        if repo.look(place).is_directory and any(one.endswith(".py") for one in repo.entries(place)):
            return True
    return False


def _folders(repo: Snapshot) -> Iterator[str]:
    level, seen = ["."], 0
    for _ in range(MAX_DEPTH + 1):
        below: list[str] = []
        for folder in level:
            yield folder
            seen += 1
            if seen >= MAX_FOLDERS:
                return
            names = (name for name in repo.entries(folder) if name[0] != "." and name not in _SKIPPED)
            places = (posixpath.normpath(posixpath.join(folder, name)) for name in names)
            below += [
                place for place in places if "." not in posixpath.basename(place) and repo.look(place).is_directory
            ]
        level = below
