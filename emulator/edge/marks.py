"""In which files a repository differs from what it was at an earlier deploy: git knows the commits, and what is in none
is told by its digest."""

import hashlib
import os
import stat
from collections.abc import Collection

from emulator.model.mark import GONE, MOST_MARKED, Mark

from .git import Git, GitFailed, GitMissing, git

_MOST_READ = 4 * 1024 * 1024
_MOST_BYTES = 64 * 1024 * 1024
"""A file that is larger, and what comes after so much, is known by what the file system says of it: a deploy waits for
no more."""
_AT_A_TIME = 200


def mark(root: str) -> Mark | None:
    """What lies there now; None where that is too much to be named."""
    try:
        head = Git(root, ("rev-parse", "--quiet", "--verify", "HEAD"))
        others = Git(root, ("ls-files", "-z", "--others", "--exclude-standard"))
        changed = git(root, "diff-files", "-z", "--name-only", "--relative")
        names = _paths(changed) | _paths(others.output())
        commit = head.output(accept=(0, 1)).decode().strip() or None
        if commit is not None:
            names |= _paths(git(root, "diff-index", "--cached", "-z", "--name-only", "--relative", "HEAD"))
        else:
            names |= _paths(git(root, "ls-files", "-z"))
    except (GitFailed, GitMissing):
        commit, names = None, set(_walked(root))
    if len(names) > MOST_MARKED:
        return None
    read = _Reading()
    return Mark(commit=commit, files={path: read.digest(os.path.join(root, path)) for path in sorted(names)})


def between(root: str, before: Mark, after: Mark) -> tuple[str, ...] | None:
    """The paths in which they differ, sorted; None where git does not know a commit any more."""
    try:
        candidates = before.files.keys() | after.files.keys()
        if before.commit is not None and after.commit is not None and before.commit != after.commit:
            listed = git(root, "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--relative",
                         before.commit, after.commit)  # fmt: skip
            candidates |= _paths(listed)
        old, new = (_digests(root, one, candidates) for one in (before, after))
    except (GitFailed, GitMissing):
        return None
    differing = sorted(path for path in candidates if old.get(path, GONE) != new.get(path, GONE))
    return tuple(os.fsencode(path).decode(errors="replace") for path in differing)


def _digests(root: str, one: Mark, paths: Collection[str]) -> dict[str, str]:
    """By path. Those that its commit has by what it has there."""
    found: dict[str, str] = {}
    if one.commit is not None:
        wanted = sorted(set(paths).difference(one.files))
        for at in range(0, len(wanted), _AT_A_TIME):
            some = wanted[at : at + _AT_A_TIME]
            for entry in git(root, "--literal-pathspecs", "ls-tree", "-z", one.commit, "--", *some).split(b"\0"):
                facts, _, path = entry.partition(b"\t")
                if path:
                    mode, _, digest = facts.decode().split()
                    found[os.fsdecode(path)] = _with_mode(digest, int(mode, 8))
    return {**found, **one.files}


def _paths(listed: bytes) -> set[str]:
    return {os.fsdecode(name) for name in listed.split(b"\0") if name}


def _walked(root: str) -> list[str]:
    found: list[str] = []
    for directory, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != ".git"]
        found += (os.path.relpath(os.path.join(directory, name), root) for name in names)
        if len(found) > MOST_MARKED:
            break
    return found


class _Reading:
    """Of a mark: how much may still be read."""

    def __init__(self) -> None:
        self._left = _MOST_BYTES

    def digest(self, path: str) -> str:
        """As git has it of a file that it changes nothing in."""
        try:
            found = os.lstat(path)
            if stat.S_ISLNK(found.st_mode):
                return _with_mode(_blob(os.fsencode(os.readlink(path))), found.st_mode)
            if not stat.S_ISREG(found.st_mode):
                return "no file"
            if found.st_size > min(_MOST_READ, self._left):
                return f"{found.st_size} {found.st_ctime_ns}"
            self._left -= found.st_size
            with open(path, "rb") as file:
                return _with_mode(_blob(file.read()), found.st_mode)
        except OSError:
            return GONE


def _with_mode(digest: str, mode: int) -> str:
    return f"{digest}+x" if mode & 0o111 and stat.S_ISREG(mode) else digest


def _blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
