"""The files of a published folder, found by the paths that clients ask for. Pure.

A file is an entry of an archive: a path that names none of them leads nowhere, so that no path can leave the folder.
"""

import posixpath
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_MOST_LINKS = 40
"""Of links to links: as many as a kernel follows."""


class SiteFile(NamedTuple):
    """offset: where its content begins in the archive. modified: seconds since the epoch. digest: of its content."""

    path: str
    offset: int
    size: int
    modified: int
    digest: str


class Member(NamedTuple):
    """An entry of the archive besides its folders: a file, or a link of either kind, which says where to."""

    name: str
    file: SiteFile | None = None
    link_to: str | None = None
    is_hard: bool = False


class SiteFiles:
    """A folder's files by path, without a slash in front. Links are followed inside the folder alone."""

    def __init__(self, members: Iterable[Member]) -> None:
        self._files: dict[str, SiteFile] = {}
        self._links: dict[str, str] = {}
        for member in members:
            name = _normal(member.name)
            if name is None:
                continue
            if member.file is not None:
                self._files[name] = member.file._replace(path=name)
            elif member.is_hard and (same := self._files.get(_normal(member.link_to or "") or "")) is not None:
                self._files[name] = same._replace(path=name)
            elif not member.is_hard and member.link_to is not None:
                self._links[name] = member.link_to

    def __len__(self) -> int:
        return len(self._files)

    @property
    def size(self) -> int:
        """In bytes, all of them."""
        return sum(file.size for file in self._files.values())

    @property
    def by_path(self) -> Mapping[str, SiteFile]:
        return self._files

    def find(self, path: str) -> SiteFile | None:
        """The file at `path`: words between single slashes. None for a folder, and for what is not there."""
        found = self._files.get(path)
        if found is not None or not self._links:
            return found
        resolved = self._resolved(path)
        return self._files.get(resolved) if resolved is not None else None

    def _resolved(self, path: str) -> str | None:
        """Where a path leads through links; None when it leaves the folder or comes to no end."""
        done: list[str] = []
        words = path.split("/")
        followed = 0
        while words:
            word = words.pop(0)
            if word in ("", "."):
                continue
            if word == "..":
                if not done:
                    return None
                done.pop()
                continue
            link = self._links.get("/".join([*done, word]))
            if link is None:
                done.append(word)
                continue
            followed += 1
            if followed > _MOST_LINKS or link.startswith("/"):
                return None
            words = [*link.split("/"), *words]
        return "/".join(done)


def _normal(name: str) -> str | None:
    """ "./a/b" → "a/b"; None for what lies outside."""
    path = posixpath.normpath(name.lstrip("/"))
    return None if path in (".", "..") or path.startswith("../") else path
