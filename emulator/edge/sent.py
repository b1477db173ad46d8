"""What the file system says of everything that is sent to a builder: a walk that reads no file."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

MOST = 10_000
"""Of a context with more files nothing is kept: looking at them would cost more than a build from the cache."""


class SentFiles(NamedTuple):
    """dockerfile, ignore: what they say. stamps: by path, changed by whatever is done to the file; a folder by its
    mode alone. left_out: whether the ignore file keeps a path from the builder."""

    dockerfile: str
    ignore: bytes
    stamps: Mapping[str, int]
    left_out: Callable[[str], bool]

    def same_as(self, earlier: object) -> bool:
        """Whether no file that is sent has been touched since."""
        if not isinstance(earlier, SentFiles):
            return False
        if (self.dockerfile, self.ignore) != (earlier.dockerfile, earlier.ignore):
            return False
        paths = self.stamps.keys() | earlier.stamps.keys()
        return all(self.stamps.get(p) == earlier.stamps.get(p) or self.left_out(p) for p in paths)


def stamps(directory: str, kept: Iterable[str] | None) -> dict[str, int] | None:
    """Of everything below `directory`, or of these files and their folders. None where there is too much."""
    found: dict[str, int] = {}
    for path in _walked(directory) if kept is None else _with_folders(kept):
        if len(found) > MOST:
            return None
        try:
            seen = os.lstat(os.path.join(directory, path))
        except OSError:
            continue
        whole = (seen.st_mode, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino)
        found[path] = seen.st_mode if stat.S_ISDIR(seen.st_mode) else hash(whole)
    return found


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
