"""Looking into a container without its help: through /proc and the control groups of a Linux machine that runs
the engine itself, else through a helper container in the same network namespace."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator.engine.lines import Frames
from emulator.model.diagnostic import Fault, HostError, error
from emulator.world import HELPER_LABEL, Process

HELPER_IMAGE = "emu-helper:1"
HELPER_BASES = ("python:3.13-slim", "python:3.12-slim", "python:3.11-slim", "python:3-slim", "python:3")

_PROC = Path("/proc")
_END = b"\0"

_PROGRAM = """\
import sys
for _ in sys.stdin:
    for name in ("tcp", "tcp6"):
        try:
            text = open("/proc/net/" + name).read()
        except OSError:
            text = ""
        sys.stdout.write(text + "\\0")
    sys.stdout.flush()
"""
"""Answers every line with both tables, each ended by a NUL. Ends with its input: when we are gone, so is it."""


def socket_tables(pid: int, id: str) -> tuple[str, str] | None:
    """The texts of tcp and tcp6 in the network namespace of container `id`, whose first process is `pid`.

    None when /proc does not show them: the process is gone, belongs to somebody else, or this machine's
    process numbers are not the engine's.
    """
    folder = _PROC / str(pid)
    try:
        if id not in (folder / "cgroup").read_text():
            return None
        tcp = (folder / "net/tcp").read_text()
    except OSError:
        return None
    with contextlib.suppress(OSError):
        return tcp, (folder / "net/tcp6").read_text()
    return tcp, ""  # a kernel without IPv6 has no such file


def cpu_seconds(pid: int, id: str) -> float | None:
    """Processor time of the container's control group; None when it cannot be read here."""
    for folder in _group_folders(pid, id):
        with contextlib.suppress(OSError, ValueError):
            return int((folder / "cpuacct.usage").read_text()) / 1e9
        with contextlib.suppress(OSError, ValueError):
            words = dict(line.split() for line in (folder / "cpu.stat").read_text().splitlines())
            if "usage_usec" in words:
                return int(words["usage_usec"]) / 1e6
    return None


def processes(pid: int, id: str) -> tuple[Process, ...] | None:
    """The processes of the container's control group; None when they cannot be read here."""
    for folder in _group_folders(pid, id):
        with contextlib.suppress(OSError, ValueError):
            pids = sorted(int(line) for line in (folder / "cgroup.procs").read_text().split())
            return tuple(Process(pid=one, command=_command_of(one)) for one in pids)
    return None


def _group_folders(pid: int, id: str) -> list[Path]:
    """Where the control groups of the process may be mounted, version 1's processor accounting first."""
    try:
        lines = (_PROC / str(pid) / "cgroup").read_text().splitlines()
    except OSError:
        return []
    found: list[Path] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if id not in path:
            continue
        if "cpuacct" in controllers.split(","):
            found[:0] = [Path("/sys/fs/cgroup") / controllers / path.lstrip("/")]
            found[1:1] = [Path("/sys/fs/cgroup/cpuacct") / path.lstrip("/")]
        elif not controllers:
            found.append(Path("/sys/fs/cgroup") / path.lstrip("/"))
    return found


def _command_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        words = (_PROC / str(pid) / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        return b" ".join(words).decode("utf-8", "replace")
    return ""


def port_owner(port: int) -> str | None:
    """The process of this machine that listens on TCP `port`, in words; None when it cannot be told."""
    sockets = _listening_inodes(port)
    if not sockets:
        return None
    for folder in _PROC.iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            for handle in (folder / "fd").iterdir():
                if os.readlink(handle) in sockets:
                    return f"process {folder.name} ({_command_of(int(folder.name))[:80]})"
    return None


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (_PROC / "net" / name).read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == "0A" and int(words[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{words[9]}]")
    return found


class Helper:
    """A small container in another's network namespace that reads the tables there. Made by `start_helper`."""

    def __init__(self, api: Any, id: str) -> None:
        self.id = id
        self._lock = threading.Lock()
        self._frames = Frames()
        raw = api.attach_socket(id, params={"stdin": 1, "stdout": 1, "stream": 1})
        self._socket = getattr(raw, "_sock", raw)
        self._socket.settimeout(5.0)
        self._raw = raw
        api.start(id)

    def tables(self) -> tuple[str, str]:
        """Raises OSError when the helper is gone."""
        with self._lock:
            self._socket.sendall(b"\n")
            answer = b""
            while answer.count(_END) < 2:
                data = self._socket.recv(64 * 1024)
                if not data:
                    raise ConnectionResetError("the helper container ended")
                answer += b"".join(piece for _, piece in self._frames.feed(data))
            tcp, tcp6, _ = answer.decode("ascii", "replace").split("\0")
            return tcp, tcp6

    def close(self) -> None:
        """End its input, upon which it ends and the engine removes it."""
        response = getattr(self._raw, "_response", None)
        with contextlib.suppress(OSError, ValueError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError, ValueError):
            if response is not None:
                response.close()
            self._raw.close()


def start_helper(api: Any, target: str, labels: Mapping[str, str]) -> Helper:
    """A helper in the network namespace of container `target`. It carries the target's labels and its own, so
    that whoever cleans up after the target finds it too."""
    created = api.create_container_from_config(
        {
            "Image": _helper_image(api),
            "Labels": {**labels, HELPER_LABEL: "sockets"},
            "OpenStdin": True,
            "StdinOnce": True,
            "AttachStdin": True,
            "HostConfig": {
                "NetworkMode": f"container:{target}",
                "AutoRemove": True,
                "ReadonlyRootfs": True,
                "CapDrop": ["ALL"],
                "SecurityOpt": ["no-new-privileges"],
                "Memory": 64 * 1024 * 1024,
            },
        }
    )
    try:
        return Helper(api, created["Id"])
    except BaseException:
        api.remove_container(created["Id"], force=True)
        raise


def _helper_image(api: Any) -> str:
    """The helper's image, made from a base image at hand when it is not there."""
    from docker.errors import ImageNotFound, NotFound

    for base in (HELPER_IMAGE, *HELPER_BASES):
        try:
            api.inspect_image(base)
        except (ImageNotFound, NotFound):
            continue
        if base != HELPER_IMAGE:
            _make_helper_image(api, base)
        return HELPER_IMAGE
    raise HostError(
        error(
            "host/no-helper-image",
            "no image at hand can look into a container on this engine",
            fault=Fault.HOST,
            facts=(f"one of {', '.join(HELPER_BASES)} is needed",),
            help=f"docker pull {HELPER_BASES[0]}",
        )
    )


def _make_helper_image(api: Any, base: str) -> None:
    """Settings alone change, so no builder is needed: the image is a container that never ran, kept."""
    created = api.create_container_from_config({"Image": base, "Entrypoint": ["python3"], "Cmd": []})
    try:
        api.commit(
            created["Id"],
            repository=HELPER_IMAGE.partition(":")[0],
            tag=HELPER_IMAGE.partition(":")[2],
            conf={
                "Entrypoint": ["python3", "-u", "-c", _PROGRAM],
                "Cmd": [],
                "Labels": {HELPER_LABEL: "image", "emu.base": base, "emu.made": str(int(time.time()))},
                "User": "65534:65534",
                "OpenStdin": True,
                "StdinOnce": True,
            },
        )
    finally:
        api.remove_container(created["Id"])
