"""A process that runs and that the startup probe does not reach → the cause: where it listens, when asked. Pure."""

from emulator.model.choice import Decision
from emulator.model.diagnostic import Diagnostic, Related, error
from emulator.model.lifecycle import Probe
from emulator.model.origin import Origin
from emulator.model.plan import Port, Service

from .boot_steps import Outcome
from .probing import NO_ANSWER
from .startup import IDLE_ELSEWHERE_S

LONG_TIMEOUT_S = 30
"""Who gives one request so long means the app's start, for which an attempt does not wait."""


def other_port(service: Service, outcome: Outcome, origin: Origin | None) -> Diagnostic:
    """It listens on other ports than the one it is asked on. `origin`: where it is told to."""
    probe, port = service.probes.startup, service.port
    asked = probe.port if probe is not None else None
    chosen = next((d for d in service.decisions if d.id == f"{service.name}.port"), None)
    related: tuple[Related, ...] = ()
    if probe is not None and port is not None and outcome.port == port.number:
        origin, help = probe.origin or origin, f"let the startup probe ask port {port.number}"
    else:
        help = f"listen on $PORT, or make {outcome.port} the service's port"
        if chosen is not None and chosen.origin is not None:
            related = (Related(origin=chosen.origin, message="the port is set here"),)
    return error(
        "start/other-port",
        f"the app {outcome.reason.removeprefix('it ')}",
        service=service.name,
        origin=origin,
        related=related,
        facts=(*_given(port, asked, chosen), *_not_waited_for(outcome)),
        rule=chosen.rule if chosen is not None else None,
        url=chosen.source if chosen is not None else None,
        help=help,
    )


def _given(port: Port | None, asked: int | None, chosen: Decision | None) -> tuple[str, ...]:
    """The port the app was given and why, and the one the probe asks where that is another."""
    if port is None:
        return ()
    because = f" ({chosen.because.removesuffix(f': {port.number}')})" if chosen is not None else ""
    probed = f", and the startup probe asks port {asked}" if asked != port.number else ""
    return (f"PORT={port.number}{because}{probed}",)


def _not_waited_for(outcome: Outcome) -> tuple[str, ...]:
    """That the platform would still have waited, for a verdict that is only all but certain."""
    if outcome.platform_seconds is None or outcome.seconds >= outcome.platform_seconds:
        return ()
    return (f"idle for {IDLE_ELSEWHERE_S:g} s; --faithful-timing waits as long as the platform",)


def startup_probe(service: Service, outcome: Outcome, origin: Origin | None) -> Diagnostic:
    """Every attempt has failed: what the last one met, and which of the two is to change."""
    probe = service.probes.startup
    assert probe is not None, "its own outcome"
    message, help = _met(probe, outcome)
    return error(
        "start/not-listening" if probe.implicit else "start/startup-probe",
        message,
        service=service.name,
        origin=probe.origin or origin,
        facts=_facts(probe, outcome) if message != outcome.reason else (),
        help=help,
    )


def _facts(probe: Probe, outcome: Outcome) -> tuple[str, ...]:
    if not outcome.reason.endswith("is refused") or probe.timeout_s < LONG_TIMEOUT_S:
        return (outcome.reason,)
    return (outcome.reason, f"what is refused is over: the timeout of {probe.timeout_s:g} s waits only for an answer")


def _met(probe: Probe, outcome: Outcome) -> tuple[str, str]:
    """What the last attempt met, and what to do."""
    last = probe.initial_delay_s + (probe.failure_threshold - 1) * probe.period_s
    if outcome.reason.endswith("is refused"):
        when = f"{last:g} s after the start" if last else "at once"
        attempts = "1 attempt" if probe.failure_threshold == 1 else f"{probe.failure_threshold} attempts"
        message = f"the startup probe gives up {when} ({attempts}), and nothing listens on port {probe.port} yet"
        enough = "allow more failures, so that its attempts cover the app's start"
        return message, f"{enough}, or listen on 0.0.0.0:{probe.port} sooner"
    if probe.kind == "tcp":
        whose = "the platform's" if probe.implicit else "the startup probe's"
        message = f"nothing listens on port {probe.port} within {whose} {last + probe.timeout_s:g} s"
        return message, f"listen on 0.0.0.0:{probe.port} ($PORT) sooner, or give the probe more time"
    if outcome.reason.endswith(NO_ANSWER):
        return outcome.reason, f"answer within {probe.timeout_s:g} s, or give an attempt more time"
    if probe.kind == "http":
        low, high = probe.success_statuses or (200, 399)
        return outcome.reason, f"answer GET {probe.path} with a status from {low} to {high}, or correct the path"
    return outcome.reason, "let it succeed sooner, or give the probe more time"
