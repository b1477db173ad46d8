"""Files the user names on the command line: read, never written."""

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
        near = near_path(path) if isinstance(problem, FileNotFoundError) else None
        help_ = f"did you mean {near}?" if near else "name a file that you may read"
        raise UsageError(f"{what} {path} cannot be read: {problem.strerror}", help=help_) from None
    if len(content) > MOST_BYTES:
        raise UsageError(f"{what} {path} has more than {MOST_BYTES} bytes", help="is this the right file?")
    return content
