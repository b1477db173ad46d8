"""Which deploy's instances take a request: by the tag in its host, else by the shares of the requests."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from emulator.engine.http_head import RequestHead
from emulator.world.front import InstanceGroup, Load

from .proxy_pool import Backend, Group

if TYPE_CHECKING:
    from .proxy_core import Core

_TAG_END = b"---"


class Groups:
    """The groups that get requests at the moment; `sole` is the one that gets all where no other does."""

    def __init__(self, core: "Core") -> None:
        self._core = core
        self._groups: dict[int, Group] = {0: Group(core, InstanceGroup())}
        self._by_tag: dict[bytes, Group] = {}
        self._shares: tuple[Group, ...] = ()
        self.sole = self._groups[0]
        self._is_one = True
        self.cookie: str | None = None
        self._carried: re.Pattern[bytes] | None = None

    def become(self, wanted: Sequence[InstanceGroup]) -> None:
        """Requests go to these from now on. What waits for one that is not among them waits for another."""
        before = self._groups
        self._groups = {what.key: before.get(what.key) or Group(self._core, what) for what in wanted}
        for what in wanted:
            self._groups[what.key].become(what)
        if not self._groups:
            self._groups = {0: Group(self._core, InstanceGroup())}
        self._by_tag = {tag.encode(): self._groups[what.key] for what in wanted for tag in what.tags}
        self._shares = tuple(group for group in self._groups.values() if group.what.percent > 0)
        self.sole = self._shares[0] if self._shares else next(iter(self._groups.values()))
        self.cookie = next((what.affinity for what in wanted if what.affinity is not None), None)
        """By which clients stay with an instance, where any do."""
        self._carried = _cookie(self.cookie) if self.cookie is not None else None
        self._is_one = len(self._shares) < 2 and not self._by_tag
        self._core.pool.set_live([(group, group.what.addresses) for group in self._groups.values()])
        for group in self._groups.values():
            group.dispatch()
        for group in before.values():
            if self._groups.get(group.what.key) is not group:
                self._leave(group)

    def of(self, request: RequestHead) -> Group:
        """Who takes it. Of several by their shares, exactly: of 100 requests each gets its percentage."""
        if self._is_one:
            return self.sole
        if self._by_tag:
            tag, is_tagged, _ = request.host.partition(_TAG_END)
            if is_tagged and (tagged := self._by_tag.get(tag.lower())) is not None:
                return tagged
        if len(self._shares) < 2:
            return self.sole
        total = 0
        for group in self._shares:
            group.credit += group.what.percent
            total += group.what.percent
        chosen = max(self._shares, key=lambda group: group.credit)
        chosen.credit -= total
        return chosen

    def known(self, request: RequestHead) -> Backend | None:
        """The instance that a client had before, by its cookie, where that is still there."""
        found = self._carried.search(request.start + request.rest) if self._carried is not None else None
        if found is None:
            return None
        return next((b for group in self._groups.values() for b in group.live if b.token == found[1]), None)

    def turn_away(self, key: int, page: str) -> None:
        """What waits for an instance of this group gets this page."""
        group = self._groups.get(key)
        if group is not None:
            group.turn_away(page)

    def loads(self) -> dict[int, Load]:
        return {
            key: Load(sum(backend.in_flight for backend in group.live), len(group.waiting))
            for key, group in self._groups.items()
        }

    def close(self) -> None:
        for group in self._groups.values():
            group.close()

    def _leave(self, group: Group) -> None:
        group.close()
        waiting, group.waiting = group.waiting, {}
        for client in waiting:
            client.change_group()


def _cookie(name: str) -> re.Pattern[bytes]:
    """Finds its value in a request's head."""
    return re.compile(rb"\r\ncookie:(?:[^\r]*;)?[ \t]*%s=([0-9a-f]{8})" % re.escape(name).encode(), re.IGNORECASE)
