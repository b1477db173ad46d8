"""What is remembered of a project's deploys, between runs."""

from msgspec import field

from .event import Trigger, VerdictKind
from .phases import Phases
from .record import Record, replace


class ServiceRecord(Record, frozen=True, kw_only=True):
    """What became of one service in a deploy. size: bytes of its image, layers that others share included."""

    name: str
    verdict: VerdictKind
    reason: str = ""
    image: str | None = None
    size: int | None = None
    phases: Phases = Phases()


class DeployRecord(Record, frozen=True, kw_only=True):
    """One deploy that was decided. at: seconds since the epoch when it was. images: service → the image it ran, for
    those that had one. image_of: the deploy whose images were used again. seconds: from the request to the verdict.
    check_s: of planning and checking. changed: the first of the `changed_count` files that were saved for it, None
    where nothing is known of files. differences: the first of `differences_count` changes of the plan since the deploy
    before, as "service key: before → after"."""

    deploy: int
    at: float
    platform: str
    trigger: Trigger
    verdict: VerdictKind
    reason: str
    images: dict[str, str] = field(default_factory=dict)
    image_of: int | None = None
    commit: str | None = None
    seconds: float | None = None
    check_s: float | None = None
    changed: tuple[str, ...] = ()
    changed_count: int | None = None
    differences: tuple[str, ...] = ()
    differences_count: int = 0
    services: tuple[ServiceRecord, ...] = ()


class History(Record, frozen=True, kw_only=True):
    """The deploys of a project, oldest first. unreadable: how many could not be read when it was; all of them, however
    many they were, where it is None."""

    deploys: tuple[DeployRecord, ...] = ()
    unreadable: int | None = 0

    def with_drain(self, deploy: int, service: str, seconds: float) -> "History":
        """The same, and how long after a deploy went live the one before had ended."""

        def changed(record: DeployRecord) -> DeployRecord:
            services = (
                replace(one, phases=replace(one.phases, drain_s=seconds)) if one.name == service else one
                for one in record.services
            )
            return replace(record, services=tuple(services))

        return replace(self, deploys=tuple(changed(one) if one.deploy == deploy else one for one in self.deploys))

    def with_one(self, record: DeployRecord) -> "History":
        """The same and one more; when there are too many the oldest go, but for those whose images stay."""
        longer = History(deploys=(*self.deploys, record))
        kept = longer.kept()
        free = MOST_DEPLOYS - sum(one.deploy in kept for one in longer.deploys)
        others = [one.deploy for one in longer.deploys if one.deploy not in kept]
        stay = kept | set(others[-free:] if free > 0 else ())
        return History(deploys=tuple(one for one in longer.deploys if one.deploy in stay))

    def kept(self) -> frozenset[int]:
        """The deploys whose images stay: the last that went live, but for those that are old when the newest deploy is
        made, and those whose images they use again, whichever way they came by them. The one that went live last stays,
        and the one before it, however old."""
        live = [one for one in self.deploys if one.verdict is VerdictKind.LIVE][-KEPT_DEPLOYS:]
        since = max((one.at for one in self.deploys), default=0.0) - KEPT_S
        live = [one for number, one in enumerate(live) if one.at >= since or number >= len(live) - ALWAYS_KEPT]
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

    def why_not_back_to(self, to: int | None, record: DeployRecord | None) -> str | None:
        """Why no rollback leads to a deploy, `record` by its number `to` or as the one before; None where one does."""
        if record is None and to is None:
            return "no deploy went live before this one"
        if record is None:
            last = self.deploys[-1].deploy if self.deploys else 0
            return f"there is no deploy {to} {'yet' if (to or 0) > last else 'that is remembered'}"
        if not record.verdict.good:
            return f"deploy {record.deploy} never went live: {record.verdict.value}"
        if not record.images or (record.verdict is VerdictKind.LIVE and record.deploy not in self.kept()):
            return f"the image of deploy {record.deploy} is not kept any more"
        return None

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
MOST_FILES = 20
MOST_DIFFERENCES = 20
KEPT_DEPLOYS = 3
"""Deploys that went live whose images are kept for a rollback."""
ALWAYS_KEPT = 2
"""Of these, how many are kept however old they are: what serves, and the one to go back to."""
KEPT_S = 14 * 86400.0
