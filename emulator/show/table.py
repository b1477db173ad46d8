"""Rows as columns under their names."""

from collections.abc import Sequence

from .style import Style, columns


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], style: Style) -> str:
    """The rows, each cell under its head, the heads dimmed; ends with a line end."""
    heads = heads[: len(rows[0])] if rows else heads
    widths = [max(columns(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    lines = [
        "  ".join(cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (heads, *rows)
    ]
    return "\n".join([style.dim(lines[0]), *lines[1:]]) + "\n"


def ago(seconds: float) -> str:
    """ "3 min": about how long something is ago."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"
