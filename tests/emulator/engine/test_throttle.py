"""The processor of an instance that nothing needs: taken, given back, and never in a hurry."""

import time
from collections.abc import Iterator

import pytest

from emulator.edge.clock import SystemClock
from emulator.engine.throttle import QUIET_S, Share, Throttle
from tests.emulator.engine.fake_docker import FakeDocker

IDLE, FULL = "limit id1 cpus 0.01", "limit id1 cpus 2.0"


@pytest.fixture
def docker() -> FakeDocker:
    return FakeDocker(lambda container: None)


@pytest.fixture
def throttle(docker: FakeDocker) -> Iterator[Throttle]:
    made = Throttle(docker, SystemClock(), {"id1": Share(2.0, 0.01)})  # type: ignore[arg-type]
    yield made
    made.end()


def comes(docker: FakeDocker, *asked: str) -> bool:
    until = time.monotonic() + 2
    while docker.asked != list(asked) and time.monotonic() < until:
        time.sleep(0.005)
    return docker.asked == list(asked)


def test_nothing_needs_it(docker, throttle):
    """It is taken after a moment, and not before."""
    time.sleep(QUIET_S / 2)
    assert docker.asked == []
    assert comes(docker, IDLE)


def test_a_request_gets_it_back_at_once(docker, throttle):
    """As soon as there is one; it is kept as long as any runs."""
    assert comes(docker, IDLE)
    throttle.need()
    began = time.monotonic()
    assert comes(docker, IDLE, FULL)
    assert time.monotonic() - began < QUIET_S / 2
    throttle.need()
    throttle.done()
    time.sleep(QUIET_S * 1.5)
    assert docker.asked == [IDLE, FULL]
    throttle.done()
    assert comes(docker, IDLE, FULL, IDLE)


def test_one_request_after_the_other_does_not_switch_it(docker, throttle):
    """Between two there is less than the moment for which it is kept."""
    for _ in range(20):
        with throttle.needed():
            time.sleep(0.01)
        time.sleep(QUIET_S / 10)
    assert docker.asked == []


def test_its_end_gives_it_back(docker, throttle):
    """What is told to end has its processor for that; what never lost it is not asked for."""
    assert comes(docker, IDLE)
    throttle.end()
    assert docker.asked == [IDLE, FULL]
    throttle.need()
    throttle.end()
    assert docker.asked == [IDLE, FULL]


def test_it_ends_before_it_was_taken(docker):
    """Nothing is asked of the engine then."""
    made = Throttle(docker, SystemClock(), {"id1": Share(2.0, 0.01)})
    made.end()
    assert docker.asked == []
