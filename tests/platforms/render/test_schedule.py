"""When a cron job runs, and which texts are no schedule."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import given, settings
from hypothesis import strategies as st

from platforms.render.schedule import Schedule, Wrong, parse_schedule


def _schedule(text: str) -> Schedule:
    found = parse_schedule(text)
    assert isinstance(found, Schedule), found
    return found


def _next(text: str, after: str) -> str | None:
    found = _schedule(text).next_after(datetime.fromisoformat(after))
    return found.strftime("%Y-%m-%d %H:%M") if found else None


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("*/10 * * * *", "2026-11-20 12:03", "2026-11-20 12:10"),
        ("*/10 * * * *", "2026-11-20 12:10", "2026-11-20 12:20"),
        ("*/10 * * * *", "2026-11-20 12:09:59", "2026-11-20 12:10"),
        ("0 12 * * *", "2026-11-20 12:00", "2026-11-21 12:00"),
        ("*/60 * * * MON-FRI", "2026-11-20 23:30", "2026-11-23 00:00"),
        ("0 3 * * sun", "2026-11-20 00:00", "2026-11-22 03:00"),
        ("0 3 * * 0", "2026-11-20 00:00", "2026-11-22 03:00"),
        ("0 0 29 2 *", "2026-11-20 00:00", "2028-02-29 00:00"),
        ("0 0 29 2 *", "2096-02-29 00:00", "2104-02-29 00:00"),
        ("0 0 31 * *", "2026-11-20 00:00", "2026-12-31 00:00"),
        ("59 23 31 12 *", "2026-12-31 23:59", "2027-12-31 23:59"),
        ("0 0 1 JAN,jul *", "2026-11-20 00:00", "2027-01-01 00:00"),
        ("15,45 9-17/4 * * *", "2026-11-20 09:15", "2026-11-20 09:45"),
        ("15,45 9-17/4 * * *", "2026-11-20 17:45", "2026-11-21 09:15"),
        ("  0   0  *  *  * ", "2026-11-20 00:00", "2026-11-21 00:00"),
    ],
)
def test_next_run(text, after, expected):
    """Numbers, `*`, steps, ranges, lists and names, over the ends of hours, months and years, also leap years."""
    assert _next(text, after) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 0 12 * FRI", "2026-11-06 00:00"),  # either will do: the first Friday comes before the 12th
        ("0 0 4 * FRI", "2026-11-04 00:00"),  # and here the 4th before the first Friday
        ("0 0 1-7 * *", "2026-11-03 00:00"),  # the day of the week is open: the day of the month decides
        ("0 0 * * FRI", "2026-11-06 00:00"),  # and the other way round
        ("0 0 */2 * FRI", "2026-11-13 00:00"),  # a field that begins with * is open: both must fit
    ],
)
def test_day_of_month_or_day_of_week(text, expected):
    """Where both days are restricted, either suffices; where one is open, the other decides."""
    assert _next(text, "2026-11-02 00:00") == expected


def test_times_are_utc():
    """A moment of another zone is understood; one without a zone is UTC; the answer is UTC."""
    elsewhere = datetime(2026, 11, 20, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert _schedule("0 0 * * *").next_after(elsewhere) == datetime(2026, 11, 20, tzinfo=UTC)
    assert _schedule("0 0 * * *").next_after(datetime.fromisoformat("2026-11-20")) == datetime(2026, 11, 21, tzinfo=UTC)


def test_a_day_that_never_comes():
    """The 31st of February has no next run, and asking for it ends."""
    assert _next("0 0 31 2 *", "2026-11-20 00:00") is None
    assert _next("0 0 29 2 */7", "2026-11-20 00:00") == "2032-02-29 00:00"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a schedule has five fields, not 0"),
        ("* * * *", "a schedule has five fields, not 4"),
        ("0 0 * * * *", "a schedule has five fields, not 6"),
        ("60 * * * *", "'60' is no minute"),
        ("* 24 * * *", "'24' is no hour"),
        ("* * 0 * *", "'0' is no day of the month"),
        ("* * * 13 *", "'13' is no month"),
        ("* * * * 8", "'8' is no day of the week"),
        ("* * * MON *", "'MON' is no month"),
        ("* * * * JAN", "'JAN' is no day of the week"),
        ("* * * * MONDAY", "'MONDAY' is no day of the week"),
        ("-5 * * * *", "nothing is no minute"),
        ("1- * * * *", "nothing is no minute"),
        ("1,,2 * * * *", "nothing is no minute"),
        ("*/0 * * * *", "*/0 has no step after the slash, in the minute"),
        ("*/ * * * *", "*/ has no step after the slash, in the minute"),
        ("*/x * * * *", "*/x has no step after the slash, in the minute"),
        ("30-10 * * * *", "30-10 runs backwards, in the minute"),
        ("* * * * FRI-MON", "FRI-MON runs backwards, in the day of the week"),
        ("* * L * *", "'L' is no day of the month"),
        ("1.5 * * * *", "'1.5' is no minute"),
        ("٣ * * * *", "'٣' is no minute"),
        ("@reboot", "@reboot is no schedule"),
        ("every day", "a schedule has five fields, not 2"),
    ],
)
def test_no_schedule(text, message):
    """What is wrong is said, with what to write instead."""
    found = parse_schedule(text)
    assert isinstance(found, Wrong)
    assert found.message == message
    assert found.help


@pytest.mark.parametrize(
    ("text", "same_as", "doubt"),
    [
        ("@daily", "0 0 * * *", "@daily is not documented; write 0 0 * * *"),
        ("0 0 ? * 1", "0 0 * * 1", "? is not documented; write *"),
        ("0 0 * * 7", "0 0 * * 0", "7 for Sunday is not documented; write 0 or SUN"),
        ("0 0 * * 5-7", "0 0 * * 0,5,6", "7 for Sunday is not documented; write 0 or SUN"),
        ("5/20 * * * *", "5-59/20 * * * *", "5/20 is not documented; write 5-59/20"),
    ],
)
def test_doubtful(text, same_as, doubt):
    """What is read in one way here and perhaps in another there says so."""
    found = _schedule(text)
    assert found.doubts == (doubt,)
    assert found._replace(doubts=()) == _schedule(same_as)._replace(doubts=())
    assert _schedule(same_as).doubts == ()


def _part(least: int, most: int) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    span = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    # The library takes a step over a range of one, 3-3/2, for a step from there on.
    wide = span.filter(lambda text: len(set(text.split("-"))) == 2)
    step = st.tuples(st.just("*") | wide, st.integers(1, 9)).map(lambda pair: f"{pair[0]}/{pair[1]}")
    return st.lists(number.map(str) | span | step, min_size=1, max_size=3).map(",".join)


SCHEDULES = st.tuples(
    st.just("*") | _part(0, 59), st.just("*") | _part(0, 23), st.just("*") | _part(1, 31), st.just("*") | _part(1, 12),
    st.just("*") | _part(0, 6),
).map(" ".join)  # fmt: skip
MOMENTS = st.integers(0, 8_000_000).map(lambda number: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=number))


@pytest.mark.thorough
@settings(max_examples=150, deadline=None)
@given(SCHEDULES, MOMENTS)
def test_as_another_program_reads_it(text, after):
    """The next three runs are those of a well-kept library, whatever the schedule."""
    try:
        oracle = CronSim(text, after)
    except CronSimError:  # it takes no day that never comes, such as the 30th of February
        assert _schedule(text).next_after(after) is None
        return
    moment = after
    for _ in range(3):
        expected = next(oracle, None)
        found = _schedule(text).next_after(moment)
        assert found == expected
        if found is None:
            return
        moment = found
