"""The filesystem as a value: what is there and who wrote it, what is surely not there, and what is unknown.

A `Folder` never changes: writing gives another one that shares all the rest. What lies in a copied
directory is read only when somebody asks for it.
"""

import itertools
from collections.abc import Iterator
from typing import Literal, Protocol

from emulator.model.origin import Origin
from emulator.model.record import Record, replace

from .glob import clean

MAX_LINKS = 255
"""As many symbolic links as BuildKit follows in one path (containerd/continuity, fs/path.go)."""

MAX_DEPTH = 200
"""Directories nested deeper than this, and trees copied through more stages than MAX_LAYERS, are unknown."""
MAX_LAYERS = 20


class Made(Record, frozen=True, kw_only=True):
    """Who wrote something, and at which line.

    by: "context", a file of the build context, whose path in the repository is `path`; "instruction", which
    made it itself (WORKDIR, a here-document, RUN). origin: the instruction; None in a context nobody copied yet.
    """

    by: Literal["context", "instruction"]
    path: str = ""
    origin: Origin | None = None


class File(Record, frozen=True, kw_only=True):
    """A file. size and mode are None where they are not known; content: only that of a here-document."""

    made: Made
    size: int | None = None
    mode: int | None = None
    content: bytes | None = None


class Link(Record, frozen=True, kw_only=True):
    """A symbolic link."""

    made: Made
    target: str


class More(Record, frozen=True, kw_only=True):
    """What else may lie in a directory besides what is known to.

    anything; data: anything but code that can be imported or run; packages: what was installed by these requirements,
    and what those need. The first that is true holds most.
    """

    anything: bool = False
    data: bool = False
    packages: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.anything or self.data or bool(self.packages)

    def __or__(self, other: "More") -> "More":
        if not other or self == other:
            return self
        if not self:
            return other
        return More(
            anything=self.anything or other.anything,
            data=self.data or other.data,
            packages=tuple(dict.fromkeys((*self.packages, *other.packages))),
        )


NOTHING = More()
ANYTHING = More(anything=True)
DATA = More(data=True)
_CODE = (".py", ".pyc", ".pyi", ".so", ".js", ".cjs", ".mjs", ".ts", ".sh", ".rb", ".php")


class Unknown(Record, frozen=True, kw_only=True):
    """May be anything that `more` allows, or nothing. why: for people; origin: the instruction that made it so. leads:
    it may be a symbolic link that a step made, so that nobody knows where what is written through it goes."""

    why: str = ""
    origin: Origin | None = None
    more: More = ANYTHING
    leads: bool = False


class Absent(Record, frozen=True, kw_only=True):
    """Surely not there."""


ABSENT = Absent()


_RECENT = 64


class Contents(Protocol):
    """What a directory holds, read when asked. layers: how many trees it was copied through."""

    @property
    def layers(self) -> int: ...

    def get(self, name: str) -> "Node":
        """The node of that name, ABSENT when there is none."""
        ...

    def names(self) -> tuple[str, ...]: ...

    def same_as(self, other: "Contents") -> bool:
        """Whether both hold the same, whoever copied it."""
        ...

    def stamped(self, origin: Origin | None, mode: int | None) -> "Contents":
        """The same as another instruction copies it; see `stamped`."""
        ...


_openings = itertools.count(1)
"""Tells an earlier opening from a later one; nothing else is read from the numbers."""


