"""When a cron job runs: five fields, in UTC (rule render/cron-schedule). Pure.

The documentation shows numbers, `*`, steps and names. What it does not show follows crontab(5); where programs that
read schedules are known to differ, the schedule carries a doubt.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NICKNAMES = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
_LONGEST_YEARS = 50
"""A schedule that names no day in so many years names none: a 29th of February on a Sunday comes within 40."""


class _Kind(NamedTuple):
    """One of the five fields."""

    name: str
    least: int
    most: int
    names: dict[str, int] = {}


_FIELDS = (
    _Kind("minute", 0, 59),
    _Kind("hour", 0, 23),
    _Kind("day of the month", 1, 31),
    _Kind("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    _Kind("day of the week", 0, 7, {name: number for number, name in enumerate(_WEEKDAYS)}),
)


class Wrong(NamedTuple):
    """Why a text is no schedule, and what to write instead."""

    message: str
    help: str


class Schedule(NamedTuple):
    """The minutes at which a run is due. doubts: what is not sure to be read like this.

    either_day: whether a day of the month or a day of the week suffices, which is so where both are restricted: neither
    field begins with `*`.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""
    either_day: bool
    doubts: tuple[str, ...] = ()

    def next_after(self, moment: datetime) -> datetime | None:
        """The first run later than `moment`, in UTC; None when there is none. A `moment` without a zone is UTC."""
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        start = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        day, earliest = start.replace(hour=0, minute=0), start.hour * 60 + start.minute
        while day.year <= start.year + _LONGEST_YEARS:
            if day.month not in self.months:
                day, earliest = _first_of_next_month(day), 0
                continue
            minute = self._first_minute(earliest) if self._runs_on(day) else None
            if minute is not None:
                return day + timedelta(minutes=minute)
            day, earliest = day + timedelta(days=1), 0
        return None

    def _runs_on(self, day: datetime) -> bool:
        by_month, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return (by_month or by_week) if self.either_day else (by_month and by_week)

    def _first_minute(self, earliest: int) -> int | None:
        """The first due minute of a day, as its number in the day, from `earliest` on."""
        due = (hour * 60 + minute for hour in sorted(self.hours) for minute in sorted(self.minutes))
        return next((minute for minute in due if minute >= earliest), None)


def next_run(text: str | None, after: float) -> float | None:
    """The first run after a moment, both in seconds since 1970; None where there is none."""
    schedule = parse_schedule(text) if text is not None else None
    if schedule is None or isinstance(schedule, Wrong):
        return None
    due = schedule.next_after(datetime.fromtimestamp(after, UTC))
    return due.timestamp() if due is not None else None


def parse_schedule(text: str) -> Schedule | Wrong:
    """The schedule a text is, or why it is none."""
    doubts: list[str] = []
    written = text.strip()
    if written.startswith("@"):
        if written not in _NICKNAMES:
            return Wrong(f"{written} is no schedule", "write five fields: minute hour day month weekday, in UTC")
        doubts.append(f"{written} is not documented; write {_NICKNAMES[written]}")
        written = _NICKNAMES[written]
    words = written.split()
    if len(words) != len(_FIELDS):
        help_ = "write minute, hour, day of the month, month and day of the week, in UTC: 0 3 * * *"
        return Wrong(f"a schedule has five fields, not {len(words)}", help_)
    sets: list[frozenset[int]] = []
    for kind, word in zip(_FIELDS, words, strict=True):
        read = _field(kind, word, doubts)
        if isinstance(read, Wrong):
            return read
        sets.append(read)
    minutes, hours, days, months, weekdays = sets
    if 7 in weekdays:
        weekdays = weekdays - {7} | {0}
    either = not words[2].startswith(("*", "?")) and not words[4].startswith(("*", "?"))
    return Schedule(minutes, hours, days, months, weekdays, either, tuple(doubts))


def _field(kind: _Kind, word: str, doubts: list[str]) -> frozenset[int] | Wrong:
    """The numbers that one field stands for."""
    numbers: set[int] = set()
    for item in word.split(","):
        read = _item(kind, item, doubts)
        if isinstance(read, Wrong):
            return read
        numbers.update(read)
    return frozenset(numbers)


def _item(kind: _Kind, item: str, doubts: list[str]) -> range | Wrong:
    """One of the comma-separated parts: `*`, N, N-M, and each of them with /STEP."""
    span, slash, step_text = item.partition("/")
    most = 6 if kind.most == 7 else kind.most
    step = int(step_text) if _is_number(step_text) else 0
    if slash and step < 1:
        return Wrong(f"{item} has no step after the slash, in the {kind.name}", "write a step of 1 or more: */15")
    first, dash, last = span.partition("-")
    if span in ("*", "?"):
        if span == "?":
            doubts.append("? is not documented; write *")
        low, high = kind.least, most
    else:
        start, end = _number(kind, first), _number(kind, last) if dash else None
        if start is None or (dash and end is None):
            return _no_value(kind, first if start is None else last)
        low, high = start, start if end is None else end
        if slash and end is None:
            doubts.append(f"{item} is not documented; write {low}-{most}/{step}")
            high = max(low, most)
    if low > high:
        return Wrong(f"{span} runs backwards, in the {kind.name}", "write the smaller one first, or two ranges")
    if kind.most == 7 and high == 7:
        doubts.append("7 for Sunday is not documented; write 0 or SUN")
    return range(low, high + 1, step or 1)


def _number(kind: _Kind, text: str) -> int | None:
    number = kind.names.get(text.upper())
    if number is None and _is_number(text):
        number = int(text)
    return number if number is not None and kind.least <= number <= kind.most else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 5


def _no_value(kind: _Kind, text: str) -> Wrong:
    most = 6 if kind.most == 7 else kind.most
    names = f", or a name such as {next(iter(kind.names))}" if kind.names else ""
    shown = repr(text) if text else "nothing"
    return Wrong(f"{shown} is no {kind.name}", f"write a number from {kind.least} to {most}{names}")


def _first_of_next_month(day: datetime) -> datetime:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
