"""Files that count as memory: what is left for the processes, and how often it is looked at."""

import threading
import time

import pytest

from emulator.engine.files_watch import FilesWatch
from emulator.engine.written_files import LONGEST_S, MIB, SHORTEST_S, looked, watched
from emulator.world.containers import ContainerSpec
from tests.emulator.engine.fake_docker import FakeDocker


@pytest.mark.parametrize(
    ("written_mib", "given", "over"),
    [(0, 512, False), (1, 512, False), (100, 412, False), (503, 9, False), (505, 8, True), (4000, 8, True)],
)
def test_what_is_written_is_taken_off_the_limit(written_mib, given, over):
    """In whole MiB, but for a difference that is not worth a change; never below what an engine takes as a limit."""
    state = looked(watched(512), written_mib * MIB, 0.002)
    assert (state.given_mib, state.is_over) == (given, over)


def test_what_is_removed_is_given_back():
    """A file that is deleted no longer counts."""
    state = looked(looked(watched(512), 300 * MIB, 0), 20 * MIB, 0)
    assert state.given_mib == 492


def test_it_looks_seldom_while_nothing_is_written():
    """Up to once a second; at once oftener again when something is."""
    state = watched(512)
    for _ in range(20):
        state = looked(state, 0, 0.002)
    assert state.wait_s == LONGEST_S
    assert looked(state, MIB, 0.002).wait_s == SHORTEST_S


def test_a_look_that_takes_long_is_taken_seldom():
    """An image's folder with very many new files does not keep the engine busy."""
    state = looked(watched(512), MIB, 0.3)
    assert state.wait_s == pytest.approx(0.6)
    assert looked(state, MIB, 0.3).wait_s == pytest.approx(6.0)


class _Clock:
    def now(self) -> float:
        return time.monotonic()


@pytest.mark.parametrize(
    ("written", "held", "used", "asked"),
    [
        (600, 20, 620, []),
        (300, 250, 550, ["limit id1 memory 212"]),
        (300, 100, None, ["limit id1 memory 212"]),
    ],
)
def test_the_watch_says_when_files_and_processes_have_too_much(written, held, used, asked):
    """Files alone above the limit, or so much that what the processes hold does not fit: told once, with the use."""
    docker = FakeDocker(lambda container: None)
    docker.start(docker.create(ContainerSpec(image="i", name="shop")))
    [container] = docker.started
    told, came = [], threading.Event()
    container.written, container.held = written * MIB, held * MIB

    def over(mib: int) -> None:
        told.append(mib)
        came.set()

    watch = FilesWatch(docker, _Clock(), container.id, 512, over)
    came.wait(1.0)
    watch.close()
    assert told == ([] if used is None else [used])
    assert [words for words in docker.asked if words.startswith("limit")] == asked
