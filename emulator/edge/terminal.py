"""The terminal: answers to stdout, progress and questions to stderr."""

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from emulator.model.diagnostic import Fault, HostError, error

if TYPE_CHECKING:
    from emulator.world.front import Scene, Screen

    from .live_screen import LiveScreen
    from .meanwhile import Meanwhile


class StandardTerminal:
    """The process's own streams. Colour only for a terminal that wants it (NO_COLOR, TERM=dumb)."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        _open_closed_streams()
        self.out_is_tty = sys.stdout.isatty()
        self.err_is_tty = sys.stderr.isatty()
        wanted = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        self.colour = wanted and self.out_is_tty
        self.width = _width(environ)
        self._environ = environ
        self._screen: LiveScreen | None = None
        self.meanwhile: Meanwhile | None = None
        """The line about what one waits for, where there is one."""

    def out(self, text: str) -> None:
        if self._screen is not None and self._screen.is_open:
            self._screen.put(text)
        else:
            self._print(sys.stdout, text)

    def err(self, text: str) -> None:
        if self._screen is not None and self._screen.is_open and self.err_is_tty:
            self._screen.put(text)
        else:
            self._print(sys.stderr, text)

    def _print(self, stream: TextIO, text: str) -> None:
        if self.meanwhile is None:
            _write(stream, text)
        else:
            self.meanwhile.above(text, lambda text: _write(stream, text))

    def show(self, scene: "Scene") -> "Screen | None":
        """Until the screen is closed, what is printed is printed above it. None where this is no terminal for it."""
        if not (self.colour and self.out_is_tty):
            return None
        from .live_screen import LiveScreen, can_be_live

        if not can_be_live(self._environ):
            return None
        self._screen = LiveScreen(scene, lambda text: _write(sys.stdout, text))
        return self._screen

    def ask(self, question: str, *, hidden: bool = False) -> str | None:
        if not (sys.stdin and sys.stdin.isatty() and self.err_is_tty):
            return None
        if self.meanwhile is not None:
            self.meanwhile.end()
        try:
            if hidden:
                import getpass

                return getpass.getpass(question, stream=sys.stderr)
            self.err(question)
            line = sys.stdin.readline()
        except EOFError:
            return None
        return line.rstrip("\n") if line else None


def _width(environ: Mapping[str, str]) -> int:
    if environ.get("COLUMNS", "").isdigit():
        return max(20, int(environ["COLUMNS"]))
    for stream in (sys.stdout, sys.stderr, sys.stdin):
        try:
            columns = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError, AttributeError):  # stdin may be None
            continue
        if columns > 0:  # a pseudo-terminal that nobody gave a size has none
            return max(20, columns)
    return 100


def _open_closed_streams() -> None:
    """A stream that the caller closed (`emu plan >&-`) is None in Python: what goes there goes nowhere."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - lives as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _write(stream: TextIO, text: str) -> None:
    """Write and flush. A character that the stream's encoding lacks becomes \\uXXXX, so that JSON stays
    the same JSON. Raises HostError when the stream takes no more (a full disk), BrokenPipeError when
    its reader has gone."""
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            stream.write(_escaped(text, stream.encoding or "ascii"))
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as problem:
        # What is still in the buffer would be tried, and refused, once more at the end of the process.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise HostError(
            error(
                "host/cannot-write",
                f"the answer cannot be written: {problem.strerror}",
                fault=Fault.HOST,
                help="make room where it is written to, or print it to the terminal",
            )
        ) from None


def _escaped(text: str, encoding: str) -> str:
    """`text` with \\uXXXX for each character that `encoding` lacks."""
    import codecs

    codecs.register_error("emu-escape", _spelt_out)
    return text.encode(encoding, "emu-escape").decode(encoding)


def _spelt_out(fault: UnicodeError) -> tuple[str, int]:
    if not isinstance(fault, UnicodeEncodeError):
        raise fault
    units = fault.object[fault.start : fault.end].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)), fault.end
