"""Diagnostics and plans as text a person reads: the answer first, the reasons behind it."""

from collections.abc import Callable, Iterable

from emulator.model.diagnostic import Diagnostic, Fault, Severity
from emulator.model.origin import Origin

from .style import Style, columns, printable, wrap

ReadLine = Callable[[Origin], str | None]
"""The source line an origin points at, None when it cannot be had."""

_FAULT_WORDS = {
    Fault.APP: "",
    Fault.GAP: "emu does not imitate this",
    Fault.HOST: "this machine",
    Fault.BUG: "a bug of emu",
}


def diagnostic_text(diagnostic: Diagnostic, style: Style = Style(), read_line: ReadLine | None = None) -> str:  # noqa: B008
    """One diagnostic: what, where (with its line underlined), the facts, the one thing to do."""
    lines = _head(diagnostic, style)
    if diagnostic.origin is not None and diagnostic.origin.file:
        lines += _place(diagnostic.origin, style, read_line)
    for related in diagnostic.related:
        lines += _place(related.origin, style, read_line, note=related.message)
    for fact in diagnostic.facts:
        lines += _item("=", fact, style)
    if _FAULT_WORDS[diagnostic.fault]:
        lines += _item("fault:", _FAULT_WORDS[diagnostic.fault], style)
    if diagnostic.help:
        lines += _item(style.cyan("help:"), diagnostic.help, style)
    if diagnostic.url:
        lines += _item("see:", diagnostic.url, style)
    return "\n".join(lines)


def _head(diagnostic: Diagnostic, style: Style) -> list[str]:
    paint = {Severity.ERROR: style.red, Severity.WARNING: style.yellow, Severity.INFO: style.cyan}[diagnostic.severity]
    label = f"{diagnostic.severity}[{diagnostic.code}]:"
    first, *rest = wrap(f"{label} {diagnostic.message}", style.width)
    return [first.replace(label, paint(label), 1), *(f"  {line}" for line in rest)]


def _place(origin: Origin, style: Style, read_line: ReadLine | None, note: str = "") -> list[str]:
    where = (
        style.dim(f"{origin.file}:{origin.line}:{origin.column}") if origin.file != "." else style.dim("the repository")
    )
    lines = [f"  --> {where}" + (f"  {note}" if note and read_line is None else "")]
    source = read_line(origin) if read_line is not None else None
    if source is None:
        if note and read_line is not None:
            lines[0] += f"  {note}"
        return lines
    number = str(origin.line)
    pad = " " * len(number)
    shown, start, length = _window(source, origin, max(20, style.width - len(number) - 5))
    mark = style.yellow("^" * length)
    return [
        *lines,
        f"  {style.dim(number + ' |')} {shown}",
        f"  {style.dim(pad + ' |')} {' ' * start}{mark}" + (f" {note}" if note else ""),
    ]


def _window(source: str, origin: Origin, width: int) -> tuple[str, int, int]:
    """The part of a line that fits, where in it the mark starts, and how long the mark is."""
    line = printable(source.rstrip("\r\n"))
    at = min(origin.column - 1, len(line))
    same_line = origin.end_line in (None, origin.line)
    end = origin.end_column if same_line and origin.end_column else len(line) if origin.end_line else at + 1
    end = max(at + 1, min(end, len(line)))
    begin = 0 if columns(line[:end]) <= width else max(0, min(at - 8, len(line) - width))
    shown = ("…" if begin else "") + line[begin : begin + width - 2]
    if begin + width - 2 < len(line):
        shown += "…"
    start = columns(line[begin:at]) + (1 if begin else 0)
    return shown, start, max(1, min(columns(line[at:end]), width - start))


def _item(label: str, text: str, style: Style) -> list[str]:
    first, *rest = wrap(text, max(20, style.width - 4 - columns(label)))
    return [f"  {label} {first}", *(f"    {line}" for line in rest)]


def diagnostics_text(found: Iterable[Diagnostic], style: Style, read_line: ReadLine | None = None) -> str:
    """Several diagnostics, worst first, a blank line between them."""
    order = [Severity.ERROR, Severity.WARNING, Severity.INFO]
    ranked = sorted(found, key=lambda d: order.index(d.severity))
    return "\n\n".join(diagnostic_text(d, style, read_line) for d in ranked)


def tally(found: Iterable[Diagnostic]) -> str:
    """ "1 error, 2 warnings", or "nothing wrong found"."""
    counts = {"error": 0, "warning": 0}
    for diagnostic in found:
        if diagnostic.severity != "info" and not diagnostic.suppressed:
            counts[diagnostic.severity] += 1
    words = [f"{n} {word}{'s' if n > 1 else ''}" for word, n in counts.items() if n]
    return ", ".join(words) or "nothing wrong found"
