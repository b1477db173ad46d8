"""A command inside a running container, by the docker command line: it knows terminals, their size and signals."""

import os
import subprocess
from collections.abc import Mapping

from emulator.model.diagnostic import Fault, HostError, error
from emulator.world import Executed

from .host import Endpoint


def execute(
    id: str, argv: tuple[str, ...], *, capture: bool, endpoint: Endpoint, environ: Mapping[str, str]
) -> Executed:
    """See `emulator.world.Docker.execute`."""
    flags = () if capture else ("--interactive", "--tty") if _at_a_terminal() else ("--interactive",)
    try:
        done = subprocess.run(
            ("docker", "exec", *flags, id, *argv),
            env={**environ, **endpoint.client_environment(), "DOCKER_CLI_HINTS": "false"},
            stdin=subprocess.DEVNULL if capture else None,
            capture_output=capture,
            check=False,
        )
    except FileNotFoundError:
        raise HostError(
            error(
                "host/command-failed",
                "there is no program docker here, by which a command gets into a container",
                fault=Fault.HOST,
                help="`emu doctor --fix` installs it",
            )
        ) from None
    return Executed(exit_code=_exit_code(done.returncode), stdout=_text(done.stdout), stderr=_text(done.stderr))


def _at_a_terminal() -> bool:
    """Whether somebody types and reads: a command whose output goes on into a pipe must not be given one."""
    try:
        return os.isatty(0) and os.isatty(1)
    except OSError:
        return False


def _exit_code(status: int) -> int:
    """As shells tell it: 128 and the number of the signal that ended it."""
    return status if status >= 0 else 128 - status


def _text(output: bytes | None) -> str:
    return (output or b"").decode("utf-8", "replace")
