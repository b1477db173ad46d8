"""Opening the user's repository: finding its root and answering from the files on disk.

The worktree view is what would be there if everything were committed now: tracked files, and
untracked ones that git does not ignore, with their content on disk. A file ignored only by the
user's global excludes or by .git/info/exclude is left out as well: `git add` would not take it, so
no platform would get it.
"""

import os
import posixpath
import stat
from collections.abc import Collection
from functools import cached_property

from emulator.model.diagnostic import UsageError
from emulator.model.plan import SnapshotInfo
from emulator.snapshot import EntryKind, Look, Node, Repository, Snapshot, Why, follow

from .git import Git, GitFailed, GitMissing
from .ignores import Ignores
from .near import near_path


def open_repository(path: str, *, root: str | None = None, snapshot: str = "worktree") -> Snapshot:
    """The repository that `path`, a file or directory, lies in, as the platform would receive it.

    root: overrides git's top level; snapshot: "worktree", "index" or a git revision. A folder
    without git is taken whole. Raises UsageError when there is nothing to open.
    """
    top = _start(path, root)
    facts = place = None
    try:
        facts = Facts(top)
        place = Place.find(top)
    except GitMissing:
        if marker := _marker(top):
            raise UsageError(
                f"{marker} is a git repository, and there is no git on this machine",
                help="install git, so that what it ignores can be left out",
                code="usage/git-missing",
            ) from None
    if place is None:
        if snapshot != "worktree":
            raise UsageError(
                f"{top} is not in a git repository, so it has no {snapshot!r} to show",
                help="leave --snapshot out: a folder without git is taken whole",
                code="usage/no-git",
            )
        return Snapshot(Worktree(root=top, place=None, facts=None))
    base = top if root is not None else place.top
    place = Place(place.top, base)  # PATH may lie deeper: what is seen from the root does not begin there
    if snapshot == "worktree":
        return Snapshot(Worktree(root=base, place=place, facts=facts))
    from .trees import open_tree  # only for these two views

    assert facts is not None
    return Snapshot(open_tree(base, place, facts, snapshot))


def _start(path: str, root: str | None) -> str:
    """The directory to look from: `root`, else `path` or the folder it is in."""
    start = _directory(path, file_is_fine=True)
    if root is None:
        return start
    top = _directory(root, file_is_fine=False)
    if not is_inside(start, top):
        raise UsageError(
            f"{path} is not inside the root {root}",
            help="give a PATH below --root, or leave --root out",
            code="usage/outside-root",
        )
    return top


def _directory(path: str, *, file_is_fine: bool) -> str:
    """The real directory at `path`, or around it when it is a file."""
    try:
        os.stat(path)  # refuses "", which realpath takes for the current directory
        real = os.path.realpath(path, strict=True)
        if not stat.S_ISDIR(os.stat(real).st_mode):
            if not file_is_fine:
                raise UsageError(f"{path} is not a directory", help="give a directory", code="usage/not-a-directory")
            real = os.path.dirname(real)
        with os.scandir(real) as listing:
            next(listing, None)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        near = near_path(path) if isinstance(problem, FileNotFoundError) else None
        else_ = "give a path that is there and that you may read"
        if file_is_fine and path and "/" not in path and isinstance(problem, FileNotFoundError):
            else_ += f"; a service is named with --service {path}"
        raise UsageError(
            f"{path or 'the path'} cannot be read: {reason}",
            help=f"did you mean {near}?" if near else else_,
            code="usage/unreadable-path",
        ) from None
    return real


def is_inside(path: str, root: str) -> bool:
    """Whether the real path `path` is `root` or lies below it."""
    return path == root or path.startswith(root.rstrip("/") + "/")


def _marker(directory: str) -> str | None:
    """The nearest directory from `directory` upwards that holds a .git, None when there is none."""
    while not os.path.lexists(os.path.join(directory, ".git")):
        if directory == os.path.dirname(directory):
            return None
        directory = os.path.dirname(directory)
    return directory


