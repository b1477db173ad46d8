"""Keeping files out of a build without touching the tree: names written as Docker ignore patterns.

A `.dockerignore` is read in two passes (trim, clean, then compile to a regular expression), and
each of them takes some characters for itself. What is escaped here means the name and nothing else
in both passes, for every version of the reader we know; what cannot be said that way is returned.
"""

import re
from collections import Counter
from collections.abc import Collection

from emulator.model.record import Record

GLOB_CHARACTERS = re.compile(r"[\\*?\[\]^]")

MANY = 8
"""So many files of one name, and one pattern for the name is shorter to read and faster to match."""


class Exclusions(Record, frozen=True, kw_only=True):
    """text: the ignore file; inexpressible: those paths that no line of it can name."""

    text: str
    inexpressible: tuple[str, ...] = ()


def with_exclusions(user_text: str, paths: Collection[str], *, kept_names: Collection[str] = ()) -> Exclusions:
    """The user's ignore file, and after it, so that no "!" of the user's undoes them, `paths`.

    Paths are relative to the context, without "/" at either end; a directory stands for all below
    it. kept_names: the last part of every file and directory that stays; a name that is left out
    in many places and is none of them needs one line.
    """
    names = Counter(path.rpartition("/")[2] for path in paths)
    kept = frozenset(kept_names)
    everywhere = {name for name, count in names.items() if count >= MANY and kept_names and name not in kept}
    single = [path for path in paths if path.rpartition("/")[2] not in everywhere]
    candidates = {path: _pattern(path) for path in sorted(single)} | {
        f"**/{name}": _pattern(name, leading="**/") for name in sorted(everywhere)
    }
    lines = [pattern for pattern in candidates.values() if pattern is not None]
    inexpressible = tuple(path for path, pattern in candidates.items() if pattern is None)
    start = user_text if user_text.endswith("\n") or not user_text else user_text + "\n"
    return Exclusions(text=start + "".join(f"{line}\n" for line in lines), inexpressible=inexpressible)


def _pattern(path: str, *, leading: str = "") -> str | None:
    """The pattern that matches `path` alone; None when there is none."""
    if "\n" in path or not _is_text(path):
        return None
    pattern = GLOB_CHARACTERS.sub(r"\\\g<0>", path)
    if pattern[-1].isspace():  # trimmed, even behind a backslash
        pattern = f"{pattern[:-1]}[{pattern[-1]}]"
    if leading:
        return leading + pattern
    if pattern[0].isspace():
        pattern = f"[{pattern[0]}]{pattern[1:]}"
    if pattern[0] in "#!\N{ZERO WIDTH NO-BREAK SPACE}":
        # A comment, an exception, a byte order mark.
        return f"[{pattern[0]}]{pattern[1:]}"
    return pattern


def _is_text(path: str) -> bool:
    """Whether the name is UTF-8 on disk: the pattern reader takes other bytes for one and the same character."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
