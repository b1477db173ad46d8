"""Fixes as text: each with its finding, then what they make of the files."""

from emulator.model.mending import FileDiff, FixDocument, Offered

from .style import Style, folded, printable, wrap
from .text import tally
from .words import at


def fix_text(document: FixDocument, style: Style, *, quiet: bool = False) -> str:
    """The whole document; quiet: the diff alone."""
    blocks = ["\n".join(_offered(one, style)) for one in document.fixes] if not quiet else []
    blocks += ["\n".join(_diff(file, style)) for file in document.files]
    if not quiet:
        blocks.append("\n".join(wrap(_sum(document), style.width)))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _offered(one: Offered, style: Style) -> list[str]:
    finding = one.finding
    label = f"{finding.severity}[{finding.code}]:"
    place = f"  {at(finding.origin)}" if at(finding.origin) else ""
    first, *rest = wrap(f"{label} {finding.message}{place}", style.width - 2)
    told = one.fix.message if one.holds else f"not done: {one.fix.message}: {one.because}"
    mark, paint = ("fix:", style.green) if one.holds else ("fix:", style.yellow)
    head, *more = wrap(told, style.width - 7)
    return [
        first.replace(label, style.bold(label), 1), *(f"  {line}" for line in rest),
        f"  {paint(mark)} {head}", *(f"       {line}" for line in more),
    ]  # fmt: skip


def _diff(file: FileDiff, style: Style) -> list[str]:
    """Lines as `git diff` has them. For a program each stays whole; on a screen that is narrower it goes on below."""
    lines = [style.bold(f"mode: {printable(file.path)} becomes executable")] if file.executable else []
    for line in file.diff.split("\n")[:-1]:
        shown = folded(printable(line.rstrip("\r")) + ("␍" if line.endswith("\r") else ""), style, 4)
        if line.startswith(("---", "+++")):
            lines.append(style.bold(shown))
        elif line.startswith("-"):
            lines.append(style.red(shown))
        elif line.startswith("+"):
            lines.append(style.green(shown))
        else:
            lines.append(style.cyan(shown) if line.startswith("@@") else shown)
    return lines


def _sum(document: FixDocument) -> str:
    held = sum(one.holds for one in document.fixes)
    if not document.fixes:
        done = "nothing here has one right answer"
    elif not held:
        done = "no fix holds"
    else:
        done = f"{held} fix{'' if held == 1 else 'es'}" + (" applied" if document.applied else "; --apply does it")
    left = f"left: {tally(document.left)} (`emu check` tells of it)" if document.left else "nothing wrong is left"
    return f"{done} · {left}"
