"""What is uploaded, as the buildpacks see it: names in the root, and the first file of a kind at any depth."""

import re
from collections.abc import Sequence
from functools import cached_property

from emulator.formats.gitignore import Upload, is_uploaded
from emulator.model.origin import Origin
from emulator.model.plan import UploadRule
from emulator.snapshot import Snapshot, Unreadable

MOST_FOLDERS = 20_000
"""Folders looked into; of a larger source the rest is not looked at."""
_ANYWHERE = re.compile(r".*\.(go|py|php|rb|dart|csproj|fsproj|vbproj)")
"""Endings that some buildpack looks for at any depth."""


class Source:
    """The files that reach the builder. Paths are relative to the source's root."""

    def __init__(self, repo: Snapshot, rules: Sequence[UploadRule] | None) -> None:
        self._repo = repo
        self._upload = Upload(rules) if rules is not None else None

    def has(self, path: str) -> bool:
        """Whether a file is there."""
        return self._repo.is_file(path) and is_uploaded(path, self._upload)

    def text(self, path: str) -> str:
        """A file's text; "" where it is not there. Raises Unreadable."""
        return self._repo.text(path) if self.has(path) else ""

    def readable(self, path: str) -> str:
        """The same; "" also where it cannot be read."""
        try:
            return self.text(path)
        except Unreadable:
            return ""

    def in_root(self, pattern: str) -> str | None:
        """The first name in the root that a regular expression matches."""
        return next((name for name in self._root if re.fullmatch(pattern, name)), None)

    def anywhere(self, *endings: str) -> str | None:
        """The first file with one of these endings, the nearest to the root."""
        found = [self._nearest[ending] for ending in endings if ending in self._nearest]
        return min(found, key=lambda path: (path.count("/"), path), default=None)

    def place(self, path: str | None) -> Origin | None:
        """The file as a place; None of one that is empty, or not there."""
        is_there = path is not None and self.has(path)
        return Origin(file=path) if path is not None and is_there and self._repo.look(path).size else None

    def first(self, *paths: str) -> str | None:
        """The first of these files that is there."""
        return next((path for path in paths if self.has(path)), None)

    @cached_property
    def _root(self) -> tuple[str, ...]:
        return tuple(name for name in self._repo.entries() if is_uploaded(name, self._upload))

    @cached_property
    def _nearest(self) -> dict[str, str]:
        """Ending → the file nearest to the root that has it; links are not followed, node_modules is not entered."""
        found: dict[str, str] = {}
        folders = ["."]
        for folder in folders:
            for name in self._repo.entries(folder):
                path = name if folder == "." else f"{folder}/{name}"
                ending = _ANYWHERE.fullmatch(name)
                if ending is not None and ending[1] not in found and self.has(path):
                    found[ending[1]] = path
                elif name != "node_modules" and len(folders) < MOST_FOLDERS and self._is_folder(path):
                    folders.append(path)
        return found

    def _is_folder(self, path: str) -> bool:
        if self._repo.node(path).kind != "directory":
            return False
        return self._upload is None or self._upload.left_out_by(path, is_directory=True) is None


def line_of(text: str, pattern: str, file: str) -> Origin:
    """The first line in which a regular expression is found; the file itself where it is in none."""
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        return Origin(file=file)
    line = text.count("\n", 0, found.start()) + 1
    return Origin(file=file, line=line, end_line=line)
