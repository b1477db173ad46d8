"""argv → request → command → exit code; the only place that exits."""

import contextlib
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from .edge.interrupts import Interrupts
from .model.diagnostic import Diagnostic, HostError
from .real_world import real_world
from .request import Request, World
from .usage import Parser, front_page, unknown_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .edge.terminal import StandardTerminal
    from .snapshot import Snapshot

COMMANDS: dict[str, str] = {
    "plan": "which command would run, and why (no Docker needed)",
    "check": "what would go wrong (no Docker needed)",
    "compare": "what several platforms would do, side by side (no Docker needed)",
    "diff": "what a commit or a branch changes in the plan, and what it deploys (no Docker needed)",
    "what-if": "what would change if a file or a field were otherwise (no Docker needed)",
    "fix": "what has one right answer, put right; shown first, done with --apply (no Docker needed)",
    "context": "what reaches the builder, and who left out the rest (no Docker needed)",
    "hooks": "a git hook that checks what is pushed (no Docker needed)",
    "up": "build, boot, probe and serve as the platform would",
    "verify": "try what a good start hides: another port, SIGTERM, an empty disk, load, memory, logs",
    "ps": "what `up` started",
    "logs": "the output of what `up` started",
    "exec": "a command, or a shell, in what `up` has running",
    "cron": "run a cron job once, now",
    "env": "values made or asked for once and kept: which they are, and forgetting them",
    "deploys": "the deploys so far, and which one serves",
    "restart": "replace what is live by the same, as the platform's restart does",
    "rollback": "go back to an earlier deploy",
    "traffic": "who gets the requests, and sharing them among revisions",
    "down": "stop and remove what `up` started",
    "doctor": "what this machine has and lacks; --fix repairs it",
    "learn": "short lessons: a repository, what the platform does with it, and why",
    "explain": "what a finding or a rule means, with an example of each kind",
    "platforms": "the platforms, their rules, and how well each is imitated",
    "schema": "the JSON Schema of what emu prints",
    "completion": "the script by which bash, zsh or fish completes emu",
}

_INTERRUPTS = Interrupts()


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """The entry point of `emu`."""
    # A command's imports make many objects and no garbage; collecting while they load costs 2 ms.
    gc.disable()
    _INTERRUPTS.heed()
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run_told(arguments)
    except KeyboardInterrupt:
        sys.stderr.write(f"\n{'ended, as asked' if _INTERRUPTS.is_asked else 'interrupted'}\n")
        code = _INTERRUPTS.exit_code
    _INTERRUPTS.ignore()
    _leave(code)


def _run_told(arguments: list[str]) -> int:
    """Run, and tell what kept it from its end. The exit code."""
    from .edge.terminal import StandardTerminal

    terminal = StandardTerminal(os.environ)
    try:
        return run(arguments, terminal)
    except HostError as problem:
        _report(problem.diagnostic, arguments, terminal)
        return problem.exit_code
    except BrokenPipeError:
        # The reader went away (`emu plan | head`); nothing is left to say and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as fault:  # noqa: BLE001 - no traceback ever reaches a user
        return _own_fault(fault, arguments, terminal)


_SHORT = ("plan", "check", "compare", "diff", "what-if", "fix", "context", "up")
"""Commands that are over before a collection of garbage could pay; `up` collects once it serves."""


def _leave(code: int) -> NoReturn:
    """End at once. Whatever had to end has ended in `run`; the interpreter's own tidying, 5 of the 60 milliseconds
    of a plan and 40 of an `up`, has nothing to do."""
    with contextlib.suppress(OSError, ValueError):  # a stream may be closed, or its reader gone
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def run(arguments: list[str], terminal: "StandardTerminal") -> int:
    """Parse and run one command. Raises HostError."""
    world = real_world(terminal, _INTERRUPTS)
    if arguments[:1] == ["__complete"]:
        return _complete(arguments[1:], world)
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
    verb = _verb(arguments)
    if verb in COMMANDS:
        parser, command = _parser(verb, world)
        if verb not in _SHORT:
            gc.enable()
        rest = list(arguments)
        rest.remove(verb)  # the first: `emu exec` may be told to run a program of that name
        request = parser.parse(rest)
        with _meanwhile(verb, request, world, terminal):
            code: int = command.run(request, world)
        return code
    if verb is not None and not arguments[0].startswith("-"):
        raise unknown_command(verb, COMMANDS, is_path=os.access(verb, os.F_OK))
    if "--version" in arguments:
        from importlib.metadata import version

        terminal.out(f"emu {version('emu')}\n")
        return 0
    if arguments[:1] in (["-h"], ["--help"]):
        terminal.out(front_page(COMMANDS, min(terminal.width, 100)))
        return 0
    return _alone(arguments, world, terminal)


