"""The rule about a shell that stays the first process, and so takes the signal meant for the app."""

from collections.abc import Iterator

from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.plan import ServiceType

from .command import Shell, Started
from .rule import CheckRule, Sample
from .shell import Simple
from .subject import Subject

_FROM = "FROM python:3.13-slim\nCOPY app.py .\n"

SWALLOWED = CheckRule(
    code="start/shell-swallows-signals",
    severity=Severity.WARNING,
    statement="A shell stays the container's first process, and does not pass SIGTERM on to the app.",
    why=(
        "A platform that replaces an instance sends SIGTERM to the first process and waits. A shell as first process "
        "does nothing with it, so the app never hears it: it goes on until it is killed at the end of the grace "
        "period, and what it was answering is cut off. `exec` lets the app take the shell's place. (bash gives way "
        "by itself to a last, plain command; dash, the `sh` of Debian and Ubuntu, does not.)"
    ),
    wrong=Sample(
        files={"app.py": "", "Dockerfile": _FROM + "CMD python app.py --port $PORT\n"}, file="Dockerfile", line=3
    ),
    right=Sample(files={"app.py": "", "Dockerfile": _FROM + "CMD exec python app.py --port $PORT\n"}),
)

RULES = (SWALLOWED,)

_STAYING = (ServiceType.WEB, ServiceType.PRIVATE, ServiceType.WORKER)
_HANDLES_SIGNALS = frozenset(("trap", "wait", "set"))


def shell_swallows_signals(subject: Subject) -> Iterator[Diagnostic]:
    run = subject.commanded
    if run is None or run.first_process is None or subject.service.type not in _STAYING:
        return
    if not _stays(run.first_process, is_dash=subject.shell_is_dash):
        return
    from .mending import gives_way  # loaded for a finding alone

    shutdown = subject.service.shutdown
    yield subject.finding(
        SWALLOWED.code, Severity.WARNING,
        f"{run.first_process.name} is the first process and does not pass {shutdown.signal} on to {_app(run)}",
        facts=(f"it is killed {shutdown.grace_seconds:g} s later, whatever it is doing",),
        help=f"write exec before the last command: exec {_app(run)} …", fix=gives_way(subject),
    )  # fmt: skip


def _app(run: Started) -> str:
    if run.program == "python" and run.script:
        return f"python {run.script}"
    if run.program == "python" and run.module:
        return f"python -m {run.module}"
    if run.program == "django":
        return "python manage.py" if run.script else "django-admin"
    return run.program or "the app"


def _stays(shell: Shell, *, is_dash: bool) -> bool:
    """Whether the shell is still there when the last command runs.

    Seen in containers of Debian 12: dash stays before any last command without exec. bash gives way to the last one
    of a list joined by `;`, `&&`, `||` or lines; not behind `|`, and not with a redirection.
    """
    if shell.script is None or any(_is_special(command) for command in shell.script):
        return False
    last = shell.script[-1]
    if last.name == "exec" or not last.words:
        return False
    if shell.name == "bash":
        alone = len(shell.script) == 1 and last.redirected
        return (alone or last.before == "|") and not last.after
    return shell.name in ("sh", "dash") and is_dash and last.after in ("", ";", "\n")


def _is_special(command: Simple) -> bool:
    """Whether it may do something about signals, or leaves something running beside."""
    return command.after == "&" or command.name in _HANDLES_SIGNALS or (command.name is None and bool(command.words))
