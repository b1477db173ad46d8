"""What is remembered of a project's deploys, between runs."""

from msgspec import field

from .event import Trigger, VerdictKind
from .record import Record


class DeployRecord(Record, frozen=True, kw_only=True):
    """One deploy that was decided. at: seconds since the epoch when it was. images: service → the image it ran, for
    those that had one. image_of: the deploy whose images were used again."""

    deploy: int
    at: float
    platform: str
    trigger: Trigger
    verdict: VerdictKind
    reason: str
    images: dict[str, str] = field(default_factory=dict)
    image_of: int | None = None
    commit: str | None = None


class History(Record, frozen=True, kw_only=True):
    """The deploys of a project, oldest first."""

    deploys: tuple[DeployRecord, ...] = ()

    def with_one(self, record: DeployRecord) -> "History":
        """The same and one more; when there are too many the oldest go, but for those whose images stay."""
        longer = History(deploys=(*self.deploys, record))
        kept = longer.kept()
        free = MOST_DEPLOYS - sum(one.deploy in kept for one in longer.deploys)
        others = [one.deploy for one in longer.deploys if one.deploy not in kept]
        stay = kept | set(others[-free:] if free > 0 else ())
        return History(deploys=tuple(one for one in longer.deploys if one.deploy in stay))

    def kept(self) -> frozenset[int]:
        """The deploys whose images stay: the last that went live, and those whose images they use again, whichever way
        they came by them."""
        live = [one for one in self.deploys if one.verdict is VerdictKind.LIVE][-KEPT_DEPLOYS:]
        kept: set[int] = set()
        for one in live:
            number: int | None = one.deploy
            while number is not None and number not in kept:
                kept.add(number)
                earlier = self.find(number)
                number = earlier.image_of if earlier is not None else None
        return frozenset(kept)

    def find(self, deploy: int) -> DeployRecord | None:
        return next((one for one in self.deploys if one.deploy == deploy), None)

    def before(self, deploy: int | None) -> DeployRecord | None:
        """What was live before what `deploy` runs (None: the last of all): a restart or a rollback runs again what an
        earlier deploy built, so that going back twice goes back two steps."""
        built = deploy
        while built is not None and (record := self.find(built)) is not None:
            if record.image_of is None or record.image_of >= built:
                break
            built = record.image_of
        live = [one for one in self.deploys if one.verdict is VerdictKind.LIVE]
        return next((one for one in reversed(live) if built is None or one.deploy < built), None)


MOST_DEPLOYS = 50
KEPT_DEPLOYS = 3
"""Deploys that went live whose images are kept for a rollback."""
