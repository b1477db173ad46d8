"""The repository as the platform would receive it: a read-only view that remembers what was asked.

A `Snapshot` answers from a `Source`: a folder on disk as git sees it, git's index, a commit, or a
mapping in a test. It reads a file only when asked, so planning a repository of 100,000 files costs
what its three or four deploy files cost.
"""

import posixpath
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, Protocol

from .model.plan import SnapshotInfo
from .model.record import Record, replace

EntryKind = Literal["file", "directory", "symlink", "submodule"]

Why = Literal["", "missing", "ignored", "outside", "unreadable", "not-a-file"]


class Look(Record, frozen=True, kw_only=True):
    """What lies at a path, after following symbolic links that stay inside the repository.

    kind is None when the platform would find nothing there; `why` then tells: "missing" (not on
    disk either), "ignored" (on disk, but git ignores it, `detail` names file:line:pattern),
    "outside" (a path or link that leads out of the repository), "unreadable" (`detail` is the
    system's reason), "not-a-file" (a socket, pipe or device, which git never sees).
    """

    path: str
    kind: EntryKind | None
    why: Why = ""
    detail: str = ""
    size: int | None = None
    executable: bool = False

    @property
    def is_file(self) -> bool:
        return self.kind == "file"

    @property
    def is_directory(self) -> bool:
        return self.kind == "directory"


class Repository(Record, frozen=True, kw_only=True):
    """What git says about the repository, None where it says nothing.

    name: the last part of git's remote without ".git", else the folder's name. slug: "owner/name". prefix: what leads
    from git's top level to the root: "" or "services/api/".
    """

    name: str
    slug: str | None = None
    branch: str | None = None
    commit: str | None = None
    is_git: bool = False
    prefix: str = ""


class Source(Protocol):
    """Where a snapshot's content comes from. Paths are normalised, POSIX, relative to the root, "." the root."""

    @property
    def root(self) -> str:
        """The absolute path of the root on this machine: its identity, never part of a plan."""
        ...

    @property
    def info(self) -> SnapshotInfo: ...

    @property
    def repository(self) -> Repository: ...

    def look(self, path: str) -> Look: ...

    def node(self, path: str) -> "Node":
        """What the snapshot has at exactly `path`, whose parents are directories: a link is a link.
        Where nothing is on disk and git would ignore it, `detail` names the rule."""
        ...

    def read(self, path: str) -> bytes:
        """The bytes of a file that `look` calls a file. Raises OSError."""
        ...

    def entries(self, path: str) -> tuple[str, ...]:
        """The names in a directory that belong to the snapshot, sorted; () when it is none."""
        ...

    def left_out(self, path: str) -> "tuple[Node, ...]":
        """What lies in a directory on this disk and does not belong to the snapshot, sorted, each with its reason.
        Git's own folder is not told of."""
        ...


