"""`emu` as a user runs it: a process of its own, its two streams apart."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema

CHECKOUT = Path(__file__).parent.parent
EMU = (sys.executable, "-m", "emulator")


class Ran(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    def lines(self) -> list[Any]:
        """stdout as JSON Lines. Fails for a line that is none."""
        return [json.loads(line) for line in self.out.splitlines()]

    def document(self) -> Any:
        """stdout as one JSON document."""
        return json.loads(self.out)


def run_emu(*arguments: str, env: Mapping[str, str] | None = None, timeout: float = 120) -> Ran:
    """Run the checkout's own `emu` to its end. `env` is added to this process's environment."""
    done = subprocess.run(
        [*EMU, *arguments], cwd=CHECKOUT, env=environment(env), capture_output=True, text=True, timeout=timeout,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def start_emu(*arguments: str) -> subprocess.Popen[str]:
    """Start `emu` and leave it running; its stdout is a pipe. Ctrl-C reaches it however the tests were started."""
    return subprocess.Popen(
        [*EMU, *arguments], cwd=CHECKOUT, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, preexec_fn=heed_ctrl_c,  # noqa: PLW1509 - no threads in the child yet
    )  # fmt: skip


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment with a terminal's width and colour left out, then `extra`. Modules are kept compiled,
    as users have them: a process that compiles them all takes three times as long."""
    absent = ("COLUMNS", "NO_COLOR", "TERM", "PYTHONDONTWRITEBYTECODE")
    plain = {name: value for name, value in os.environ.items() if name not in absent}
    return {**plain, **(extra or {})}


def heed_ctrl_c() -> None:
    """For a child: whoever starts the tests in the background has it ignored, and what they start inherits that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@cache
def published(name: str) -> jsonschema.protocols.Validator:
    """A validator for the document `name`, from what `emu schema` prints."""
    ran = emu_here("schema", name)
    assert ran.code == 0, ran.err
    schema = ran.document()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


class _Captured:
    """A terminal that is none: what is printed is kept."""

    width, out_is_tty, err_is_tty, colour = 100, False, False, False

    def __init__(self) -> None:
        self.printed: dict[str, list[str]] = {"out": [], "err": []}

    def out(self, text: str) -> None:
        self.printed["out"].append(text)

    def err(self, text: str) -> None:
        self.printed["err"].append(text)

    def ask(self, question: str, *, hidden: bool = False) -> str | None:
        del question, hidden
        return None


def emu_here(*arguments: str) -> Ran:
    """The same in this process: for what needs no process of its own, at a tenth of the time."""
    from emulator import cli
    from emulator.model.diagnostic import HostError

    terminal, given = _Captured(), list(arguments)
    try:
        code = cli.run(given, terminal)  # type: ignore[arg-type]
    except HostError as problem:
        cli._report(problem.diagnostic, given, terminal)  # type: ignore[arg-type]
        code = problem.exit_code
    return Ran(code, "".join(terminal.printed["out"]), "".join(terminal.printed["err"]))
