"""A build context as the list that `emu context` prints."""

from emulator.model.context_listing import ContextDirectory, ContextListing, ContextPath, LeftOutPath

from .context import Context, Entry, LeftOut


def list_context(context: Context, services: tuple[str, ...], dockerfile: str | None) -> ContextListing:
    """Everything that reaches the builder, sorted by path, and everything that does not."""
    paths = sorted((_path(context, entry) for entry in context.walk()), key=lambda path: path.path)
    sizes = [(path.path, path.bytes or 0) for path in paths if path.kind != "directory"]
    return ContextListing(
        services=services,
        directory=context.directory,
        dockerfile=dockerfile,
        ignore_file=context.ignore.file or None,
        exact=context.is_clear,
        files=len(sizes),
        bytes=sum(size for _, size in sizes),
        paths=tuple(paths),
        directories=_directories(sizes),
        left_out=tuple(sorted((_left_out(gone) for gone in context.left_out()), key=lambda gone: gone.path)),
    )


def _path(context: Context, entry: Entry) -> ContextPath:
    assert entry.kind is not None
    return ContextPath(
        path=entry.path, kind=entry.kind, bytes=context.size(entry.path) if entry.kind == "file" else None,
        executable=entry.executable, target=entry.target or None,
    )  # fmt: skip


def _directories(sizes: list[tuple[str, int]]) -> tuple[ContextDirectory, ...]:
    """The directories that hold files, the biggest first."""
    totals: dict[str, tuple[int, int]] = {}
    for path, size in sizes:
        directory = path
        while (directory := directory.rpartition("/")[0]) != "":
            files, total = totals.get(directory, (0, 0))
            totals[directory] = (files + 1, total + size)
    found = [ContextDirectory(path=path, files=files, bytes=total) for path, (files, total) in totals.items()]
    return tuple(sorted(found, key=lambda directory: (-directory.bytes, directory.path)))


def _left_out(gone: LeftOut) -> LeftOutPath:
    by = gone.by if gone.by in ("git", "ignore-file", "upload") else "other"
    return LeftOutPath(
        path=gone.path, is_directory=gone.is_directory, by=by, pattern=gone.pattern or None, origin=gone.origin,
        where=gone.where or None, detail=gone.detail or None,
    )  # fmt: skip
