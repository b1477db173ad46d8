"""A platform's waits, made shorter or longer for a test or a lesson."""

from emulator.model.lifecycle import Probe
from emulator.model.record import replace

from .boot_steps import Rules


def scaled(rules: Rules, factor: float) -> Rules:
    """The platform's waits multiplied by `factor`."""
    life = rules.lifecycle
    scan = life.port_scan
    if scan is not None:
        scan = replace(
            scan, period_s=scan.period_s * factor, remind_s=scan.remind_s * factor, deadline_s=scan.deadline_s * factor
        )
    replacement = life.replacement
    replacement = replace(replacement, keep_s=replacement.keep_s * factor, drain_s=replacement.drain_s * factor)
    life = replace(
        life,
        port_scan=scan,
        back_off_s=tuple(s * factor for s in life.back_off_s),
        deadline_s=life.deadline_s * factor,
        settle_s=life.settle_s * factor,
        settle_idle_s=life.settle_idle_s * factor if life.settle_idle_s is not None else None,
        replacement=replacement,
    )
    return replace(
        rules,
        lifecycle=life,
        health=_scaled_probe(rules.health, factor),
        startup=_scaled_probe(rules.startup, factor),
        liveness=_scaled_probe(rules.liveness, factor),
        readiness=_scaled_probe(rules.readiness, factor),
        scale=factor,
    )


def _scaled_probe(probe: Probe | None, factor: float) -> Probe | None:
    """The timeout too where an attempt waits for a port; elsewhere it measures the app, which is no faster."""
    if probe is None:
        return None
    return replace(
        probe,
        initial_delay_s=probe.initial_delay_s * factor,
        period_s=probe.period_s * factor,
        timeout_s=probe.timeout_s * factor if probe.waits_for_port else probe.timeout_s,
        deadline_s=probe.deadline_s * factor if probe.deadline_s is not None else None,
    )
