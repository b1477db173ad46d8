"""A line at the end of the screen while a command works: what it does, and for how long. For a second, nothing."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Self

from emulator.model.diagnostic import HostError

AFTER_S = 1.0
"""What is over by then is not spoken of, and costs a thread that sleeps."""
_TABLE = "durations"


class Meanwhile:
    """The line on stderr, from a second after entering until leaving; what is printed in between is printed above it.

    line: what it says after so many seconds, the last time having taken so many (None: not known). last_s: those, asked
    for until they are known. finished: told the seconds of a command that ended by itself and was worth the line.
    """

    def __init__(
        self,
        line: Callable[[float, float | None], str],
        last_s: Callable[[], float | None],
        finished: Callable[[float], None],
    ) -> None:
        self._line, self._last_s, self._finished = line, last_s, finished
        self._began = time.monotonic()
        self._over = threading.Event()
        self._lock = threading.RLock()
        self._is_shown = False
        self._thread = threading.Thread(target=self._tell, name="meanwhile", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.end()
        took = time.monotonic() - self._began
        if kind is None and took >= AFTER_S:
            self._finished(took)

    def end(self) -> None:
        """Nothing more is said."""
        with self._lock:
            self._over.set()
            self._hide()

    def above(self, text: str, write: Callable[[str], None]) -> None:
        """Print what has whole lines in place of the line, which comes back below; what has not ends it."""
        with self._lock:
            self._hide()
            if not text.endswith("\n"):
                self._over.set()
            write(text)

    def _tell(self) -> None:
        if self._over.wait(AFTER_S):
            return
        last_s = None
        while not self._over.is_set():
            last_s = last_s if last_s is not None else self._last_s()
            seconds = time.monotonic() - self._began
            with self._lock:
                if not self._over.is_set():
                    _put(f"\r\x1b[K{self._line(seconds, last_s)}")
                    self._is_shown = True
            self._over.wait(1.0 - (time.monotonic() - self._began) % 1.0)

    def _hide(self) -> None:
        if self._is_shown:
            _put("\r\x1b[K")
            self._is_shown = False


def _put(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # a terminal that has gone
        sys.stderr.write(text)
        sys.stderr.flush()


class Durations:
    """How long commands took the last time, in the state of the project whose root is set once it is known."""

    def __init__(self, command: str, environ: Mapping[str, str]) -> None:
        self._command, self._environ = command, environ
        self.root: str | None = None

    def last_s(self) -> float | None:
        """Seconds; None where that is not known."""
        if self.root is None:
            return None
        from .state import ProjectState

        found = ProjectState(self._project(self.root), self._environ).read(_TABLE).get(self._command)
        return float(found) if isinstance(found, int | float) and found >= 0 else None

    def keep(self, seconds: float) -> None:
        """Remember them. What cannot be written is not remembered."""
        if self.root is None:
            return
        from .state import ProjectState

        state = ProjectState(self._project(self.root), self._environ)
        with contextlib.suppress(HostError):
            state.write(_TABLE, {**state.read(_TABLE), self._command: round(seconds, 1)})

    def _project(self, root: str) -> str:
        from emulator.engine.labels import project_id

        return project_id(root)


def can_tell(environ: Mapping[str, str]) -> bool:
    """Whether stderr is a terminal that takes a line back, and ours at the moment: no job's in the background."""
    if environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        return False
    with contextlib.suppress(OSError, ValueError):
        return os.tcgetpgrp(sys.stderr.fileno()) == os.getpgrp()
    return False
