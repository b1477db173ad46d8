"""What a project takes on disk: what is counted, what nothing needs any more, and how it is told."""

from collections.abc import Mapping

from emulator.commands.disk_use import DiskUse, disk_text, disk_use
from emulator.engine.labels import DEPLOY, SERVICE
from emulator.world import ImageEntry, VolumeEntry


class _Engine:
    """One with four images of a service, and a volume."""

    def images(self, labels: Mapping[str, str]) -> tuple[ImageEntry, ...]:
        assert labels == {"emu.project": "x"}
        return tuple(
            ImageEntry(id=f"{number}", tags=(), labels={SERVICE: "web", DEPLOY: number}, size=10)
            for number in ("1", "2", "3", "damaged")
        )

    def volumes(self, labels: Mapping[str, str]) -> tuple[VolumeEntry, ...]:
        return (VolumeEntry(name="db", labels=dict(labels)),)


def _use(kept: set[int] | None) -> DiskUse:
    return disk_use(_Engine(), {"emu.project": "x"}, running={("web", 3)}, kept=kept, state_bytes=2500)  # type: ignore[arg-type]


def test_what_neither_a_rollback_nor_a_container_needs() -> None:
    """Deploy 2 is kept and 3 runs; where nothing is known of what is kept, nothing is called free."""
    assert _use({2}) == DiskUse(
        images=4, image_bytes=40, reclaimable=2, reclaimable_bytes=20, volumes=1, state_bytes=2500
    )
    assert _use(None).reclaimable == 0


def test_how_it_is_told() -> None:
    """In one line, with the command that removes just that; nothing where there is nothing."""
    assert disk_text(_use({2})) == (
        "on disk: 4 images (2 not needed any more), at most 40 bytes; 1 volume; 2.5 kB of emu's own\n"
        "`emu down --images --data` removes them\n"
    )
    nothing = DiskUse(images=0, image_bytes=0, reclaimable=0, reclaimable_bytes=0, volumes=0, state_bytes=500)
    assert disk_text(nothing) == ""
