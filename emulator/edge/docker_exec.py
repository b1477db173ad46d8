"""A command inside a running container, by the docker command line: it knows terminals, their size and signals."""

import contextlib
import os
import secrets
import subprocess
from collections.abc import Mapping

from emulator.model.diagnostic import Fault, HostError, error
from emulator.world.containers import Executed

from .host import Endpoint

_MARK = "EMU_EXEC"
"""A variable of the command and of what it starts, by which they are found again."""
_END = """\
for one in /proc/[0-9]*; do
    tr '\\0' '\\n' <"$one/environ" 2>/dev/null | grep -qxF "$1" && kill -s "$2" "${one#/proc/}"
done
"""
_END_S = 10.0


def execute(
    id: str, argv: tuple[str, ...], *, capture: bool, endpoint: Endpoint, environ: Mapping[str, str]
) -> Executed:
    """See `emulator.world.docker.Docker.execute`."""
    terminal = not capture and _at_a_terminal()
    flags = () if capture else ("--interactive", "--tty") if terminal else ("--interactive",)
    mark = f"{_MARK}={secrets.token_hex(8)}"
    env = {**environ, **endpoint.client_environment(), "DOCKER_CLI_HINTS": "false"}
    try:
        done = subprocess.run(
            ("docker", "exec", "--env", mark, *flags, id, *argv),
            env=env,
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
    except KeyboardInterrupt:
        _end(id, mark, "HUP" if terminal else "INT", env)
        raise
    if done.returncode < 0:  # a signal ended the client, as where nobody reads its output any more
        _end(id, mark, "PIPE", env)
    return Executed(exit_code=_exit_code(done.returncode), stdout=_text(done.stdout), stderr=_text(done.stderr))


def _end(id: str, mark: str, signal: str, env: Mapping[str, str]) -> None:
    """The engine lets a command go on whose client has ended. Without a shell in the container it still does."""
    command = ("docker", "exec", id, "sh", "-c", _END, "sh", mark, signal)
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_END_S)


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
