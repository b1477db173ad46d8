"""Memory: the highest use that was seen, against what the plan gives."""

from emulator.model.verification import Measure

from . import kinds
from .check import NEARLY, Check, Conclusion, Subject, not_told
from .seen import Peak, Seen


def _conclude(subject: Subject, seen: Seen) -> Conclusion:
    if not seen.peaks:
        return not_told("its memory was not seen")
    worst = max(seen.peaks, key=_share)
    whose = f"{worst.container}: " if len(seen.peaks) > 1 and worst.container else ""
    if worst.limit_mib is None:
        return not_told(f"at most {_mib(worst)} was used; the plan sets no limit")
    share = worst.mib / worst.limit_mib
    used = f"{whose}at most {_mib(worst)} was used, {share:.0%} of {worst.limit_mib} MiB"
    plan = subject.service.resources.plan
    facts = (f"the plan is {plan}",) if plan else ()
    measure = Measure(value=round(worst.mib, 1), limit=float(worst.limit_mib), unit="MiB")
    if worst.killed or share >= 1:
        message = f"{whose}it was killed at {worst.limit_mib} MiB" if worst.killed else used
        return Conclusion("failed", message, facts, "use less, or take a larger plan", measure)
    if share > NEARLY:
        return Conclusion("warned", used, facts, "use less, or take a larger plan: real load needs more", measure)
    return Conclusion("held", used, facts, None, measure)


def _mib(peak: Peak) -> str:
    return f"{peak.mib:.1f} MiB" if peak.mib < 10 else f"{peak.mib:.0f} MiB"


def _share(peak: Peak) -> float:
    return float("inf") if peak.killed else peak.mib / (peak.limit_mib or float("inf"))


CHECK = Check(
    name="memory", title="memory", code="verify/memory", steps=frozenset(("boot", "load")),
    excuse=kinds.runs_something, conclude=_conclude, broken_by=frozenset(("oom",)),
)  # fmt: skip
