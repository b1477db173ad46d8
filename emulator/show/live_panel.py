"""The panel under the scrolling lines of `up`, drawn from a `View`: never wider nor higher than there is room.

First the worst that is so, then a line for each service, as many as there is room for, then the keys.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from .live_view import COMING, ServiceView, Stage, View
from .style import Style, columns, fit, printable, wrap
from .table import ago

KEYS = (
    ("r", "restart", "replace what is live by the same, as the platform's restart does"),
    ("b", "rebuild", "deploy what is there now; where the check refused it, build it anyway"),
    ("p", "pause", "only note what is saved; once more: deploy all of it at once"),
    ("l", "its logs", "show the log lines of this service alone, or of all again"),
    ("o", "open", "its address in a browser"),
    ("c", "clear", "clear the screen"),
    ("↑↓", "choose", "the service that keys are about; also 1 to 9. R and B: all services"),
    ("?", "help", "show these lines, or the services"),
    ("q", "quit", "stop everything and remove it, as Ctrl-C does"),
)
"""Key, its word, and what it does."""

NOTICE_S = 6.0
"""How long an answer to a key is shown."""

_WARNED_S = 60.0
_SLOW_S = 2.0
"""A build that takes longer is told with its steps, a start with what is missing."""

_NAME = 20
_GAP = "  "

Paint = Callable[[str], str]


class Room(NamedTuple):
    """What the panel may take of a screen."""

    columns: int
    rows: int


def room_of(screen_columns: int, screen_rows: int) -> Room:
    """A third of the screen, at least four rows of one that has them; a column is left, where a terminal would go on
    to the next line."""
    return Room(max(1, screen_columns - 1), max(1, min(max(4, screen_rows // 3), screen_rows - 2)))


def panel(view: View, style: Style, room: Room, now: float) -> list[str]:
    """The lines of it. now: on the clock of the events."""
    top, keys = _top(view, style, room, now), _keys(view, style, room, now)
    if room.rows < 3:
        return [top, keys][: room.rows]
    between = room._replace(rows=room.rows - 2)
    return [top, *(_help if view.shows_help else _services)(view, style, between, now), keys]


# ---- the worst that is so -----------------------------------------------------------------------------


def _top(view: View, style: Style, room: Room, now: float) -> str:
    head = "── "
    left = room.columns - columns(head)
    before = [] if view.is_ending else [*_silence(view, style, now), *_pause(view, style)]
    left -= sum(columns(text) for text, _ in before)
    worst = _worst(view, style, left, now)
    line, room_left = style.dim(head), room.columns - columns(head)
    for text, paint in (*before, worst):
        line += paint(_cut(text, max(0, room_left)))
        room_left -= columns(text)
    return line


def _silence(view: View, style: Style, now: float) -> list[tuple[str, Paint]]:
    """What stands before all else while the engine hangs."""
    if view.silent_since is None:
        return []
    return [(f"the engine has not answered for {ago(now - view.silent_since)}; ", style.red)]


def _pause(view: View, style: Style) -> list[tuple[str, Paint]]:
    """And while saves are not deployed."""
    if not view.is_paused:
        return []
    waits = f", {view.held} save{' waits' if view.held == 1 else 's wait'}" if view.held else ""
    return [(f"paused{waits}; ", style.yellow)]


_LEAST_REASON = 12


def _worst(view: View, style: Style, left: int, now: float) -> tuple[str, Paint]:
    """What to know first, and its colour. left: columns; a reason is cut before what follows from it."""

    def whose(one: ServiceView) -> str:
        return f"{_cut(one.name, _NAME)}: " if len(view.services) > 1 else ""

    if view.is_ending:
        return "stopping; Ctrl-C once more does not wait for anything", style.yellow
    dead = [one for one in view.services if one.problem and one.live is None and one.stage not in COMING]
    bad = [one for one in view.services if one.problem and one not in dead]
    if dead or bad:
        one = (dead or bad)[0]
        more = len(dead) + len(bad) - 1
        serves = f"; deploy {one.live} serves" if one.live is not None else "; nothing serves"
        anyway = "; b builds it anyway" if one.is_refused else ""
        before = whose(one) + one.problem
        after = serves + anyway + (f" (and {more} more)" if more else "")
        reason = _cut(one.reason, max(_LEAST_REASON, left - columns(before + after) - len(" ()")))
        return before + (f" ({reason})" if reason else "") + after, style.red
    warned = [one for one in view.services if one.warning and (now - one.warned < _WARNED_S or one.stage == "unready")]
    if warned:
        return whose(warned[-1]) + warned[-1].warning, style.yellow
    return _summary(view), style.bold if any(one.stage in COMING for one in view.services) else style.green


_COUNTED: tuple[tuple[str, frozenset[Stage]], ...] = (
    ("building", frozenset({"building"})),
    ("starting", frozenset({"waiting", "preparing", "starting", "restarting", "waking"})),
    ("running", frozenset({"running"})),
    ("live", frozenset({"live"})),
    ("out of rotation", frozenset({"unready"})),
    ("asleep", frozenset({"asleep"})),
    ("failed", frozenset({"failed", "canceled"})),
    ("scheduled", frozenset({"scheduled", "succeeded"})),
)


def _summary(view: View) -> str:
    counts = [(what, sum(one.stage in stages for one in view.services)) for what, stages in _COUNTED]
    told = [(what, count) for what, count in counts if count]
    words = ", ".join(what if len(view.services) == 1 else f"{count} {what}" for what, count in told)
    deploys = view.watches and not view.is_paused and view.silent_since is None
    return words + ("; saves are deployed" if deploys else "")


# ---- one line a service -------------------------------------------------------------------------------


def _services(view: View, style: Style, room: Room, now: float) -> list[str]:
    """The most important ones, in the plan's order, and how many others there are."""
    many = len(view.services) > room.rows
    count = room.rows - 1 if many else len(view.services)
    count -= many and count > 2 and any(_is_slow(one, now) for one in view.services)  # it has a second line
    ranked = sorted(range(len(view.services)), key=lambda at: (at != view.chosen, _rank(view.services[at]), at))
    shown = sorted(ranked[: max(1, count)])
    lines = _rows(view, style, room, shown, now)
    if many and count > 0:
        left = [one for at, one in enumerate(view.services) if at not in shown]
        lines.append(style.dim(_cut(f"  and {len(left)} more: {_summary(View(services=tuple(left)))}", room.columns)))
    slow = [view.services[at] for at in shown if _is_slow(view.services[at], now)]
    for one in slow[: max(0, room.rows - len(lines))]:
        at = 1 + [view.services[place].name for place in shown].index(one.name)
        lines.insert(at + sum(line.startswith(_INDENT) for line in lines[:at]), _build_line(one, style, room, now))
    return lines


