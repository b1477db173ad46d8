"""When Render calls a service live: its port scan, its health check, its patience."""

from typing import Literal

from emulator.model.lifecycle import Lifecycle, PortScan, Probe, Replacement
from emulator.model.plan import Port

from .declarations import ServiceSpec
from .environment import external_host
from .plans import is_free

RESERVED_PORTS = (18012, 18013, 19099)
BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0)
"""Not published; doubling from one second to five minutes (rule render/crash-restart)."""

SETTLE_S, SETTLE_IDLE_S = 10.0, 2.0
"""How long a worker stays up until it is live, and how long where it has come to rest: a crash of an import or of a
missing setting comes while it still computes (rule render/worker-stays-up)."""
PRE_DEPLOY_S = 30 * 60.0
"""How long a pre-deploy command may take (rule render/pre-deploy-timeout)."""
CRON_RUN_S = 12 * 3600.0
"""How long a cron run may take (rule render/cron-run)."""
SLEEP_AFTER_S = 15 * 60.0
"""How long a free web service runs without a request (rule render/free-spin-down)."""
KEEP_OLD_S = 60
"""From the switch of the requests to SIGTERM for the old instance (rule render/replace)."""


def lifecycle(spec: ServiceSpec, port: Port | None, overlap: Literal["wait", "override"]) -> Lifecycle:
    """The timings from start to verdict and on (rules render/port-scan, crash-restart, worker-stays-up, replace,
    disk-stops-first, overlapping-deploys, cron-run, pre-deploy-timeout)."""
    scan = None
    if spec.kind in "WP":
        # A log shows the reminder every 61 s and the end at 299 s after the process began; both are
        # read as a minute and five.
        scan = PortScan(
            preferred=port.number if port else None, http=spec.kind == "W", reserved=RESERVED_PORTS, period_s=1,
            remind_s=60, deadline_s=300,
        )  # fmt: skip
    keep_s = 0 if spec.kind == "S" else KEEP_OLD_S  # files have nothing to come to an end of
    replacement = Replacement(stop_first=spec.disk is not None, keep_s=keep_s, overlap=overlap)
    return Lifecycle(
        port_scan=scan, back_off_s=BACK_OFF_S, deadline_s=900, settle_s=SETTLE_S if spec.kind == "K" else 0,
        settle_idle_s=SETTLE_IDLE_S if spec.kind == "K" else None,
        success_is_exit_zero=spec.kind == "C", timeout_s=CRON_RUN_S if spec.kind == "C" else None,
        pre_deploy_timeout_s=PRE_DEPLOY_S if spec.kind in "WPK" else None, restarts_during_deploy=spec.kind in "WPK",
        replacement=replacement, sleep_after_s=SLEEP_AFTER_S if spec.kind == "W" and is_free(spec) else None,
    )  # fmt: skip


def health_probe(spec: ServiceSpec, port: Port | None) -> Probe | None:
    """The HTTP health check of a web service with a healthCheckPath (rules render/health-check, health-after-live).
    Every 5 s, 15 s of failures are 3 and 60 s are 12."""
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
        unready_threshold=3,
        success_statuses=(200, 399),
        deadline_s=900,
        origin=path.origin,
    )
