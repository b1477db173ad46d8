"""The loop around the autoscaler: looks at a front's requests, and says how many instances each deploy is to have."""

import queue
import threading
from collections.abc import Callable

from emulator.model.event import RequestRefused
from emulator.world.clock import Clock
from emulator.world.front import Front, FrontListener

from . import autoscaling, rollout_steps

LOOK_EVERY_S = 0.1
"""A request that has to wait is seen at once."""
_AGAIN_S = 17.0
"""How long after an instance that could not start another one is started though nobody asked for it."""

Busy = Callable[[tuple[str, int], bool], None]
"""An instance's address, and whether it answers a request from now on."""


class ScalerRun:
    """In a thread of its own from `start` to `close`.

    report: told each time a deploy is to have another number of instances. refused: told of each request that the front
    answered by itself. busy: told of an instance's address when it gets its first request, and when it has answered its
    last.
    """

    def __init__(
        self, front: Front, clock: Clock, report: Callable[[rollout_steps.Scaled], None],
        refused: Callable[[RequestRefused], None], *, scale: float, busy: Busy | None = None,
    ) -> None:  # fmt: skip
        self._front = front
        self._clock = clock
        self._report = report
        self._refused = refused
        self._scale = scale
        self._busy = busy
        self._rules: dict[int, autoscaling.Rules] = {}
        self._states: dict[int, autoscaling.State] = {}
        self._wanted: dict[int, int] = {}
        self._not_before: dict[int, float] = {}
        self._pages: queue.SimpleQueue[RequestRefused] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._nudged = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._run, name="scaler", daemon=True)

    def start(self) -> None:
        self._front.heed(FrontListener(lambda _key: self._nudged.set(), self._page, self._busy))
        self._thread.start()

    def close(self) -> None:
        self._over = True
        self._nudged.set()

    def follow(self, rules: dict[int, autoscaling.Rules]) -> None:
        """From now on these deploys, and no others."""
        with self._lock:
            self._rules = dict(rules)
            for table in (self._states, self._wanted, self._not_before):
                for deploy in [deploy for deploy in table if deploy not in rules]:
                    del table[deploy]

    def unstarted(self, deploy: int, has: int) -> None:
        """An instance of it could not start: it has so many left, and none is started again before somebody asks, or
        some time has gone by."""
        with self._lock:
            self._states[deploy] = autoscaling.State(asked=False)
            self._wanted[deploy] = has
            self._not_before[deploy] = self._clock.now() + _AGAIN_S * self._scale

    def _page(self, kind: str, status: int, method: bytes, line: bytes) -> None:
        """From the front's thread. Paths that the platform keeps for itself are no requests of the service."""
        if kind == "reserved":
            return
        target = line.split(b" ", 2)[1] if line.count(b" ") > 1 else b""
        page = RequestRefused(
            reason=kind, status=status, method=method.decode("latin-1"), path=target.decode("latin-1")
        )
        self._pages.put(page)
        self._nudged.set()

    def _run(self) -> None:
        while not self._over:
            self._nudged.wait(LOOK_EVERY_S)
            self._nudged.clear()
            while not self._pages.empty():
                self._refused(self._pages.get())
            self._look()

    def _look(self) -> None:
        loads = self._front.loads()
        now = self._clock.now()
        with self._lock:
            for deploy, rules in self._rules.items():
                load = loads.get(deploy)
                if load is None:
                    continue
                seen = autoscaling.Sample(at=now, running=load.running, waiting=load.waiting)
                state, wanted = autoscaling.step(rules, self._states.get(deploy, autoscaling.State()), seen)
                self._states[deploy] = state
                if load.waiting == 0 and now < self._not_before.get(deploy, 0.0):
                    continue
                if wanted != self._wanted.get(deploy):
                    self._wanted[deploy] = wanted
                    self._report(rollout_steps.Scaled(at=now, deploy=deploy, wanted=wanted))
