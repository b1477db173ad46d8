"""Files the user names on the command line: read, never written."""

from emulator.model.diagnostic import UsageError


def read_text(path: str, what: str) -> str:
    """The text of a file named by the option `what`. Raises UsageError."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except UnicodeDecodeError:
        raise UsageError(f"{what} {path} is not UTF-8 text", help="save it as UTF-8") from None
    except OSError as problem:
        raise UsageError(
            f"{what} {path} cannot be read: {problem.strerror}", help="name a file that you may read"
        ) from None
