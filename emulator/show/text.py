"""Diagnostics as text a person reads: what, where with the line underlined, what was seen, the one thing to do."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from emulator.model.diagnostic import Diagnostic, Fault, Severity
from emulator.model.origin import Origin
from emulator.model.record import replace

from .excerpt import Label, ReadLine, around, frames, where
from .pointing import pointed
from .style import Style, columns, printable, wrap
from .summary import tally

__all__ = ["ReadLine", "diagnostic_text", "diagnostics_text", "tally"]

_MOST_WHOLE = 3
"""So many findings of one code are told in full; of more of them each has a line."""
_MOST_LINES = 10
"""Of those that have a line so many are shown, where not everything is asked for."""

_ORDER = [Severity.ERROR, Severity.WARNING, Severity.INFO]

_FAULT_WORDS = {
    Fault.APP: "",
    Fault.GAP: "emu does not imitate this",
    Fault.HOST: "this machine",
    Fault.BUG: "a bug of emu",
}


def diagnostic_text(
    diagnostic: Diagnostic,
    style: Style = Style(),  # noqa: B008
    read_line: ReadLine | None = None,
    also: Iterable[Origin] = (),
    services: Sequence[str] = (),
) -> str:
    """One diagnostic: what, where (each place with its line), the facts, the one thing to do.
    `also`: where else the same was found; `services`: of which ones, where it is of several."""
    lines = _head(diagnostic, style)
    origin = pointed(diagnostic, read_line)
    labels = [Label(origin, primary=True)] if origin is not None and origin.file else []
    others = [Label(related.origin, related.message) for related in diagnostic.related]
    if places := list(also):
        lines += [*frames(labels, style, read_line), *_item("-->", _elsewhere(places, origin), style)]
        labels = []
    lines += frames([*labels, *others], style, read_line)
    if len(services) > 1:
        lines += _item("=", f"the same in {_first_few(services)}", style)
    for fact in diagnostic.facts:
        lines += _item("=", style.short(fact), style)
    if _FAULT_WORDS[diagnostic.fault] and not diagnostic.code.startswith("usage/"):
        lines += _item("fault:", _FAULT_WORDS[diagnostic.fault], style)
    if diagnostic.help:
        lines += _item("help:", style.short(diagnostic.help), style, style.cyan)
    lines += _fix(diagnostic, style, read_line)
    if diagnostic.url:
        lines.append(f"  see: {printable(diagnostic.url)}")  # whole, to be opened and copied
    return "\n".join(lines)


def _fix(diagnostic: Diagnostic, style: Style, read_line: ReadLine | None) -> list[str]:
    """The one right answer, and who makes it; where it is in one line, that line before and after."""
    if diagnostic.fix is None:
        return []
    lines = _item("fix:", f"{diagnostic.fix.message} (`emu fix --apply`)", style, style.green)
    edit = diagnostic.fix.edits[0] if len(diagnostic.fix.edits) == 1 else None
    if edit is None or edit.executable or edit.line != edit.end_line or "\n" in edit.text or read_line is None:
        return lines
    place = Origin(file=edit.file, line=edit.line, column=edit.column)
    before = (read_line(place) or "").rstrip("\r\n")
    if edit.end_column - 1 > len(before):
        return lines
    after = before[: edit.column - 1] + edit.text + before[edit.end_column - 1 :]
    number, room = style.dim(str(edit.line)), max(20, style.width - len(str(edit.line)) - 7)
    start = columns(printable(before[: edit.column - 1]))
    shown = around([printable(before), printable(after)], start, room)
    rows = zip((style.red("-"), style.green("+")), shown, strict=True)
    return [*lines, *(f"  {number} {sign} {text}" for sign, text in rows)]


def _first_few(names: Sequence[str], most: int = 8) -> str:
    """ "api, web and 3 more" """
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _elsewhere(places: list[Origin], first: Origin | None, most: int = 8) -> str:
    """The first few of `places`, and how many more; in the file of `first` the lines alone."""
    if first is not None and all(place.file == first.file for place in places):
        names = [str(line) for line in dict.fromkeys(place.line for place in places)]
        kind = "line " if len(names) == 1 else "lines "
    else:
        names, kind = [where(place) for place in places], ""
    return f"and {kind}{_first_few(names, most)}"


def _head(diagnostic: Diagnostic, style: Style) -> list[str]:
    paint = _paint(diagnostic.severity, style)
    label = f"{diagnostic.severity}[{diagnostic.code}]:"
    first, *rest = wrap(f"{label} {style.short(diagnostic.message)}", style.width - 2)
    return [first.replace(label, paint(label), 1), *(f"  {line}" for line in rest)]


def _paint(severity: Severity, style: Style) -> Callable[[str], str]:
    return {Severity.ERROR: style.red, Severity.WARNING: style.yellow, Severity.INFO: style.cyan}[severity]


def _item(label: str, text: str, style: Style, paint: Callable[[str], str] = str) -> list[str]:
    first, *rest = wrap(text, max(20, style.width - 4 - columns(label)))
    return [f"  {paint(label)} {first}", *(f"    {line}" for line in rest)]


def diagnostics_text(found: Iterable[Diagnostic], style: Style, read_line: ReadLine | None = None) -> str:
    """Several diagnostics, worst first, a blank line between them. The same one at several places or of several
    services is told once; of many with one code the first few are told in full, unless all is asked for."""
    same: dict[Diagnostic, list[Diagnostic]] = {}
    for diagnostic in sorted(found, key=lambda d: _ORDER.index(d.severity)):
        same.setdefault(replace(diagnostic, origin=None, service=None, fix=None), []).append(diagnostic)
    by_code: dict[tuple[Severity, str], list[list[Diagnostic]]] = {}
    for alike in same.values():
        by_code.setdefault((alike[0].severity, alike[0].code), []).append(alike)
    blocks: list[str] = []
    for findings in by_code.values():
        whole = len(findings) if style.whole or len(findings) <= _MOST_WHOLE + 1 else _MOST_WHOLE
        told = findings if style.whole else _with_one_help(findings[:whole])
        blocks += [_together(alike, style, read_line) for alike in told]
        if rest := findings[whole:]:
            blocks.append(_briefly([alike[0] for alike in rest], style))
    return "\n\n".join(blocks)


def _with_one_help(findings: Iterable[list[Diagnostic]]) -> Iterator[list[Diagnostic]]:
    """Findings below each other that ask for the same thing: the last of them says so, for all."""
    for alike, after in pairwise((*findings, None)):
        if alike is not None:
            is_said = after is not None and alike[0].fix is None and after[0].help == alike[0].help
            yield [replace(alike[0], help=None), *alike[1:]] if is_said else alike


def _together(alike: list[Diagnostic], style: Style, read_line: ReadLine | None) -> str:
    places = list(dict.fromkeys(d.origin for d in alike[1:] if d.origin and d.origin != alike[0].origin))
    services = list(dict.fromkeys(d.service for d in alike if d.service))
    return diagnostic_text(alike[0], style, read_line, places, services)


def _briefly(found: list[Diagnostic], style: Style) -> str:
    """Each in a line or two under their code."""
    first = found[0]
    lines = [f"{_paint(first.severity, style)(f'{first.severity}[{first.code}]:')} {len(found)} more of these"]
    shown = found if len(found) <= _MOST_LINES + 2 or style.whole else found[:_MOST_LINES]
    for one in shown:
        place = f"{where(one.origin)}: " if one.origin is not None and one.origin.file else ""
        begin, *rest = wrap(f"{place}{style.short(one.message)}", max(20, style.width - 4))
        lines += [f"  {begin}", *(f"    {line}" for line in rest)]
    if len(shown) < len(found):
        lines.append(style.dim(f"  and {len(found) - len(shown)} more (--verbose tells them)"))
    return "\n".join(lines)
