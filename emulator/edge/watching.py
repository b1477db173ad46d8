"""The operating system's word that files change."""

import contextlib
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from emulator.model.diagnostic import Fault, HostError, error

from .contents import Contents
from .git import GitFailed, GitMissing, git
from .inotify import Inotify
from .missed import Word, changed_since

_GATHER_MS = 40
"""How long at most changes are gathered that come one after the other; a lone one is told after _STEP_MS."""
_STEP_MS = 7
"""So long a silence ends a batch. Where the system's word is had through the library, that looks as often, idle too."""
_LOOK_MS = 500
"""How often, while nothing changes, the files are looked at that lie elsewhere, and whether git is done."""
_POLL_MS = 1000
"""How often all files are looked at where the system does not tell."""
_GIT_AT_WORK_S = 10.0
"""A lock of git's that is older was left by a git that crashed."""
_GIT_TOLD_S = 2.0
"""How long the system may take to tell of what git did."""

_HAS_INOTIFY = sys.platform.startswith("linux")

_PASSING = re.compile(
    r"4913|.*~|\.#.*|#.*#|.*\.sw[a-z]|.*\.kate-swp|.*___jb_(?:tmp|old|bak)___|\.goutputstream-.*|\.~lock\..*"
    r"|\.DS_Store|\._.*|\.nfs[0-9a-f]+|\.fuse_hidden[0-9a-f]+|.*\.py[co]|__pycache__"
)
"""What editors, interpreters and file systems put beside a file for a moment: Vim, Emacs, Kate, JetBrains, GNOME,
LibreOffice; macOS, NFS, FUSE; Python."""

_FAR = re.compile(
    r"nfs4?|cifs|smb3?|smbfs|9p|afs|ncpfs|ceph|glusterfs|lustre|vboxsf|prl_fs|virtiofs|drvfs"
    r"|fuse\.(?:sshfs|vmhgfs-fuse|glusterfs|s3fs|rclone|gcsfuse|grpcfuse|davfs)"
)
"""File systems whose files others change without this machine's being told, by their names in Linux's
list of mounts."""


def watch(
    root: str, end: threading.Event, given: Collection[str] = (), note: Callable[[str], None] = lambda _text: None
) -> Iterator[frozenset[str]]:
    """The paths that were made, changed or removed below `root`, relative to it, batch by batch, until `end` is set.

    given: further files that are followed, by whole paths. note: told how files are followed, where that is not as
    usual, and that some were found by looking. Left out are git's own folder, what editors leave for a moment, and a
    file that was saved as it was. What git changes in one go is told when it is done. Where the system has no watches
    left the files are looked at. Raises HostError where this machine can do neither.
    """
    watching = _Watch(root, end, given, note)
    try:
        try:
            yield from watching.batches()
        except (OSError, RuntimeError) as problem:  # RuntimeError: what the library makes of one in its own thread
            if watching.is_polling or not os.path.isdir(root):
                raise
            watching.poll_because(problem)
            yield from watching.batches()
    except (OSError, RuntimeError) as problem:
        raise HostError(
            error(
                "host/cannot-watch", f"changes of files below {root} cannot be followed: {_words(problem)}",
                fault=Fault.HOST, help="raise fs.inotify.max_user_watches, or run `emu up` without --watch",
            )
        ) from problem


def _words(problem: Exception) -> str:
    return getattr(problem, "strerror", None) or str(problem)


class Told(NamedTuple):
    """made: the paths that were made, changed or removed, relative to the root, and whether one was made. lost_since:
    since when some may be missing, in the file system's time; None where none are."""

    made: dict[str, bool]
    lost_since: float | None


