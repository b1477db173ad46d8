"""The two views that are not on disk: git's index and a commit."""

import os
from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property

from emulator.model.diagnostic import UsageError
from emulator.model.plan import SnapshotInfo
from emulator.model.spelling import nearest
from emulator.snapshot import Look, Node, Repository, follow

from .disk import Facts, Place
from .git import Git, GitFailed, git

EMPTY_BLOBS = (
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)
"""The name of a file of no bytes, in SHA-1 and SHA-256 repositories."""


def open_tree(root: str, place: Place, facts: Facts, snapshot: str) -> "IndexTree | CommitTree":
    """The index, or the commit `snapshot` names, seen from `root`. Raises UsageError."""
    if snapshot == "index":
        return IndexTree(root, place, facts)
    commit = find_commit(place.top, snapshot)
    return CommitTree(root, place, facts, commit)


def find_commit(top: str, revision: str) -> str:
    """The full name of a commit. Raises UsageError when git knows none by this name."""
    if not revision.startswith("-"):
        asked = Git(top, ["rev-parse", "--verify", "--quiet", revision + "^{commit}"])
        code, output, _ = asked.finish()
        if code == 0:
            return output.decode().strip()
    near = nearest(revision, ["worktree", "index", *_names(top)])
    raise UsageError(
        f"git knows no commit {revision!r} in {top}",
        help=f"did you mean {near}?" if near else _REVISIONS,
        code="usage/unknown-revision",
    )


_REVISIONS = "give worktree, index, or a revision such as HEAD~1, a branch, a tag or a commit"


def _names(top: str) -> list[str]:
    """Branches and tags."""
    names = git(top, "for-each-ref", "--format=%(refname:short)", "--count=1000", "refs/heads", "refs/tags")
    return names.decode(errors="replace").splitlines()


Entries = dict[bytes, tuple[bytes, bytes]]
"""Name to (mode, object), as git writes them."""


class GitTree:
    """What the index and a commit have in common: content comes from git's objects, not from the disk."""

    def __init__(self, root: str, place: Place, facts: Facts) -> None:
        self.root = root
        self.place = place
        self.facts = facts
        self._nodes: dict[str, Node] = {}
        self._known: dict[str, Node] = {}

    @cached_property
    def repository(self) -> Repository:
        return self.facts.repository(self.root, self.place.top)

    @property
    @abstractmethod
    def info(self) -> SnapshotInfo: ...

    @abstractmethod
    def node_at(self, path: str) -> Node:
        """What git has at exactly `path`; `key` is the object's name. Raises GitFailed."""

    @abstractmethod
    def files(self) -> Entries:
        """Every file below the root. Raises GitFailed."""

    @abstractmethod
    def names(self, path: str) -> tuple[str, ...]:
        """The names in the directory at exactly `path`. Raises GitFailed."""

    def look(self, path: str) -> Look:
        try:
            node = follow(path, self._remembered)
            size = self._size(node.key) if node.kind == "file" else None
        except GitFailed as problem:
            raise _unreadable(path, problem) from problem
        if node.kind == "file":
            self._nodes[path] = node
        return Look(path=path, kind=node.kind, why=node.why, detail=node.detail, size=size, executable=node.executable)

    def node(self, path: str) -> Node:
        if path == ".":
            return Node(path=".", kind="directory")
        try:
            return self._remembered(path)
        except GitFailed as problem:
            raise _unreadable(path, problem) from problem

    def read(self, path: str) -> bytes:
        try:
            return self._content(self._nodes[path].key)
        except GitFailed as problem:
            raise _unreadable(path, problem) from problem

    def entries(self, path: str) -> tuple[str, ...]:
        try:
            node = follow(path, self._remembered)
            return tuple(sorted(self.names(node.path))) if node.kind == "directory" else ()
        except GitFailed as problem:
            raise _unreadable(path, problem) from problem

    def left_out(self, path: str) -> tuple[Node, ...]:
        """Nothing: what is not in git is not looked for on the disk."""
        del path
        return ()

    def _remembered(self, path: str) -> Node:
        if path not in self._known:
            self._known[path] = self.node_at(path)
        return self._known[path]

    def _node(self, path: str, mode: str, oid: str) -> Node:
        """The node for an entry as git's modes describe it."""
        if mode.endswith("40000"):
            return Node(path=path, kind="directory", key=oid)
        if mode == "160000":
            return Node(path=path, kind="submodule", key=oid)
        if mode == "120000":
            return Node(path=path, kind="symlink", key=oid, target=os.fsdecode(self._content(oid)))
        return Node(path=path, kind="file", key=oid, executable=mode == "100755")

    @cached_property
    def _sizes(self) -> Git:
        return Git(self.place.top, ["cat-file", "--batch-check"], talk=True)

    @cached_property
    def _contents(self) -> Git:
        return Git(self.place.top, ["cat-file", "--batch"], talk=True)

    def _size(self, oid: str) -> int:
        self._sizes.ask(oid.encode() + b"\n")
        return _object_size(self._sizes.line())

    def _content(self, oid: str) -> bytes:
        self._contents.ask(oid.encode() + b"\n")
        data = self._contents.exactly(_object_size(self._contents.line()) + 1)
        return data[:-1]


