"""How much memory the containers of a project's services use at most, looked at again and again."""

import threading

from emulator.engine.labels import CONTAINER, SERVICE, of_project
from emulator.model.diagnostic import HostError
from emulator.model.event import ContainerStarted, Event
from emulator.world.docker import HELPER_LABEL, Docker

_LOOK_EVERY_S = 0.1
_LIST_EVERY_S = 0.5
_MIB = 1024 * 1024


class MemoryWatch:
    """Looks, in a thread of its own, until closed."""

    def __init__(self, docker: Docker, root: str) -> None:
        self._docker = docker
        self._labels = of_project(root)
        self._peaks: dict[tuple[str, str | None], int] = {}
        self._closed, self._anew = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory-watch", daemon=True)
        self._thread.start()

    def peaks(self, service: str) -> dict[str | None, float]:
        """The most that each container of a service used at a time, in MiB, by its name; None where it has none."""
        return {name: used / _MIB for (owner, name), used in list(self._peaks.items()) if owner == service}

    def hear(self, event: Event) -> None:
        """From any thread: what is started is looked at without delay, for it may soon be over."""
        if isinstance(event, ContainerStarted):
            self._anew.set()

    def close(self) -> None:
        self._closed.set()
        self._anew.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._closed.is_set():
            self._anew.clear()
            try:
                running = [one for one in self._docker.containers(self._labels) if one.running]
            except HostError:  # told by whoever needs the engine
                return
            for _ in range(round(_LIST_EVERY_S / _LOOK_EVERY_S)):
                for one in running:
                    if HELPER_LABEL not in one.labels and (name := one.labels.get(SERVICE)) is not None:
                        self._look(name, one.labels.get(CONTAINER), one.id, one.pid)
                if self._anew.wait(_LOOK_EVERY_S):
                    break

    def _look(self, service: str, container: str | None, id: str, pid: int | None) -> None:
        try:
            held = self._docker.held_bytes(id, pid)
        except HostError:
            return
        if held is not None:
            key = (service, container)
            self._peaks[key] = max(held, self._peaks.get(key, 0))
