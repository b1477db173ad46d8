"""What emu remembers of a project between runs, outside the repository: who is running, which port it had.

Files are written whole and then renamed, so that a kill at any moment leaves the old or the new one.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Mapping

from emulator.model.diagnostic import Fault, HostError, error

SOCKET = "control"
"""The name of the socket on which a running `up` hears other commands."""
_HALF = ".new"


class ProjectState:
    """The state folder of one project."""

    def __init__(self, project: str, environ: Mapping[str, str]) -> None:
        self.folder = os.path.join(_home(environ), project)
        self._lock: int | None = None
        self.was_killed = False
        """After `lock`: whether the process that had the project last could not give it back."""

    def lock(self) -> int | None:
        """Take the project for this process. None when it was free, else the id of the process that has it (0 when
        it did not say)."""
        handle = -1
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            handle = os.open(os.path.join(self.folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.was_killed = os.fstat(handle).st_size > 0
            os.ftruncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
        except BlockingIOError:
            owner = _process_in(handle)
            os.close(handle)
            return owner
        except OSError as problem:
            if handle >= 0:
                os.close(handle)
            raise self._unwritable(problem) from problem
        self._lock = handle
        return None

    def owner(self) -> int | None:
        """The id of the process that holds the project now, None when nobody does. Needs no room on the disk."""
        try:
            handle = os.open(os.path.join(self.folder, "lock"), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # nobody ever had it, or another user has
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _process_in(handle)
        except OSError:
            return None
        finally:
            os.close(handle)
        return None

    def sweep(self) -> None:
        """Remove what a killed process left half done, or can serve no more. For the process that has the project."""
        with contextlib.suppress(OSError):
            for name in os.listdir(self.folder):
                if name == SOCKET or name.endswith(_HALF):
                    os.remove(os.path.join(self.folder, name))

    def unlock(self) -> None:
        if self._lock is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None

    def read(self, name: str) -> dict[str, object]:
        """A remembered table; {} when there is none, or it is damaged."""
        try:
            with open(os.path.join(self.folder, f"{name}.json"), encoding="utf-8") as file:
                value = json.load(file)
        except (OSError, ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def holds(self, name: str) -> bool:
        """Whether a table of that name was written, be it damaged."""
        with contextlib.suppress(OSError):
            return os.path.getsize(os.path.join(self.folder, f"{name}.json")) > 0
        return False

    def size(self) -> int:
        """Bytes of all files there."""
        total = 0
        with contextlib.suppress(OSError):
            for folder, _, names in os.walk(self.folder):
                for name in names:
                    total += os.lstat(os.path.join(folder, name)).st_size
        return total

    def write(self, name: str, value: Mapping[str, object]) -> None:
        file = os.path.join(self.folder, f"{name}.json")
        half = f"{file}{_HALF}"  # one process writes: the one with the lock
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            # Only its owner may read it: it may be the table of passwords.
            with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
                json.dump(dict(value), out)
            os.replace(half, file)
        except OSError as problem:
            with contextlib.suppress(OSError):
                os.remove(half)
            raise self._unwritable(problem) from problem

    def _unwritable(self, problem: OSError) -> HostError:
        return HostError(
            error(
                "host/state-folder",
                f"{self.folder} cannot be written: {problem.strerror}",
                fault=Fault.HOST,
                help="free space there, or name another folder with XDG_STATE_HOME",
            )
        )


def _process_in(handle: int) -> int:
    """The number written there, 0 where none is."""
    owner = os.read(handle, 32).decode(errors="replace").strip()
    return int(owner) if owner.isdigit() else 0


def _home(environ: Mapping[str, str]) -> str:
    state = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "emu")


def every_project(environ: Mapping[str, str]) -> list[ProjectState]:
    """The state of every project this user ever ran."""
    try:
        names = sorted(os.listdir(_home(environ)))
    except OSError:
        return []
    return [ProjectState(name, environ) for name in names]
