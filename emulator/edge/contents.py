"""What the files of a folder held when they were last looked at, so that a save of the same is known as one.

What every file held at the start is read beside everything else, in a thread that yields to others, and only up to
`MOST_FILES` and `MOST_BYTES`: some 0.3 s of work on a laptop, and 2 MB that are kept. Beyond that the first save of a
file counts as a change, whatever it holds: the builder's cache then finds that it is none, in the time of a build that
has nothing to do.
"""

import hashlib
import os
import stat
import threading
import time
from collections.abc import Iterable, Iterator

from .git import GitFailed, GitMissing, git

MOST_FILES = 10_000
MOST_BYTES = 100 * 1024 * 1024
_MOST_READ = 4 * 1024 * 1024
"""A file that is larger is known by what the file system says of it: a touch of it counts as a change."""
_AT_A_TIME = 500
_REST_S = 0.002
_CLOCK_STEP_S = 0.02
"""The file system stamps by a clock of its own that lags by a tick."""


class Contents:
    """The digests of the files below `root`, by their paths in it. Any thread may ask."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._known: dict[str, bytes] = {}

    def is_news(self, path: str, *, is_made: bool) -> bool:
        """Whether a change of `path` is one of what lies there, which is remembered. is_made: whether it was made,
        perhaps anew."""
        whole = os.path.join(self._root, path)
        if os.path.isdir(whole) and not os.path.islink(whole):
            return is_made  # one that only changes says that something in it does, which is told by itself
        now = digest(whole)
        if now is None:
            before = self._known.pop(path, None)
            return before is not None or not is_made  # made and gone again at once
        before = self._known.get(path)
        self._known[path] = now
        return now != before

    def gone_from(self, folder: str) -> tuple[str, ...]:
        """The files that are remembered in a folder and lie there no more."""
        inside = (path for path in list(self._known) if (os.path.dirname(path) or ".") == folder)
        return tuple(path for path in inside if not os.path.lexists(os.path.join(self._root, path)))

    def learn(self, since: float, end: threading.Event) -> Iterator[str]:
        """Read what the files hold that have not changed since the moment `since` (of the wall's clock); the paths of
        those that have are given, as their change may have been told to nobody. Stops when `end` is set or the clock
        is put otherwise."""
        jump = time.time() - time.monotonic()
        read = 0
        for number, path in enumerate(listed(self._root)):
            if number % _AT_A_TIME == 0:
                time.sleep(_REST_S)
                if end.is_set() or abs(time.time() - time.monotonic() - jump) > _CLOCK_STEP_S:
                    return
            try:
                found = os.lstat(os.path.join(self._root, path))
            except OSError:
                continue
            if found.st_ctime >= since:
                yield path
            elif number < MOST_FILES and read < MOST_BYTES and found.st_ctime < since - _CLOCK_STEP_S:
                read += min(found.st_size, _MOST_READ)
                now = digest(os.path.join(self._root, path))
                if now is not None:
                    self._known.setdefault(path, now)


def listed(root: str) -> Iterable[str]:
    """The files that git has or would take; without git all of them."""
    try:
        names = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split(b"\0")
    except (GitFailed, GitMissing):
        return _walked(root)
    return (os.fsdecode(name) for name in names if name and not name.endswith(b"/"))


def _walked(root: str) -> Iterator[str]:
    for directory, _, names in os.walk(root):
        for name in names:
            yield os.path.relpath(os.path.join(directory, name), root)


def digest(path: str) -> bytes | None:
    """Of the file's content and mode; of a link, where it leads; of a large file what the file system says of it. None
    where there is none."""
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            return b"link " + os.fsencode(os.readlink(path))
        if not stat.S_ISREG(found.st_mode):
            return b"no file"
        if found.st_size > _MOST_READ:  # by when it was changed: nobody can set that, as they can set a save's time
            return f"{found.st_size} {found.st_ctime_ns} {found.st_ino}".encode()
        with open(path, "rb") as file:
            salt = str(found.st_mode & 0o111).encode()
            return hashlib.blake2b(file.read(), digest_size=16, salt=salt).digest()
    except OSError:
        return None
