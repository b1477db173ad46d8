"""Folders of an image, read through a container of it that never runs."""

import os
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, TypeVar

from emulator.engine.docker_args import container_config
from emulator.world import ContainerSpec

from .docker_errors import words_of

T = TypeVar("T")
_CHUNK = 1 << 18
_NO_FOLDER = (400, 404)


def through_container(api: Any, image: str, labels: Mapping[str, str], look: Callable[[str], T]) -> T:
    """What `look` makes of the id of a container of the image, which is gone afterwards."""
    spec = ContainerSpec(image=image, name="", argv=("-",), labels=dict(labels))  # it needs a command, which never runs
    name = f"emu-look-{os.urandom(6).hex()}"
    id = str(api.create_container_from_config(container_config(spec), name=name)["Id"])
    try:
        return look(id)
    finally:
        api.remove_container(id, force=True, v=True)


def copy_folder(api: Any, id: str, path: str, into: BinaryIO) -> bool:
    """Write a folder as a tar archive whose names begin with "./"; False where there is none."""
    from docker.errors import APIError

    try:
        chunks, _ = api.get_archive(id, f"{path}/.", chunk_size=_CHUNK)  # the dot: a link is followed, a file refused
    except APIError as problem:
        if problem.status_code in _NO_FOLDER or "not a directory" in words_of(problem):
            return False
        raise
    into.writelines(chunks)
    return True


def is_folder(api: Any, id: str, path: str) -> bool:
    """Whether there is such a folder, or a link to one."""
    url = api._url("/containers/{0}/archive", id)  # noqa: SLF001 - the SDK has no call that asks without reading
    return bool(api.head(url, params={"path": f"{path}/."}, timeout=api.timeout).status_code == 200)
