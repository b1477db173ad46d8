"""Why a source is not in the build context: who left it out, or where else it lies."""

import posixpath
from typing import Literal

from emulator.model.record import Record
from emulator.model.spelling import nearest

from .context import Context, LeftOut

Where = Literal["left-out", "outside", "nowhere"]


class Cause(Record, frozen=True, kw_only=True):
    """where: left out of the context (`left_out` says by whom), outside of it (`path` is its path in the repository),
    or nowhere. near: a name that differs in upper and lower case alone, in the directory where the search ended. meant:
    a path of the context that is written almost so."""

    where: Where
    left_out: LeftOut | None = None
    path: str = ""
    near: str | None = None
    meant: str | None = None


def cause_of(context: Context, lost: str) -> Cause:
    """Why the builder finds nothing at `lost`, an absolute path of the context."""
    path = lost.strip("/")
    first = _first_missing(context, path)
    if first is None:
        return Cause(where="nowhere")
    gone = context.entry(first).left_out
    if gone is not None and gone.by == "nowhere" and first != path:
        # A rule such as "dist/" speaks of what lies below a directory that is not there yet.
        gone = context.entry(path).left_out
    if gone is not None and gone.by != "nowhere":
        return Cause(where="left-out", left_out=gone)
    outside = _outside(context, path)
    if outside is not None:
        return Cause(where="outside", path=outside)
    near = _other_case(context, first)
    return Cause(where="nowhere", near=near, meant=_meant(context, path, first) if near is None else None)


def _first_missing(context: Context, path: str) -> str | None:
    """The first part of the way to `path` that the builder does not get."""
    here = ""
    for part in path.split("/"):
        here = f"{here}/{part}" if here else part
        kind = context.entry(here).kind
        if kind is None:
            return here
        if kind != "directory":
            return None
    return None


def _outside(context: Context, path: str) -> str | None:
    """Where a directory above the context has such a path."""
    above = context.directory
    while above != ".":
        above = posixpath.dirname(above) or "."
        candidate = path if above == "." else f"{above}/{path}"
        if context.repo.look(candidate).kind is not None:
            return candidate
    return None


def _meant(context: Context, path: str, missing: str) -> str | None:
    """What is there when the first missing part is written as its nearest neighbour; no pattern means a name."""
    directory, name = posixpath.split(missing)
    near = nearest(name, context.names(directory or ".")) if not set(name) & set("*?[") else None
    if near is None:
        return None
    meant = posixpath.join(directory, near) + path[len(missing) :]
    return meant if context.entry(meant).kind is not None else None


def _other_case(context: Context, missing: str) -> str | None:
    directory, name = posixpath.split(missing)
    names = context.names(directory or ".")
    return next((other for other in names if other.lower() == name.lower() and other != name), None)
