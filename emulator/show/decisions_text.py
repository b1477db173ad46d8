"""Every decision of a plan: question, answer, why, by which rule, who says so since when, and what lost."""

from collections.abc import Iterable, Mapping

from emulator.model.choice import Decision
from emulator.model.origin import Origin
from emulator.model.plan import Plan
from emulator.model.rule import Rule

from .style import Style, hanging, printable, wrap
from .words import at


def decisions_text(plan: Plan, rules: Mapping[str, Rule], style: Style) -> str:
    """The plan's own first, then those of each service. rules: the platform's, by id."""
    lines = [style.bold("decisions"), *_all((plan.detected, *plan.decisions), rules, style)]
    for service in plan.services:
        if service.decisions:
            lines += ["", style.bold(f"decisions for {printable(service.name)}")]
            lines += _all(service.decisions, rules, style)
    return "\n".join(lines)


def _all(decisions: Iterable[Decision], rules: Mapping[str, Rule], style: Style) -> list[str]:
    return [line for decision in decisions for line in _decision(decision, rules, style)]


def _decision(decision: Decision, rules: Mapping[str, Rule], style: Style) -> list[str]:
    first, *rest = wrap(f"{decision.question} → {decision.answer}", style.width - 4)
    lines = [f"  {style.cyan('?')} {first}", *(f"    {line}" for line in rest)]
    lines += _row("because", decision.because + _place(decision.origin), style)
    if decision.rule is not None:
        rule = rules.get(decision.rule)
        lines += _row("rule", decision.rule, style)
        if rule is not None:
            lines += _row("source", f"{rule.source}  ({rule.evidence}, checked {rule.checked}; {rule.fidelity})", style)
        elif decision.source:
            lines += _row("source", decision.source, style)
    for rejected in decision.rejected:
        lines += _row("not", f"{rejected.answer}{_place(rejected.origin)}: {rejected.because}", style)
    return lines


def _place(origin: Origin | None) -> str:
    """ "  [app.yaml:8]" """
    place = at(origin)
    return f"  [{place}]" if place else ""


def _row(label: str, text: str, style: Style) -> list[str]:
    return hanging(label, text, style, indent=6, gap=9)
