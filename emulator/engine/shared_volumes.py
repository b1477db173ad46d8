"""Volumes in memory that several containers of one instance mount: one of the engine's for each, made with the instance
and gone with it. Pure."""

from typing import NamedTuple

from emulator.model.plan import Container, Service
from emulator.model.record import replace
from emulator.world.containers import ContainerSpec, VolumeMount

from .labels import letters_of, of_service, resource_name
from .rollout_steps import Unit


class SharedVolume(NamedTuple):
    """name: the engine's. volume: the plan's. memory_mib: the most it can hold."""

    name: str
    volume: str
    memory_mib: int | None
    labels: dict[str, str]


def shared_volumes(service: Service, root: str, platform: str, unit: Unit) -> tuple[SharedVolume, ...]:
    """Those of one instance. What only one container mounts is that one's own."""
    mounted = [
        name for container in service.containers for name in {m.name for m in container.mounts if m.kind == "volume"}
    ]
    labels = of_service(root, platform, service.name, unit.deploy)
    return tuple(
        SharedVolume(
            name=resource_name(root, service.name, "shared", unit.id, letters_of(volume.name)),
            volume=volume.name,
            memory_mib=volume.size_mib,
            labels=labels,
        )
        for volume in service.volumes
        if volume.kind == "memory" and mounted.count(volume.name) > 1
    )


def with_shared(spec: ContainerSpec, container: Container, shared: tuple[SharedVolume, ...]) -> ContainerSpec:
    """A container of the instance with the volumes it shares, in place of ones of its own."""
    names = {one.volume: one.name for one in shared}
    mounts = [m for m in container.mounts if m.kind == "volume" and m.name in names]
    paths = {m.path for m in mounts}
    return replace(
        spec,
        own_volumes=tuple(one for one in spec.own_volumes if one.path not in paths),
        volumes=(
            *spec.volumes,
            *(VolumeMount(volume=names[m.name], path=m.path, own=True, read_only=m.read_only) for m in mounts),
        ),
    )
