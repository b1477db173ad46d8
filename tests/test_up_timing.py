"""`emu up` is punctual, by the app's own watch. What exactly it reaches is for `tests/bench/probes.py`; the limits here
are wide enough for a busy machine."""

import statistics

import pytest

from tests.bench.probes import cases, measured

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

MOST_LATE_MS = 60.0
MOST_TO_LIVE_MS = 150.0


@pytest.mark.parametrize("case", cases(5), ids=lambda case: case.title)
def test_attempts_come_when_they_are_due_and_live_is_told_at_once(case) -> None:
    """Half of all attempts begin close to their time; the event `live` follows what decides it."""
    found = measured(case)
    assert statistics.median(found.late_ms or [0.0]) <= MOST_LATE_MS
    assert -5 < found.to_live_ms < MOST_TO_LIVE_MS
