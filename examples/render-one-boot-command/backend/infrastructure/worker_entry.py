"""The one entry of every process: checks its settings, then becomes the API or the worker.

WORKER_MODE says which ("api" or "worker"); PORT is where the API listens.
"""

import os
import signal
import sys

from backend import api, worker

MODES = ("api", "worker")


def checked(env):
    """The mode and the port from the environment. Raises ValueError, naming the variable, when one is unusable."""
    mode = env.get("WORKER_MODE")
    if mode not in MODES:
        raise ValueError(f"WORKER_MODE must be 'api' or 'worker', not {mode!r}")
    if mode == "worker":
        return mode, None
    port = env.get("PORT", "")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"PORT must be a port number, not {port!r}")
    return mode, int(port)


def main():
    try:
        mode, port = checked(os.environ)
    except ValueError as problem:
        sys.exit(f"start-up check failed: {problem}")
    print(f"start-up checks passed: mode {mode}, port {port}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if mode == "api":
        api.serve(port)
    else:
        worker.work()


if __name__ == "__main__":
    main()
