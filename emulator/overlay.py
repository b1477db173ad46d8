"""A snapshot in which some files are other than they are: what would be, with nothing touched."""

import posixpath
from collections.abc import Mapping

from .model.plan import SnapshotInfo
from .model.record import replace
from .snapshot import Look, Node, Repository, Snapshot, Source, follow


class Overlay:
    """A source that answers from `beneath`, but for some paths.

    instead: path to the bytes that are there; without: paths at and below which nothing is; executable: files that get
    the mark. All are normalised. A path that is in both of the first is there.
    """

    def __init__(
        self, beneath: Snapshot, *, instead: Mapping[str, bytes], without: frozenset[str], executable: frozenset[str]
    ) -> None:
        self._beneath = beneath
        self._instead = dict(instead)
        self._without = without
        self._executable = executable

    @property
    def root(self) -> str:
        return self._beneath.root

    @property
    def info(self) -> SnapshotInfo:
        return self._beneath.info

    @property
    def repository(self) -> Repository:
        return self._beneath.repository

    def look(self, path: str) -> Look:
        node = follow(path, self.node)
        if node.kind == "file" and node.path not in self._instead:
            found = self._beneath.look(node.path)
            return replace(found, executable=True) if node.path in self._executable else found
        return Look(
            path=path, kind=node.kind, why=node.why, detail=node.detail, size=node.size, executable=node.executable
        )

    def node(self, path: str) -> Node:
        if path in self._instead:
            marked = path in self._executable or self._beneath.node(path).executable
            return Node(path=path, kind="file", size=len(self._instead[path]), executable=marked)
        if any(name.startswith(path + "/") for name in self._instead):
            return Node(path=path, kind="directory")
        if self._gone(path):
            return Node(path=path, kind=None, why="missing")
        found = self._beneath.node(path)
        if found.kind == "directory" and self._touched(path) and not self._inside(path):
            return Node(path=path, kind=None, why="missing", detail="an empty directory, which git does not keep")
        return replace(found, executable=True) if found.kind == "file" and path in self._executable else found

    def read(self, path: str) -> bytes:
        here = follow(path, self.node).path
        return self._instead[here] if here in self._instead else self._beneath.read(here)

    def entries(self, path: str) -> tuple[str, ...]:
        node = follow(path, self.node)
        return self._inside(node.path) if node.kind == "directory" else ()

    def _inside(self, here: str) -> tuple[str, ...]:
        """The names in the directory at exactly `here`."""
        names = {name for name in self._beneath.entries(here) if not self._gone(_join(here, name))}
        start = "" if here == "." else here + "/"
        names |= {name[len(start) :].split("/", 1)[0] for name in self._instead if name.startswith(start)}
        if not any(self._touched(_join(here, name)) for name in names):
            return tuple(sorted(names))
        return tuple(sorted(name for name in names if self.node(_join(here, name)).kind is not None))

    def left_out(self, path: str) -> tuple[Node, ...]:
        here = self._beneath.left_out(path)
        return tuple(node for node in here if node.path not in self._instead and not self._gone(node.path))

    def _gone(self, path: str) -> bool:
        """Whether the path, or a directory above it, is taken out."""
        above = path
        while above not in self._without:
            above = posixpath.dirname(above)
            if not above:
                return False
        return True

    def _touched(self, path: str) -> bool:
        """Whether something in the directory is taken out."""
        return any(gone.startswith(path + "/") for gone in self._without)


def overlaid(
    beneath: Snapshot,
    *,
    instead: Mapping[str, bytes],
    without: frozenset[str] = frozenset(),
    executable: frozenset[str] = frozenset(),
) -> Snapshot:
    """`beneath` with some files put in or replaced, others taken out, and some made executable; `beneath` and the disk
    stay as they are."""
    source: Source = Overlay(beneath, instead=instead, without=without, executable=executable)
    return Snapshot(source)


def _join(directory: str, name: str) -> str:
    return name if directory == "." else f"{directory}/{name}"
