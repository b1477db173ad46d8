"""Ctrl-C, and the other ways to ask a process to end."""

import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

STUCK_S = 10.0
"""Tidying up that lasts this long after a second signal is stuck, for example on an engine that hangs: then a further
one ends it."""

_ONCE_MORE_S = 0.05


class Interrupts:
    """The first of SIGINT, SIGTERM and SIGHUP becomes KeyboardInterrupt, so that whatever runs tidies up; further ones
    only say that the user is in a hurry: tidying up is not cut off half way."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._again_at: float | None = None
        self.is_asked = False
        """Whether it ends because a key asked for it, and no signal."""

    def heed(self) -> None:
        """From now on, in the main thread. A signal that whoever started us had ignored (nohup, `&` in a script)
        stays ignored."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._heard)
        signal.signal(signal.SIGALRM, self._told_once_more)
        sys.unraisablehook = self._dropped

    def ignore(self) -> None:
        """Everything is told and tidied up: only leaving is left."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)

    def ask(self) -> None:
        """From any thread: what Ctrl-C does, also where whoever started us had that ignored."""
        main = threading.main_thread().ident
        assert main is not None
        self.is_asked = True
        heard = (one for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) == self._heard)
        signal.pthread_kill(main, next(heard, signal.SIGINT))

    def again(self) -> bool:
        """Whether there was more than one."""
        return self._again_at is not None

    @property
    def exit_code(self) -> int:
        """As shells tell it: 130 after Ctrl-C."""
        return 128 + (self._first or signal.SIGINT)

    def _heard(self, number: int, _frame: object) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = signal.SIGINT if self.is_asked else number
            raise KeyboardInterrupt
        if self._again_at is None:
            self._again_at = now
        elif now - self._again_at > STUCK_S:
            raise KeyboardInterrupt

    def _dropped(self, dropped: "UnraisableHookArgs") -> None:
        """What a finalizer raises goes nowhere. A signal that comes while garbage is collected is heard in one: it is
        to be told once more, by a clock, for no lock may be waited for here."""
        if dropped.exc_type is KeyboardInterrupt:
            signal.setitimer(signal.ITIMER_REAL, _ONCE_MORE_S)
        else:
            sys.__unraisablehook__(dropped)

    def _told_once_more(self, _number: int, _frame: object) -> None:
        raise KeyboardInterrupt
