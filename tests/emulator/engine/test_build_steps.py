"""Steps of a build that go on: when they are told, and what is remembered of them."""

import threading

from emulator.engine.build_steps import MOST_STEPS, BuildSteps, Watched, key_of
from emulator.model.event import BuildRunning

PIP = "[stage-1 4/9] RUN pip install"


def test_a_long_step_is_told_with_the_time_it_took_before() -> None:
    """After a second, after five, then every ten; nothing once it is done."""
    steps = BuildSteps({"RUN pip install": 38.0})
    steps.goes_on(PIP, True, 100.0)
    seconds = [one.elapsed_s for tenth in range(320) for one in steps.due(100 + tenth / 10)]
    assert seconds == [1.0, 5.0, 10.0, 20.0, 30.0]
    [told] = steps.due(140.0)
    assert told == BuildRunning(name=PIP, step=4, steps=9, elapsed_s=40.0, last_time_s=38.0)
    steps.done(PIP, 41.0)
    assert steps.due(200.0) == ()


def test_a_short_step_is_never_told_nor_kept() -> None:
    """Nor is one that the builder does not number given a number."""
    steps = BuildSteps({})
    steps.goes_on("[1/2] COPY . .", True, 0.0)
    assert steps.due(0.9) == ()
    steps.done("[1/2] COPY . .", 0.9)
    steps.goes_on("exporting to image", True, 1.0)
    assert [(one.step, one.steps, one.last_time_s) for one in steps.due(2.0)] == [(None, None, None)]
    assert steps.took() == {}


def test_what_a_cached_step_took_once_stays_known() -> None:
    """A build that used it again says nothing of how long it would take; a step that is gone is forgotten."""
    steps = BuildSteps({"RUN pip install": 38.0, "RUN gone": 9.0})
    steps.done("[2/3] RUN pip install", None)
    steps.done("[3/3] RUN make", 2.04)
    assert steps.took() == {"RUN pip install": 38.0, "RUN make": 2.0}


def test_a_step_is_known_by_what_it_does() -> None:
    """Whatever its place among the others is now."""
    assert key_of("[builder 2/4] RUN make") == key_of("[3/5] RUN make") == "RUN make"
    assert key_of("[internal] load build context") == "[internal] load build context"


def test_the_longest_steps_are_kept() -> None:
    """Never more than a screen or two of them."""
    steps = BuildSteps({})
    for n in range(MOST_STEPS + 50):
        steps.done(f"RUN {n}", 1.0 + n)
    assert set(steps.took()) == {f"RUN {n}" for n in range(50, MOST_STEPS + 50)}


def test_nothing_is_told_after_the_build() -> None:
    """While it goes on, a thread looks; it has ended when the build has."""
    steps, told = BuildSteps({}), threading.Event()
    steps.goes_on(PIP, True, 0.0)
    with Watched(steps, lambda: 30.0, lambda _event: told.set()):
        assert told.wait(5)
    assert not [one for one in threading.enumerate() if one.name == "build-steps"]


def test_a_step_that_rests_is_not_told() -> None:
    """The builder says that it has ended long before it says that it will not be taken up again."""
    steps = BuildSteps({})
    steps.goes_on(PIP, True, 0.0)
    steps.goes_on(PIP, False, 0.5)
    assert steps.due(60.0) == ()
    steps.goes_on(PIP, True, 60.0)
    assert [one.elapsed_s for one in steps.due(61.0)] == [1.0]
