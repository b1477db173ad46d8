"""A project while `up` runs: taken for this process, with its deploy numbers and its stable addresses."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from emulator.model.diagnostic import Fault, HostError, error

from .orphans import remove_orphans
from .state import ProjectState, every_project

if TYPE_CHECKING:
    from .proxy import Proxy


class Project:
    """What one `up` knows of its project."""

    def __init__(self, state: ProjectState) -> None:
        self._state = state
        remembered = state.read("ports")
        self._ports = {name: port for name, port in remembered.items() if isinstance(port, int)}

    def next_deploy(self) -> int:
        """The number of this deploy: one more than the last one's."""
        last = self._state.read("deploys").get("last")
        number = (last if isinstance(last, int) else 0) + 1
        self._state.write("deploys", {"last": number})
        return number

    def address(self, service: str) -> "Proxy":
        """The service's address on 127.0.0.1: the same as last time where that port is free."""
        from .proxy import Proxy  # asyncio takes as long to import as a plan to make

        proxy = Proxy(self._ports.get(service))
        if self._ports.get(service) != proxy.port:
            self._ports[service] = proxy.port
            self._state.write("ports", self._ports)
        return proxy


@contextmanager
def open_project(id: str, environ: Mapping[str, str]) -> Iterator[Project]:
    """Take the project for this process. Raises HostError when another one has it."""
    state = ProjectState(id, environ)
    owner = state.lock()
    if owner is not None:
        raise HostError(
            error(
                "up/already-running",
                "`emu up` already runs for this project" + (f", as process {owner}" if owner else ""),
                fault=Fault.HOST,
                help="end it with Ctrl-C there, or with `emu down`",
            ),
            exit_code=2,
        )
    try:
        if state.was_killed:
            remove_orphans(id)
        yield Project(state)
    finally:
        state.unlock()


def end_running(project: str | None, environ: Mapping[str, str], *, within_s: float = 45) -> int:
    """Ask the `up` of a project (None: of every project) to end, and wait for it; how many there were. What one
    that was killed left on this machine is removed.

    Only a process that holds the project's lock is meant, so a number that the system gave to
    another process since is never signalled.
    """
    import os
    import signal
    import time

    count = 0
    for state in [ProjectState(project, environ)] if project else every_project(environ):
        owner = state.owner()
        if not owner:
            if state.was_killed:
                remove_orphans(os.path.basename(state.folder))
            continue
        count += 1
        os.kill(owner, signal.SIGTERM)
        end = time.monotonic() + within_s
        while state.owner() == owner and time.monotonic() < end:
            time.sleep(0.05)
    return count