_INDENT = "      "


def _rank(one: ServiceView) -> int:
    if one.problem or one.stage in ("failed", "unready", "restarting"):
        return 0
    if one.stage in COMING or one.stage == "waking":
        return 1
    if one.warning:
        return 2
    return 4 if one.is_store or one.stage in ("asleep", "scheduled", "succeeded") else 3


class _Cells(NamedTuple):
    """What is told of one service, each without colour, to be measured by."""

    name: str
    state: str
    deploy: str
    number: str
    url: str
    probe: str
    memory: str


_FORMS: tuple[tuple[str, ...], ...] = (
    ("name", "state", "deploy", "url", "probe", "memory"),
    ("name", "state", "number", "url", "probe", "memory"),
    ("name", "state", "number", "url", "memory"),
    ("name", "state", "number", "url"),
    ("name", "state", "number"),
    ("name", "state"),
)
"""Which cells a line has, from the widest to the narrowest."""


def _rows(view: View, style: Style, room: Room, shown: Sequence[int], now: float) -> list[str]:
    rows = [_cells(view, view.services[at], now) for at in shown]
    several = len(view.services) > 1
    head = 2 if several else 0
    form, widths = _FORMS[-1], [0, 0]
    for form in _FORMS:
        widths = [max(columns(getattr(row, cell)) for row in rows) for cell in form]
        if head + sum(width + len(_GAP) for width in widths if width) - len(_GAP) <= room.columns:
            break
    lines = []
    for at, row in zip(shown, rows, strict=True):
        one = view.services[at]
        mark = "" if not several else "› " if at == view.chosen else "  "
        line, left = style.bold(mark), room.columns - head
        for cell, width in zip(form, widths, strict=True):
            text = _cut(getattr(row, cell), left)
            if width:
                line += _painted(cell, one, at, style)(text) + " " * min(width - columns(text), left) + _GAP
                left = max(0, left - width - len(_GAP))
        lines.append(line.rstrip())
    return lines


def _cells(view: View, one: ServiceView, now: float) -> _Cells:
    trigger = view.triggers.get(_deploy(one) or 0)
    number = f"#{_deploy(one)}" if _deploy(one) is not None else ""
    beside = f", {one.live} serves" if one.live is not None and one.live != _deploy(one) else ""
    if one.problem and one.deploy is not None and one.deploy > (_deploy(one) or 0):
        beside = f", {one.deploy} {'refused' if one.is_refused or one.lacks_plan else 'failed'}"
    probe = one.probe
    words = "" if probe is None else probe.detail if not probe.ok or probe.detail else "ok"
    return _Cells(
        name=_cut(one.name, _NAME) + ("" if view.only != one.name else " (its logs)"),
        state=_state(one, now),
        deploy=f"deploy {number[1:]}{f' ({trigger})' if trigger else ''}{beside}" if number else "",
        number=number,
        url=one.url or "",
        probe="" if probe is None else f"{probe.kind} {_cut(words, 24)} {_ago(now - probe.at)}",
        memory=_memory(one),
    )


def _deploy(one: ServiceView) -> int | None:
    """The one that the line is about: what comes, else what serves, else what failed."""
    return one.deploy if one.stage in COMING or one.live is None else one.live


