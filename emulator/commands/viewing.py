"""The live view of a running `up`: what its events, its containers and the keys come to, on a terminal's screen."""

import threading
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from emulator.commands.planning import Planned
from emulator.commands.session import Session
from emulator.engine.labels import CONTAINER
from emulator.model.diagnostic import HostError
from emulator.model.event import Event, Log
from emulator.model.plan import Service
from emulator.request import Terminal
from emulator.show import live_view
from emulator.show.live_keys import Wish, pressed
from emulator.show.live_panel import panel, room_of
from emulator.show.live_view import View
from emulator.show.style import Style

if TYPE_CHECKING:
    from emulator.world.docker import Docker
    from emulator.world.front import Screen

MEASURED_EVERY_S = 2.0
_MIB = 1024 * 1024


class Viewing:
    """A `front.Scene` of a session, from `begin` to `close`.

    replan: the checked plan of what is there now. browse: opens an address, if there is a browser here. interrupt: what
    Ctrl-C does.
    """

    def __init__(
        self,
        session: Session,
        *,
        replan: Callable[[], Planned],
        browse: Callable[[str], bool],
        interrupt: Callable[[], None],
        watches: bool,
        is_once: bool = False,
    ) -> None:
        self._session = session
        self._teller = session.teller
        self._replan = replan
        self._browse = browse
        self._interrupt = interrupt
        self._lock = threading.Lock()
        self._view = View(watches=watches, is_once=is_once)
        self._memory = _Memory(session)
        self._screen: Screen | None = None
        self._over = threading.Event()
        self._width = 0

    def begin(self, terminal: Terminal) -> bool:
        """In the main thread: show it, where the terminal can."""
        self._knows(self._session.planned.resolution.plan.services)
        self._screen = terminal.show(self)
        if self._screen is None:
            return False
        self._teller.shown_by(self)
        threading.Thread(target=self._measure, name="memory", daemon=True).start()
        return True

    def ends(self) -> None:
        """From now on everything is stopped."""
        self._change(live_view.ending)

    def close(self) -> None:
        """In the main thread: what is told from now on is plain lines again."""
        self._over.set()
        if self._screen is not None:
            self._teller.shown_by(None)
            self._screen.close()

    # ---- what is told

    def hear(self, event: Event) -> None:
        """Every event but the lines of logs, before it is printed."""
        if not isinstance(event, Log):
            self._change(lambda view: live_view.seen(view, event))

    def knows(self, services: Collection[Service]) -> None:
        """Another plan."""
        self._knows(services)

    def print_line(self, event: Event, line: str) -> None:
        """One that was made of `event`. A log line of a service that is not looked at is not printed."""
        assert self._screen is not None
        if not isinstance(event, Log):
            self._screen.put(line + "\n")
        elif self._view.only in (None, event.service):
            self._screen.put_line(line + "\n")

    def _knows(self, services: Collection[Service]) -> None:
        self._change(lambda view: live_view.knows(view, services))

    def _change(self, change: Callable[[View], View]) -> None:
        with self._lock:
            before, self._view = self._view, change(self._view)
            is_same = self._view is before
        if self._screen is not None and not is_same:
            self._screen.wake()

    def _notice(self, text: str) -> None:
        self._change(lambda view: live_view.noticed(view, text, self._teller.now()))

    # ---- the scene

    def panel(self, columns: int, rows: int) -> list[str]:
        if columns != self._width:
            self._width = columns
            self._teller.resized(columns)
        return panel(self._view, Style(width=columns, colour=True), room_of(columns, rows), self._teller.now())

    def left_out(self, count: int) -> str:
        return f"… {count} line{'' if count == 1 else 's'} left out, too many for this terminal; `emu logs` has them\n"

    def pressed(self, key: str) -> None:
        wish: Wish | None = None

        def press(view: View) -> View:
            nonlocal wish
            view, wish = pressed(view, key)
            return view

        self._change(press)
        if wish is not None:
            threading.Thread(target=self._fulfil, args=(wish,), name="wish", daemon=True).start()

    def failed(self, problem: Exception) -> None:
        self._session.broke(problem)

    # ---- what keys ask for, each in a thread of its own

    def _fulfil(self, wish: Wish) -> None:
        try:
            match wish.verb:
                case "restart":
                    self._restart(wish.service)
                case "rebuild":
                    self._rebuild(wish.service)
                case "open":
                    self._open(wish.service)
                case "pause":
                    self._pause()
                case "clear" if self._screen is not None:
                    self._screen.clear()
                case "quit":
                    self._interrupt()
        except HostError as problem:  # of this wish; what runs goes on
            self._notice(problem.diagnostic.message)
        except Exception as problem:  # noqa: BLE001 - raised again by the session
            self._session.broke(problem)

    def _restart(self, service: str | None) -> None:
        back = self._session.restarting((service,) if service else ())
        self._session.again(back, self._session.project.next_deploy())
        self._notice(f"restarts {service or 'all services'}")

    def _rebuild(self, service: str | None) -> None:
        """What the check refused is built anyway: asking once more is what asks for that. Where saves are deployed,
        the others are built of what is there now already."""
        refused = [one.name for one in self._view.services if service in (None, one.name) and one.is_refused]
        watcher = self._session.watcher
        if refused and watcher is not None:
            self._notice(f"builds {', '.join(refused)} all the same")
            watcher.build_anyway(refused)
            return
        self._notice(f"builds {service or 'all services'}{' all the same' if refused else ''}")
        planned, only = self._replan(), {service} if service else None
        self._session.deployable(planned, only)
        number = self._session.project.next_deploy()
        self._session.redeploy(planned, number, only=only, anyway=refused, afresh=True)

    def _pause(self) -> None:
        watcher = self._session.watcher
        if watcher is not None:
            paused = watcher.pause()
            self._change(lambda view: live_view.paused(view, paused=paused))

    def _open(self, service: str | None) -> None:
        url = next((one.url for one in self._view.services if one.name == service), None)
        if url is None:
            self._notice(f"{service} has no address")
        else:
            self._notice(f"opens {url}" if self._browse(url) else f"no browser on this machine's screen: {url}")

    # ---- memory

    def _measure(self) -> None:
        while not self._over.wait(MEASURED_EVERY_S):
            try:
                found = self._memory.measure()
            except HostError:  # an engine that is lost is told by who waits for the containers
                continue
            self._change(lambda view: live_view.measured(view, found))  # noqa: B023 - called at once


