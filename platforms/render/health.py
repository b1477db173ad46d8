"""When Render calls a service live: its port scan, its health check, its patience."""

from emulator.model.plan import Lifecycle, Port, PortScan, Probe

from .declarations import ServiceSpec
from .environment import external_host

RESERVED_PORTS = (18012, 18013, 19099)
BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0)
"""Not published; doubling from one second to five minutes (rule render/crash-restart)."""


def lifecycle(spec: ServiceSpec, port: Port | None) -> Lifecycle:
    """The timings from start to verdict (rules render/port-scan, crash-restart, worker-stays-up)."""
    scan = None
    if spec.kind in "WP":
        # A log shows the reminder every 61 s and the end at 299 s after the process began; both are
        # read as a minute and five.
        scan = PortScan(
            preferred=port.number if port else None, http=spec.kind == "W", reserved=RESERVED_PORTS, period_s=1,
            remind_s=60, deadline_s=300,
        )  # fmt: skip
    return Lifecycle(
        port_scan=scan, back_off_s=BACK_OFF_S, deadline_s=900, settle_s=5 if spec.kind == "K" else 0,
        success_is_exit_zero=spec.kind == "C", restarts_during_deploy=spec.kind in "WPK",
    )  # fmt: skip


def health_probe(spec: ServiceSpec, port: Port | None) -> Probe | None:
    """The HTTP health check of a web service with a healthCheckPath (rule render/health-check)."""
    path = spec.filled("healthCheckPath")
    if path is None or spec.kind != "W":
        return None
    return Probe(
        kind="http",
        path=path.text if path.text.startswith("/") else f"/{path.text}",
        port=port.number if port else None,
        host=spec.domains[0] if spec.domains else external_host(spec),
        timeout_s=5,
        period_s=5,
        failure_threshold=12,
        success_statuses=(200, 399),
        deadline_s=900,
        origin=path.origin,
    )
