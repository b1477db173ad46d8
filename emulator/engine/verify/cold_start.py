"""Cold start: from the start of a container until it takes requests, against the time the platform gives it."""

from emulator.engine.boot_steps import Rules
from emulator.engine.startup import platform_patience
from emulator.model.plan import Service
from emulator.model.verification import Measure

from . import kinds
from .check import NEARLY, Check, Conclusion, Subject, not_told
from .seen import Seen

_HELP = "do less before it listens: what takes long can come after"


def budget_s(service: Service) -> float:
    """How long the platform waits for a container to be ready, from its start."""
    startup, scan = service.probes.startup, service.lifecycle.port_scan
    if startup is not None:
        rules = Rules(lifecycle=service.lifecycle, startup=startup)
        return startup.deadline_s if startup.deadline_s is not None else platform_patience(rules, startup)
    return scan.deadline_s if scan is not None else service.lifecycle.deadline_s


def sleeps(service: Service) -> bool:
    """Whether there may be no instance at all when a request comes."""
    scales_to_zero = service.scaling is not None and service.instances is not None and service.instances.min == 0
    return scales_to_zero or service.lifecycle.sleep_after_s is not None


def _conclude(subject: Subject, seen: Seen) -> Conclusion:
    boots = [boot for boot in (seen.first, seen.again, seen.kept) if boot is not None and boot.live and boot.seconds]
    if not boots:
        return not_told("no start was timed")
    longest, budget = max(boot.seconds for boot in boots), budget_s(subject.service)
    message = f"ready {longest:.1f} s after its start, of the {budget:g} s that {subject.platform} waits"
    facts: tuple[str, ...] = (f"the longest of {len(boots)} starts on this machine",) if len(boots) > 1 else ()
    if sleeps(subject.service):
        message += f"; a request that finds no instance waits {longest:.1f} s for one"
    elif subject.service.lifecycle.replacement.stop_first:
        facts = (f"each deploy stops the old one first: nobody answers for {longest:.1f} s", *facts)
    late = longest > NEARLY * budget
    measure = Measure(value=round(longest, 3), limit=budget, unit="s")
    return Conclusion("warned" if late else "held", message, facts, _HELP if late else None, measure)


CHECK = Check(
    name="cold-start", title="cold start", code="verify/cold-start", steps=frozenset(("boot",)),
    excuse=kinds.is_asked, conclude=_conclude,
)  # fmt: skip
