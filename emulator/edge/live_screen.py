"""The bottom lines of a terminal as a panel that is drawn in place, while what is printed scrolls above it and stays in
the terminal's own history; and the keys that are pressed meanwhile.

`rich` measures and cuts the panel's lines, by the cells that characters take. Its `Live` is not used: it erases as many
rows as it has drawn lines, and leaves some behind once a narrower terminal has broken them; and it erases before it
draws, which is seen as flicker.
"""

import contextlib
import functools
import os
import re
import select
import signal
import sys
import termios
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from emulator.model.diagnostic import HostError
from emulator.world.front import Scene

_EVERY_S = 0.08
"""Between two drawings, at least: more are not seen."""

_IDLE_S = 1.0
"""Between two drawings, at most: what is drawn says how long ago something was."""

_MOST_LINES = 4_000
"""How many lines wait for a terminal that is slow, or was told to hold; older ones are left out then."""

_MOST_KEYS = 4
"""More at once were not typed but pasted, and are for somebody else."""

_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""Around what is to be seen as a whole; terminals that do not know it draw it all the same."""

_PIECES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1bO.|\x1b|[^\x1b]", re.DOTALL)
_KEYS = {"\x1b[A": "up", "\x1b[B": "down", "\x1bOA": "up", "\x1bOB": "down"}


def can_be_live(environ: Mapping[str, str]) -> bool:
    """Whether both ends are a terminal that obeys, has room for a panel, and is ours at the moment."""
    if environ.get("NO_COLOR") or environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        return False
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    if not (sys.stdout.encoding or "").lower().startswith("utf"):
        return False
    return _is_ours(sys.stdin.fileno()) and os.get_terminal_size(sys.stdout.fileno()).lines > 4


def _is_ours(terminal: int) -> bool:
    """Whether this process is the one in front: one in the background may neither read nor change it."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False


