"""`emu up --watch` when this machine fails it: what was lost is made anew as soon as the cause is gone.

It is deployed again rather than taken over: an engine that starts again has ended the containers, and of one that only
could not be reached nobody knows what its containers said and did meanwhile. What is saved meanwhile is in that deploy.
"""

from collections.abc import Callable

from emulator.commands.planning import Planned
from emulator.commands.teller import Teller
from emulator.commands.unmet import tell_refusal
from emulator.model.diagnostic import Diagnostic, HostError
from emulator.model.event import DiagnosticFound, Trigger
from emulator.model.record import replace
from emulator.world.clock import Clock
from emulator.world.docker import is_lost

_ASK_EVERY_S = 0.5
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_QUIET_S = 60.0
"""What ran this long before it failed again is tried again as soon as the first time."""
_PLAN_EVERY_S = 2.0


class Outage(Exception):
    """A session that had begun was ended by what this machine, and not the app, is to blame for."""

    def __init__(self, problem: HostError) -> None:
        super().__init__(str(problem))
        self.problem = problem


def lasting(
    serve: Callable[[Planned, Trigger], int], planned: Planned, *, plan_again: Callable[[], Planned],
    knock: Callable[[], None], teller: Teller, clock: Clock, build_anyway: bool,
) -> int:  # fmt: skip
    """Serve, and after each outage anew; the exit code of the session that ended otherwise. serve: one session; raises
    Outage. knock: ask the engine whether it is there; raises HostError. Raises HostError for what kept even the first
    session from beginning."""
    trigger: Trigger = "up"
    pause = _FIRST_PAUSE_S
    while True:
        began = clock.now()
        try:
            return serve(planned, trigger)
        except Outage as outage:
            problem = outage.problem
        pause = _FIRST_PAUSE_S if clock.now() - began > _QUIET_S else pause
        teller.tell(DiagnosticFound(diagnostic=_told(problem.diagnostic, pause)))
        if is_lost(problem):
            _until_it_answers(knock, clock)
        else:
            clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        planned = plan_again() if build_anyway else _agreed(plan_again, teller, clock)
        trigger = "recovery"
        teller.knows(planned)
        teller.note("deploying anew what was lost")


def _told(diagnostic: Diagnostic, pause_s: float) -> Diagnostic:
    """With what follows from it here."""
    if is_lost(HostError(diagnostic)):
        fact = "when the engine answers again, everything is deployed anew, with what is saved until then"
        help_ = "start Docker again: this `emu up` goes on by itself; Ctrl-C ends it"
        return replace(diagnostic, facts=(fact, *diagnostic.facts), help=help_)
    return replace(diagnostic, facts=(f"everything is deployed anew in {pause_s:.0f} s", *diagnostic.facts))


def _until_it_answers(knock: Callable[[], None], clock: Clock) -> None:
    while True:
        try:
            knock()
        except HostError:
            clock.sleep(_ASK_EVERY_S)
        else:
            return


def _agreed(plan_again: Callable[[], Planned], teller: Teller, clock: Clock) -> Planned:
    """The plan of what is there now. One that the check refuses is told of, and a better one waited for."""
    planned, told = plan_again(), False
    while planned.resolution.plan.with_errors():
        if not told:
            teller.knows(planned)
            for diagnostic in planned.resolution.plan.diagnostics:
                teller.tell(DiagnosticFound(diagnostic=diagnostic, service=diagnostic.service))
            teller.tell(tell_refusal(planned, teller.tell, None, {}))
            told = True
        clock.sleep(_PLAN_EVERY_S)
        planned = plan_again()
    return planned
