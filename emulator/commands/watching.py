"""`emu up --watch`: each save is a deploy as the platform would make one, or nothing, with its reason."""

import posixpath
import threading
from collections.abc import Callable, Collection, Iterator

from emulator.commands.planning import Planned
from emulator.commands.saves import REFUSED_WHOLE, begin, react, unplanned
from emulator.commands.session import Session
from emulator.commands.underway import Underway
from emulator.model.diagnostic import Diagnostic, HostError
from emulator.model.event import DiagnosticFound, FilesSaved
from emulator.model.record import replace
from emulator.snapshot import Snapshot

Watch = Callable[[str, threading.Event, Collection[str], Callable[[str], None]], Iterator[frozenset[str]]]
Ignored = Callable[[frozenset[str]], str | None]

_MOST_TOLD = 20
_CLOSES_WITHIN_S = 5.0
_NO_PLAN = "there is no plan of what was saved"


class Watcher:
    """Deploys what is saved while a session serves, in a thread of its own, until it is closed."""

    def __init__(
        self, session: Session, *, plan_again: Callable[[], Planned], ignored: Ignored, watch: Watch,
        given: Collection[str] = (), anyway: bool = False,
    ) -> None:  # fmt: skip
        """plan_again: the checked plan of what is there now. ignored: which of some paths git keeps from the platform.
        given: files that options name, by whole paths. anyway: build even when the check finds an error."""
        self._session = session
        self._plan_again = plan_again
        self._ignored = ignored
        self._watch = watch
        self._given = given
        self._anyway = anyway
        self._saves = begin(session.planned)
        self._has_plan = True
        self._held: frozenset[str] | None = None
        """What was saved while no save is deployed; None where each is."""
        self._made: list[Underway] = []
        """The deploys that are not decided."""
        self._lock = threading.Lock()
        self._end = threading.Event()
        session.watcher = self
        self._thread = threading.Thread(target=self._run, name="watching", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """A deploy that waits for an engine that hangs is not waited for."""
        self._end.set()
        self._thread.join(_CLOSES_WITHIN_S)

    def build_anyway(self, services: Collection[str]) -> None:
        """Deploy these services, which were refused, whatever the check says; from any thread. Raises HostError."""
        with self._lock:
            self._react(self._plan_again(), frozenset(), FilesSaved(paths=(), count=0), anyway=services)

    def pause(self) -> bool:
        """Deploy no save until asked a second time, and then all of them at once; whether it pauses now. From any
        thread."""
        with self._lock:
            held, self._held = self._held, None if self._held is not None else frozenset()
            if held:
                self._saved(held)
            return self._held is not None

    def _run(self) -> None:
        teller = self._session.teller
        try:
            for paths in self._watch(self._session.settings.root, self._end, self._given, teller.note):
                with self._lock:
                    self._saved(paths)
        except BaseException as problem:  # noqa: BLE001 - raised again by the session, which would serve unwatched
            self._session.broke(problem)

    def _saved(self, paths: frozenset[str]) -> None:
        if self._session.is_ending:
            return
        files = _files(paths)
        seen = FilesSaved(paths=files[:_MOST_TOLD], count=len(files))
        try:
            if (where := self._ignored(paths)) is not None:
                self._session.teller.tell(replace(seen, because=f"git ignores it ({where})", platform_too=True))
                return
            if self._held is not None:
                self._held |= paths
                self._session.teller.tell(replace(seen, because="deploys are paused", held=True))
                return
            planned = self._plan_again()
            self._session.accepts(planned)
        except HostError as problem:  # of this save; the next one may be better
            self._refuse(paths, seen, problem.diagnostic)
            return
        try:
            every = [service.name for service in planned.resolution.plan.services]
            self._react(planned, paths, seen, anyway=every if self._anyway else ())
        except HostError as problem:
            self._saves = unplanned(self._saves, paths)
            self._session.teller.tell(DiagnosticFound(diagnostic=problem.diagnostic))

    def _refuse(self, paths: frozenset[str], seen: FilesSaved, cause: Diagnostic) -> None:
        """There is no plan: what is live goes on, what is under way is called off. The next save has to do with these
        files too."""
        under_way = self._under_way()
        self._saves, self._has_plan = unplanned(self._saves, paths, under_way), False
        number = self._session.project.next_deploy()
        for one in self._made:
            self._session.withdraw(one, only=under_way, by=number)
        self._session.teller.tell(replace(seen, deploy=number, because=_NO_PLAN))
        self._session.refuse(cause, number)

    def _under_way(self) -> frozenset[str]:
        """The services with a deploy that is not decided."""
        self._made = [one for one in self._made if not one.finished.is_set()]
        return frozenset(name for one in self._made for name in one.names if name not in one.verdicts())

    def _react(self, planned: Planned, paths: frozenset[str], seen: FilesSaved, *, anyway: Collection[str]) -> None:
        """anyway: these services whatever the check says. Raises HostError."""
        under_way = self._under_way()
        saves, step = react(self._saves, planned, paths, under_way, anyway=anyway)
        found = step.reaction
        seen = replace(seen, because=found.because, path=found.path, platform_too=found.platform_too)
        concerned = step.concerned & {s.name for s in self._session.runnable(planned)}
        had_plan, self._has_plan = self._has_plan, not (step.is_refused and not step.refused)
        seen = replace(seen, has_plan=self._has_plan and not had_plan)
        if not self._has_plan:  # the plan as a whole is refused, and has no services
            seen, concerned = replace(seen, because=_NO_PLAN, path=None), under_way
        elif not concerned:
            self._session.teller.tell(seen)
            self._saves = saves
            return
        self._saves = replace(self._saves, owed=self._saves.owed | (concerned & under_way))  # were it to go wrong below
        number = self._session.project.next_deploy()
        for one in self._made:
            self._session.withdraw(one, only=concerned, by=number)
        names = () if found.because == REFUSED_WHOLE else tuple(sorted(concerned))
        self._session.teller.tell(replace(seen, deploy=number, deploys=names, differences=found.differences))
        made = self._session.redeploy(planned, number, trigger="save", only=concerned, anyway=anyway)
        self._made.append(made)
        self._saves = saves


def _files(paths: frozenset[str]) -> tuple[str, ...]:
    """Without the folders that others of them lie in, which come and go with those."""
    above: set[str] = set()
    for path in paths:
        folder = path
        while (folder := posixpath.dirname(folder)) and folder not in above:
            above.add(folder)
    return tuple(sorted(paths - above))


def ignored_by_git(repo: Snapshot, paths: frozenset[str]) -> str | None:
    """The rule of git's that ignores one of `paths`, where git ignores all of them; else None."""
    where = ""
    for path in paths:
        parts = path.split("/")
        nodes = (repo.node("/".join(parts[: n + 1])) for n in range(len(parts)))
        ignoring = next((n for n in nodes if n.why == "ignored" or (n.why == "missing" and n.detail)), None)
        if ignoring is None:
            return None
        where = ignoring.detail
    return where
