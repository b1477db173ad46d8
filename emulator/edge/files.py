"""Files that the user names on the command line, and files of the repository that a fix changes."""

import contextlib
import errno
import os
import stat
import threading

from emulator.model.diagnostic import UsageError

from .near import near_path


def read_text(path: str, what: str) -> str:
    """The text of a file named by the option `what`. Raises UsageError."""
    try:
        # As a file opened for text is read: any line ending becomes one.
        return read_bytes(path, what).decode().replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise UsageError(f"{what} {path} is not UTF-8 text", help="save it as UTF-8") from None


MOST_BYTES = 16 * 1024 * 1024
"""No file that a person means has more; a device would never end."""


def read_bytes(path: str, what: str) -> bytes:
    """What is in a file named by the option `what`. Raises UsageError."""
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as problem:
        is_missing = isinstance(problem, FileNotFoundError)
        near = near_path(path) if is_missing else None
        help_ = f"did you mean {near}?" if near else "name a file that you may read"
        code = "usage/no-such-file" if is_missing else "usage/invalid"
        raise UsageError(f"{what} {path} cannot be read: {problem.strerror}", help=help_, code=code) from None
    if len(content) > MOST_BYTES:
        raise UsageError(f"{what} {path} has more than {MOST_BYTES} bytes", help="is this the right file?")
    return content


def write_text(path: str, text: str, what: str, *, append: bool = False, folders: bool = False) -> None:
    """See `request.WriteText`."""
    place = os.path.realpath(path)
    try:
        if folders:
            os.makedirs(os.path.dirname(place), exist_ok=True)
        if append or not _is_plain(place):
            with open(place, "a", encoding="utf-8", newline="\n") as file:
                file.write(text)
        else:
            put(place, text.encode(), mode=_mode(place))
    except OSError as problem:
        raise UsageError(
            f"{what} {path} cannot be written: {problem.strerror}", help="name a file that you may write"
        ) from None


def write_file(root: str, path: str, content: bytes, *, executable: bool) -> None:
    """See `request.WriteFile`."""
    place = os.path.realpath(os.path.join(root, path))
    if not (place + os.sep).startswith(os.path.realpath(root).rstrip(os.sep) + os.sep):
        raise UsageError(f"{path} leads out of the repository", help="change it where it lies")
    try:
        mode = stat.S_IMODE(os.stat(place).st_mode)
        if not mode & 0o222:  # its folder would let it be replaced, and root may write anything
            raise PermissionError(errno.EACCES, "it is read-only")
        put(place, content, mode=mode | (0o111 & (mode >> 2 | 0o100)) if executable else mode)
    except OSError as problem:
        raise UsageError(
            f"{path} cannot be written: {problem.strerror}", help="make it writable, or apply the change by hand"
        ) from None


def put(place: str, content: bytes, *, mode: int | None) -> None:
    """Have a file hold `content`: all of it, or what it held before. mode: None for the usual. Raises OSError."""
    half = os.path.join(os.path.dirname(place), f".emu-{os.getpid()}-{threading.get_ident()}")
    try:
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666), "wb") as file:
            file.write(content)
        if mode is not None:
            os.chmod(half, mode)
        os.replace(half, place)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(half)
        raise


def _mode(place: str) -> int | None:
    return stat.S_IMODE(os.stat(place).st_mode) if os.path.exists(place) else None


def _is_plain(place: str) -> bool:
    """Whether a file is there that can be replaced, or nothing."""
    return os.path.isfile(place) or not os.path.lexists(place)
