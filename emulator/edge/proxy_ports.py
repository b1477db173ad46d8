"""Who listens on a port of this machine, as far as /proc shows."""

import os
import re
from collections.abc import Iterator

from emulator.model.record import Record

_LISTEN = "0A"
_CONTAINER = re.compile(r"(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?$", re.MULTILINE)


class PortOwner(Record, frozen=True, kw_only=True):
    """What is known of it; nothing need be."""

    port: int
    pid: int | None = None
    name: str | None = None
    container: str | None = None
    """The id of the container that the process runs in."""
    published: tuple[str, int] | None = None
    """The container's address that the engine sends the port's traffic to."""
    uid: int | None = None

    def __str__(self) -> str:
        """For a message that begins with "port 10000 is taken by"."""
        if self.published is not None:
            return f"a container that publishes it, at {self.published[0]}:{self.published[1]}"
        if self.pid is not None:
            inside = f" in container {self.container[:12]}" if self.container else ""
            return f"process {self.pid} ({self.name}){inside}"
        if self.uid is not None:
            return f"a process of user {self.uid}"
        return "another process"


def port_owner(port: int, *, proc: str = "/proc") -> PortOwner:
    """Who listens on 127.0.0.1:`port` or on all addresses. Without /proc or the right to look, nobody known."""
    sockets = dict(_listening(port, proc))
    for pid in _pids(proc):
        if not sockets.keys().isdisjoint(_sockets(pid, proc)):
            words = _read(f"{proc}/{pid}/cmdline").split("\0")
            container = _CONTAINER.search(_read(f"{proc}/{pid}/cgroup"))
            return PortOwner(
                port=port,
                pid=pid,
                name=_read(f"{proc}/{pid}/comm").strip() or None,
                container=container[1] if container else None,
                published=_published(words),
            )
    return PortOwner(port=port, uid=next(iter(sockets.values()), None))


def _listening(port: int, proc: str) -> Iterator[tuple[str, int]]:
    """Inode and user of each socket that listens on the port."""
    for table in ("tcp", "tcp6"):
        for line in _read(f"{proc}/net/{table}").splitlines()[1:]:
            words = line.split()
            if len(words) > 9 and words[3] == _LISTEN and words[1].endswith(f":{port:04X}"):
                yield f"socket:[{words[9]}]", int(words[7])


def _pids(proc: str) -> list[int]:
    try:
        return sorted(int(name) for name in os.listdir(proc) if name.isdecimal())
    except OSError:
        return []


def _sockets(pid: int, proc: str) -> set[str]:
    found = set()
    try:
        with os.scandir(f"{proc}/{pid}/fd") as entries:
            for entry in entries:
                found.add(os.readlink(entry.path))
    except OSError:
        pass  # it ended, or belongs to somebody else
    return found


def _published(words: list[str]) -> tuple[str, int] | None:
    """Where the engine's own forwarder sends what it gets, by its command line."""
    given = dict(zip(words, words[1:], strict=False))
    host, port = given.get("-container-ip"), given.get("-container-port", "")
    return (host, int(port)) if host and port.isdecimal() else None


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
