"""What is sent to BuildKit: exactly the snapshot's files, and never one from outside the repository.

For files on disk the context is the folder itself. What the platform would not have is written,
as patterns behind the user's own, into the ignore file beside a copy of the Dockerfile, so no tree
is copied. For the index and for commits the files are checked out into a cache, where only what
changed since the last time is written.

Where a deploy command uploads from this disk, its rules choose in place of git.

`.git` is never sent. No platform says whether its builder sees it, and a build that needs it
must rather fail here than pass here and fail there.
"""

import fcntl
import hashlib
import os
import posixpath
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from emulator.engine.exclusions import with_exclusions
from emulator.formats.gitignore import Upload, is_uploaded
from emulator.model.diagnostic import Fault, HostError, error
from emulator.model.plan import UploadRule
from emulator.model.record import Record
from emulator.snapshot import Snapshot, Unreadable

from .checkout import check_out
from .disk import Worktree, is_inside
from .git import GitFailed, git
from .sent import DigestOf, SentFiles, seen
from .trees import GitTree

MANY_SLOTS = 64


class Generated(Record, frozen=True, kw_only=True):
    """A Dockerfile of ours, for a runtime without one. `ignore` is its ignore file: the user's
    .dockerignore says nothing about a build that the platform makes without Docker."""

    text: str
    ignore: str = ""


class BuildContext(Record, frozen=True, kw_only=True):
    """What `docker buildx build -f DOCKERFILE DIRECTORY` is given: absolute paths.

    notes: what had to be done otherwise than usual, for people. kept: the files of it that may be sent, where they are
    not all. list_again: lists those anew; None where the directory is ours alone.
    """

    directory: str
    dockerfile: str
    notes: tuple[str, ...] = ()
    kept: tuple[str, ...] | None = None
    list_again: Callable[[], tuple[str, ...] | None] | None = None

    def sent(self, left_out: Callable[[str], bool], digest_of: DigestOf) -> SentFiles | None:
        """What is sent, as it is now; None where that cannot be said at little cost. left_out: whether the ignore file
        keeps a path of the context from the builder. digest_of: of a file, by its whole path and stamp."""
        directory, list_again = self.directory, self.list_again
        try:
            found = seen(directory, self.kept, left_out, digest_of)
        except OSError:  # it has just gone
            return None
        if found is None:
            return None
        with open(self.dockerfile, encoding="utf-8", errors="surrogateescape", newline="") as file:
            text = file.read()
        look = None if list_again is None else lambda: seen(directory, list_again(), left_out, digest_of)
        return SentFiles(text, *found, look)


@contextmanager
def prepare_context(
    snapshot: Snapshot,
    *,
    context: str,
    dockerfile: str | Generated,
    upload_rules: Sequence[UploadRule] | None = None,
) -> Iterator[BuildContext]:
    """The build context at `context`, a directory of the snapshot, while it is being built.

    dockerfile: its path in the snapshot, or a generated one. upload_rules: as in a `Build`. Runs at the
    same time do not disturb each other, and one that was killed leaves only files that the next one
    clears. Raises HostError when the snapshot has no such directory or file, or the cache cannot be
    written.
    """
    if snapshot.look(context).kind != "directory":
        raise _refused("build/no-context", f"the repository has no directory {context!r} to build in")
    slot, lock = _free_slot(snapshot.root)
    build = os.path.join(slot, "build")
    try:
        try:
            shutil.rmtree(build, ignore_errors=True)  # of a run that was killed
            os.mkdir(build)
            upload = Upload(upload_rules) if upload_rules is not None else None
            prepared = _prepared(snapshot, slot, context=context, dockerfile=dockerfile, upload=upload)
        except OSError as problem:
            raise _cache_problem(problem.filename or slot, problem.strerror) from problem
        yield prepared
    finally:
        shutil.rmtree(build, ignore_errors=True)
        os.close(lock)


