"""A comparison as one page: what wins on each platform and why, what else differs, what breaks where."""

from collections.abc import Sequence

from emulator.model.choice import Decision
from emulator.model.comparison import Cell, ComparedService, Comparison, Row
from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.origin import Origin
from emulator.model.plan import Plan

from .compare_sheet import SHEET
from .compare_text import not_imitated, told
from .excerpt import ReadLine, where
from .html import Markup, element, lines, page, value
from .summary import tally
from .words import at

_NOTHING = "—"
_AROUND, _MOST = 60, 240
"""Characters of a source line that are shown before a place, and at most."""
_MOST_LOSERS = 4


def compare_html(comparison: Comparison, readers: Sequence[ReadLine]) -> str:
    """The whole document. readers: of each plan, what gives the line of a place."""
    title = f"One repository on {_and(comparison.platforms)}"
    blocks = [element("h1", title), _standing(comparison), _outcomes(comparison)]
    for number, service in enumerate(comparison.services, 1):
        blocks.append(_service(service, comparison, readers, f"service-{number}"))
    if not comparison.services:
        blocks.append(element("p", "No platform finds anything to run here."))
    blocks += [_findings(plan, read_line) for plan, read_line in zip(comparison.plans, readers, strict=True)]
    return page(title, SHEET, *blocks)


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _standing(comparison: Comparison) -> Markup:
    """What was compared, and how much of it differs."""
    snapshot = comparison.snapshot
    commit = f" at {snapshot.commit[:8]}" if snapshot.commit else ""
    rows = [row for service in comparison.services for row in service.rows]
    return element("p", f"{snapshot.kind}{commit} · {sum(not row.same for row in rows)} of {len(rows)} rows differ")


def _outcomes(comparison: Comparison) -> Markup:
    """Each platform with what the check finds there, the answer first."""
    items = []
    for plan in comparison.plans:
        link = element("a", plan.platform, href=f"#found-{plan.platform}")
        items.append(element("li", element("strong", link), " ", tally(plan.diagnostics), class_=_standing_of(plan)))
    return element("ul", *items, class_="outcomes")


def _standing_of(plan: Plan) -> str:
    return str(next((found.severity for found in told(plan)), "good"))


# ---- a service ----------------------------------------------------------------------------------------


def _service(service: ComparedService, comparison: Comparison, readers: Sequence[ReadLine], name: str) -> Markup:
    names = dict.fromkeys(one.name for one in service.names if one.name)
    heads = [element("td"), *(element("th", platform, scope="col") for platform in comparison.platforms)]
    cells = tuple(Cell(platform=one.platform, text=one.name) for one in service.names)
    rows = [Row(aspect="service", same=len(names) == 1 and all(one.name for one in service.names), cells=cells)]
    table = element(
        "table",
        element("caption", f"Marked ≠: the platforms differ. Taken for one service because {service.because}."),
        element("thead", element("tr", *heads)),
        element("tbody", lines(*(_row(row, readers) for row in [*rows, *service.rows]))),
        style=f"min-width: {8 + 8 * len(cells)}rem",
    )
    return element(
        "section",
        element("h2", value(" / ".join(names), _MOST), id=name),
        element("div", table, class_="wide", role="region", aria_labelledby=name, tabindex="0"),
        element("h3", "What wins, and why"),
        element("dl", *(_reasons(plan, one.name) for plan, one in zip(comparison.plans, service.names, strict=True))),
    )


def _row(row: Row, readers: Sequence[ReadLine]) -> Markup:
    """An aspect: over all columns where they agree."""
    if row.same:
        cell = element("td", value(row.cells[0].text or _NOTHING), colspan=str(len(row.cells)))
        return element("tr", element("th", row.aspect, scope="row"), cell)
    mark = element("span", "≠", title="the platforms differ", role="img", aria_label="differs:")
    cells = [element("td", _said(cell, reader)) for cell, reader in zip(row.cells, readers, strict=True)]
    return element("tr", element("th", mark, " ", row.aspect, scope="row"), *cells, class_="differs")


