"""The operating system's word that files change."""

import hashlib
import os
import re
import threading
from collections.abc import Iterator

from emulator.model.diagnostic import Fault, HostError, error

_GATHER_MS = 40
"""How long at most changes are gathered that come one after the other; a lone one is told after _STEP_MS."""
_STEP_MS = 7
"""How often the library looks for changes, busy or idle: at 5 ms an idle machine notices it (0.5 % of a processor)."""
_LOOK_MS = 500
"""How often the end is looked for while nothing changes."""

_PASSING = re.compile(
    r"4913|.*~|\.#.*|#.*#|.*\.sw[a-z]|.*___jb_(?:tmp|old|bak)___|\.goutputstream-.*|\.DS_Store|.*\.py[co]|\.~lock\..*"
)
"""What editors and interpreters put beside a file for a moment: Vim, Emacs, JetBrains, GNOME, LibreOffice, Python."""
_MOST_READ = 4 * 1024 * 1024


def watch(root: str, end: threading.Event) -> Iterator[frozenset[str]]:
    """The paths that were made, changed or removed below `root`, relative to it, batch by batch, until `end` is set.

    Left out are git's own folder, what editors leave for a moment, and a file that was saved as it was. Raises
    HostError where this machine cannot tell.
    """
    from watchfiles import Change
    from watchfiles import watch as changes

    memory = _Memory(root)
    try:
        for batch in changes(
            root, watch_filter=None, stop_event=end, yield_on_timeout=False, raise_interrupt=False,
            ignore_permission_denied=True, debounce=_GATHER_MS, step=_STEP_MS, rust_timeout=_LOOK_MS,
        ):  # fmt: skip
            kinds: dict[str, set[Change]] = {}
            for kind, path in batch:
                kinds.setdefault(os.path.relpath(path, root), set()).add(kind)
            found = frozenset(
                path for path, seen in kinds.items()
                if not _is_passing(path) and memory.is_news(path, is_made=Change.added in seen)
            )  # fmt: skip
            if found:
                yield found
    except OSError as problem:
        raise HostError(
            error(
                "host/cannot-watch", f"changes of files below {root} cannot be followed: {problem.strerror or problem}",
                fault=Fault.HOST, help="raise fs.inotify.max_user_watches, or run `emu up` without --watch",
            )
        ) from problem


def _is_passing(path: str) -> bool:
    first, _, _ = path.partition("/")
    return first == ".git" or path == "." or _PASSING.fullmatch(path.rpartition("/")[2]) is not None


class _Memory:
    """What the files were that have changed so far."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._contents: dict[str, bytes] = {}

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
