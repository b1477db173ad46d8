"""What a project takes on the engine's disk and on this one, as far as that is known soon.

The engine adds up the sizes of volumes and of the build cache file by file, which takes from milliseconds to minutes:
what it has not said in time is left out. Its cache belongs to no project: who built what is not to be told from it.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from emulator.engine.labels import SERVICE
from emulator.engine.own import own_images, own_names
from emulator.model.record import Record
from emulator.show.deploys_text import size_text
from emulator.world.docker import DiskSizes, ImageEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.world.docker import Docker


NOT_MEASURED = DiskSizes()


class DiskUse(Record, frozen=True, kw_only=True):
    """images, image_bytes: those that `up` built; layers that several share are counted for each: it is at most this.
    reclaimable: those of them that neither a container nor a rollback needs. volumes: of datastores and disks, with
    volume_bytes in them. written_bytes: what containers wrote beside their images. build_cache_bytes: the builder's
    cache, of all projects. Each of these is None where the engine does not say it in time. state_bytes: what emu
    remembers of the project; None where several projects are meant."""

    images: int
    image_bytes: int
    reclaimable: int
    reclaimable_bytes: int
    volumes: int
    state_bytes: int | None
    volume_bytes: int | None = None
    written_bytes: int | None = None
    build_cache_bytes: int | None = None


def disk_use(
    docker: "Docker", labels: "Mapping[str, str]", *, running: Collection[tuple[str, int]],
    kept: Collection[int] | None, state_bytes: int | None, sizes: DiskSizes = NOT_MEASURED,
) -> DiskUse:  # fmt: skip
    """running: service and deploy of each container. kept: the deploys whose images stay; None: nothing is known of
    that. sizes: what the engine said. Raises HostError."""
    images = own_images(docker.images(labels))
    free = [image for image in images if kept is not None and not _is_needed(image, running, kept)]
    return DiskUse(
        images=len(images),
        image_bytes=sum(image.size for image in images),
        reclaimable=len(free),
        reclaimable_bytes=sum(image.size for image in free),
        volumes=len(docker.volumes(labels)),
        state_bytes=state_bytes,
        volume_bytes=sizes.volume_bytes,
        written_bytes=sizes.written_bytes,
        build_cache_bytes=sizes.cache_bytes,
    )


def _is_needed(image: ImageEntry, running: Collection[tuple[str, int]], kept: Collection[int]) -> bool:
    """Whether a container or a rollback needs it for any of the deploys that run it."""
    numbers = [number for name in own_names(image) if (number := name.rpartition(":")[2]).isdecimal()]
    deploys = {int(number) for number in numbers}
    return any(deploy in kept or (image.labels[SERVICE], deploy) in running for deploy in deploys)


def disk_text(use: DiskUse) -> str:
    """What the project takes, how to remove it, and what it shares; "" where there is nothing to tell."""
    parts = []
    if use.images:
        free = f" ({use.reclaimable} not needed any more)" if use.reclaimable else ""
        parts.append(f"{_count(use.images, 'image')}{free}, at most {size_text(use.image_bytes)}")
    if use.volumes:
        size = f"{size_text(use.volume_bytes)}" if use.volume_bytes is not None else "not measured within a second"
        parts.append(f"{_count(use.volumes, 'volume')}, {size}")
    if use.written_bytes:
        parts.append(f"{size_text(use.written_bytes)} written by containers")
    if use.state_bytes and parts:
        parts.append(f"{size_text(use.state_bytes)} of emu's own")
    if not parts:
        return ""
    flags = (["--images"] if use.images else []) + (["--data"] if use.volumes else [])
    text = "on disk: " + "; ".join(parts) + f"\n`emu down{''.join(f' {flag}' for flag in flags)}` removes them\n"
    if use.build_cache_bytes:
        size = size_text(use.build_cache_bytes)
        text += f"the builder's cache, of all projects: {size} (`docker builder prune` clears it)\n"
    return text


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
