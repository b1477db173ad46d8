"""What a changed file means for a build: whether it reaches the builder, or who keeps it from there."""

import posixpath
from collections.abc import Callable
from typing import NamedTuple

from emulator.model.plan import Build, BuildKind
from emulator.model.record import replace
from emulator.snapshot import Snapshot

from .context import Context, LeftOut, open_context


class Saved(NamedTuple):
    """One changed path, seen from one build. why: why it changes nothing there; None where it may."""

    path: str
    why: str | None = None
    absent: bool = False
    """Whether the platform would not deploy for it either: it never gets the file, or does not look at it."""
    outside: bool = False
    """Whether the build has nothing to do with where it lies."""


def by_ignore_file(repo: Snapshot, build: Build) -> Callable[[str], bool]:
    """Whether the ignore file surely keeps a path of the build's context from the builder; what other rules keep away
    is not asked."""
    dockerfile = None if build.generated_dockerfile is not None else build.dockerfile or "Dockerfile"
    opened: list[Context] = []

    def is_left_out(path: str) -> bool:
        if not opened:
            opened.append(open_context(repo, build.context or ".", dockerfile))
        return opened[0].is_clear and opened[0].judged(path) is not None

    return is_left_out


def saved(repo: Snapshot, build: Build, paths: frozenset[str]) -> tuple[Saved, ...]:
    """Each of the changed paths of the repository, be it there now or gone, sorted."""
    if build.kind is BuildKind.IMAGE:
        return tuple(Saved(path, f"an image runs that is not built here: {build.image}") for path in sorted(paths))
    context = open_context(repo, build.context or ".", build.dockerfile, build.upload_rules)
    settings = {build.dockerfile, f"{build.dockerfile}.dockerignore", context.in_repository(".dockerignore")}
    if build.upload_rules is None:  # what it lets git take is sent or not, whether it is sent itself or not
        settings |= {path for path in paths if posixpath.basename(path) == ".gitignore"}
    return tuple(
        Saved(path) if path in settings and repo.node(path).why != "ignored" else _of(context, path)
        for path in sorted(paths)
    )


def _of(context: Context, path: str) -> Saved:
    inside = posixpath.relpath(path, context.directory)
    if inside.startswith("../"):
        return Saved(path, f"it lies outside the build context {context.directory}", outside=True)
    gone = _kept_out(context, inside)
    if gone is None:
        return Saved(path)
    where = f" ({gone.where})" if gone.where else ""
    match gone.by:
        case "git":
            return Saved(path, f"git ignores it{where}", absent=True)
        case "upload":
            return Saved(path, f"it is not uploaded{where}", absent=True)
        case "ignore-file":
            return Saved(path, f"the ignore file keeps it from the builder{where}")
    return Saved(path, f"the platform has no such file: {gone.detail}" if gone.detail else "it is no file", absent=True)


def _kept_out(context: Context, path: str) -> LeftOut | None:
    """Who keeps `path`, or a directory above it, from the builder; None where it gets there, or did before it went."""
    above = ""
    for name in path.split("/"):
        above = posixpath.join(above, name)
        entry = context.entry(above)
        gone = entry.left_out
        if gone is not None and gone.by != "nowhere":
            return gone
        if entry.kind == "symlink" and above != path:  # what it leads to has a path of its own
            return LeftOut(path=path, by="other", detail=f"{context.in_repository(above)} is a symbolic link")
    verdict = context.judged(path)
    if verdict is None:
        return None
    return replace(verdict, on_disk=False)
