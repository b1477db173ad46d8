"""What an `up` that was killed leaves outside the engine: a builder that goes on, and its temporary folder."""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator

from emulator.engine.labels import PROJECT

SCRATCH = "emu-build-"
"""How the names of temporary folders begin; the project follows."""

SHORT_FOLDER = "/tmp"  # noqa: S108 - only folders with random names are made there
"""Where temporary folders lie whose paths have to be short."""


def remove_orphans(project: str) -> None:
    """End the builders of a project that nobody has taken any more, and remove their folders. What it may not touch
    it leaves."""
    for pid in _builders(f"{PROJECT}={project}"):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGTERM)
    for folder in {tempfile.gettempdir(), SHORT_FOLDER}:
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):
                if name.startswith(f"{SCRATCH}{project}-"):
                    shutil.rmtree(os.path.join(folder, name), ignore_errors=True)


def _builders(label: str) -> Iterator[int]:
    """Processes of this machine that build with that label; none where there is no /proc to look into."""
    with contextlib.suppress(OSError):
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().decode(errors="replace").split("\0")
                if "buildx" in words and label in words:
                    yield int(name)