@contextlib.contextmanager
def _meanwhile(verb: str, request: Request, world: World, terminal: "StandardTerminal") -> "Iterator[None]":
    """In a terminal, a line about what takes longer than a second, for commands that have none of their own."""
    if not terminal.err_is_tty or not _is_waited_for(verb, request):
        yield
        return
    from .edge.meanwhile import Durations, Meanwhile, can_tell
    from .show.meanwhile import meanwhile_line
    from .show.style import Style

    if not can_tell(os.environ):
        yield
        return
    durations, opened = Durations(verb, os.environ), world.open_repository

    def open_repository(path: str, root: str | None, snapshot: str) -> "Snapshot":
        repo = opened(path, root, snapshot)
        durations.root = repo.root
        return repo

    def line(seconds: float, last_s: float | None) -> str:
        return meanwhile_line(verb, seconds, last_s, Style(width=terminal.width, colour=terminal.colour))

    world.open_repository = open_repository
    with Meanwhile(line, durations.last_s, durations.keep) as terminal.meanwhile:
        yield


def _is_waited_for(verb: str, request: Request) -> bool:
    if getattr(request, "quiet", False):
        return False
    match verb:
        case "explain":
            return request.pages is not None
        case "doctor":
            return not request.fix  # a repair tells its own steps
        case _:
            return verb == "emu" or (verb in _SHORT and verb != "up")


def _alone(arguments: list[str], world: World, terminal: "StandardTerminal") -> int:
    """`emu` without a command."""
    here = import_module("emulator.commands.here")
    parser = Parser(prog="emu", description="", elsewhere=lambda option: _having(option, world))
    request = parser.configured(lambda parser: here.configure(parser, world)).parse(arguments)
    with _meanwhile("emu", request, world, terminal):
        return int(here.run(request, world))


def _parser(verb: str, world: World) -> tuple[Parser, Any]:
    """The parser of a command, and its module."""
    command = import_module(f"emulator.commands.{verb.replace('-', '_')}")
    parser = Parser(
        prog=f"emu {verb}",
        description=COMMANDS[verb][:1].upper() + COMMANDS[verb][1:] + ".",
        examples=getattr(command, "EXAMPLES", ()),
        width=world.terminal.width,
        elsewhere=lambda option: _having(option, world),
    )
    return parser.configured(lambda parser: command.configure(parser, world)), command


def _having(option: str, world: World) -> list[str]:
    """The commands that have an option."""
    return [name for name in COMMANDS if option in _parser(name, world)[0].options()]


def _complete(words: list[str], world: World) -> int:
    """For a shell's completion: each word that may follow on a line, with what it is behind a tab."""
    completions = import_module("emulator.commands.completing").completions
    words = words[1:] if words[:1] == ["--"] else words
    try:
        found = completions(words, world, COMMANDS, lambda verb: _parser(verb, world)[0])
    except (HostError, BrokenPipeError):
        return 0
    world.terminal.out("".join(f"{word}\t{' '.join(about.split())}\n" for word, about in found))
    return 0


def _verb(arguments: list[str]) -> str | None:
    """The command: options may stand before it. Where no word is one, the first that is no option."""
    words = [a for a in arguments if not a.startswith("-")]
    return next((word for word in words if word in COMMANDS), words[0] if words else None)


def _report(diagnostic: Diagnostic, arguments: list[str], terminal: "StandardTerminal") -> None:
    from .show.style import Style
    from .show.text import diagnostic_text

    if _wants_json(arguments):
        from .model.record import to_json

        terminal.out(to_json(_as_printed(diagnostic, _verb(arguments))).decode() + "\n")
    style = Style(width=terminal.width, colour=terminal.colour and terminal.err_is_tty)
    terminal.err(diagnostic_text(diagnostic, style) + "\n")


def _as_printed(diagnostic: Diagnostic, verb: str | None) -> object:
    """A document of its own; in the stream of `up`, one event of it."""
    if verb == "up":
        from .model.event import DiagnosticFound

        return DiagnosticFound(diagnostic=diagnostic)
    from .model.schema import ErrorReport

    return ErrorReport(diagnostics=(diagnostic,))


def _wants_json(arguments: list[str]) -> bool:
    return "--format=json" in arguments or ("--format", "json") in zip(arguments, arguments[1:], strict=False)


def _own_fault(fault: Exception, arguments: list[str], terminal: "StandardTerminal") -> int:
    """Exit code 70: say it is ours, and keep what a report needs in a file."""
    import platform
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="emu-fault-", suffix=".log", delete=False, encoding="utf-8") as log:
        log.write(f"emu {_verb(arguments) or ''}\npython {platform.python_version()} on {platform.platform()}\n\n")
        traceback.print_exception(fault, file=log)
    from .edge.adapters import whose
    from .model.diagnostic import Fault, error

    code, who, report = "emu/own-fault", "emu itself", "this is a bug of ours; please report it"
    if (brought_by := whose(fault)) is not None:
        code, who = "emu/adapter-fault", f"the platform that {brought_by} brings"
        report = f"please report it to those who make {brought_by}"
    _report(
        error(
            code,
            f"{who} failed: {type(fault).__name__}: {fault}",
            fault=Fault.BUG,
            help=f"{report} with the file {log.name}",
        ),
        arguments,
        terminal,
    )
    return 70
