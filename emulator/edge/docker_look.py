"""Looking into a container without its help: through /proc and the control groups of a Linux machine that runs
the engine itself, else through a helper container in the same network namespace."""

import base64
import contextlib
import hashlib
import itertools
import json
import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from emulator.engine.lines import Frames
from emulator.engine.metadata import TABLE_VARIABLE
from emulator.model.diagnostic import Fault, HostError, error
from emulator.world.asking import GrpcAnswer, HttpAnswer, HttpProblem
from emulator.world.docker import HELPER_LABEL

from .sockets import as_answer, exchanged

HELPER_IMAGE = "emu-helper"
HELPER_BASES = ("python:3.13-slim", "python:3.12-slim", "python:3.11-slim", "python:3-slim", "python:3")

_PROC = Path("/proc")

_HELPER_EXTRA_S = 2.0
"""How much longer than the request itself the way through a helper may take."""

_HELPER_SENDS_S = 5.0

_ENDED = object()

_PROBLEMS: Mapping[str, type[OSError]] = {
    "refused": ConnectionRefusedError,
    "timeout": TimeoutError,
    "reset": ConnectionResetError,
}


def exists(pid: int) -> bool:
    """Whether this machine has such a process."""
    return (_PROC / str(pid)).exists()


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


def most_open_files() -> int | None:
    """How many files an engine that runs on this machine may open, and so let a container open; None where none is
    seen, or it has no bound."""
    for folder in _PROC.iterdir():
        with contextlib.suppress(OSError, ValueError):
            if folder.name.isdigit() and (folder / "comm").read_text().strip() == "dockerd":
                rows = (folder / "limits").read_text().splitlines()
                [words] = [row.split() for row in rows if row.startswith("Max open files")]
                return int(words[4])  # "unlimited" is none
    return None


