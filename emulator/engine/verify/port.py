"""Another port: where it listens is told by a variable, not written in the code."""

import re
from collections.abc import Collection
from itertools import chain

from emulator.engine.listeners import places
from emulator.model.lifecycle import Probe, Probes
from emulator.model.plan import EnvKind, EnvVar, Port, Service
from emulator.model.record import replace
from emulator.world.hidden import Hidden

from . import kinds
from .check import Check, Conclusion, Subject, not_told
from .seen import Boot, Seen, last_line

VARIABLE = "PORT"
_HELP = f"listen on the port that {VARIABLE} holds"


def _excuse(service: Service) -> str | None:
    excuse = kinds.is_asked(service)
    if excuse is not None:
        return excuse
    told = service.port is not None and any(variable.name == VARIABLE for variable in service.env)
    return None if told else f"the platform sets no {VARIABLE} for it"


def other_number(service: Service, taken: Collection[int]) -> int:
    """A port that the service is not told of: not one it has, nor one that the platform keeps for itself."""
    scan = service.lifecycle.port_scan
    busy = {*taken, *(scan.reserved if scan is not None else ())}
    busy |= {c.port.number for c in service.containers if c.port is not None}
    busy |= {probe.port for c in service.containers for probe in _probes(c.probes) if probe.port is not None}
    number = service.port.number if service.port is not None else 1024
    return next(n for n in chain(range(number + 1, 65536), range(1024, number)) if n not in busy)


def told_port(service: Service, number: int) -> Service:
    """The service as it is where this is its port: its variable, its probes, and where the platform looks."""
    old = service.port.number if service.port is not None else None
    scan = service.lifecycle.port_scan
    lifecycle = replace(service.lifecycle, port_scan=replace(scan, preferred=number) if scan is not None else None)
    containers = tuple(
        replace(
            one, port=_port(one.port, number), env=_variables(one.env, number), probes=_moved(one.probes, old, number)
        )
        if one.ingress
        else one
        for one in service.containers
    )
    return replace(
        service, port=_port(service.port, number), env=_variables(service.env, number), lifecycle=lifecycle,
        probes=_moved(service.probes, old, number), containers=containers,
    )  # fmt: skip


def without_port(hidden: dict[str, str]) -> Hidden:
    """Secret values, which win over the plan's, without the port's."""
    return Hidden({name: value for name, value in hidden.items() if name != VARIABLE})


def _port(port: Port | None, number: int) -> Port | None:
    return replace(port, number=number) if port is not None else None


def _variables(env: tuple[EnvVar, ...], number: int) -> tuple[EnvVar, ...]:
    return tuple(replace(one, value=str(number)) if one.name == VARIABLE else one for one in env)


def _moved(probes: Probes, old: int | None, number: int) -> Probes:
    """Those that ask at the old port ask at the new one."""

    def moved(probe: Probe | None) -> Probe | None:
        return replace(probe, port=number) if probe is not None and probe.port == old else probe

    return Probes(
        startup=moved(probes.startup), liveness=moved(probes.liveness), readiness=moved(probes.readiness),
        health=moved(probes.health),
    )  # fmt: skip


def _probes(probes: Probes) -> tuple[Probe, ...]:
    found = (probes.startup, probes.liveness, probes.readiness, probes.health)
    return tuple(probe for probe in found if probe is not None)


def _conclude(subject: Subject, seen: Seen) -> Conclusion:
    boot = seen.other_port
    if boot is None or boot.port is None:
        return not_told("it was not started with another port")
    started = f"started with {VARIABLE}={boot.port}"
    there = tuple(one for one in boot.listeners if one.port == boot.port)
    if there:
        return Conclusion("held", f"{started}, it listens on {places(there)}")
    if boot.listeners and (name := _told_by(subject.service, boot)) is not None:
        message = f"{started}, it listens on {places(boot.listeners)}: {name} says so, a variable of the platform's own"
        return Conclusion("warned", message, (), f"name ${VARIABLE} in the command, which wins over that variable")
    if boot.listeners:
        facts = (f"{subject.platform} sends requests to the port that {VARIABLE} names, and it may be set to another",)
        message = f"{started}, it listens on {places(boot.listeners)}: that number is not taken from {VARIABLE}"
        return Conclusion("failed", message, facts, _HELP)
    return _silent(started, boot)


def _told_by(service: Service, boot: Boot) -> str | None:
    """The variable of the platform's own that tells it where to listen, in place of the one that names the port."""
    numbers = re.compile("|".join(rf"\b{one.port}\b" for one in boot.listeners))
    own = (v for v in service.env if v.kind is EnvKind.PLATFORM and v.name != VARIABLE and v.value is not None)
    return next((v.name for v in own if numbers.search(v.value or "")), None)


def _silent(started: str, boot: Boot) -> Conclusion:
    """It listens nowhere."""
    if boot.live:
        return not_told(f"{started}, it was live, and where it listens was not seen")
    return Conclusion("failed", f"{started}, it does not go live: {boot.reason}", last_line(boot), _HELP)


CHECK = Check(
    name="port", title="other port", code="verify/port", steps=frozenset(("other-port",)), excuse=_excuse,
    conclude=_conclude, broken_by=frozenset(("other-port",)),
)  # fmt: skip
