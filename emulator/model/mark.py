"""What the files of a repository were at a deploy, in as few words as tell it from another time."""

from msgspec import field

from .record import Record

GONE = ""
"""The digest of a file that is not there."""
MOST_MARKED = 2000
"""Where more files than that would have to be named, nothing is remembered of them."""


class Mark(Record, frozen=True, kw_only=True):
    """commit: the one that the files are of, but for those of `files`: their digests by path. Without a commit all are
    named."""

    commit: str | None = None
    files: dict[str, str] = field(default_factory=dict)


class Marks(Record, frozen=True, kw_only=True):
    """By the deploy's number."""

    by_deploy: dict[int, Mark] = field(default_factory=dict)

    def newest(self) -> Mark | None:
        return self.by_deploy[max(self.by_deploy)] if self.by_deploy else None

    def with_one(self, deploy: int, mark: Mark | None, kept: frozenset[int]) -> "Marks":
        """The same and this one, of the newest deploy; of the earlier ones those that are `kept`."""
        others = {number: one for number, one in self.by_deploy.items() if number in kept and number != deploy}
        return Marks(by_deploy={**others, **({deploy: mark} if mark is not None else {})})
