"""What an engine keeps: images, networks, volumes."""

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from emulator.engine.docker_args import label_filter, memory_options
from emulator.engine.docker_facts import image_facts
from emulator.engine.host_problems import pull_problem
from emulator.world.docker import DiskSizes, ImageEntry, ImageFacts, NetworkEntry, VolumeEntry

from .docker_connection import Connected
from .docker_errors import words_of
from .docker_folders import Unwritable, copy_folder, is_folder, through_container
from .docker_sizes import disk_sizes

_BUILDS_IN = "bridge"
"""The engine's network in which it runs the steps of a build."""


class Store(Connected):
    """An engine by what it keeps; see `emulator.world.docker.Docker`."""

    # --- images

    def image(self, ref: str) -> ImageFacts | None:
        told = self._ask_of(f"looking up the image {ref}", lambda api: api.inspect_image(ref))
        return image_facts(told) if told is not None else None

    def pull(self, ref: str, platform: str) -> ImageFacts:
        from docker.errors import APIError
        from docker.utils import parse_repository_tag

        name, tag = parse_repository_tag(ref)

        def pull(api: Any) -> str:
            try:
                for line in api.pull(name, tag=tag or "latest", stream=True, decode=True, platform=platform):
                    if "error" in line:
                        return str(line["error"])
            except APIError as problem:
                return words_of(problem)
            return ""

        if problem := self._ask(f"pulling {ref}", pull):
            raise pull_problem(problem, ref)
        found = self.image(ref)
        if found is None:
            raise pull_problem("the engine pulled it and does not have it", ref)
        return found

    def images(self, labels: Mapping[str, str]) -> tuple[ImageEntry, ...]:
        told = self._ask("listing images", lambda api: api.images(filters={"label": label_filter(labels)}))
        return tuple(
            ImageEntry(
                id=one["Id"], tags=tuple(one.get("RepoTags") or ()), labels=one.get("Labels") or {},
                size=one.get("Size") or 0,
            )
            for one in told
        )

    def tag_image(self, image: str, tag: str) -> None:
        name, _, number = tag.rpartition(":")
        self._ask_of(f"naming the image {image}", lambda api: api.tag(image, name, number))

    def remove_image(self, ref: str) -> None:
        from docker.errors import APIError

        def remove(api: Any) -> None:
            try:
                api.remove_image(ref)
            except APIError as problem:
                if problem.status_code != 409:
                    raise

        self._ask_of(f"removing the image {ref}", remove)

    def copy_folder(self, image: str, path: str, into: BinaryIO, labels: Mapping[str, str]) -> bool:
        def copy(api: Any) -> bool:
            return through_container(api, image, labels, lambda found: copy_folder(api, found, path, into))

        try:
            return self._ask(f"reading {path} of the image {image}", copy)
        except Unwritable as problem:
            raise problem.why from None

    def folders_there(self, image: str, paths: Iterable[str], labels: Mapping[str, str]) -> tuple[str, ...]:
        def look(api: Any) -> tuple[str, ...]:
            return through_container(
                api, image, labels, lambda found: tuple(path for path in paths if is_folder(api, found, path))
            )

        return self._ask(f"looking for folders in the image {image}", look)

    # --- networks

    def networks(self, labels: Mapping[str, str]) -> tuple[NetworkEntry, ...]:
        told = self._ask("listing networks", lambda api: api.networks(filters={"label": label_filter(labels)}))
        return tuple(NetworkEntry(id=one["Id"], name=one["Name"], labels=one.get("Labels") or {}) for one in told)

    def ensure_network(self, name: str, labels: Mapping[str, str]) -> str:
        def ensure(api: Any) -> str:
            for one in api.networks(names=[name]):
                if one["Name"] == name:  # the engine matches parts of names too
                    return str(one["Id"])
            return str(api.create_network(name, driver="bridge", labels=dict(labels), check_duplicate=True)["Id"])

        return self._ask(f"making the network {name}", ensure)

    def build_address(self, id: str) -> str | None:
        from docker.errors import APIError

        def connected(api: Any) -> str | None:
            if _BUILDS_IN not in api.inspect_container(id)["NetworkSettings"]["Networks"]:
                try:
                    api.connect_container_to_network(id, _BUILDS_IN)
                except APIError as problem:
                    if problem.status_code not in (403, 404, 409):  # an engine without that network
                        raise
            networks = api.inspect_container(id)["NetworkSettings"]["Networks"]
            return (networks.get(_BUILDS_IN) or {}).get("IPAddress") or None

        return self._ask_of("connecting a container to builds", connected)

    def remove_network(self, id: str) -> None:
        self._ask_of("removing a network", lambda api: api.remove_network(id))

    # --- volumes

    def volumes(self, labels: Mapping[str, str]) -> tuple[VolumeEntry, ...]:
        told = self._ask("listing volumes", lambda api: api.volumes(filters={"label": label_filter(labels)}))
        found = (VolumeEntry(name=one["Name"], labels=one.get("Labels") or {}) for one in told.get("Volumes") or ())
        return tuple(sorted(found, key=lambda one: one.name))

    def disk_sizes(self, labels: Mapping[str, str], within_s: float) -> DiskSizes:
        return disk_sizes(self._api(), self.endpoint.url, labels, within_s)

    def ensure_volume(self, name: str, labels: Mapping[str, str], *, memory_mib: int | None = None) -> None:
        options = memory_options(memory_mib) if memory_mib is not None else None
        # The engine gives the one of that name where it is there.
        during = f"making the volume {name}"
        self._ask(during, lambda api: api.create_volume(name, driver_opts=options, labels=dict(labels)))

    def remove_volume(self, name: str) -> None:
        from docker.errors import APIError

        def remove(api: Any) -> None:
            try:
                api.remove_volume(name)
            except APIError as problem:
                if problem.status_code != 409:
                    raise

        self._ask_of(f"removing the volume {name}", remove)