class Folder:
    """A directory.

    more: what else may be in it; complete: nothing. opened: what may have come into it and into every directory
    below; opened_at: the number of the last time, counted over all. mode: None when not known. made: None for one that
    was there from the beginning.
    """

    __slots__ = ("_below", "_own", "_recent", "layers", "made", "mode", "more", "opened", "opened_at")

    def __init__(
        self,
        own: "dict[str, Node] | None" = None,
        *,
        below: Contents | None = None,
        complete: bool = True,
        more: More = NOTHING,
        mode: int | None = 0o755,
        made: Made | None = None,
        opened: More = NOTHING,
        opened_at: int = 0,
    ) -> None:
        """own: its entries, which win over those of `below`. complete: False: anything may be in it as well."""
        self._own = own or {}
        self._recent: dict[str, Node] = {}
        self._below = below
        self.layers = below.layers if below is not None else 0
        self.opened = opened
        self.opened_at = opened_at
        self.more = more if complete else ANYTHING
        self.mode = mode
        self.made = made

    @property
    def complete(self) -> bool:
        """Whether what it holds is known by name."""
        return not self.more

    def get(self, name: str) -> "Node":
        """What is there by that name."""
        node = self._recent.get(name) or self._own.get(name)
        if node is None and self._below is not None:
            node = self._below.get(name)
            node = None if node == ABSENT else node
        if node is None:
            return _perhaps(name, self.more)
        return with_more(node, self.opened, self.opened_at) if self.opened else node

    def names(self) -> tuple[str, ...]:
        """The names that are known to be there or not known not to be, sorted."""
        changed = {**self._own, **self._recent}
        names = {name for name in changed if self.get(name) != ABSENT}
        if self._below is not None:
            names.update(name for name in self._below.names() if name not in changed)
        return tuple(sorted(names))

    def put(self, name: str, node: "Node") -> "Folder":
        """The same with `node` by that name."""
        # Two dictionaries, so that many files written one by one into a large directory do not copy it each time.
        recent = {**self._recent, name: node}
        few = len(recent) < _RECENT
        changed = self._like(self._own if few else {**self._own, **recent})
        changed._recent = recent if few else {}  # noqa: SLF001 - a new one of ours
        return changed

    def open(self, more: More = ANYTHING, at: int | None = None) -> "Folder":
        """The same where more may be in it, and in every directory below. at: the number of that opening; by default
        a new one, which also undoes what was removed since the last."""
        both = self.opened | more
        at = next(_openings) if at is None else at
        if both == self.opened and at <= self.opened_at:
            return self
        # What was known not to be there may be there now.
        own = {name: _perhaps(name, more) if node == ABSENT else node for name, node in self.own().items()}
        at = max(at, self.opened_at)
        more = self.more | more
        return Folder(own, below=self._below, more=more, mode=self.mode, made=self.made, opened=both, opened_at=at)

    @property
    def copied(self) -> Contents | None:
        """The directory this is an unchanged copy of; None when it is none."""
        return None if self._own or self._recent else self._below

    def own(self) -> "dict[str, Node]":
        """What was written into it since it was copied."""
        return {**self._own, **self._recent} if self._recent else self._own

    def overlaid(self, own: "dict[str, Node]", *, more: More, mode: int | None, made: Made | None) -> "Folder":
        """The same contents with `own` on top, as a directory with other properties."""
        return self._with({**self.own(), **own}, more=more, mode=mode, made=made)

    def differs_from(self, other: "Folder") -> "dict[str, tuple[Node, Node]] | None":
        """The entries of two that come of one copied directory, where they are not the same; what came into both from
        outside (`opened`) apart. None for two of different origin."""
        if self._below is not other._below:  # noqa: SLF001 - one of ours
            return None
        mine, others = self.own(), other.own()
        return {
            name: (self._raw(name), other._raw(name))  # noqa: SLF001 - one of ours
            for name in (mine if mine.keys() == others.keys() else {**mine, **others})
            if mine.get(name) is not others.get(name)
        }

    def _raw(self, name: str) -> "Node":
        """What is there by that name, as it was before more came in."""
        node = self.own().get(name)
        if node is None and self._below is not None:
            node = self._below.get(name)
            node = None if node == ABSENT else node
        return _perhaps(name, self.more) if node is None else node

    def holding(self, more: More) -> "Folder":
        """The same where more may be in it, but in no directory below."""
        return self.overlaid({}, more=self.more | more, mode=self.mode, made=self.made)

    def _like(self, own: "dict[str, Node]") -> "Folder":
        return self._with(own, more=self.more, mode=self.mode, made=self.made)

    def _with(self, own: "dict[str, Node]", *, more: More, mode: int | None, made: Made | None) -> "Folder":
        opened, at = self.opened, self.opened_at
        return Folder(own, below=self._below, more=more, mode=mode, made=made, opened=opened, opened_at=at)


Node = File | Link | Folder | Unknown | Absent


def _perhaps(name: str, more: More) -> Node:
    """What may be there by a name that is not known."""
    if not more or (more == DATA and name.endswith(_CODE)):
        return ABSENT
    return Unknown(more=more)


