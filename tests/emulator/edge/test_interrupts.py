"""Signals: the first interrupts, a second only hurries, what was ignored stays ignored."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from emulator.edge import interrupts as module
from emulator.edge.interrupts import Interrupts

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (*SIGNALS, signal.SIGALRM)}
    hook = sys.unraisablehook
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    sys.unraisablehook = hook


def send(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(0.01)


@pytest.mark.parametrize(("number", "code"), list(zip(SIGNALS, (130, 143, 129), strict=True)))
def test_the_first_interrupts_and_the_second_hurries(number: int, code: int) -> None:
    """Whichever comes first decides the exit code; tidying up is not cut off by another."""
    interrupts = Interrupts()
    interrupts.heed()
    with pytest.raises(KeyboardInterrupt):
        send(number)
    assert (interrupts.exit_code, interrupts.again()) == (code, False)
    send(signal.SIGINT)
    send(signal.SIGTERM)
    assert (interrupts.exit_code, interrupts.again()) == (code, True)


def test_what_hangs_can_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal long after the second one interrupts the tidying itself."""
    monkeypatch.setattr(module, "STUCK_S", 0.05)
    interrupts = Interrupts()
    interrupts.heed()
    with pytest.raises(KeyboardInterrupt):
        send(signal.SIGINT)
    send(signal.SIGINT)
    time.sleep(0.1)
    with pytest.raises(KeyboardInterrupt):
        send(signal.SIGINT)


def test_what_was_ignored_stays_ignored() -> None:
    """Under nohup the end of the terminal is no reason to end."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    interrupts = Interrupts()
    interrupts.heed()
    send(signal.SIGHUP)
    assert not interrupts.again()


def test_at_the_very_end_nothing_interrupts() -> None:
    """When all is told, a late signal changes nothing."""
    interrupts = Interrupts()
    interrupts.heed()
    interrupts.ignore()
    for number in SIGNALS:
        send(number)
    assert interrupts.exit_code == 130


def test_who_asks_is_heard_where_ctrl_c_is_ignored() -> None:
    """A key of ours is pressed on purpose: it ends what a script started with `&`, as Ctrl-C would."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts = Interrupts()
    interrupts.heed()

    def asked() -> None:
        interrupts.ask()
        time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        asked()
    assert interrupts.exit_code == 130


def test_a_signal_heard_in_a_finalizer_is_not_lost() -> None:
    """Garbage may be collected at any moment, and what its finalizers raise goes nowhere: so did a Ctrl-C that came
    when `up` collected before it began to serve."""
    script = """if True:
        import os, signal, time
        from emulator.edge.interrupts import Interrupts
        class Garbage:
            def __del__(self):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.01)
        class Broken:
            def __del__(self):
                raise ValueError("told as ever")
        signal.signal(signal.SIGINT, signal.default_int_handler)
        interrupts = Interrupts()
        interrupts.heed()
        try:
            Broken()
            Garbage()
            time.sleep(20)
        except KeyboardInterrupt:
            print("heard", interrupts.exit_code, interrupts.again())
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=15, check=False)
    assert done.stdout == "heard 130 False\n"
    assert "told as ever" in done.stderr
