"""COPY and ADD as BuildKit does them (dockerfile2llb/convert_copy.go, solver/llbsolver/file/backend.go and
tonistiigi/fsutil's copy.go), on trees that may be unknown in part.

What cannot be said leaves its destination unknown; a failure is told only where it is certain.
"""

from collections.abc import Callable, Iterator
from typing import Literal

from emulator.model.origin import Origin
from emulator.model.record import Record

from .filtering import excluded, included
from .glob import BadPattern, clean, compiled, has_wildcards, tokens_of
from .ignore import NO_IGNORE_FILE, IgnoreFile, Pattern
from .merging import Effort, merged
from .tree import (
    ABSENT,
    OFTEN_LINKS,
    Absent,
    File,
    Folder,
    Link,
    Made,
    Node,
    Refused,
    Unknown,
    Unsure,
    first_unsure,
    make_folders,
    resolve,
    stamped,
    unknown_folder,
    write,
)

Kind = Literal["missing", "refused", "bad-pattern", "url", "bad-ignore-file"]


class Failure(Record, frozen=True, kw_only=True):
    """Why the build ends at an instruction; only what is certain.

    missing: a source is not there. refused: the system refuses a path, such as a file where a directory must be.
    bad-pattern: a source is a malformed pattern. url: COPY of a URL. bad-ignore-file: Docker cannot read the ignore
    file. source: the source as BuildKit names it, for "missing" and "bad-pattern". reason: one fact. origin: the word
    in the Dockerfile. lost: where links led from `source`. from_context: whether it is one of the build context;
    stage: else where it is copied from.
    """

    kind: Kind
    reason: str
    origin: Origin
    source: str = ""
    lost: str = ""
    keyword: str = "COPY"
    stage: str = ""
    from_context: bool = False


class Copied(Record, frozen=True, kw_only=True):
    """What a copy left: the tree, and why the build ends there."""

    tree: Folder
    failures: tuple[Failure, ...] = ()


class Source(Record, frozen=True, kw_only=True):
    """One source of a COPY or ADD.

    path: after substitution; None when it is not known. pattern: of --parents, what is taken of the directory `path`
    with all that leads there. content: of a here-document, whose name `path` is;
    content_known: False where it depends on what only the base image knows.
    """

    path: str | None
    origin: Origin
    pattern: Pattern | None = None
    content: bytes | None = None
    content_known: bool = True


class Order(Record, frozen=True, kw_only=True):
    """What a COPY or ADD asks for.

    destination: absolute, a "/" at its end kept; None when it is not known. mode: of --chmod; None: each file's
    own; UNKNOWN_MODE: given, but what it comes to is not known. linked: --link. excludes: of --exclude. vague: with
    flags whose effect is not followed: what is copied is not claimed. stage: of --from.
    """

    sources: tuple[Source, ...]
    destination: str | None
    made: Made
    mode: int | None = None
    linked: bool = False
    excludes: IgnoreFile = NO_IGNORE_FILE
    vague: bool = False
    unpack: bool = False
    from_context: bool = True
    keyword: str = "COPY"
    stage: str = ""

    @property
    def reads_context(self) -> bool:
        """Whether the builder has to have the context for it."""
        return self.from_context and any(source.content is None for source in self.sources)


class Finding(Record, frozen=True, kw_only=True):
    """A source that was found: its path as BuildKit names it, and what lies there."""

    path: str
    node: Node


ArchiveTest = Callable[[File], bool | None]
"""Whether a file is an archive that ADD unpacks; None when it cannot be told."""


class Means(Record, frozen=True):
    """What a copy asks, and how much it may do."""

    is_archive: ArchiveTest
    effort: Effort


def copy_into(tree: Folder, source: Folder, order: Order, means: Means) -> Copied:
    """`tree` after the copy. Several sources are copied one after the other."""
    failures: list[Failure] = []
    for one in order.sources:
        try:
            tree = _copy_one(tree, source, one, order, means)
        except _Ended as ended:
            failures.append(ended.failure)
            tree = _made_unknown(tree, order)
        except Unsure:
            tree = _made_unknown(tree, order)
    return Copied(tree=tree, failures=tuple(failures))


