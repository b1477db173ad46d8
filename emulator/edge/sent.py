"""What is sent to a builder, as one digest: a walk that reads only what it does not know already."""

import hashlib
import itertools
import os
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

MOST = 10_000
"""Of a context with more files nothing is said: looking at them would cost more than a build from the cache."""

MOST_KNOWN = 20_000
"""So many files' digests are remembered."""

_RACY_NS = 2_000_000_000
"""A file that was changed so shortly before it was read may change again without its times telling."""

_KIND = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}

Stamp = tuple[int, int, int, int, int]
"""Changed by whatever is done to a file, or to the names in a folder."""

DigestOf = Callable[[str, Stamp], str | None]


class FileDigests:
    """The digests of files by what the file system says of them, as git's index has them. Safe for threads."""

    def __init__(self, key: bytes, known: Mapping[str, tuple[Stamp, str]] | None = None) -> None:
        """key: what they are made with, so that they tell nothing of a file. known: as `kept` gave them."""
        self._key = key
        self._known = dict(known or {})
        self._used: set[str] = set()
        self._lock = threading.Lock()
        self.is_changed = False

    def of(self, file: str, stamp: Stamp) -> str | None:
        """Of what a builder gets of a file, a link or a folder, by its whole path and its stamp; None where it is
        nothing of these, cannot be read, or is being changed."""
        kind = _KIND.get(stat.S_IFMT(stamp[0]))
        try:
            if kind == "file":
                content = self._content(file, stamp)
            elif kind == "link":
                content = os.readlink(file)
            else:
                content = _attributes(file) if kind is not None else None
        except OSError:
            return None
        return f"{kind} {stamp[0]:o} {content}" if content is not None else None

    def kept(self) -> dict[str, tuple[Stamp, str]]:
        """What is worth remembering: of files that were asked for."""
        with self._lock:
            return {file: found for file, found in self._known.items() if file in self._used}

    def _content(self, file: str, stamp: Stamp) -> str | None:
        with self._lock:
            known = self._known.get(file)
            if known is not None and known[0] == stamp:
                self._used.add(file)
                return known[1]
        made = hashlib.blake2b(key=self._key, digest_size=20)
        with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb", buffering=0) as handle:
            now = time.time_ns()
            while part := handle.read(1024 * 1024):
                made.update(part)
            made.update(b"\0" + _attributes(file).encode())
            if _stamp(os.fstat(handle.fileno())) != stamp:
                return None
        self._learn(file, stamp, made.hexdigest(), now)
        return made.hexdigest()

    def _learn(self, file: str, stamp: Stamp, digest: str, now: int) -> None:
        with self._lock:
            if max(stamp[2], stamp[3]) + _RACY_NS > now:
                self._known.pop(file, None)
                return
            if file in self._known or len(self._known) < MOST_KNOWN:
                self._known[file] = (stamp, digest)
                self._used.add(file)
                self.is_changed = True


class SentFiles(NamedTuple):
    """dockerfile: what it says. files: the digest of all that the builder gets of the context. look: looks again, None
    where nobody else can change what is sent. stamps: by path."""

    dockerfile: str
    files: str
    stamps: Mapping[str, Stamp]
    look: "Callable[[], tuple[str, Mapping[str, Stamp]] | None] | None"

    def is_still_so(self) -> bool:
        """Whether what was sent since is surely what was seen: nothing has been changed, not even there and back."""
        if self.look is None:
            return True
        try:
            return self.look() == (self.files, self.stamps)
        except OSError:
            return False


def seen(
    directory: str, kept: Iterable[str] | None, left_out: Callable[[str], bool], digest_of: DigestOf
) -> tuple[str, dict[str, Stamp]] | None:
    """The digest of what is sent of everything below `directory`, or of these files and their folders, and the stamps
    of all that decides it. None where there is too much, or what cannot be said."""
    listed = _walked(directory) if kept is None else _with_folders(kept)
    paths = sorted(set(itertools.islice(listed, MOST + 1)))
    if len(paths) > MOST:
        return None
    stamps = {"": _stamp(os.lstat(directory))}
    digests: list[str] = []
    sent_below: set[str] = set()
    for path in reversed(paths):  # a folder after what is in it
        file = os.path.join(directory, path)
        stamp = _stamp(os.lstat(file))
        is_sent = path in sent_below or not left_out(path)
        if is_sent or stat.S_ISDIR(stamp[0]):  # in a folder that is left out a file may be added that is not
            stamps[path] = stamp
        if not is_sent:
            continue
        sent_below.add(path.rpartition("/")[0])
        digest = digest_of(file, stamp)
        if digest is None:
            return None
        digests.append(f"{path}\0{digest}\0")
    return hashlib.sha256("".join(digests).encode(errors="surrogateescape")).hexdigest(), stamps


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _attributes(file: str) -> str:
    """The extended attributes that a builder copies, as one word: nearly always none."""
    if not hasattr(os, "listxattr"):
        return ""
    try:
        names = os.listxattr(file, follow_symlinks=False)
    except OSError:  # a file system without them
        return ""
    own = [name for name in names if name == "security.capability" or not name.startswith(("security.", "system."))]
    return " ".join(f"{name}={os.getxattr(file, name, follow_symlinks=False).hex()}" for name in sorted(own))


def _with_folders(files: Iterable[str]) -> Iterator[str]:
    folders: set[str] = set()
    for path in files:
        yield path
        while (path := path.rpartition("/")[0]) and path not in folders:
            folders.add(path)
            yield path


def _walked(directory: str) -> Iterator[str]:
    for here, folders, names in os.walk(directory):
        folders[:] = [name for name in folders if name != ".git"]
        for name in (*folders, *names):
            yield os.path.relpath(os.path.join(here, name), directory)
