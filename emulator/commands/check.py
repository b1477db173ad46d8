"""`emu check`: the plan's document as a gate, with every other finding added; for one platform or several at once."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from emulator import options
from emulator.commands.plan import line_reader, printed
from emulator.commands.planning import Planned, configure_planning, plan_for_platforms
from emulator.config import read_config
from emulator.model.diagnostic import UsageError
from emulator.model.origin import Origin
from emulator.model.plan import Plan
from emulator.model.record import replace, to_json
from emulator.request import Request, World

if TYPE_CHECKING:
    from emulator.commands.gate import Gated

_FOR_PROGRAMS = ("sarif", "github", "gitlab", "junit")
FORMAT = replace(options.FORMAT, choices=("text", "json", *_FOR_PROGRAMS))

_LOUD: dict[str, tuple[str, ...]] = {
    "never": ("error",),
    "error": ("error",),
    "warning": ("error", "warning"),
    "info": ("error", "warning", "info"),
}
"""What --quiet shows, by --fail-on: what makes the check fail."""

EXAMPLES = (
    ("emu check", "what would go wrong here"),
    ("emu check --quiet", "commands and errors alone"),
    ("emu check --platform NAME --platform OTHER", "on two platforms, in one call"),
    ("emu check --format sarif --fail-on warning", "for code scanning; warnings fail as well"),
    ("emu check --baseline known.json --write-baseline", "begin with what is there: only new findings count"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    configure_planning(parser, world, several=options.FOR_EACH, format_=FORMAT)
    options.add_flags(parser.add_argument_group("as a gate"), list(options.GATE))


class Judged(NamedTuple):
    """What was found, for each platform. known: how many findings a baseline knows."""

    planned: tuple[Planned, ...]
    known: tuple[int, ...]
    fails: bool


def run(request: Request, world: World) -> int:
    """Print the plan with all that is found; 1 when something of it says that the deploy would fail, or is as bad as
    --fail-on says. Raises UsageError."""
    if request.write_baseline and request.baseline is None:
        raise UsageError("--write-baseline needs a file to write", help="name it: --baseline emu-baseline.json")
    if request.format in _FOR_PROGRAMS:
        found = _gated(checked_plans(plan_for_platforms(request, world)), request, world)
        world.terminal.out(_for_program(found, request))
        return 1 if _fails([one.plan for one in found], request) else 0
    answer = judged(request, world)
    world.terminal.out(_printed(answer, request, world))
    return 1 if answer.fails else 0


def judged(request: Request, world: World, baseline: str | None = None) -> Judged:
    """Plan, check and count. baseline: what the file of --baseline says, where it is not to be read here. Raises
    UsageError."""
    all_planned = checked_plans(plan_for_platforms(request, world))
    known = (0,) * len(all_planned)
    if request.baseline is not None:
        found = _gated(all_planned, request, world, baseline)
        all_planned, known = tuple(one.planned for one in found), tuple(len(one.known) for one in found)
    return Judged(all_planned, known, _fails([one.resolution.plan for one in all_planned], request))


def checked_plan(planned: Planned) -> Planned:
    """What was planned, with the findings of the check in its document. Raises UsageError for a wrong emu.toml."""
    return checked_plans((planned,))[0]


def checked_plans(all_planned: Sequence[Planned]) -> tuple[Planned, ...]:
    """The same for several platforms of one repository. Raises UsageError for a wrong emu.toml."""
    from emulator.check import checked_each

    repo, inputs = all_planned[0].repo, all_planned[0].inputs
    plans = checked_each(
        repo, [one.resolution.plan for one in all_planned], read_config(repo).ignored, whole=not inputs.services
    )
    return tuple(
        one._replace(resolution=replace(one.resolution, plan=plan))
        for one, plan in zip(all_planned, plans, strict=True)
    )


def _gated(
    all_planned: Sequence[Planned], request: Request, world: World, baseline: str | None = None
) -> "tuple[Gated, ...]":
    from emulator.commands.gate import gated, with_baseline

    found = gated(all_planned)
    return found if request.baseline is None else with_baseline(found, request, world, baseline)


def _fails(plans: Sequence[Plan], request: Request) -> bool:
    if request.fail_on == "error":
        return any(plan.with_errors() for plan in plans)
    from emulator.commands.gate import fails

    return fails(plans, request.fail_on)


def _for_program(found: "Sequence[Gated]", request: Request) -> str:
    from emulator.commands.gate import findings_report

    report = findings_report(found, request)
    match request.format:
        case "sarif":
            from emulator.show.sarif import sarif_log as shown
        case "github":
            from emulator.show.github import github_commands as shown
        case "gitlab":
            from emulator.show.gitlab import gitlab_report as shown
        case _:
            from emulator.show.junit import junit_report as shown
    return shown(report)


def _printed(found: Judged, request: Request, world: World) -> str:
    """For one platform the document that `emu plan` prints, for several one that holds theirs."""
    plans = [one.resolution.plan for one in found.planned]
    if len(plans) == 1 or request.format != "json":
        return printed_for_people(found, request, world)
    from emulator.model.several import SeveralPlans

    platforms = tuple(plan.platform for plan in plans)
    document = SeveralPlans(snapshot=plans[0].snapshot, platforms=platforms, plans=tuple(plans))
    return to_json(document).decode() + "\n"


def printed_for_people(found: Judged, request: Request, world: World) -> str:
    """The answer of a request for text; of one platform in any format."""
    loud = _LOUD[request.fail_on]
    if len(found.planned) == 1:
        return printed(found.planned[0], request, world.terminal, checked=True, known=found.known[0], loud=loud)
    from emulator.show.check_text import Shown, check_text
    from emulator.show.style import style_of

    style = style_of(world.terminal)
    parts = [
        Shown(plan=one.resolution.plan, known=number, rules={rule.id: rule for rule in one.platform.RULES})
        for one, number in zip(found.planned, found.known, strict=True)
    ]
    readers = [line_reader(one) for one in found.planned]

    def read_line(origin: Origin) -> str | None:
        """None of what one of them must not show."""
        lines = [read(origin) for read in readers]
        return None if None in lines else lines[0]

    return check_text(parts, style, read_line, verbose=request.verbose, quiet=request.quiet, loud=loud)
