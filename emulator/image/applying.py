"""The effects of a RUN's commands, applied to a tree.

What a command does if it succeeds; for one that may not have run, `perhaps` keeps what holds either way.
"""

import posixpath

from emulator.model.record import replace

from .effects import (
    Copy,
    Effect,
    Link,
    MakeFile,
    MakeFolder,
    Mode,
    Place,
    Remove,
    Rewrite,
    Touch,
    Unknown,
    Venv,
    changed_mode,
)
from .glob import compiled, has_wildcards
from .interpreters import made_venv
from .merging import Effort, either, merged
from .tree import (
    ABSENT,
    ANYTHING,
    DATA,
    OFTEN_LINKS,
    UNKNOWN_MODE,
    File,
    Folder,
    Made,
    More,
    Node,
    Refused,
    Unsure,
    first_unsure,
    make_folders,
    resolve,
    stamped,
    unknown_folder,
    with_more,
    write,
)
from .tree import Link as LinkNode
from .tree import Unknown as UnknownNode


def applied(tree: Folder, effect: Effect, made: Made, effort: Effort) -> Folder:
    """The tree after an effect. A path that leads where only the base image knows makes that unknown."""
    try:
        match effect:
            case MakeFolder():
                # POSIX, mkdir -p: the mode is that of the last directory alone.
                tree = make_folders(tree, posixpath.dirname(effect.path), made)
                return make_folders(tree, effect.path, made, mode=0o755 if effect.mode is None else effect.mode)
            case MakeFile():
                return _file_made(tree, effect, made)
            case Touch():
                return _touched(tree, effect.path, made)
            case Rewrite():
                return _rewritten(tree, effect.paths, made)
            case Copy():
                return _copied(tree, effect, made, effort)
            case Remove():
                return _removed(tree, effect.paths)
            case Link():
                return _linked(tree, effect, made)
            case Mode():
                return _with_mode(tree, effect)
            case Venv():
                return made_venv(tree, effect.path, made, with_pip=effect.tool != "uv")
            case Unknown():
                for path in effect.paths:
                    more = DATA if effect.data else ANYTHING
                    tree = forgotten(tree, path, made, keeps=effect.keeps, more=more)
                    tree = tree if effect.keeps else _link_lost(tree, path, made)
                return tree
            case _:
                return tree
    except (Unsure, Refused):
        return _written_somewhere(tree, effect, made)


def perhaps(before: Folder, after: Folder, effort: Effort) -> Folder:
    """What holds whether a command ran or not."""
    try:
        found = either(before, after, effort)
    except Unsure:
        return unknown_folder()
    return found if isinstance(found, Folder) else unknown_folder()


def forgotten(tree: Folder, path: str, made: Made, *, keeps: bool = False, more: More = ANYTHING) -> Folder:
    """The tree where anything may have come to a path and below it; keeps: what is there stays."""
    if path == "/":
        return tree.open(more) if keeps else unknown_folder()
    try:
        where, node = resolve(tree, path, to_write=True)
    except Refused:
        return tree
    except Unsure:
        return _forgotten_behind(tree, path, made, keeps=keeps, more=more)
    if where in OFTEN_LINKS and isinstance(node, UnknownNode):
        return _forgotten_behind(tree, where, made, keeps=keeps, more=more)
    if keeps and (isinstance(node, Folder | File)):
        return write(tree, where, with_more(node, more), made) if isinstance(node, Folder) else tree
    here = first_unsure(tree, where)
    there = _exact(tree, here)
    new = with_more(there, more) if keeps and isinstance(there, UnknownNode) else UnknownNode(origin=made.origin)
    if keeps and there == ABSENT:
        new = UnknownNode(origin=made.origin, more=more)
    return write(tree, here, new, made) if here != "/" else unknown_folder()


def _forgotten_behind(tree: Folder, path: str, made: Made, *, keeps: bool, more: More) -> Folder:
    """As `forgotten` for a path through a directory that is a symbolic link in some images."""
    for name, target in OFTEN_LINKS.items():
        if path == name or path.startswith(name + "/"):
            return forgotten(tree, target + path.removeprefix(name), made, keeps=keeps, more=more)
    return tree.open(more) if keeps else unknown_folder()


def _written_somewhere(tree: Folder, effect: Effect, made: Made) -> Folder:
    match effect:
        case MakeFolder() | MakeFile() | Touch() | Venv() | Link():
            paths: tuple[str, ...] = (effect.path,)
        case Copy():
            moved = tuple(_above(place) for place in effect.sources) if effect.moved else ()
            paths = (effect.destination, *moved)
        case Remove() | Rewrite() | Mode():
            paths = tuple(_above(place) for place in effect.paths)
        case _:
            paths = ("/",)
    for path in paths:
        tree = _lost(tree, path, made)
    return tree


def _lost(tree: Folder, path: str, made: Made) -> Folder:
    """The tree where a path may be anything, and so may be what it leads to as a link."""
    return _link_lost(forgotten(tree, path, made), path, made)


