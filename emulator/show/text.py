"""Diagnostics and plans as text a person reads: the answer first, the reasons behind it."""

from collections.abc import Callable, Iterable

from emulator.model.diagnostic import Diagnostic, Fault, Severity
from emulator.model.origin import Origin
from emulator.model.record import replace

from .style import Style, columns, fit, printable, wrap

ReadLine = Callable[[Origin], str | None]
"""The source line an origin points at, None when it cannot be had."""

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
) -> str:
    """One diagnostic: what, where (with its line underlined), the facts, the one thing to do.
    `also`: where else the same was found."""
    lines = _head(diagnostic, style)
    if diagnostic.origin is not None and diagnostic.origin.file:
        lines += _place(diagnostic.origin, style, read_line)
    if others := list(also):
        lines += _item("-->", _elsewhere(others, diagnostic.origin), style)
    for related in diagnostic.related:
        lines += _place(related.origin, style, read_line, note=related.message)
    for fact in diagnostic.facts:
        lines += _item("=", fact, style)
    if _FAULT_WORDS[diagnostic.fault] and not diagnostic.code.startswith("usage/"):
        lines += _item("fault:", _FAULT_WORDS[diagnostic.fault], style)
    if diagnostic.help:
        lines += _item("help:", diagnostic.help, style, style.cyan)
    if diagnostic.url:
        lines += _item("see:", diagnostic.url, style)
    return "\n".join(lines)


def _elsewhere(places: list[Origin], first: Origin | None, most: int = 8) -> str:
    """The first few of `places`, and how many more; in the file of `first` the lines alone."""
    if first is not None and all(place.file == first.file for place in places):
        names = [str(line) for line in dict.fromkeys(place.line for place in places)]
        kind = "line " if len(names) == 1 else "lines "
    else:
        names, kind = [_where(place) for place in places], ""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"and {kind}{', '.join(names[:most])}{more}"


def _head(diagnostic: Diagnostic, style: Style) -> list[str]:
    paint = {Severity.ERROR: style.red, Severity.WARNING: style.yellow, Severity.INFO: style.cyan}[diagnostic.severity]
    label = f"{diagnostic.severity}[{diagnostic.code}]:"
    first, *rest = wrap(f"{label} {diagnostic.message}", style.width - 2)
    return [first.replace(label, paint(label), 1), *(f"  {line}" for line in rest)]


def _where(origin: Origin) -> str:
    return f"{printable(origin.file)}:{origin.line}:{origin.column}" if origin.file != "." else "the repository"


def _place(origin: Origin, style: Style, read_line: ReadLine | None, note: str = "") -> list[str]:
    """The place and, where it can be read, its line, marked; `note` says what is there."""
    source = read_line(origin) if read_line is not None else None
    lines = [f"  --> {style.dim(_where(origin))}"]
    if source is None:
        return [lines[0] + (f"  {printable(note)}" if note else "")]
    number = str(origin.line)
    pad = " " * len(number)
    room = max(20, style.width - len(number) - 5)
    shown, start, length = _window(source, origin, room)
    mark = f"  {style.dim(pad + ' |')} {' ' * start}{style.yellow('^' * length)}"
    lines.append(f"  {style.dim(number + ' |')} {shown}")
    if note and start + length + 1 + columns(note) > room:
        return [*lines, mark, *(f"  {style.dim(pad + ' |')} {line}" for line in wrap(note, room))]
    return [*lines, mark + (f" {printable(note)}" if note else "")]


def _window(source: str, origin: Origin, width: int) -> tuple[str, int, int]:
    """The part of a line that fits, where in it the mark starts, and how long the mark is."""
    source = source.rstrip("\r\n")
    line = printable(source)
    at = len(printable(source[: origin.column - 1]))
    if origin.end_column and origin.end_line in (None, origin.line):
        end = len(printable(source[: origin.end_column]))
    else:
        end = len(line) if origin.end_line else at + 1
    end = max(at + 1, min(end, len(line)))
    begin = 0 if columns(line[:end]) <= width else max(0, min(at - 8, len(line) - width))
    room = width - bool(begin)
    until = begin + fit(line[begin:], room)
    cut = until < len(line)
    if cut:
        until = begin + fit(line[begin:], room - 1)
    shown = ("…" if begin else "") + line[begin:until] + ("…" if cut else "")
    start = columns(line[begin:at]) + bool(begin)
    return shown, start, max(1, min(columns(line[at:end]), width - start))


def _item(label: str, text: str, style: Style, paint: Callable[[str], str] = str) -> list[str]:
    first, *rest = wrap(text, max(20, style.width - 4 - columns(label)))
    return [f"  {paint(label)} {first}", *(f"    {line}" for line in rest)]


def diagnostics_text(found: Iterable[Diagnostic], style: Style, read_line: ReadLine | None = None) -> str:
    """Several diagnostics, worst first, a blank line between them; the same one at several places is told once."""
    order = [Severity.ERROR, Severity.WARNING, Severity.INFO]
    same: dict[Diagnostic, list[Diagnostic]] = {}
    for diagnostic in sorted(found, key=lambda d: order.index(d.severity)):
        same.setdefault(replace(diagnostic, origin=None, service=None, fix=None), []).append(diagnostic)
    return "\n\n".join(_together(alike, style, read_line) for alike in same.values())


def _together(alike: list[Diagnostic], style: Style, read_line: ReadLine | None) -> str:
    places = list(dict.fromkeys(d.origin for d in alike[1:] if d.origin and d.origin != alike[0].origin))
    return diagnostic_text(alike[0], style, read_line, places)


def tally(found: Iterable[Diagnostic], known: int = 0) -> str:
    """ "1 error, 2 warnings", or "nothing wrong found"; then how many the user has silenced. known: how many of these
    are so because a baseline knows them."""
    counts = {"error": 0, "warning": 0}
    found = list(found)
    silenced = sum(diagnostic.suppressed for diagnostic in found) - known
    for diagnostic in found:
        if diagnostic.severity != "info" and not diagnostic.suppressed:
            counts[diagnostic.severity] += 1
    words = [f"{n} {word}{'s' if n > 1 else ''}" for word, n in counts.items() if n]
    told = ", ".join(words) or ("nothing new found" if known else "nothing wrong found")
    aside = [*([f"{silenced} silenced"] if silenced else []), *([f"{known} known"] if known else [])]
    return f"{told} ({', '.join(aside)})" if aside else told
