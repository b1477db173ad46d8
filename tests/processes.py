"""What runs on this machine, as anyone on it sees it."""

import subprocess
from pathlib import Path

PROC = Path("/proc")


def command_lines() -> list[str]:
    """The command line of every process: from /proc, since a bare machine has no `ps`; from `ps` without a /proc."""
    if not (PROC / "self" / "cmdline").exists():
        told = subprocess.run(["ps", "-axww", "-o", "args="], capture_output=True, text=True, check=True)
        return told.stdout.splitlines()
    return [line for entry in PROC.iterdir() if entry.name.isdigit() and (line := _command_line(entry))]


def _command_line(entry: Path) -> str:
    try:
        return (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:  # it ended meanwhile
        return ""
