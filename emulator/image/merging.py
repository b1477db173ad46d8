"""Two trees as one: a directory copied over another, and what is certain when it is not known which of two is there."""

from .tree import ABSENT, MAX_DEPTH, NOTHING, File, Folder, Link, Node, Refused, Unknown, Unsure, with_more


class Effort:
    """How much may still be done, so that no Dockerfile keeps us busy."""

    def __init__(self, left: int) -> None:
        self._left = left

    def spend(self, amount: int) -> None:
        """Raises Unsure when it is used up."""
        self._left -= amount
        if self._left < 0:
            raise Unsure


def merged(lower: Folder, upper: Folder, at: str, effort: Effort, *, mode: int | None) -> Folder:
    """`upper` copied into `lower`, a directory that is there. mode: of the result. Raises Refused, Unsure.

    at: the path, for the reason of a refusal.
    """
    same = lower.copied is not None and upper.copied is not None and lower.copied.same_as(upper.copied)
    own: dict[str, Node] = {}
    names = () if same else lower.names()
    effort.spend(len(names))
    if at.count("/") > MAX_DEPTH:
        raise Unsure
    for name in names:
        below, above = lower.get(name), upper.get(name)
        where = f"{at.rstrip('/')}/{name}"
        if above == ABSENT:
            own[name] = below
        elif isinstance(above, Unknown):
            # Copied over a directory that it leaves: what packages or data bring takes nothing of it away.
            kept = isinstance(below, Folder) and not above.more.anything
            own[name] = with_more(below, above.more) if kept else Unknown(why=above.why, origin=above.origin)
        elif isinstance(above, Folder):
            if isinstance(below, File | Link):
                raise Refused(f"{where} is a file, and a directory is copied over it")
            if isinstance(below, Folder):
                own[name] = merged(below, above, where, effort, mode=above.mode)
            else:
                own[name] = above.open(below.more if isinstance(below, Unknown) else NOTHING)
        else:
            if isinstance(below, Folder):
                raise Refused(f"{where} is a directory, and a file is copied over it")
            own[name] = above
    result = upper if lower.complete else upper.open(lower.more)
    return result.overlaid(own, more=lower.more | upper.more, mode=mode, made=lower.made)


def either(one: Node, other: Node, effort: Effort) -> Node:
    """What is certain when it is not known which of the two is there. Raises Unsure."""
    if one is other or one == other:
        return one
    if not (isinstance(one, Folder) and isinstance(other, Folder)):
        return Unknown(leads=_leads(one) or _leads(other))
    apart = one.differs_from(other)
    pairs = apart if apart is not None else {n: (one.get(n), other.get(n)) for n in {*one.names(), *other.names()}}
    effort.spend(len(pairs))
    own = {name: either(first, second, effort) for name, (first, second) in pairs.items()}
    base = one if apart is not None else Folder()
    mode = one.mode if one.mode == other.mode else None
    result = base.overlaid(own, more=one.more | other.more, mode=mode, made=one.made)
    return result.open(other.opened, other.opened_at) if apart is not None and other.opened else result


def _leads(node: Node) -> bool:
    return isinstance(node, Link) or (isinstance(node, Unknown) and node.leads)