def _said(cell: Cell, read_line: ReadLine) -> Markup:
    """What it says, and the place that says so; of a row that is a place, its line."""
    if cell.text is None:
        return element("span", _NOTHING)
    place = at(cell.origin)
    if not place:
        return value(cell.text)
    if place != cell.text:
        return lines(value(cell.text), element("small", element("bdi", place)))
    line = (read_line(cell.origin) if cell.origin is not None else None) or ""
    return lines(value(cell.text), element("code", value(line.strip(), _MOST)) if line.strip() else Markup())


def _reasons(plan: Plan, name: str | None) -> Markup:
    """The decision about a service's command, and every other in which something lost."""
    decisions = [one for service in plan.services if service.name == name for one in service.decisions]
    told = [one for one in decisions if one.rejected or one.id == f"{name}.command"]
    said = [element("dd", *_decided(one)) for one in told] or [element("dd", "nothing runs there")]
    return lines(element("dt", plan.platform), *said)


def _decided(decision: Decision) -> list[Markup]:
    losers = [
        element("li", "not ", element("code", value(one.answer, _MOST)), _place(one.origin), ": ", value(one.because))
        for one in decision.rejected
    ]
    answer = element("code", value(decision.answer, _MOST))
    question = element("p", decision.question, " ", answer, _place(decision.origin))
    because = element("p", "because ", value(decision.because))
    return [question, because, *_folded(losers)]


def _folded(losers: list[Markup]) -> list[Markup]:
    """A few of them at once, more behind their number."""
    if len(losers) <= _MOST_LOSERS:
        return [element("ul", *losers)] if losers else []
    return [element("details", element("summary", f"{len(losers)} others are not"), element("ul", *losers))]


def _place(origin: Origin | None) -> Markup:
    return element("small", " ", element("bdi", at(origin))) if at(origin) else Markup()


# ---- what breaks --------------------------------------------------------------------------------------


def _findings(plan: Plan, read_line: ReadLine) -> Markup:
    heading = element("h2", f"What breaks on {plan.platform}", id=f"found-{plan.platform}")
    parts = [heading, element("p", tally(plan.diagnostics)), *(_finding(one, read_line) for one in told(plan))]
    if keys := not_imitated(plan):
        parts.append(element("p", "Not imitated in a run here: ", value(", ".join(keys))))
    return element("section", lines(*parts))


def _finding(found: Diagnostic, read_line: ReadLine) -> Markup:
    """One finding as the text has it: what, where, what was seen, the one thing to do."""
    severity = "error" if found.severity is Severity.ERROR else "warning"
    title = element("h3", element("strong", severity), " ", element("code", found.code), " ", value(found.message))
    parts = [title, _excerpt(found.origin, read_line)]
    parts += [lines(element("p", value(one.message)), _excerpt(one.origin, read_line)) for one in found.related]
    parts.append(element("ul", *(element("li", value(fact)) for fact in found.facts)) if found.facts else Markup())
    parts.append(element("p", element("strong", "help:"), " ", value(found.help)) if found.help else Markup())
    return element("article", lines(*parts), class_=severity)


def _excerpt(origin: Origin | None, read_line: ReadLine) -> Markup:
    """The place and its line, with what it is about marked."""
    if origin is None or origin.file in ("", "."):
        return Markup()
    line = (read_line(origin) or "").rstrip("\r\n")
    place = element("p", element("small", element("bdi", where(origin))))
    if not line.strip():
        return place
    return lines(place, element("pre", element("code", *_marked(line, origin)), tabindex="0"))


def _marked(line: str, origin: Origin) -> tuple[str, Markup, str]:
    """The line before, in and after the place; of a very long one the part around it."""
    start = min(origin.column - 1, len(line))
    end = len(line)
    if origin.column == 1 and origin.end_column is None:
        start = len(line) - len(line.lstrip())
    elif origin.end_line in (None, origin.line):
        end = max(start + 1, origin.end_column or start + 1)
    first = max(0, start - _AROUND) if len(line) > _MOST else 0
    last = min(len(line), first + _MOST)
    before = ("…" if first else "") + line[first:start]
    return before, element("mark", line[start : min(end, last)]), line[end:last] + ("…" if last < len(line) else "")