class _Watch:
    def __init__(
        self, root: str, end: threading.Event, given: Collection[str], note: Callable[[str], None]
    ) -> None:
        self._root = root
        self._end = end
        self._contents = Contents(root)
        self._far = far_file_system(root)
        self._late: set[str] = set()
        """Changed while the watching was set up."""
        self._word = Word()
        self._learns = False
        """Whether what the files hold is being read, or has been."""
        self._holds = False
        """Whether something is kept back until git is done."""
        self._wake: Callable[[], None] = lambda: None
        self._given = _GivenFiles(root, given)
        self._note = note
        self.is_polling = self._far is not None
        if self._far is not None:
            note(
                f"the files lie on {self._far}, which does not tell of changes made elsewhere: "
                f"they are looked at every {_POLL_MS / 1000:g} s"
            )

    def poll_because(self, problem: Exception) -> None:
        """From now on look at the files, every second."""
        self.is_polling = True
        self._note(
            f"the system does not tell of changes here ({_words(problem)}): the files are looked at every "
            f"{_POLL_MS / 1000:g} s; with fs.inotify.max_user_watches raised it does"
        )

    def batches(self) -> Iterator[frozenset[str]]:
        began = self._word.last()
        lock = _index_lock(self._root)
        self._learns = self._holds = False
        kinds: dict[str, bool] = {}
        git_seen: float | None = None
        for told, since in self._told():
            if not self._learns and self._far is None:  # a far server stamps its files by a clock of its own
                threading.Thread(target=self._learn, args=(began,), name="learning", daemon=True).start()
            self._learns = True
            for path, made in told.items():
                kinds[path] = kinds.get(path, False) or made
            missed = self._missed(since, kinds)
            kinds |= dict.fromkeys(missed, False)
            for path in list(self._late):
                self._late.discard(path)
                kinds.setdefault(path, False)
            self._holds = bool(kinds) and _is_at_work(lock)
            if self._holds:
                git_seen = time.monotonic()
                continue  # what lies there is half of one commit and half of another
            self._holds = git_seen is not None and bool(told) and time.monotonic() - git_seen < _GIT_TOLD_S
            if self._holds:
                continue  # of what it did, some is still to be told
            git_seen = None
            found = self._given.changed() | {
                path for path, made in kinds.items()
                if not _is_passing(path) and self._contents.is_news(path, is_made=made)
            }  # fmt: skip
            kinds = {}
            if found & missed:
                self._note("the system did not tell of all changes: the files were looked through")
            if found:
                yield frozenset(found)

    def _told(self) -> Iterator[Told]:
        """Turn by turn, until the end; a turn of which nothing is told is one to look for what else there may be."""
        return self._told_by_kernel() if _HAS_INOTIFY and not self.is_polling else self._told_by_library()

    def _told_by_kernel(self) -> Iterator[Told]:
        with contextlib.closing(Inotify(self._root, apart=".git")) as notes:
            self._wake = notes.wake
            threading.Thread(target=self._wake_at_the_end, name="watching-end", daemon=True).start()
            while not self._end.is_set():
                looks = self._holds or self._given.are_some or not self._learns
                notes.wait(_LOOK_MS / 1000 if looks else None)
                made: dict[str, bool] = {}
                is_whole = notes.take(made)
                until = time.monotonic() + _GATHER_MS / 1000
                while made and time.monotonic() < until and notes.wait(_STEP_MS / 1000):
                    is_whole &= notes.take(made)
                since = None if is_whole else self._word.last()
                self._word.heard()
                yield Told(made, since)

    def _wake_at_the_end(self) -> None:
        """In a thread of its own."""
        self._end.wait()
        self._wake()

    def _told_by_library(self) -> Iterator[Told]:
        from watchfiles import Change
        from watchfiles import watch as changes

        for batch in changes(
            self._root, watch_filter=None, stop_event=self._end, yield_on_timeout=True, raise_interrupt=False,
            ignore_permission_denied=True, debounce=_GATHER_MS, step=_STEP_MS, rust_timeout=_LOOK_MS,
            force_polling=True if self.is_polling else None, poll_delay_ms=_POLL_MS,
        ):  # fmt: skip
            told: dict[str, bool] = {}
            for kind, path in batch:
                relative = os.path.relpath(path, self._root)
                told[relative] = told.get(relative, False) or kind is Change.added
            yield Told(told, self._word.lost_since(len(batch)) if not self.is_polling else None)
            self._word.heard()  # what happened meanwhile waits, and is told next

    def _missed(self, since: float | None, told: Collection[str]) -> set[str]:
        """What has changed since then and is not among what was told; of a folder, what it had and has no more."""
        found: set[str] = set()
        for path in changed_since(self._root, since) if since is not None else ():
            found |= {path, *self._contents.gone_from(path)}
        return found.difference(told)

    def _learn(self, began: float) -> None:
        """In a thread of its own."""
        for path in self._contents.learn(began, self._end):
            self._late.add(path)
            self._wake()


class _GivenFiles:
    """Files that an option names and that lie elsewhere, or are links to there: looked at from time to time."""

    def __init__(self, root: str, paths: Collection[str]) -> None:
        self._root = root
        top = os.path.realpath(root) + os.sep
        self._paths = [path for path in paths if not os.path.realpath(path).startswith(top)]
        self._contents = Contents(root)
        self._stamps = {path: _stamp(path) for path in self._paths}
        for path in self._paths:
            self._contents.is_news(os.path.realpath(path), is_made=True)

    @property
    def are_some(self) -> bool:
        return bool(self._paths)

    def changed(self) -> set[str]:
        """By their paths from the root: "../shared.env"."""
        found: set[str] = set()
        for path in self._paths:
            if (stamp := _stamp(path)) != self._stamps[path]:
                self._stamps[path] = stamp
                if self._contents.is_news(os.path.realpath(path), is_made=False):
                    found.add(os.path.relpath(path, self._root))
        return found


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def _is_passing(path: str) -> bool:
    first, _, _ = path.partition("/")
    return first == ".git" or path == "." or _PASSING.fullmatch(path.rpartition("/")[2]) is not None


def _index_lock(root: str) -> str | None:
    """What is there while git changes many files."""
    try:
        path = os.fsdecode(git(root, "rev-parse", "--git-path", "index.lock").removesuffix(b"\n"))
    except (GitFailed, GitMissing):
        return None
    return os.path.join(root, path)


def _is_at_work(lock: str | None) -> bool:
    try:
        return lock is not None and abs(time.time() - os.lstat(lock).st_mtime) < _GIT_AT_WORK_S
    except OSError:
        return False


def far_file_system(root: str, mounts: str = "/proc/self/mountinfo") -> str | None:
    """The kind of file system that `root` lies on, where others change its files and this machine is not told."""
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as file:
            lines = [line.split() for line in file]
    except OSError:
        return None
    real = os.path.realpath(root)
    kinds: dict[str, str] = {}
    for words in lines:
        if "-" in words[6:]:
            place = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), words[4])
            kinds[place] = words[words.index("-", 6) + 1]
    while real not in kinds and real != "/":
        real = os.path.dirname(real)
    kind = kinds.get(real, "")
    return kind if _FAR.fullmatch(kind) else None
