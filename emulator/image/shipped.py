"""A package's directory as an installed distribution holds it: its code, and data that is not claimed."""

from emulator.model.origin import Origin
from emulator.model.record import Record

from .tree import ABSENT, DATA, Contents, File, Folder, Node, Stamped, Unknown

_CODE = (".py", ".so")


class Shipped(Record, frozen=True, kw_only=False):
    """folder: the sources. whole: with every directory below; otherwise its own modules alone."""

    folder: Folder
    whole: bool

    @property
    def layers(self) -> int:
        return self.folder.layers + 1

    def get(self, name: str) -> Node:
        node = self.folder.get(name)
        match node:
            case File() if name.endswith(_CODE):
                return node
            case Folder() if self.whole:
                return Folder(below=Shipped(node, True), more=DATA | node.more, mode=None, made=node.made)
            case Folder():
                return ABSENT
            case File():
                return Unknown(more=DATA)
        return Unknown() if node != ABSENT else ABSENT

    def names(self) -> tuple[str, ...]:
        return tuple(name for name in self.folder.names() if self.get(name) != ABSENT)

    def same_as(self, other: Contents) -> bool:
        return isinstance(other, Shipped) and other.folder is self.folder and other.whole == self.whole

    def stamped(self, origin: Origin | None, mode: int | None) -> Contents:
        return Stamped(Folder(below=self, more=DATA | self.folder.more, mode=None), origin, mode)
