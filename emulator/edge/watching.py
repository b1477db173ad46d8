"""The operating system's word that files change."""

import contextlib
import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from emulator.model.diagnostic import Diagnostic, Fault, HostError, error, info, warning

_GATHER_MS = 40
"""How long at most changes are gathered that come one after the other; a lone one is told after _STEP_MS."""
_STEP_MS = 7
"""How often the library looks for changes, busy or idle: at 5 ms an idle machine notices it (0.5 % of a processor)."""
_LOOK_MS = 500
"""How often the end is looked for while nothing changes."""
_LOOK_FOR_S = 1.0
_MANY = 2000
"""So many changes told at once that more may have been dropped: a system keeps 16384 notes for one that listens late,
and takes several for one file."""
_SILENT_S = 1.5
"""One that was not looked at for this long was stopped, or the machine was too busy for it."""
_MARGIN_S = 2.0
"""What changed shortly before the last word may belong to what was dropped."""
_TICK_S = 0.02
"""File systems count time more coarsely than we do."""

_PASSING = re.compile(
    r"4913|.*~|\.#.*|#.*#|.*\.sw[a-z]|.*___jb_(?:tmp|old|bak)___|\.goutputstream-.*|\.DS_Store|.*\.py[co]|\.~lock\..*"
)
"""What editors and interpreters put beside a file for a moment: Vim, Emacs, JetBrains, GNOME, LibreOffice, Python."""
_MOST_READ = 4 * 1024 * 1024


def watch(
    root: str, end: threading.Event, tell: Callable[[Diagnostic], None] = lambda _found: None
) -> Iterator[frozenset[str]]:
    """The paths that were made, changed or removed below `root`, relative to it, batch by batch, until `end` is set.

    Left out are git's own folder, what editors leave for a moment, and a file that was saved as it was. Where the
    system's word may have been lost the files themselves are looked at; where it cannot be had, that is done every
    second. Either is told. Raises HostError where this machine can do neither.
    """
    try:
        yield from _told(root, end, tell)
    except (OSError, RuntimeError) as problem:  # RuntimeError: what the library makes of one in its own thread
        if not os.path.isdir(root):
            raise HostError(_unwatchable(root, problem)) from problem
        tell(_polled(root, problem))
        yield from _looked_for(root, end)


def _looked_for(root: str, end: threading.Event) -> Iterator[frozenset[str]]:
    """The same, by looking."""
    memory, since = _Memory(root), time.time()
    while not end.wait(_LOOK_FOR_S):
        now = time.time()
        found = frozenset(path for path in changed_since(root, min(since, now) - _TICK_S) if memory.is_missed(path))
        since = now
        if found:
            yield found


def _told(root: str, end: threading.Event, tell: Callable[[Diagnostic], None]) -> Iterator[frozenset[str]]:
    """The same, by the system's word. Raises OSError, RuntimeError."""
    from watchfiles import Change
    from watchfiles import watch as changes

    memory, word = _Memory(root), _Word()
    for batch in changes(
        root, watch_filter=None, stop_event=end, yield_on_timeout=True, raise_interrupt=False,
        ignore_permission_denied=True, debounce=_GATHER_MS, step=_STEP_MS, rust_timeout=_LOOK_MS,
    ):  # fmt: skip
        kinds: dict[str, set[Change]] = {}
        for kind, path in batch:
            kinds.setdefault(os.path.relpath(path, root), set()).add(kind)
        found = frozenset(
            path for path, seen in kinds.items()
            if not _is_passing(path) and memory.is_news(path, is_made=Change.added in seen)
        )  # fmt: skip
        lost = word.lost(len(batch))
        changed = changed_since(root, lost.since) if lost is not None else ()
        missed = frozenset(path for path in changed if path not in found and memory.is_missed(path))
        if lost is not None and lost.told and missed:
            tell(_looked_through(root))
        if found | missed:
            yield found | missed
            word.heard()  # what happened meanwhile waits, and is told next


class _Lost(NamedTuple):
    """since: as the file system counts time. told: whether the user hears of what is found."""

    since: float
    told: bool = True


