"""Health under load: while many requests come at once, the health check is answered in the platform's time."""

from emulator.model.lifecycle import Probe
from emulator.model.plan import Service
from emulator.model.verification import Measure

from . import kinds
from .check import Check, Conclusion, Subject, not_told
from .seen import Load, Seen

_HELP = "answer the health check beside other requests: more workers or threads, and nothing slow in it"


def asked_while_live(service: Service) -> Probe | None:
    """What the platform asks a live instance; None where it asks nothing."""
    return service.probes.health or service.probes.readiness or service.probes.liveness


def _conclude(subject: Subject, seen: Seen) -> Conclusion:
    load = seen.load
    if load is None:
        return not_told("it answers no HTTP/1.1, which the load would speak")
    if not load.exchanges:
        return not_told("no request of the load came to its end")
    probe = asked_while_live(subject.service)
    requests = _requests(load)
    if probe is None:
        return _without_probe(load, requests)
    if not load.health:
        return not_told("the health check was not asked", requests)
    answered = [one for one in load.health if one.ok]
    share, slowest = len(answered) / len(load.health), max(one.seconds for one in load.health)
    measure = Measure(value=round(slowest, 3), limit=probe.timeout_s, unit="s")
    told = f"with {load.at_once} requests at once {len(answered)} of {len(load.health)} health checks were answered"
    within = f"{told} within {probe.timeout_s:g} s, the slowest after {slowest:.2f} s"
    if not answered or share < 1 / 2:
        words = next(one.words for one in load.health if not one.ok)
        facts = (f"the check {words}", *_consequences(subject, probe), requests)
        return Conclusion("failed", within, facts, _HELP, measure)
    if share < 1:
        return Conclusion("warned", within, (*_consequences(subject, probe), requests), _HELP, measure)
    if load.failed:
        help_ = "answer what comes at once, or limit it"
        return Conclusion("warned", f"{requests}; {within}", (), help_, measure)
    return Conclusion("held", f"{within}; {requests}", (), None, measure)


def _without_probe(load: Load, requests: str) -> Conclusion:
    message = "no health check asks it once it is live"
    if load.failed:
        return Conclusion("warned", f"{requests}; {message}", (), "answer what comes at once, or limit it")
    return Conclusion("not-applicable", f"{message}; with {load.at_once} requests at once {requests}")


def _requests(load: Load) -> str:
    failed = len(load.failed)
    return f"{f'{failed:,}' if failed else 'none'} of {len(load.exchanges):,} requests (GET {load.path}) failed"


def _consequences(subject: Subject, probe: Probe) -> tuple[str, ...]:
    """What the platform does about failures."""
    does = []
    is_readiness = probe is subject.service.probes.readiness
    if probe.unready_threshold is not None or is_readiness:
        count = probe.unready_threshold or probe.failure_threshold
        does.append(f"sends it no requests after {count} failures in a row")
    if not is_readiness:
        does.append(f"starts it anew after {probe.failure_threshold}" + ("" if does else " failures in a row"))
    return (f"{subject.platform} {' and '.join(does)}",)


CHECK = Check(
    name="health", title="health under load", code="verify/health", steps=frozenset(("boot", "load")),
    excuse=kinds.is_asked, conclude=_conclude,
)  # fmt: skip
