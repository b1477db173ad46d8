"""The images that were built of a project, by what they are made of: kept privately, between runs where that is sure.

Whatever is damaged, too old or another's is passed over: then it is built.
"""

import contextlib
import secrets
import threading
from typing import TYPE_CHECKING

import msgspec

from emulator.model.diagnostic import HostError
from emulator.model.record import Record

from .sent import FileDigests, Stamp
from .state import ProjectState

if TYPE_CHECKING:
    from emulator.engine.reuse import Earlier, MadeOf, Reuse

MOST_OF_A_SERVICE = 4
MOST_SERVICES = 200
_IMAGES = "built-images"
_FILES = "file-digests"
_KEY_BYTES = 32


class BuiltImages:
    """See `emulator.engine.reuse.Images`. Safe for threads."""

    def __init__(self, state: ProjectState) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._key, self._lasting = _read(state)
        self._of_this_run: dict[str, list[_Kept]] = {}
        self._files = FileDigests(self._key, _read_files(state))

    def key(self) -> bytes:
        return self._key

    def digest_of(self, file: str, stamp: Stamp) -> str | None:
        return self._files.of(file, stamp)

    def has_any(self, service: str) -> bool:
        return bool(self._lasting.get(service) or self._of_this_run.get(service))

    def find(self, service: str, made_of: "MadeOf", reuse: "Reuse") -> "Earlier | None":
        from emulator.engine.reuse import Earlier, Reuse

        with self._lock:
            kept: list[_Kept] = []
            if reuse is not Reuse.NO and made_of.sure:
                kept += self._lasting.get(service, ())
            if reuse is Reuse.SAVED:
                kept += self._of_this_run.get(service, ())
        return next((Earlier(image, deploy) for digest, image, deploy in kept if digest == made_of.digest), None)

    def keep(self, service: str, made_of: "MadeOf", image: "Earlier") -> None:
        with self._lock:
            kept = self._lasting if made_of.sure else self._of_this_run
            before = kept.pop(service, [])
            others = [one for one in before if one[0] != made_of.digest]
            kept[service] = [(made_of.digest, image.image, image.deploy), *others][:MOST_OF_A_SERVICE]
            while len(kept) > MOST_SERVICES:
                del kept[next(iter(kept))]
            if made_of.sure and kept[service] != before:
                with contextlib.suppress(HostError):  # a full disk costs a build another time, not the deploy
                    self._state.write(_IMAGES, {"key": self._key.hex(), "images": self._lasting})

    def close(self) -> None:
        """Remember the digests of files, where an image is remembered at all."""
        if self._files.is_changed and self._lasting:
            with contextlib.suppress(HostError):
                self._state.write(_FILES, {"files": self._files.kept()})


_Kept = tuple[str, str, int]
"""A digest, the image's id, and the deploy that it was built for."""


class _Table(Record, frozen=True, kw_only=True):
    """images: of each service, the newest first."""

    key: str
    images: dict[str, list[_Kept]]


def _read(state: ProjectState) -> tuple[bytes, dict[str, list[_Kept]]]:
    """The key, a new one where there is none, and the images."""
    with contextlib.suppress(msgspec.ValidationError, RecursionError, ValueError):
        found = msgspec.convert(state.read(_IMAGES), _Table)
        key = bytes.fromhex(found.key)
        if len(key) == _KEY_BYTES:
            return key, dict(found.images)
    return secrets.token_bytes(_KEY_BYTES), {}


def _read_files(state: ProjectState) -> dict[str, tuple[Stamp, str]]:
    with contextlib.suppress(msgspec.ValidationError, RecursionError):
        return msgspec.convert(state.read(_FILES).get("files"), dict[str, tuple[Stamp, str]])
    return {}
