"""What was found by words, as a list."""

from collections.abc import Sequence

from emulator.model.topic import Topic

from .style import Style, hanging, printable, wrap


def topics_text(found: Sequence[Topic], left: int, style: Style) -> str:
    """Each with its kind, what it says, and for a rule how that is known."""
    lines: list[str] = []
    for topic in found:
        kind = f"{topic.kind} in {topic.where}" if topic.kind == "field" else topic.kind
        lines += [f"{style.bold(printable(topic.name))}  {style.dim(kind)}", *hanging("", topic.text, style, gap=0)]
        if topic.kind == "field" and topic.more:
            lines += hanging("", topic.more, style, gap=0)
        if topic.kind == "rule":
            known = f"{topic.certainty}, {topic.checked}: {topic.source}"
            lines += [style.dim(line) for line in hanging("", known, style, gap=0)]
        lines.append("")
    more = f"{left} more; further words narrow it down. " if left > 0 else ""
    lines += wrap(f"{more}`emu explain NAME` tells a finding or a rule in full.", style.width)
    return "\n".join(lines) + "\n"