def _prepared(
    snapshot: Snapshot, slot: str, *, context: str, dockerfile: str | Generated, upload: Upload | None
) -> BuildContext:
    source = snapshot.source
    assert isinstance(source, Worktree | GitTree)
    build = os.path.join(slot, "build")
    name, text, ignore = _dockerfile(snapshot, context, dockerfile, upload)
    notes: tuple[str, ...] = ()
    directory = whole = _inside(check_out(source, slot) if isinstance(source, GitTree) else source.root, context)

    def sort() -> _Sorted | None:
        if upload is not None:
            return _uploaded(whole, context, upload)
        if not isinstance(source, Worktree) or source.info.kind == "folder":
            return None
        sieve = _Sieve(source)
        sieve.repository(whole, "")
        return sieve

    def list_again() -> tuple[str, ...] | None:
        return tuple(found.kept) if (found := sort()) is not None else None

    found = sort()
    if found is not None:
        ignore, directory, notes = _without(ignore, found, directory, build)
    elif isinstance(source, Worktree):
        ignore += (b"" if ignore.endswith(b"\n") or not ignore else b"\n") + b"**/.git\n"
    copy = os.path.join(build, name)
    _write(copy, text)
    _write(copy + ".dockerignore", ignore)
    is_shared = isinstance(source, Worktree) and directory == whole
    return BuildContext(
        directory=directory,
        dockerfile=copy,
        notes=notes,
        kept=tuple(found.kept) if found is not None else None,
        list_again=list_again if is_shared else None,
    )


def _dockerfile(
    snapshot: Snapshot, context: str, dockerfile: str | Generated, upload: Upload | None
) -> tuple[str, bytes, bytes]:
    """The Dockerfile's name, its bytes, and the ignore file that goes with it."""
    if isinstance(dockerfile, Generated):
        return "Dockerfile", dockerfile.text.encode(), dockerfile.ignore.encode()
    try:
        text = snapshot.read(dockerfile) if snapshot.is_file(dockerfile) and is_uploaded(dockerfile, upload) else None
        if text is None:
            raise _refused("build/no-dockerfile", f"the repository has no file {dockerfile!r} to build from")
        # BuildKit takes the first of them that is there.
        ignores = (f"{dockerfile}.dockerignore", posixpath.normpath(f"{context}/.dockerignore"))
        found = (path for path in ignores if snapshot.is_file(path) and is_uploaded(path, upload))
        ignore = next(map(snapshot.read, found), b"")
    except Unreadable as problem:
        raise _refused("build/unreadable", problem.message) from problem
    return os.path.basename(dockerfile), text, ignore


class _Sorted(Protocol):
    """What is on disk below a directory, sorted. `kept`: files; `directories`: those that hold them; `left_out`:
    the others, a directory with nothing kept as one."""

    kept: list[str]
    directories: set[str]
    left_out: list[str]


def _without(ignore: bytes, found: _Sorted, directory: str, build: str) -> tuple[bytes, str, tuple[str, ...]]:
    """The ignore file that keeps out what was sorted out, the folder to send, and notes."""
    names = {name.rpartition("/")[2] for name in found.kept}
    names |= {part for name in found.directories for part in name.split("/")}
    written = with_exclusions(os.fsdecode(ignore), found.left_out, kept_names=names)
    if not written.inexpressible:
        return os.fsencode(written.text), directory, ()
    copy = os.path.join(build, "tree")
    for name in found.kept:
        _copy(os.path.join(directory, name), os.path.join(copy, name))
    note = f"built from a copy: no ignore file can name {written.inexpressible[0]!r}, which is left out"
    return ignore, copy, (note,)


class _Uploaded:
    """Sorts what is on disk by the rules of an upload. Paths are relative to the context."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.directories: set[str] = set()
        self.left_out: list[str] = []


def _uploaded(directory: str, context: str, upload: Upload) -> _Uploaded:
    """What an upload has of `directory`, which is `context` in the repository; git's own folder it never has here."""
    found = _Uploaded()
    waiting = [""]
    while waiting:
        here = waiting.pop()
        with os.scandir(os.path.join(directory, here)) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
        for entry in entries:
            name = f"{here}/{entry.name}" if here else entry.name
            path = posixpath.normpath(f"{context}/{name}")
            if entry.name == ".git" or upload.left_out_by(path, is_directory=entry.is_dir()) is not None:
                found.left_out.append(name)
            elif entry.is_dir(follow_symlinks=False):
                found.directories.add(name)
                waiting.append(name)
            else:
                found.kept.append(name)
    return found


