"""Connections the engine keeps writing to, each read in a thread of its own: a container's output, its end."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from emulator.engine.host_problems import host_problem
from emulator.engine.lines import Frames, Lines
from emulator.model.diagnostic import HostError
from emulator.world.containers import ContainerFacts, OnExit, OnLine

_CHUNK = 64 * 1024

Read = Callable[[], bytes]
"""Returns what has arrived, waiting for at least a byte; b"" at the end."""


class Connection:
    """An open answer of the engine: bytes to read until it ends or is shut."""

    def __init__(self, read: Read, raw_socket: Any, response: Any) -> None:
        self.read = read
        self._socket = raw_socket
        self._response = response

    def close(self) -> None:
        """Give it back. For the thread that reads it, after the last read."""
        with contextlib.suppress(OSError, ValueError):
            if self._response is not None:
                self._response.close()
            self._socket.close()

    def shut(self) -> None:
        """End it from another thread: a read that waits returns."""
        inner = getattr(self._socket, "_sock", self._socket)
        with contextlib.suppress(OSError, AttributeError):
            inner.shutdown(socket.SHUT_RDWR)


def streamed(api: Any, response: Any) -> Connection:
    """The body of a streamed answer, as it arrives."""
    raw_socket = api._get_raw_response_socket(response)  # noqa: SLF001 - the SDK's own way, with no public name
    api._disable_socket_timeout(raw_socket)  # noqa: SLF001 - silence is no failure here
    return Connection(lambda: bytes(response.raw.read1(_CHUNK)), raw_socket, response)


def attached(api: Any, id: str) -> Connection:
    """The output of a container that has not started yet, from its first byte on."""
    raw_socket = api.attach_socket(id, params={"stdout": 1, "stderr": 1, "stream": 1, "logs": 0})
    api._disable_socket_timeout(raw_socket)  # noqa: SLF001
    receive = getattr(raw_socket, "recv", None) or raw_socket.read
    return Connection(lambda: bytes(receive(_CHUNK) or b""), raw_socket, getattr(raw_socket, "_response", None))


class Follower:
    """Reads a connection in a thread until it ends or is closed."""

    def __init__(self, connection: Connection, work: Callable[["Follower"], None], *, name: str, endpoint: str) -> None:
        self.error: HostError | None = None
        self._connection = connection
        self._work = work
        self._endpoint = endpoint
        self._lock = threading.RLock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; whether it has come."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def close(self) -> None:
        """End it now: no callback begins after this returns."""
        with self._lock:
            self._closed = True
        self._connection.shut()
        if threading.current_thread() is not self._thread:
            self._thread.join(1.0)

    def report(self, callback: Callable[[], None]) -> None:
        """Call back unless closed."""
        with self._lock:
            if not self._closed:
                callback()

    def chunks(self) -> Iterator[bytes]:
        """What arrives, piece by piece, until the end."""
        while not self._closed and (data := self._connection.read()):
            yield data

    def _run(self) -> None:
        from docker.errors import DockerException
        from requests.exceptions import RequestException
        from urllib3.exceptions import HTTPError

        try:
            self._work(self)
        except (OSError, ValueError, AttributeError, DockerException, RequestException, HTTPError) as problem:
            # ValueError and AttributeError: what the HTTP library makes of a connection shut under it.
            if not self._closed:
                self.error = HostError(host_problem(repr(problem), endpoint=self._endpoint, during="reading from it"))
        except HostError as problem:
            self.error = problem
        finally:
            self._connection.close()


def drain(follower: Follower) -> None:
    """Work of a follower that only waits for the end."""
    for _ in follower.chunks():
        pass


def follow_output(connection: Connection, on_line: OnLine, *, endpoint: str) -> Follower:
    """Report a container's lines until its output ends."""

    def work(follower: Follower) -> None:
        frames = Frames()
        lines = {"stdout": Lines(), "stderr": Lines()}
        for data in follower.chunks():
            for stream, piece in frames.feed(data):
                for line in lines[stream].feed(piece):
                    follower.report(lambda: on_line(stream, line))  # noqa: B023 - called at once
        for stream in ("stdout", "stderr"):
            for line in lines[stream].end():
                follower.report(lambda: on_line(stream, line))  # noqa: B023

    return Follower(connection, work, name="logs", endpoint=endpoint)


def follow_exit(
    connection: Connection, inspect: Callable[[], ContainerFacts | HostError], on_exit: OnExit, *, endpoint: str
) -> Follower:
    """Report the container's state once the engine has answered that it ended, or why it did not answer."""

    def work(follower: Follower) -> None:
        answer = b""
        try:
            answer = b"".join(follower.chunks())
            json.loads(answer)
        except Exception as problem:  # noqa: BLE001 - whatever broke the connection, the end is not known any more
            lost = HostError(
                host_problem(f"IncompleteRead: {problem!r}", endpoint=endpoint, during="waiting for a container")
            )
            follower.error = lost
            follower.report(lambda: on_exit(lost))
            return
        facts = inspect()
        follower.report(lambda: on_exit(facts))

    return Follower(connection, work, name="exit", endpoint=endpoint)


def follow_events(connection: Connection, on_event: Callable[[str], None], *, endpoint: str) -> Follower:
    """Report the container's id of each event, which is a JSON object a line."""

    def work(follower: Follower) -> None:
        rest = b""
        for data in follower.chunks():
            *lines, rest = (rest + data).split(b"\n")
            for line in filter(None, lines):
                id = str(json.loads(line)["Actor"]["ID"])
                follower.report(lambda: on_event(id))  # noqa: B023 - called at once

    return Follower(connection, work, name="events", endpoint=endpoint)
