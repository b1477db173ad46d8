"""The doorways to those who use a service, as protocols, and the values that pass through them: its address, the sites
that are served there, and the screen."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from emulator.model.record import Record
from emulator.model.router import Router
from emulator.model.static import Static


class PublishedSite(Protocol):
    """The files of one deploy of a site, kept until nobody needs them any more."""

    @property
    def files(self) -> int:
        """How many."""
        ...

    @property
    def size(self) -> int:
        """In bytes, all of them."""
        ...

    def serve(self, static: Static, url_of: Callable[[str], str | None]) -> "ServedSite":
        """Answer requests for them by these rules. url_of: where another service of the plan is reached, None while it
        is not live. Raises HostError."""
        ...


class ServedSite(Protocol):
    """A site that answers at an address of this machine."""

    @property
    def address(self) -> tuple[str, int]: ...

    def close(self) -> None:
        """Take no more requests; those that run are answered."""
        ...


class Scene(Protocol):
    """What a terminal shows live: a panel at the bottom, under what is printed. Its methods are called from the
    screen's own threads."""

    def panel(self, columns: int, rows: int) -> list[str]:
        """The panel's lines as they are now, for a terminal of this size; with escape sequences for colours alone."""
        ...

    def left_out(self, count: int) -> str:
        """What is printed in place of so many lines that a slow terminal had no time for."""
        ...

    def pressed(self, key: str) -> None:
        """A key: a character, or "up" and "down". It must not take long."""
        ...

    def failed(self, problem: Exception) -> None:
        """There is no panel any more, and there are no keys; what is printed is printed at the end."""
        ...


class Screen(Protocol):
    """A terminal that shows a scene, until it is closed. From any thread."""

    def put(self, text: str) -> None:
        """Print it above the panel, soon."""
        ...

    def put_line(self, line: str) -> None:
        """The same of a line that is left out where more come than the terminal takes."""
        ...

    def wake(self) -> None:
        """The panel may have changed."""
        ...

    def clear(self) -> None: ...

    def close(self) -> None:
        """In the main thread: print what is left, and leave the terminal as it was."""
        ...


class PortHolder(Protocol):
    """Who has a port that was wanted; its text goes behind "is taken by"."""

    @property
    def port(self) -> int: ...


class InstanceGroup(Record, frozen=True, kw_only=True):
    """The instances of one deploy that get requests, and which ones they get.

    key: the deploy. percent: its share of the requests that ask for none in particular. tags: hosts that begin with one
    of these, and "---", ask for it. at_once: how many requests an instance gets at a time; None: any number. holds:
    whether a request waits where no instance has room, or none is there; else it is answered at once. patience_s: for
    how long at most; None: for ever. none_page, late_page: by the names of a router's pages, what is answered where
    none waits, and who waited for too long. affinity: the cookie by which a client stays with one of its instances.
    """

    key: int = 0
    addresses: tuple[tuple[str, int], ...] = ()
    percent: int = 100
    tags: tuple[str, ...] = ()
    at_once: int | None = None
    holds: bool = False
    patience_s: float | None = None
    none_page: str = "no_instance"
    late_page: str = "no_instance"
    affinity: str | None = None


class Load(NamedTuple):
    """The requests of a group: those that its instances have, and those that wait."""

    running: int
    waiting: int


class FrontListener(NamedTuple):
    """Who hears what happens at a front. on_demand: a group's key, when a first request begins to wait for one of its
    instances. on_page: an answer of the front's own: its page's name, its status, the request's method and its first
    line. on_busy: an instance's address, when it gets its first request (True) and when it has answered its last."""

    on_demand: Callable[[int], None]
    on_page: Callable[[str, int, bytes, bytes], None] | None = None
    on_busy: Callable[[tuple[str, int], bool], None] | None = None


class Front(Protocol):
    """The stable address before a service's instances. Its methods may be called from any thread and return when
    their change is in effect."""

    @property
    def busy(self) -> PortHolder | None:
        """Who has the port of last time, where this is another one."""
        ...

    @property
    def url(self) -> str: ...

    def set_router(self, router: Router) -> None:
        """Treat requests by these rules."""
        ...

    def set_instances(self, addresses: Iterable[tuple[str, int]]) -> None:
        """From now on requests go to these. Those that run on others end there."""
        ...

    def sleep(self, on_wake: Callable[[], None]) -> None:
        """From now on a request waits until there is an instance again; the first one calls `on_wake`, which must not
        take long. Ended by `set_instances` with any, or by `give_up`."""
        ...

    def give_up(self) -> None:
        """No instance will come: what waits for one is told so."""
        ...

    def turn_away(self, key: int, page: str) -> None:
        """No instance of this group could be had: what waits for one gets this page of the router's."""
        ...

    def set_groups(self, groups: Sequence[InstanceGroup]) -> None:
        """The same for the instances of several deploys, each with its share."""
        ...

    def heed(self, hears: FrontListener) -> None:
        """Tell of what happens here from now on, from a thread of its own: hearing it must not take long."""
        ...

    def loads(self) -> dict[int, Load]:
        """The requests of each group, by its key."""
        ...

    def idle_s(self) -> float:
        """For how long there has been no request; 0 while there is one."""
        ...

    def drain(self, address: tuple[str, int], timeout_s: float) -> bool:
        """Wait until an instance has no running request; whether that came to be within the time."""
        ...

    def close(self) -> None: ...
