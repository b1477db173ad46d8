"""A service's disk → the volume that stands for it: one a project, service and disk. Pure."""

from emulator.model.plan import Service
from emulator.world import VolumeMount

from .labels import DEPLOY, DISK, letters_of, of_service, resource_name


def disk_volume(service: Service, root: str) -> VolumeMount | None:
    """What an instance of the service has of its disk; None where it has none, or one that cannot be mounted."""
    disk = service.disk
    if disk is None or not disk.mount_path.startswith("/") or not disk.mount_path.strip("/"):
        return None
    volume = resource_name(root, service.name, "disk", letters_of(disk.name))
    return VolumeMount(volume=volume, path=disk.mount_path, own=True, group=disk.group)


def disk_labels(service: Service, root: str, platform: str) -> dict[str, str]:
    """What the volume of a service's disk carries: it is found by them, and is of no deploy."""
    labels = of_service(root, platform, service.name, 0)
    del labels[DEPLOY]
    return {**labels, DISK: service.disk.name if service.disk is not None else ""}
