"""Whose turn it is with a project: the workers of one test run start it one after the other.

A second `emu up` of a project is the next deploy of the first, so that what one worker had started would be another's,
and gone with it.
"""

import fcntl
import os
import time
from pathlib import Path

_ASK_EVERY_S = 0.1
_ours: set[str] = set()
"""Roots that this process has: a further `Up` of one is a further deploy, as in a second terminal."""


class Turn:
    """Held from the start of an `up` until its end, as a lock of the root's folder. Raises TimeoutError when another
    process has it for that long. What is no folder is left for emu to tell."""

    def __init__(self, root: str, *, timeout_s: float) -> None:
        self._root = root
        self._folder: int | None = None
        if root in _ours or not Path(root).is_dir():
            return
        folder = os.open(root, os.O_RDONLY | os.O_CLOEXEC)
        deadline = time.monotonic() + timeout_s
        while not _taken(folder):
            if time.monotonic() > deadline:
                os.close(folder)
                raise TimeoutError(f"another process of the tests had {root} for {timeout_s:g} s")
            time.sleep(_ASK_EVERY_S)
        self._folder = folder
        _ours.add(root)

    def end(self) -> None:
        """Let the next one begin. May be called again."""
        if self._folder is not None:
            _ours.discard(self._root)
            os.close(self._folder)
            self._folder = None


def _taken(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
