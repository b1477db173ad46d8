"""Changes of files that the system did not tell of: when some may be missing, and finding them by looking.

A system keeps its word that files change for one who does not listen, up to a number (Linux: 16384 notes), and drops
the rest. So many come when a tool writes thousands of files at once, or while the process is stopped.
"""

import contextlib
import os
import time
from collections.abc import Iterator

_MANY = 2000
"""So many changes told at once that more may have been dropped: one file takes several notes."""
_SILENT_S = 1.5
"""Who did not listen for this long was stopped, or the machine was too busy for it."""
_MARGIN_S = 2.0
"""What changed shortly before the last word may belong to what was dropped."""
_TICK_S = 0.02
"""File systems count time more coarsely than we do."""


class Word:
    """When the system may have dropped some of its word."""

    def __init__(self) -> None:
        self.heard()

    def heard(self) -> None:
        """Nothing is missing up to now."""
        self._heard, self._heard_wall = time.monotonic(), time.time()

    def lost_since(self, changes: int) -> float | None:
        """Since when changes may be missing, in the file system's time; None where none are. changes: how many were
        told now. To be asked at every turn."""
        silent, last = time.monotonic() - self._heard, self.last()
        self.heard()
        if changes >= _MANY:
            return last - _MARGIN_S
        return last if silent > _SILENT_S else None

    def last(self) -> float:
        """Since when changes may be missing at most, in the file system's time."""
        silent = time.monotonic() - self._heard
        return min(self._heard_wall, time.time() - silent) - _TICK_S  # a clock put back must not hide anything


def changed_since(root: str, moment: float) -> Iterator[str]:
    """What below `root` was made, written, renamed or given other rights since then (in seconds since 1970), relative
    to it: files, and the folders that something was made in or removed from. Git's own folder is left out."""
    folders = ["."]
    while folders:
        folder = folders.pop()
        with contextlib.suppress(OSError):
            if os.stat(os.path.join(root, folder)).st_ctime >= moment:
                yield folder
        with contextlib.suppress(OSError), os.scandir(os.path.join(root, folder)) as entries:
            for entry in entries:
                path = os.path.normpath(os.path.join(folder, entry.name))
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        folders += [path] if entry.name != ".git" else []
                    elif entry.stat(follow_symlinks=False).st_ctime >= moment:
                        yield path
