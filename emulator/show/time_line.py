"""A boot as a picture: when a probe asked, when the port was open, when the app said something.

Made from the events of one process: seconds count from its start. Attempts that failed are `x`, the one that succeeded
is `o`; a probe that goes on knocking until its time is over is drawn for as long as it does.
"""

from collections import deque
from typing import NamedTuple

from emulator.model.event import ContainerStarted, Event, Live, Log, PortDetected, ProbeAttempt, Stopped
from emulator.model.lifecycle import Probe
from emulator.model.plan import Service

from .style import Style, columns, fit, printable, wrap

_LABEL = 9
_WIDEST = 100
_MOST_ROWS = 14
_FEW = 4
_KEPT_ROWS = 500
"""Of an app's lines, so many of the first and of the last: one that is never decided may say any number."""
_KEPT_BOOTS = 64


class _Asked(NamedTuple):
    """An attempt, from `since` to `until`. made: whether it was; one that was under way when all was decided has no
    answer of its own."""

    since: float
    until: float
    ok: bool
    words: str
    made: bool


class _Row(NamedTuple):
    at: float
    what: str
    text: str


class _Boot:
    """What is known of one process since its start."""

    def __init__(self, at: float, probe: Probe | None) -> None:
        self.started = at
        self.probe = probe
        self.asked: list[_Asked] = []
        self.opened: tuple[float, int] | None = None
        self._first: list[_Row] = []
        self._last: deque[_Row] = deque(maxlen=_KEPT_ROWS)
        self.lines = 0
        self.ended: _Row | None = None

    @property
    def output(self) -> list[_Row]:
        return [*self._first, *self._last]

    def said(self, row: _Row) -> None:
        (self._first if self.lines < _KEPT_ROWS else self._last).append(row)
        self.lines += 1

    def attempt(self, event: ProbeAttempt) -> None:
        now = event.at - self.started
        made = event.seconds > 0
        since = now - event.seconds
        if not made and self.probe is not None and self.probe.waits_for_port:
            since = self.probe.initial_delay_s + len(self.asked) * self.probe.period_s
        port = self.probe.port if self.probe is not None else None
        if event.ok and self.opened is None and port is not None:
            self.opened = now, port
        self.asked.append(_Asked(max(0.0, min(since, now)), max(0.0, now), event.ok, event.detail, made))


class TimeLines:
    """Hears the events of `up`, and draws a boot when it is decided."""

    def __init__(self) -> None:
        self._boots: dict[tuple[str | None, int | None, int | None, str | None], _Boot] = {}

    def hear(self, event: Event, service: Service | None) -> None:
        key = (event.service, event.instance, event.deploy, event.container)
        if isinstance(event, ContainerStarted) and service is not None:
            own = next((one for one in service.containers if one.name == event.container), service)
            probe = own.probes.startup or own.probes.health
            self._boots[key] = _Boot(event.at, probe)
            if len(self._boots) > _KEPT_BOOTS:
                del self._boots[next(iter(self._boots))]
            return
        boot = self._boots.get(key)
        if boot is None:
            return
        now = event.at - boot.started
        match event:
            case ProbeAttempt(kind="startup" | "health"):
                boot.attempt(event)
            case PortDetected():
                boot.opened = boot.opened or (now, event.port)
            case Log(stream="stdout" | "stderr") if event.line.strip():
                boot.said(_Row(now, "output", printable(event.line)))
            case Stopped(signal=None):
                boot.ended = _Row(now, "ended", f"with status {event.exit_code}")
            case _:
                pass

    def forget(self, event: Event) -> None:
        """The boot that `event` decides is not drawn: what its processes go on to say is nobody's picture."""
        whose = (event.service, event.instance, event.deploy)
        for key in [key for key in self._boots if key[:3] == whose]:
            del self._boots[key]

    def drawn(self, event: Event, style: Style) -> list[str]:
        """The boot that `event` decides, as lines; [] where nothing was asked. It is forgotten."""
        key = (event.service, event.instance, event.deploy, event.container)
        named = {other[3] for other in self._boots if (other[0], other[2]) == (event.service, event.deploy)}
        who = printable(event.container or "") if len(named) > 1 else "it"
        found = self._boots.pop(key, None) or self._any_of(event)
        if found is None or not found.asked:
            return []
        end = max(0.1, event.at - found.started)
        return [
            style.dim(f"when {who} was asked, in seconds since its start"),
            *_lanes(found, end, style),
            *_rows(found, style),
            *(f"  {line}" for line in wrap(_sentence(found, live=isinstance(event, Live)), _wide(style) - 2)),
        ]

    def _any_of(self, event: Event) -> _Boot | None:
        """The boot of a deploy whose end names no instance: the last one that was asked."""
        if event.instance is not None:
            return None
        keys = [key for key in self._boots if key[0] == event.service and key[2] == event.deploy]
        if event.container is not None:
            keys = [key for key in keys if key[3] == event.container]
        boots = [self._boots.pop(key) for key in keys]
        return next((boot for boot in reversed(boots) if boot.asked), None)


