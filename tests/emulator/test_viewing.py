"""The live view between a session and a screen: what is printed, what keys have done, how memory is looked at."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from emulator.commands.viewing import Viewing
from emulator.engine.labels import CONTAINER
from emulator.model.control import InstanceStatus
from emulator.model.diagnostic import UsageError
from emulator.model.event import DeployFailed, FilesSaved, Live, Log, Stopped
from emulator.model.record import replace
from tests.emulator.engine.services import service

MIB = 1024 * 1024


class FakeScreen:
    def __init__(self) -> None:
        self.printed: list[str] = []
        self.cleared = 0

    def put(self, text: str) -> None:
        self.printed.append(text)

    put_line = put

    def wake(self) -> None: ...

    def clear(self) -> None:
        self.cleared += 1

    def close(self) -> None: ...


class FakeSession:
    """Two services, of which "web" has an instance of two containers."""

    def __init__(self) -> None:
        web = service(name="web")
        side = SimpleNamespace(name="side", resources=SimpleNamespace(memory_mib=64))
        main = SimpleNamespace(name="main", resources=SimpleNamespace(memory_mib=512))
        self.services = (web, service(name="api"))
        in_plan = (SimpleNamespace(name="web", containers=(main, side), resources=web.resources), self.services[1])
        self.planned: Any = SimpleNamespace(resolution=SimpleNamespace(plan=SimpleNamespace(services=self.services)))
        self.measured: Any = SimpleNamespace(resolution=SimpleNamespace(plan=SimpleNamespace(services=in_plan)))
        self.settings = SimpleNamespace(limits="memory")
        self.teller = SimpleNamespace(
            now=lambda: 50.0, shown_by=lambda _: None, resized=lambda width: self.asked.append(("width", width))
        )
        self.project = SimpleNamespace(next_deploy=lambda: 7)
        self.doors = SimpleNamespace(docker=self)
        self.asked: list[tuple[object, ...]] = []
        self.watcher: Any = None
        self.held = {"a" * 64: 100 * MIB, "b" * 64: 60 * MIB}
        self.inspected = 0
        statuses = tuple(InstanceStatus(container=id, deploy=1, instance=1, role="serving") for id in self.held)
        self.runs = {"web": SimpleNamespace(instances=lambda: statuses), "api": SimpleNamespace(instances=tuple)}

    def restarting(self, names: tuple[str, ...]) -> tuple[str, ...]:
        if names == ("api",):
            raise UsageError("no service 'api' is live")
        return names

    def again(self, names: tuple[str, ...], number: int) -> None:
        self.asked.append(("restart", names, number))

    def deployable(self, planned: object, only: set[str] | None) -> None:
        if only == {"gone"}:
            raise UsageError("gone is not run of this plan")

    def redeploy(
        self, planned: object, number: int, *, only: set[str] | None, anyway: list[str], afresh: bool
    ) -> None:
        assert afresh  # a build that is asked for is made
        self.asked.append(("redeploy", planned, number, only, *anyway))

    def broke(self, problem: BaseException) -> None:
        self.asked.append(("broke", problem))

    def inspect(self, id: str) -> object:
        self.inspected += 1
        return SimpleNamespace(pid=1, labels={CONTAINER: "main" if id[0] == "a" else "side"})

    def held_bytes(self, id: str, _pid: int) -> int | None:
        return self.held.get(id)


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def screen() -> FakeScreen:
    return FakeScreen()


@pytest.fixture
def view(session: FakeSession, screen: FakeScreen) -> Viewing:
    viewing = Viewing(
        session,  # type: ignore[arg-type]
        replan=lambda: "plan",  # type: ignore[arg-type, return-value]
        browse=lambda url: url.endswith(":1"),
        interrupt=lambda: session.asked.append(("quit",)),
        watches=False,
    )
    assert viewing.begin(SimpleNamespace(show=lambda _: screen))  # type: ignore[arg-type]
    return viewing


def shown(view: Viewing) -> str:
    return "\n".join(view.panel(100, 24))


def until(what: Any) -> None:
    deadline = time.monotonic() + 5
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_keys_are_done_by_the_session(view: Viewing, session: FakeSession, screen: FakeScreen) -> None:
    """Each in a thread of its own; what it refuses is said at the bottom, and nothing ends for it."""
    for key, done in (
        ("r", ("restart", ("web",), 7)), ("R", ("restart", (), 7)), ("b", ("redeploy", "plan", 7, {"web"})),
        ("B", ("redeploy", "plan", 7, None)), ("q", ("quit",)),
    ):  # fmt: skip
        view.pressed(key)
        until(lambda done=done: done in session.asked)
    view.pressed("c")
    until(lambda: screen.cleared == 1)
    view.pressed("2")
    view.pressed("r")
    until(lambda: "no service 'api' is live" in shown(view))
    view.hear(DeployFailed(at=1.0, service="web", deploy=1, phase="check", reason="no file"))
    view.pressed("1")
    view.pressed("b")
    until(lambda: ("redeploy", "plan", 7, {"web"}, "web") in session.asked)


def test_what_is_watched_is_built_anyway_and_held_by_who_watches_it(view: Viewing, session: FakeSession) -> None:
    """So that the next save knows what is built. Nothing is to be held where no save is deployed."""
    pauses = iter((True, False))
    session.watcher = SimpleNamespace(
        build_anyway=lambda names: session.asked.append(("anyway", names)), pause=lambda: next(pauses)
    )
    view.hear(DeployFailed(at=1.0, service="web", deploy=1, phase="check", reason="no file"))
    view.pressed("B")
    until(lambda: ("anyway", ["web"]) in session.asked)
    view.pressed("p")
    assert "paused" not in shown(view)
    view._view = replace(view._view, watches=True)
    view.pressed("p")
    until(lambda: "paused; " in shown(view))
    assert "deploy 1 was refused (no file)" in shown(view)
    view.hear(FilesSaved(at=2.0, paths=("app.py",), count=1, held=True))
    assert "paused, 1 save waits; " in shown(view)
    view.pressed("p")
    until(lambda: "paused" not in shown(view))


def test_an_address_is_opened_or_told(view: Viewing) -> None:
    view.pressed("o")
    until(lambda: "web has no address" in shown(view))
    for port, told in ((1, "opens http://127.0.0.1:1"), (2, "no browser on this machine's screen: http://127.0.0.1:2")):
        view.hear(Live(at=1.0, service="web", deploy=port, url=f"http://127.0.0.1:{port}", seconds=1.0))
        view.pressed("o")
        until(lambda told=told: told in shown(view))


def test_the_log_lines_of_one_service(view: Viewing, screen: FakeScreen) -> None:
    """What happens to the others is still told."""
    view.pressed("l")
    for event in (
        Log(service="web", stream="stdout", line="one"), Log(service="api", stream="stdout", line="two"),
        Stopped(service="api", exit_code=1, signal=None, oom=False, graceful=True, seconds=1.0),
    ):  # fmt: skip
        view.print_line(event, f"line of {type(event).__name__} {event.service}")
    assert screen.printed == ["line of Log web\n", "line of Stopped api\n"]


def test_memory_is_that_of_the_container_nearest_to_its_limit(view: Viewing, session: FakeSession) -> None:
    """The engine is asked for a container once, and again when it is another one."""
    session.planned = session.measured
    assert view._memory.measure() == {"web": (60, 64), "api": None}
    assert view._memory.measure() == {"web": (60, 64), "api": None}
    assert session.inspected == 2
    del session.held["b" * 64]
    assert view._memory.measure() == {"web": (100, 512), "api": None}
    session.settings.limits = "none"
    assert view._memory.measure() == {"web": (100, None), "api": None}


def test_another_width_is_told_once(view: Viewing, session: FakeSession) -> None:
    view.panel(100, 24)
    view.panel(100, 20)
    view.panel(80, 20)
    assert [asked for asked in session.asked if asked[0] == "width"] == [("width", 100), ("width", 80)]


def test_a_fault_of_ours_ends_the_session(view: Viewing, session: FakeSession) -> None:
    problem = ValueError("of ours")
    view.failed(problem)
    assert session.asked == [("broke", problem)]
