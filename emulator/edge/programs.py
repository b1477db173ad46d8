"""What other programs of this machine print, where the user asked for it."""

import subprocess

from emulator.model.diagnostic import Fault, HostError, error

_PATIENCE_S = 60.0


def output_of(argv: tuple[str, ...]) -> str:
    """What a command prints, without its last line's end. It may be secret: no error repeats it. Raises HostError
    where there is no such program, or it fails."""
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except FileNotFoundError:
        raise _failed(argv, f"there is no program {argv[0]} here") from None
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise _failed(argv, f"{type(problem).__name__}") from None
    if done.returncode != 0 or not done.stdout.strip():
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise _failed(argv, said[0] if said else f"it ended with {done.returncode} and printed nothing")
    return done.stdout.strip()


def _failed(argv: tuple[str, ...], why: str) -> HostError:
    return HostError(
        error(
            "host/command-failed",
            f"`{' '.join(argv)}` gives nothing: {why}",
            fault=Fault.HOST,
            help="run it by hand until it does, or leave out the option that asks for it",
        ),
        exit_code=1,
    )
