"""One attempt of a probe: asking through a door, and what the answer means."""

from collections.abc import Callable
from typing import NamedTuple

from emulator.model.lifecycle import Probe
from emulator.world.asking import GrpcAnswer, HttpAnswer, HttpDoor
from emulator.world.clock import Clock

from .greetings import ServerKind, greeting, heard_of
from .probe_outcome import Attempted

NO_ANSWER = "gets no answer in time"
KNOCK_EVERY_S = 0.005
"""Between two tries of a TCP attempt."""
GREET_EVERY_S = 0.02
_LONGEST_KNOCK_S = 1.0
_STATUSES = (200, 399)


class Target(NamedTuple):
    """Where an instance is asked. ended: whether its process is over."""

    address: str | None
    port: int | None
    ended: Callable[[], bool]


def attempt(door: HttpDoor, clock: Clock, probe: Probe, target: Target, timeout_s: float) -> Attempted:
    """Ask once, at the container's own address, and judge. A TCP attempt that waits for the port goes on knocking
    until its time is over or the process has ended."""
    address, port = target.address, target.port
    if address is None or port is None:
        return Attempted(False, "cannot be reached")
    match probe.kind:
        case "http":
            headers = {**probe.headers, **({"Host": probe.host} if probe.host else {})}
            answer = door.request("GET", address, port, probe.path or "/", headers=headers, timeout_s=timeout_s)
            return judged(probe, answer)
        case "grpc":
            return judged_grpc(door.grpc_health(address, port, probe.service or "", timeout_s=timeout_s))
        case "tcp":
            return _knocked(door, clock, probe, target, clock.now() + timeout_s)
        case "postgres" | "valkey":
            return _greeted(door, clock, probe.kind, target, clock.now() + timeout_s)


def judged(probe: Probe, answer: HttpAnswer) -> Attempted:
    """An HTTP answer under a probe: 200 to 399 unless it says otherwise."""
    low, high = probe.success_statuses or _STATUSES
    ok = answer.status is not None and low <= answer.status <= high
    return Attempted(ok, answer_words(answer), is_final(answer), answer.error == "refused")


def judged_grpc(answer: GrpcAnswer) -> Attempted:
    """A gRPC answer: SERVING alone is healthy. A service that does not exist will not exist later either."""
    if answer.status is not None:
        return Attempted(answer.status == "SERVING", f"answers {answer.status}")
    if answer.code is not None:
        return Attempted(False, f"answers {answer.code}", answer.code in ("UNIMPLEMENTED", "NOT_FOUND"))
    words = "is not answered in gRPC" if answer.error == "not-http" else _PROBLEMS.get(answer.error or "", _UNREACHED)
    return Attempted(False, words, refused=answer.error == "refused")


def _knocked(door: HttpDoor, clock: Clock, probe: Probe, target: Target, until: float) -> Attempted:
    assert target.address is not None
    assert target.port is not None
    while (left := until - clock.now()) > 0 and not target.ended():
        problem = door.connects(target.address, target.port, max(0.05, min(_LONGEST_KNOCK_S, left)))
        if problem is None:
            return Attempted(True, "accepts a connection")
        if not probe.waits_for_port:
            return Attempted(False, _PROBLEMS.get(problem, _UNREACHED), refused=problem == "refused")
        clock.sleep(min(KNOCK_EVERY_S, until - clock.now()))
    return Attempted(False, NO_ANSWER)


def _greeted(door: HttpDoor, clock: Clock, kind: ServerKind, target: Target, until: float) -> Attempted:
    """Greet a database server until it takes clients, its time is over, or its process has ended."""
    assert target.address is not None
    assert target.port is not None
    words = NO_ANSWER
    while (left := until - clock.now()) > 0 and not target.ended():
        heard = door.exchange(target.address, target.port, greeting(kind), max(0.05, min(_LONGEST_KNOCK_S, left)))
        came = heard_of(kind, heard) if isinstance(heard, bytes) else Attempted(False, _PROBLEMS.get(heard, _UNREACHED))
        if came.ok or came.final:
            return came
        words = came.words
        clock.sleep(min(GREET_EVERY_S, max(0.0, until - clock.now())))
    return Attempted(False, words)


_UNREACHED = "cannot be reached"
_PROBLEMS = {
    "refused": "is refused",
    "timeout": NO_ANSWER,
    "reset": "is cut off",
    "not-http": "is not answered in HTTP",
}


def answer_words(answer: HttpAnswer) -> str:
    """ "answers 404", "is refused", … : what came of a request."""
    if answer.status is not None:
        return f"answers {answer.status}"
    return _PROBLEMS.get(answer.error or "", _UNREACHED)


def is_final(answer: HttpAnswer) -> bool:
    """An answer that the same program will give again: a client error that waiting does not cure."""
    return answer.status is not None and 400 <= answer.status < 500 and answer.status not in (408, 425, 429)
