"""A save, and what came of it, as lines."""

from emulator.model.event import FilesSaved

from .style import Style, printable

_MOST_DIFFERENCES = 8


def saved_lines(event: FilesSaved, style: Style) -> list[str]:
    """One line, and below it what changed in the plan."""
    named = printable(event.paths[0]) if event.paths else "nothing"
    more = f" and {event.count - 1} more" if event.count > 1 else ""
    if not event.deploys:
        too = ", and the platform would not deploy either" if event.platform_too else ""
        return [style.dim(f"saved {named}{more}: no deploy: {event.because}{too}")]
    shown = event.differences[:_MOST_DIFFERENCES]
    rest = len(event.differences) - len(shown)
    changes = [f"  {style.dim('plan')}  {printable(line)}" for line in shown]
    changes += [f"  {style.dim('plan')}  and {rest} more"] if rest else []
    because = "" if event.paths and event.because.startswith(event.paths[0]) else f", {event.because}"
    return [style.bold(f"saved {named}{more}") + f": deploys {', '.join(event.deploys)}{because}", *changes]