class Place:
    """A git repository's top level, and a directory in it."""

    def __init__(self, top: str, directory: str) -> None:
        self.top = top
        self.prefix = "" if directory == top else os.path.relpath(directory, top) + "/"
        """What leads from the top level to the directory: "" or "backend/"."""

    @staticmethod
    def find(directory: str) -> "Place | None":
        """The repository around `directory`, None when there is none. Raises UsageError, GitMissing."""
        asked = Git(directory, ["rev-parse", "--is-bare-repository", "--is-inside-git-dir", "--show-toplevel"])
        code, output, trouble = asked.finish()
        if code == 0:
            top = os.fsdecode(output.split(b"\n", 2)[2].removesuffix(b"\n"))
            return Place(os.path.realpath(top), directory)
        if output.startswith(b"true\n"):
            raise UsageError(
                f"{directory} is in a bare git repository: it has no files",
                help="clone it and give the clone's path",
                code="usage/bare-repository",
            )
        if output.startswith(b"false\ntrue\n"):
            raise UsageError(
                f"{directory} is inside git's own folder", help="give the folder around it", code="usage/git-folder"
            )
        if "dubious ownership" in trouble:
            owned = _marker(directory) or directory
            raise UsageError(
                f"git refuses {owned}: it belongs to another user",
                help=f"if you trust it: git config --global --add safe.directory {owned}",
                code="usage/dubious-ownership",
            )
        marker = _marker(directory)
        if marker is None and "not a git repository" in trouble:
            return None
        reason = trouble.splitlines()[0].removeprefix("fatal: ") if trouble else f"git ended with code {code}"
        raise UsageError(
            f"{marker or directory} holds a .git, but git cannot use it: {reason}",
            help="repair it (git fsck), or clone it anew",
            code="usage/broken-repository",
        )


class Facts:
    """What git says about the repository around `directory`: asked for at once, waited for when needed.

    Raises GitMissing.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._head = Git(directory, ["rev-parse", "HEAD", "--symbolic-full-name", "HEAD"])
        self._remotes = Git(directory, ["config", "--null", "--get-regexp", r"^remote\..*\.url$"])

    def repository(self, root: str, top: str) -> Repository:
        """What git says of the repository at `top`, looked at from `root`."""
        code, head, _ = self._head.finish()
        if code == 0:
            commit, full_name = head.decode(errors="replace").split()
            branch = full_name.removeprefix("refs/heads/") if full_name != "HEAD" else None
        else:  # no commit yet
            commit = None
            ref = Git(self._directory, ["symbolic-ref", "-q", "HEAD"]).output(accept=(0, 1, 128))
            branch = ref.decode(errors="replace").strip().removeprefix("refs/heads/") or None
        parts = _url_parts(_remote_url(self._remotes.finish()[1]))
        return Repository(
            name=parts[-1] if parts else folder_name(root),
            slug="/".join(parts[-2:]) if len(parts) > 1 else None,
            branch=branch,
            commit=commit,
            is_git=True,
            prefix="" if root == top else os.path.relpath(root, top) + "/",
        )


def folder_name(directory: str) -> str:
    """The folder's name as printable text, whatever its bytes: services are named after it."""
    name = os.fsencode(os.path.basename(directory)).decode(errors="replace")
    return "".join(c if c.isprintable() else "\ufffd" for c in name) or "app"


def _remote_url(config: bytes) -> str:
    """The address of "origin", else of the only remote, else ""."""
    urls: dict[str, str] = {}
    for item in config.decode(errors="replace").split("\0"):
        key, _, url = item.partition("\n")
        urls.setdefault(key.removeprefix("remote.").removesuffix(".url"), url)
    urls.pop("", None)
    if "origin" in urls:
        return urls["origin"]
    return next(iter(urls.values())) if len(urls) == 1 else ""


def _url_parts(url: str) -> list[str]:
    """The path of a remote's address, split: "git@host:owner/name.git" gives ["owner", "name"]."""
    if "://" in url:
        path = url.partition("://")[2].partition("/")[2] if not url.startswith("file://") else ""
        name_only = url.startswith("file://")
    else:
        host, colon, path = url.partition(":")
        name_only = not colon or "/" in host
    if name_only:  # a folder on this machine: its parent is no owner
        path = url.rstrip("/").removesuffix("/.git").rpartition("/")[2]
    parts = [part for part in path.strip("/").split("/") if part]
    if parts:
        parts[-1] = parts[-1].removesuffix(".git")
    return [part for part in parts if part]


