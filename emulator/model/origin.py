"""Where in the user's files a value was written."""

from .record import Record


class Origin(Record, frozen=True, kw_only=True):
    """A place in a file of the repository. Lines and columns count from 1; the end is inclusive.

    `file` is a POSIX path relative to the repository's root; "" when the value came from the
    command line.
    """

    file: str
    line: int = 1
    column: int = 1
    end_line: int | None = None
    end_column: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"