def _state(one: ServiceView, now: float) -> str:
    since = now - one.since
    match one.stage:
        case "building":
            steps = f" {one.build.done}/{one.build.total}" if one.build is not None and one.build.total else ""
            return f"building{steps} {ago(since)}"
        case "preparing":
            return f"pre-deploy {ago(since)}"
        case "starting" | "restarting" | "waking" | "running":
            waits = one.stage == "starting" and one.has_port and not one.is_open and one.probe is None
            return f"{one.stage} {ago(since)}{', no port yet' if waits and since >= _SLOW_S else ''}"
        case "live":
            return f"live ×{one.instances}" if one.instances > 1 else "ready" if one.is_store else "live"
        case "unready":
            return "out of rotation"
        case "scheduled" | "succeeded":
            return one.note or one.stage
        case _:
            return one.stage


def _memory(one: ServiceView) -> str:
    if one.memory is None:
        return ""
    used, limit = one.memory
    return f"{used}/{limit} MiB" if limit else f"{used} MiB"


def _painted(cell: str, one: ServiceView, number: int, style: Style) -> Paint:
    match cell:
        case "name":
            return lambda text: style.hue(number, text)
        case "state":
            return _of_stage(one, style)
        case "probe" if one.probe is not None and not one.probe.ok:
            return style.yellow
        case "memory" if one.memory is not None and one.memory[1]:
            full = one.memory[0] / one.memory[1]
            return style.red if full > 0.95 else style.yellow if full > 0.8 else style.dim
        case "url":
            return str
        case _:
            return style.dim


def _of_stage(one: ServiceView, style: Style) -> Paint:
    if one.stage in ("failed", "canceled"):
        return style.red
    if one.stage in ("unready", "restarting") or (one.problem and one.stage not in COMING):
        return style.yellow
    return style.green if one.stage in ("live", "succeeded") else style.bold if one.stage in COMING else style.dim


def _is_slow(one: ServiceView, now: float) -> bool:
    return one.stage == "building" and one.build is not None and now - one.build.since >= _SLOW_S


def _build_line(one: ServiceView, style: Style, room: Room, now: float) -> str:
    """The step that goes on longest, for how long, and how long it took the last time; where none does, all of it."""
    build = one.build
    assert build is not None
    if not build.running:
        return style.dim(_cut(f"{_INDENT}all steps {_against(now - build.since, one.last_build_s)}", room.columns))
    step = build.running[0]
    more = f", and {len(build.running) - 1} more" if len(build.running) > 1 else ""
    took = _GAP + _against(now - step.since, step.last_time_s) + more
    name = _cut(step.name, max(10, room.columns - len(_INDENT) - columns(took)))
    return style.dim(_cut(f"{_INDENT}{name}{took}", room.columns))


def _against(seconds: float, last_time_s: float | None) -> str:
    return ago(seconds) + (f" (last time {last_time_s:.0f} s)" if last_time_s is not None else "")


# ---- keys ---------------------------------------------------------------------------------------------


def _keys(view: View, style: Style, room: Room, now: float) -> str:
    """What was answered to a key, for a moment; else the keys, as many as there is room for."""
    if view.notice and now - view.noticed < NOTICE_S:
        return style.yellow(_cut(view.notice, room.columns))
    line, left = "", room.columns
    last = "? help", "q quit"
    for key, word, _ in _offered(view):
        text = f"{key} {word}"
        kept = sum(len(one) + len(_GAP) for one in last if one != text)
        if columns(text) + len(_GAP) + (kept if text not in last else 0) > left:
            continue
        line += style.bold(key) + style.dim(f" {word}") + _GAP
        left -= columns(text) + len(_GAP)
    return line.rstrip()


def _offered(view: View) -> list[tuple[str, str, str]]:
    """The keys that there is something for."""
    none = {"↑↓", "l"} if len(view.services) < 2 else set()
    none |= set() if view.watches else {"p"}
    none |= {"r", "b"} if view.is_once else set()
    none |= {"o"} if not any(one.url for one in view.services) else set()
    rows = [row for row in KEYS if row[0] not in none]
    return [("p", "go on", row[2]) if row[0] == "p" and view.is_paused else row for row in rows]


def _help(view: View, style: Style, room: Room, now: float) -> list[str]:
    del now
    lines: list[str] = []
    for key, _, text in _offered(view):
        first, *rest = wrap(text, max(10, room.columns - 5))
        lines += [f"  {style.bold(key)}{' ' * (3 - columns(key))}{first}", *(f"     {line}" for line in rest)]
    return lines[: room.rows]


def _cut(text: str, room: int) -> str:
    """`text` in so many columns, its end left out where it takes more."""
    text = printable(text)
    return text if columns(text) <= room else text[: fit(text, max(0, room - 1))] + "…"[: max(0, room)]


def _ago(seconds: float) -> str:
    return "now" if seconds < 1 else f"{ago(seconds)} ago"
