"""Fields of a service that become the plan's as they are: instances, disk, shutdown."""

from emulator.model.lifecycle import Shutdown
from emulator.model.plan import Disk, Instances, ServiceType

from .declarations import ServiceSpec, Value

SERVICE_TYPES = {
    "W": ServiceType.WEB, "P": ServiceType.PRIVATE, "K": ServiceType.WORKER, "C": ServiceType.CRON,
    "S": ServiceType.STATIC, "V": ServiceType.DATASTORE,
}  # fmt: skip

DEFAULT_DISK_GB = 10
DEFAULT_GRACE_S = 30
DISK_GROUP = 1000
"""Who may write to a disk, beside root (rule render/disk)."""


def instances_of(spec: ServiceSpec) -> Instances | None:
    """How many run: a disk has one alone, and scaling comes before numInstances (rule render/instances)."""
    if spec.kind not in "WPK":
        return None
    if spec.disk is not None:
        return Instances(min=1, max=1)
    if spec.scaling is not None:
        least = max(1, _whole(spec.scaling.get("minInstances"), 1))
        return Instances(min=least, max=max(least, _whole(spec.scaling.get("maxInstances"), least)))
    count = max(1, _whole(spec.get("numInstances"), 1))
    return Instances(min=count, max=count)


def disk_of(spec: ServiceSpec) -> Disk | None:
    if spec.disk is None or spec.kind not in "WPK":
        return None
    name, mount = spec.disk.get("name"), spec.disk.get("mountPath")
    size = _whole(spec.disk.get("sizeGB"), DEFAULT_DISK_GB)
    return Disk(name=name.text if name else "", mount_path=mount.text if mount else "", size_gb=size,
                group=DISK_GROUP)  # fmt: skip


def shutdown_of(spec: ServiceSpec) -> Shutdown:
    """The delay from SIGTERM to SIGKILL; one that is out of range is an error elsewhere and the default here."""
    seconds = _whole(spec.get("maxShutdownDelaySeconds"), DEFAULT_GRACE_S)
    return Shutdown(signal="SIGTERM", grace_seconds=seconds if 1 <= seconds <= 300 else DEFAULT_GRACE_S)


def _whole(value: Value | None, default: int) -> int:
    number = value.whole() if value else None
    return default if number is None else number
