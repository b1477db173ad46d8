"""What a project takes on disk: what is counted, what nothing needs any more, and how it is told."""

import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest

from emulator.commands.disk_use import NOT_MEASURED, DiskUse, disk_text, disk_use
from emulator.edge.docker_sizes import disk_sizes, in_cache, in_volumes, written
from emulator.engine.labels import DEPLOY, ROOT, SERVICE, resource_name
from emulator.world.docker import DiskSizes, ImageEntry, VolumeEntry


class _Engine:
    """One with four images of a service, one that the user built on such an image, and a volume."""

    def images(self, labels: Mapping[str, str]) -> tuple[ImageEntry, ...]:
        assert labels == {"emu.project": "x"}
        return tuple(
            ImageEntry(
                id=f"{number}", tags=(tag or f"{resource_name('/shop', 'web')}:{number}",), size=10,
                labels={ROOT: "/shop", SERVICE: "web", DEPLOY: number},
            )
            for number, tag in (("1", ""), ("2", ""), ("3", ""), ("damaged", ""), ("4", "of/the-user:1"))
        )  # fmt: skip

    def volumes(self, labels: Mapping[str, str]) -> tuple[VolumeEntry, ...]:
        return (VolumeEntry(name="db", labels=dict(labels)),)


def _use(kept: set[int] | None, sizes: DiskSizes = NOT_MEASURED) -> DiskUse:
    engine: Any = _Engine()
    return disk_use(
        engine, {"emu.project": "x"}, running={("web", 3)}, kept=kept, state_bytes=2500, sizes=sizes
    )


def test_what_neither_a_rollback_nor_a_container_needs() -> None:
    """Deploy 2 is kept and 3 runs; where nothing is known of what is kept, nothing is called free."""
    assert _use({2}) == DiskUse(
        images=4, image_bytes=40, reclaimable=2, reclaimable_bytes=20, volumes=1, state_bytes=2500
    )
    assert _use(None).reclaimable == 0


def test_how_it_is_told() -> None:
    """In one line, with the command that removes just that; nothing where there is nothing."""
    assert disk_text(_use({2})) == (
        "on disk: 4 images (2 not needed any more), at most 40 bytes; 1 volume, not measured within a second; "
        "2.5 kB of emu's own\n`emu down --images --data` removes them\n"
    )
    sizes = DiskSizes(written_bytes=1500, volume_bytes=7_000_000, cache_bytes=2 * 10**9)
    assert disk_text(_use({2}, sizes)) == (
        "on disk: 4 images (2 not needed any more), at most 40 bytes; 1 volume, 7.0 MB; 1.5 kB written by containers; "
        "2.5 kB of emu's own\n`emu down --images --data` removes them\n"
        "the builder's cache, of all projects: 2.0 GB (`docker builder prune` clears it)\n"
    )
    nothing = DiskUse(images=0, image_bytes=0, reclaimable=0, reclaimable_bytes=0, volumes=0, state_bytes=500)
    assert disk_text(nothing) == ""


def test_what_the_engine_says() -> None:
    """Of volumes those of the project; of the builder's cache what no image has; nothing where it has not measured."""
    volumes = [
        {"Name": "a", "Labels": {"emu.project": "x"}, "UsageData": {"Size": 5, "RefCount": 0}},
        {"Name": "b", "Labels": {"emu.project": "y"}, "UsageData": {"Size": 7, "RefCount": 0}},
        {"Name": "c", "Labels": None, "UsageData": {"Size": 9, "RefCount": 0}},
    ]
    assert in_volumes({"Volumes": volumes}, {"emu.project": "x"}) == 5
    assert in_volumes({"Volumes": volumes}, {"emu.project": ""}) == 12
    assert in_volumes({"Volumes": None}, {}) == 0
    with pytest.raises(ValueError, match="d"):
        in_volumes({"Volumes": [{"Name": "d", "UsageData": {"Size": -1}}]}, {})
    assert in_cache({"BuildCache": [{"Size": 3, "Shared": False}, {"Size": 4, "Shared": True}]}) == 3
    assert written([{"SizeRw": 3}, {}]) == 3


class _Slow:
    """An engine that says at once what containers wrote, fails over its cache, and counts its volumes for long."""

    def _url(self, path: str) -> str:
        return path

    def _get(self, path: str, params: Any) -> Any:
        if params.get("type") == "volume":
            threading.Event().wait(30)
        if params.get("type") == "build-cache":
            raise OSError("no")
        return [{"SizeRw": 3}]

    def _result(self, told: Any, *, json: bool) -> Any:
        assert json
        return told


def test_what_takes_long_is_not_waited_for() -> None:
    began = time.monotonic()
    assert disk_sizes(_Slow(), "unix:///s", {}, 2.0) == DiskSizes(written_bytes=3)
    assert time.monotonic() - began < 15
