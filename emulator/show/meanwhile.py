"""The line that is shown while a command works."""

from .style import Style, columns, fit

DOING = {
    "emu": "looking",
    "plan": "planning",
    "check": "checking",
    "compare": "comparing",
    "diff": "comparing",
    "what-if": "supposing",
    "fix": "looking for what has one right answer",
    "context": "listing what reaches the builder",
    "explain": "writing pages",
    "doctor": "looking at the engine, the registry and the network",
}
"""What each command does, of those that have no line of their own; "emu" is the one without a command."""


def meanwhile_line(command: str, seconds: float, last_s: float | None, style: Style) -> str:
    """ "checking … 3 s (last time 4 s)", on one line of the screen."""
    text = f"{DOING[command]} … {seconds:.0f} s"
    text += f" (last time {last_s:.0f} s)" if last_s is not None else ""
    return style.dim(text if columns(text) < style.width else text[: fit(text, style.width - 2)] + "…")
