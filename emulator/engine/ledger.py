"""What is remembered of deploys while they happen, from their events alone: durations, and what was saved for them."""

import threading

from emulator.model.event import (
    BuildFinished,
    BuildSkipped,
    BuildStarted,
    BuildStep,
    ContainerStarted,
    DeployStarted,
    Event,
    FilesSaved,
    Live,
    PortDetected,
    PreDeployFinished,
    ProbeAttempt,
    Stopped,
)
from emulator.model.phases import Phases

_CONTEXT = "[internal] load build context"


class _Marks:
    """When what happened, of one deploy of one service."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self.context: float | None = None
        self.pre_deploy: float | None = None
        self.drain: float | None = None

    def first(self, what: str, at: float) -> None:
        self.at.setdefault(what, at)

    def between(self, begin: str, end: str) -> float | None:
        if begin not in self.at or end not in self.at:
            return None
        return max(0.0, self.at[end] - self.at[begin])


class Ledger:
    """Hears every event, in their order, from any thread."""

    def __init__(self) -> None:
        self._began: dict[int, float] = {}
        self._saved: dict[int, FilesSaved] = {}
        self._marks: dict[int, dict[str, _Marks]] = {}
        self._live: dict[str, tuple[int, float]] = {}
        """The newest deploy of a service that went live, and when."""
        self._drains: dict[tuple[int, str], float] = {}
        self._lock = threading.Lock()

    def heard(self, event: Event) -> None:
        if event.deploy is None:
            return
        with self._lock:
            if isinstance(event, DeployStarted):
                self._began[event.deploy] = event.at
            elif isinstance(event, FilesSaved):
                self._saved[event.deploy] = event
            elif isinstance(event, Stopped):
                self._ended(event.service or "", event.deploy, event.at)
            elif event.service is not None and event.deploy in self._began:
                self._mark(event, self._marks.setdefault(event.deploy, {}).setdefault(event.service, _Marks()))

    def _mark(self, event: Event, marks: _Marks) -> None:
        match event:
            case BuildStarted():
                marks.first("build", event.at)
            case BuildStep(seconds=float(seconds)) if event.name.startswith(_CONTEXT):
                marks.context = (marks.context or 0.0) + seconds
            case BuildFinished() | BuildSkipped():
                marks.first("built", event.at)
            case PreDeployFinished():
                marks.pre_deploy = event.seconds
                marks.first("ready", event.at)
            case ContainerStarted():
                marks.first("started", event.at)
            case PortDetected():
                marks.first("listens", event.at)
            case ProbeAttempt(ok=True) if "live" not in marks.at:
                marks.at["healthy"] = event.at  # the last one counts
            case Live():
                marks.first("live", event.at)
                self._live[event.service or ""] = (event.deploy or 0, event.at)

    def saved(self, deploy: int) -> FilesSaved | None:
        """What was saved for a deploy."""
        with self._lock:
            return self._saved.get(deploy)

    def began_ago(self, deploy: int, at: float) -> float | None:
        """For how many seconds a deploy has been under way."""
        with self._lock:
            began = self._began.get(deploy)
        return at - began if began is not None else None

    def phases(self, deploy: int, service: str, at: float) -> Phases:
        """What is known of them now, at a time of the events' own clock."""
        with self._lock:
            began, marks = self._began.get(deploy), self._marks.get(deploy, {}).get(service, _Marks())
        if began is None:
            return Phases()
        marks.first("began", began)
        whole = marks.between("build", "built")
        prepared = next(one for one in ("ready", "built", "began") if one in marks.at)
        up = next((one for one in ("healthy", "listens", "started") if one in marks.at), "began")
        return Phases(
            queued_s=_rounded(marks.between("began", "build")),
            context_s=_rounded(marks.context),
            build_s=_rounded(max(0.0, whole - (marks.context or 0.0)) if whole is not None else None),
            pre_deploy_s=_rounded(marks.pre_deploy),
            create_s=_rounded(marks.between(prepared, "started")),
            boot_s=_rounded(marks.between("started", "listens")),
            health_s=_rounded(marks.between("listens" if "listens" in marks.at else "started", "healthy")),
            switch_s=_rounded(marks.between(up, "live")),
            drain_s=_rounded(marks.drain),
            total_s=_rounded(marks.at.get("live", at) - began),
        )

    def _ended(self, service: str, deploy: int, at: float) -> None:
        """An instance has ended: it made room for a deploy, if a newer one is live."""
        newest, since = self._live.get(service, (deploy, at))
        if deploy >= newest:
            return
        marks = self._marks.get(newest, {}).get(service)
        if marks is not None:
            marks.drain = at - since
        else:
            self._drains[(newest, service)] = round(at - since, 3)

    def take_drains(self) -> dict[tuple[int, str], float]:
        """By deploy and service: how long after a deploy went live, which is written down already, the last instance of
        the one before had ended. Each is given once."""
        with self._lock:
            drains, self._drains = self._drains, {}
        return drains

    def forget(self, deploy: int) -> None:
        """It is written down."""
        with self._lock:
            for table in (self._began, self._saved, self._marks):
                table.pop(deploy, None)


def _rounded(seconds: float | None) -> float | None:
    return round(seconds, 3) if seconds is not None else None
