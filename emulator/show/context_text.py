"""A build context as text: its size first, where the size lies, and who left out the rest."""

import posixpath
from collections.abc import Sequence

from emulator.model.context_listing import ContextDirectory, ContextListing, LeftOutPath

from .style import Style, columns, printable, wrap

_MOST = 10


def context_text(listing: ContextListing, style: Style, *, every_path: bool, every_left_out: bool) -> str:
    """One context. every_path: each path with its size; every_left_out: all that was left out, not the first few."""
    lines = _head(listing, style)
    if every_path:
        rows = [(_amount(path.bytes), path.path + _suffix(path.kind, path.target)) for path in listing.paths]
        lines += _block("", rows, style)
    else:
        rows = [(_amount(d.bytes), f"{d.path}/  {_count(d.files)}") for d in _own(listing.directories)[:_MOST]]
        lines += _block("biggest directories", rows, style)
    shown = listing.left_out if every_left_out else listing.left_out[:_MOST]
    rows = [(gone.path + ("/" if gone.is_directory else ""), _reason(gone)) for gone in shown]
    lines += _block("left out", rows, style)
    if (more := len(listing.left_out) - len(shown)) > 0:
        lines.append(f"    and {more} more (--left-out)")
    return "\n".join(lines)


def _head(listing: ContextListing, style: Style) -> list[str]:
    name = "the repository's root" if listing.directory == "." else f"{listing.directory}/"
    total = f"{_count(listing.files)}, {_amount(listing.bytes)}"
    built = f"built by {listing.dockerfile or 'a Dockerfile of ours'}, for {', '.join(listing.services)}"
    first, *rest = wrap(f"{total} reach the builder from {name}", style.width)
    further = [built]
    if listing.ignore_file is not None:
        further.append(f"less what {listing.ignore_file} leaves out")
    if not listing.exact:
        further.append("but nobody can say what Docker makes of a pattern in it: the list may be wrong")
    below = [f"  {line}" for text in further for line in wrap(text, style.width - 2)]
    return [first.replace(total, style.bold(total), 1), *rest, *below]


def _block(title: str, rows: Sequence[tuple[str, str]], style: Style) -> list[str]:
    """The rows in two columns under a title; nothing where there are none."""
    shown = [(printable(left), printable(right)) for left, right in rows]
    width = max((columns(left) for left, _ in shown), default=0)
    lines = [f"    {left}{' ' * (width - columns(left))}  {right}" for left, right in shown]
    return [f"  {style.dim(title)}", *lines] if lines and title else lines


def _own(directories: Sequence[ContextDirectory]) -> list[ContextDirectory]:
    """Without those that hold nothing but another one of them."""
    files = {one.path: one.files for one in directories}
    wrappers = {above for path, count in files.items() if files.get(above := posixpath.dirname(path)) == count}
    return [one for one in directories if one.path not in wrappers]


def _reason(gone: LeftOutPath) -> str:
    if gone.pattern is not None and gone.where is not None:
        return f"{gone.where}  {gone.pattern}"
    return gone.detail or "nothing of it is in git"


def _suffix(kind: str, target: str | None) -> str:
    return "/" if kind == "directory" else f" -> {target}" if target else ""


def _count(files: int) -> str:
    return f"{files:,} file{'' if files == 1 else 's'}"


def _amount(size: int | None) -> str:
    """ "1.2 MB": decimal units, as `docker` shows sizes."""
    if size is None:
        return ""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
