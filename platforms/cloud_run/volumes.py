"""The volumes of a service or job: what containers find there, and what the server refuses (rule cloud-run/volumes)."""

import posixpath

from emulator.contract import GivenFile
from emulator.model.plan import Mount, Volume, VolumeFile

from . import limits, secrets
from .manifest import ContainerSpec, ServiceSpec
from .volume_specs import ItemSpec, VolumeSpec

SECRET_MODE = 0o444
_MASK = 0o222
"""Nobody may write to a secret: the mode is taken through umask 0222, unless it is 0."""


def mounts_of(spec: ServiceSpec, container: ContainerSpec) -> tuple[Mount, ...]:
    """Where a container has which volume, of those that the service has."""
    volumes = {volume.name.text: volume for volume in spec.volumes if volume.name is not None}
    return tuple(
        Mount(
            path=posixpath.normpath(mount.path.text), kind="volume", name=mount.name.text,
            read_only=volumes[mount.name.text].kinds[:1] == ("secret",) or volumes[mount.name.text].read_only,
        )
        for mount in container.mounts
        if mount.path is not None and mount.name is not None and mount.name.text in volumes
        and mount.path.text.startswith("/") and mount.path.text.strip("/")
    )  # fmt: skip


def volumes_of(spec: ServiceSpec, given: dict[str, GivenFile]) -> tuple[Volume, ...]:
    """The volumes that can be mounted here; `given`: what stands for secrets."""
    made = (_volume(spec, number, volume, given) for number, volume in enumerate(spec.volumes))
    return tuple(volume for volume in made if volume is not None)


def _volume(spec: ServiceSpec, number: int, volume: VolumeSpec, given: dict[str, GivenFile]) -> Volume | None:
    name = volume.name.text if volume.name is not None else ""
    match volume.kinds:
        case ("emptyDir",):
            size = memory_mib(spec, volume)
            return Volume(name=name, kind="memory", size_mib=size, origin=volume.origin)
        case ("secret",) if volume.secret is not None:
            files = tuple(_files(spec, number, volume, given))
            return Volume(name=name, kind="secret", files=files, origin=volume.origin)
        case ("csi",):
            bucket = volume.bucket.text if volume.bucket is not None else "?"
            return Volume(name=name, kind="folder", stands_for=f"the bucket {bucket}", origin=volume.origin)
        case ("nfs",):
            share = ":".join(part.text for part in (volume.server, volume.share) if part is not None)
            return Volume(name=name, kind="folder", stands_for=f"the network share {share}", origin=volume.origin)
    return None


def memory_mib(spec: ServiceSpec, volume: VolumeSpec) -> int:
    """The most that a volume in memory holds: its size limit, no more than all containers have; without one, half of
    that."""
    total = limits.usage_of(spec).memory_mib
    written = limits.memory_mib_of(volume.size_limit.text) if volume.size_limit is not None else None
    return min(written, total) if written else max(1, total // 2)


def _files(spec: ServiceSpec, number: int, volume: VolumeSpec, given: dict[str, GivenFile]) -> list[VolumeFile]:
    assert volume.secret is not None
    name = secrets.short_name(spec, volume.secret.text)
    default = volume.default_mode.value if volume.default_mode is not None else 0
    made = []
    for at, item in enumerate(volume.items or (ItemSpec(volume.origin),)):
        version = item.version.text if item.version is not None else secrets.LATEST
        path = item.path.text if item.path is not None else name
        mode = (item.mode.value if item.mode is not None else 0) or default or SECRET_MODE
        words = f"{_path(spec)}[{number}].secret.items[{at}].key: {secrets.not_found(name, version)}"
        if is_inside(path):
            made.append(
                VolumeFile(
                    path=posixpath.normpath(path), secret=secrets.key_of(given, name, version),
                    mode=f"{mode & ~_MASK & 0o777:04o}", absent=words, origin=item.origin,
                )
            )  # fmt: skip
    return made


def is_inside(path: str) -> bool:
    """Whether the path of a file stays in its volume."""
    return bool(path.strip("/")) and not path.startswith("/") and ".." not in path.split("/")


def _path(spec: ServiceSpec) -> str:
    return spec.containers_path.removesuffix("containers") + "volumes"
