"""Logs: what it writes to stdout comes at once, not when a buffer is full or the process ends."""

import re
from collections.abc import Iterable

from . import kinds
from .check import Check, Conclusion, Subject, not_told
from .seen import Output, Seen

UNBUFFERED = {"PYTHONUNBUFFERED": "1"}
"""What has Python write each line at once. Others do not mind it."""
_HELP = "write lines out at once: PYTHONUNBUFFERED=1 for Python, elsewhere flush stdout after each line"
_NUMBER = re.compile(r"[0-9a-f]*\d[0-9a-f]*")


def output(lines: Iterable[tuple[float, str]], told: float, mark: str) -> Output:
    """What came on stdout, by the moment it came. mark: is in the lines of requests answered long before."""
    came = tuple(lines)
    before = [line for at, line in came if at < told]
    after = [line for at, line in came if at >= told]
    return Output(
        before=tuple(dict.fromkeys(before[-200:])), after=tuple(dict.fromkeys(after[-200:])),
        marked_before=sum(mark in line for line in before), marked_after=sum(mark in line for line in after),
    )  # fmt: skip


def _conclude(subject: Subject, seen: Seen) -> Conclusion:
    found = seen.output
    if found is None:
        return not_told("its output was not watched")
    if found.marked_after:
        lines = f"{found.marked_after:,} lines about requests that were long answered"
        return Conclusion("failed", f"{lines} came on stdout only when it ended", _lost(subject), _HELP)
    held = _held_back(found, seen.unbuffered)
    if held:
        setting = " ".join(f"{name}={value}" for name, value in UNBUFFERED.items())
        facts = (f"with {setting} this line came at once: {held[0]}", *_lost(subject))
        return Conclusion("failed", "what it writes to stdout is held back until it ends", facts, f"set {setting}")
    if found.marked_before:
        return Conclusion("held", f"lines about requests came while it ran ({found.marked_before:,})")
    if found.before:
        return Conclusion("held", "its lines come on stdout while it runs", (f"the last one: {found.before[-1]}",))
    return not_told("it wrote nothing to stdout")


def _held_back(found: Output, unbuffered: Output | None) -> tuple[str, ...]:
    """Lines that come while it runs only where it is told not to hold them back. Numbers in them do not count."""
    if unbuffered is None:
        return ()
    known = {_form(line) for line in found.before}
    return tuple(line for line in unbuffered.before if line.strip() and _form(line) not in known)


def _form(line: str) -> str:
    return _NUMBER.sub("#", line)


def _lost(subject: Subject) -> tuple[str, ...]:
    return (f"the log on {subject.platform} lags behind, and a crash or a kill loses its last lines",)


CHECK = Check(
    name="logs", title="logs", code="verify/logs", steps=frozenset(("boot", "requests", "leave")),
    excuse=kinds.goes_on, conclude=_conclude,
)  # fmt: skip