class LiveScreen:
    """From its making, in the main thread, until `close`. write: prints text on the terminal at once."""

    def __init__(self, scene: Scene, write: Callable[[str], None]) -> None:
        self._scene = scene
        self._write = write
        self._keyboard = _Keyboard(sys.stdin.fileno())
        self._panel = _Panel()
        self._lines: deque[tuple[int, str]] = deque(maxlen=_MOST_LINES)
        self._texts: list[tuple[int, str]] = []
        self._count = 0
        self._dropped = 0
        self._is_cleared = False
        self._queue = threading.Lock()
        self._drawing = threading.RLock()
        self._something = threading.Event()
        self._over = threading.Event()
        self.is_open = True
        self._handlers: dict[int, Any] = {
            number: signal.signal(number, handler)
            for number, handler in (
                (signal.SIGTSTP, self._suspend), (signal.SIGCONT, self._resumed), (signal.SIGWINCH, self._resized)
            )
        }  # fmt: skip
        self._something.set()
        self._painter = threading.Thread(target=self._paint, name="screen", daemon=True)
        self._painter.start()
        self._reader = threading.Thread(target=self._read, name="keys", daemon=True)
        self._reader.start()

    # ---- what is to be seen

    def put(self, text: str) -> None:
        """Print it above the panel, soon."""
        with self._queue:
            self._count += 1
            self._texts.append((self._count, text))
        self._something.set()

    def put_line(self, line: str) -> None:
        """The same of a line of output, which is left out where more wait than a terminal can show."""
        with self._queue:
            self._count += 1
            self._dropped += len(self._lines) == _MOST_LINES
            self._lines.append((self._count, line))
        self._something.set()

    def wake(self) -> None:
        """The panel may have changed."""
        self._something.set()

    def clear(self) -> None:
        """An empty screen, with the panel at its top."""
        self._is_cleared = True
        self._something.set()

    def close(self) -> None:
        """Print what is left and take the panel away; the terminal is as it was."""
        if self._over.is_set():
            return
        self._over.set()
        self._something.set()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        try:
            self._painter.join()
        finally:  # also where a first Ctrl-C comes just now
            self._keyboard.close()
        self._reader.join(_IDLE_S)
        with contextlib.suppress(HostError, BrokenPipeError):  # whoever closed the terminal does not read it either
            self._write(self._panel.taken_away(self._above()))
        self.is_open = False

    # ---- drawing, in a thread of its own

    def _paint(self) -> None:
        try:
            while not self._over.is_set():
                self._something.wait(_IDLE_S)
                self._something.clear()
                self._draw()
                self._over.wait(_EVERY_S)
        except Exception as problem:  # noqa: BLE001 - told by who prints next; what is printed goes on without a panel
            self._keyboard.close()
            self._panel.forget()
            self._scene.failed(problem)

    def _draw(self) -> None:
        with self._drawing:
            size = os.get_terminal_size(sys.stdout.fileno())
            is_ours = self._keyboard.take() if _is_ours(self._keyboard.terminal) else False
            above = self._above()
            lines = self._scene.panel(size.columns, size.lines) if is_ours else []
            text = self._panel.drawn(above, lines, size.columns, clear=self._is_cleared)
            self._is_cleared = False
            if text:
                self._write(text)

    def _above(self) -> str:
        """What waits to be printed, in its order."""
        with self._queue:
            lines, texts, dropped = list(self._lines), self._texts, self._dropped
            self._lines.clear()
            self._texts, self._dropped = [], 0
        told = "".join(text for _, text in (sorted(lines + texts) if texts else lines))
        return (self._scene.left_out(dropped) if dropped else "") + told

    # ---- keys, in a thread of their own

    def _read(self) -> None:
        while (text := self._keyboard.read()) is not None:
            for key in keys_of(text):
                try:
                    self._scene.pressed(key)
                except Exception as problem:  # noqa: BLE001 - as above
                    self._scene.failed(problem)
                    return
            self._something.set()

    # ---- signals, in the main thread

    def _suspend(self, _number: int, _frame: FrameType | None) -> None:
        """Ctrl-Z: the shell gets its terminal back as it was."""
        if not self._drawing.acquire(timeout=_IDLE_S):
            return
        try:
            self._write(self._panel.taken_away(""))
            self._keyboard.give_back()
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            signal.pthread_kill(threading.get_ident(), signal.SIGTSTP)  # here all stops, until it is told to go on
            signal.signal(signal.SIGTSTP, self._suspend)
        finally:
            self._drawing.release()
        self._something.set()

    def _resumed(self, _number: int, _frame: FrameType | None) -> None:
        """What is on the screen now is somebody else's: the panel is drawn below it."""
        self._panel.forget()
        self._something.set()

    def _resized(self, _number: int, _frame: FrameType | None) -> None:
        self._something.set()


