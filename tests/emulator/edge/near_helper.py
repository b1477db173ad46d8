"""A helper container without an engine: the prober's text runs in a process of this machine, and what it says comes
framed as the engine frames it."""

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from emulator.edge import prober
from emulator.edge.docker_look import Helper


@contextlib.contextmanager
def near_helper(engine: "NearEngine | None" = None) -> Iterator[Helper]:
    """A helper whose network is this machine's."""
    engine = engine or NearEngine()
    try:
        helper = Helper(engine, "near")
        try:
            yield helper
        finally:
            helper.close()
    finally:
        engine.end()


class NearEngine:
    """What `Helper` needs of the engine's client."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.ours, self.theirs = socket.socketpair()
        self.process: subprocess.Popen[bytes] | None = None
        self._threads: list[threading.Thread] = []

    def attach_socket(self, id: str, params: dict) -> socket.socket:
        return self.ours

    def start(self, id: str) -> None:
        if self.refuses:
            raise RuntimeError("no")
        program = Path(prober.__file__).read_text() + "\nserve()\n"
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._threads = [
            threading.Thread(target=one, args=(self.process,)) for one in (self._carry_in, self._carry_out)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Everything is over when this returns."""
        self.theirs.close() if self.process is None else self.process.wait(5)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()
        self.theirs.close()

    def _carry_in(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            while data := self.theirs.recv(65536):
                process.stdin.write(data)
                process.stdin.flush()
        with contextlib.suppress(OSError):
            process.stdin.close()

    def _carry_out(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout, contextlib.suppress(OSError):
            while data := process.stdout.read1(1000):
                self.theirs.sendall(b"\1\0\0\0" + len(data).to_bytes(4, "big") + data)
        with contextlib.suppress(OSError):
            self.theirs.shutdown(socket.SHUT_RDWR)
