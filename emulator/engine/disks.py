"""A service's disk, and folders that outlive an instance → the volumes that stand for them: one a project, service and
name. Pure."""

from collections.abc import Mapping

from emulator.model.plan import Service, Volume
from emulator.world.containers import VolumeMount

from .labels import DEPLOY, DISK, letters_of, of_service, resource_name


def disk_volume(service: Service, root: str) -> VolumeMount | None:
    """What an instance of the service has of its disk; None where it has none, or one that cannot be mounted."""
    disk = service.disk
    if disk is None or not disk.mount_path.startswith("/") or not disk.mount_path.strip("/"):
        return None
    volume = resource_name(root, service.name, "disk", letters_of(disk.name))
    return VolumeMount(volume=volume, path=disk.mount_path, own=True, group=disk.group)


def folder_mounts(service: Service, root: str, folders: Mapping[str, str]) -> tuple[VolumeMount, ...]:
    """What the service's container has of volumes that are folders. folders: those of this machine that the user names,
    by the volume's name, as whole paths."""
    volumes = {volume.name: volume for volume in service.volumes if volume.kind == "folder"}
    mounts = service.containers[0].mounts if service.containers else ()
    return tuple(
        VolumeMount(
            volume=folders.get(m.name) or _folder_volume(service, root, volumes[m.name]),
            path=m.path,
            own=True,
            read_only=m.read_only,
        )
        for m in mounts
        if m.kind == "volume" and m.name in volumes
    )


def _folder_volume(service: Service, root: str, volume: Volume) -> str:
    return resource_name(root, service.name, "folder", letters_of(volume.name))


def disk_labels(service: Service, root: str, platform: str) -> dict[str, str]:
    """What the volume of a service's disk, or a folder's, carries: it is found by them, and is of no deploy."""
    labels = of_service(root, platform, service.name, 0)
    del labels[DEPLOY]
    return {**labels, DISK: service.disk.name if service.disk is not None else "folder"}