def _wide(style: Style) -> int:
    return min(style.width, _WIDEST)


# ---- the picture --------------------------------------------------------------------------------------


def _lanes(boot: _Boot, end: float, style: Style) -> list[str]:
    """One lane for the probe, one for the port, one for the app's own lines, under a scale."""
    width = max(20, _wide(style) - 2 - _LABEL)

    def column(at: float) -> int:
        return max(0, min(width - 1, round(at / end * (width - 1))))

    asked = [" "] * width
    for one in boot.asked:
        since, until = column(one.since), column(one.until)
        asked[since:until] = "=" * (until - since) if until - since > 1 else asked[since:until]
    for one in boot.asked:
        asked[column(one.until)] = "o" if one.ok else "x"
    lanes = [("seconds", _scale(end, width)), ("asked", "".join(asked))]
    opened = column(boot.opened[0]) if boot.opened is not None else width
    closed_from = column(boot.ended.at) if boot.ended is not None else width
    port = "".join("." if place < opened else "#" if place <= closed_from else " " for place in range(width))
    name = str(boot.opened[1] if boot.opened else boot.probe.port if boot.probe else "port")
    lanes.append((name, port))
    said = [" "] * width
    for row in boot.output:
        said[column(row.at)] = "|"
    if boot.ended is not None:
        said[column(boot.ended.at)] = "!"
    lanes.append(("output", "".join(said)))
    return [f"  {style.dim(label)}{' ' * (_LABEL - len(label))}{lane}".rstrip() for label, lane in lanes]


def _scale(end: float, width: int) -> str:
    """0, the middle and the end."""
    first, middle, last = "0", _seconds(end / 2), _seconds(end)
    line = [" "] * width
    for start, text in ((0, first), ((width - len(middle)) // 2, middle), (width - len(last), last)):
        line[start : start + len(text)] = text
    return "".join(line)


# ---- what happened, in order --------------------------------------------------------------------------


def _rows(boot: _Boot, style: Style) -> list[str]:
    rows = [*_attempts(boot), *_output(boot)]
    if boot.opened is not None:
        rows.append(_Row(boot.opened[0], "listens", f"on port {boot.opened[1]}"))
    if boot.ended is not None:
        rows.append(boot.ended)
    room = _wide(style) - 2 - 7 - 2 - 10
    return [f"  {_seconds(row.at):>7}  {row.what:<10}{_cut(row.text, room)}" for row in sorted(rows, key=_when)]


def _when(row: _Row) -> float:
    return row.at


def _attempts(boot: _Boot) -> list[_Row]:
    """Each attempt where its answer came; of many the first and the last."""
    rows = [_Row(one.until, f"asked {n}", one.words) for n, one in enumerate(boot.asked, 1)]
    if len(rows) <= 2 * _FEW:
        return rows
    between = rows[_FEW:-_FEW]
    alike = {row.text for row in between}
    words = f"{alike.pop()}, each time" if len(alike) == 1 else "and so on"
    count = _Row(between[0].at, f"{len(between)} more", words)
    return [*rows[:_FEW], count, *rows[-_FEW:]]


def _output(boot: _Boot) -> list[_Row]:
    most = max(2, _MOST_ROWS - min(len(boot.asked), 2 * _FEW + 1))
    rows = boot.output
    if boot.lines <= most:
        return rows
    first, last = most // 2, most - most // 2
    more = _Row(rows[first].at, "output", f"… {boot.lines - most} more lines")
    return [*rows[:first], more, *rows[-last:]]


def _cut(text: str, room: int) -> str:
    return text if columns(text) <= room else text[: fit(text, room - 1)] + "…"


def _sentence(boot: _Boot, *, live: bool) -> str:
    """What one would look for in the picture."""
    if boot.opened is not None:
        port = f"it listened on {boot.opened[1]} from {_seconds(boot.opened[0])} s on"
    else:
        wanted = boot.probe.port if boot.probe is not None and boot.probe.port is not None else "a port"
        port = f"it never listened on {wanted} where the probe asks"
    if boot.probe is not None and boot.probe.waits_for_port:
        spans = [f"{_seconds(one.since)} to {_seconds(one.until)}" for one in boot.asked]
        asked = f"it was asked from {_listed(spans)} s"
    else:
        asked = f"it was asked at {_listed([_seconds(one.since) for one in boot.asked])} s"
    last = "" if live else f"; the last attempt {boot.asked[-1].words}"
    return f"{port}; {asked}{last}"


def _listed(texts: list[str]) -> str:
    if len(texts) > 2 * _FEW:
        texts = [*texts[:_FEW], "…", *texts[-2:]]
    return ", ".join(texts)


def _seconds(at: float) -> str:
    """ "0", "0.12", "12.4", "240": as many digits as one can use."""
    if at < 0.005:
        return "0"
    return f"{at:.2f}" if at < 1 else f"{at:.1f}" if at < 100 else f"{at:.0f}"