class _Word:
    """When the system may have dropped its word that files change: it keeps no more than some thousands of changes for
    one that does not listen. What changed while it began to listen, one folder after the other, it never told."""

    def __init__(self) -> None:
        self._begins = True
        self.heard()

    def heard(self) -> None:
        """Nothing is missing up to now."""
        self._heard, self._heard_wall = time.monotonic(), time.time()

    def lost(self, changes: int) -> _Lost | None:
        """Since when changes may be missing; None where none are. changes: how many were told now. To be asked at every
        turn, of which there is one in `_LOOK_MS` at least."""
        now, wall = time.monotonic(), time.time()
        silent, before = now - self._heard, min(self._heard_wall, wall - (now - self._heard))
        begins, self._begins = self._begins, False
        self.heard()
        if begins:
            return _Lost(before - _TICK_S, told=False)
        if changes >= _MANY:
            return _Lost(before - _MARGIN_S)
        return _Lost(before - _TICK_S) if silent > _SILENT_S else None


def changed_since(root: str, moment: float) -> Iterator[str]:
    """The files below `root` that were made, written, renamed or given other rights since then (the time of the file
    system, in seconds since 1970), and the folders that something was made in or removed from; relative to it."""
    folders = ["."]
    while folders:
        folder = folders.pop()
        with contextlib.suppress(OSError):
            if os.stat(os.path.join(root, folder)).st_ctime >= moment:
                yield folder
        with contextlib.suppress(OSError), os.scandir(os.path.join(root, folder)) as entries:
            for entry in entries:
                path = os.path.normpath(os.path.join(folder, entry.name))
                if _is_passing(path):
                    continue
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(path)
                    elif entry.stat(follow_symlinks=False).st_ctime >= moment:
                        yield path


def _looked_through(root: str) -> Diagnostic:
    return info(
        "host/changes-missed", f"the system did not tell of all changes below {root}: the files were looked through",
        fault=Fault.HOST, help="nothing need be done: what was found is treated like any save",
    )  # fmt: skip


def _polled(root: str, problem: Exception) -> Diagnostic:
    return warning(
        "host/cannot-watch", f"the system does not tell of changes below {root}: they are looked for every second",
        fault=Fault.HOST, facts=(_words(problem),),
        help="raise fs.inotify.max_user_watches (`sudo sysctl fs.inotify.max_user_watches=1048576`) and start again",
    )  # fmt: skip


def _unwatchable(root: str, problem: Exception) -> Diagnostic:
    return error(
        "host/cannot-watch", f"changes of files below {root} cannot be followed: {_words(problem)}",
        fault=Fault.HOST, help="raise fs.inotify.max_user_watches, or run `emu up` without --watch",
    )  # fmt: skip


def _words(problem: Exception) -> str:
    return getattr(problem, "strerror", None) or str(problem)


def _is_passing(path: str) -> bool:
    first, _, _ = path.partition("/")
    return first == ".git" or path == "." or _PASSING.fullmatch(path.rpartition("/")[2]) is not None


class _Memory:
    """What the files were that have changed so far."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._contents: dict[str, bytes] = {}
        self._folders: dict[str, int] = {}

    def is_news(self, path: str, *, is_made: bool) -> bool:
        """Whether a change of `path` is one of what lies there. is_made: whether it was made, perhaps anew."""
        whole = os.path.join(self._root, path)
        if os.path.isdir(whole):
            return is_made  # one that only changes says that something in it does, which is told by itself
        now = _content(whole)
        if now is None:
            before = self._contents.pop(path, None)
            return before is not None or not is_made  # made and gone again at once
        before = self._contents.get(path)
        self._contents[path] = now
        return now != before

    def is_missed(self, path: str) -> bool:
        """The same of one whose change nobody told; a folder stands for what is gone from it."""
        whole = os.path.join(self._root, path)
        if not os.path.isdir(whole):
            return self.is_news(path, is_made=False)
        with contextlib.suppress(OSError):
            before, self._folders[path] = self._folders.get(path), os.stat(whole).st_ctime_ns
            return before != self._folders[path]
        return True


def _content(path: str) -> bytes | None:
    """A digest of the file and its mode; of a large one what the file system says of it. None where there is none."""
    try:
        stat = os.lstat(path)
        if os.path.islink(path):
            return b"link " + os.fsencode(os.readlink(path))
        if stat.st_size > _MOST_READ:
            return f"{stat.st_size} {stat.st_mtime_ns}".encode()
        with open(path, "rb") as file:
            return hashlib.blake2b(file.read(), digest_size=16, salt=str(stat.st_mode & 0o111).encode()).digest()
    except OSError:
        return None
