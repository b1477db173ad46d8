"""Linux's word that files change, as it gives it: a thread that waits for it sleeps until something happens.

The kernel keeps a queue of notes of each folder that it was asked to watch. It says when the queue was full and notes
were dropped.
"""

import contextlib
import ctypes
import errno
import os
import select
import struct
import threading

_MODIFY, _ATTRIB, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x02, 0x04, 0x40, 0x80, 0x100, 0x200
_OVERFLOW, _IGNORED, _IS_FOLDER = 0x4000, 0x8000, 0x4000_0000
_ONLY_FOLDERS = 0x0100_0000
_WANTED = _MODIFY | _ATTRIB | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _ONLY_FOLDERS
_COMES = _CREATE | _MOVED_TO
_NO_WATCHES = "so many folders may not be watched"
"""The system itself says that no space is left on a device."""

_NOTE = struct.Struct("iIII")
_AT_ONCE = 256 * 1024
"""Bytes read in one go; a note takes at most 272."""


class Inotify:
    """What happens below `root`, the folder `apart` in it left out. Links to folders are not gone into: they are files.

    One thread waits and takes; any may wake it and close. Raises OSError where there are no watches left.
    """

    def __init__(self, root: str, *, apart: str) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self._root = root
        self._apart = apart
        self._folders: dict[int, str] = {}
        """By the kernel's number of their watch."""
        self._lock = threading.Lock()
        self._is_open = True
        self._queue = self._called(self._library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self._wakes = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._ready = select.poll()
        for handle in (self._queue, self._wakes):
            self._ready.register(handle, select.POLLIN)
        try:
            self._watch(".")
        except OSError:
            self.close()
            raise

    def wait(self, timeout_s: float | None) -> bool:
        """Until there is something to take or it is woken; whether either was within the time. None: without end."""
        return bool(self._ready.poll(None if timeout_s is None else timeout_s * 1000))

    def wake(self) -> None:
        """From any thread: the next wait, or the one that is on, returns."""
        with self._lock:
            if self._is_open:
                os.eventfd_write(self._wakes, 1)

    def close(self) -> None:
        with self._lock:
            if self._is_open:
                self._is_open = False
                os.close(self._queue)
                os.close(self._wakes)

    def take(self, made: dict[str, bool]) -> bool:
        """Add all that is noted by now: the paths that were made, changed or removed, relative to the root, and whether
        one was made. Whether the kernel dropped nothing. Raises OSError where a new folder finds no watch left."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wakes)
        is_whole = True
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._queue, _AT_ONCE):
                is_whole &= self._heed(data, made)
        if not is_whole:
            self._watch(".")  # a folder may have come of which no note was kept
        return is_whole

    def _heed(self, data: bytes, made: dict[str, bool]) -> bool:
        """Add what these notes say; whether none was dropped."""
        at, is_whole = 0, True
        while at < len(data):
            number, what, _, length = _NOTE.unpack_from(data, at)
            at += _NOTE.size + length
            name = os.fsdecode(data[at - length : at].rstrip(b"\0"))
            if what & _OVERFLOW:
                is_whole = False
            elif what & _IGNORED:
                self._folders.pop(number, None)
            elif name and (folder := self._folders.get(number)) is not None:
                path = _joined(folder, name)
                made[path] = made.get(path, False) or bool(what & _COMES)
                if what & _IS_FOLDER and what & _MOVED_FROM:
                    self._forget(path)
                elif what & _IS_FOLDER and what & _COMES:
                    self._watch(path, made)
        return is_whole

    def _watch(self, path: str, found: dict[str, bool] | None = None) -> None:
        """Watch a folder and those in it. What lies there is `found` to be made: it may have come before the watch."""
        folders = [path] if path != self._apart else []
        while folders:
            folder = folders.pop()
            whole = os.fsencode(os.path.join(self._root, folder))
            try:
                number = self._called(self._library.inotify_add_watch(self._queue, whole, _WANTED))
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                if folder == ".":
                    raise
                continue  # gone again, or none of our business
            self._folders[number] = folder
            with contextlib.suppress(OSError), os.scandir(os.path.join(self._root, folder)) as entries:
                for entry in entries:
                    inside = _joined(folder, entry.name)
                    if inside == self._apart:
                        continue
                    if found is not None:
                        found[inside] = True
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(inside)

    def _forget(self, path: str) -> None:
        """A folder is not there any more; where it was moved to, it is watched anew."""
        below = f"{path}/"
        for number in [n for n, folder in self._folders.items() if folder == path or folder.startswith(below)]:
            del self._folders[number]
            self._library.inotify_rm_watch(self._queue, number)

    def _called(self, answer: int) -> int:
        if answer < 0:
            number = ctypes.get_errno()
            raise OSError(number, _NO_WATCHES if number == errno.ENOSPC else os.strerror(number))
        return answer


def _joined(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"
