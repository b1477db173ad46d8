"""What `emu context` prints: the paths that reach the builder, and who left out the others."""

from typing import Literal

from .diagnostic import Diagnostic
from .origin import Origin
from .plan import SnapshotInfo
from .record import Record


class ContextPath(Record, frozen=True, kw_only=True):
    """A path that reaches the builder, relative to the context. bytes: of a file; target: of a symbolic link."""

    path: str
    kind: Literal["file", "directory", "symlink", "unknown"]
    bytes: int | None = None
    executable: bool = False
    target: str | None = None


class ContextDirectory(Record, frozen=True, kw_only=True):
    """A directory of the context, with all below it."""

    path: str
    files: int
    bytes: int


class LeftOutPath(Record, frozen=True, kw_only=True):
    """A path that does not reach the builder. by: git, the ignore file, the rules of the upload, or "other", which
    `detail` explains.

    pattern and origin: the rule that decided; origin is null where the rule stands outside the repository, and `where`
    then names its file and line. A directory stands for all below it.
    """

    path: str
    is_directory: bool
    by: Literal["git", "ignore-file", "upload", "other"]
    pattern: str | None = None
    origin: Origin | None = None
    where: str | None = None
    detail: str | None = None


class ContextListing(Record, frozen=True, kw_only=True):
    """One build context and the services that are built in it. Paths of the repository: directory, dockerfile (null for
    one of ours), ignore_file (null where there is none). exact: whether what the ignore file leaves out is known."""

    services: tuple[str, ...]
    directory: str
    dockerfile: str | None
    ignore_file: str | None
    exact: bool
    files: int
    bytes: int
    paths: tuple[ContextPath, ...]
    directories: tuple[ContextDirectory, ...]
    left_out: tuple[LeftOutPath, ...]


class ContextDocument(Record, frozen=True, kw_only=True):
    """The whole answer."""

    schema: str = "emu.context/1"
    snapshot: SnapshotInfo
    contexts: tuple[ContextListing, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
