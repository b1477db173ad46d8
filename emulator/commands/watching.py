"""`emu up --watch`: each save is a deploy as the platform would make one, or nothing, with its reason."""

import threading
from collections.abc import Callable, Iterator

from emulator.commands.planning import Planned
from emulator.commands.reaction import reaction
from emulator.commands.session import Session
from emulator.commands.underway import Underway
from emulator.model.diagnostic import Diagnostic, HostError
from emulator.model.event import DiagnosticFound, FilesSaved, VerdictKind
from emulator.model.record import replace
from emulator.snapshot import Snapshot

Watch = Callable[[str, threading.Event, Callable[[Diagnostic], None]], Iterator[frozenset[str]]]
Ignored = Callable[[frozenset[str]], str | None]

_MOST_TOLD = 20


class Watcher:
    """Deploys what is saved while a session serves, in a thread of its own, until it is closed."""

    def __init__(
        self, session: Session, *, plan_again: Callable[[], Planned], ignored: Ignored, watch: Watch
    ) -> None:
        """plan_again: the plan of what is there now. ignored: which of some paths git keeps from the platform."""
        self._session = session
        self._plan_again = plan_again
        self._ignored = ignored
        self._watch = watch
        self._planned = session.planned
        self._last: Underway | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watching", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            for paths in self._watch(self._session.settings.root, self._end, self._tell):
                try:
                    self._saved(paths)
                except HostError as problem:  # of this save; the next one may be better
                    self._tell(problem.diagnostic)
        except BaseException as problem:  # noqa: BLE001 - raised again by the session, which would serve unwatched
            self._session.broke(problem)

    def _tell(self, diagnostic: Diagnostic) -> None:
        self._session.teller.tell(DiagnosticFound(diagnostic=diagnostic))

    def _saved(self, paths: frozenset[str]) -> None:
        seen = FilesSaved(paths=tuple(sorted(paths)[:_MOST_TOLD]), count=len(paths))
        if (where := self._ignored(paths)) is not None:
            self._session.teller.tell(replace(seen, because=f"git ignores it ({where})", platform_too=True))
            return
        planned = self._plan_again()
        found = reaction(self._planned, planned, paths)
        deploys = {*found.deploys, *self._owed()} if found.deploys else set()
        self._planned = planned
        if not deploys:
            self._session.teller.tell(replace(seen, because=found.because, platform_too=found.platform_too))
            return
        if self._last is not None and not self._last.finished.is_set():
            self._session.withdraw(self._last)
        number = self._session.project.next_deploy()
        self._session.teller.tell(
            replace(
                seen, deploy=number, deploys=tuple(sorted(deploys)), because=found.because,
                differences=found.differences,
            )
        )  # fmt: skip
        self._last = self._session.redeploy(planned, number, trigger="save", only=deploys)

    def _owed(self) -> set[str]:
        """Services whose last save was not deployed: it was refused, or another one came before its end."""
        if self._last is None:
            return set()
        verdicts = self._last.verdicts()
        undone = (VerdictKind.REFUSED, VerdictKind.CANCELED)
        return {n for n in self._last.names if n not in verdicts or verdicts[n].verdict in undone}


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
