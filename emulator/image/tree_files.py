"""A worked-out tree as the files that tools read: the `Files` of project_files."""

from emulator.snapshot import Snapshot, Unreadable

from .project_files import Kind
from .tree import File, Folder, Refused, Unknown, Unsure, resolve


class TreeFiles:
    """What can be seen of a tree, the text of its files read from the repository they were copied from."""

    def __init__(self, tree: Folder, repo: Snapshot) -> None:
        self.tree = tree
        self.repo = repo

    def look(self, path: str) -> Kind:
        """What is there, links followed."""
        try:
            _, node = resolve(self.tree, path)
        except Unsure:
            return "unknown"
        except Refused:
            return "absent"
        match node:
            case File():
                return "file"
            case Folder():
                return "directory"
            case Unknown():
                return "unknown"
            case _:
                return "absent"

    def read(self, path: str) -> str | None:
        """The text of a file; None when it is not known."""
        try:
            _, node = resolve(self.tree, path)
        except (Unsure, Refused):
            return None
        if not isinstance(node, File):
            return None
        if node.content is not None:
            return node.content.decode("utf-8", "replace")
        if node.made.by != "context":
            return None
        try:
            return self.repo.text(node.made.path)
        except Unreadable:
            return None

    def names(self, path: str) -> tuple[str, ...] | None:
        """What a directory holds; None when that is not known in full. Data that may have come is left out."""
        try:
            _, node = resolve(self.tree, path)
        except (Unsure, Refused):
            return None
        if not isinstance(node, Folder) or node.more.anything or node.more.packages:
            return None
        names = node.names()
        nodes = [node.get(name) for name in names]
        if any(isinstance(one, Unknown) and (one.more.anything or one.more.packages) for one in nodes):
            return None
        return tuple(name for name, one in zip(names, nodes, strict=True) if not isinstance(one, Unknown))