def with_more(node: Node, more: More, at: int | None = None) -> Node:
    """A node where more may have come, below it or in its place. at: as for `Folder.open`."""
    match node:
        case Folder():
            return node.open(more, at)
        case Unknown():
            return replace(node, more=node.more | more)
    return node


def unknown_folder(why: str = "", origin: Origin | None = None) -> Folder:
    """A directory of which nothing is known."""
    del why, origin
    return Folder(complete=False, mode=None)


class Refused(Exception):
    """The system refuses a path: a file stands where a directory must be, or links go in a circle."""


class Unsure(Exception):
    """Where a path leads depends on what only the base image or a step knows."""


OFTEN_LINKS = {"/bin": "/usr/bin", "/sbin": "/usr/sbin", "/lib": "/usr/lib", "/lib32": "/usr/lib32"} | {
    "/lib64": "/usr/lib64", "/libx32": "/usr/libx32", "/var/run": "/run", "/var/lock": "/run/lock"
}  # fmt: skip
"""Directories that are symbolic links in one image and not in the next (Debian's merged /usr, for one)."""


def resolve(root: Folder, path: str, *, follow_last: bool = True, to_write: bool = False) -> tuple[str, Node]:
    """Where an absolute path leads, links followed and ".." stopped at the root, and what is there.

    Behind a directory that is not there the rest of the path is taken as it is; to_write: as well where the
    directory is unknown, since writing makes it one. Raises Refused, Unsure.
    """
    pending = [part for part in reversed(path.split("/")) if part not in ("", ".")]
    if len(pending) > MAX_DEPTH:
        raise Unsure
    where: list[tuple[str, Node]] = []
    links = 0
    while pending:
        if len(where) > MAX_DEPTH:
            raise Unsure
        name = pending.pop()
        if name in ("", "."):
            continue
        if name == "..":
            if where:
                where.pop()
            continue
        here = where[-1][1] if where else root
        if isinstance(here, Unknown) and (not to_write or here.leads or _path(where) in OFTEN_LINKS):
            raise Unsure
        node = here.get(name) if isinstance(here, Folder) else here
        if isinstance(here, File | Link):
            raise Refused(f"{_path(where)} is a file, not a directory")
        if isinstance(node, Link) and (pending or follow_last):
            links += 1
            if links > MAX_LINKS:
                raise Refused(f"{path} leads through symbolic links in a circle")
            where = [] if node.target.startswith("/") else where
            pending.extend(part for part in reversed(node.target.split("/")) if part not in ("", "."))
            continue
        if to_write and follow_last and isinstance(node, Unknown) and node.leads:
            raise Unsure
        where.append((name, node))
    return _path(where), where[-1][1] if where else root


def _path(where: list[tuple[str, Node]]) -> str:
    return "/" + "/".join(name for name, _ in where)


class Answer(Record, frozen=True, kw_only=True):
    """What is known of a path. node: what is there, when it is; path: where the links led."""

    state: Literal["there", "absent", "unknown"]
    path: str
    kind: Literal["file", "directory"] | None = None
    made: Made | None = None
    size: int | None = None
    mode: int | None = None
    content: bytes | None = None


def look(root: Folder, path: str) -> Answer:
    """What lies at an absolute path, links followed: there, surely not there, or unknown."""
    try:
        where, node = resolve(root, path)
    except Unsure:
        return Answer(state="unknown", path=path)
    except Refused:
        return Answer(state="absent", path=path)
    match node:
        case File():
            return Answer(
                state="there", path=where, kind="file", made=node.made, size=node.size, mode=node.mode,
                content=node.content,
            )  # fmt: skip
        case Folder():
            return Answer(state="there", path=where, kind="directory", made=node.made, mode=node.mode)
        case Unknown():
            return Answer(state="unknown", path=where)
        case _:
            return Answer(state="absent", path=where)


def first_unsure(root: Folder, path: str) -> str:
    """The shortest beginning of a path that is no known directory, or the path."""
    here: Node = root
    way = ""
    for part in path.strip("/").split("/"):
        way += f"/{part}"
        here = here.get(part) if isinstance(here, Folder) else here
        if not isinstance(here, Folder):
            return way
    return way


