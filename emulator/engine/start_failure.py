"""What the engine says when a first process cannot be executed → why, in kinds."""

import re
from typing import Literal

from emulator.world.containers import StartFailure

_Kind = Literal["not-found", "not-executable", "user", "workdir", "format", "memory", "other"]

_KINDS: tuple[tuple[str, _Kind, int | None], ...] = (
    (r"exec format error", "format", 126),
    (r"unable to find (?:user|group)|no matching entries in (?:passwd|group) file", "user", 126),
    (
        r"chdir to cwd|mkdir .*: (?:not a directory|permission denied)|Cwd must be an absolute path|working directory",
        "workdir",
        126,
    ),
    (
        r"OOM-killed|memory limit too low|unable to set memory limit|memory\.limit_in_bytes|cannot allocate memory",
        "memory",
        137,
    ),
    (r"executable file not found|stat .*: no such file or directory|exec: \"[^\"]*\":.*no such file", "not-found", 127),
    (r"exec: .*(?:permission denied|is a directory)", "not-executable", 126),
    (r"OCI runtime (?:create|start) failed|runc (?:create|start) failed", "other", 126),
)
"""Pattern, kind, and the exit code that shells and platforms report for it. The first that matches wins."""


def start_failure(text: str, exit_code: int | None = None) -> StartFailure | None:
    """The failure in the engine's words `text`, None when they tell of something else (a taken port, a lost
    engine). `exit_code` is what the engine reports for the container, if anything."""
    for pattern, kind, usual in _KINDS:
        if re.search(pattern, text):
            return StartFailure(kind=kind, message=_innermost(text), exit_code=exit_code or usual)
    return None


def _innermost(text: str) -> str:
    """Without the layers the error went through: the engine, its task, the runtime."""
    line = " ".join(text.split()).removesuffix(": unknown")
    for layer in ("unable to start container process: ", "error during container init: "):
        line = line.rpartition(layer)[2] or line
    return line
