"""The repository's own Python modules, by name: what a command may mean when the image lacks it."""

import posixpath
from functools import cached_property

from emulator.model.record import Record
from emulator.snapshot import Snapshot

MAX_FOLDERS = 200
MAX_DEPTH = 4
_SKIPPED = ("node_modules", "site-packages", "venv", "env", "__pycache__", "tests", "test")


class Home(Record, frozen=True, kw_only=True):
    """Where the repository has a module: its file, and the directory it is imported from."""

    file: str
    folder: str


class OwnCode:
    """Looks for modules in a repository; its folders are listed once."""

    def __init__(self, repo: Snapshot) -> None:
        self.repo = repo

    @property
    def is_whole(self) -> bool:
        """Whether every folder that could hold the app's code was listed."""
        return len(self._folders) < MAX_FOLDERS

    @cached_property
    def _folders(self) -> tuple[str, ...]:
        """The repository's folders, the nearest first; a large repository is not walked whole."""
        found: list[str] = []
        level = ["."]
        for _ in range(MAX_DEPTH + 1):
            below: list[str] = []
            for folder in level:
                found.append(folder)
                if len(found) >= MAX_FOLDERS:
                    return tuple(found)
                names = (name for name in self.repo.entries(folder) if "." not in name and name not in _SKIPPED)
                places = (posixpath.normpath(posixpath.join(folder, name)) for name in names)
                below += [place for place in places if self.repo.look(place).is_directory]
            level = below
        return tuple(found)

    def homes(self, module: str) -> tuple[Home, ...]:
        """Every place of the repository that has a dotted module, the nearest first."""
        path = module.replace(".", "/")
        found: list[Home] = []
        for folder in self._folders:
            for end in (".py", "/__init__.py"):
                file = posixpath.normpath(posixpath.join(folder, path + end))
                if self.repo.is_file(file):
                    found.append(Home(file=file, folder=folder))
        return tuple(found)

    def has_package(self, name: str) -> bool:
        """Whether the repository has a module of that name, or a directory with Python code in it."""
        for folder in self._folders:
            place = posixpath.normpath(posixpath.join(folder, name))
            if self.repo.is_file(f"{place}.py"):
                return True
            if self.repo.look(place).is_directory and any(one.endswith(".py") for one in self.repo.entries(place)):
                return True
        return False
