"""Which files differ between two views of a repository: git names the candidates, their content decides."""

import os
import posixpath

from emulator.model.change import FileChange
from emulator.model.diagnostic import UsageError
from emulator.snapshot import Node, Snapshot

from .disk import Worktree
from .git import GitFailed, git
from .trees import CommitTree, GitTree, IndexTree


def merge_base(root: str, one: str, other: str) -> str:
    """The commit at which two revisions parted. Raises UsageError where git knows none."""
    for revision in (one, other):
        if revision.startswith("-"):
            raise UsageError(f"{revision!r} is no revision", help="give a branch, a tag or a commit")
    try:
        return git(root, "merge-base", one, other).decode().strip()
    except GitFailed:
        raise UsageError(
            f"{one} and {other} have no commit in common, or git does not know one of them",
            help=f"compare them as they are: {one}..{other}",
            code="usage/no-merge-base",
        ) from None


def changes(before: Snapshot, after: Snapshot) -> tuple[FileChange, ...]:
    """The paths that `after` has otherwise than `before`, sorted. Both are views of one git repository.

    Raises UsageError when git cannot read it.
    """
    try:
        candidates = _candidates(before.source, after.source)
    except GitFailed as problem:
        raise UsageError(
            f"git cannot compare the two: {problem.message}",
            help="repair the repository (git fsck), or fetch what is missing",
            code="usage/broken-repository",
        ) from problem
    found = (_change(path, before, after) for path in sorted(candidates))
    return tuple(one for one in found if one is not None)


def _candidates(before: object, after: object) -> set[str]:
    """Every path that may differ, and no more than git has to look at to know."""
    views = before, after
    if isinstance(before, CommitTree) and isinstance(after, CommitTree):
        listed = git(after.root, "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--relative",
                     before.commit, after.commit)  # fmt: skip
        return _paths(listed)
    if all(isinstance(view, GitTree) for view in views):
        one, two = (view.files() for view in views if isinstance(view, GitTree))
        names = (name for name in one.keys() | two.keys() if one.get(name) != two.get(name))
        return {os.fsdecode(name) for name in names}
    disk = next(view for view in views if isinstance(view, Worktree))
    tree = next((view for view in views if isinstance(view, GitTree)), None)
    found = _paths(git(disk.root, "diff-files", "-z", "--name-only", "--relative"))
    found |= _paths(git(disk.root, "ls-files", "-z", "--others", "--exclude-standard"))
    if tree is not None and not isinstance(tree, IndexTree):
        # What is in the index otherwise than in the commit may be on disk as in either.
        found |= _candidates(tree, IndexTree(disk.root, tree.place, tree.facts))
    return found


def _paths(listed: bytes) -> set[str]:
    return {os.fsdecode(name) for name in listed.split(b"\0") if name}


def _change(path: str, before: Snapshot, after: Snapshot) -> FileChange | None:
    """None where both have the same there after all, or none has anything."""
    old, new = _exactly(before, path), _exactly(after, path)
    if old.kind in (None, "directory"):
        return FileChange(path=path, fate="added") if new.kind not in (None, "directory") else None
    if new.kind in (None, "directory"):
        return FileChange(path=path, fate="removed")
    if (old.kind, old.target, old.executable) != (new.kind, new.target, new.executable):
        return FileChange(path=path, fate="changed")
    # A submodule that git names is at another commit, or holds other files.
    if old.kind != "submodule" and _content(before, path) == _content(after, path):
        return None
    return FileChange(path=path, fate="changed")


def _exactly(repo: Snapshot, path: str) -> Node:
    """What is at exactly `path`; nothing below what is no directory."""
    parent = posixpath.dirname(path)
    if parent and _exactly(repo, parent).kind != "directory":
        return Node(path=path, kind=None, why="missing")
    return repo.node(path)


def _content(repo: Snapshot, path: str) -> tuple[int | None, bytes]:
    """Its size and its bytes; a file that cannot be read differs from none."""
    look = repo.source.look(path)
    try:
        return look.size, repo.source.read(look.path) if look.is_file else b""
    except OSError:
        return look.size, b""

