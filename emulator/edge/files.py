"""Files the user names on the command line: read, never written."""

from emulator.model.diagnostic import UsageError


def read_text(path: str, what: str) -> str:
    """The text of a file named by the option `what`. Raises UsageError."""
    try:
        # As a file opened for text is read: any line ending becomes one.
        return read_bytes(path, what).decode().replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise UsageError(f"{what} {path} is not UTF-8 text", help="save it as UTF-8") from None


def read_bytes(path: str, what: str) -> bytes:
    """What is in a file named by the option `what`. Raises UsageError."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as problem:
        raise UsageError(
            f"{what} {path} cannot be read: {problem.strerror}", help="name a file that you may read"
        ) from None
