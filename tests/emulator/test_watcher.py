"""The watcher between what is saved and a session: what it has deployed, and what is told and written down of a save
that leads to none."""

import queue
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from emulator.commands.recording import Recorder
from emulator.commands.underway import Underway, refused
from emulator.commands.unmet import tell_no_plan
from emulator.commands.watching import Watcher
from emulator.contract import Secrets
from emulator.model.diagnostic import UsageError
from emulator.model.difference import Difference
from emulator.model.event import DeployFailed, DeployStarted, Event, FilesSaved, VerdictKind
from emulator.model.history import DeployRecord, History
from emulator.model.record import replace
from tests.emulator.test_saves import BAD, NAMES, START, planned

BROKEN = "services: [}"


class Desk:
    """A folder that is watched, and a session of which everything is live as soon as it is asked for."""

    def __init__(self) -> None:
        self.files = dict(START)
        self.planned = planned(self.files)
        self.told: list[Any] = []
        self.deploys: list[tuple[int, frozenset[str]]] = []
        self.refused: list[tuple[str, int]] = []
        self.withdrawn: list[int] = []
        self.is_slow = False
        self.is_ending = False
        self.problem: BaseException | None = None
        self.batches: queue.Queue[frozenset[str] | None] = queue.Queue()
        self.settings = SimpleNamespace(root="/shop")
        self.teller = SimpleNamespace(tell=self.told.append, note=lambda _text: None)
        self.project = SimpleNamespace(next_deploy=self.next_deploy)
        self.number = 1
        self.watcher: Watcher = Watcher(
            self,  # type: ignore[arg-type]
            plan_again=self.plan_again, ignored=lambda _paths: None, watch=self.watch,
        )  # fmt: skip

    def plan_again(self) -> Any:
        if self.files.get("emu.toml"):
            raise UsageError("emu.toml has no setting 'x'")
        return planned(self.files)

    def watch(self, _root: str, _end: threading.Event, *_more: object) -> Iterator[frozenset[str]]:
        while (paths := self.batches.get()) is not None:
            yield paths
            self.batches.task_done()

    def save(self, **files: str) -> list[Any]:
        """Files by their names, with `_` for the slash and no ending; what was told of it."""
        names = {"yaml": "render.yaml", "toml": "emu.toml", "api_Dockerfile": "api/Dockerfile"}
        names |= {f"{name}_app": f"{name}/app.py" for name in NAMES}
        changed = {names[name]: text for name, text in files.items()}
        self.files |= changed
        before = len(self.told)
        self.batches.put(frozenset(changed))
        self.batches.join()
        return self.told[before:]

    def close(self) -> None:
        self.batches.put(None)
        self.watcher.close()
        assert self.problem is None

    # ---- the session

    def next_deploy(self) -> int:
        self.number += 1
        return self.number

    def runnable(self, found: Any) -> Any:
        return found.resolution.plan.services

    def accepts(self, found: Any) -> None: ...

    def redeploy(self, _planned: Any, number: int, *, trigger: str, only: Any, anyway: Any) -> Underway:
        assert (trigger, set(anyway) & set(NAMES)) == ("save", set(anyway))
        self.deploys.append((number, frozenset(only)))
        underway = Underway(number, "save", only)
        if not self.is_slow:
            underway.abandon()
        return underway

    def refuse(self, cause: Any, number: int) -> None:
        self.refused.append((cause.message, number))

    def withdraw(self, underway: Underway, only: Any = None, *, by: int) -> None:
        assert by > underway.number
        self.withdrawn += [underway.number] if underway.names else []

    def broke(self, problem: BaseException) -> None:
        self.problem = problem


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.close()


def test_a_save_of_which_there_is_no_plan_is_a_deploy_that_is_refused(desk: Desk) -> None:
    """It has a number of its own; what is under way is called off, and comes with the save that mends it."""
    desk.is_slow = True
    desk.save(api_app="1")
    [saved] = desk.save(toml="x = 1")
    assert (saved.deploy, saved.deploys, saved.because) == (3, (), "there is no plan of what was saved")
    assert (desk.refused, desk.withdrawn) == ([("emu.toml has no setting 'x'", 3)], [2])
    [saved] = desk.save(toml="")
    assert (saved.deploy, saved.deploys, saved.has_plan) == (4, ("api",), True)
    [saved] = desk.save(api_app="0")
    assert not saved.has_plan


def test_a_plan_without_services_is_told_as_none(desk: Desk) -> None:
    """Whatever of a Blueprint that cannot be read changed, it is not that no service is built from it."""
    [saved] = desk.save(yaml=BROKEN)
    assert (saved.because, saved.deploys) == ("there is no plan of what was saved", ())
    assert desk.deploys == [(2, frozenset())]
    [saved] = desk.save(yaml=START["render.yaml"])
    assert (saved.has_plan, saved.deploys) == (True, ())


def test_while_it_pauses_saves_are_noted_and_then_are_one_deploy(desk: Desk) -> None:
    """What has no plan meanwhile refuses nothing; a pause in which nothing was saved deploys nothing."""
    assert desk.watcher.pause()
    for saved in (*desk.save(api_app="1"), *desk.save(toml="x = 1"), *desk.save(jobs_app="1", toml="")):
        assert (saved.held, saved.deploy, saved.because) == (True, None, "deploys are paused")
    assert (desk.deploys, desk.refused) == ([], [])
    assert not desk.watcher.pause()
    assert desk.deploys == [(2, frozenset(NAMES))]
    assert desk.told[-1].paths == ("api/app.py", "emu.toml", "jobs/app.py")
    desk.watcher.pause()
    desk.watcher.pause()
    [saved] = desk.save(api_app="2")
    assert (saved.held, desk.deploys[1:]) == (False, [(3, frozenset({"api"}))])