def _link_lost(tree: Folder, path: str, made: Made) -> Folder:
    """The tree where a link at a path may be one no more."""
    try:
        where, node = resolve(tree, path, follow_last=False, to_write=True)
    except (Unsure, Refused):
        return tree
    lost = UnknownNode(origin=made.origin, leads=True)
    return write(tree, where, lost, made) if isinstance(node, LinkNode) else tree


def _above(place: Place) -> str:
    """The path, or the directory above its first wildcard."""
    parts = place.path.split("/")
    for index, part in enumerate(parts):
        if place.pattern and (has_wildcards(part) or "\\" in part):
            return "/".join(parts[:index]) or "/"
    return place.path


# ---- where paths lead --------------------------------------------------------------------------------


def _exact(tree: Folder, path: str) -> Node:
    """What stands at a path that is resolved already."""
    node: Node = tree
    for part in path.strip("/").split("/"):
        node = node.get(part) if isinstance(node, Folder) else node
    return node


def _entry(tree: Folder, path: str) -> tuple[str, Node]:
    """Where the last part of a path stands, a link there not followed. Raises Refused, Unsure."""
    where, node = resolve(tree, path, follow_last=False, to_write=True)
    if where in OFTEN_LINKS:
        raise Unsure
    return where, node


def _places(tree: Folder, place: Place, effort: Effort | None = None) -> list[tuple[str, Node]]:
    """What a place stands for; what may match makes it Unsure."""
    if not place.pattern:
        return [_entry(tree, place.path)]
    if "\\" in place.path:
        raise Unsure
    found: list[tuple[str, Node]] = [("", tree)]
    for part in [part for part in place.path.split("/") if part]:
        inner: list[tuple[str, Node]] = []
        for way, node in found:
            if isinstance(node, LinkNode):
                way, node = resolve(tree, way)  # noqa: PLW2901 - where it leads
            if isinstance(node, UnknownNode):
                raise Unsure
            if not isinstance(node, Folder):
                continue
            if not has_wildcards(part):
                inner.append((f"{way}/{part}", node.get(part)))
                continue
            if not node.complete:
                raise Unsure
            if effort is not None:
                effort.spend(len(node.names()))
            matching = compiled(part)
            names = [name for name in node.names() if matching.matches(name)]
            # A shell's wildcard passes over names that begin with a dot.
            names = [name for name in names if part.startswith(".") or not name.startswith(".")]
            inner += [(f"{way}/{name}", node.get(name)) for name in names]
        found = [entry for entry in inner if entry[1] != ABSENT]
    return found


# ---- single effects ----------------------------------------------------------------------------------


def _file_made(tree: Folder, effect: MakeFile, made: Made) -> Folder:
    where, node = resolve(tree, effect.path, to_write=True)
    if where in OFTEN_LINKS:
        raise Unsure
    if isinstance(node, Folder):
        raise Refused(f"{where} is a directory")
    content = effect.content.encode() if effect.content is not None else None
    if effect.append and node != ABSENT:
        before = node.content if isinstance(node, File) else None
        content = before + content if before is not None and content is not None else None
    mode = node.mode if isinstance(node, File) else 0o644 if node == ABSENT else None
    size = len(content) if content is not None else None
    return write(tree, where, File(made=made, size=size, mode=mode, content=content), made, mode=None)


def _touched(tree: Folder, path: str, made: Made) -> Folder:
    where, node = resolve(tree, path, to_write=True)
    if node != ABSENT:
        return tree
    return write(tree, where, File(made=made, size=0, mode=0o644, content=b""), made, mode=None)


def _rewritten(tree: Folder, places: tuple[Place, ...], made: Made) -> Folder:
    for place in places:
        for path, entry in _places(tree, place):
            where, node = resolve(tree, path)
            # sed writes a new file and renames it over the name: a link is replaced, not followed.
            if isinstance(node, File):
                at = path if isinstance(entry, LinkNode) else where
                tree = write(tree, at, File(made=made, mode=node.mode), made)
    return tree


def _removed(tree: Folder, places: tuple[Place, ...]) -> Folder:
    for place in places:
        try:
            found = _places(tree, place)
        except Refused:
            continue
        except Unsure:
            tree = _perhaps_removed(tree, place)
            continue
        for where, node in found:
            if node == ABSENT or where == "/":
                continue
            if isinstance(_exact(tree, where.rpartition("/")[0] or "/") if where.count("/") > 1 else tree, Folder):
                tree = write(tree, where, ABSENT, Made(by="instruction"))
    return tree


def _perhaps_removed(tree: Folder, place: Place) -> Folder:
    """A pattern that may match more than is known of: what is known and matches goes, the rest was not known."""
    above, _, last = place.path.rpartition("/")
    if not place.pattern or has_wildcards(above) or "\\" in place.path:
        return forgotten(tree, _above(place), Made(by="instruction"))
    try:
        where, folder = resolve(tree, above or "/")
    except (Refused, Unsure):
        return forgotten(tree, _above(place), Made(by="instruction"))
    if isinstance(folder, Folder):
        pattern = compiled(last)
        for name in folder.names():
            if pattern.matches(name) and (last.startswith(".") or not name.startswith(".")):
                folder = folder.put(name, ABSENT)
        return write(tree, where, folder, Made(by="instruction"))
    return tree


