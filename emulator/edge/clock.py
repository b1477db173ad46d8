"""The machine's own time."""

import threading
import time

BEAT_S = 0.5
STOPPED_S = 2.0
"""Nothing of this process moved for this long: it was stopped. A busy machine alone does not do that."""


class SystemClock:
    """A `Clock` that goes on by itself, but not while this process is stopped (SIGSTOP, a debugger): what was due then
    is not late, and nothing has run out of time. A machine that sleeps stops the system's own clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen = time.monotonic()
        self._stopped = 0.0
        threading.Thread(target=self._beat, name="clock", daemon=True).start()

    def now(self) -> float:
        """Seconds since some fixed moment."""
        with self._lock:
            moment = time.monotonic()
            gap = moment - self._seen
            self._seen = moment
            if gap > STOPPED_S:
                self._stopped += gap - BEAT_S
            return moment - self._stopped

    def wall(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))

    def _beat(self) -> None:
        """In a thread of its own: so that a gap is one in which nothing could run."""
        while True:
            time.sleep(BEAT_S)
            self.now()
