"""What is `up`'s own. What a user built on an image of it, or runs of one, has its labels too, for they are the
image's: by our names alone it is told apart."""

from collections.abc import Iterable

from emulator.world.containers import ContainerFacts
from emulator.world.docker import HELPER_LABEL, ImageEntry

from .labels import ROOT, SERVICE, resource_name


def own_names(image: ImageEntry) -> tuple[str, ...]:
    """The names that `up` gave it, one for each deploy that runs it."""
    if ROOT not in image.labels or SERVICE not in image.labels:
        return ()
    name = resource_name(image.labels[ROOT], image.labels[SERVICE])
    return tuple(tag for tag in image.tags if tag.rpartition(":")[0] == name)


def own_images(images: Iterable[ImageEntry]) -> tuple[ImageEntry, ...]:
    """Those that have such a name. One that nobody named may be a user's."""
    return tuple(image for image in images if own_names(image))


def is_own(container: ContainerFacts) -> bool:
    """Whether `up` made it."""
    return container.name.startswith("emu-") or HELPER_LABEL in container.labels
