"""Platforms that other distributions bring: each an entry point of the group `emu.platforms`.

`importlib.metadata` takes 20 ms to load, so that it is asked only where a look at the installed distributions'
`entry_points.txt` finds the group. That look takes 10 µs for each of them, so that a folder in which none names it is
remembered until it changes.
"""

import contextlib
import os
import sys
import time
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from emulator.contract import Platform

GROUP = "emu.platforms"
_NAMES = ("NAME", "TITLE", "RULES", "OPTIONS", "claim", "resolve", "schemas", "narrate", "explanations", "next_run")
"""What the contract asks for."""


class Installed(NamedTuple):
    """The adapters that were found, by name, and why others are not used: a sentence each."""

    platforms: Mapping[str, Platform]
    problems: tuple[str, ...]


def installed(taken: Collection[str], environ: Mapping[str, str]) -> Installed:
    """The adapters of this environment. taken: names that are taken already. One that cannot be used is no reason
    to do without the others."""
    cache = environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if not brings_some(sys.path, os.path.join(cache, "emu", "without-adapters")):
        return Installed({}, ())
    from importlib.metadata import entry_points

    found: dict[str, Platform] = {}
    problems = []
    for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        brought_by = point.dist.name if point.dist is not None else point.value
        try:
            adapter = point.load()
        except Exception as problem:  # noqa: BLE001 - whatever it raises, it is not ours
            what = f"{type(problem).__name__}: {problem}"
            problems.append(f"{brought_by} brings {point.name}, which does not load: {what}")
            continue
        if (why := _unfit(adapter, point.name, {*taken, *found})) is not None:
            problems.append(f"{brought_by} brings {point.name}, which is not used: {why}")
        else:
            found[point.name] = adapter
            _BROUGHT[os.path.dirname(getattr(adapter, "__file__", None) or "") or point.value] = brought_by
    return Installed(found, tuple(problems))


_BROUGHT: dict[str, str] = {}
"""Where the code of an adapter lies → the distribution that brings it."""


def whose(fault: BaseException) -> str | None:
    """The distribution whose adapter raised it; None where none of them did."""
    frame, found = fault.__traceback__, None
    while frame is not None:
        file = frame.tb_frame.f_code.co_filename
        found = next((by for folder, by in _BROUGHT.items() if file.startswith(folder + os.sep)), found)
        frame = frame.tb_next
    return found


def brings_some(folders: Iterable[str], memory: str) -> bool:
    """Whether a distribution that is installed in one of the folders names the group. memory: the file that has the
    folders in which none does, and when each was last changed."""
    known = _remembered(memory)
    learnt = {}
    for folder in map(os.path.abspath, folders):
        try:
            changed = os.stat(folder).st_mtime_ns
            if known.get(folder) == changed:
                continue
            with os.scandir(folder) as entries:
                infos = [entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info"))]
        except OSError:
            continue
        if any(_names_group(os.path.join(info, "entry_points.txt")) for info in infos):
            return True
        if _is_lasting(infos, changed):
            learnt[folder] = changed
    if learnt:
        _remember(memory, {**known, **learnt})
    return False


_SETTLED_NS = 2_000_000_000
_MOST_REMEMBERED = 200


def _is_lasting(infos: Iterable[str], changed: int) -> bool:
    """Whether what is installed later shows in the folder's time: an egg-info is rewritten where it lies, and a change
    right after another may get the same time."""
    return not any(info.endswith(".egg-info") for info in infos) and time.time_ns() - changed > _SETTLED_NS


def _remembered(memory: str) -> dict[str, int]:
    try:
        with open(memory, encoding="utf-8", errors="surrogateescape") as file:
            rows = [line.rstrip("\n").partition(" ") for line in file]
    except OSError:
        return {}
    return {folder: int(changed) for changed, _, folder in rows if changed.isdecimal()}


def _remember(memory: str, known: Mapping[str, int]) -> None:
    """Not where it cannot be written: then it is looked at again."""
    rows = [f"{changed} {folder}\n" for folder, changed in known.items() if "\n" not in folder]
    half = f"{memory}.{os.getpid()}"
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(memory), mode=0o700, exist_ok=True)
        with open(half, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.writelines(rows[-_MOST_REMEMBERED:])
        os.replace(half, memory)


def _names_group(file: str) -> bool:
    try:
        with open(file, "rb") as text:
            return f"[{GROUP}]".encode() in text.read()
    except OSError:
        return False


def _unfit(adapter: object, name: str, taken: Collection[str]) -> str | None:
    """Why an adapter cannot be used; None where it can."""
    missing = [one for one in _NAMES if not hasattr(adapter, one)]
    if missing:
        return f"it has no {', '.join(missing)} (emulator/contract.py says what a platform is)"
    if getattr(adapter, "NAME", None) != name:
        return f"its NAME is {getattr(adapter, 'NAME', None)!r}"
    return f"there is a platform {name} already" if name in taken else None
