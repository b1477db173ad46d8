"""The deploys of a project: a line each, or one of them in full."""

from collections.abc import Iterable
from datetime import datetime

from emulator.model.history import DeployRecord, ServiceRecord
from emulator.model.phases import Phases

from .style import Style, columns, fit, hanging, printable
from .table import ago, table

_PHASES = (
    ("queued", "queued_s"), ("context", "context_s"), ("build", "build_s"), ("pre-deploy", "pre_deploy_s"),
    ("create", "create_s"), ("boot", "boot_s"), ("health", "health_s"), ("switch", "switch_s"), ("drain", "drain_s"),
)  # fmt: skip


def deploys_table(rows: Iterable[tuple[DeployRecord, str]], style: Style, now: float) -> str:
    """record and "serving", "kept" or "" → a table. What changed, or why it failed, has the room that is left."""
    found = [_cells(record, note, now) for record, note in rows]
    widths = [max(columns(cells[i]) + 2 for cells in [_HEADS, *found]) for i in range(len(_HEADS) - 1)]
    room = max(12, style.width - sum(widths))
    return table(_HEADS, [[*cells[:-1], _cut(cells[-1], room)] for cells in found], style)


_HEADS = ["DEPLOY", "VERDICT", "AGO", "BY", "TOOK", "", "WHAT"]


def _cells(record: DeployRecord, note: str, now: float) -> list[str]:
    by = record.trigger if record.image_of is None else f"{record.trigger} of {record.image_of}"
    took = f"{record.seconds:.1f} s" if record.seconds is not None else "-"
    return [str(record.deploy), record.verdict.value, ago(now - record.at), by, took, note, _what(record)]


def _what(record: DeployRecord) -> str:
    """Why it failed; else what it was made for, in a few words."""
    if not record.verdict.good:
        return printable(record.reason)
    words = []
    if record.changed:
        more = (record.changed_count or 0) - 1
        words.append(printable(record.changed[0]) + (f" and {more} more" if more > 0 else ""))
    if record.differences_count:
        words.append(f"plan: {record.differences_count} change{'' if record.differences_count == 1 else 's'}")
    if not words and record.commit and record.image_of is None:
        words.append(record.commit[:8])
    return ", ".join(words)


def _cut(text: str, room: int) -> str:
    return text if columns(text) <= room else text[: fit(text, room - 1)] + "…"


def deploy_text(record: DeployRecord, note: str, style: Style, now: float) -> str:
    """One deploy in full."""
    paint = style.green if record.verdict.good else style.red
    rows = [f"deploy {record.deploy}  {paint(record.verdict.value)}" + (f"  {style.dim(note)}" if note else "")]

    def row(label: str, text: str) -> None:
        rows.extend(hanging(label, printable(text), style, gap=12))

    if record.reason:
        row("because", record.reason)
    began = record.at - (record.seconds or 0.0)
    row("began", f"{_clock(began)}, {ago(now - began)} ago")
    row("by", record.trigger if record.image_of is None else f"{record.trigger}, with the image of {record.image_of}")
    if record.commit:
        row("commit", record.commit)
    took = [f"{record.seconds:.2f} s" if record.seconds is not None else "unknown"]
    took += [f"after {record.check_s * 1000:.0f} ms of planning and checking"] if record.check_s is not None else []
    row("took", " ".join(took))
    for label, lines, count in (
        ("files", record.changed, record.changed_count or 0), ("plan", record.differences, record.differences_count),
    ):  # fmt: skip
        for number, line in enumerate(lines):
            row(label if number == 0 else "", line)
        if count > len(lines):
            row("", f"and {count - len(lines)} more")
    if record.changed_count == 0 and record.trigger != "save":
        row("files", "as in the deploy before")
    for service in record.services:
        rows += _service(service, record, style)
    return "\n".join(rows) + "\n"


def _service(service: ServiceRecord, record: DeployRecord, style: Style) -> list[str]:
    paint = style.green if service.verdict.good else style.red
    rows = ["", f"  {style.bold(service.name)}  {paint(service.verdict.value)}"]
    if not service.verdict.good and service.reason != record.reason:
        rows += hanging("because", printable(service.reason), style, gap=12)
    if phases := _phases(service.phases):
        rows += hanging("phases", phases, style, gap=12)
    if service.image:
        size = f", {size_text(service.size)}" if service.size is not None else ""
        rows += hanging("image", service.image.removeprefix("sha256:")[:12] + size, style, gap=12)
    return rows


def _phases(phases: Phases) -> str:
    """ "build 1.20 s, create 0.31 s, …" """
    known = ((name, getattr(phases, key)) for name, key in _PHASES)
    return ", ".join(f"{name} {seconds:.2f} s" for name, seconds in known if seconds is not None)


def size_text(size: int) -> str:
    """ "12.3 MB" """
    for unit, bytes_ in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}"
    return f"{size} bytes"


def _clock(at: float) -> str:
    try:
        return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):  # a damaged record
        return "an unknown time"
