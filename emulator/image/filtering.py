"""What `--exclude` leaves out of a directory that is copied, and what `--parents` takes of one (tonistiigi/fsutil,
copy/copy.go: exclude, include; dockerfile2llb/convert_copy.go: dispatchCopy)."""

from emulator.model.origin import Origin
from emulator.model.record import Record

from .glob import has_wildcards
from .ignore import IgnoreFile, Pattern
from .merging import Effort
from .tree import ABSENT, Contents, Folder, Node, Stamped, Unknown, Unsure


class Excluded(Record, frozen=True, kw_only=False):
    """The contents of a directory less what the patterns match. path: of it, from the source on; above: what its own
    verdict says to what lies below."""

    folder: Folder
    patterns: IgnoreFile
    path: str = ""
    above: tuple[bool, ...] | None = None

    @property
    def layers(self) -> int:
        return self.folder.layers + 1

    def get(self, name: str) -> Node:
        path = f"{self.path}/{name}" if self.path else name
        verdict = self.patterns.judge(path, self.above)
        if verdict.left_out:
            return ABSENT
        node = self.folder.get(name)
        return excluded(node, self.patterns, path, verdict.matched) if isinstance(node, Folder) else node

    def names(self) -> tuple[str, ...]:
        return tuple(name for name in self.folder.names() if self.get(name) != ABSENT)

    def same_as(self, other: Contents) -> bool:
        if not isinstance(other, Excluded) or other.folder is not self.folder:
            return False
        return (other.path, other.patterns) == (self.path, self.patterns)

    def stamped(self, origin: Origin | None, mode: int | None) -> Contents:
        return Stamped(Folder(below=self, more=self.folder.more, mode=self.folder.mode), origin, mode)


def excluded(folder: Folder, patterns: IgnoreFile, path: str = "", above: tuple[bool, ...] | None = None) -> Folder:
    """The directory without what the patterns match, by paths from `folder` on. They hold no exceptions."""
    below = Excluded(folder, patterns, path, above)
    return Folder(below=below, more=folder.more, mode=folder.mode, made=folder.made)


def included(folder: Folder, pattern: Pattern, effort: Effort, path: str = "") -> Folder | None:
    """What of a directory matches, with the directories that lead there; None for nothing. Raises Unsure where what is
    not known may match."""
    own: dict[str, Node] = {}
    literal = not has_wildcards(pattern.text)
    if not literal and not folder.complete:
        raise Unsure
    depth = path.count("/") + 1 if path else 0
    names = (pattern.text.split("/")[depth],) if literal else folder.names()
    effort.spend(len(names))
    for name in names:
        inner = f"{path}/{name}" if path else name
        node = folder.get(name)
        if node == ABSENT:
            continue
        if pattern.matches(inner):
            own[name] = node
        elif isinstance(node, Unknown) and pattern.may_match_below(inner):
            raise Unsure
        elif isinstance(node, Folder) and pattern.may_match_below(inner):
            below = included(node, pattern, effort, inner)
            if below is not None:
                own[name] = below
    return Folder(own, mode=folder.mode, made=folder.made) if own else None