def test_a_plan_that_is_refused_as_a_whole_says_so(desk: Desk) -> None:
    """Not that its file says the same as before."""
    told = desk.save(yaml=START["render.yaml"].replace("runtime: docker", "runtime: dokcer", 1))
    assert (told[0].because, told[0].deploys) == ("the check refuses the plan as a whole", ())


def test_a_folder_is_not_told_beside_its_files(desk: Desk) -> None:
    """It comes and goes with them. By itself it is what was saved."""
    for paths in (("api", "api/more", "api/more/deep/a.py", "b.py"), ("api",)):
        desk.batches.put(frozenset(paths))
        desk.batches.join()
    told = [(one.paths, one.count) for one in desk.told if isinstance(one, FilesSaved)]
    assert told == [(("api/more/deep/a.py", "b.py"), 2), (("api",), 1)]


def test_of_what_is_refused_it_builds_what_is_asked_for(desk: Desk) -> None:
    desk.save(api_Dockerfile=BAD)
    desk.watcher.build_anyway(["api"])
    assert desk.deploys == [(2, frozenset({"api"})), (3, frozenset({"api"}))]


# ---- what is written down ---------------------------------------------------------------------------


class Book:
    """A project that remembers deploys, and events on a clock that stands."""

    def __init__(self) -> None:
        self.history = History()
        self.listeners: list[Any] = []

    def also(self, listener: Any) -> None:
        self.listeners.append(listener)

    def tell(self, event: Event) -> None:
        for listener in self.listeners:
            listener(replace(event, at=5.0))

    def since_began(self) -> float:
        return 7.5

    def last_plan(self) -> None: ...

    def keep_plan(self, _plan: Any) -> None: ...

    def mark_files(self, _root: str, deploy: int) -> tuple[str, ...]:
        return ("of", str(deploy))

    def files_between(self, _root: str, one: int, other: int) -> tuple[str, ...]:
        return str(one), str(other)

    def record(self, one: DeployRecord) -> None:
        self.history = self.history.with_one(replace(one, at=time.time()))


def test_what_was_refused_is_among_the_deploys_and_nothing_to_go_back_to() -> None:
    """With its reason, trigger and files, also where there was no plan and so no service."""
    book = Book()
    recorder = Recorder(book, book, "render", "/shop")  # type: ignore[arg-type]
    cause = UsageError("emu.toml has no setting 'x'").diagnostic
    told: list[Event] = []
    for number, live in ((4, {"api": 3, "jobs": None}), (5, {})):
        underway = Underway(number, "save", ())
        book.tell(FilesSaved(deploy=number, paths=("emu.toml",), count=1))
        book.tell(DeployStarted(deploy=number, trigger="save"))
        recorder.refused(underway, tell_no_plan(cause, told.append, number, live))
    one, two = book.history.deploys
    assert (one.trigger, one.verdict, one.reason) == ("save", VerdictKind.REFUSED, "emu.toml has no setting 'x'")
    assert (one.changed, one.changed_count, one.seconds, one.images) == (("emu.toml",), 1, 2.5, {})
    assert [(s.name, s.verdict) for s in one.services] == [("api", VerdictKind.REFUSED), ("jobs", VerdictKind.REFUSED)]
    assert (two.verdict, two.services) == (VerdictKind.REFUSED, ())
    assert [(e.service, e.code, e.still_live) for e in told if isinstance(e, DeployFailed)] == [
        ("api", "no-plan", 3), ("jobs", "no-plan", None),
    ]  # fmt: skip
    assert book.history.why_not_back_to(4, one) == "deploy 4 never went live: refused"
    assert (book.history.before(None), book.history.kept()) == (None, frozenset())


def test_what_differs_from_the_deploy_before_is_written_down() -> None:
    """Of a deploy of the plan: files, the plan, and that a value changed which is not printed. Of one of an earlier
    deploy's image: what is between the two that built them."""
    book = Book()
    recorder = Recorder(book, book, "render", "/shop")  # type: ignore[arg-type]
    one = planned(START)
    tone = planned({**START, "render.yaml": START["render.yaml"].replace("low", "high")})
    two = tone._replace(resolution=replace(tone.resolution, secrets=Secrets({("jobs", "KEY"): "a"})))
    for number, found in ((2, one), (3, two)):
        recorder.begun(number, found, "up")
        recorder.refused(Underway(number, "up", ()), refused((), "no", number))
    recorder.begun_again(4, None, (3, 2), (Difference(service="api", key="env.TONE", before="high", after="low"),))
    recorder.refused(Underway(4, "rollback", (), image_of=2), refused((), "no", 4))
    assert [(r.changed, r.changed_count, r.differences[-2:]) for r in book.history.deploys] == [
        (("of", "2"), 2, ()),
        (("of", "3"), 2, ("api env.TONE: low → high", "jobs: a value that is not printed changed")),
        (("3", "2"), 2, ("api env.TONE: high → low",)),
    ]
