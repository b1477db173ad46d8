"""The terminal: answers to stdout, progress and questions to stderr."""

import os
import sys
from collections.abc import Mapping


class StandardTerminal:
    """The process's own streams. Colour only for a terminal that wants it (NO_COLOR, TERM=dumb)."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.out_is_tty = sys.stdout.isatty()
        self.err_is_tty = sys.stderr.isatty()
        wanted = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        self.colour = wanted and self.out_is_tty
        self.width = _width(environ)

    def out(self, text: str) -> None:
        _write(sys.stdout, text)

    def err(self, text: str) -> None:
        _write(sys.stderr, text)

    def ask(self, question: str, *, hidden: bool = False) -> str | None:
        if not (sys.stdin and sys.stdin.isatty() and self.err_is_tty):
            return None
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
    for stream in (sys.stdout, sys.stderr):
        try:
            return max(20, os.get_terminal_size(stream.fileno()).columns)
        except (OSError, ValueError):
            continue
    return 100


def _write(stream: "object", text: str) -> None:
    """Write and flush; a terminal that cannot show a character gets a replacement, never an exception."""
    out = stream
    try:
        out.write(text)  # type: ignore[attr-defined]
    except UnicodeEncodeError:
        encoding = getattr(out, "encoding", None) or "ascii"
        out.write(text.encode(encoding, "replace").decode(encoding))  # type: ignore[attr-defined]
    out.flush()  # type: ignore[attr-defined]