def held_bytes(pid: int, id: str) -> int | None:
    """Memory of the container's control group without the cache of files; None when it cannot be read here."""
    for folder in _group_folders(pid, id, "memory"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            rows = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            names = ("total_rss", "total_shmem") if "total_rss" in rows else ("anon", "shmem")
            return sum(int(rows[name]) for name in names)
    return None


def heeds(pid: int, id: str, name: str) -> bool | None:
    """Whether the first process of a container catches the signal, or blocks it to fetch it itself. The kernel drops
    what neither is for a first process. None when it cannot be read here."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        if id not in (_PROC / str(pid) / "cgroup").read_text():
            return None
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
        masks = dict(line.split(":", 1) for line in lines if line.startswith(("SigCgt", "SigBlk")))
        bit = 1 << (signal.Signals[name if name.startswith("SIG") else f"SIG{name}"] - 1)
        return any(int(masks[which], 16) & bit for which in ("SigCgt", "SigBlk"))
    return None


def _group_folders(pid: int, id: str, controller: str = "cpuacct") -> list[Path]:
    """Where the control groups of the process may be mounted, version 1's of this controller first."""
    try:
        lines = (_PROC / str(pid) / "cgroup").read_text().splitlines()
    except OSError:
        return []
    found: list[Path] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if id not in path:
            continue
        if controller in controllers.split(","):
            found[:0] = [Path("/sys/fs/cgroup") / controllers / path.lstrip("/")]
            found[1:1] = [Path("/sys/fs/cgroup") / controller / path.lstrip("/")]
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
    """A small container in another's network namespace with the prober in it. Made by `start_helper`.

    Many may ask at once: what one waits for holds up no other.
    """

    def __init__(self, api: Any, id: str) -> None:
        self.id = id
        self.ended = False
        """Nothing can be asked any more."""
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._asked: dict[int, SimpleQueue[Any]] = {}
        raw = api.attach_socket(id, params={"stdin": 1, "stdout": 1, "stream": 1})
        self._socket = getattr(raw, "_sock", raw)
        self._socket.settimeout(_HELPER_SENDS_S)
        self._raw = raw
        self._arrivals = select.poll()
        self._arrivals.register(self._socket, select.POLLIN)
        self._listener = threading.Thread(target=self._listen, name=f"helper-{id[:12]}", daemon=True)
        self._listener.start()
        try:
            api.start(id)
        except BaseException:
            self.close()
            raise

    def tables(self) -> tuple[str, str]:
        """The texts of /proc/net/tcp and tcp6. Raises OSError when the helper is gone."""
        tcp, tcp6 = self.ask("tables")
        return tcp, tcp6

    def ask(self, *words: Any, timeout_s: float = 5.0) -> Any:
        """What the prober in there answers. Raises OSError when the helper is gone."""
        number, told = next(self._numbers), SimpleQueue[Any]()
        self._asked[number] = told
        try:
            self._say(json.dumps([number, *words]).encode() + b"\n")
            answer = told.get(timeout=timeout_s) if not self.ended else _ENDED
        except Empty:
            raise TimeoutError("the helper container does not answer") from None
        finally:
            del self._asked[number]
        if answer is _ENDED:
            raise ConnectionResetError("the helper container ended")
        return answer

    def close(self) -> None:
        """End its input, upon which it ends and the engine removes it."""
        response = getattr(self._raw, "_response", None)
        with contextlib.suppress(OSError, ValueError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._listener.join(_HELPER_SENDS_S)
        with contextlib.suppress(OSError, ValueError):
            if response is not None:
                response.close()
            self._raw.close()

    def _say(self, line: bytes) -> None:
        with self._lock:
            try:
                self._socket.sendall(line)
            except OSError:
                self.ended = True  # half a line may be on its way
                raise

    def _listen(self) -> None:
        """Hand each answer to whoever asked, until the helper ends."""
        frames, rest = Frames(), b""
        while data := self._heard():
            said = b"".join(piece for stream, piece in frames.feed(data) if stream == "stdout")
            *lines, rest = (rest + said).split(b"\n")
            for line in lines:
                number, answer = json.loads(line)
                if (asked := self._asked.get(number)) is not None:
                    asked.put(answer)
        self.ended = True
        for asked in list(self._asked.values()):
            asked.put(_ENDED)

    def _heard(self) -> bytes:
        """What comes next, b"" at the end. Reading and writing take turns: TLS can do but one at a time."""
        while True:
            try:
                if not getattr(self._socket, "pending", int)():
                    self._arrivals.poll()
                with self._lock:
                    data: bytes = self._socket.recv(64 * 1024)
            except TimeoutError:
                continue
            except (OSError, ValueError):
                return b""
            return data


def start_helper(api: Any, target: str, labels: Mapping[str, str]) -> Helper:
    """A helper in the network namespace of container `target`. It carries the target's labels and its own, so
    that whoever cleans up after the target finds it too."""
    from docker.errors import NotFound

    created = api.create_container_from_config(
        {
            "Image": helper_image(api),
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
        with contextlib.suppress(NotFound):  # the engine removes it by itself when it has run
            api.remove_container(created["Id"], force=True)
        raise


class HelperHttp:
    """An `HttpDoor` from within the container's own network, where it cannot be reached from here."""

    def __init__(self, helper: Callable[[], Helper]) -> None:
        self._helper = helper

    def request(
        self,
        method: str,
        host: str,
        port: int,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 5.0,
    ) -> HttpAnswer:
        """Ask by HTTP/1.1 and report what came of it within `timeout_s`."""
        words = ("ask", method, host, port, path, dict(headers or {}), timeout_s)
        try:
            told = self._helper().ask(*words, timeout_s=timeout_s + _HELPER_EXTRA_S)
        except (OSError, HostError) as problem:
            return HttpAnswer(status=None, seconds=0, error="unreachable", detail=f"the helper container: {problem}")
        return as_answer({**told, "body": base64.b64decode(told["body"])})

    def connects(self, host: str, port: int, timeout_s: float = 1.0) -> HttpProblem | None:
        """Whether a TCP connection can be opened: None when it can, else why not."""
        try:
            found: HttpProblem | None = self._helper().ask(
                "connects", host, port, timeout_s, timeout_s=timeout_s + _HELPER_EXTRA_S
            )
        except (OSError, HostError):
            return "unreachable"
        return found

    def exchange(self, host: str, port: int, data: bytes, timeout_s: float) -> bytes | HttpProblem:
        """Send `data` and hear what first comes back, or why not, within `timeout_s`."""
        try:
            helper = self._helper()
        except (OSError, HostError):
            return "unreachable"
        return exchanged(lambda left: HelperLine(helper, host, port, left), data, timeout_s)

    def grpc_health(self, host: str, port: int, service: str, timeout_s: float) -> GrpcAnswer:
        """Call `grpc.health.v1.Health/Check` and report what came of it within `timeout_s`."""
        from . import grpc_health

        try:
            helper = self._helper()
        except (OSError, HostError) as problem:
            return GrpcAnswer(status=None, seconds=0, error="unreachable", detail=f"the helper container: {problem}")
        authority = grpc_health.authority_of(host, port)
        return grpc_health.check(lambda left: HelperLine(helper, host, port, left), authority, service, timeout_s)


class HelperLine:
    """A `sockets.Line` that a helper holds on our behalf."""

    def __init__(self, helper: Helper, host: str, port: int, timeout_s: float) -> None:
        self._helper = helper
        self._number = self._ask("open", host, port, timeout_s, timeout_s=timeout_s)

    def send(self, data: bytes, timeout_s: float) -> None:
        self._ask("send", self._number, base64.b64encode(data).decode(), timeout_s, timeout_s=timeout_s)

    def receive(self, timeout_s: float) -> bytes:
        return base64.b64decode(self._ask("receive", self._number, timeout_s, timeout_s=timeout_s))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._ask("close", self._number, timeout_s=0)

    def _ask(self, *words: Any, timeout_s: float) -> Any:
        """What the helper tells, its problems raised as they would be here."""
        try:
            told = self._helper.ask(*words, timeout_s=timeout_s + _HELPER_EXTRA_S)
        except OSError as problem:
            raise OSError(f"the helper container: {problem}") from problem
        if told["error"]:
            raise _PROBLEMS.get(told["error"], OSError)(told["detail"])
        return told["value"]


def helper_image(api: Any) -> str:
    """The helper's image, made from a base image at hand when it is not there."""
    from docker.errors import NotFound

    program = Path(__file__).with_name("prober.py").read_text() + "\nserve()\n"
    image = f"{HELPER_IMAGE}:{hashlib.sha256(program.encode()).hexdigest()[:12]}"
    for base in (image, *HELPER_BASES):
        try:
            api.inspect_image(base)
        except NotFound:
            continue
        if base != image:
            _make_helper_image(api, base, image, program)
        return image
    if _pulled(api, HELPER_BASES[0]):
        _make_helper_image(api, HELPER_BASES[0], image, program)
        return image
    raise HostError(
        error(
            "host/no-helper-image",
            "no image at hand can look into a container on this engine",
            fault=Fault.HOST,
            facts=(f"one of {', '.join(HELPER_BASES)} is needed, and no registry gives the first",),
            help=f"docker pull {HELPER_BASES[0]}",
        )
    )


def metadata_program() -> tuple[str, ...]:
    """Python with the texts of the two files that it takes, whose folder is not there. Isolated and without what a
    site adds, it starts in half the time."""
    texts = [Path(__file__).with_name(name).read_text() for name in ("own_address.py", "metadata_server.py")]
    return ("python3", "-I", "-S", "-u", "-c", "\n".join([*texts, f"serve_here(listen, {TABLE_VARIABLE!r})"]))


def _pulled(api: Any, ref: str) -> bool:
    """Whether a registry gave it."""
    from docker.errors import APIError

    name, _, tag = ref.partition(":")
    with contextlib.suppress(APIError):
        api.pull(name, tag=tag)
        api.inspect_image(ref)
        return True
    return False


def _make_helper_image(api: Any, base: str, image: str, program: str) -> None:
    """Settings alone change, so no builder is needed: the image is a container that never ran, kept."""
    name, _, tag = image.partition(":")
    created = api.create_container_from_config({"Image": base, "Entrypoint": ["python3"], "Cmd": []})
    try:
        api.commit(
            created["Id"],
            repository=name,
            tag=tag,
            conf={
                "Entrypoint": ["python3", "-u", "-c", program],
                "Cmd": [],
                "Labels": {HELPER_LABEL: "image", "emu.base": base},
                "User": "65534:65534",
            },
        )
    finally:
        api.remove_container(created["Id"])