class Unreadable(Exception):
    """A file is there but cannot be used: too large, not text, or the system refuses it.

    code: kebab-case; message: one fact; line: where, when it is a place in the text.
    """

    def __init__(self, code: str, message: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.column = column


MAX_DEPLOY_FILE_BYTES = 4 * 1024 * 1024
"""No deploy file a person writes comes near this; beyond it the file is refused, not read."""


class Snapshot:
    """A read-only view of the repository that remembers what was asked of it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._looks: dict[str, Look] = {}
        self._bytes: dict[str, bytes] = {}
        self._exact: dict[str, Node] = {}

    @property
    def source(self) -> Source:
        """Where the content comes from: what the build context is made of."""
        return self._source

    @property
    def root(self) -> str:
        return self._source.root

    @property
    def info(self) -> SnapshotInfo:
        return self._source.info

    @property
    def repository(self) -> Repository:
        return self._source.repository

    @property
    def asked(self) -> tuple[str, ...]:
        """Every path that was asked for, sorted: what the plan depends on."""
        return tuple(sorted(self._looks))

    def look(self, path: str) -> Look:
        """What lies at `path`; a path that leaves the repository is "outside"."""
        clean = normal(path)
        if clean is None:
            return Look(path=path, kind=None, why="outside", detail="the path leads out of the repository")
        if clean not in self._looks:
            self._looks[clean] = self._source.look(clean)
        return self._looks[clean]

    def is_file(self, path: str) -> bool:
        return self.look(path).is_file

    def node(self, path: str) -> "Node":
        """What lies at exactly `path`, whose parents are directories. A symbolic link is one here."""
        if path not in self._exact:
            self._exact[path] = self._source.node(path)
        return self._exact[path]

    def entries(self, path: str = ".") -> tuple[str, ...]:
        clean = normal(path)
        return self._source.entries(clean) if clean is not None else ()

    def left_out(self, path: str = ".") -> "tuple[Node, ...]":
        """What lies in a directory on this disk and is not part of the snapshot, sorted, each with its reason."""
        clean = normal(path)
        return self._source.left_out(clean) if clean is not None else ()

    def read(self, path: str) -> bytes:
        """The file's bytes. Raises `Unreadable` when it is no file, too large, or the system refuses it."""
        look = self.look(path)
        if not look.is_file:
            raise Unreadable("unreadable", f"{path} is not a file" if look.kind else f"{path} is not there")
        if look.path in self._bytes:
            return self._bytes[look.path]
        if look.size is not None and look.size > MAX_DEPLOY_FILE_BYTES:
            raise Unreadable(
                "too-large", f"{path} has {look.size:,} bytes; a deploy file may have {MAX_DEPLOY_FILE_BYTES:,}"
            )
        try:
            data = self._source.read(look.path)
        except OSError as problem:
            raise Unreadable("unreadable", f"{path} cannot be read: {problem.strerror or problem}") from problem
        self._bytes[look.path] = data
        return data

    def text(self, path: str) -> str:
        """The file as text. Raises `Unreadable` when it is binary or not UTF-8 (a leading BOM is dropped)."""
        data = self.read(path)
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise Unreadable("not-utf-8", f"{path} is UTF-16, as some programs of Windows write it")
        if (zero := data.find(b"\0")) >= 0:
            line = data.count(b"\n", 0, zero) + 1
            raise Unreadable("binary", f"{path} is not text: it holds a NUL byte", line=line)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            line = data.count(b"\n", 0, problem.start) + 1
            column = problem.start - (data.rfind(b"\n", 0, problem.start) + 1) + 1
            raise Unreadable(
                "not-utf-8", f"{path} is not UTF-8: byte 0x{data[problem.start]:02x}", line=line, column=column
            ) from None


def normal(path: str) -> str | None:
    """`path` without "./", "//" and inner ".."; None when it leads out of the root or is absolute."""
    if path.startswith("/"):
        return None
    clean = posixpath.normpath(path or ".")
    return None if clean == ".." or clean.startswith("../") else clean


class Node(Record, frozen=True, kw_only=True):
    """What one exact path is, links not followed: what a source tells `follow`.

    kind, why and detail as in `Look`; target: where a symbolic link points; key: whatever the
    source needs to read it; on_disk: what lies there of a path that is ignored, where that is known.
    """

    path: str
    kind: EntryKind | None
    why: Why = ""
    detail: str = ""
    size: int | None = None
    executable: bool = False
    target: str = ""
    key: str = ""
    on_disk: EntryKind | None = None


MAX_LINKS = 40
"""As many symbolic links as Linux follows in one path."""


def follow(path: str, node_at: Callable[[str], Node]) -> Node:
    """The node `path` leads to, through symbolic links that stay inside the repository.

    `path` is normalised; `node_at` answers for one path whose parents are directories. The result
    is never a link: a link that leads out is "outside", one that leads nowhere is "missing".
    """
    node = link = Node(path=".", kind="directory")
    pending = [] if path == "." else path.split("/")[::-1]
    links = 0
    while pending:
        name = pending.pop()
        if name in ("", "."):
            continue
        if name == "..":
            if node.path == ".":
                return Node(path=path, kind=None, why="outside", detail="a symbolic link leads out of the repository")
            node = Node(path=posixpath.dirname(node.path) or ".", kind="directory")
            continue
        parent = node.path
        node = node_at(name if parent == "." else f"{parent}/{name}")
        if node.kind == "symlink":
            links, link = links + 1, node
            if node.target.startswith("/"):
                detail = f"{node.path} is a symbolic link to {node.target}, outside the repository"
                return Node(path=path, kind=None, why="outside", detail=detail)
            if links > MAX_LINKS:
                return Node(path=path, kind=None, why="missing", detail=f"{node.path} is a symbolic link in a circle")
            pending.extend(node.target.split("/")[::-1])
            node = Node(path=parent, kind="directory")
        elif node.kind is None:
            if links and node.why == "missing" and not node.detail:
                return replace(node, detail=f"{link.path} is a symbolic link to {link.target}, which is not there")
            return node
        elif pending and node.kind == "submodule":
            detail = f"{node.path} is a submodule whose files are not here"
            return Node(path=path, kind=None, why="missing", detail=detail)
        elif pending and node.kind == "file":
            return Node(path=path, kind=None, why="missing", detail=f"{node.path} is a file, not a directory")
    return node


class MappingSource:
    """A repository made of a mapping, for tests: path to text or bytes. Directories follow from the paths.

    `ignored` paths exist on disk but not for the platform. `links`: symbolic links and their targets.
    """

    def __init__(
        self,
        files: Mapping[str, str | bytes],
        *,
        ignored: Iterable[str] = (),
        links: Mapping[str, str] | None = None,
        executable: Iterable[str] = (),
        repository: Repository | None = None,
    ) -> None:
        self._files = {k: v.encode() if isinstance(v, str) else v for k, v in files.items()}
        self._links = dict(links or {})
        self._executable = frozenset(executable)
        self._ignored = frozenset(ignored)
        self.root = "/in-memory"
        self.info = SnapshotInfo(kind="folder")
        self.repository = repository or Repository(name="app")

    def look(self, path: str) -> Look:
        node = follow(path, self.node)
        return Look(
            path=path, kind=node.kind, why=node.why, detail=node.detail, size=node.size, executable=node.executable
        )

    def node(self, path: str) -> Node:
        if path in self._ignored:
            return Node(path=path, kind=None, why="ignored", detail=f".gitignore:1:{path}")
        if path in self._links:
            return Node(path=path, kind="symlink", target=self._links[path])
        if path in self._files:
            return Node(path=path, kind="file", size=len(self._files[path]), executable=path in self._executable)
        if path == "." or any(name.startswith(path + "/") for name in (*self._files, *self._links)):
            return Node(path=path, kind="directory")
        return Node(path=path, kind=None, why="missing")

    def read(self, path: str) -> bytes:
        return self._files[follow(path, self.node).path]

    def entries(self, path: str) -> tuple[str, ...]:
        return self._names(path, (*self._files, *self._links), without=self._ignored)

    def left_out(self, path: str) -> tuple[Node, ...]:
        start = "" if path == "." else path + "/"
        inside = (self.node(start + name) for name in self._names(path, self._ignored))
        return tuple(node for node in inside if node.kind is None)

    def _names(self, path: str, names: Iterable[str], without: frozenset[str] = frozenset()) -> tuple[str, ...]:
        here = follow(path, self.node).path
        prefix = "" if here == "." else here + "/"
        inside = (name[len(prefix) :] for name in names if name.startswith(prefix) and name not in without)
        return tuple(sorted({name.split("/", 1)[0] for name in inside}))


def from_mapping(
    files: Mapping[str, str | bytes],
    *,
    ignored: Iterable[str] = (),
    links: Mapping[str, str] | None = None,
    executable: Iterable[str] = (),
) -> Snapshot:
    """A snapshot of `files`, for tests."""
    return Snapshot(MappingSource(files, ignored=ignored, links=links, executable=executable))
