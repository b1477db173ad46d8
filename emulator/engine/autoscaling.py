"""How many instances a deploy needs: a pure machine, told its requests from time to time.

More at once where requests wait for room, and more where the mean of the last while comes near to what the instances
may have; fewer only when the need was lower for as long as the platform keeps an idle instance. All times are seconds
on one clock.
"""

from math import ceil, inf

from emulator.model.plan import Service
from emulator.model.record import Record, replace

MOST_HERE = 5
"""Instances of one deploy: each is a container of this machine."""


class Rules(Record, frozen=True, kw_only=True):
    """The platform's data, already scaled. at_once: requests an instance takes at a time. target: the share of them
    that an instance is to have in the mean of `window_s`. idle_s: how long one is kept that is not needed. zero_s:
    after how long without any request the last one goes; None: it stays."""

    least: int
    most: int
    at_once: int
    target: float
    window_s: float
    idle_s: float
    zero_s: float | None = None


class Sample(Record, frozen=True, kw_only=True):
    """Of the requests at a moment: those that run, and those that wait for an instance."""

    at: float
    running: int
    waiting: int


class State(Record, frozen=True, kw_only=True):
    """samples: those of the window, oldest first. needs: when so many were needed last, a falling row. busy_at: when
    there was a request last. asked: whether there may be an instance though nobody asked for one since the last could
    not start."""

    samples: tuple[Sample, ...] = ()
    needs: tuple[tuple[float, int], ...] = ()
    busy_at: float = -inf
    asked: bool = True


def least_instances(service: Service) -> int:
    """With how many instances a deploy of it begins."""
    least = max(1, service.instances.min) if service.instances else 1
    return least if service.scaling is None else min(least, MOST_HERE)


def rules_of(service: Service, *, scale: float, zero_s: float | None) -> Rules | None:
    """Of a service whose instances follow its requests; None where their number is fixed."""
    scaling, instances = service.scaling, service.instances
    if scaling is None or instances is None:
        return None
    return Rules(
        least=min(instances.min, MOST_HERE),
        most=max(1, min(instances.max, MOST_HERE)),
        at_once=service.concurrency or 1,
        target=scaling.target,
        window_s=scaling.window_s * scale,
        idle_s=scaling.idle_s * scale,
        zero_s=zero_s if instances.min == 0 else None,
    )


def step(rules: Rules, state: State, seen: Sample) -> tuple[State, int]:
    """The next state, and how many instances there are to be."""
    samples = (*(one for one in state.samples if one.at > seen.at - rules.window_s), seen)
    is_busy = seen.running + seen.waiting > 0
    busy_at = seen.at if is_busy or not state.needs else state.busy_at
    state = replace(state, samples=samples, busy_at=busy_at, asked=state.asked or is_busy)
    need = min(_needed(rules, samples), rules.most)
    # Of what was needed before only what is more than now counts for later.
    needs = (*(one for one in state.needs if one[1] > need and one[0] > seen.at - rules.idle_s), (seen.at, need))
    state = replace(state, needs=needs)
    if rules.zero_s is not None and not is_busy and seen.at - busy_at >= rules.zero_s:
        return state, 0
    if not state.asked and rules.least == 0:
        return state, 0
    return state, max(needs[0][1], rules.least, 1)


def _needed(rules: Rules, samples: tuple[Sample, ...]) -> int:
    now = samples[-1]
    at_once = ceil((now.running + now.waiting) / rules.at_once)
    return max(at_once, ceil(round(_mean(samples, rules.window_s) / (rules.target * rules.at_once), 9)))


def _mean(samples: tuple[Sample, ...], window_s: float) -> float:
    """Of the requests over the window; where it was not looked at for so long, there were none."""
    total = sum(before.running * (after.at - before.at) for before, after in zip(samples, samples[1:], strict=False))
    return total / window_s if window_s > 0 else samples[-1].running
