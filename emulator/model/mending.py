"""What `emu fix` prints: the fixes that there are, tried, and what they make of the files."""

from .diagnostic import Diagnostic, Fix
from .record import Record


class Offered(Record, frozen=True, kw_only=True):
    """A finding and its fix. holds: with it the finding is gone and nothing else is wrong that was not; because: why it
    does not, "" where it does."""

    finding: Diagnostic
    fix: Fix
    holds: bool
    because: str = ""


class FileDiff(Record, frozen=True, kw_only=True):
    """What the fixes that hold make of a file, as a unified diff. executable: it gets the executable mark."""

    path: str
    diff: str
    executable: bool = False


class FixDocument(Record, frozen=True, kw_only=True):
    """The whole answer. applied: whether the files are changed now. left: the errors and warnings that stay."""

    schema: str = "emu.fix/1"
    root: str = "."
    platform: str
    fixes: tuple[Offered, ...]
    files: tuple[FileDiff, ...]
    applied: bool
    left: tuple[Diagnostic, ...]
