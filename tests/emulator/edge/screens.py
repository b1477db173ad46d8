"""A process in a terminal of its own, and what a person sees there: its screen, and what has scrolled off it."""

import contextlib
import fcntl
import os
import pty
import signal
import struct
import termios
import threading
import time
from collections.abc import Callable, Mapping
from typing import Self

import pyte

from tests.running_emu import CHECKOUT, environment

SOON_S = 20.0


class Screen:
    """`argv` in a terminal. As in a shell, the process leads a group of its own that is in front."""

    def __init__(
        self, argv: tuple[str, ...], *, columns: int = 80, rows: int = 24, env: Mapping[str, str] | None = None,
        cwd: str = str(CHECKOUT),
    ) -> None:  # fmt: skip
        self._seen = pyte.HistoryScreen(columns, rows, history=20_000, ratio=0.5)
        self._seen.set_mode(pyte.modes.LNM)
        self._stream = pyte.ByteStream(self._seen)
        self.raw = bytearray()
        self._lock = threading.Lock()
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            for number in (signal.SIGINT, signal.SIGQUIT):  # a shell heeds them, whatever started these tests
                signal.signal(number, signal.SIG_DFL)
            os.execve(argv[0], argv, {**environment(env), **({"TERM": "xterm"} if "TERM" not in (env or {}) else {})})
        self.was = termios.tcgetattr(self._terminal)
        self._size(columns, rows)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self._reader.join(5)
        os.close(self._terminal)

    def _size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._terminal, 65536)
            except OSError:
                return
            with self._lock:
                self.raw += data
                self._stream.feed(data)

    def resize(self, columns: int, rows: int) -> None:
        with self._lock:
            self._seen.resize(rows, columns)
        self._size(columns, rows)

    def press(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def rows(self) -> list[str]:
        """What is on the screen, without empty rows at its end."""
        with self._lock:
            return _trimmed([row.rstrip() for row in self._seen.display])

    def all_rows(self) -> list[str]:
        """The same, after what has scrolled off it."""
        with self._lock:
            top = [
                "".join(row[column].data for column in range(self._seen.columns)).rstrip()
                for row in self._seen.history.top
            ]
        return top + self.rows()

    def until(self, what: Callable[[list[str]], bool]) -> list[str]:
        """The rows as soon as this is so of them. Fails when that takes too long."""
        deadline = time.monotonic() + SOON_S
        while not what(rows := self.rows()):
            assert time.monotonic() < deadline, "\n".join(rows)
            time.sleep(0.02)
        return rows

    def modes(self) -> list[object]:
        return termios.tcgetattr(self._terminal)[:4]

    def ends(self) -> int:
        """The exit status, once it has ended by itself."""
        deadline = time.monotonic() + SOON_S
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._reader.join(0.3)
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < deadline, "\n".join(self.rows())
            time.sleep(0.02)


def _trimmed(rows: list[str]) -> list[str]:
    while rows and not rows[-1]:
        rows = rows[:-1]
    return rows
