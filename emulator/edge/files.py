"""Files the user names on the command line; and files of the repository that a fix changes."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Mapping

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


def write_file(root: str, path: str, content: bytes, *, executable: bool) -> None:
    """Put `content` into a file of the repository at `root`, whole or not at all; it keeps its mode, and gets the
    executable mark where that is asked. A link stays one: what it leads to is written. Raises UsageError."""
    place = os.path.realpath(os.path.join(root, path))
    made = None
    try:
        if os.path.commonpath((place, os.path.realpath(root))) != os.path.realpath(root):
            raise UsageError(f"{path} leads out of the repository", help="change it where it lies")
        mode = stat.S_IMODE(os.stat(place).st_mode)
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(place), prefix=".emu-", delete=False) as file:
            made = file.name
            file.write(content)
        os.chmod(made, mode | (0o111 & (mode >> 2 | 0o100)) if executable else mode)
        os.replace(made, place)
    except OSError as problem:
        if made is not None:
            with contextlib.suppress(OSError):
                os.unlink(made)
        raise UsageError(
            f"{path} cannot be written: {problem.strerror}", help="make it writable, or apply the change by hand"
        ) from None


def write_text(path: str, text: str, what: str) -> None:
    """Have the file of the option `what` say `text`, all of it or as before. Raises UsageError."""
    beside = f"{path}.{os.getpid()}.part"
    try:
        with open(beside, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(beside, path)
    except OSError as problem:
        with contextlib.suppress(OSError):
            os.remove(beside)
        raise _not_written(path, what, problem) from None


def append_text(path: str, text: str, what: str) -> None:
    """Add `text` to the file of the option `what`. Raises UsageError."""
    try:
        with open(path, "a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as problem:
        raise _not_written(path, what, problem) from None


def write_pages(folder: str, pages: Mapping[str, str]) -> None:
    """Write texts to paths below a folder, which is made. Raises UsageError."""
    for path, text in pages.items():
        place = os.path.join(folder, path)
        try:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as problem:
            raise _not_written(place, "--pages", problem) from None


def _not_written(path: str, what: str, problem: OSError) -> UsageError:
    return UsageError(
        f"{what} {path} cannot be written: {problem.strerror}", help="name a file that you may write"
    )
