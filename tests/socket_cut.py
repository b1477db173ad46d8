"""A socket in front of another one, whose connections can all be cut at a moment, or stand still for a while."""

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self


class Cut:
    """Carries connections from the socket at `path` to the one at `to`, until `now`. flows: while it is not set,
    connections are taken and nothing is carried."""

    def __init__(self, to: str, path: Path) -> None:
        self._to = to
        self._path = path
        self._server = socket.socket(socket.AF_UNIX)
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._is_cut = False
        self.flows = threading.Event()
        self.flows.set()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"unix://{self._path}"

    def __enter__(self) -> Self:
        self._server.bind(str(self._path))
        self._server.listen(64)
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.now()

    def now(self) -> None:
        """Cut every connection; new ones are refused."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._path.unlink(missing_ok=True)
        self.flows.set()
        with self._lock:
            self._is_cut = True
            threads = list(self._threads)
            for end in self._ends:
                _shut(end, socket.SHUT_RDWR)
        for thread in threads:
            thread.join(10)
        self._server.close()

    def _start(self, work: Callable[..., None], *given: object) -> threading.Thread:
        thread = threading.Thread(target=work, args=given, daemon=True)
        with self._lock:
            self._threads.append(thread)
            thread.start()
        return thread

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._server.accept()
                self._start(self._join, here)

    def _join(self, here: socket.socket) -> None:
        """One connection, to the end of both directions."""
        with here, socket.socket(socket.AF_UNIX) as there:
            there.connect(self._to)
            with self._lock:
                if self._is_cut:
                    return
                self._ends += [here, there]
            back = self._start(_carry, there, here, self.flows)
            _carry(here, there, self.flows)
            back.join()
            with self._lock:
                self._ends = [end for end in self._ends if end not in (here, there)]


def _carry(source: socket.socket, sink: socket.socket, flows: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            flows.wait()
            sink.sendall(data)
    _shut(sink, socket.SHUT_WR)


def _shut(end: socket.socket, how: int) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(how)
