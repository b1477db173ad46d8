"""A check for several platforms as text: what each would run, then what was found, once for all on which it is so."""

from collections.abc import Collection, Sequence

from emulator.model.diagnostic import Diagnostic
from emulator.model.plan import Plan
from emulator.model.record import replace

from .plan_text import service_blocks, summed, told_findings
from .style import Style, hanging
from .text import ReadLine, diagnostics_text


def check_text(
    plans: Sequence[Plan], style: Style, read_line: ReadLine, *, verbose: bool = False, quiet: bool = False,
    known: Sequence[int], loud: Collection[str],
) -> str:  # fmt: skip
    """The whole answer. known: for each plan, how many findings a baseline knows; the rest as for `plan_text`."""
    blocks = [block for plan in plans for block in service_blocks(plan, style, verbose=verbose, quiet=quiet)]
    on: dict[Diagnostic, list[str]] = {}
    for plan in plans:
        for diagnostic in told_findings(plan, quiet=quiet, loud=loud):
            names = on.setdefault(replace(diagnostic, service=None), [])
            names += [plan.platform] if plan.platform not in names else []
    shown = [_on(diagnostic, names, len(plans)) for diagnostic, names in on.items()]
    if shown:
        blocks.append(diagnostics_text(shown, style, read_line))
    if not quiet:
        gap = max(len(plan.platform) for plan in plans) + 2
        rows = [hanging(p.platform, summed(p, n), style, indent=0, gap=gap) for p, n in zip(plans, known, strict=True)]
        blocks.append("\n".join(line for row in rows for line in row))
    return "\n\n".join(blocks) + "\n"


def _on(diagnostic: Diagnostic, names: list[str], of: int) -> Diagnostic:
    """A finding that is not the same everywhere says where it is."""
    if len(names) == of:
        return diagnostic
    return replace(diagnostic, facts=(f"on {' and '.join(names)}", *diagnostic.facts))
