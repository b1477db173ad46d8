"""Tells every event of `emu up` as it happens, in the format asked for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from emulator.commands.plan import line_reader
from emulator.commands.planning import Planned
from emulator.model.diagnostic import Diagnostic, HostError
from emulator.model.event import DiagnosticFound, Event, Log, PlanMade, Verdict, VerdictKind
from emulator.model.origin import Origin
from emulator.model.plan import Service
from emulator.model.record import replace, to_json
from emulator.request import Request, World
from emulator.show.style import Style, style_of
from emulator.show.text import diagnostic_text
from emulator.show.up_text import UpText

if TYPE_CHECKING:
    from emulator.commands.viewing import Viewing


class Teller:
    """Every event, as it happens, in the format asked for; with the platform's own lines after it. prints: whether they
    are printed, and not heard by others alone."""

    def __init__(self, request: Request, world: World, *, prints: bool = True) -> None:
        self._prints = prints
        self._json = request.format == "json"
        self._terminal = world.terminal
        self._clock = world.clock()
        self._began = self._clock.now()
        self._lock = threading.Lock()
        self._planned: Planned | None = None
        self._services: dict[str, Service] = {}
        self._text: UpText | None = None
        self._request = request
        self._judged = False
        self._unread = False
        self._above: Literal["line", "block", "nothing"] = "line"
        """What stands above: a block has an empty line before and after it."""
        self._listeners: list[Callable[[Event], None]] = []
        self._viewing: Viewing | None = None

    def now(self) -> float:
        """On the clock of the events."""
        return self._clock.now() - self._began

    def shown_by(self, viewing: "Viewing | None") -> None:
        """From now on a live view prints the lines."""
        with self._lock:
            self._viewing = viewing
            if self._text is not None:
                self._text.is_live = viewing is not None

    def resized(self, width: int) -> None:
        """The terminal has another width now."""
        with self._lock:
            self._terminal.width = width
            if self._text is not None:
                self._text.style = self._text.style._replace(width=width)

    def knows(self, planned: Planned) -> None:
        """From now on the plan is known: its services, and its files for excerpts."""
        self._planned = planned
        self._services = {s.name: s for s in planned.resolution.plan.services}
        style = style_of(self._terminal, whole=self._request.verbose)
        self._text = UpText(
            style,
            line_reader(planned),
            services=self._services.values(),
            verbose=self._request.verbose,
            quiet=self._request.quiet,
        )
        self._text.is_live = self._viewing is not None
        if self._viewing is not None:
            self._viewing.knows(self._services.values())

    def read_line(self, origin: Origin) -> str | None:
        """A source line of what is planned, for excerpts; None before."""
        return line_reader(self._planned)(origin) if self._planned is not None else None

    def tell(self, event: Event) -> None:
        """Print `event` now, from whichever thread. When nobody reads any more, `check` says so: whoever
        tells something is not kept from tidying up."""
        stamped = replace(event, at=round(self.now(), 4))
        with self._lock:
            for listener in self._listeners:
                listener(stamped)
            if self._viewing is not None:
                self._viewing.hear(stamped)
            self._judged |= isinstance(event, Verdict)
            try:
                self._print(stamped)
                for line in self._platform_lines(stamped):
                    self._print(_platform_log(stamped, line))
            except BrokenPipeError:
                self._unread = True

    def also(self, listener: Callable[[Event], None]) -> None:
        """Have another one hear every event from now on; it must not take long."""
        with self._lock:
            self._listeners.append(listener)

    def since_began(self) -> float:
        """Now, on the clock of the events."""
        return self._clock.now() - self._began

    @contextmanager
    def heard_by(self, listener: Callable[[Event], None]) -> Iterator[None]:
        """Have another one hear every event as well; it must not take long."""
        with self._lock:
            self._listeners.append(listener)
        try:
            yield
        finally:
            with self._lock:
                self._listeners.remove(listener)

    def check(self) -> None:
        """Raise BrokenPipeError when what was told was not read."""
        if self._unread:
            raise BrokenPipeError

    def ended_early(self, diagnostic: Diagnostic) -> None:
        """For programs: why there is no verdict about the app. For people, on the other stream, as well."""
        self.tell(DiagnosticFound(diagnostic=diagnostic))
        self.canceled(diagnostic.message)
        style = Style(width=self._terminal.width, colour=self._terminal.colour and self._terminal.err_is_tty)
        self._terminal.err(diagnostic_text(diagnostic, style) + "\n")

    def canceled(self, reason: str) -> None:
        """For programs: a verdict is the last line, also of what was ended before there was one."""
        if self._json and self._planned is not None and not self._judged:
            self.tell(Verdict(verdict=VerdictKind.CANCELED, reason=reason))

    def note(self, text: str) -> None:
        if not self._json:
            self._terminal.err(text + "\n")

    def _platform_lines(self, event: Event) -> tuple[str, ...]:
        service = self._services.get(event.service or "")
        if service is None or self._planned is None or isinstance(event, Log):
            return ()
        return self._planned.platform.narrate(service, event)

    def _print(self, event: Event) -> None:
        if self._unread or not self._prints:
            return
        if self._json:
            self._terminal.out(to_json(event).decode() + "\n")
            return
        if self._text is None:
            return
        if isinstance(event, PlanMade):
            from emulator.commands.plan import printed

            assert self._planned is not None
            self._terminal.out(printed(self._planned, self._request, self._terminal, checked=True) + "\n")
            self._above = "nothing"
            return
        if isinstance(event, DiagnosticFound) and event.diagnostic in event_diagnostics(self._planned):
            return
        block = self._text.block(event)
        if block is not None:
            self._terminal.out(block if self._above == "nothing" else f"\n{block}")
            self._above = "block"
        for line in self._text.lines(event):
            text = f"\n{line}" if self._above == "block" else line
            self._above = "line"
            if self._viewing is not None:
                self._viewing.print_line(event, text)
            else:
                self._terminal.out(text + "\n")


def told(request: Request, world: World, work: Callable[[Teller], int]) -> int:
    """Do a command's work and tell of it; its exit code. For programs also what ended it early is told in its stream.
    Raises BrokenPipeError when nobody read it."""
    teller = Teller(request, world)
    try:
        code = work(teller)
    except HostError as problem:
        if request.format != "json":
            raise
        teller.ended_early(problem.diagnostic)
        return problem.exit_code
    except KeyboardInterrupt:
        teller.canceled("interrupted")
        raise
    teller.check()
    return code


def _platform_log(event: Event, line: str) -> Log:
    """A line of the platform's own, said at `event`."""
    return Log(
        at=event.at,
        service=event.service,
        container=event.container,
        instance=event.instance,
        deploy=event.deploy,
        stream="platform",
        line=line,
    )


def event_diagnostics(planned: Planned | None) -> tuple[object, ...]:
    """The diagnostics that the printed plan already showed."""
    return planned.resolution.plan.diagnostics if planned else ()
