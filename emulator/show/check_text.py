"""A check for several platforms as text: what each would run, then what was found, once for all on which it is so."""

from collections.abc import Collection, Sequence

from emulator.model.diagnostic import Diagnostic
from emulator.model.plan import Plan
from emulator.model.record import Record, replace
from emulator.model.rule import Rule

from .excerpt import ReadLine
from .plan_text import service_blocks, sum_line, told_findings
from .style import Style
from .text import diagnostics_text


class Shown(Record, frozen=True, kw_only=True):
    """One platform's part. known: how many of its findings a baseline knows; rules: the platform's, by id."""

    plan: Plan
    known: int
    rules: dict[str, Rule]


def check_text(
    parts: Sequence[Shown], style: Style, read_line: ReadLine, *, verbose: bool, quiet: bool, loud: Collection[str]
) -> str:
    """The whole answer; options as for `plan_text`."""
    blocks = []
    on: dict[Diagnostic, list[str]] = {}
    for part in parts:
        services = service_blocks(part.plan, style, rules=part.rules, verbose=verbose, quiet=quiet, checked=True)
        blocks += [f"{style.bold(part.plan.platform)}\n{block}" for block in services if block] if quiet else services
        for diagnostic in told_findings(part.plan, quiet=quiet, loud=loud):
            names = on.setdefault(replace(diagnostic, service=None), [])
            names += [part.plan.platform] if part.plan.platform not in names else []
    shown = [_on(diagnostic, names, len(parts)) for diagnostic, names in on.items()]
    blocks.append(diagnostics_text(shown, style._replace(whole=verbose), read_line))
    if not quiet:
        blocks.append("\n".join(sum_line(part.plan, style, checked=True, known=part.known) for part in parts))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _on(diagnostic: Diagnostic, names: list[str], of: int) -> Diagnostic:
    """A finding that is not the same everywhere says where it is."""
    if len(names) == of:
        return diagnostic
    return replace(diagnostic, facts=(f"on {' and '.join(names)}", *diagnostic.facts))
