"""The end of what `up` started."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from emulator.engine.labels import of_project
from emulator.engine.runs import AnyRun

if TYPE_CHECKING:
    from emulator.world import Docker

HASTE_EVERY_S = 0.1
"""How often a service that is ending is left alone to see whether the user has lost patience."""


def end_all(
    runs: Sequence[AnyRun],
    hurry: Callable[[], bool],
    *,
    at_once: bool = False,
    hurried: bool = False,
) -> bool:
    """End them beside each other; whether the user has lost patience."""
    for run in runs:
        run.end(at_once=at_once)
        if hurried:
            run.hurry()
    for run in runs:
        while not run.wait(HASTE_EVERY_S):
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
    found = docker.containers(of_project(root))
    for container in found:
        docker.remove(container.id)
    for network in docker.networks(of_project(root)):
        docker.remove_network(network.id)
    return len(found)
