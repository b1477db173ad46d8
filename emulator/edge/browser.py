"""A page in the user's browser."""

import os
import subprocess
import sys
from collections.abc import Mapping


def browse(url: str, environ: Mapping[str, str]) -> bool:
    """Open `url`; whether there is a browser on this screen. One that would run in the terminal is none, nor is one of
    a machine that the user is logged in to from afar."""
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return False
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    if sys.platform != "darwin" and not any(environ.get(name) for name in screens):
        return False
    # In a process of its own: what browsers print is not for this terminal.
    subprocess.Popen(
        [sys.executable, "-m", "webbrowser", "-t", url], env=dict(environ), cwd=os.sep, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    return True
