"""Asking the `up` that runs in another terminal, and telling what it answers."""

from collections.abc import Iterator

import msgspec

from emulator.commands.teller import Teller
from emulator.commands.underway import exit_code
from emulator.model.control import Answer, Ask, Refusal, Status, TrafficStatus
from emulator.model.diagnostic import Fault, HostError, error
from emulator.model.event import Event, Verdict
from emulator.model.record import to_json
from emulator.request import World


def asked(world: World, project: str, ask: Ask) -> Iterator[Event | Status | TrafficStatus | Refusal] | None:
    """The answers of the running `up` of a project as they come; None when there is none."""
    lines = world.ask_running_up(project, to_json(ask))
    return None if lines is None else (msgspec.json.decode(line, type=Answer) for line in lines)


def followed(answers: Iterator[Event | Status | TrafficStatus | Refusal], teller: Teller) -> int:
    """Tell the events of a deploy that the running `up` makes; the exit code follows its verdict. Raises HostError
    for a refusal, and when the other one ends before the verdict."""
    for answer in answers:
        if isinstance(answer, Refusal):
            raise HostError(answer.diagnostic, exit_code=answer.exit_code)
        if isinstance(answer, Status | TrafficStatus):
            continue
        teller.tell(answer)
        if isinstance(answer, Verdict):
            return exit_code(answer)
    raise HostError(
        error(
            "up/ended",
            "the running `emu up` ended before the deploy was decided",
            fault=Fault.HOST,
            help="run `emu up` again: it starts anew",
        ),
        exit_code=1,
    )


def status(world: World, project: str) -> Status | None:
    """How the running `up` of a project stands; None when there is none."""
    answers = asked(world, project, Ask(verb="status"))
    return next((answer for answer in answers or () if isinstance(answer, Status)), None)


def nothing_runs() -> HostError:
    """For a command that needs a running `up`."""
    return HostError(
        error(
            "up/not-running",
            "no `emu up` runs for this project",
            fault=Fault.HOST,
            help="start it with `emu up` in another terminal",
        ),
        exit_code=1,
    )