def clean_join(directory: str, path: str) -> str:
    """`path` seen from `directory`, absolute and clean, but with the "/" or "/." at its end."""
    joined = clean(f"{directory}/{path}" if not path.startswith("/") else path)
    if path.endswith("/."):
        return joined.rstrip("/") + "/."
    return joined if joined == "/" or not path.endswith("/") else joined + "/"


def make_folders(root: Folder, path: str, made: Made, *, mode: int | None = 0o755) -> Folder:
    """The tree with a directory at an absolute path, as `mkdir -p` makes it. Raises Refused, Unsure."""
    where, node = resolve(root, path, to_write=True)
    if isinstance(node, Unknown) and where in OFTEN_LINKS:
        raise Unsure
    if isinstance(node, File | Link):
        raise Refused(f"{where} is a file, not a directory")
    if isinstance(node, Folder):
        return root
    return write(root, where, _made_folder(node, made, mode), made, mode=mode)


def _made_folder(before: Node, made: Made, mode: int | None) -> Folder:
    """What mkdir makes of a place: new and empty, or whatever was there if it was a directory."""
    return Folder(mode=mode, made=made) if before == ABSENT else unknown_folder()


def write(root: Folder, path: str, node: Node, made: Made, *, mode: int | None = 0o755) -> Folder:
    """The tree with `node` at a path that `resolve` gave, and the directories that lead to it.

    What stands in the way is a directory or unknown, never a file.
    """
    parts = [part for part in path.split("/") if part]
    assert parts or isinstance(node, Folder)
    trail: list[Folder] = [root]
    for part in parts[:-1]:
        inner = trail[-1].get(part)
        trail.append(inner if isinstance(inner, Folder) else _made_folder(inner, made, mode))
    changed: Node = node
    for part, folder in zip(reversed(parts), reversed(trail), strict=True) if parts else ():
        changed = folder.put(part, changed)
    assert isinstance(changed, Folder)
    return changed


def walk(root: Folder, at: str = "") -> Iterator[tuple[str, Node]]:
    """Every path that is known of, with what is there, directories before what they hold."""
    stack: list[tuple[str, Node]] = [(at, root)]
    while stack:
        path, node = stack.pop()
        yield path or "/", node
        if isinstance(node, Folder):
            stack.extend((f"{path}/{name}", node.get(name)) for name in reversed(node.names()))


UNKNOWN_MODE = -1


def stamped(node: Node, origin: Origin | None, mode: int | None) -> Node:
    """`node` and all it holds as the instruction at `origin` writes it. mode: what everything but links gets; None:
    each keeps its own; UNKNOWN_MODE: not known."""
    match node:
        case File():
            return replace(
                node, made=replace(node.made, origin=origin), mode=node.mode if mode is None else _known(mode)
            )
        case Link():
            return replace(node, made=replace(node.made, origin=origin))
        case Folder():
            if node.layers >= MAX_LAYERS:
                return Folder(complete=False, mode=None)
            below = node.copied.stamped(origin, mode) if node.copied is not None else Stamped(node, origin, mode)
            made = replace(node.made, origin=origin) if node.made is not None else None
            own_mode = node.mode if mode is None else _known(mode)
            opened, at = node.opened, node.opened_at
            return Folder(below=below, more=node.more, mode=own_mode, made=made, opened=opened, opened_at=at)
    return node


def _known(mode: int) -> int | None:
    return mode if mode >= 0 else None


class Stamped(Record, frozen=True, kw_only=False):
    """The contents of a directory of another stage, as one instruction copies them."""

    folder: Folder
    origin: Origin | None
    mode: int | None

    @property
    def layers(self) -> int:
        return self.folder.layers + 1

    def get(self, name: str) -> Node:
        return stamped(self.folder.get(name), self.origin, self.mode)

    def names(self) -> tuple[str, ...]:
        return self.folder.names()

    def same_as(self, other: Contents) -> bool:
        return isinstance(other, Stamped) and other.folder is self.folder and other.mode == self.mode

    def stamped(self, origin: Origin | None, mode: int | None) -> Contents:
        return Stamped(self.folder, origin, self.mode if mode is None else mode)
