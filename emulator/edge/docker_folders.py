"""Folders of an image, read through a container of it that never runs."""

import contextlib
import os
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, BinaryIO, TypeVar

from emulator.engine.docker_args import container_config
from emulator.world.containers import ContainerSpec

from .docker_errors import words_of

T = TypeVar("T")
_CHUNK = 1 << 18
_NO_FOLDER = (400, 404)


class Unwritable(Exception):
    """Where it is copied to cannot be written, which is no trouble of the engine's."""

    def __init__(self, why: OSError) -> None:
        super().__init__(why)
        self.why = why


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

    with contextlib.closing(_archive(api, "_get", id, path, stream=True)) as response:
        try:
            api._raise_for_status(response)  # noqa: SLF001 - by which the SDK's own calls tell what the engine says
        except APIError as problem:
            if problem.status_code in _NO_FOLDER or "not a directory" in words_of(problem):
                return False
            raise
        for chunk in response.iter_content(_CHUNK):
            try:
                into.write(chunk)
            except OSError as problem:
                raise Unwritable(problem) from problem
    return True


def is_folder(api: Any, id: str, path: str) -> bool:
    """Whether there is such a folder, or a link to one."""
    return bool(_archive(api, "head", id, path).status_code == HTTPStatus.OK)


def _archive(api: Any, method: str, id: str, path: str, **more: object) -> Any:
    """The engine's answer about a folder. The dot behind its path: a link is followed, a file refused."""
    url = api._url("/containers/{0}/archive", id)  # noqa: SLF001 - the SDK's own call does not close what is not read
    return getattr(api, method)(url, params={"path": f"{path}/."}, timeout=api.timeout, **more)