class _Ended(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def _copy_one(tree: Folder, source: Folder, one: Source, order: Order, means: Means) -> Folder:
    if one.content is not None:
        content = one.content if one.content_known else None
        file = File(made=order.made, size=None if content is None else len(content), mode=0o644, content=content)
        found = [Finding(path="/" + (one.path or ""), node=file)]
    else:
        found = _found(source, one, order, means.effort)
    if order.vague:
        raise Unsure
    for finding in found:
        try:
            tree = _placed(tree, _filtered(finding, one, order, means.effort), order, means)
        except Refused as refused:
            raise _Ended(Failure(kind="refused", reason=str(refused), origin=one.origin, source=finding.path)) from None
    return tree


def _filtered(finding: Finding, one: Source, order: Order, effort: Effort) -> Finding:
    """The source less what --exclude names, and of it what --parents takes. Raises Unsure."""
    node = finding.node
    if order.excludes.patterns and one.content is None:
        if isinstance(node, Folder):
            node = excluded(node, order.excludes)
        elif isinstance(node, Unknown) or order.excludes.judge(finding.path.rpartition("/")[2]).left_out:
            # The documentation leaves such a file out; the builder's code copies what is a source itself.
            raise Unsure
    if one.pattern is not None:
        if not isinstance(node, Folder) or order.mode is not None:
            raise Unsure
        taken = included(node, one.pattern, effort)
        if taken is None and not has_wildcards(one.pattern.text):
            raise Unsure
        node = taken or Folder(mode=node.mode)
    return Finding(path=finding.path, node=node)


def _found(source: Folder, one: Source, order: Order, effort: Effort) -> list[Finding]:
    """What the source stands for. Raises Unsure, _Ended."""
    if one.path is None or "\\" in one.path:
        raise Unsure
    path = clean("/" + one.path)
    try:
        if has_wildcards(path):
            matches = list(_matches(source, path, effort))
            # The builder is sent only what sources match: the directory before the pattern may not be there at all.
            if not matches and order.from_context and not has_wildcards(path.split("/")[1]):
                raise Unsure
            return matches
        where, node = _resolved(source, path)
    except BadPattern as bad:
        if bad.late:
            raise Unsure from None
        raise _ended(one, order, "bad-pattern", f"{path} is a malformed pattern: {bad}", path) from None
    except Refused as refused:
        raise _ended(one, order, "missing", str(refused), path) from None
    if isinstance(node, Absent):
        raise _ended(one, order, "missing", f"{path} is not there", where)
    if isinstance(node, Unknown) and not path.endswith(_FILES):
        raise Unsure
    return [Finding(path=path, node=node)]


_FILES = (".txt", ".lock", ".json", ".toml", ".jar", ".whl", ".js", ".py", ".sh", ".yaml", ".yml", ".conf", ".pem")
"""Ends of names that nobody gives to directories (inferred): where it is not known what lies there, it is a file."""


def _resolved(source: Folder, path: str) -> tuple[str, Node]:
    """Where a path leads; behind what is unknown, something unknown. Raises Refused, and Unsure where it may be a
    directory."""
    try:
        return resolve(source, path)
    except Unsure:
        if not path.endswith(_FILES):
            raise
        return path, Unknown()


def _ended(one: Source, order: Order, kind: Kind, reason: str, lost: str) -> _Ended:
    return _Ended(
        Failure(
            kind=kind, reason=reason, origin=one.origin, source=clean("/" + (one.path or "")), lost=lost,
            from_context=order.from_context, keyword=order.keyword, stage=order.stage,
        )
    )  # fmt: skip


def _matches(source: Folder, pattern: str, effort: Effort) -> Iterator[Finding]:
    """Everything that matches, in the order of the names. A directory on the way that is a link is not entered.

    Raises BadPattern, Refused, Unsure.
    """
    parts = pattern.split("/")[1:]
    fixed = next(number for number, part in enumerate(parts) if has_wildcards(part))
    tokens = tokens_of(pattern)
    if any(token.characters is not None and token.characters.has("/") for token in tokens):
        raise Unsure
    base, here = resolve(source, "/" + "/".join(parts[:fixed]))
    if isinstance(here, Absent):
        raise Refused(f"{base} is not there")
    written = "/".join(["", *parts[:fixed]])
    stack: list[tuple[str, Node, int]] = [(written, here, fixed)]
    while stack:
        path, node, depth = stack.pop()
        if depth == len(parts):
            yield Finding(path=path, node=_followed(source, path, node))
            continue
        if isinstance(node, Unknown) or (isinstance(node, Folder) and not node.complete):
            raise Unsure
        if isinstance(node, Folder):
            part = compiled(parts[depth])
            wild = has_wildcards(parts[depth])
            effort.spend(len(node.names()) if wild else 1)
            names = [name for name in node.names() if part.matches(name)] if wild else [parts[depth]]
            inner = [(f"{path}/{name}", node.get(name), depth + 1) for name in reversed(names)]
            stack.extend(entry for entry in inner if not isinstance(entry[1], Absent))


def _followed(source: Folder, path: str, node: Node) -> Node:
    if isinstance(node, Unknown):
        raise Unsure
    if not isinstance(node, Link):
        return node
    _, behind = resolve(source, path)
    if isinstance(behind, Unknown):
        raise Unsure
    if isinstance(behind, Absent):
        raise Refused(f"{path} is a symbolic link to {node.target}, which is not there")
    return behind


# ---- where it goes -----------------------------------------------------------------------------------


def _placed(tree: Folder, finding: Finding, order: Order, means: Means) -> Folder:
    """The tree with one source at the destination. Raises Refused, Unsure."""
    if order.destination is None:
        raise Unsure
    if order.unpack and isinstance(finding.node, File) and means.is_archive(finding.node) is not False:
        raise Unsure
    parents_mode = 0o755 if order.mode is None else None
    directory, _, name = order.destination.rpartition("/")
    as_directory = name in ("", ".")
    ensured = clean(order.destination) if as_directory else directory or "/"
    if order.linked:
        _refuse_to_guess(tree, order.destination, finding.node, as_directory=as_directory)
    tree = make_folders(tree, ensured, order.made, mode=parents_mode)
    where, there = resolve(tree, clean(order.destination), to_write=True)
    node = _as_copied(finding.node, order)
    if isinstance(node, Folder):
        return _folder_placed(tree, (where, there), node, order, means.effort)
    if isinstance(there, Folder):
        base = finding.path.rpartition("/")[2]
        where = f"{where.rstrip('/')}/{base}"
        there = there.get(base)
        if isinstance(there, Folder) and isinstance(node, Unknown):
            raise Unsure
        if isinstance(there, Folder):
            raise Refused(f"{where} is a directory, and a file is copied over it")
    elif isinstance(there, Unknown):
        # A directory there would take the file into it.
        node = Unknown(why=f"{where} may have been a directory", origin=order.made.origin)
    return write(tree, where, node, order.made, mode=parents_mode)


def _folder_placed(tree: Folder, at: tuple[str, Node], node: Folder, order: Order, effort: Effort) -> Folder:
    """The contents of a directory, copied into the destination: at, where it leads and what is there."""
    where, there = at
    parents_mode = 0o755 if order.mode is None else None
    if isinstance(there, File | Link):
        raise Refused(f"{where} is a file, and a directory is copied over it")
    if isinstance(there, Unknown) and where in OFTEN_LINKS:
        raise Unsure
    if isinstance(there, Folder):
        lower = there
    else:
        lower = Folder(mode=parents_mode, made=order.made) if there == ABSENT else unknown_folder()
    result = merged(lower, node, where, effort, mode=lower.mode)
    return result if where == "/" else write(tree, where, result, order.made, mode=parents_mode)


def _refuse_to_guess(tree: Folder, destination: str, node: Node, *, as_directory: bool) -> None:
    """--link: a builder that copies beside the tree and merges knows nothing of what is there. Raises Unsure where
    that makes a difference."""
    plain = clean(destination)
    where, there = resolve(tree, plain, to_write=True)
    if where != plain or isinstance(there, Link | Unknown):
        raise Unsure
    is_file = not isinstance(node, Folder)
    if is_file and not as_directory and isinstance(there, Folder):
        raise Unsure


def _as_copied(node: Node, order: Order) -> Node:
    """The source as this instruction writes it: at its line, with --chmod applied."""
    return stamped(node, order.made.origin, order.mode)


def _made_unknown(tree: Folder, order: Order) -> Folder:
    """The tree where the copy wrote something that is not known."""
    if order.destination is None:
        return unknown_folder()
    plain = clean(order.destination)
    try:
        where, there = resolve(tree, plain, to_write=True)
    except Refused:
        return tree
    except Unsure:
        return _forget_behind(tree, plain)
    if where == "/":
        return unknown_folder()
    if isinstance(there, Unknown) and where in OFTEN_LINKS:
        return _forget_behind(tree, where)
    if isinstance(there, Folder):
        return write(tree, where, unknown_folder(), order.made, mode=None)
    # Perhaps nothing is copied, and then not even the directories on the way are made.
    unknown = Unknown(why="what was copied there is not known", origin=order.made.origin)
    return write(tree, first_unsure(tree, where), unknown, order.made, mode=None)


def _forget_behind(tree: Folder, path: str) -> Folder:
    """The tree where something was written through a directory that is a link in some images."""
    for name, target in OFTEN_LINKS.items():
        if path == name or path.startswith(name + "/"):
            where, there = resolve(tree, target, to_write=True)
            return (
                tree if isinstance(there, Unknown | Absent) else write(tree, where, Unknown(), Made(by="instruction"))
            )
    return unknown_folder()
