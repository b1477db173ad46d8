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
        """The same and one more; the oldest go when there are too many."""
        return History(deploys=(*self.deploys, record)[-MOST_DEPLOYS:])

    def kept(self) -> frozenset[int]:
        """The deploys whose images stay: the last that went live, and those whose images they use again."""
        live = [one for one in self.deploys if one.verdict is VerdictKind.LIVE][-KEPT_DEPLOYS:]
        return frozenset({one.deploy for one in live} | {one.image_of for one in live if one.image_of is not None})

    def find(self, deploy: int) -> DeployRecord | None:
        return next((one for one in self.deploys if one.deploy == deploy), None)

    def before(self, deploy: int | None) -> DeployRecord | None:
        """The last deploy that went live before `deploy` (None: of all)."""
        live = [one for one in self.deploys if one.verdict is VerdictKind.LIVE]
        return next((one for one in reversed(live) if deploy is None or one.deploy < deploy), None)


MOST_DEPLOYS = 50
KEPT_DEPLOYS = 3
"""Deploys that went live whose images are kept for a rollback."""