class CommitTree(GitTree):
    """A commit's files. Each directory on the way to a path is read once, the others never."""

    def __init__(self, root: str, place: Place, facts: Facts, commit: str) -> None:
        super().__init__(root, place, facts)
        self.commit = commit
        self._directories: dict[str, dict[str, tuple[str, str]]] = {}

    @property
    def info(self) -> SnapshotInfo:
        return SnapshotInfo(kind="commit", commit=self.commit)

    @cached_property
    def tree(self) -> str:
        """The tree object of the snapshot's root; "" when the commit has no such directory."""
        name = f"{self.commit}:{self.place.prefix}".removesuffix("/")
        return Git(self.place.top, ["rev-parse", "--verify", "--quiet", name]).finish()[1].decode().strip()

    def node_at(self, path: str) -> Node:
        parent, _, name = path.rpartition("/")
        entry = self._directory(parent or ".").get(name)
        return self._node(path, *entry) if entry else Node(path=path, kind=None, why="missing")

    def names(self, path: str) -> tuple[str, ...]:
        return tuple(self._directory(path))

    def files(self) -> Entries:
        return listed_entries(git(self.place.top, "ls-tree", "-r", "-z", self.tree)) if self.tree else {}

    def _directory(self, path: str) -> dict[str, tuple[str, str]]:
        """Name to (mode, object) in the directory at `path`; `follow` has made sure that it is one."""
        if path not in self._directories:
            oid = self.tree if path == "." else self._remembered(path).key
            self._directories[path] = _tree_entries(self._content(oid), len(oid) // 2) if oid else {}
        return self._directories[path]


class IndexTree(GitTree):
    """What `git commit` would commit now. The list of the index is read once, by git, and searched as it is."""

    @property
    def info(self) -> SnapshotInfo:
        return SnapshotInfo(kind="index", commit=self.repository.commit)

    @cached_property
    def listing(self) -> bytes:
        """NUL, then `mode object stage TAB path NUL` for each file below the root. Raises UsageError."""
        listed = b"\0" + git(self.root, "ls-files", "-z", "--stage", env=self.index_variable)
        if unmerged := next((hit for stage in (b" 1\t", b" 2\t", b" 3\t") for hit in _records(listed, stage)), None):
            raise UsageError(
                f"the index holds a merge that is not finished: {os.fsdecode(unmerged[2])} has conflicts",
                help="resolve the conflicts and `git add` the files, or use --snapshot worktree",
                code="usage/unmerged-index",
            )
        return listed

    @cached_property
    def index_variable(self) -> dict[str, str]:
        """GIT_INDEX_FILE as `git commit` hands it to a pre-commit hook, where it names the index that
        is about to be committed; only when it is one of this repository."""
        given = os.environ.get("GIT_INDEX_FILE")
        if not given:
            return {}
        folder = os.path.realpath(
            os.path.join(self.place.top, os.fsdecode(git(self.place.top, "rev-parse", "--git-dir").removesuffix(b"\n")))
        )
        index = os.path.realpath(os.path.join(self.place.top, given))
        return {"GIT_INDEX_FILE": index} if os.path.dirname(index) == folder and os.path.exists(index) else {}

    @cached_property
    def intended(self) -> frozenset[str]:
        """Files only announced with `git add --intent-to-add`: a commit leaves them out."""
        listed = git(
            self.root, "diff-files", "-z", "--name-only", "--relative", "--diff-filter=A", env=self.index_variable
        )
        return frozenset(os.fsdecode(name) for name in listed.split(b"\0") if name)

    def node_at(self, path: str) -> Node:
        name = os.fsencode(path)
        for mode, oid, _ in _records(self.listing, b" 0\t" + name + b"\0"):
            if oid not in EMPTY_BLOBS or path not in self.intended:
                return self._node(path, mode, oid)
            return Node(path=path, kind=None, why="missing", detail="announced with `git add -N`, not added")
        if any(_records(self.listing, b" 0\t" + name + b"/")):
            return Node(path=path, kind="directory")
        return Node(path=path, kind=None, why="missing")

    def names(self, path: str) -> tuple[str, ...]:
        start = b"" if path == "." else os.fsencode(path) + b"/"
        inside = (name[len(start) :] for _, _, name in _records(self.listing, b" 0\t" + start))
        return tuple({os.fsdecode(name.partition(b"/")[0]) for name in inside})

    def files(self) -> Entries:
        entries = listed_entries(self.listing[1:])
        for name in self.intended:
            if entries.get(os.fsencode(name), (b"", b""))[1].decode() in EMPTY_BLOBS:
                del entries[os.fsencode(name)]
        return entries


def listed_entries(listing: bytes) -> Entries:
    """What `ls-files --stage -z` (mode object stage) or `ls-tree -z` (mode type object) prints, by name."""
    entries = {}
    for record in listing.split(b"\0"):
        head, tab, name = record.partition(b"\t")
        if tab:
            mode, second, third = head.split(b" ")
            entries[name] = (mode, second if len(third) == 1 else third)
    return entries


def _records(listing: bytes, ending: bytes) -> Iterator[tuple[str, str, bytes]]:
    """(mode, object, name) of the entries in which `ending` starts at their stage: the space before it.

    Searching the text costs a hundredth of taking it apart.
    """
    at = listing.find(ending)
    while at >= 0:
        start = listing.rfind(b"\0", 0, at) + 1
        mode, _, oid = listing[start:at].partition(b" ")
        if mode.isdigit() and b"\t" not in oid:  # else `ending` was found within a name
            tab = at + 3
            yield mode.decode(), oid.decode(), listing[tab : listing.index(b"\0", tab)]
        at = listing.find(ending, at + 1)


def _tree_entries(data: bytes, width: int) -> dict[str, tuple[str, str]]:
    """A tree object's entries: name to (mode, object). `width` is the length of an object's name."""
    entries = {}
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        oid = data[end + 1 : end + 1 + width].hex()
        entries[os.fsdecode(data[space + 1 : end])] = (data[at:space].decode(), oid)
        at = end + 1 + width
    return entries


def _object_size(answer: bytes) -> int:
    """The size in cat-file's answer `object type size`. Raises GitFailed when it says "missing"."""
    oid, _, rest = answer.decode(errors="replace").partition(" ")
    size = rest.rpartition(" ")[2]
    if not size.isdigit():
        raise GitFailed(f"object {oid} is {rest or 'missing'}")
    return int(size)


def _unreadable(path: str, problem: GitFailed) -> UsageError:
    return UsageError(
        f"git cannot read {path}: {problem.message}",
        help="fetch what is missing (git fetch --refetch), or repair the repository (git fsck)",
        code="usage/broken-repository",
    )