class _Panel:
    """What was drawn at the bottom, and the text that changes it. The cursor is left at the end of its last line."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._cells: list[int] = []
        self._columns = 0

    def forget(self) -> None:
        """It is not there any more."""
        self._lines, self._cells = [], []

    def taken_away(self, above: str) -> str:
        """Print `above` in its place."""
        return self.drawn(above, [], self._columns)

    def drawn(self, above: str, lines: list[str], columns: int, *, clear: bool = False) -> str:
        """Print `above` and have these lines under it; "" where nothing changes."""
        if clear:
            self.forget()
        is_same_shape = columns == self._columns and len(lines) == len(self._lines)
        if not (above or clear) and is_same_shape:
            return self._changed(lines)
        back = self._to_its_top(columns)
        self._columns = columns
        fitted = [_fitted(line, columns) for line in lines]
        self._lines, self._cells = lines, [cells for _, cells in fitted]
        above = above if not above or above.endswith("\n") else f"{above}\n"
        empty = "\x1b[H\x1b[2J" if clear else "\x1b[J" if back else ""
        return f"{_BEGIN}{back}{empty}{above}" + "\n".join(text for text, _ in fitted) + _END

    def _changed(self, lines: list[str]) -> str:
        """Only the lines that are others now, each in its place."""
        if lines == self._lines:
            return ""
        rows = []
        for at, line in enumerate(lines):
            if line != self._lines[at]:
                text, self._cells[at] = _fitted(line, self._columns)
                rows.append(f"\r\x1b[2K{text}")
            else:
                rows.append("")
        last = rows[-1] or f"\r{_right(self._cells[-1])}"
        self._lines = lines
        return f"{_BEGIN}{_up(len(lines) - 1)}" + "\n".join([*rows[:-1], last]) + _END

    def _to_its_top(self, columns: int) -> str:
        """Back from the end of the last line. A terminal that became narrower has broken lines that were wider."""
        if not self._lines:
            return ""
        rows = sum(max(1, -(-cells // max(1, columns))) for cells in self._cells)
        return f"\r{_up(rows - 1)}"


def _up(rows: int) -> str:
    return f"\x1b[{rows}A" if rows > 0 else ""


def _right(cells: int) -> str:
    return f"\x1b[{cells}C" if cells > 0 else ""


@functools.lru_cache(maxsize=256)
def _fitted(line: str, columns: int) -> tuple[str, int]:
    """A line with its colours, cut where it is wider than the terminal, and how many cells it takes."""
    from rich.console import Console
    from rich.text import Text

    console = Console(color_system="standard", force_terminal=True, width=columns, highlight=False)
    text = Text.from_ansi(line)
    text.truncate(max(1, columns - 1), overflow="ellipsis")
    with console.capture() as captured:
        console.print(text, end="", soft_wrap=True)
    return captured.get(), text.cell_len


class _Keyboard:
    """Keys one by one, unseen, while it is taken; Ctrl-C, Ctrl-Z and the like mean what they always do."""

    def __init__(self, terminal: int) -> None:
        self.terminal = terminal
        self._was: list[Any] | None = None
        self._is_closed = False
        self._changing = threading.RLock()
        self._ending, self._end = os.pipe()

    def take(self) -> bool:
        """Take it, where it is not; whoever had the terminal in between may have changed it back."""
        with self._changing, contextlib.suppress(termios.error):
            now = termios.tcgetattr(self.terminal)
            if self._is_closed:
                return False
            if now[3] & (termios.ICANON | termios.ECHO):
                self._was = now
                ours = [*now[:3], now[3] & ~(termios.ICANON | termios.ECHO), *now[4:6], [*now[6]]]
                ours[6][termios.VMIN], ours[6][termios.VTIME] = 1, 0
                termios.tcsetattr(self.terminal, termios.TCSANOW, ours)
            return True
        return False

    def give_back(self) -> None:
        with self._changing:
            was, self._was = self._was, None
            if was is not None and _is_ours(self.terminal):
                with contextlib.suppress(termios.error):
                    termios.tcsetattr(self.terminal, termios.TCSANOW, was)

    def read(self) -> str | None:
        """What is pressed next; None when there will be no more."""
        while not self._is_closed:
            found, _, _ = select.select([self.terminal, self._ending], [], [])
            if self._ending in found or self._is_closed:
                return None
            if self._was is None or not _is_ours(self.terminal):
                time.sleep(_EVERY_S)  # it is somebody else's at the moment
                continue
            try:
                data = os.read(self.terminal, 1024)
            except OSError:
                return None
            return data.decode("utf-8", "replace") if data else None
        return None

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self.give_back()
            os.write(self._end, b".")


def keys_of(text: str) -> list[str]:
    """The keys that were typed; of other sequences, and of what was pasted, none."""
    pieces = _PIECES.findall(text)
    keys = [_KEYS.get(piece, piece) for piece in pieces if piece in _KEYS or not piece.startswith("\x1b")]
    return keys if len(pieces) <= _MOST_KEYS else []
