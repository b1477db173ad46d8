"""Where the files of the repository lie in the image."""

import posixpath
from collections.abc import Iterable, Iterator

from .image_view import ImageView


def in_image(view: ImageView, file: str) -> str | None:
    """Where a file of the repository lies in the image, looked for where copies go."""
    for stage in [view.worked.last] if view.worked.last is not None else []:
        for step in stage.steps:
            if step.instruction.keyword not in ("COPY", "ADD"):
                continue
            for place in _copied_places(view, step.workdir, step.instruction.words):
                for tail in _tails(file):
                    found = view.worked.look(f"{place.rstrip('/')}/{tail}")
                    if found.made is not None and found.made.path == file:
                        return found.path
    return None


def _copied_places(view: ImageView, workdir: str | None, words: Iterable[object]) -> Iterator[str]:
    last = [getattr(word, "text", "") for word in words][-1:]
    for one in last:
        if "$" not in one:
            yield posixpath.normpath(posixpath.join(workdir or "/", one))
    yield view.directory or "/"


def _tails(file: str) -> Iterator[str]:
    parts = file.split("/")
    for index in range(len(parts)):
        yield "/".join(parts[index:])
