"""The way to a running `up`: a Unix socket that its other commands speak through, a JSON line to ask, lines to answer.

The socket lies where only this user may go. Where the project's own folder takes none (its path is too long for a
socket's address, its file system has no sockets) it gets a folder of its own.
"""

import contextlib
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator

from .orphans import SCRATCH, SHORT_FOLDER
from .state import SOCKET, ProjectState

_LONGEST_PATH = 100
"""Bytes; systems allow 104 to 108."""
_NAME = "control"
_LONGEST_LINE = 4 * 1024 * 1024
_CHUNK = 64 * 1024
_QUESTION_WITHIN_S = 10.0
_HEED_EVERY_S = 0.2


class Peer:
    """Who asked: gets lines, and may go away."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self.gone = threading.Event()

    def send(self, line: bytes) -> None:
        """A line without its end. Nothing happens when nobody listens any more."""
        with self._lock:
            try:
                self._connection.sendall(line + b"\n")
            except OSError:
                self.gone.set()

    def watch(self) -> None:
        """In a thread of its own: notice that it went away."""
        with contextlib.suppress(OSError):
            while self._connection.recv(_CHUNK):
                pass
        self.gone.set()


Handler = Callable[[bytes, Peer], None]
"""Called in a thread of its own with what was asked; the connection is closed after it."""


class ControlServer:
    """Listens until it is closed. within_s: how soon a question must have come, whole, after its connection."""

    def __init__(
        self, project: str, state: ProjectState, handler: Handler, *, within_s: float = _QUESTION_WITHIN_S
    ) -> None:
        self._handler = handler
        self._within_s = within_s
        self._path = os.path.join(state.folder, SOCKET)
        self._folder: str | None = None
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if not _bound(self._listener, self._path):
            self._folder = _folder_of_its_own(f"{SCRATCH}{project}-")
            self._path = os.path.join(self._folder, _NAME)
            self._listener.bind(self._path)
        self._listener.listen(16)
        state.write("control", {"socket": self._path})
        self._closed = False
        self._peers: set[socket.socket] = set()
        threading.Thread(target=self._accept, name="control", daemon=True).start()

    def close(self) -> None:
        """Listen no more. Whoever still waits for an answer sees the connection end."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._peers):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            os.remove(self._path)
        if self._folder is not None:
            with contextlib.suppress(OSError):
                os.rmdir(self._folder)

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._peers.add(connection)
            threading.Thread(target=self._serve, args=(connection,), name="control-peer", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            line = _line(connection, self._within_s)
            if line is None:
                return
            peer = Peer(connection)
            threading.Thread(target=peer.watch, name="control-watch", daemon=True).start()
            self._handler(line, peer)
        finally:
            self._peers.discard(connection)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


def _folder_of_its_own(prefix: str) -> str:
    """A new folder that a socket fits into: in the temporary folder, unless its own path is too long."""
    usual = tempfile.gettempdir()
    random_part = 8
    fits = len(os.fsencode(os.path.join(usual, prefix, _NAME))) + random_part <= _LONGEST_PATH
    return tempfile.mkdtemp(prefix=prefix, dir=usual if fits else SHORT_FOLDER)


def _bound(listener: socket.socket, path: str) -> bool:
    """Whether it listens there from now on. What lies there is of a run that was killed: the project's lock is ours."""
    if len(os.fsencode(path)) > _LONGEST_PATH:
        return False
    with contextlib.suppress(OSError):
        os.remove(path)
    try:
        listener.bind(path)
    except OSError:
        return False
    return True


def _line(connection: socket.socket, within_s: float) -> bytes | None:
    """The first line; None for one that does not end in time, or is longer than anybody asks."""
    data = b""
    end = time.monotonic() + within_s
    with contextlib.suppress(OSError):
        while b"\n" not in data and len(data) <= _LONGEST_LINE:
            connection.settimeout(max(0.001, end - time.monotonic()))
            piece = connection.recv(_CHUNK)
            if not piece or time.monotonic() > end:
                return None
            data += piece
    connection.settimeout(None)
    line, found, _ = data.partition(b"\n")
    return line if found else None


def ask_running(state: ProjectState, question: bytes) -> Iterator[bytes] | None:
    """The lines a running `up` answers, as they come; None when nobody listens."""
    path = state.read("control").get("socket")
    if not isinstance(path, str):
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
        connection.sendall(question + b"\n")
    except OSError:
        connection.close()
        return None
    return _lines(connection)


def _lines(connection: socket.socket) -> Iterator[bytes]:
    """Until the other side ends. Whoever stops listening before closes the connection, which the other side sees."""
    rest = b""
    connection.settimeout(_HEED_EVERY_S)
    try:
        while piece := _piece(connection):
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
    except OSError:
        return
    finally:
        connection.close()


def _piece(connection: socket.socket) -> bytes:
    """What comes next, b"" at the end. A Ctrl-C just before a call that waits is only heeded when that returns."""
    while True:
        with contextlib.suppress(TimeoutError):
            return connection.recv(_CHUNK)
