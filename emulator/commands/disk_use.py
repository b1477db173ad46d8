"""What a project takes on the engine's disk and on this one, as far as that is known at once.

The sizes of volumes and of the build cache are not in it: the engine adds those up file by file, which takes from half
a second to minutes.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from emulator.engine.labels import DEPLOY, SERVICE
from emulator.model.record import Record
from emulator.show.deploys_text import size_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.world import Docker


class DiskUse(Record, frozen=True, kw_only=True):
    """images, image_bytes: those that `up` built; layers that several share are counted for each: it is at most this.
    reclaimable: those of them that neither a container nor a rollback needs. volumes: of datastores and disks.
    state_bytes: what emu remembers of the project; None where several projects are meant."""

    images: int
    image_bytes: int
    reclaimable: int
    reclaimable_bytes: int
    volumes: int
    state_bytes: int | None


def disk_use(
    docker: "Docker", labels: "Mapping[str, str]", *, running: Collection[tuple[str, int]],
    kept: Collection[int] | None, state_bytes: int | None,
) -> DiskUse:  # fmt: skip
    """running: service and deploy of each container. kept: the deploys whose images stay; None: nothing is known of
    that. Raises HostError."""
    images = docker.images(labels)
    free = [
        image for image in images
        if kept is not None and _deploy(image.labels) not in kept
        and (image.labels.get(SERVICE, ""), _deploy(image.labels)) not in running
    ]  # fmt: skip
    return DiskUse(
        images=len(images),
        image_bytes=sum(image.size for image in images),
        reclaimable=len(free),
        reclaimable_bytes=sum(image.size for image in free),
        volumes=len(docker.volumes(labels)),
        state_bytes=state_bytes,
    )


def _deploy(labels: "Mapping[str, str]") -> int:
    number = labels.get(DEPLOY, "")
    return int(number) if number.isdecimal() else 0


def disk_text(use: DiskUse) -> str:
    """One line; "" where there is nothing to tell."""
    parts = []
    if use.images:
        free = f" ({use.reclaimable} not needed any more)" if use.reclaimable else ""
        parts.append(f"{_count(use.images, 'image')}{free}, at most {size_text(use.image_bytes)}")
    if use.volumes:
        parts.append(_count(use.volumes, "volume"))
    if use.state_bytes and parts:
        parts.append(f"{size_text(use.state_bytes)} of emu's own")
    if not parts:
        return ""
    flags = (["--images"] if use.images else []) + (["--data"] if use.volumes else [])
    return "on disk: " + "; ".join(parts) + f"\n`emu down {' '.join(flags)}` removes them\n"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
