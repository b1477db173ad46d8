"""What is seen of a service while it is verified: the values that the checks conclude from. Times are seconds; moments
are on one clock."""

from emulator.model.diagnostic import Diagnostic
from emulator.model.record import Record
from emulator.world.asking import Exchange
from emulator.world.containers import Listener


class Boot(Record, frozen=True, kw_only=True):
    """One start of an instance. seconds: from its start until it was live, or was given up. port: the number it was
    told. code, reason: how it ended, as `boot_steps.Outcome` has them. lines: its last output."""

    live: bool
    seconds: float
    port: int | None = None
    listeners: tuple[Listener, ...] = ()
    code: str = "live"
    reason: str = ""
    cause: Diagnostic | None = None
    lines: tuple[str, ...] = ()


def last_line(boot: Boot) -> tuple[str, ...]:
    """What it said last, without what only points at something."""
    return next(((line.strip(),) for line in reversed(boot.lines) if any(map(str.isalnum, line))), ())


class Leaving(Record, frozen=True, kw_only=True):
    """One end of an instance that was told to leave.

    told, reached: when it was, at the earliest and at the latest. seconds: how long it took from then on. waited_s: how
    long it was given, where it was killed at the end of that. heard: whether its first process does anything at the
    signal; None where that cannot be seen. exchanges: its requests, those under way when it was told among them. alone:
    whether it takes one request at a time. was_gone: whether it had ended by itself before.
    """

    told: float
    seconds: float
    waited_s: float
    killed: bool
    exit_code: int | None
    heard: bool | None = None
    argv: tuple[str, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    alone: bool = False
    was_gone: bool = False
    reached: float = 0.0

    @property
    def under_way(self) -> tuple[Exchange, ...]:
        """The requests it had for certain when it was told: not one that ended well in the moment of doubt, nor a
        download that came whole, which may have left it before."""
        found = (one for one in self.exchanges if one.begun < self.told < one.ended)
        return tuple(
            one for one in found if one.status is None or (one.kind != "download" and one.ended > self.reached)
        )

    @property
    def cut(self) -> tuple[Exchange, ...]:
        """Those of them that got no whole answer."""
        return tuple(one for one in self.under_way if one.status is None)

    @property
    def refuses_after_s(self) -> float | None:
        """How long after it was told a new connection was refused first; None where none was."""
        refused = [one.begun for one in self.exchanges if one.begun >= self.told and one.problem == "refused"]
        return min(refused) - self.told if refused else None


class Health(Record, frozen=True, kw_only=True):
    """One question of the health check during the load: whether it was answered well in time, and how."""

    ok: bool
    seconds: float
    words: str


class Load(Record, frozen=True, kw_only=True):
    """So many requests at once, and what came of them."""

    at_once: int
    path: str
    exchanges: tuple[Exchange, ...]
    health: tuple[Health, ...] = ()

    @property
    def failed(self) -> tuple[Exchange, ...]:
        return tuple(one for one in self.exchanges if one.status is None or one.status >= 500)


class Peak(Record, frozen=True, kw_only=True):
    """The most memory that a container was seen to use. limit_mib: what the plan gives it. killed: whether a process of
    it was killed for lack of it."""

    container: str | None
    mib: float
    limit_mib: int | None
    killed: bool = False


class Output(Record, frozen=True, kw_only=True):
    """What came on stdout, by when it came. marked: lines of requests that were answered long before the instance was
    told to end; among `before`, they came while it ran, among `after`, only when it ended."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    marked_before: int = 0
    marked_after: int = 0

    @property
    def is_doubtful(self) -> bool:
        """Whether lines may be held back: none of a known request came while it ran."""
        return self.marked_before == 0 and (not self.before or not set(self.after) <= set(self.before))


class Seen(Record, frozen=True, kw_only=True):
    """All that was seen of one service; None, or empty, is what was not tried.

    first: its deploy. again: a new container, with an empty disk where it has one. kept: another one, with the disk
    that `again` wrote. other_port: one that was told another port. unbuffered: the output of one that is told not to
    hold it back.
    """

    first: Boot
    again: Boot | None = None
    kept: Boot | None = None
    other_port: Boot | None = None
    leaving: Leaving | None = None
    load: Load | None = None
    peaks: tuple[Peak, ...] = ()
    output: Output | None = None
    unbuffered: Output | None = None
