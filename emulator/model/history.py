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
    check_s: of planning and checking. changed: the first of the `changed_count` files that were saved for it, or in
    which it differs from the deploy before, None where nothing is known of files. differences: the first of
    `differences_count` changes of the plan since the deploy before, as "service key: before → after"."""

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

    def verdict_of(self, service: str) -> VerdictKind | None:
        """None where it was no deploy of it."""
        found = next((one.verdict for one in self.services if one.name == service), None)
        return found or (self.verdict if service in self.images else None)


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
        """The same and one more; when there are too many the oldest go, but for those whose images stay. Of those that
        run the same image, which may be any number, the oldest go before others do."""
        longer = History(deploys=(*self.deploys, record))
        kept, needed = longer.kept(), longer._needed()
        newest = [one.deploy for one in reversed(longer.deploys)]
        ranked = sorted(newest, key=lambda number: (number not in needed, number not in kept))
        stay = needed | set(ranked[:MOST_DEPLOYS])
        return History(deploys=tuple(one for one in longer.deploys if one.deploy in stay))

    def _needed(self) -> frozenset[int]:
        """The deploys that services are live by, and that they can go back to."""
        names = {name for one in self.deploys for name in one.images}
        return frozenset(one.deploy for name in names for one in self._staying(name))

    def kept(self, service: str | None = None) -> frozenset[int]:
        """The deploys whose images of a service stay (None: of any): the last in which it went live, but for those that
        are old when the newest deploy is made, and those whose images they use again, whichever way they came by them.
        The one in which it went live last stays, and the one before it, however old."""
        if service is None:
            names = {name for one in self.deploys for name in one.images}
            return frozenset().union(*(self.kept(name) for name in names))
        live = self._staying(service)
        images = {one.images[service] for one in live}
        kept = {one.deploy for one in self.deploys if one.images.get(service) in images}
        for one in live:
            number: int | None = one.image_of
            while number is not None and number not in kept:
                kept.add(number)
                earlier = self.find(number)
                number = earlier.image_of if earlier is not None else None
        return frozenset(kept)

    def _staying(self, service: str) -> list[DeployRecord]:
        """The last in which a service went live, but for the old ones."""
        live = self._live(service)[-KEPT_DEPLOYS:]
        since = max((one.at for one in self.deploys), default=0.0) - KEPT_S
        return [one for number, one in enumerate(live) if one.at >= since or number >= len(live) - ALWAYS_KEPT]

    def _live(self, service: str | None = None) -> list[DeployRecord]:
        """Those that went live; or in which a service did, whatever became of the others."""
        if service is None:
            return [one for one in self.deploys if one.verdict is VerdictKind.LIVE]
        return [one for one in self.deploys if service in one.images and one.verdict_of(service) is VerdictKind.LIVE]

    def find(self, deploy: int) -> DeployRecord | None:
        return next((one for one in self.deploys if one.deploy == deploy), None)

    def why_not_back_to(self, to: int | None, record: DeployRecord | None, service: str | None = None) -> str | None:
        """Why no rollback leads to a deploy, `record` by its number `to` or as the one before, be it of one service
        alone; None where one does."""
        if record is None and to is None:
            return f"no deploy {f'of {service} ' if service is not None else ''}went live before this one"
        if record is None:
            last = self.deploys[-1].deploy if self.deploys else 0
            return f"there is no deploy {to} {'yet' if (to or 0) > last else 'that is remembered'}"
        verdict = record.verdict if service is None else record.verdict_of(service)
        if verdict is None:
            return f"deploy {record.deploy} was none of {service}"
        if not verdict.good:
            return f"deploy {record.deploy} never went live: {verdict.value}"
        has_image = bool(record.images) if service is None else service in record.images
        if not has_image or (verdict is VerdictKind.LIVE and record.deploy not in self.kept(service)):
            return f"the image of deploy {record.deploy} is not kept any more"
        return None

    def before(self, deploy: int | None, service: str | None = None) -> DeployRecord | None:
        """What was live before what `deploy` runs (None: the last of all), be it of one service: a restart or a
        rollback runs again what an earlier deploy built, so that going back twice goes back two steps."""
        built = deploy
        while built is not None and (record := self.find(built)) is not None:
            if record.image_of is None or record.image_of >= built:
                break
            built = record.image_of
        live = reversed(self._live(service))
        return next((one for one in live if built is None or one.deploy < built), None)

    def live_at(self, record: DeployRecord) -> dict[str, DeployRecord]:
        """By service: the deploy whose image it had when `record` was live, which may not have been one of it, as far
        as that image is kept."""
        found = dict.fromkeys(record.images, record)
        for name in {name for one in self.deploys for name in one.images}.difference(found):
            earlier = [one for one in self._live(name) if one.deploy < record.deploy]
            if earlier and earlier[-1].deploy in self.kept(name):
                found[name] = earlier[-1]
        return found


MOST_DEPLOYS = 50
MOST_FILES = 20
MOST_DIFFERENCES = 20
KEPT_DEPLOYS = 3
"""Deploys that went live whose images are kept for a rollback."""
ALWAYS_KEPT = 2
"""Of these, how many are kept however old they are: what serves, and the one to go back to."""
KEPT_S = 14 * 86400.0
