"""A save, and what came of it, as lines."""

from emulator.model.event import FilesSaved

from .style import Style, printable, wrap

_MOST_DIFFERENCES = 8
_INDENT = " " * len("  plan  ")
_TIME = 10
"""Columns that stand before each line."""


def saved_lines(event: FilesSaved, style: Style) -> list[str]:
    """One line, and below it what changed in the plan."""
    named = printable(event.paths[0]) if event.paths else ""
    more = f" and {event.count - 1} more" if event.count > 1 else ""
    what = f"saved {named}{more}" if event.paths else "build anyway"
    if event.held:
        return [style.yellow(f"{what}: {event.because}, it waits")]
    if not event.deploys:
        too = ", and the platform would not deploy either" if event.platform_too else ""
        return [style.dim(f"{what}: no deploy: {_because(event)}{too}")]
    shown = event.differences[:_MOST_DIFFERENCES]
    rest = len(event.differences) - len(shown)
    changes = [line for one in shown for line in _change(one, style)]
    changes += [f"{_INDENT}and {rest} more"] if rest else []
    deploys = f": deploys {', '.join(event.deploys)}, {_because(event)}"
    return [style.bold(what) + deploys, *changes]


def _change(text: str, style: Style) -> list[str]:
    """Its further lines below its first."""
    first, *rest = wrap(text, max(20, style.width - len(_INDENT) - _TIME))
    return [f"  {style.dim('plan')}  {first}", *(_INDENT + line for line in rest)]


def _because(event: FilesSaved) -> str:
    """What is meant by "it" is named where it is not the first file."""
    is_first = event.path is None or event.path == next(iter(event.paths), None)
    return event.because if is_first else f"{printable(event.path or '')}: {event.because}"
