"""Whoever waits for the answer of a running `up` can be interrupted."""

import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from emulator.edge.control import _lines


class Interrupted(Exception):
    pass


@pytest.fixture
def heeds() -> Iterator[None]:
    """SIGUSR1 is heeded as Ctrl-C would be."""

    def heard(number: int, frame: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, heard)
    yield
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.timeout(10)
@pytest.mark.usefixtures("heeds")
def test_a_signal_just_before_the_wait_is_heeded() -> None:
    """A signal that does not wake the read, since it came before it or to another thread, ends the wait."""
    ours, theirs = socket.socketpair()

    def from_aside() -> None:
        time.sleep(0.3)
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    with ours, theirs:
        threading.Thread(target=from_aside).start()
        with pytest.raises(Interrupted):
            next(_lines(ours))


def test_lines_come_however_they_are_cut() -> None:
    """Pieces are put together, and a pause is no end."""
    ours, theirs = socket.socketpair()

    def speak() -> None:
        for piece in (b"one\ntw", b"o\nthree\n"):
            theirs.sendall(piece)
            time.sleep(0.3)
        theirs.close()

    with ours:
        threading.Thread(target=speak).start()
        assert list(_lines(ours)) == [b"one", b"two", b"three"]
