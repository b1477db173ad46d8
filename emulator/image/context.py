"""The build context: every path of the snapshot that reaches the builder, and who left out the others.

Nothing is read before it is asked for: a Dockerfile that copies two files of a hundred thousand costs
what two files cost.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from emulator.formats.gitignore import Upload, is_uploaded
from emulator.model.origin import Origin
from emulator.model.plan import UploadRule
from emulator.model.record import Record, replace
from emulator.snapshot import Node as SnapshotNode
from emulator.snapshot import Snapshot, Unreadable, follow

from .ignore import NO_IGNORE_FILE, IgnoreFile, Verdicts, read_ignore_file
from .tree import ABSENT, Contents, File, Folder, Link, Made, Node, Unknown, stamped

By = Literal["git", "ignore-file", "upload", "nowhere", "other"]

_RULE = r"(?s)(.+?):(\d+):(.*)"


class LeftOut(Record, frozen=True, kw_only=True):
    """A path that does not reach the builder, and who left it out.

    by: git, the ignore file, "upload" for the rules of a deploy command, "nowhere" for a path that is not in the
    repository at all, or "other" (a socket, git's own folder, a link that leads out). path: that of the context.
    origin and pattern: the rule; origin is None where the rule stands outside the repository, and `where` then names
    its file and line, or is empty for a rule of the platform's own. on_disk: whether something lies there on this
    disk. is_directory: everything below goes with it.
    """

    path: str
    by: By
    pattern: str = ""
    origin: Origin | None = None
    where: str = ""
    detail: str = ""
    on_disk: bool = True
    is_directory: bool = False


class Entry(Record, frozen=True, kw_only=True):
    """What the builder gets at one path of the context.

    kind is None when it gets nothing, and `left_out` says why. "unknown": a submodule's files, which only the platform
    knows; a file of which Docker's own two readings of the ignore file differ, so that it arrives empty; what git
    ignores and is uploaded all the same, whose content is no part of the snapshot.
    """

    path: str
    kind: Literal["file", "directory", "symlink", "unknown"] | None
    left_out: LeftOut | None = None
    target: str = ""
    size: int | None = None
    executable: bool = False


class Context:
    """The context of one build. Paths are relative to it, "." is its root."""

    def __init__(
        self, repo: Snapshot, directory: str, ignore: IgnoreFile = NO_IGNORE_FILE, upload: Upload | None = None
    ) -> None:
        """directory: a path of the repository that is a directory there. upload: by what the files are chosen that
        come here; None: by git."""
        self.repo = repo
        self.directory = follow(directory, repo.node).path
        self.ignore = ignore
        self.upload = upload
        self._entries: dict[str, Entry] = {".": Entry(path=".", kind="directory")}
        self._verdicts: dict[str, Verdicts] = {}
        self._names: dict[str, tuple[str, ...]] = {}

    @property
    def is_clear(self) -> bool:
        """Whether what the ignore file leaves out can be said at all."""
        return not self.ignore.unclear and self.ignore.problem is None

    @property
    def may_have_git(self) -> bool:
        """Whether git's own folder may reach the builder: it is no file of the repository, and a clone has it."""
        if self.upload is not None and self.upload.left_out_by(self.in_repository(".git"), is_directory=True):
            return False
        return self.directory == "." and self.git_is_left_out_at is None

    @property
    def git_is_left_out_at(self) -> Origin | None:
        """The pattern of the ignore file that keeps git's own folder from the builder."""
        verdict = self._verdict(".git")
        if not verdict.left_out or verdict.decided_by is None:
            return None
        return self.ignore.patterns[verdict.decided_by].origin

    def in_repository(self, path: str) -> str:
        """The path in the repository."""
        return _join(self.directory, path)

    def entry(self, path: str) -> Entry:
        """What the builder gets at exactly `path`: its parents are directories, and a link is a link."""
        if path not in self._entries:
            self._entries[path] = self._entry(path)
        return self._entries[path]

    def names(self, path: str) -> tuple[str, ...]:
        """The names in the directory at exactly `path` that reach the builder, sorted."""
        if path not in self._names:
            there = set(self.repo.entries(self.in_repository(path)))
            if self.upload is not None:
                there |= self._left_out_names(path)
            self._names[path] = tuple(name for name in sorted(there) if self.entry(_join(path, name)).kind is not None)
        return self._names[path]

    def walk(self, path: str = ".") -> Iterator[Entry]:
        """Everything below `path` that reaches the builder, directories before what they hold."""
        stack = [path]
        while stack:
            here = stack.pop()
            for name in self.names(here):
                entry = self.entry(_join(here, name))
                yield entry
                if entry.kind == "directory":
                    stack.append(entry.path)

    def left_out(self, path: str = ".") -> Iterator[LeftOut]:
        """What lies below `path` and does not reach the builder; a directory of which nothing does, once."""
        stack = [path]
        while stack:
            here = stack.pop()
            inside = self.in_repository(here)
            names = {*self.repo.entries(inside), *self._left_out_names(here)}
            for name in sorted(names):
                entry = self.entry(_join(here, name))
                if entry.left_out is not None:
                    yield entry.left_out
                elif entry.kind == "directory":
                    stack.append(entry.path)

    def size(self, path: str) -> int | None:
        """The bytes of a file that reaches the builder."""
        entry = self.entry(path)
        return entry.size if entry.size is not None else self.repo.look(self.in_repository(path)).size

    def read(self, path: str) -> bytes | None:
        """The content of a file that reaches the builder; None when it is too large or cannot be read."""
        try:
            return self.repo.read(self.in_repository(path))
        except Unreadable:
            return None

    def ignored_by_git(self, path: str) -> LeftOut | None:
        """Which rule of git's ignores what lies on this disk at `path`, uploaded or not; None where none does."""
        node = self.repo.node(self.in_repository(path))
        return _by_snapshot(path, node) if node.why == "ignored" else None

    def judged(self, path: str) -> LeftOut | None:
        """Which pattern of the ignore file leaves out what is, or was, at `path`; None where none does."""
        verdict = self._verdict(path)
        return self._by_ignore_file(path, verdict) if verdict.left_out else None

    def as_tree(self) -> Folder:
        """The context as a filesystem; whoever copies from it says at which line."""
        if not self.is_clear:
            return Folder(complete=False)
        return Folder(below=ContextFolder(self, "."))

    def _left_out_names(self, path: str) -> set[str]:
        """The names in a directory that lie on this disk and are no part of the snapshot."""
        return {node.path.rpartition("/")[2] for node in self.repo.left_out(self.in_repository(path))}

    def _entry(self, path: str) -> Entry:
        node = self.repo.node(self.in_repository(path))
        if self.upload is not None and (gone := self._by_upload(path, node, self.upload)) is not None:
            return Entry(path=path, kind=None, left_out=gone)
        if node.kind is None and not (self.upload is not None and _is_on_disk(node)):
            gone = _by_snapshot(path, node)
            if self.upload is not None and gone.by == "git":
                gone = LeftOut(path=path, by="nowhere", on_disk=False)  # git is not asked
            return Entry(path=path, kind=None, left_out=gone)
        verdict = self._verdict(path)
        if verdict.left_out and not (node.kind == "directory" and self._keeps_below(path)):
            gone = self._by_ignore_file(path, verdict)
            return Entry(path=path, kind=None, left_out=replace(gone, is_directory=node.kind == "directory"))
        kind = "unknown" if node.kind is None or node.kind == "submodule" else node.kind
        if kind == "file" and any(verdict.matched) and self.ignore.leaves_out_when_read(path):
            kind = "unknown"  # it arrives, and empty
        return Entry(path=path, kind=kind, target=node.target, size=node.size, executable=node.executable)

    def _by_ignore_file(self, path: str, verdict: Verdicts) -> LeftOut:
        assert verdict.decided_by is not None
        pattern = self.ignore.patterns[verdict.decided_by]
        where = f"{pattern.origin.file}:{pattern.origin.line}"
        return LeftOut(path=path, by="ignore-file", pattern=pattern.written, origin=pattern.origin, where=where)

    def _by_upload(self, path: str, node: SnapshotNode, upload: Upload) -> LeftOut | None:
        """Which rule of the upload leaves `path` out, or would. A link to a directory is one there."""
        if node.kind is None and node.why not in ("ignored", "missing"):
            return None
        lies = node.kind or node.on_disk
        is_directory = lies in ("directory", "submodule")
        if lies == "symlink":
            is_directory = self.repo.look(node.path).is_directory
        rule = upload.left_out_by(node.path, is_directory=is_directory)
        if lies is None and rule is None:  # where nothing lies, "dist/" speaks of what a build would make
            is_directory = True
            rule = upload.left_out_by(node.path, is_directory=True)
        if rule is None:
            return None
        return LeftOut(
            path=path, by="upload", pattern=rule.written, origin=rule.origin,
            where=f"{rule.origin.file}:{rule.origin.line}" if rule.origin else "", is_directory=is_directory,
            on_disk=node.kind is not None or _is_on_disk(node),
            detail="" if rule.origin else f"the upload leaves {rule.written} out by itself",
        )  # fmt: skip

    def _verdict(self, path: str) -> Verdicts:
        """What the ignore file says of `path`, by way of the directories above it."""
        missing: list[str] = []
        here = path
        while here and here not in self._verdicts:
            missing.append(here)
            here = here.rpartition("/")[0]
        above = self._verdicts[here].matched if here else None
        for inner in reversed(missing):
            self._verdicts[inner] = verdict = self.ignore.judge(inner, above)
            above = verdict.matched
        return self._verdicts[path]

    def _keeps_below(self, path: str) -> bool:
        """Whether an exception brings something below a directory back, and with it the directory."""
        stack = [path]
        while stack:
            here = stack.pop()
            if not self.ignore.may_keep_below(here):
                continue
            for name in self.repo.entries(self.in_repository(here)):
                inner = _join(here, name)
                if not self._verdict(inner).left_out:
                    return True
                if self.repo.node(self.in_repository(inner)).kind == "directory":
                    stack.append(inner)
        return False


class ContextFolder(Record, frozen=True, kw_only=False):
    """A directory of the context as the contents of a `Folder`."""

    context: Context
    path: str
    origin: Origin | None = None
    mode: int | None = None

    @property
    def layers(self) -> int:
        return 0

    def get(self, name: str) -> Node:
        return stamped(self._original(name), self.origin, self.mode)

    def _original(self, name: str) -> Node:
        path = _join(self.path, name)
        entry = self.context.entry(path)
        if path == ".git" and self.context.may_have_git:
            return Unknown(why="no platform says whether its builder gets .git")
        made = Made(by="context", path=self.context.in_repository(path))
        match entry.kind:
            case "file":
                # What git keeps of a file's mode, and what a clone gives it.
                return File(made=made, size=entry.size, mode=0o755 if entry.executable else 0o644)
            case "directory":
                return Folder(below=ContextFolder(self.context, path), made=made)
            case "symlink":
                return Link(made=made, target=entry.target)
            case "unknown":
                return Unknown(why=f"what the builder gets at {made.path} is not known")
        return ABSENT

    def names(self) -> tuple[str, ...]:
        return self.context.names(self.path)

    def same_as(self, other: Contents) -> bool:
        same = isinstance(other, ContextFolder) and other.context is self.context
        return same and (other.path, other.mode) == (self.path, self.mode)  # type: ignore[attr-defined]

    def stamped(self, origin: Origin | None, mode: int | None) -> Contents:
        return ContextFolder(self.context, self.path, origin, self.mode if mode is None else mode)


def ignore_file_of(repo: Snapshot, directory: str, dockerfile: str | None, upload: Upload | None = None) -> str | None:
    """The ignore file of a build by `dockerfile` in `directory`: the one named after the Dockerfile, else the one in
    the context; one that is not uploaded is not there. No ignore file concerns a generated Dockerfile (None)."""
    names = [f"{dockerfile}.dockerignore", _join(directory, ".dockerignore")] if dockerfile is not None else []
    return next((name for name in names if repo.is_file(name) and is_uploaded(name, upload)), None)


def open_context(
    repo: Snapshot, directory: str, dockerfile: str | None, upload_rules: Sequence[UploadRule] | None = None
) -> Context:
    """The context at `directory` of a build by `dockerfile` (None: a generated one). upload_rules: as in a `Build`."""
    upload = Upload(upload_rules) if upload_rules is not None else None
    name = ignore_file_of(repo, directory, dockerfile, upload)
    if name is None:
        return Context(repo, directory, upload=upload)
    try:
        return Context(repo, directory, read_ignore_file(repo.read(name), name), upload)
    except Unreadable as problem:
        place = Origin(file=name, line=problem.line)
        ignore = IgnoreFile(file=name, problem=problem.message, problem_origin=place)
        return Context(repo, directory, ignore, upload)


def _is_on_disk(node: SnapshotNode) -> bool:
    """Whether something lies on this disk that git leaves out, be it an empty directory."""
    return node.why == "ignored" or (node.why == "missing" and node.on_disk is not None)


def _by_snapshot(path: str, node: SnapshotNode) -> LeftOut:
    """Why the platform has nothing at `path`."""
    rule = re.fullmatch(_RULE, node.detail) if node.why in ("ignored", "missing") else None
    gone = LeftOut(path=path, by="nowhere", on_disk=node.why != "missing" or bool(node.detail and rule is None))
    if rule is not None:
        file, line = rule[1], int(rule[2])
        inside = not file.startswith(("/", "../", ".git/"))
        origin = Origin(file=file, line=line, end_line=line) if inside else None
        return replace(gone, by="git", pattern=rule[3], origin=origin, where=f"{file}:{line}")
    if node.why == "missing" and not node.detail:
        return gone
    return replace(gone, by="other", detail=node.detail or node.why)


def _join(directory: str, path: str) -> str:
    if path == ".":
        return directory
    return path if directory == "." else f"{directory}/{path}"