class Worktree:
    """The files on disk, less what git ignores; all of them in a folder without git.

    A submodule that is there on disk shows its files (less what its own rules ignore): a platform
    that clones submodules has them, and one that does not is the adapter's to tell. One that was
    never fetched, and a nested repository that .gitmodules does not name, is kind "submodule".
    Sparse checkouts: a file that is kept from the disk counts as deleted.
    """

    def __init__(self, *, root: str, place: Place | None, facts: Facts | None) -> None:
        self.root = root
        self._facts = facts
        self._top = place.top if place else root
        self._nodes: dict[str, Node] = {}
        self._exact: dict[str, Node] = {}
        self._found: dict[str, Node] = {}
        self._listings: dict[str, tuple[Node, ...]] = {}
        self._listed: dict[str, dict[str, None]] = {}
        """Directory → the paths in it, as they are spelled on disk, in order."""
        self._areas: list[tuple[str, Ignores, str]] = []
        """Repositories met: (snapshot path with "/" at its end, its rules, what leads from it to that path)."""
        if place:
            ignores = Ignores(place.top)
            ignores.begin()
            self._areas.append(("", ignores, place.prefix))

    @cached_property
    def repository(self) -> Repository:
        return self._facts.repository(self.root, self._top) if self._facts else Repository(name=folder_name(self.root))

    @property
    def info(self) -> SnapshotInfo:
        return SnapshotInfo(kind="worktree" if self._facts else "folder", commit=self.repository.commit)

    def look(self, path: str) -> Look:
        try:
            node = self._judged(follow(path, self._node_at))
        except GitFailed as problem:
            raise _silent(path, problem) from problem
        if node.kind == "file":
            self._nodes[path] = node
        return Look(
            path=path, kind=node.kind, why=node.why, detail=node.detail, size=node.size, executable=node.executable
        )

    def node(self, path: str) -> Node:
        if path not in self._exact:
            try:
                node = self._judged(self._node_at(path))
                # A file that only a build makes is on no fresh clone; the rule tells why it never comes.
                if node.why == "missing" and not node.detail and self._areas and (rule := self._rule(path)):
                    node = _nothing(path, "missing", rule)
            except GitFailed as problem:
                raise _silent(path, problem) from problem
            self._exact[path] = node
        return self._exact[path]

    def read(self, path: str) -> bytes:
        node = self._nodes[path]
        # O_NONBLOCK: a pipe put there since the look must not hang us.
        with open(os.open(self._on_disk(node.path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return file.read()

    def entries(self, path: str) -> tuple[str, ...]:
        return tuple(posixpath.basename(node.path) for node in self._inside(path) if node.kind is not None)

    def left_out(self, path: str) -> tuple[Node, ...]:
        return tuple(node for node in self._inside(path) if node.kind is None)

    def _inside(self, path: str) -> tuple[Node, ...]:
        """What lies in a directory, git's own folder apart, sorted by name."""
        if path not in self._listings:
            try:
                self._listings[path] = self._list(path)
            except GitFailed as problem:
                raise _silent(path, problem) from problem
        return self._listings[path]

    def _list(self, path: str) -> tuple[Node, ...]:
        node = follow(path, self._node_at)
        paths = self._children(node.path) if node.kind == "directory" else ()
        found = [self._node_at(child) for child in sorted(paths)]
        # One question for all: asked one by one, git takes ten times as long.
        self._ask_ahead(paths)
        inner = [self._children(child.path) for child in found if child.kind == "directory"]
        self._ask_ahead([next(iter(children)) for children in inner if children])
        return tuple(self.node(child.path) for child in found)

    def _children(self, path: str) -> Collection[str]:
        """The paths in the directory at exactly `path`, files before directories, git's own folder apart."""
        if path not in self._listed:
            found = sorted(_sorts(self._on_disk(path)))
            self._listed[path] = {_join(path, name): None for _, name in found if name.lower() != ".git"}
        return self._listed[path]

    def _ask_ahead(self, paths: Collection[str]) -> None:
        """Let git judge many paths together."""
        asked: dict[Ignores, list[str]] = {}
        for path in paths if self._areas else ():
            ignores, inner = self._area(path)
            asked.setdefault(ignores, []).append(inner)
        for ignores, inside in asked.items():
            ignores.ask_ahead(inside)

    def _on_disk(self, path: str) -> str:
        return self.root if path == "." else os.path.join(self.root, path)

    def _node_at(self, path: str) -> Node:
        """What lies at exactly `path`. Only links are judged against the ignore rules here."""
        if path not in self._found:
            self._found[path] = self._find(path)
        return self._found[path]

    def _find(self, path: str) -> Node:
        if posixpath.basename(path).lower() == ".git":
            return _nothing(path, "missing", "git's own folder is not part of the repository")
        place = self._on_disk(path)
        try:
            found = os.lstat(place)
            is_listed = path in self._listed.get(posixpath.dirname(path) or ".", ())
            if not is_listed and _other_spelling(place, found):
                return _nothing(path, "missing", "the name on disk differs in upper and lower case")
            if stat.S_ISLNK(found.st_mode):
                link = Node(path=path, kind="symlink", target=os.readlink(place))
                return self._judged(link)
        except (FileNotFoundError, NotADirectoryError):
            return _nothing(path, "missing")
        except (OSError, ValueError) as problem:
            return _nothing(path, "unreadable", getattr(problem, "strerror", None) or str(problem))
        if stat.S_ISDIR(found.st_mode):
            return Node(path=path, kind=self._kind_of_directory(path))
        if not stat.S_ISREG(found.st_mode):
            return _nothing(path, "not-a-file", "a socket, pipe or device")
        return Node(path=path, kind="file", size=found.st_size, executable=bool(found.st_mode & 0o100))

    def _kind_of_directory(self, path: str) -> EntryKind:
        """ "submodule" for a nested repository whose files a clone would not have."""
        if path == "." or not self._areas:
            return "directory"
        if any(start == path + "/" for start, _, _ in self._areas):
            return "directory"
        ignores, inner = self._area(path)
        if os.path.lexists(os.path.join(self._on_disk(path), ".git")):
            if not ignores.is_submodule(inner):
                return "submodule"
            self._areas.insert(0, (path + "/", Ignores(self._on_disk(path)), ""))
        elif ignores.is_submodule(inner) and not _names(self._on_disk(path)):
            return "submodule"
        return "directory"

    def _area(self, path: str) -> tuple[Ignores, str]:
        """The repository that `path` belongs to (the innermost comes first), and its path in there."""
        start, ignores, prefix = next(area for area in self._areas if path.startswith(area[0]))
        return ignores, prefix + path.removeprefix(start)

    def _judged(self, node: Node) -> Node:
        """`node`, or why git would not have it."""
        if node.path == "." or node.kind in (None, "submodule") or not self._areas:
            return node
        if node.kind == "directory":
            if self._has_content(node.path):
                return node
            rule = self._rule(node.path)
            empty = "an empty directory, which git does not keep"
            return _nothing(node.path, "ignored" if rule else "missing", rule or empty, on_disk="directory")
        rule = self._rule(node.path)
        if not rule or self._is_tracked(node.path):
            return node
        return _nothing(node.path, "ignored", rule, on_disk=node.kind)

    def _rule(self, path: str) -> str:
        """The rule that ignores `path`, its file as a path of the snapshot ("../" where it lies above the root)."""
        start, ignores, prefix = next(area for area in self._areas if path.startswith(area[0]))
        rule = ignores.rule(prefix + path.removeprefix(start))
        file, _, rest = rule.partition(":")
        moved = file and not file.startswith("/") and (start or prefix)
        return f"{start}{posixpath.relpath(file, prefix or '.')}:{rest}" if moved else rule

    def _is_tracked(self, path: str) -> bool:
        ignores, inner = self._area(path)
        return inner in ignores.tracked(inner)

    def _has_content(self, path: str) -> bool:
        """Whether git would keep the directory: some file at or below it is not ignored."""
        if self._rule(path):
            ignores, inner = self._area(path)
            here = self._on_disk(path)
            return any(os.path.lexists(here + name.removeprefix(inner)) for name in ignores.tracked(inner))
        # Files come first, and the first one mostly settles it.
        return any(self._judged(self._node_at(child)).kind is not None for child in self._children(path))


def _join(directory: str, name: str) -> str:
    return name if directory == "." else f"{directory}/{name}"


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _sorts(directory: str) -> list[tuple[bool, str]]:
    """Whether each entry is a directory, and its name."""
    try:
        with os.scandir(directory) as listing:
            return [(entry.is_dir(follow_symlinks=False), entry.name) for entry in listing]
    except OSError:
        return []


def _silent(path: str, problem: GitFailed) -> UsageError:
    return UsageError(
        f"git cannot say whether {path} is ignored: {problem.message}",
        help="run `git status` in the repository and repair what it reports",
        code="usage/broken-repository",
    )


def _nothing(path: str, why: Why, detail: str = "", on_disk: EntryKind | None = None) -> Node:
    return Node(path=path, kind=None, why=why, detail=detail, on_disk=on_disk)


def _other_spelling(place: str, found: os.stat_result) -> bool:
    """Whether a disk that ignores case found `place` under another spelling than git would keep."""
    directory, name = os.path.split(place)
    swapped = name.swapcase()
    if swapped == name:
        return False
    try:
        if not os.path.samestat(os.lstat(os.path.join(directory, swapped)), found):
            return False
    except OSError:
        return False
    return name not in _names(directory)