def _inside(root: str, path: str) -> str:
    """The real directory at `path` in `root`. Raises HostError when links lead it elsewhere."""
    real = os.path.realpath(os.path.join(root, path))
    if not is_inside(real, os.path.realpath(root)):
        raise _refused("build/context-outside", f"{path!r} leads out of the repository")
    return real


class _Sieve:
    """Sorts what is on disk into what the platform would have (`kept`: files; `directories`: those
    git knows them in) and what it would not (`left_out`, a directory with nothing kept as one). Paths
    are relative to the context."""

    def __init__(self, source: Worktree) -> None:
        self._source = source
        self.kept: list[str] = []
        self.directories: set[str] = set()
        self.left_out: list[str] = []

    def repository(self, directory: str, prefix: str) -> bool:
        """Sorts a directory by what the repository around it says. Returns whether anything is kept."""
        try:
            listed = git(directory, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        except GitFailed as problem:
            raise _refused("build/broken-repository", f"git cannot list the files: {problem.message}") from problem
        known = {prefix + os.fsdecode(name).rstrip("/") for name in listed.split(b"\0") if name}
        for name in known:
            while (name := name.rpartition("/")[0]) and name not in self.directories:
                self.directories.add(name)
        return self._directory(directory, prefix, known)

    def _directory(self, directory: str, prefix: str, known: set[str]) -> bool:
        """Git has no empty directories: one with nothing kept is left out."""
        any_kept = False
        with os.scandir(directory) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
        for entry in entries:
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                kept = self._inner(entry.path, name, known)
            elif kept := name in known:
                self.kept.append(name)
            if not kept:
                self.left_out.append(name)
            any_kept |= kept
        return any_kept

    def _inner(self, directory: str, name: str, known: set[str]) -> bool:
        """The same for a directory in it. One that git does not know is not even read."""
        before = len(self.left_out)
        kept = False
        if name in known:  # a repository within this one
            path = os.path.relpath(directory, self._source.root)
            kept = self._source.look(path).kind == "directory" and self.repository(directory, name + "/")
        elif name in self.directories:
            kept = self._directory(directory, name + "/", known)
        if not kept:
            del self.left_out[before:]
        return kept


def _copy(file: str, to: str) -> None:
    """A copy of a file or link with its times, so that an unchanged file is not sent again. A file
    that is in the index and was deleted from the disk is left out."""
    if not os.path.lexists(file):
        return
    os.makedirs(os.path.dirname(to), exist_ok=True)
    shutil.copy2(file, to, follow_symlinks=False)


def _free_slot(root: str) -> tuple[str, int]:
    """A cache directory for the repository at `root` that no other run uses, and the open lock on it.
    The lock goes with the process, however it ends. Raises HostError."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    slots = os.path.join(os.path.abspath(base), "emu", "contexts", name)
    for number in range(MANY_SLOTS):
        slot = os.path.join(slots, str(number))
        try:
            os.makedirs(slot, mode=0o700, exist_ok=True)
            lock = os.open(os.path.join(slot, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as problem:
            raise _cache_problem(slot, problem.strerror) from problem
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            return slot, lock
    raise _cache_problem(slots, f"{MANY_SLOTS} builds of this repository run already")


def _write(file: str, content: bytes) -> None:
    with open(file, "wb") as out:
        out.write(content)


def _refused(code: str, message: str) -> HostError:
    return HostError(error(code, message), exit_code=1)


def _cache_problem(base: str, reason: str | None) -> HostError:
    message = f"the build cannot be prepared in {base}: {reason}"
    help = "make room there, or set XDG_CACHE_HOME to a directory that can be written"
    return HostError(error("host/cache", message, fault=Fault.HOST, help=help))
