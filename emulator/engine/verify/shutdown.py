"""Shutdown: told to end, it finishes the requests it has and leaves within the platform's grace."""

from emulator.model.verification import Measure
from emulator.world.asking import Exchange

from . import kinds
from .check import NEARLY, Check, Conclusion, Subject, not_told
from .seen import Leaving, Seen

_SHELLS = ("sh", "bash", "dash", "ash", "zsh", "ksh", "busybox")
_WORDS = {"plain": "", "upload": "one whose body was under way", "download": "one whose answer was not read yet"}


def _conclude(subject: Subject, seen: Seen) -> Conclusion:
    leaving = seen.leaving
    if leaving is None:
        return not_told("it was not told to end")
    if leaving.was_gone:
        return not_told(f"it ended by itself before it was told to, {_status(leaving.exit_code)}")
    signal, grace = subject.service.shutdown.signal, subject.service.shutdown.grace_seconds
    if leaving.killed:
        return _killed(subject, leaving)
    measure = Measure(value=round(leaving.seconds, 3), limit=grace, unit="s")
    left = f"left {_seconds(leaving.seconds)} after {signal}, of {grace:g} s, {_status(leaving.exit_code)}"
    requests, facts = _requests(leaving), _new_ones(leaving, signal)
    if leaving.cut:
        message = f"{len(leaving.cut)} of {len(leaving.under_way)} requests under way got no answer: it {left}"
        help_ = f"at {signal} take no new requests, answer those you have, then end"
        return Conclusion("failed", message, (*requests, *facts), help_, measure)
    told = "; ".join((f"it {left}", *requests))
    if leaving.exit_code not in (0, 128 + 15, None):
        help_ = f"end with 0 at {signal}"
        return Conclusion("warned", told, facts, help_, measure)
    if leaving.seconds > NEARLY * leaving.waited_s:
        return Conclusion("warned", told, facts, f"end sooner after {signal}", measure)
    return Conclusion("held", told, facts, None, measure)


def _killed(subject: Subject, leaving: Leaving) -> Conclusion:
    """It never left by itself."""
    signal, grace = subject.service.shutdown.signal, subject.service.shutdown.grace_seconds
    measure = Measure(value=grace if leaving.heard is False else round(leaving.seconds, 3), limit=grace, unit="s")
    facts = (f"PID 1 is `{' '.join(leaving.argv)}`",) if leaving.argv else ()
    if leaving.heard is not False:
        scaled = f" ({grace:g} s on {subject.platform})" if leaving.waited_s != grace else ""
        message = f"it hears {signal} and does not leave: it is killed after {leaving.waited_s:g} s{scaled}"
        return Conclusion("failed", message, facts, f"end at {signal}", measure)
    loses = ", with the requests it has" if kinds.takes_requests(subject.service) else ""
    message = f"nothing happens at {signal}: {subject.platform} kills it {grace:g} s later{loses}"
    if _is_shell(leaving.argv):
        help_ = 'the shell does not pass the signal on: write `exec` before the program, or CMD ["program", "…"]'
    else:
        help_ = f"a first process gets only signals that it asks for: handle {signal}"
    return Conclusion("failed", message, facts, help_, measure)


def _is_shell(argv: tuple[str, ...]) -> bool:
    return bool(argv) and argv[0].rpartition("/")[2] in _SHELLS


def _requests(leaving: Leaving) -> tuple[str, ...]:
    """What became of those it had."""
    under_way = len(leaving.under_way)
    if not leaving.exchanges:
        return ()
    if not under_way:
        return ("whether it finishes requests is not told: none took its time (--request PATH: one that does)",)
    if leaving.cut:
        told = f"without an answer: {', '.join(_which(leaving, one) for one in leaving.cut[:3])}"
    else:
        told = "the request under way was" if under_way == 1 else f"{under_way} requests under way were"
        told += " finished"
    return (told, "it takes one request at a time") if leaving.alone else (told,)


def _which(leaving: Leaving, one: Exchange) -> str:
    return _WORDS[one.kind] or f"one that had been under way for {_seconds(leaving.told - one.begun)}"


def _new_ones(leaving: Leaving, signal: str) -> tuple[str, ...]:
    """What becomes of those that come then."""
    after = leaving.refuses_after_s
    return (f"new connections are refused from {_seconds(after)} after {signal} on",) if after is not None else ()


def _status(exit_code: int | None) -> str:
    return f"with exit status {exit_code}" if exit_code is not None else "with an exit status that was not seen"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"


CHECK = Check(
    name="shutdown", title="shutdown", code="verify/shutdown", steps=frozenset(("boot", "leave")),
    excuse=kinds.goes_on, conclude=_conclude,
)  # fmt: skip
