"""What a command of a RUN does to the filesystem, as values that the tree applies in order.

Paths are absolute; a ".." in one is left to the tree, which knows the symbolic links. Whoever applies an effect of a
command that may not run takes `written` instead.
"""

import posixpath
import re
from typing import TYPE_CHECKING

from emulator.model.record import Record

if TYPE_CHECKING:
    from .packages import PackageStep


class Place(Record, frozen=True, kw_only=True):
    """path: absolute. pattern: it stands for what matches it; what is literal in it stands behind a backslash."""

    path: str
    pattern: bool = False


class MakeFolder(Record, frozen=True, kw_only=True):
    """`mkdir`. parents: with the directories that lead there, and no failure if it is there. mode: None: 0755."""

    path: str
    parents: bool = False
    mode: int | None = None


class MakeFile(Record, frozen=True, kw_only=True):
    """A file is written. content: None when not known; append: to what was there."""

    path: str
    content: str | None = None
    append: bool = False


class Touch(Record, frozen=True, kw_only=True):
    """The file is there afterwards; one that was there keeps its content."""

    path: str


class Rewrite(Record, frozen=True, kw_only=True):
    """Files that have to be there get a content that is not known (`sed -i`)."""

    paths: tuple[Place, ...]


class Copy(Record, frozen=True, kw_only=True):
    """`cp`, and `mv` when moved.

    into: True: into the directory `destination` (-t); False: to that very path (-T); None: into it if it is a
    directory. recursive: directories, too. A source that ends with "/." is its contents: `contents` has its index.
    """

    sources: tuple[Place, ...]
    destination: str
    into: bool | None = None
    recursive: bool = False
    moved: bool = False
    contents: tuple[int, ...] = ()
    must_be_folder: bool = False


class Remove(Record, frozen=True, kw_only=True):
    """`rm`. force: what is not there is no failure."""

    paths: tuple[Place, ...]
    recursive: bool = False
    force: bool = False


class Link(Record, frozen=True, kw_only=True):
    """`ln`. target: as written for a symbolic link, a path for a hard one. into: as for Copy."""

    target: str
    path: str
    symbolic: bool
    force: bool = False
    into: bool | None = None


class Mode(Record, frozen=True, kw_only=True):
    """`chmod`. change: as written, for `changed_mode`."""

    paths: tuple[Place, ...]
    change: str
    recursive: bool = False


class Venv(Record, frozen=True, kw_only=True):
    """A virtual environment is made. tool: venv, virtualenv or uv."""

    path: str
    tool: str


class Unknown(Record, frozen=True, kw_only=True):
    """Everything at these paths and below them may be changed. keeps: what is there stays, other things may come.
    ("/",) is anything at all. data: nothing that can be imported or run. why: for people."""

    paths: tuple[str, ...]
    why: str
    keeps: bool = False
    data: bool = False


class Install(Record, frozen=True, kw_only=True):
    """Packages are installed, or a package manager runs a script."""

    step: "PackageStep"


Effect = MakeFolder | MakeFile | Touch | Rewrite | Copy | Remove | Link | Mode | Venv | Unknown | Install

_SYMBOLIC = r"([ugoa]*)((?:[-+=][rwxXst]*)+)"
_OPERATION = r"([-+=])([rwxXst]*)"
_SHIFTS = {"u": 6, "g": 3, "o": 0}
_BITS = {"r": 4, "w": 2, "x": 1}
_SYSTEM_WIDE = "/"


def changed_mode(change: str, mode: int | None, *, folder: bool) -> int | None:
    """The permission bits after `chmod CHANGE`; None when not known. Without "who", the umask is taken as 022 (the
    builder's default)."""
    if re.fullmatch(r"[0-7]{1,4}", change):
        return int(change, 8)
    for clause in change.split(","):
        found = re.fullmatch(_SYMBOLIC, clause)
        if found is None or mode is None or "s" in found[2] or "t" in found[2]:
            return None
        for operator, letters in re.findall(_OPERATION, found[2]):
            mode = _applied(mode, found[1], operator, letters, folder=folder)
    return mode


def _applied(mode: int, who: str, operator: str, letters: str, *, folder: bool) -> int:
    bits = 0
    for letter in letters:
        bits |= _BITS.get(letter, 1 if letter == "X" and (folder or mode & 0o111) else 0)
    for one in "ugo" if who in ("", "a") or "a" in who else who:
        mask = bits if who or one == "u" else bits & ~2
        shifted = mask << _SHIFTS[one]
        if operator == "=":
            mode &= ~(7 << _SHIFTS[one])
        mode = mode & ~shifted if operator == "-" else mode | shifted
    return mode


def written(effect: Effect) -> tuple[str, ...]:
    """The paths below which an effect may change something, for one that is not certain. ("/",): anywhere."""
    match effect:
        case MakeFolder() | MakeFile() | Touch() | Venv() | Link():
            return (effect.path,)
        case Rewrite() | Remove() | Mode():
            return tuple(_literal(place) for place in effect.paths)
        case Copy():
            moved = tuple(_literal(place) for place in effect.sources) if effect.moved else ()
            return (effect.destination, *moved)
        case Unknown():
            return effect.paths
        case Install():
            return (_SYSTEM_WIDE,)


def _literal(place: Place) -> str:
    """The path itself, or the directory above the first part with a wildcard."""
    if not place.pattern:
        return place.path
    parts = place.path.split("/")
    for index, part in enumerate(parts):
        if re.search(r"[*?\[\\]", part):
            return posixpath.join("/", *parts[:index])
    return place.path
