"""The TCP sockets of a container on this very Linux machine, read so that looking often costs little.

For each reading of /proc/<pid>/net/tcp the kernel walks through all connections of the whole machine's table, which
takes milliseconds. How many sockets there are it tells at once, so the tables are read only where that has changed, or
was long ago.
"""

import contextlib
import os
import time
from typing import NamedTuple

_READ_AGAIN_S = 0.25
"""How old a table may be while the number of sockets is the same: one may have closed as another opened."""
_SURELY_LESS_THAN_A_PAGE = 3800
"""Bytes. The kernel fills a page with whole lines: less is the end, and asking once more would cost another walk."""

Counts = tuple[int, int]


class _Tables(NamedTuple):
    counts: Counts | None
    read_at: float
    texts: tuple[str, str]


class SocketTables:
    """Remembers what it read of each container."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc
        self._known: dict[str, _Tables] = {}

    def of(self, pid: int, id: str) -> tuple[str, str] | None:
        """The texts of tcp and tcp6 in the network namespace of container `id`, whose first process is `pid`.

        None when /proc does not show them: the process is gone, belongs to somebody else, or this machine's
        process numbers are not the engine's.
        """
        folder = f"{self._proc}/{pid}"
        try:
            if id not in _read(f"{folder}/cgroup"):
                return None
            counts = _counts(f"{folder}/net")
            known = self._known.get(id)
            now = time.monotonic()
            if known is None or counts is None or counts != known.counts or now - known.read_at > _READ_AGAIN_S:
                known = self._known[id] = _Tables(counts, now, _texts(f"{folder}/net", counts))
        except OSError:
            return None
        return known.texts

    def forget(self, id: str) -> None:
        self._known.pop(id, None)


def _texts(folder: str, counts: Counts | None) -> tuple[str, str]:
    tcp = _read(f"{folder}/tcp") if counts is None or counts[0] else ""
    with contextlib.suppress(OSError):
        return tcp, _read(f"{folder}/tcp6") if counts is None or counts[1] else ""
    return tcp, ""  # a kernel without IPv6 has no such file


def _counts(folder: str) -> Counts | None:
    """How many sockets of TCP there are, over IPv4 and IPv6; None where the kernel does not tell."""
    try:
        return _in_use(_read(f"{folder}/sockstat"), "TCP:"), _in_use(_read(f"{folder}/sockstat6"), "TCP6:")
    except (OSError, ValueError):
        return None


def _in_use(text: str, name: str) -> int:
    """Raises ValueError when it is not said."""
    for line in text.splitlines():
        words = line.split()
        if words[:2] == [name, "inuse"]:
            return int(words[2])
    raise ValueError(name)


def _read(path: str) -> str:
    """A file of /proc, whole."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        text = data = os.read(handle, 65536)
        while len(data) >= _SURELY_LESS_THAN_A_PAGE:
            data = os.read(handle, 65536)
            text += data
        return text.decode(errors="replace")
    finally:
        os.close(handle)