def _linked(tree: Folder, effect: Link, made: Made) -> Folder:
    where, node = _entry(tree, effect.path)
    behind = resolve(tree, effect.path)[1] if isinstance(node, LinkNode) else node
    if effect.into is not False:
        if isinstance(behind, UnknownNode):
            raise Unsure
        if isinstance(behind, Folder):
            where = f"{resolve(tree, effect.path)[0].rstrip('/')}/{posixpath.basename(effect.target.rstrip('/'))}"
            node = _exact(tree, where)
    if isinstance(node, Folder | UnknownNode) or (node != ABSENT and not effect.force):
        raise Unsure
    new: Node = LinkNode(made=made, target=effect.target)
    if not effect.symbolic:
        _, new = resolve(tree, effect.target)
        if not isinstance(new, File):
            raise Unsure
    return write(tree, where, new, made, mode=None)


def _with_mode(tree: Folder, effect: Mode) -> Folder:
    for place in effect.paths:
        for path, _ in _places(tree, place):
            where, node = resolve(tree, path)
            if where != "/" and isinstance(node, File | Folder):
                tree = write(tree, where, _changed(node, effect), Made(by="instruction"))
    return tree


def _changed(node: File | Folder, effect: Mode) -> Node:
    if isinstance(node, File):
        return replace(node, mode=changed_mode(effect.change, node.mode, folder=False))
    own = changed_mode(effect.change, node.mode, folder=True)
    if not effect.recursive:
        return node.overlaid({}, more=node.more, mode=own, made=node.made)
    every = int(effect.change, 8) if effect.change.isdigit() else UNKNOWN_MODE
    origin = node.made.origin if node.made is not None else None
    inner = stamped(node, origin, every)
    return inner.overlaid({}, more=inner.more, mode=own, made=node.made) if isinstance(inner, Folder) else inner


# ---- cp and mv ---------------------------------------------------------------------------------------


def _copied(tree: Folder, effect: Copy, made: Made, effort: Effort) -> Folder:
    sources: list[tuple[str, Node, bool]] = []
    for index, place in enumerate(effect.sources):
        found = _places(tree, place, effort)
        if any(isinstance(node, UnknownNode) for _, node in found):
            raise Unsure
        sources += [(path, node, index in effect.contents) for path, node in found if node != ABSENT]
    after = tree
    for path, node, contents in sources:
        if _lies_in(resolve(after, effect.destination, follow_last=not effect.moved, to_write=True)[0], path):
            raise Unsure  # "cannot copy a directory into itself": it fails, after a part of it
        if effect.moved:
            after = write(after, path, ABSENT, made)
        after = _one_copied(after, effect, (path, node), made, effort, contents=contents)
    return after


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _destination(tree: Folder, effect: Copy) -> tuple[str, Node]:
    """Where something is copied or moved to. A link to a directory leads there; another is followed by a copy, and
    replaced by what is moved over it."""
    where, node = _entry(tree, effect.destination)
    if not isinstance(node, LinkNode):
        return where, node
    behind = resolve(tree, effect.destination, to_write=True)
    leads_on = isinstance(behind[1], Folder) and effect.into is not False
    return (where, node) if effect.moved and not leads_on else behind


def _one_copied(
    tree: Folder, effect: Copy, source: tuple[str, Node], made: Made, effort: Effort, *, contents: bool
) -> Folder:
    path, node = source
    if isinstance(node, LinkNode) and not effect.moved:
        if effect.recursive:
            raise Unsure  # the link or what it leads to: that depends on -P, -L and -H
        _, node = resolve(tree, path)
    if isinstance(node, Folder) and not effect.recursive:
        raise Refused(f"{path} is a directory")
    where, there = _destination(tree, effect)
    if isinstance(there, UnknownNode):
        raise Unsure
    if isinstance(there, Folder) and effect.into is not False:
        if not contents:
            where = f"{where.rstrip('/')}/{posixpath.basename(path)}"
            there = there.get(posixpath.basename(path))
    elif effect.must_be_folder and not (effect.recursive and there == ABSENT):
        raise Refused(f"{where} is not a directory")
    if isinstance(there, UnknownNode) or where in OFTEN_LINKS:
        raise Unsure
    new = node if effect.moved else stamped(node, made.origin, UNKNOWN_MODE)
    if isinstance(new, Folder):
        if isinstance(there, File | LinkNode):
            raise Refused(f"{where} is a file")
        if isinstance(there, Folder):
            if effect.moved and there.names():
                raise Unsure
            new = merged(there, new, where, effort, mode=there.mode)
    elif isinstance(there, Folder):
        raise Refused(f"{where} is a directory")
    elif isinstance(there, LinkNode) and not effect.moved:
        where, _ = resolve(tree, where, to_write=True)
    return new if where == "/" and isinstance(new, Folder) else write(tree, where, new, made, mode=None)
