"""The end of what `up` started."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from emulator.engine.host_problems import silent_problem
from emulator.engine.labels import of_project
from emulator.engine.own import is_own
from emulator.engine.runs import AnyRun
from emulator.model.diagnostic import HostError

if TYPE_CHECKING:
    from emulator.world.docker import Docker

HASTE_EVERY_S = 0.1
"""How often a service that is ending is left alone to see whether the user has lost patience."""
GIVEN_UP_S = 1.0
"""How long an engine that hangs is given when everything ends; builders are ended meanwhile."""


def end_all(
    runs: Sequence[AnyRun],
    hurry: Callable[[], bool],
    *,
    at_once: bool = False,
    hurried: bool = False,
    is_silent: Callable[[], bool] = lambda: False,
) -> bool:
    """End them beside each other; whether the user has lost patience. is_silent: whether the engine hangs; then what
    waits for it is not waited for. Raises HostError."""
    for run in runs:
        run.end(at_once=at_once)
        if hurried:
            run.hurry()
    silent_s = 0.0
    for run in runs:
        while not run.wait(HASTE_EVERY_S):
            silent_s = silent_s + HASTE_EVERY_S if is_silent() else 0.0
            if silent_s > GIVEN_UP_S:
                raise HostError(silent_problem(silent_s))
            if not (at_once or hurried) and hurry():
                hurried = True
                for one in runs:
                    one.hurry()
    for run in runs:
        run.sweep()
    return hurried


def remove_leftovers(docker: "Docker", root: str) -> int:
    """Remove the containers of earlier runs of this project that did not end well, and their network; how many
    containers there were."""
    found = [container for container in docker.containers(of_project(root)) if is_own(container)]
    for container in found:
        docker.remove(container.id)
    for network in docker.networks(of_project(root)):
        docker.remove_network(network.id)
    return len(found)
