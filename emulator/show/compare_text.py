"""A comparison as text: a column for each platform; what they agree on stands once, over all columns."""

from collections.abc import Callable

from emulator.model.comparison import Cell, ComparedService, Comparison, Row
from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.plan import Plan
from emulator.model.record import replace
from emulator.model.rule import Fidelity

from . import markdown
from .style import Style, columns, hanging, wrap
from .summary import tally
from .words import at

_LABEL, _GAP = 10, 2
_MOST_KEYS = 8
_LONGEST = 240
"""Of a longer value its beginning and its end are shown, unless all is asked for."""
_NAMES, _MOST_NAMES = ("env", "sets"), 6
_NOTHING = "—"


def compare_text(comparison: Comparison, style: Style, *, verbose: bool = False, quiet: bool = False) -> str:
    """The whole document, readable from 80 columns on. verbose: every variable by its name. quiet: only the rows in
    which they differ, and the errors."""
    blocks = [_heads(comparison, style)]
    blocks += [_service(service, comparison, style, verbose=verbose, quiet=quiet) for service in comparison.services]
    if not comparison.services:
        blocks.append("no platform finds anything to run here")
    blocks += [_findings(plan, style, quiet=quiet) for plan in comparison.plans]
    if not quiet:
        blocks.append("\n".join(_sum(comparison, style)))
    return "\n\n".join(blocks) + "\n"


def compare_markdown(comparison: Comparison) -> str:
    """The same as tables of Markdown, for a pull request."""
    lines: list[str] = []
    for service in comparison.services:
        names = (markdown.text(f"{one.platform}: {one.name or _NOTHING}") for one in service.names)
        lines.append(markdown.row("", *names))
        lines += ["|---" * (len(service.names) + 1) + "|"]
        for row in service.rows:
            cells = (markdown.text(cell.text or _NOTHING) for cell in row.cells)
            lines.append(markdown.row(row.aspect + ("" if row.same else " ≠"), *cells))
        lines.append("")
    for plan in comparison.plans:
        lines.append(f"**{plan.platform}**: {tally(plan.diagnostics)}")
        lines += [_listed(found) for found in told(plan)]
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def _listed(found: Diagnostic) -> str:
    where = f" ({markdown.text(place)})" if (place := at(found.origin)) else ""
    return f"- {found.severity} {markdown.code(found.code)} {markdown.text(found.message)}{where}"


def _heads(comparison: Comparison, style: Style) -> str:
    width = _width(len(comparison.platforms), style)
    names = [style.bold(name) + " " * (width + _GAP - columns(name)) for name in comparison.platforms]
    commit = f" at {comparison.snapshot.commit[:8]}" if comparison.snapshot.commit else ""
    return f"{comparison.snapshot.kind}{commit}\n\n" + (" " * (2 + _LABEL) + "".join(names)).rstrip()


def _width(count: int, style: Style) -> int:
    return max(10, (style.width - 2 - _LABEL - _GAP * (count - 1)) // count)


def _service(service: ComparedService, comparison: Comparison, style: Style, *, verbose: bool, quiet: bool) -> str:
    width = _width(len(comparison.platforms), style)
    cells = tuple(Cell(platform=name.platform, text=name.name) for name in service.names)
    same = len({cell.text for cell in cells}) == 1
    lines = _row(Row(aspect="service", same=same, cells=cells), width, style, paint=style.bold)
    for row in service.rows:
        if not (quiet and row.same):
            lines += _row(row if verbose else _shortened(row, style), width, style)
    return "\n".join(lines)


def _shortened(row: Row, style: Style) -> Row:
    """A row of names with the first few of them, and very long values without their middle."""
    texts = [_first_few(cell.text) if row.aspect in _NAMES else cell.text for cell in row.cells]
    shown = [style.short(text, _LONGEST) if text else text for text in texts]
    return replace(row, cells=tuple(replace(cell, text=text) for cell, text in zip(row.cells, shown, strict=True)))


def _first_few(text: str | None) -> str | None:
    names = text.split(", ") if text else []
    return f"{', '.join(names[:_MOST_NAMES])} and {len(names) - _MOST_NAMES} more" if len(names) > 8 else text


def _row(row: Row, width: int, style: Style, paint: Callable[[str], str] = str) -> list[str]:
    """One aspect: over all columns where they agree, marked where they do not."""
    if row.same:
        return hanging(row.aspect, row.cells[0].text or _NOTHING, style, gap=_LABEL)
    cells = [wrap(cell.text, width) if cell.text else [_NOTHING] for cell in row.cells]
    lines = []
    for number in range(max(len(cell) for cell in cells)):
        label = row.aspect if number == 0 else ""
        parts = [cell[number] if number < len(cell) else "" for cell in cells]
        body = "".join(paint(part) + " " * (width + _GAP - columns(part)) for part in parts).rstrip()
        mark = f"{style.yellow('≠')} " if number == 0 else "  "
        lines.append((mark + style.dim(label) + " " * (_LABEL - columns(label)) + body).rstrip())
    return lines


def told(plan: Plan) -> list[Diagnostic]:
    """What breaks or may break, the worst first."""
    order = (Severity.ERROR, Severity.WARNING)
    found = [d for d in plan.diagnostics if d.severity in order and not d.suppressed]
    return sorted(found, key=lambda d: order.index(d.severity))


def _findings(plan: Plan, style: Style, *, quiet: bool) -> str:
    """What the check finds on one platform, one after the other, and what this machine does not do as it does."""
    lines = [f"{style.bold(plan.platform)}  {tally(plan.diagnostics)}"]
    for found in told(plan):
        if quiet and found.severity is not Severity.ERROR:
            continue
        label = f"{found.severity}[{found.code}]:"
        where = f"  {place}" if (place := at(found.origin)) else ""
        first, *rest = wrap(f"{label} {style.short(found.message)}{where}", style.width - 4)
        paint = style.red if found.severity is Severity.ERROR else style.yellow
        lines += ["  " + first.replace(label, paint(label), 1), *("    " + line for line in rest)]
    keys = not_imitated(plan)
    if keys and not quiet:
        more = f" and {len(keys) - _MOST_KEYS} more" if len(keys) > _MOST_KEYS else ""
        lines += hanging("", f"not imitated: {', '.join(keys[:_MOST_KEYS])}{more}", style, gap=0)
    return "\n".join(lines)


def not_imitated(plan: Plan) -> list[str]:
    """The keys of the user's files that a run here makes nothing of."""
    missing = (Fidelity.NOT_IMITATED, Fidelity.UNKNOWN)
    return list(dict.fromkeys(row.key for row in plan.coverage if row.fidelity in missing))


def _sum(comparison: Comparison, style: Style) -> list[str]:
    rows = [row for service in comparison.services for row in service.rows]
    different = sum(not row.same for row in rows)
    told = f"{different} of {len(rows)} rows differ · `emu check --platform NAME` has the findings in full"
    return wrap(told, style.width)