class _Memory:
    """How much each service's containers hold."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, tuple[int, str | None]] = {}
        """By a container's id: its first process, and which one of its instance it is."""

    def measure(self) -> dict[str, tuple[int, int | None] | None]:
        """MiB in use and the limit of the container that is nearest to its own, by service. Raises HostError."""
        docker = self._session.doors.docker
        services = {service.name: service for service in self._session.planned.resolution.plan.services}
        has_limits = self._session.settings.limits != "none"
        found: dict[str, tuple[int, int | None] | None] = {}
        seen: set[str] = set()
        for name, run in list(self._session.runs.items()):
            used = [(one.container, held) for one in run.instances() if (held := self._held(docker, one.container))]
            seen.update(id for id, _ in used)
            limits = {id: _limit(services.get(name), self._known[id][1]) if has_limits else None for id, _ in used}
            found[name] = max(((held // _MIB, limits[id]) for id, held in used), key=_fullness, default=None)
        self._known = {id: known for id, known in self._known.items() if id in seen}
        return found

    def _held(self, docker: "Docker", id: str) -> int | None:
        """The engine is asked for a container's process once: on its own machine the rest is read from a file."""
        if not id:
            return None
        if id not in self._known:
            facts = docker.inspect(id)
            if facts is None or facts.pid is None:
                return None
            self._known[id] = facts.pid, facts.labels.get(CONTAINER)
        held = docker.held_bytes(id, self._known[id][0])
        if held is None:
            del self._known[id]
        return held


def _limit(service: Service | None, container: str | None) -> int | None:
    if service is None:
        return None
    own = next((one for one in service.containers if one.name == container), service)
    return own.resources.memory_mib


def _fullness(memory: tuple[int, int | None]) -> tuple[float, int]:
    used, limit = memory
    return (used / limit if limit else 0.0), used
