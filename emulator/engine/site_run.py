"""One deploy's files, served: what stands where a container's `InstanceRun` stands for a service that has processes.

Nothing boots and nothing is probed: it is live as soon as it answers, and it cannot fail after that.
"""

import threading
from collections.abc import Callable
from typing import Literal

from emulator.model.diagnostic import Diagnostic
from emulator.model.event import Event, VerdictKind
from emulator.model.plan import Service
from emulator.world.clock import Clock
from emulator.world.front import PublishedSite, ServedSite

from . import boot_steps as steps
from . import rollout_steps
from .container_run import Address, Judged, Who
from .rollout_steps import Unit


class SiteRun:
    """Serves a published folder until it is told to end. `target` is where it answers."""

    containers: tuple[str, ...] = ("",)
    """None runs."""
    ports: tuple[int | None, tuple[int, ...]] = (None, ())
    last_lines: tuple[str, ...] = ()

    def __init__(
        self,
        unit: Unit,
        service: Service,
        published: PublishedSite,
        *,
        clock: Clock,
        tell: Callable[[Event], None],
        report: Callable[[rollout_steps.Observation | BaseException], None],
        url: str | None,
        url_of: Callable[[str], str | None],
    ) -> None:
        self.unit = unit
        self.service = service
        self.clock = clock
        self.tell = tell
        self.url = url
        self.state = steps.State(begun=clock.now())
        self.outcome: steps.Outcome | None = None
        self.failure: Diagnostic | None = None
        self.target: Address | None = None
        self._published = published
        self._url_of = url_of
        self._report = report
        self._served: ServedSite | None = None
        self._lock = threading.Lock()
        self._is_over = False

    def start(self) -> None:
        threading.Thread(target=self._begin, name=f"{self.service.name}-{self.unit.id}", daemon=True).start()

    def order(self, what: Literal["terminate", "kill", "remove"]) -> None:
        """From any thread: end it. `Gone` is reported when it is over; requests that run are answered."""
        del what
        self._close()
        at = self.clock.now()
        self._report(rollout_steps.Down(at=at, unit=self.unit))
        self._report(rollout_steps.Gone(at=at, unit=self.unit))

    def join(self) -> None:
        self._close()

    written_mib = 0

    @property
    def begun(self) -> float:
        """When it was."""
        return self.state.begun

    @property
    def judged(self) -> Judged:
        """The site itself."""
        return Judged(self.service, self.service.name)

    def tell_oom(self, container: str) -> None:
        """Nothing of it runs in a container."""

    def was_short_of_memory(self) -> bool:
        return False

    def who(self) -> Who:
        name = self.service.name
        return {"service": name, "container": name, "instance": self.unit.slot, "deploy": self.unit.deploy}

    def _begin(self) -> None:
        try:
            with self._lock:
                if self._is_over:
                    return
                static = self.service.static
                assert static is not None
                self._served = self._published.serve(static, self._url_of)
                self.target = self._served.address
        except BaseException as problem:  # noqa: BLE001 - raised again by who waits for this instance
            self._report(problem)
            return
        now, files = self.clock.now(), self._published.files
        self.outcome = steps.Outcome(
            due=now,
            verdict=VerdictKind.LIVE,
            code="live",
            reason=f"live, with {files} file{'' if files == 1 else 's'}",
            seconds=now - self.state.begun,
        )
        self._report(rollout_steps.Up(at=now, unit=self.unit))

    def _close(self) -> None:
        with self._lock:
            self._is_over = True
            served, self._served, self.target = self._served, None, None
        if served is not None:
            served.close()
